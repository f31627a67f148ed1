"""Nothing is broken: what every fault is compared with."""

from __future__ import annotations

from tests.e2e.faults.house import Fault

FAULTS = tuple(
    Fault(f"sound-{dag}", "Nothing is broken", "", lambda house: None, dag=dag)
    for dag in ("judged", "chained", "ungated")
)
