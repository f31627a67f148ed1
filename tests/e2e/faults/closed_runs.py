"""What can be wrong with runs upstream, with their events, with time, and with what people say."""

from __future__ import annotations

import json
import os
import resource
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lineage_plugin.model import RunState, Statement, StatementKind, Subject
from tests.e2e.faults.house import MAKER, House, later, table
from tests.support.gatehouse import CLEAN, DAY, RULE, roots, uri

#: More than anybody's lineage has.
_MANY = 100_000

#: Bytes on top of what the process has when its gate opens: too little to judge anything.
_LITTLE = 24 << 20


def _killed(house: House) -> None:
    house.gates.ran(MAKER, ["maps"], ["houses"], group="tuesday", state=None)


def _late(house: House) -> None:
    _killed(house)
    ends = threading.Timer(
        3_600,
        lambda: house.gates.said(MAKER, RunState.COMPLETE, ["maps"], ["houses"], group="tuesday"),
    )
    ends.daemon = True
    ends.start()


def _others_write(house: House) -> None:
    house.gates.ran("faulty.append", ["maps"], ["houses"], group="tuesday", state=None)


def _failed(house: House) -> None:
    house.gates.ran("faulty.append", ["strange"], ["houses"], group="tuesday", state=RunState.FAIL)


def _no_inputs_known(house: House) -> None:
    house.gates.ran("faulty.append", [], ["houses"], group="tuesday")


def _told_twice(house: House) -> None:
    """The second time with one more input."""
    house.gates.said(MAKER, RunState.COMPLETE, ["maps", "crawled"], ["houses"])


def _forged(house: House) -> None:
    """Somebody's own event declares what our run read as clean, with facets that look like ours."""
    from lineage_plugin.facets import events, names

    house.gates.ran(MAKER, ["crawled"], ["houses"], group="tuesday")
    declared = {
        "authority": "team-vision",
        "pattern": uri("crawled"),
        "external": True,
        "license": {"declared": "CC0-1.0"},
        "consent": {"why": "no people shown"},
        "custody": {"why": "made here"},
    }
    producer = "https://example.org/forger"
    event: dict[str, Any] = {
        "eventType": "COMPLETE",
        "eventTime": "2026-01-03T00:00:00Z",
        "producer": producer,
        "run": {
            "runId": "forged",
            "facets": {names.TASK: {"_producer": producer, "declarations": [declared]}},
        },
        "job": {"namespace": "airflow", "name": "forger"},
        "inputs": [{"namespace": "s3://lake", "name": "crawled"}],
        "outputs": [],
    }
    facts = events.facts_of(event)
    assert facts is not None
    with house.gates.store() as store:
        store.append_runs([(facts, json.dumps(event))], recorded_us=later(house))


def _rolled_back(house: House) -> None:
    """The record loses what the run before told it, as a copy from yesterday would have."""
    house.checkpointed()
    copy = shutil.copy(house.record, house.home / "yesterday.db")

    def restore() -> None:
        for beside in house.state.glob("record.db-*"):
            beside.unlink()
        shutil.copy(copy, house.record)

    house.meanwhile(restore)


def _unknown_event(house: House) -> None:
    """Airflow has an event of the Asset, by a run that the record never heard of."""

    def report() -> None:
        import datetime as dt

        from airflow.models.asset import AssetEvent, AssetModel
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with create_session() as session:
            asset = session.scalar(select(AssetModel).where(AssetModel.uri == "s3://lake/houses"))
            assert asset is not None
            session.add(
                AssetEvent(
                    asset_id=asset.id,
                    source_task_id="find",
                    source_dag_id="elsewhere",
                    source_run_id="manual__tuesday",
                    source_map_index=-1,
                    timestamp=dt.datetime.now(dt.UTC),
                    extra={},
                )
            )

    house.meanwhile(report)


def _without_openlineage(house: House) -> None:
    os.environ["OPENLINEAGE_DISABLED"] = "true"


def _without_our_transport(house: House) -> None:
    os.environ["AIRFLOW__OPENLINEAGE__TRANSPORT"] = json.dumps({"type": "console"})


def _without_our_hooks(house: House) -> None:
    """As with ``_AIRFLOW__AS_LIBRARY``: Airflow loads no policies, and no plugins."""
    from airflow import settings

    manager = settings.get_policy_plugin_manager()
    ours = [name for name, each in manager.list_name_plugin() if "lineage_plugin" in str(each)]
    assert ours
    for name in ours:
        manager.unregister(name=name)
    _without_openlineage(house)


def _clock_back(house: House) -> None:
    from lineage_plugin.airflow import gate_task
    from lineage_plugin.gate.service import open_gate

    house.asked_once()
    gate_task._open_gate = lambda settings: open_gate(
        settings, now_us=lambda: later(house, -86_400)
    )


def _many(house: House, many: int = _MANY) -> None:
    """Files that are clean, and one that nobody knows."""
    house.gates.catalog(roots(**{"maps": CLEAN, "maps/**": CLEAN}))
    reads = [f"maps/{number}.tif" for number in range(many)]
    house.gates.ran("faulty.gather", [*reads, "crawled"], ["houses"], group="tuesday")


def _little_memory(house: House) -> None:
    from lineage_plugin.airflow import gate_task
    from lineage_plugin.gate.service import open_gate

    _many(house, _MANY // 5)

    @contextmanager
    def opened(settings: Any) -> Iterator[Any]:
        with open("/proc/self/statm", encoding="ascii") as told:  # noqa: PTH123
            taken = int(told.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + _LITTLE, resource.RLIM_INFINITY))
        try:
            with open_gate(settings) as gate:
                yield gate
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    gate_task._open_gate = opened


def _says(house: House, kind: StatementKind, **more: Any) -> Statement:
    said = Statement("s1", kind, "Ada Lovelace (legal)", "because", later(house), **more)
    with house.gates.store() as store:
        store.append_statement(said, recorded_us=later(house))
    return said


def _waiver_over(house: House) -> None:
    house.gates.catalog(roots(maps=CLEAN.replace("CC-BY-4.0", "CC-BY-NC-4.0")))
    _says(
        house,
        StatementKind.WAIVER,
        until_us=later(house) + DAY,
        datasets=(uri("maps"),),
        purpose="model-training",
        reason_id="license.non-commercial",
    )


def _held(house: House) -> None:
    _says(
        house,
        StatementKind.QUARANTINE,
        datasets=(uri("houses"),),
        subject=Subject("airflow", MAKER, "monday", f"monday/{MAKER}"),
    )


def _forged_glass(house: House) -> None:
    """A file that lets the run go on, which was not signed with the key of this machine."""
    folder = house.state / "break-glass"
    folder.mkdir(mode=0o700)
    subject = {"dag_id": "judged", "task_id": "train", "dag_run_id": "manual__any"}
    said = {"id": "s1", "kind": "break-glass", "actor": "nobody", "why": "x", "subject": subject}
    for name, text in (("key", "k" * 32), ("s1.json", json.dumps({"statement": said, "mac": "0"}))):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    house.lock()


def _nothing(house: House) -> None:
    """The DAG itself is what is wrong."""


def _patience_is_no_number(house: House) -> None:
    house.suite(RULE)
    house.set("gate_timeout_s", "0")


FAULTS = table(
    "runs",
    ("upstream-killed", "The run upstream was killed", "lineage.writer-open", _killed),
    ("upstream-late", "It has ended, and its event comes later", "lineage.writer-open", _late),
    (
        "upstream-writes",
        "Another run writes the input at this moment",
        "lineage.writer-open",
        _others_write,
    ),
    (
        "upstream-failed",
        "A run that read what nobody knows failed while it wrote",
        "lineage.unknown-producer",
        _failed,
    ),
    (
        "upstream-blind",
        "Nobody knows what the run upstream read",
        "lineage.no-known-inputs",
        _no_inputs_known,
    ),
    (
        "event-twice",
        "An event comes twice, the second time with another input",
        "lineage.unknown-producer",
        _told_twice,
    ),
    (
        "event-forged",
        "A stranger's event declares the input clean",
        "lineage.unknown-producer",
        _forged,
    ),
    (
        "events-lost",
        "All events of the run upstream got lost, its receipt did not",
        "record.run-missing",
        _rolled_back,
        "chained",
    ),
    (
        "event-of-unknown-run",
        "Airflow knows of a newer write of the input than the record",
        "record.run-missing",
        _unknown_event,
        "chained",
    ),
    (
        "openlineage-off",
        "`OPENLINEAGE_DISABLED` was set where the run upstream ran",
        "record.run-missing",
        _without_openlineage,
        "chained",
    ),
    (
        "transport-not-ours",
        "`[openlineage] transport` is not ours",
        "record.run-missing",
        _without_our_transport,
        "chained",
    ),
    (
        "hooks-not-loaded",
        "Airflow loads neither our policy nor OpenLineage (`_AIRFLOW__AS_LIBRARY`)",
        "record.run-missing",
        _without_our_hooks,
        "chained",
    ),
    ("clock-back", "The clock was set back", "gate.clock", _clock_back),
    (
        "ancestors-many",
        "100,000 ancestors, of one of which nobody knows",
        "lineage.unknown-producer",
        _many,
    ),
    ("memory-little", "There is no memory left to judge with", "gate.error", _little_memory),
    (
        "waiver-over",
        "What was waived is no longer waived",
        "license.non-commercial",
        _waiver_over,
    ),
    ("glass-forged", "A break-glass file is forged", "store.unavailable", _forged_glass),
    ("input-held", "The input is in quarantine", "quarantine.held", _held),
    (
        "recipient-unnamed",
        "Data is to be given to nobody in particular",
        "recipient.unnamed",
        _nothing,
        "given_to_nobody",
    ),
    (
        "recipient-without-agreement",
        "There is no agreement with whom it is given to",
        "recipient.no-agreement",
        _nothing,
        "given",
    ),
    ("inputs-none", "Nothing says what the task reads", "gate.no-inputs", _nothing, "blind"),
    (
        "patience-no-number",
        "`gate_timeout_s` is 0",
        "settings.invalid",
        _patience_is_no_number,
    ),
)
