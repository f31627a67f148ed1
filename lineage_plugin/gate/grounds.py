"""What stands behind a reason: the way with its runs, who said what, and what changes it.  Pure.

A decision keeps this for its first reasons, so that it can be explained years later from the record
alone, whatever has changed since.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lineage_plugin.codec import encode
from lineage_plugin.lineage.survey import Survey
from lineage_plugin.model import (
    SECOND_US,
    Change,
    ChangeKind,
    Custody,
    Declaration,
    DeclaredNone,
    Evidence,
    Reason,
    Step,
    Testimony,
    Unknown,
    iso,
)
from lineage_plugin.policy import reasons as table

#: As many as a person reads; of the reasons after these a decision keeps no way.
MOST_EXPLAINED = 25
#: Longer ways are kept without their middle, which ``lineage-plugin trace`` shows.
MOST_STEPS = 50
#: Authorities that are quoted for one reason.
MOST_TESTIMONIES = 10
#: Characters of what somebody said.
_MOST_CHARS = 300
#: Days for which a waiver is proposed: long enough to obtain what is missing.
_PROPOSED_DAYS = 30

_DAY_US = 86_400 * SECOND_US

#: A URI that YAML reads as it is.
_PLAIN = re.compile(r"[A-Za-z0-9_./@%+=-]+(:[A-Za-z0-9_./@%+=-]+)*")

#: Parts of a declaration on which the verdicts of an area rest; those of other areas rest on all.
_PARTS = {"source", "license", "consent", "custody", "use"}


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a decision is made: what its proposals depend on.

    ``catalog`` is the file that a new declaration goes to; ``may_be_waived`` tells of a reason id,
    and ``waiver_days`` for how many days at most.
    """

    purpose: str
    at_us: int
    catalog: str = "provenance.yaml"
    may_be_waived: Callable[[str], bool] = table.is_waivable
    waiver_days: int = _PROPOSED_DAYS


def ground(reasons: Sequence[Reason], seen: Survey, setting: Setting) -> tuple[Reason, ...]:
    """Return *reasons* with the ways that lead to them now; the first also with their grounds.

    Of the others only the ends of the way are kept.
    """
    nearest = _nearest(seen, {reason.dataset for reason in reasons})
    return tuple(
        _grounded(reason, seen, nearest.get(reason.dataset, ()), setting)
        if place < MOST_EXPLAINED
        else replace(bare(reason), path=_ends(seen, nearest.get(reason.dataset, ())))
        for place, reason in enumerate(reasons)
    )


def _ends(seen: Survey, versions: Sequence[int]) -> tuple[str, ...]:
    way = seen.ancestry.path(versions[0]) if versions else ()
    uris = [seen.ancestry.versions[version].uri for version in way]
    return tuple(dict.fromkeys((uris[0], uris[-1]))) if uris else ()


def bare(reason: Reason) -> Reason:
    """Return what was found, without what stands behind it."""
    return replace(reason, steps=(), testimony=(), changes=())


def _nearest(seen: Survey, uris: set[str]) -> dict[str, list[int]]:
    """Return the versions of each dataset, nearest first."""
    found: dict[str, list[int]] = {}
    for index, version in enumerate(seen.ancestry.versions):
        if version.uri in uris:
            found.setdefault(version.uri, []).append(index)
    depth = seen.ancestry.depth
    return {uri: sorted(versions, key=depth.__getitem__) for uri, versions in found.items()}


def _grounded(reason: Reason, seen: Survey, versions: Sequence[int], setting: Setting) -> Reason:
    area, _, verdict = reason.id.partition(".")
    part = table.part_of(area)
    steps: tuple[Step, ...] = ()
    if versions:
        meant = (v for v in versions if area == "lineage" and seen.lineage_verdict(v) == verdict)
        steps = tuple(_steps(seen, next(meant, versions[0])))
    said = seen.declared(reason.dataset) if versions else ()
    testimony = tuple(_testimonies(said, part))[:MOST_TESTIMONIES]
    grounded = replace(
        reason,
        path=tuple(_distinct(step.dataset for step in steps)),
        steps=steps,
        testimony=testimony,
    )
    where = next((d.where for d in said if d.where), setting.catalog)
    changes = _changes(grounded, replace(setting, catalog=where))
    return replace(grounded, changes=tuple(changes))


def _distinct(uris: Iterable[str]) -> Iterator[str]:
    """Yield URIs; several versions of one dataset in a row count once."""
    last = ""
    for uri in uris:
        if uri != last:
            yield uri
        last = uri


def _steps(seen: Survey, version: int) -> Iterator[Step]:
    way = seen.ancestry.path(version)
    left_out = max(0, len(way) - MOST_STEPS)
    first = (len(way) - left_out) // 2
    for place, index in enumerate((*way[:first], *way[first + left_out :])):
        found = seen.ancestry.versions[index]
        writer = found.activity
        skipped = left_out if place == first else 0
        if writer is None:
            yield Step(found.uri, skipped=skipped)
            continue
        yield Step(
            found.uri,
            found.job,
            writer.group,
            writer.started_us if writer.ended_us is None else writer.ended_us,
            tuple(sorted(writer.edges)),
            skipped,
        )


def _testimonies(said: Iterable[Declaration], part: str) -> Iterator[Testimony]:
    for declaration in said:
        told = getattr(declaration, part) if part in _PARTS else None
        if part in _PARTS and told is None:
            continue
        if part == "lineage" and not declaration.external:
            continue
        yield Testimony(
            declaration.authority,
            _said(told) if part in _PARTS else _whole(declaration),
            declaration.assurance,
            declaration.where,
            tuple(dict.fromkeys((*declaration.evidence, *_agreements(told)))),
        )


def _agreements(part: object) -> Iterator[Evidence]:
    for step in part.transfers if isinstance(part, Custody) else ():
        if isinstance(step.agreement, Evidence):
            yield step.agreement


def _whole(declaration: Declaration) -> str:
    """Sum up a declaration of which no single part is meant."""
    parts = [part for part in sorted(_PARTS) if getattr(declaration, part) is not None]
    origin = ["origin: external"] if declaration.external else []
    return ", ".join([*origin, *parts]) or "nothing about it"


def _said(part: Any) -> str:
    if isinstance(part, (Unknown, DeclaredNone)):
        kind = "unknown" if isinstance(part, Unknown) else "none"
        return _short(f"{kind}: {part.reason}")
    return _short(_readable(encode(part)))


def _readable(plain: Any) -> str:
    if isinstance(plain, dict):
        return ", ".join(
            f"{key.removesuffix('_us')}: {iso(item) if key.endswith('_us') else _readable(item)}"
            for key, item in plain.items()
        )
    if isinstance(plain, list):
        return "; ".join(_readable(item) for item in plain)
    return str(plain)


def _short(text: str) -> str:
    return text if len(text) <= _MOST_CHARS else f"{text[: _MOST_CHARS - 1]}…"


def _changes(reason: Reason, setting: Setting) -> Iterator[Change]:
    """Yield what would change the verdict, what mends it for good first."""
    known = table.about(reason.id)
    kinds = known.changes if known else (ChangeKind.MEND, ChangeKind.EXCLUDE, ChangeKind.WAIVE)
    for kind in kinds:
        change = _BY_KIND[kind](reason, known, setting)
        if change is not None:
            yield change


def _declare(reason: Reason, known: table.About | None, setting: Setting) -> Change | None:
    if known is None or not known.snippet:
        return None
    kind = ChangeKind.OBTAIN if ChangeKind.OBTAIN in known.changes else ChangeKind.DECLARE
    first = (
        "obtain what permits it"
        if kind is ChangeKind.OBTAIN
        else "find out what is true and can be shown"
    )
    spoken = bool(reason.testimony) and reason.id.partition(".")[0] != "assurance"
    text = f"{first}, then write it {'instead of what is said' if spoken else 'down'}:"
    body = known.snippet.format(purpose=setting.purpose, dataset=reason.dataset)
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    where = next((said.where for said in reason.testimony if said.where), setting.catalog)
    return Change(kind, text, "", f"datasets:\n  {_quoted(reason.dataset)}:\n{indented}", where)


def _record(reason: Reason, known: table.About | None, _: Setting) -> Change | None:
    if known is None or not known.code:
        return None
    job = reason.steps[-1].job if reason.steps else ""
    text = f"name it on the task {job or 'that makes it'}, and run that task again"
    code = known.code.format(dataset=reason.dataset)
    return Change(ChangeKind.RECORD, text, "", code, job or "the DAG file of that task")


def _exclude(reason: Reason, _known: table.About | None, _: Setting) -> Change | None:
    """Name the run that brought it in: what was made from it before keeps it."""
    if len(reason.path) < 2:  # noqa: PLR2004 - a way of one step is the input itself
        return Change(ChangeKind.EXCLUDE, f"do not give {reason.dataset} to this task")
    reader = next(step for step in reversed(reason.steps) if step.dataset == reason.path[-2])
    job = reader.job or "the task"
    text = f"leave {reason.dataset} out of what {job} reads, and make {reader.dataset} anew"
    return Change(ChangeKind.EXCLUDE, text, where=job)


def _wait(reason: Reason, _known: table.About | None, _: Setting) -> Change:
    return Change(ChangeKind.WAIT, reason.remedy)


def _mend(reason: Reason, known: table.About | None, _: Setting) -> Change:
    command = known.command if known else ""
    return Change(ChangeKind.MEND, reason.remedy, command, where=reason.source if not known else "")


def _waive(reason: Reason, _known: table.About | None, setting: Setting) -> Change | None:
    if not reason.dataset or not setting.may_be_waived(reason.id):
        return None
    days = min(_PROPOSED_DAYS, setting.waiver_days)
    until = iso(setting.at_us + days * _DAY_US)[:10]
    command = (
        f"lineage-plugin waive {shlex.quote(reason.id)} {shlex.quote(reason.dataset)}"
        f" --for {shlex.quote(setting.purpose)} --until {until}"
        " --by '<your name>' --why '<why it may pass>' --evidence '<file or address>'"
    )
    return Change(ChangeKind.WAIVE, f"let it pass on your name until {until}; recorded", command)


_BY_KIND: Mapping[ChangeKind, Callable[[Reason, table.About | None, Setting], Change | None]] = {
    ChangeKind.DECLARE: _declare,
    ChangeKind.OBTAIN: _declare,
    ChangeKind.RECORD: _record,
    ChangeKind.EXCLUDE: _exclude,
    ChangeKind.WAIT: _wait,
    ChangeKind.WAIVE: _waive,
    ChangeKind.MEND: _mend,
}


def _quoted(text: str) -> str:
    """Quote *text* for YAML where it needs it."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
