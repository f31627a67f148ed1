"""Records that earlier releases wrote: what they say is said for ever."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lineage_plugin.gate.service import open_gate
from lineage_plugin.model import Outcome, RunState
from tests.support.gatehouse import CLEAN, NEW_YEAR_US, RULE, SECOND, Gatehouse, roots

#: What ``verify`` of the release that wrote each of them said: entries and head.
WRITTEN = {
    "version-1.sql": (13, "9ed67a94be911827b0a6a9ae0f3e2f472708ce2f613c3354a5ca7a854126e13e"),
}


@pytest.fixture(params=WRITTEN)
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Gatehouse:
    found = Gatehouse(tmp_path)
    found.catalog(roots(a=CLEAN, b=CLEAN.replace("CC-BY-4.0", "CC-BY-NC-4.0")))
    found.suite("quick", RULE)
    found.policy("  model-training: [quick]\n")
    found.now_us = NEW_YEAR_US + 3_600 * SECOND
    found.record.parent.mkdir(mode=0o700)
    dump = Path(__file__).with_name("records") / request.param
    with closing(sqlite3.connect(found.record)) as connection:
        connection.executescript(dump.read_text("utf-8"))
    found.record.chmod(0o600)
    return found


def schema(house: Gatehouse) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(house.record)) as connection:
        return set(connection.execute("SELECT type, name FROM sqlite_master"))


def test_it_is_genuine_and_what_was_decided_stands(
    house: Gatehouse, request: pytest.FixtureRequest
) -> None:
    with house.store() as store:
        found = store.verify()

    assert found.faults == ()
    assert (found.entries, found.head) == WRITTEN[request.node.callspec.params["house"]]
    assert [(d.outcome, d.inputs[0].name) for d in house.recorded()] == [
        (Outcome.DENIED, "w"),
        (Outcome.DENIED, "y"),
        (Outcome.ALLOWED, "x"),
    ]


def test_it_gets_the_schema_that_a_new_one_has(house: Gatehouse, tmp_path: Path) -> None:
    fresh = Gatehouse(tmp_path / "fresh")
    for each in (house, fresh):
        each.ran("clean", ["a"], ["v"])

    assert schema(house) == schema(fresh)


def test_its_lineage_decides_now_as_it_did_then(house: Gatehouse) -> None:
    earlier = house.recorded()
    with open_gate(house.settings, now_us=lambda: house.now_us) as gate:
        again = [gate.again(decision) for decision in earlier]

    told = [(d.outcome, [r.id for r in d.reasons]) for d in again]
    assert told == [(d.outcome, [r.id for r in d.reasons]) for d in earlier]


def test_it_takes_up_what_happens_next(house: Gatehouse) -> None:
    house.said("open", RunState.COMPLETE, ["a"], ["z"])

    assert house.ask("z").outcome is Outcome.ALLOWED
    with house.store() as store:
        assert store.verify().faults == ()
