"""What tasks do not pay for: most of them have no gate, and each of their events is a fork's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from lineage_plugin import settings
from lineage_plugin.catalog.compiled import refresh
from lineage_plugin.store import open_store

OURS = "lineage_plugin.airflow.transport.AirflowProvenanceTransport"

#: Prints what of ours is imported in a process that does *work* with *loaded* loaded before.
PROBE = """
import json, sys
{loaded}
before = set(sys.modules)
{work}
print(json.dumps(sorted(m for m in set(sys.modules) - before if m.startswith("lineage_plugin"))))
"""


def imported(work: str, *, loaded: str = "", home: Path) -> list[str]:
    found = subprocess.check_output(
        [sys.executable, "-c", PROBE.format(work=work, loaded=loaded)],
        text=True,
        env={**os.environ, "AIRFLOW_HOME": str(home)},
    )
    return list(json.loads(found.splitlines()[-1]))


def test_a_task_without_a_gate_loads_nothing_of_gates(tmp_path: Path) -> None:
    found = imported(
        "from lineage_plugin.airflow import capturing, enforcement, receipts, run_facets",
        home=tmp_path,
    )

    assert "lineage_plugin.airflow.receipts" in found
    assert [name for name in found if name.startswith("lineage_plugin.gate")] == []
    assert "lineage_plugin.airflow.gate_task" not in found


def test_a_fork_of_a_process_that_was_made_ready_has_nothing_left_to_load(tmp_path: Path) -> None:
    here = settings.load({"AIRFLOW_HOME": str(tmp_path)})
    refresh(here.catalog, here.state_dir, policy=here.policy)
    emit = (
        "from openlineage.client.client import OpenLineageClient\n"
        "from openlineage.client.event_v2 import *\n"
        f"client = OpenLineageClient(config={{'transport': {{'type': {OURS!r}}}}})\n"
        "run = Run('01900000-0000-7000-8000-000000000001')\n"
        "read = [InputDataset('s3://lake', 'photos')]\n"
        "client.emit(RunEvent(eventTime='2026-05-03T10:00:00Z', eventType=RunState.START,"
        " run=run, job=Job('airflow', 'a.b'), inputs=read))"
    )
    ready = "from lineage_plugin.airflow import transport; transport.preload()"

    assert imported(emit, home=tmp_path) != []
    assert imported(emit, loaded=ready, home=tmp_path) == []
    with closing(open_store(here.store_url, read_only=True)) as store:
        assert store.head()[0] > 0
