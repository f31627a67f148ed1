"""CPU time of a whole DAG run without gates, with the package installed and without it.

``dag.test()`` in a process of its own, events to a file both times; the goal is a ratio of at most
1.05.  Pairs are interleaved.  Without means that Airflow finds nothing of the package: no plugin,
no policy, no converters.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

Row = tuple[str, float, float | None, str]

PAIRS = 10
ROOT = Path(__file__).resolve().parents[2]
OURS = "lineage_plugin.airflow.transport.AirflowProvenanceTransport"

_DAG = """
from pathlib import Path
from airflow.sdk import Asset, dag, task

DATA = Path(__file__).parent

@dag(schedule=None)
def plain():
    @task(outlets=[Asset("file:///data/a")])
    def first():
        (DATA / "a.txt").write_text("x")

    @task(inlets=[Asset("file:///data/a")], outlets=[Asset("file:///data/b")])
    def second():
        (DATA / "b.txt").write_text((DATA / "a.txt").read_text())

    first() >> second()

plain()
"""

#: Hides the installed package from whoever looks for entry points, at no cost of its own.
_HIDDEN = """
from importlib import metadata

_find = metadata.MetadataPathFinder.find_distributions

def _others(context=metadata.DistributionFinder.Context()):
    return (d for d in _find(context) if not d._path.name.startswith("lineage_plugin"))

metadata.MetadataPathFinder.find_distributions = staticmethod(_others)
"""


def rows() -> list[Row]:
    """Measure pairs, and tell their medians and the median of their ratios."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        dags = home / "dags"
        dags.mkdir()
        (dags / "plain.py").write_text(_DAG, "utf-8")
        (home / "hidden").mkdir()
        (home / "hidden" / "sitecustomize.py").write_text(_HIDDEN, "utf-8")
        _run(_environment(home, ours=True), "-m", "airflow", "db", "migrate")
        (home / "airflow.cfg").unlink(missing_ok=True)
        pairs = []
        for pair in range(PAIRS):
            both = (True, False) if pair % 2 else (False, True)
            took = {ours: _cpu_s(_environment(home, ours=ours), dags) for ours in both}
            pairs.append((took[True], took[False]))
    ratio = statistics.median(ours / plain for ours, plain in pairs)
    return [
        (
            f"a DAG run of two ungated tasks, CPU (median ratio {ratio:.3f})",
            statistics.median(ours for ours, _ in pairs),
            statistics.median(plain for _, plain in pairs),
            "s",
        )
    ]


def _environment(home: Path, *, ours: bool) -> dict[str, str]:
    file = {"type": "file", "log_file_path": str(home / "events.jsonl"), "append": True}
    transport: dict[str, Any] = {"type": OURS, "transport": file} if ours else file
    found = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "OPENLINEAGE"))}
    found |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
        "PYTHONPATH": str(ROOT),
    }
    if ours:
        facets = "lineage_plugin.airflow.run_facets.declared"
        return found | {"AIRFLOW__OPENLINEAGE__CUSTOM_RUN_FACETS": facets}
    return found | {"PYTHONPATH": os.pathsep.join((str(home / "hidden"), str(ROOT)))}


def _cpu_s(env: dict[str, str], dags: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _run(env, str(ROOT / "tests" / "e2e" / "run_dags.py"), str(dags / "plain.py"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _run(env: dict[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], env=env, check=True, capture_output=True)
