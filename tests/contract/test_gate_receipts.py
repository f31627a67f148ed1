"""What Airflow knows was written, the record must know too."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lineage_plugin.gate.receipts import SKEW_US, Reported
from lineage_plugin.model import Outcome
from tests.support.gatehouse import CLEAN, SECOND, Gatehouse, only, ref, roots, subject, uri

MISSING = (Outcome.UNDECIDED, ["record.run-missing"])
ALLOWED: tuple[Outcome, list[str]] = (Outcome.ALLOWED, [])


@pytest.fixture
def house(tmp_path: Path) -> Gatehouse:
    """A record in which features were made from a clean root."""
    house = Gatehouse(tmp_path).catalog(roots(raw=CLEAN))
    return house.ran("take", (), ["raw"]).ran("scale", ["raw"], ["features"])


def event(house: Gatehouse, name: str = "features", **said: Any) -> Reported:
    said.setdefault("at_us", house.now_us)
    return Reported(ref(name), **said)


def receipt(house: Gatehouse, group: str = "monday", **said: Any) -> Reported:
    """What the run of a DAG run left behind."""
    told = {"job_name": "scale", "airflow_run": f"manual__{group}", "run_id": f"{group}/scale"}
    return event(house, **{**told, **said})


def test_a_write_that_the_record_knows_is_no_obstacle(house: Gatehouse) -> None:
    assert house.verdicts("features", reported=[receipt(house)]) == ALLOWED


def test_a_run_whose_events_all_got_lost_is_named(house: Gatehouse) -> None:
    decision = house.ask("features", reported=[receipt(house), receipt(house, "tuesday")])

    reason = only(decision.reasons)
    assert (decision.outcome, reason.id) == (Outcome.UNDECIDED, "record.run-missing")
    assert reason.dataset == uri("features")
    assert "task scale in run manual__tuesday" in reason.why
    assert "clear scale in manual__tuesday" in reason.remedy
    assert house.verdicts("features") == ALLOWED, "an obstacle is not remembered by the frame"


def test_a_run_that_is_known_to_have_begun_is_waited_for(house: Gatehouse) -> None:
    house.ran("scale", ["raw"], ["features"], group="tuesday", state=None)

    found = house.verdicts("features", reported=[receipt(house, "tuesday")])

    assert found == (Outcome.UNDECIDED, ["lineage.writer-open"])


def test_a_lost_run_of_which_nothing_can_be_left_is_no_obstacle(house: Gatehouse) -> None:
    lost = receipt(house, "tuesday")
    house.now_us += 2 * SKEW_US
    house.ran("scale", ["raw"], ["features"], group="wednesday", overwrites=True)

    assert house.verdicts("features", reported=[lost, receipt(house, "wednesday")]) == ALLOWED
    assert house.verdicts("features", reported=[receipt(house, "thursday")]) == MISSING


def test_a_state_of_before_that_was_replaced_is_looked_up(house: Gatehouse) -> None:
    old = receipt(house)
    house.ran("scale", ["raw"], ["features"], group="tuesday", overwrites=True)

    assert house.verdicts("features", reported=[old]) == ALLOWED


def test_a_receipt_of_a_known_run_that_is_shown_much_later_is_not_believed(
    house: Gatehouse,
) -> None:
    forged = receipt(house, at_us=house.now_us + SKEW_US + SECOND)

    assert house.verdicts("features", reported=[forged]) == MISSING


def test_a_task_without_receipt_must_have_run_about_then(house: Gatehouse) -> None:
    by = {"job_name": "scale", "airflow_run": "manual__monday"}
    late = house.now_us + SKEW_US + SECOND

    assert house.verdicts("features", reported=[event(house, **by)]) == ALLOWED
    assert house.verdicts("features", reported=[event(house, **by, at_us=late)]) == MISSING
    other = event(house, **by | {"job_name": "other"}, at_us=late)
    assert house.verdicts("features", reported=[other]) == MISSING


def test_what_is_older_than_the_last_known_write_is_of_before(house: Gatehouse) -> None:
    old = event(house, job_name="other", airflow_run="x", at_us=house.now_us - 3_600 * SECOND)

    assert house.verdicts("features", reported=[old]) == ALLOWED


def test_a_change_that_a_person_reported_makes_undecided_if_it_is_news(house: Gatehouse) -> None:
    news = event(house, at_us=house.now_us + SECOND)

    assert house.verdicts("features", reported=[news]) == MISSING
    assert house.verdicts("features", reported=[event(house, at_us=0)]) == ALLOWED


def test_data_from_outside_may_change_by_itself_but_not_by_an_unknown_run(
    house: Gatehouse,
) -> None:
    late = house.now_us + 2 * SKEW_US

    assert house.verdicts("raw", reported=[event(house, "raw", at_us=late)]) == ALLOWED
    by_task = event(house, "raw", at_us=late, job_name="take", airflow_run="x")
    assert house.verdicts("raw", reported=[by_task]) == MISSING


def test_what_was_written_into_a_folder_is_known_to_have_changed_it(house: Gatehouse) -> None:
    house.ran("add", ["raw"], ["photos/1"])
    told = event(house, "photos", job_name="add", airflow_run="x", run_id="monday/add")

    assert house.verdicts("photos/1", reported=[told]) == ALLOWED


def test_a_record_that_lacks_the_entry_of_a_receipt_is_not_the_one(house: Gatehouse) -> None:
    with house.store() as store:
        seq, head = store.head()

    assert house.verdicts("features", reported=[receipt(house, seq=seq, head=head)]) == ALLOWED
    for entry, digest in ((seq, "0" * 64), (10_000, head)):
        told = receipt(house, seq=entry, head=digest)
        found = house.verdicts("features", reported=[told])
        assert found == (Outcome.UNDECIDED, ["record.rewritten"])


def test_an_event_that_is_only_late_is_waited_for(house: Gatehouse) -> None:
    """Airflow starts a task before the event about the task before it has arrived."""
    house.settings = replace(house.settings, settle_wait_s=15)
    late = receipt(house, "tuesday")
    arriving = threading.Timer(
        0.4, lambda: house.ran("scale", ["raw"], ["features"], group="tuesday")
    )
    arriving.start()
    try:
        assert house.verdicts("features", reported=[late], subject=subject("train")) == ALLOWED
    finally:
        arriving.join()
