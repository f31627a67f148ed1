"""What waits beside the record is recorded before a gate judges; what is missing keeps it shut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lineage_plugin import settings
from lineage_plugin.gate.service import Gate, open_gate
from lineage_plugin.model import DatasetRef, Outcome, Output, Reason, RunFacts, RunState
from lineage_plugin.settings import Settings
from lineage_plugin.store import open_store
from lineage_plugin.store.spool import LOST, Spool

RAW, FACES = DatasetRef("s3://lake", "raw"), DatasetRef("s3://lake", "faces")
CATALOG = """\
version: 1
authority: us
datasets:
  s3://lake/raw:
    origin: external
    source: {issuer: us, method: primary-user-source}
    license: CC0-1.0
    consent: {none: pictures of tiles}
    custody: {none: made here}
"""
WROTE = RunFacts(
    "r1", "ns", "dag.embed", RunState.START, 10, "g1", inputs=(RAW,), outputs=(Output(FACES),)
)


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    (tmp_path / "provenance.yaml").write_text(CATALOG, encoding="utf-8")
    return settings.load({"AIRFLOW_HOME": str(tmp_path)})


@pytest.fixture
def gate(here: Settings) -> Iterator[Gate]:
    with open_gate(here, now_us=lambda: 1_000) as found:
        yield found


def test_events_that_waited_are_recorded_before_the_gate_judges(here: Settings, gate: Gate) -> None:
    spool = Spool(here.state_dir)
    for facts in (WROTE, replace(WROTE, state=RunState.COMPLETE, at_us=20)):
        assert spool.put(facts, "{}", received_us=facts.at_us)

    decision = gate.decide([FACES], "model-training")

    assert decision.outcome is Outcome.ALLOWED, decision.reasons
    assert spool.pending() == 0
    assert open_store(here.store_url).history([FACES]).writes


def test_a_gate_is_undecided_while_an_event_is_missing_for_good(here: Settings, gate: Gate) -> None:
    Spool(here.state_dir).count(LOST)

    decision = gate.decide([RAW], "model-training")

    assert decision.outcome is Outcome.UNDECIDED
    assert "1 events are missing from the record" in decision.reasons[0].why
    assert "run the tasks of that time again" in decision.reasons[0].remedy


def test_a_damaged_event_in_the_spool_is_not_forgotten(here: Settings, gate: Gate) -> None:
    spool = Spool(here.state_dir)
    assert spool.put(WROTE, "{}", received_us=10)
    (waiting,) = spool.folder.glob("*.json")
    waiting.write_text("torn", encoding="utf-8")

    assert gate.decide([RAW], "model-training").outcome is Outcome.UNDECIDED
    assert spool.missing() == 1


def test_an_obstacle_that_the_caller_knows_blocks_and_is_recorded(gate: Gate) -> None:
    obstacle = Reason("input.unresolved", "", "an alias", "name it", is_definite=False)
    decision = gate.decide([RAW], "model-training", obstacles=[obstacle])
    again = gate.decide([RAW], "model-training")

    assert decision.outcome is Outcome.UNDECIDED
    assert decision.reasons == (obstacle,)
    assert (again.outcome, again.reused_from) == (Outcome.ALLOWED, "")
