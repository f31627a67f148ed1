"""Write the tables of docs/failing.md from the faults that the tests arrange.

Usage: ``python -m scripts.failing``; tests/contract/test_failing.py fails where they differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.e2e.faults import closed_record, closed_rules, closed_runs, soft
from tests.e2e.faults.house import Fault

PAGE = Path(__file__).resolve().parent.parent / "docs" / "failing.md"

#: What each area of faults is about.
AREAS = {
    "record": "The record, and what waits for it",
    "suite": "Suites and Great Expectations",
    "rules": "Catalog, policy and settings",
    "runs": "Runs, events, time, people",
    "soft": "Recording, attaching, forwarding",
}

#: Who says it: a gate, or where there is none, the doctor.
SAID = dict.fromkeys(AREAS, "what is said") | {"soft": "what `lineage-plugin doctor` says"}

#: Table of the page -> its faults.
TABLES = {
    "closed": (*closed_record.FAULTS, *closed_rules.FAULTS, *closed_runs.FAULTS),
    "soft": soft.FAULTS,
}


def page(text: str) -> str:
    """Return the page with its tables as the tests have them."""
    for name, faults in TABLES.items():
        table = "\n".join(_table(faults))
        text, found = re.subn(
            rf"(?s)(<!-- {name} -->\n).*?(<!-- end -->)",
            lambda marks: f"{marks[1]}{table}\n{marks[2]}",  # noqa: B023 - called at once
            text,
        )
        assert found == 1, name
    return text


def _table(faults: Iterable[Fault]) -> Iterator[str]:
    area = ""
    for fault in faults:
        if fault.area != area:
            area = fault.area
            yield from (
                "",
                f"### {AREAS[area]}",
                "",
                f"| what is wrong | {SAID[area]} |",
                "|---|---|",
            )
        said = "the process is ended" if fault.dies else f"`{fault.expect}`"
        yield f"| {fault.what} | {said} |"
    yield ""


def main() -> None:
    """Rewrite the page."""
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
    print("docs/failing.md")


if __name__ == "__main__":
    main()
