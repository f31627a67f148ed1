"""What our transport adds to the wall time of a task: the provider's forks with it and without it.

A process that has what a task's process has forks a child for START and one for COMPLETE, as the
OpenLineage provider does, and waits for each; the children emit through the provider's own adapter,
to a file, with our transport around it and without.  Pairs are interleaved.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from lineage_plugin import settings
from lineage_plugin.catalog.compiled import refresh
from tests.bench.bench_attach import PATTERNS, _catalog

Row = tuple[str, float, float | None, str]

TASKS = 60
OURS = "lineage_plugin.airflow.transport.AirflowProvenanceTransport"

_PROBE = """
import json, logging, os, sys, time
logging.disable(logging.CRITICAL)
plain, ours, tasks = json.loads(sys.argv[1])
os.environ["AIRFLOW__OPENLINEAGE__TRANSPORT"] = json.dumps(ours)
from airflow.providers.openlineage.extractors import OperatorLineage
from airflow.providers.openlineage.plugins import adapter, listener
from openlineage.client.event_v2 import Dataset
from lineage_plugin.airflow.plugin import LineagePlugin
LineagePlugin.on_load()

def send(transport, task, kind):
    began = time.perf_counter()
    if os.fork() == 0:
        os.environ["AIRFLOW__OPENLINEAGE__TRANSPORT"] = json.dumps(transport)
        emit = adapter.OpenLineageAdapter()
        lineage = OperatorLineage(
            inputs=[Dataset("s3://lake", f"table_{task * 10 + n:05d}/part") for n in range(5)],
            outputs=[Dataset("s3://lake", f"table_{task * 10 + n:05d}/part") for n in range(5, 10)],
        )
        said = dict(
            run_id=f"01900000-0000-7000-8000-{task:012}", job_name=f"dag.task{task}", task=lineage,
            nominal_start_time=None, nominal_end_time=None, owners=["us"], tags=[],
            job_description=None,
        )
        if kind == "START":
            emit.start_task(event_time="2026-05-03T10:00:00Z", **said)
        else:
            emit.complete_task(end_time="2026-05-03T10:01:00Z", **said)
        os._exit(0)
    os.wait()
    return time.perf_counter() - began

times = []
for task in range(tasks):
    pair = [(plain, []), (ours, [])]
    for kind in ("START", "COMPLETE"):
        for transport, spent in pair if task % 2 else reversed(pair):
            spent.append(send(transport, task, kind))
    times.append([sum(spent) for _, spent in pair])
print(json.dumps(times))
"""


def rows() -> list[Row]:
    """Measure what is added to a task, and beside it what the provider takes by itself."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "provenance.yaml").write_text(_catalog())
        env = {**os.environ, "AIRFLOW_HOME": folder}
        found = settings.load(env)
        refresh(found.catalog, found.state_dir, policy=found.policy)
        plain = {"type": "file", "log_file_path": str(home / "events.jsonl"), "append": True}
        done = subprocess.run(
            [sys.executable, "-c", _PROBE, json.dumps([plain, _around(plain), TASKS])],
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
    times = json.loads(done.stdout.splitlines()[-1])
    added = sorted(ours - theirs for theirs, ours in times)
    theirs = sorted(theirs for theirs, _ in times)
    title = f"added to a task (START and COMPLETE, 10 datasets, {PATTERNS} patterns)"
    return [
        (f"{title}, median, beside the provider's own emit", *_millis(added, theirs, 50), "ms"),
        (f"{title}, p95, beside the provider's own emit", *_millis(added, theirs, 95), "ms"),
    ]


def _around(plain: dict[str, object]) -> dict[str, object]:
    return {"type": OURS, "transport": plain}


def _millis(added: list[float], theirs: list[float], percent: int) -> tuple[float, float]:
    def at(values: list[float]) -> float:
        return statistics.quantiles(values, n=100, method="inclusive")[percent - 1] * 1000

    return at(added), at(theirs)
