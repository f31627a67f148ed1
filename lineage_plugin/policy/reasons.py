"""Every reason id that this package knows: what is required, by what, and what changes it.  Pure.

A reason comes from a verdict (:mod:`lineage_plugin.policy.verdicts`) or from the gate itself, which
lacks something that it needs: a fault.  Suites add ids of their own, which only they can explain.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lineage_plugin.model import ChangeKind
from lineage_plugin.policy import _tables

#: How a reason id looks; those of suites may look otherwise.
FORM = re.compile(r"[a-z][a-z0-9_-]*\.[a-z0-9][a-z0-9._-]*")

#: What every fault of a gate goes against.
_FAIL_CLOSED = "A gate that cannot tell does not let the body run."

#: What changes a verdict where its row does not say.
_PROHIBITION = ("obtain", "exclude", "waive")
_IGNORANCE = ("declare", "exclude", "waive")


@dataclass(frozen=True, slots=True)
class About:
    """One reason id.

    ``clause`` is what is required and ``source`` where that is written.  ``snippet`` (YAML of a
    dataset in provenance.yaml) and ``code`` are templates of ``dataset`` and ``purpose``.
    """

    id: str
    means: str
    remedy: str
    clause: str
    source: str
    is_definite: bool
    is_waivable: bool
    changes: tuple[ChangeKind, ...]
    snippet: str = ""
    code: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """What blocks nothing and is shown all the same where ``column`` of the frame holds anything.

    ``why`` is a template of ``value``, the cell.
    """

    id: str
    column: str
    why: str
    remedy: str
    source: str


@functools.cache
def notes() -> tuple[Note, ...]:
    """Return every note, in the order of their table."""
    return tuple(Note(**row) for row in _tables.rows("verdicts", "notes"))


def about(reason_id: str) -> About | None:
    """Return what is known about a reason id, ``None`` for one that a suite made."""
    return _known().get(reason_id)


def known() -> tuple[str, ...]:
    """Return every id that verdicts and faults give, in the order of their tables."""
    return tuple(_known())


def areas() -> frozenset[str]:
    """Return the areas that policy judges: the first part of the ids of verdicts."""
    return frozenset(row["area"] for row in _tables.rows("verdicts", "verdicts"))


def clause_of(area: str) -> tuple[str, str]:
    """Return what is required in an area and where that is written; nothing for another word."""
    rows = {row["area"]: row for row in _tables.rows("verdicts", "areas")}
    row = rows.get(area)
    return (row["clause"], row["source"]) if row else ("", "")


def part_of(area: str) -> str:
    """Return the part of a declaration on which the verdicts of an area rest.

    Example:
        >>> part_of("license_conflict"), part_of("consent")
        ('license', 'consent')
    """
    return area.partition("_")[0]


def is_waivable(reason_id: str) -> bool:
    """Whether a waiver may ever let this reason pass; what a suite requires may be waived."""
    found = about(reason_id)
    return found is None or found.is_waivable


def is_fault(reason_id: str) -> bool:
    """Whether a reason is a fault of the gate itself, and says nothing about any data.

    Example:
        >>> is_fault("record.run-missing"), is_fault("license.absent"), is_fault("mine.rule")
        (True, False, False)
    """
    return about(reason_id) is not None and reason_id.partition(".")[0] not in areas()


@functools.cache
def _known() -> dict[str, About]:
    return {found.id: found for found in (*_verdicts(), *_faults())}


def _verdicts() -> Iterator[About]:
    areas = {row["area"]: row for row in _tables.rows("verdicts", "areas")}
    for row in _tables.rows("verdicts", "verdicts"):
        if row["passes_by_default"]:
            continue
        # An area such as license_conflict is about what is said of the license.
        area = areas.get(row["area"]) or areas.get(part_of(row["area"]), {})
        usual = _PROHIBITION if row["is_definite"] else _IGNORANCE
        is_waivable = row.get("is_waivable", True)
        changes = (ChangeKind(kind) for kind in row.get("changes", usual))
        yield About(
            id=f"{row['area']}.{row['verdict']}",
            means=row["why"],
            remedy=row["remedy"],
            clause=row.get("clause") or area.get("clause", ""),
            source=row["source"],
            is_definite=row["is_definite"],
            is_waivable=is_waivable,
            changes=tuple(c for c in changes if is_waivable or c is not ChangeKind.WAIVE),
            snippet=row.get("snippet") or area.get("snippet", ""),
            code=row.get("code", ""),
        )


def _faults() -> Iterator[About]:
    for row in _tables.rows("faults", "faults"):
        yield About(
            id=row["id"],
            means=row["means"],
            remedy=row["remedy"],
            clause=_FAIL_CLOSED,
            source=row["source"],
            is_definite=False,
            is_waivable=False,
            changes=(ChangeKind.MEND,),
            command=row["command"],
        )
