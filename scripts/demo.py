"""``make demo``: the example DAGs on a real Airflow, and what the gates said.

Airflow lives in a throw-away home and is gone afterwards; the record and the data stay in
``build/demo``, so that every command of ``lineage-plugin`` can be tried on them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.throwaway_airflow import AirflowFault, ThrowawayAirflow

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build" / "demo"

#: What each example is for; the DAG files tell more.
EXAMPLES = {
    "digits": "handwritten digits, CC-BY-4.0",
    "tumours": "patients' measurements, consent basis never declared",
    "sentiment": "a lexicon for research only, joined in",
    "faces": "photos handed over in 2014, no agreement",
}


def main() -> int:
    """Run the examples and tell what happened; 0 if every gate could be asked."""
    began = time.monotonic()
    shutil.rmtree(KEPT, ignore_errors=True)
    KEPT.mkdir(parents=True)
    shutil.copyfile(ROOT / "dags" / "provenance.yaml", KEPT / "provenance.yaml")
    try:
        states = run_examples()
    except AirflowFault as fault:
        print(f"The demo cannot go on: {fault}", file=sys.stderr)
        return 1
    print(
        "\nWhat became of the DAG runs; one model may be trained, three trainings must be stopped"
    )
    for dag_id, state in states.items():
        became = "trained" if state == "success" else "stopped"
        print(f"  {became:<8} {dag_id:<10} {EXAMPLES[dag_id]}")
    models = sorted(path.name for path in (KEPT / "example_data" / "models").glob("*"))
    print(f"  models on disk: {', '.join(models) or 'none'}")
    told = tell()
    print(f"\nDone after {time.monotonic() - began:.0f} s.")
    return told


def run_examples() -> dict[str, str]:
    """Run every example to its end and return the states of the DAG runs."""
    env = {
        "LINEAGE_PLUGIN_EXAMPLES": str(KEPT / "example_data"),
        "AIRFLOW__LINEAGE_PLUGIN__STORE_URL": f"sqlite:///{KEPT}/lineage_plugin/record.db",
        "AIRFLOW__LINEAGE_PLUGIN__STATE_DIR": str(KEPT / "lineage_plugin"),
        "AIRFLOW__LINEAGE_PLUGIN__CATALOG": str(KEPT / "provenance.yaml"),
    }
    # What a team has before it adds us: OpenLineage events that go somewhere.
    events = {"type": "file", "log_file_path": str(KEPT / "openlineage.jsonl"), "append": True}
    config = {"openlineage": {"transport": str(events).replace("'", '"').replace("True", "true")}}
    with ThrowawayAirflow(ROOT / "dags", config=config, env=env) as airflow:
        print("$ lineage-plugin init")
        print(indented(airflow.run("lineage-plugin", "init").stdout))
        airflow.start()
        runs = {dag_id: airflow.trigger(dag_id) for dag_id in EXAMPLES}
        print(f"Airflow: running {', '.join(runs)}")
        states = {}
        for dag_id, run_id in runs.items():
            states[dag_id] = airflow.wait(dag_id, run_id)
            tasks = airflow.task_states(dag_id, run_id).values()
            done = sum(state == "success" for state in tasks)
            print(f"Airflow: {dag_id} is over: {states[dag_id]}, {done} of {len(tasks)} tasks ran")
        return states


def tell() -> int:
    """Show what the gates said, one refusal in full, and where to look next."""
    print(f"\n(… stands for file://{KEPT}/example_data)")
    print("\n$ lineage-plugin decisions")
    listed = lineage_plugin("decisions", "--format", "jsonl")
    print(indented(shortened(lineage_plugin("decisions"))))
    denied = [line for line in listed.splitlines() if "face-recognition" in line]
    if not denied:
        print("No decision about the photos was recorded.", file=sys.stderr)
        return 1
    decision_id = denied[0].split('"id":')[1].split('"')[1]
    print(f"\n$ lineage-plugin decisions {decision_id}")
    print(indented(shortened(lineage_plugin("decisions", decision_id))))
    faces = f"file://{KEPT}/example_data/faces/embeddings.npy"
    home = f"AIRFLOW_HOME={KEPT.relative_to(ROOT)} .venv/bin/lineage-plugin"
    print("\nWhere to look next; the record stays in build/demo:")
    print(f"  {home} explain {decision_id[:8]}")
    print(f"  {home} report {faces} --for face-recognition -o build/report.html")
    print(f"  {home} trace {faces}")
    print(f"  {home} datasets")
    print(f"  {home} verify")
    print("  dags/provenance.yaml is what was declared, expectations/ is what was required")
    return 0


def lineage_plugin(*arguments: str) -> str:
    """Return what the command prints about the record of the demo."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lineage-plugin"), *arguments],
        env={**os.environ, "AIRFLOW_HOME": str(KEPT), "COLUMNS": "160"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout or done.stderr


def indented(text: str) -> str:
    """Set a command's output apart from the demo's own words."""
    return "\n".join(f"  {line}" for line in text.rstrip().splitlines())


def shortened(text: str) -> str:
    """Leave out what the names of all example datasets begin with."""
    # Columns are padded for the long names; three blanks are enough to tell them apart.
    long = f"file://{KEPT}/example_data"
    return "\n".join(re.sub(r" {3,}", "   ", row.replace(long, "…")) for row in text.splitlines())


if __name__ == "__main__":
    sys.exit(main())
