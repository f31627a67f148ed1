"""``lineage-plugin doctor``, asked about installations that lack one thing after the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lineage_plugin.checks.doctor import State, guarded, versions
from lineage_plugin.store import open_store
from lineage_plugin.store.spool import LOST, Spool
from tests.support.records import COMPLETE, event, record
from tests.unit.cli.conftest import Run

RunJson = Callable[..., Any]


@pytest.fixture
def sound(home: Path, run: Run) -> Path:
    """An AIRFLOW_HOME in which everything holds."""
    assert run("init").exit_code == 0
    return home


def of(rows: list[dict[str, str]], what: str) -> list[tuple[str, str]]:
    return [(row["state"], row["how"]) for row in rows if row["what"] == what]


def test_a_sound_installation_has_no_fault_and_no_warning(sound: Path, run_json: RunJson) -> None:
    rows = run_json("doctor", "--quick")

    assert {row["state"] for row in rows} <= {"ok", "note"}
    assert {"record", "clock", "spool", "losses", "catalog", "policy", "state"} <= {
        row["what"] for row in rows
    }


def test_before_init_every_setting_is_named_with_what_mends_it(
    home: Path, run_json: RunJson
) -> None:
    rows = run_json("doctor", "--quick", code=2)

    faults = [row for row in rows if row["state"] == "fault"]
    assert {row["what"] for row in faults} == {"transport"}
    assert {row["mend"] for row in faults} == {"lineage-plugin init"}
    assert len(faults) == 3


def test_a_transport_that_loses_events_in_forks_is_warned_of(
    home: Path, run: Run, run_json: RunJson
) -> None:
    transport = {"type": "async_http", "url": "http://marquez:5000"}
    (home / "airflow.cfg").write_text(f"[openlineage]\ntransport = {json.dumps(transport)}\n")
    assert run("init").exit_code == 0

    (warning,) = of(run_json("doctor", "--quick"), "transport")[:1]

    assert warning[0] == "warning"
    assert "async_http" in warning[1]


def test_a_transport_that_the_environment_overrides_is_a_fault(sound: Path, run: Run) -> None:
    env = {"AIRFLOW__OPENLINEAGE__TRANSPORT": '{"type": "console"}'}

    assert run("doctor", "--quick", env={**env}).exit_code == 2


def test_losses_are_told_until_somebody_saw_to_them(sound: Path, run_json: RunJson) -> None:
    spool = Spool(sound / "lineage_plugin")
    spool.count(LOST, 2)
    spool.count("attach-failed")

    found = dict(of(run_json("doctor", "--quick", code=2), "losses"))

    assert found["fault"].startswith("2 times: events were lost")
    assert "without all their facets" in found["warning"]


def test_a_record_that_cannot_be_written_is_a_fault_with_its_remedy(
    sound: Path, run_json: RunJson
) -> None:
    record_file = sound / "lineage_plugin" / "record.db"
    record_file.parent.mkdir(exist_ok=True)
    record_file.write_bytes(b"no database at all, but long enough to be looked at" * 100)

    rows = run_json("doctor", "--quick", code=2)

    (found,) = [row for row in rows if row["what"] == "record"]
    assert found["state"] == "fault"
    assert found["mend"]


def test_a_clock_behind_the_record_is_a_fault(sound: Path, run_json: RunJson) -> None:
    with closing(open_store(f"sqlite:///{sound}/lineage_plugin/record.db")) as store:
        record(store, event("embed", COMPLETE, 4_000_000_000_000_000, writes=["faces"]))

    ((state, how),) = of(run_json("doctor", "--quick", code=2), "clock")

    assert state == "fault"
    assert "2096" in how


def test_an_exchanged_record_is_a_fault(sound: Path, run_json: RunJson) -> None:
    (sound / "lineage_plugin").mkdir(exist_ok=True)
    head = {"url": f"sqlite:///{sound}/lineage_plugin/record.db", "seq": 9, "digest": "ab"}
    (sound / "lineage_plugin" / "head.json").write_text(json.dumps(head))

    found = of(run_json("doctor", "--quick", code=2), "record")

    assert (
        "fault",
        "the record is not the one seen before: entry 9 is missing or another",
    ) in found


@pytest.mark.parametrize(
    ("file", "text", "what"),
    [
        ("provenance.yaml", "version: 1\nauthority: a\ndatasets: {s3://x: {}}\n", "catalog"),
        ("policy.yaml", "version: 1\npurposes: {model-training: [gone]}\n", "policy"),
        ("policy.yaml", "version: 1\ngates: [{purpose: model-training}]\n", "policy"),
        ("airflow.cfg", "[lineage_plugin]\nattach_budget_ms = soon\n", "settings"),
    ],
    ids=["catalog", "suite", "gates", "settings"],
)  # fmt: skip
def test_what_people_wrote_wrong_is_a_fault(
    sound: Path, run_json: RunJson, file: str, text: str, what: str
) -> None:
    (sound / file).write_text(text)

    rows = run_json("doctor", "--quick", code=2)

    assert "fault" in dict(of(rows, what))


def test_a_marquez_that_does_not_answer_is_a_warning_only(sound: Path, run_json: RunJson) -> None:
    with (sound / "airflow.cfg").open("a") as cfg:
        cfg.write("\n[lineage_plugin]\nmarquez_url = http://127.0.0.1:1\n")

    ((state, how),) = of(run_json("doctor", "--quick"), "Marquez")

    assert state == "warning"
    assert "does not answer" in how


def test_versions_beside_which_it_was_not_made_are_faults() -> None:
    found = list(versions(["click>=1", "click<2", "no-such-package>=1", "gone; extra == 'x'"]))

    assert [(each.state, each.mend) for each in found] == [
        (State.FAULT, "pip install 'click<2'"),
        (State.FAULT, "pip install 'no-such-package>=1'"),
    ]


def test_an_examination_that_collapses_is_a_finding() -> None:
    def collapse() -> list[Any]:
        raise ZeroDivisionError

    (found,) = guarded("record", collapse)

    assert (found.what, found.state) == ("record", State.FAULT)


def test_the_table_says_what_to_do(home: Path, run: Run) -> None:
    done = run("doctor", "--quick")

    assert done.exit_code == 2
    assert "What to do:\n  transport: lineage-plugin init\n" in done.stdout
