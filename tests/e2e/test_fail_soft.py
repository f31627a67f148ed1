"""Whatever is broken, a task without a gate succeeds in time, and nothing is lost unseen."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import PROMISED, Befall
from tests.e2e.faults import soft
from tests.e2e.faults.house import Fault

# All faults are run by the first test that asks for one.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

#: OpenLineage itself gives a process that sends an event ten seconds, and three to end.
BOUND_S = 15


@pytest.mark.parametrize("fault", soft.FAULTS, ids=lambda fault: fault.id)
def test_a_fault_does_not_keep_a_task_from_succeeding(befall: Befall, fault: Fault) -> None:
    found = befall("soft")[fault.id]

    assert found["exit"] == 0, found["log"]
    assert found["states"] == {"train": "success"}, found["log"]
    assert "train" in found["ran"]
    assert found["task_seconds"] < BOUND_S * (2 if fault.id in soft.WAITS else 1)
    assert fault.expect in found["doctor"]
    if fault.expect in (soft.NOTHING_LOST, soft.SPOOLED, soft.LATE):
        assert soft.LOST not in found["doctor"]
        assert found["kept"], found["log"]


def test_the_number_is_told(befall: Befall, request: pytest.FixtureRequest) -> None:
    told = befall("soft")
    well = [
        fault
        for fault in soft.FAULTS
        if told[fault.id]["states"] == {"train": "success"}
        and fault.expect in told[fault.id]["doctor"]
    ]

    line = f"fail-soft: {len(well)} of {len(soft.FAULTS)} faults let the task succeed, none unseen"
    request.config.stash.setdefault(PROMISED, []).append(line)
    assert len(well) == len(soft.FAULTS)
