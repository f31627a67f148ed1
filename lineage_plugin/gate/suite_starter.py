"""The first text of a suite, for people to go on from.  Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lineage_plugin.gate.frame import FRAME_VERSION
from lineage_plugin.policy import purposes, verdicts

#: What a starter asks: type, area of its verdicts or none, severity, rule, description, note.
_ASKED: tuple[tuple[str, str, str, str, str, str], ...] = (
    (
        "expect_lineage_to_be_complete",
        "",
        "critical",
        "lineage-is-complete",
        "everything that this was made from is recorded",
        "Open world: what nobody recorded is unknown, and blocks.",
    ),
    (
        "expect_no_quarantine",
        "",
        "critical",
        "nothing-is-held",
        "nobody holds back any version that this was made from",
        "A gate refuses what is held whatever a suite asks; here it is written for those who read.",
    ),
    (
        "expect_source_to_be_known",
        "source",
        "critical",
        "source-is-known",
        "it is known where the data comes from",
        "inherited: derived data says nothing itself; its sources have rows of their own.",
    ),
    (
        "expect_license_to_permit_purpose",
        "license",
        "critical",
        "license-permits",
        "the license permits the purpose",
        "Say what is allowed: what nobody thought of then does not pass.",
    ),
    (
        "expect_consent_to_cover_purpose",
        "consent",
        "critical",
        "consent-covers",
        "a legal basis covers the purpose now, or no person is in the data",
        'Add "valid_until": "2027-12-31T00:00:00Z" if the basis has to last that long.',
    ),
    (
        "expect_custody_to_be_complete",
        "custody",
        "critical",
        "custody-is-covered",
        "every hand-over is covered by an agreement, or there was none",
        "Data that came without an agreement is no-agreement, and taints all made from it.",
    ),
)

#: Plain Great Expectations over a column, to show that a suite needs nothing else.
_PLAIN: dict[str, Any] = {
    "type": "expect_column_values_to_be_in_set",
    "kwargs": {"column": "use_verdict", "value_set": ["permitted", "inherited"]},
    "severity": "critical",
    "description": "nobody excluded the purpose",
    "notes": "A plain expectation: every column is in docs/reference/frame.md.",
    "meta": {"rule": "use-is-not-excluded"},
}

#: What a suite that extends others begins with: something of its own.
_SUPPORT: dict[str, Any] = {
    "type": "expect_assurance_to_be_at_least",
    "kwargs": {"at_least": "documented"},
    "severity": "warning",
    "description": "declarations rest on a document, not only on a word",
    "notes": "A warning is recorded and does not block; critical blocks.",
    "meta": {"rule": "assurance-is-documented"},
}


def text(name: str, *, purpose: str = "", extends: Sequence[str] = ()) -> str:
    """Return the JSON of a suite with a note on each expectation.

    Args:
        name: Its name; the file's too.
        purpose: What it is for.
        extends: Suites of which it asks everything.
    """
    meta: dict[str, Any] = {"frame_version": FRAME_VERSION}
    if extends:
        meta["extends"] = list(extends)
    asked = [] if extends else [*(_expectation(row, purpose) for row in _ASKED), _PLAIN]
    expectations = [_named(name, each) for each in (*asked, _SUPPORT)]
    suite = {"name": name, "notes": _notes(purpose, extends), "meta": meta}
    head = json.dumps(suite, indent=2)[:-2]
    body = ",\n".join(f"    {_laid_out(each)}" for each in expectations)
    return f'{head},\n  "expectations": [\n{body}\n  ]\n}}\n'


def _notes(purpose: str, extends: Sequence[str]) -> str:
    for_what = f"What data must show before it is used for {purpose}. " if purpose else ""
    others = f"Everything that {' and '.join(extends)} ask is asked too. " if extends else ""
    return (
        f"{for_what}{others}Try it: lineage-plugin suite test. Say here why it asks what it asks."
    )


def _expectation(row: tuple[str, str, str, str, str, str], purpose: str) -> dict[str, Any]:
    kind, area, severity, rule, description, note = row
    kwargs: dict[str, Any] = {}
    if area:
        known = [verdict for of, verdict in verdicts.known() if of == area]
        kwargs["allowed"] = [each for each in known if verdicts.passes(area, each)]
    if area in ("license", "consent") and purpose in purposes.shipped():
        kwargs["purpose"] = purpose
    return {
        "type": kind,
        "kwargs": kwargs,
        "severity": severity,
        "description": description,
        "notes": note,
        "meta": {"rule": rule},
    }


def _named(name: str, expectation: Mapping[str, Any]) -> dict[str, Any]:
    rule = f"{_area(name)}.{expectation['meta']['rule']}"
    return {**expectation, "meta": {"rule": rule}}


def _area(name: str) -> str:
    """Return the first part of the ids of a suite's rules."""
    word = "".join(c if c.isalnum() else "-" for c in name.lower()).strip("-")
    return word if word[:1].isalpha() else f"suite-{word}"


def _laid_out(expectation: Mapping[str, Any]) -> str:
    """Return an expectation with one member on each line."""
    members = (f"{json.dumps(key)}: {json.dumps(value)}" for key, value in expectation.items())
    return "{\n      " + ",\n      ".join(members) + "\n    }"
