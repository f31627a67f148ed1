"""The record cannot be exchanged for another without the gate noticing."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_plugin.model import Outcome
from tests.support.gatehouse import SECOND, Gatehouse

BROAD = """\
version: 1
authority: us
datasets:
  s3://lake/**:
    origin: external
    source: {issuer: us, method: primary-user-source}
    license: CC0-1.0
    consent: {none: pictures of tiles}
    custody: {none: made here}
"""


@pytest.fixture
def house(tmp_path: Path) -> Gatehouse:
    (tmp_path / "provenance.yaml").write_text(BROAD, encoding="utf-8")
    return Gatehouse(tmp_path)


def records(home: Path) -> list[Path]:
    return list((home / "lineage_plugin").glob("record.db*"))


def test_a_record_that_was_begun_anew_is_noticed(house: Gatehouse, tmp_path: Path) -> None:
    assert house.ask("faces").outcome is Outcome.ALLOWED
    for file in records(tmp_path):
        file.unlink()

    decision = house.ask("faces")

    assert decision.outcome is Outcome.UNDECIDED
    assert decision.reasons[0].id == "store.corrupt"
    assert "not the one seen before" in decision.reasons[0].why


def test_an_empty_record_is_nothing_to_miss(tmp_path: Path) -> None:
    house = Gatehouse(tmp_path)

    for _ in range(2):
        decision = house.ask("faces", record=False)
        assert [reason.id for reason in decision.reasons] == ["lineage.unknown-producer"]


def test_whoever_begins_anew_on_purpose_says_so(house: Gatehouse, tmp_path: Path) -> None:
    house.ask("faces")
    for file in (*records(tmp_path), tmp_path / "lineage_plugin" / "head.json"):
        file.unlink()

    assert house.ask("faces").outcome is Outcome.ALLOWED


def test_what_was_seen_and_cannot_be_read_keeps_the_gate_shut(
    house: Gatehouse, tmp_path: Path
) -> None:
    house.ask("faces")
    (tmp_path / "lineage_plugin" / "head.json").write_text("torn", encoding="utf-8")

    assert house.ask("faces").outcome is Outcome.UNDECIDED


def test_a_gate_is_undecided_where_nothing_lost_could_be_counted(tmp_path: Path) -> None:
    (tmp_path / "provenance.yaml").write_text(BROAD, encoding="utf-8")
    state = tmp_path / "not a folder"
    state.write_text("a file", encoding="utf-8")

    decision = Gatehouse(tmp_path, state_dir=state).ask("faces")

    assert decision.outcome is Outcome.UNDECIDED
    assert "what got lost could not be counted" in decision.reasons[0].why


def test_a_clock_that_was_set_back_brings_nothing_to_life_again(tmp_path: Path) -> None:
    (tmp_path / "provenance.yaml").write_text(BROAD, encoding="utf-8")
    house = Gatehouse(tmp_path)
    assert house.ask("faces").outcome is Outcome.ALLOWED

    house.now_us -= 2 * 60 * SECOND
    assert house.verdicts("faces") == (Outcome.UNDECIDED, ["gate.clock"])
    house.now_us += 60 * SECOND
    assert house.ask("faces").outcome is Outcome.ALLOWED, "clocks are kept right all the time"
