"""Which versions are held back because what their run read does not pass a gate.  Pure.

A quarantine is a :class:`Statement` about what one run wrote.  It holds the version that the run
wrote and whatever is made from it; a later run that replaces the dataset wholly makes a version
that nobody holds.  One that names no run (a person's) holds all that there was of its datasets.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from lineage_plugin.lineage.ancestry import Ancestry, Version
from lineage_plugin.model import Reason, Statement, StatementKind, Subject
from lineage_plugin.policy import reasons as table
from lineage_plugin.policy import verdicts

#: The column of a version that nobody holds back, and of one that somebody does.
CLEAR, HELD = "clear", "held"

#: What the column ``quarantine`` says of a version that nobody holds back.
NOBODY = "none"


def held(ancestry: Ancestry, statements: Collection[Statement]) -> dict[int, str]:
    """Map each version that is held back to the id of the statement that holds it.

    Args:
        ancestry: The versions.
        statements: Those in force; others than quarantines hold nothing.
    """
    quarantines = [s for s in statements if s.kind is StatementKind.QUARANTINE]
    by_run = {_run(s.subject): s.id for s in reversed(quarantines) if s.subject.job_name}
    by_name = [s for s in quarantines if not s.subject.job_name]
    found: dict[int, str] = {}
    if not quarantines:
        return found
    for index, version in enumerate(ancestry.versions):
        holder = by_run.get(_writer(version)) or next(_named(version, by_name), "")
        if holder:
            found[index] = holder
    return found


def cells(version: int, holders: Mapping[int, str]) -> dict[str, str]:
    """Return what the frame says about one version."""
    holder = holders.get(version, "")
    return {"quarantine": holder or NOBODY, "quarantine_verdict": HELD if holder else CLEAR}


def reasons(rows: Sequence[tuple[Mapping[str, object], int]], ancestry: Ancestry) -> list[Reason]:
    """Return why held versions stand in the way, whether or not a suite asks about them.

    Args:
        rows: Rows of the frame, each with the nearest version that has it.
        ancestry: The versions.
    """
    found: dict[str, Reason] = {}
    for row, version in rows:
        if row["quarantine_verdict"] != HELD:
            continue
        dataset = str(row["dataset"])
        told = verdicts.explain(
            "quarantine",
            HELD,
            dataset=dataset,
            value=str(row["quarantine"]),
            job=ancestry.versions[version].job,
        )
        known = table.about(told.id)
        found.setdefault(
            dataset,
            Reason(
                told.id,
                dataset,
                told.why,
                told.remedy,
                is_definite=told.is_definite,
                clause=known.clause if known else "",
                source=known.source if known else "",
            ),
        )
    return list(found.values())


def _named(version: Version, quarantines: Collection[Statement]) -> Iterator[str]:
    for statement in quarantines:
        was_there = version.activity is None or version.activity.started_us <= statement.at_us
        if was_there and any(_touches(version.uri, uri) for uri in statement.datasets):
            yield statement.id


def _touches(uri: str, other: str) -> bool:
    """Whether one of two datasets is the other or contains it."""
    return uri == other or uri.startswith(f"{other}/") or other.startswith(f"{uri}/")


def _run(subject: Subject) -> tuple[str, str, str]:
    return subject.job_namespace, subject.job_name, subject.group


def _writer(version: Version) -> tuple[str, str, str]:
    writer = version.activity
    return (writer.job_namespace, writer.job_name, writer.group) if writer else ("", "", "")
