"""docs/failing.md tells the faults that are tested, and no others."""

from __future__ import annotations

from scripts.failing import PAGE, TABLES, page


def test_the_tables_are_those_of_the_tests() -> None:
    text = PAGE.read_text("utf-8")

    assert text == page(text), "run: make docs"


def test_no_fault_is_told_twice() -> None:
    told = [fault.what for faults in TABLES.values() for fault in faults]
    known = [fault.id for faults in TABLES.values() for fault in faults]

    assert len(set(known)) == len(known)
    assert all(told)
