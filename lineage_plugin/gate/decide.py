"""From what suites found to an outcome with reasons.  Pure.

Only a suite judges; what happens here is to say why in the words of the field, and to tell a
prohibition (``DENIED``) from missing knowledge (``UNDECIDED``).  Both keep the body from running.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lineage_plugin.lineage.ancestry import Ancestry
from lineage_plugin.model import Change, ChangeKind, Outcome, Reason
from lineage_plugin.policy import reasons as table
from lineage_plugin.policy import verdicts
from lineage_plugin.policy.recipients import NOBODY, Recipient

if TYPE_CHECKING:
    from lineage_plugin.gate.suite import Failure

_VERDICT = "_verdict"

#: The column that is about the hand-over and not about a dataset.
_RECIPIENT = "recipient_verdict"

#: What the sentences take from elsewhere than the row.
_SAID_APART = frozenset({"job", "purpose"})

#: What a column holds that has nothing to show.
_QUIET = "none"

#: Cells of the column ``assurance`` that are no weak support but none.
_NO_SUPPORT = frozenset({"absent", "inherited"})


def explain(
    failures: Iterable[Failure],
    judged: Sequence[tuple[Mapping[str, Any], int]],
    ancestry: Ancestry,
    *,
    purpose: str,
    recipient: Recipient = NOBODY,
) -> tuple[Outcome, tuple[Reason, ...], tuple[Reason, ...]]:
    """Return the outcome, the reasons that block, and the warnings that do not.

    Args:
        failures: What did not hold.
        judged: The rows that the suites saw, each with the nearest version that has it.
        ancestry: The versions.
        purpose: What the inputs will be used for.
        recipient: To whom they are to be given; judged here, because it is about no dataset.
    """
    blocking: dict[tuple[str, str], Reason] = {}
    warnings: dict[tuple[str, str], Reason] = {}
    handover = _about_recipient(recipient, purpose)
    if handover is not None:
        blocking[handover.id, ""] = handover
    for failure in failures:
        found = blocking if failure.blocks else warnings
        if failure.kind == "failed" and failure.column == _RECIPIENT and handover is not None:
            continue  # said already, once and not for each dataset
        for reason in _reasons(failure, judged, ancestry, purpose):
            key = (reason.id, reason.dataset)
            found[key] = _joined(found[key], reason) if key in found else reason
    reasons = in_order(blocking.values(), ancestry)
    unblocked = tuple(w for key, w in warnings.items() if key not in blocking)
    return outcome_of(reasons), reasons, (*unblocked, *_notes(judged))


def _notes(
    judged: Sequence[tuple[Mapping[str, Any], int]],
) -> Iterator[Reason]:
    """Yield what blocks nothing and is shown whatever the suites say: each thing once."""
    told: set[tuple[str, str, str]] = set()
    for note in table.notes():
        for row, _ in judged:
            dataset, cell = str(row["dataset"]), str(row.get(note.column, _QUIET))
            if cell == _QUIET or (note.id, dataset, cell) in told:
                continue
            told.add((note.id, dataset, cell))
            yield Reason(
                note.id,
                dataset,
                verdicts.worded(note.why, value=cell),
                note.remedy,
                is_definite=False,
                severity="warning",
                said_by=str(row.get("authorities", "")),
                source=note.source,
            )


def _about_recipient(recipient: Recipient, purpose: str) -> Reason | None:
    """Return why nothing may be handed over, whatever the suites say, or nothing."""
    told = verdicts.explain(
        "recipient", recipient.verdict, purpose=purpose, recipient=recipient.name
    )
    if told.passes:
        return None
    known = table.about(told.id)
    return Reason(
        told.id,
        "",
        told.why,
        told.remedy,
        is_definite=told.is_definite,
        said_by=" ".join(recipient.authorities),
        clause=known.clause if known else "",
        source=known.source if known else "",
    )


def _joined(known: Reason, again: Reason) -> Reason:
    """Return what was found before, as found by another suite or row too."""
    more = tuple(suite for suite in again.suites if suite not in known.suites)
    return replace(known, suites=known.suites + more) if more else known


def outcome_of(reasons: Collection[Reason]) -> Outcome:
    """Return the outcome that these reasons come to."""
    if not reasons:
        return Outcome.ALLOWED
    is_definite = any(reason.is_definite for reason in reasons)
    return Outcome.DENIED if is_definite else Outcome.UNDECIDED


def in_order(reasons: Iterable[Reason], ancestry: Ancestry) -> tuple[Reason, ...]:
    """Return prohibitions before missing knowledge, of either the nearest datasets first."""
    depth: dict[str, int] = {}
    for version, steps in zip(ancestry.versions, ancestry.depth, strict=True):
        depth[version.uri] = min(steps, depth.get(version.uri, steps))
    return tuple(
        sorted(reasons, key=lambda r: (not r.is_definite, depth.get(r.dataset, 0), r.dataset, r.id))
    )


def undecided(reason_id: str, why: str, remedy: str = "", *, dataset: str = "") -> Reason:
    """Return a reason of the gate itself: something that it needs is not there."""
    known = table.about(reason_id)
    return Reason(
        reason_id,
        dataset,
        why,
        remedy or (known.remedy if known else ""),
        is_definite=False,
        clause=known.clause if known else "",
        source=known.source if known else "",
        changes=tuple(_mended(known, remedy)),
    )


def _mended(known: table.About | None, remedy: str) -> Iterable[Change]:
    if known is not None:
        yield Change(ChangeKind.MEND, remedy or known.remedy, known.command)


def _reasons(
    failure: Failure,
    judged: Sequence[tuple[Mapping[str, Any], int]],
    ancestry: Ancestry,
    purpose: str,
) -> Iterable[Reason]:
    if failure.kind != "failed":
        why = f"suite {failure.suite!r}: {failure.message}"
        remedy = (
            f"the administrator mends {failure.where or failure.suite}; until then nothing "
            "passes this gate"
        )
        reason = undecided(f"suite.{failure.kind}", why, remedy)
        yield replace(reason, suites=(failure.suite,))
        return
    for index in failure.rows:
        row, version = judged[index]
        yield _reason(failure, row, purpose=purpose, job=ancestry.versions[version].job)


def _reason(failure: Failure, row: Mapping[str, Any], *, purpose: str, job: str) -> Reason:
    area, verdict = _area(failure.column, row)
    dataset = str(row["dataset"])
    said_by = str(row.get("authorities", ""))
    told = verdicts.explain(area, verdict, purpose=purpose, job=job, **_cells(row, area))
    # A suite may refuse what passes elsewhere; then only the suite can say why.
    known = table.about(told.id)
    if area and not told.passes:
        return Reason(
            told.id,
            dataset,
            told.why,
            told.remedy,
            is_definite=told.is_definite,
            severity=failure.severity,
            said_by=said_by,
            suites=(failure.suite,),
            clause=known.clause if known else "",
            source=known.source if known else "",
        )
    return Reason(
        failure.rule or f"suite.{failure.suite}",
        dataset,
        "; ".join(filter(None, (_seen(failure, row), failure.message))),
        f"ask who owns suite {failure.suite!r} ({failure.where}), or change what is declared",
        severity=failure.severity,
        said_by=said_by,
        suites=(failure.suite,),
        clause=failure.message,
        source=f"suite {failure.suite} ({failure.where})",
    )


def _area(column: str, row: Mapping[str, Any]) -> tuple[str, str]:
    """Return the area of policy that a column is about, and the verdict in it; else nothing."""
    if column.endswith(_VERDICT):
        return column.removesuffix(_VERDICT), str(row[column])
    if column == "assurance":
        return column, str(row[column]) if row[column] in _NO_SUPPORT else "too-weak"
    return "", ""


def _seen(failure: Failure, row: Mapping[str, Any]) -> str:
    column = failure.column
    return f"{column} is {row[column]!r}" if column in row else failure.expectation


def _cells(row: Mapping[str, Any], area: str) -> dict[str, str]:
    """Return what the sentences of an area may name; ``value`` is what was said in it."""
    cells = {column: str(cell) for column, cell in row.items() if column not in _SAID_APART}
    if cells.get("recipient") == _QUIET:
        cells["recipient"] = "everybody"
    return {**cells, "value": cells.get(area, ""), "until": cells.get(f"{area}_until", "")}
