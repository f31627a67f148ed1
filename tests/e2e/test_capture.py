"""What bodies really touch, on a real Airflow, run by ``dag.test()``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import pytest

from lineage_plugin.facets import names
from lineage_plugin.model import Subject
from lineage_plugin.store import open_store
from tests.e2e.conftest import Ended, Run

pytestmark = pytest.mark.e2e


@pytest.fixture
def ended(run: Run) -> Ended:
    return run("touching")


def touched(ended: Ended, event: Mapping[str, Any], side: str) -> set[str]:
    """What an event names, without the folder of the data and without schemes."""
    found = (f"{item['namespace']}/{item['name'].lstrip('/')}" for item in event[side])
    return {name.removeprefix(f"file/{ended.ran}/data/".replace("//", "/")) for name in found}


def test_what_a_body_reads_and_writes_is_in_its_event(ended: Ended) -> None:
    (event,) = ended.of("everything.touch", "COMPLETE")
    read, written = touched(ended, event, "inputs"), touched(ended, event, "outputs")
    (served,) = (name for name in read if name.startswith("http"))

    assert served.startswith("http://127.0.0.1:")
    assert served.endswith("/a.csv")
    # The server runs in the same process.
    assert read - {served} == {"in.csv", "small.csv", "photos", "served/a.csv"}
    assert written == {
        "s3://lake/faces",
        "out.parquet",
        "duck.csv",
        "new.db",
        "object.txt",
        "thread.txt",
    }
    assert "s3cret" not in json.dumps(event)


def test_a_folder_of_many_files_is_one_dataset_and_its_files_are_counted(ended: Ended) -> None:
    (event,) = ended.of("everything.touch", "COMPLETE")
    told = event["run"]["facets"][names.TASK]["inputs"]

    (photos,) = (item for item in told if item["name"].endswith("/photos"))
    assert photos["files"] == 3_000


def test_a_body_that_fails_has_touched_all_the_same(ended: Ended) -> None:
    assert ended.state("failing", "fail") == "failed"
    (event,) = ended.of("failing.fail", "FAIL")

    assert touched(ended, event, "inputs") == {"in.csv"}
    assert touched(ended, event, "outputs") == {"half.csv"}


def test_each_map_index_tells_its_own(ended: Ended) -> None:
    events = ended.of("mapped.copy", "COMPLETE")

    found = sorted(
        (*touched(ended, event, "inputs"), *touched(ended, event, "outputs")) for event in events
    )
    assert found == [("photos/1.jpg", "copy-1.csv"), ("photos/2.jpg", "copy-2.csv")]


def test_what_is_read_before_a_task_is_deferred_is_recorded(ended: Ended) -> None:
    assert ended.state("put_off", "wait") == "success"
    (event,) = ended.of("put_off.wait", "COMPLETE")
    group = event["run"]["facets"]["parent"]["run"]["runId"]
    record = f"sqlite:///{ended.ran.parent}/lineage_plugin/record.db"
    with closing(open_store(record)) as store:
        read = store.inputs_of(Subject(event["job"]["namespace"], "put_off.wait", group))

    assert [ref.name.rpartition("/data/")[2] for ref in read] == ["photos/1.jpg"]


def test_what_was_made_from_what_no_gate_had_seen_is_held_back(ended: Ended) -> None:
    assert ended.state("undeclared_1_trains") == "success"
    assert "held back until this is mended: file:///" in ended.log
    assert "lineage.unknown-producer" in ended.log

    assert ended.state("undeclared_2_uses") == "failed"
    assert "quarantine.held" in ended.log
    assert not (ended.ran / "data" / "used.txt").exists()


def test_what_reads_only_what_it_declares_is_not_held_back(ended: Ended) -> None:
    assert ended.state("well_behaved") == "success"
    assert "good.bin" not in [line for line in ended.log.splitlines() if "held back" in line]
    (event,) = ended.of("well_behaved.train", "COMPLETE")
    assert touched(ended, event, "inputs") == {"s3://lake/maps/berlin"}


def test_a_run_whose_events_all_got_lost_is_missed_by_its_receipt(ended: Ended) -> None:
    assert ended.state("lost_1_writes", "write") == "success"
    assert ended.of("lost_1_writes.write", "COMPLETE") == []

    assert ended.state("lost_2_uses") == "failed"
    assert not (ended.ran / "data" / "lost.txt").exists()
    assert "Airflow knows that task lost_1_writes.write in run manual__" in ended.log
    assert "record.run-missing" in ended.log
