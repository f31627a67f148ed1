"""Run faults, each in a fork of a process that has everything loaded; print what came of each.

Usage: ``children.py TEMPLATE FOLDER MODULE[,MODULE...] PART PARTS``
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from tests.e2e.faults.house import MEDDLE, Fault, House

#: A fault takes a second or two; a hundred thousand ancestors take a minute on a busy machine.
LONGEST_S = 240

#: What a task imports only as it goes along.
LATE = (
    "airflow.dag_processing.bundles.local",
    "airflow.dag_processing.collection",
    "airflow.jobs.job",
    "airflow.models.serialized_dag",
    "airflow.providers.openlineage.plugins.listener",
    "airflow.sdk.execution_time.task_runner",
    "great_expectations.data_context.data_context.context_factory",
    "great_expectations.validator.v1_validator",
    "httpx",
    "lineage_plugin.airflow.capturing",
    "lineage_plugin.airflow.gate_task",
    "lineage_plugin.airflow.receipts",
    "lineage_plugin.gate.service",
)

DAGS = Path(__file__).parent / "dags" / "faulty.py"


def warm() -> dict[str, Any]:
    """Load what every fault needs, and the DAGs; open nothing."""
    from airflow.dag_processing.dagbag import DagBag

    from lineage_plugin.gate import suite
    from lineage_plugin.transport.transport import preload

    preload()
    suite._great_expectations()
    for name in LATE:
        importlib.import_module(name)
    from airflow.sdk.execution_time.supervisor import in_process_api_server

    # What `dag.test()` talks to instead of an API server: seconds of work, and no thread of it yet.
    in_process_api_server().app._cadwyn_initialize()
    bag = DagBag(DAGS, bundle_path=DAGS.parent, bundle_name="dags-folder")
    assert not bag.import_errors, bag.import_errors
    return dict(bag.dags)


def run(fault: Fault, dags: dict[str, Any], template: Path, folder: Path) -> dict[str, Any]:
    """Run one fault in a fork, and tell what was left."""
    home = folder / fault.id
    (home / "ran").mkdir(parents=True)
    shutil.copy(template / "airflow.db", home / "airflow.db")
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        _as_child(fault, dags, home)
    status = _waited(child)
    with contextlib.suppress(ProcessLookupError):  # what OpenLineage forked for events of DAGs
        os.killpg(child, signal.SIGKILL)
    found: dict[str, Any] = {"id": fault.id, "states": {}, "reasons": [], "outcomes": []}
    answer = home / "ended.json"
    if answer.exists():
        found |= json.loads(answer.read_text())
    found["exit"] = os.waitstatus_to_exitcode(status) if status is not None else "hung"
    found["seconds"] = round(time.monotonic() - began, 1)
    found["ran"] = sorted(path.name for path in (home / "ran").iterdir())
    found["log"] = (home / "log.txt").read_text(errors="replace")[-30_000:]
    return found


def _waited(child: int) -> int | None:
    ends = time.monotonic() + LONGEST_S
    while time.monotonic() < ends:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _as_child(fault: Fault, dags: dict[str, Any], home: Path) -> None:
    code = 1
    os.setsid()
    try:
        log = os.open(home / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        _move_in(home)
        house = House(home).furnish()
        fault.arrange(house)
        began = time.monotonic()
        ended = dags[fault.dag].test()
        found = _left(ended)
        found["task_seconds"] = round(time.monotonic() - began, 1)
        if fault.area == "soft":
            found |= {"doctor": _doctor(), "kept": _kept(house, fault.dag)}
        (home / "ended.json").write_text(json.dumps(found))
        code = 0
    except BaseException:  # noqa: BLE001 - told, and nothing of the parent's goes on here
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _move_in(home: Path) -> None:
    """Have Airflow and us use another home than that of the parent."""
    os.environ |= {
        "AIRFLOW_HOME": str(home),
        "BODIES_RAN": str(home / "ran"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(
            {
                "type": "lineage_plugin.airflow.transport.AirflowProvenanceTransport",
                "transport": {
                    "type": "file",
                    "log_file_path": str(home / "events.jsonl"),
                    "append": True,
                },
            }
        ),
    }
    from airflow import settings

    settings.configure_vars()  # type: ignore[no-untyped-call]
    settings.configure_orm()  # type: ignore[no-untyped-call]
    MEDDLE.clear()


def _left(run: Any) -> dict[str, Any]:
    from lineage_plugin.airflow.said import _SAID

    said = [each.decision for all_of in _SAID.values() for each in all_of]
    return {
        "states": {ti.task_id: str(ti.state) for ti in run.get_task_instances()},
        "tries": {ti.task_id: ti.try_number for ti in run.get_task_instances()},
        "outcomes": [decision.outcome.value for decision in said],
        "reasons": [reason.id for decision in said for reason in decision.reasons],
    }


def _doctor() -> str:
    """Return what ``lineage-plugin doctor --quick`` says."""
    from click.testing import CliRunner

    from lineage_plugin.cli import command

    done = CliRunner().invoke(command, ["doctor", "--quick", "--format", "json"])
    rows = json.loads(done.output)
    return "\n".join(f"{row['state']} {row['what']}: {row['how']}" for row in rows)


def _kept(house: House, dag: str) -> int:
    """Return how many events of the task are in the record or wait for it."""
    waiting = sum(1 for file in (house.state / "spool").glob("*.json") if dag in file.read_text())
    try:
        with house.gates.store() as store:
            return waiting + sum(1 for job, _ in store.touches() if job.startswith(f"{dag}."))
    except Exception:  # noqa: BLE001 - that it cannot be read is the fault
        return waiting


def main(template: str, folder: str, modules: str, part: str, parts: str) -> None:
    """Run every fault of the tables that is this part's."""
    dags = warm()
    faults = [
        fault
        for module in modules.split(",")
        for fault in importlib.import_module(f"tests.e2e.faults.{module}").FAULTS
    ]
    wanted = os.environ.get("FAULTS")
    for place, fault in enumerate(faults):
        if place % int(parts) == int(part) and (not wanted or fault.id in wanted.split(",")):
            found = run(fault, dags, Path(template), Path(folder))
            sys.__stdout__.write(f"FAULT {json.dumps(found)}\n")  # type: ignore[union-attr]
            sys.__stdout__.flush()  # type: ignore[union-attr]


if __name__ == "__main__":
    main(*sys.argv[1:])
