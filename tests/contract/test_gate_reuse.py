"""When a decision is said again without asking Great Expectations, and when it is not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lineage_plugin.model import Outcome
from tests.support.gatehouse import CLEAN, DAY, RULE, SECOND, Gatehouse, only, roots, uri

#: In a fresh process: ask, and tell what was said and which heavy libraries were imported for it.
_PROBE = """
import json, sys
from pathlib import Path
from tests.support.gatehouse import Gatehouse
house = Gatehouse(Path(sys.argv[1]))
house.now_us = int(sys.argv[2])
decision = house.ask("features")
heavy = {"great_expectations", "pandas", "pyarrow", "openlineage", "airflow"}
print(json.dumps([decision.outcome.value, decision.reused_from, sorted(heavy & set(sys.modules))]))
"""


@pytest.fixture
def house(tmp_path: Path) -> Gatehouse:
    """A record in which features were made from a clean root."""
    house = Gatehouse(tmp_path).catalog(roots(raw=CLEAN))
    return house.ran("take", (), ["raw"]).ran("scale", ["raw"], ["features"])


def test_the_same_question_is_answered_again_without_great_expectations(house: Gatehouse) -> None:
    first = house.ask("features")

    told = subprocess.check_output(
        [sys.executable, "-c", _PROBE, str(house.home), str(house.now_us)],
        cwd=Path(__file__).parents[2],
        text=True,
    )

    assert json.loads(told) == ["ALLOWED", first.id, []]


def test_a_decision_said_again_is_recorded_under_an_id_of_its_own(house: Gatehouse) -> None:
    first, second, third = (house.ask("features") for _ in range(3))

    assert len({first.id, second.id, third.id}) == 3
    assert second.reused_from == third.reused_from == first.id
    assert second.valid_until_us == first.valid_until_us
    assert house.recorded() == [third, second, first]


def test_a_refusal_is_said_again_with_its_reasons(house: Gatehouse) -> None:
    house.catalog(roots(raw=CLEAN.replace("CC-BY-4.0", "CC-BY-NC-4.0")))
    first, second = house.ask("features"), house.ask("features")

    assert second.reused_from == first.id
    assert second.outcome is Outcome.DENIED
    assert second.reasons == first.reasons


def test_a_refusal_that_is_said_again_names_the_way_that_there_is_now(house: Gatehouse) -> None:
    house.catalog(roots(raw=CLEAN.replace("CC-BY-4.0", "CC-BY-NC-4.0")))
    house.ran("cut", ["features"], ["cuts"]).ran("mix", ["cuts", "features"], ["mixed"])
    first = house.ask("mixed")

    house.ran("shortcut", ["raw"], ["mixed"], group="tuesday")
    second = house.ask("mixed")

    assert second.reused_from == first.id
    assert only(first.reasons).path == tuple(map(uri, ("mixed", "features", "raw")))
    assert only(second.reasons).path == tuple(map(uri, ("mixed", "raw")))


def test_another_daily_run_changes_nothing(house: Gatehouse) -> None:
    first = house.ask("features")

    house.ran("take", (), ["raw"], group="tuesday")
    house.ran("scale", ["raw"], ["features"], group="tuesday")

    assert house.ask("features").reused_from == first.id


def test_another_purpose_is_another_question(house: Gatehouse) -> None:
    house.ask("features")

    assert house.ask("features", purpose="fine-tuning").reused_from == ""


def test_other_suites_are_another_question(house: Gatehouse) -> None:
    house.ask("features")
    file = house.suite("ours", RULE)

    assert house.ask("features", suites=["ours"]).reused_from == ""
    assert house.ask("features", suites=["ours"]).reused_from != ""
    file.write_text(file.read_text("utf-8") + " ", "utf-8")
    assert house.ask("features", suites=["ours"]).reused_from == ""


def test_another_policy_is_another_question(house: Gatehouse) -> None:
    house.ask("features")

    house.policy("  publication: [model-training]\n")

    assert house.ask("features").reused_from == ""


def test_another_catalog_is_another_question_where_it_matters(house: Gatehouse) -> None:
    first = house.ask("features")

    house.catalog(roots(raw=CLEAN, else_where=CLEAN))
    assert house.ask("features").reused_from == first.id

    house.catalog(roots(raw=CLEAN.replace("CC-BY-4.0", "CC0-1.0")))
    assert house.ask("features").reused_from == ""


def test_an_old_decision_is_made_again(house: Gatehouse) -> None:
    first = house.ask("features")
    assert first.valid_until_us == first.at_us + DAY

    house.now_us = first.at_us + DAY - 2 * SECOND
    assert house.ask("features").reused_from == first.id

    assert house.ask("features").reused_from == ""


def test_a_shorter_life_of_decisions_holds_for_those_already_made(house: Gatehouse) -> None:
    house.ask("features")
    hurried = Gatehouse(house.home, decision_max_age_s=60)
    hurried.now_us = house.now_us + 61 * SECOND

    assert hurried.ask("features").reused_from == ""


def test_a_decision_lives_no_longer_than_what_it_rests_on_now(house: Gatehouse) -> None:
    """A new date of the same agreement changes no cell, but the day from which it is void."""
    first = house.ask("features")

    house.catalog(roots(raw=CLEAN + "    valid_until: 2026-01-01T01:00:00Z\n"))
    second = house.ask("features")

    assert second.reused_from == first.id
    assert second.valid_until_us == 1_767_229_200_000_000


def test_a_decision_from_the_future_is_not_said_again(house: Gatehouse) -> None:
    """Somebody set the clock back."""
    house.ask("features")

    house.now_us -= 2 * SECOND

    assert house.ask("features").reused_from == ""


def test_what_names_the_run_is_judged_every_time(house: Gatehouse) -> None:
    house.suite(
        "shallow",
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "depth", "max_value": 9},
        },
    )

    decisions = [house.ask("features", suites=["shallow"]) for _ in range(2)]

    assert [decision.outcome for decision in decisions] == [Outcome.ALLOWED] * 2
    assert [decision.reused_from for decision in decisions] == ["", ""]


def test_a_decision_that_was_not_recorded_is_not_said_again(house: Gatehouse) -> None:
    house.ask("features", record=False)

    assert house.ask("features").reused_from == ""
