"""Whatever is broken, a gated body does not run, and the decision says why."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import PROMISED, Befall
from tests.e2e.faults import closed_record, closed_rules, closed_runs
from tests.e2e.faults.house import Fault

# All faults are run by the first test that asks for one.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

TABLES = "sound,closed_record,closed_rules,closed_runs"
FAULTS = (*closed_record.FAULTS, *closed_rules.FAULTS, *closed_runs.FAULTS)


def is_kept_from_running(fault: Fault, found: Any) -> bool:
    """Whether the body left no mark, and what was said names the reason."""
    said = fault.expect in found["log"] if fault.dies else fault.expect in found["reasons"]
    return "train" not in found["ran"] and said


@pytest.mark.parametrize("dag_id", ["judged", "chained"])
def test_with_nothing_broken_the_body_runs(befall: Befall, dag_id: str) -> None:
    found = befall(TABLES)[f"sound-{dag_id}"]

    assert found["states"]["train"] == "success", found["log"]
    assert "train" in found["ran"]
    assert set(found["outcomes"]) == {"ALLOWED"}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_a_fault_keeps_the_body_from_running(befall: Befall, fault: Fault) -> None:
    found = befall(TABLES)[fault.id]

    assert "train" not in found["ran"], found["log"]
    if fault.dies:
        assert found["exit"] != 0
        assert fault.expect in found["log"]
        return
    assert found["exit"] == 0, found["log"]
    assert fault.expect in found["reasons"], found["log"]
    assert fault.expect in found["log"]
    assert found["states"]["train"] == "failed"
    assert found["tries"]["train"] == 1
    assert "ALLOWED" not in found["outcomes"]


def test_the_number_is_told(befall: Befall, request: pytest.FixtureRequest) -> None:
    found = befall(TABLES)
    kept = [fault for fault in FAULTS if is_kept_from_running(fault, found[fault.id])]

    line = f"fail-closed: {len(kept)} of {len(FAULTS)} faults kept the body from running"
    request.config.stash.setdefault(PROMISED, []).append(line)
    assert len(kept) == len(FAULTS) == len({fault.id for fault in FAULTS})
    assert len(FAULTS) >= 40
