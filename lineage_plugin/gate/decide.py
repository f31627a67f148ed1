"""From what suites found to an outcome with reasons.  Pure.

Only a suite judges; what happens here is to say why in the words of the field, and to tell a
prohibition (``DENIED``) from missing knowledge (``UNDECIDED``).  Both keep the body from running.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lineage_plugin.lineage.ancestry import Ancestry
from lineage_plugin.model import Outcome, Reason
from lineage_plugin.policy import verdicts

if TYPE_CHECKING:
    from lineage_plugin.gate.suite import Failure

_VERDICT = "_verdict"

#: Cells of the column ``assurance`` that are no weak support but none.
_NO_SUPPORT = frozenset({"absent", "inherited"})


def explain(
    failures: Iterable[Failure],
    judged: Sequence[tuple[Mapping[str, Any], int]],
    ancestry: Ancestry,
    *,
    purpose: str,
) -> tuple[Outcome, tuple[Reason, ...], tuple[Reason, ...]]:
    """Return the outcome, the reasons that block, and the warnings that do not.

    Args:
        failures: What did not hold.
        judged: The rows that the suites saw, each with the nearest version that has it.
        ancestry: The versions.
        purpose: What the inputs will be used for.
    """
    blocking: dict[tuple[str, str], Reason] = {}
    warnings: dict[tuple[str, str], Reason] = {}
    for failure in failures:
        found = blocking if failure.blocks else warnings
        for reason in _reasons(failure, judged, ancestry, purpose):
            found.setdefault((reason.id, reason.dataset), reason)
    reasons = sorted(
        blocking.values(), key=lambda r: (not r.is_definite, len(r.path), r.dataset, r.id)
    )
    if not reasons:
        outcome = Outcome.ALLOWED
    elif any(reason.is_definite for reason in reasons):
        outcome = Outcome.DENIED
    else:
        outcome = Outcome.UNDECIDED
    return outcome, tuple(reasons), tuple(w for key, w in warnings.items() if key not in blocking)


def undecided(reason_id: str, why: str, remedy: str, *, dataset: str = "") -> Reason:
    """Return a reason of the gate itself: something that it needs is not there."""
    return Reason(reason_id, dataset, why, remedy, is_definite=False)


def retraced(reasons: Iterable[Reason], ancestry: Ancestry) -> tuple[Reason, ...]:
    """Return reasons of an earlier decision with the ways that lead to their datasets now."""
    nearest: dict[str, int] = {}
    for index, version in enumerate(ancestry.versions):
        nearest.setdefault(version.uri, index)
    return tuple(
        replace(reason, path=ancestry.dataset_path(nearest[reason.dataset]))
        if reason.dataset in nearest
        else reason
        for reason in reasons
    )


def _reasons(
    failure: Failure,
    judged: Sequence[tuple[Mapping[str, Any], int]],
    ancestry: Ancestry,
    purpose: str,
) -> Iterable[Reason]:
    if failure.kind != "failed":
        yield undecided(
            f"suite.{failure.kind}",
            f"suite {failure.suite!r}: {failure.message}",
            f"the administrator mends {failure.where or failure.suite}; until then nothing "
            "passes this gate",
        )
        return
    for index in failure.rows:
        row, version = judged[index]
        path = ancestry.dataset_path(version)
        yield _reason(failure, row, path, purpose=purpose, job=ancestry.versions[version].job)


def _reason(
    failure: Failure, row: Mapping[str, Any], path: tuple[str, ...], *, purpose: str, job: str
) -> Reason:
    area, verdict = _area(failure.column, row)
    dataset = str(row["dataset"])
    said_by = str(row.get("authorities", ""))
    told = verdicts.explain(area, verdict, purpose=purpose, job=job, **_cells(row, area))
    # A suite may refuse what passes elsewhere; then only the suite can say why.
    if area and not told.passes:
        return Reason(
            told.id,
            dataset,
            told.why,
            told.remedy,
            path,
            is_definite=told.is_definite,
            severity=failure.severity,
            said_by=said_by,
        )
    return Reason(
        failure.rule or f"suite.{failure.suite}",
        dataset,
        "; ".join(filter(None, (_seen(failure, row), failure.message))),
        f"ask who owns suite {failure.suite!r} ({failure.where}), or change what is declared",
        path,
        severity=failure.severity,
        said_by=said_by,
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
    cells = {column: str(cell) for column, cell in row.items() if column != "job"}
    return {**cells, "value": cells.get(area, ""), "until": cells.get(f"{area}_until", "")}
