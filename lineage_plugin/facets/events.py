"""What OpenLineage events say, read from their JSON.  Pure, and never surprised by junk.

Whoever can reach the door may send an event, so nothing here is believed for its looks.  What
cannot be read is never left out where that would make data look cleaner than it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lineage_plugin import codec
from lineage_plugin.facets import explicit, names
from lineage_plugin.facets.loose import items, line, mapping, ref_of, text
from lineage_plugin.model import (
    Assurance,
    DatasetRef,
    Declaration,
    EdgeKind,
    Outcome,
    Output,
    RunFacts,
    RunState,
    Unknown,
)

#: The namespace of inputs that an event mentions but does not name: nobody can declare them clean.
UNREADABLE = "unreadable"

#: How the authority of a declaration begins that came with somebody else's event.
FOREIGN = "foreign:"

#: The changes after which nothing of the old content is left.
#: Source: https://openlineage.io/spec/facets/1-0-1/LifecycleStateChangeDatasetFacet.json
_REPLACING = frozenset({"CREATE", "OVERWRITE", "TRUNCATE"})

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_ATTEMPTS = 2**31
_NOTHING: Mapping[str, Any] = {}


def facts_of(event: Mapping[str, Any], *, received_us: int = 0) -> RunFacts | None:
    """Return what a run event says about lineage, or ``None`` if it names no run or no job.

    Args:
        event: A RunEvent as plain JSON data.
        received_us: What the event's time is taken to be where it is missing or unreadable.
    """
    run, job = mapping(event.get("run")), mapping(event.get("job"))
    run_id, job_name = text(run.get("runId")), line(job.get("name"))
    if not run_id or not job_name:
        return None
    facets = mapping(run.get("facets"))
    task, gate = _ours(facets.get(names.TASK)), _ours(facets.get(names.GATE))
    parent_run_id = text(mapping(mapping(facets.get("parent")).get("run")).get("runId"))
    instance = mapping(mapping(facets.get("airflow")).get("taskInstance"))
    state = _state(event.get("eventType"))
    at_us = micros_of(event.get("eventTime"))
    inputs = _inputs(event.get("inputs"), run_id)
    inputs += [*_refs(task.get("inputs")), *_refs(gate.get("inputs"))]
    outputs = _outputs(event, task, replaced=state is RunState.COMPLETE)
    return RunFacts(
        run_id=run_id,
        job_namespace=line(job.get("namespace")),
        job_name=job_name,
        state=state,
        at_us=received_us if at_us is None else at_us,
        group=parent_run_id or run_id,
        parent_run_id=parent_run_id,
        slot=_count(instance.get("map_index"), default=-1),
        attempt=_count(instance.get("try_number"), default=0),
        inputs=_distinct(inputs),
        outputs=outputs,
        edge=_edge(task.get("edge")),
        declarations=_declarations(
            facets.get(names.TASK), {ref.uri for ref in inputs} | {o.ref.uri for o in outputs}
        ),
        is_whole=bool(task) and state is RunState.COMPLETE,
        refused_by=_refused_by(gate) if state is not RunState.COMPLETE else "",
        producer=text(event.get("producer")),
        aliases=explicit.aliases_of(event),
    )


def micros_of(moment: object) -> int | None:
    """Read an ISO 8601 time; one without a zone is UTC.  ``None`` if it is none.

    Example:
        >>> micros_of("1969-12-31T23:59:59.5Z"), micros_of("2026-01-10T01:00:00+01:00")
        (-500000, 1768003200000000)
        >>> micros_of("soon") is None
        True
    """
    if not isinstance(moment, str):
        return None
    try:
        found = datetime.fromisoformat(moment.strip())
        zoned = found if found.tzinfo else found.replace(tzinfo=UTC)
        return (zoned - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        return None


def _inputs(plain: object, run_id: str) -> list[DatasetRef]:
    """List inputs; what is there but cannot be read is an input that nobody knows."""
    if plain is None:
        return []
    items = plain if isinstance(plain, list) else [None]
    return [ref_of(item) or DatasetRef(UNREADABLE, run_id) for item in items]


def _outputs(
    event: Mapping[str, Any], task: Mapping[str, Any], *, replaced: bool
) -> tuple[Output, ...]:
    """List outputs; a run that did not complete proves nothing about what it replaced."""
    overwritten = {item for item in items(task.get("overwrites")) if isinstance(item, str)}
    found: dict[str, Output] = {}
    lineage = explicit.lineage_of(event, task)
    for item in items(event.get("outputs")):
        ref = ref_of(item)
        if ref is None:
            continue
        known = found.get(ref.uri)
        proven = _is_replaced(item) or ref.uri in overwritten or (known and known.overwrites)
        found[ref.uri] = Output(
            known.ref if known else ref,
            overwrites=replaced and bool(proven),
            lineage=lineage.get(ref.uri, ()),
        )
    for ref in _refs(task.get("outputs")):
        proven = replaced and ref.uri in overwritten
        said = lineage.get(ref.uri, ())
        found.setdefault(ref.uri, Output(ref, overwrites=proven, lineage=said))
    return tuple(found.values())


def _is_replaced(output: object) -> bool:
    facet = mapping(mapping(mapping(output).get("facets")).get("lifecycleStateChange"))
    change = facet.get("lifecycleStateChange")
    return isinstance(change, str) and change.upper() in _REPLACING


def _refused_by(gate: Mapping[str, Any]) -> str:
    """Name the decision that kept the body from running; anything doubtful means that it ran."""
    if gate.get("outcome") not in (Outcome.DENIED.value, Outcome.UNDECIDED.value):
        return ""
    return text(gate.get("decisionId"))


def _declarations(facet: object, uris: Iterable[str]) -> tuple[Declaration, ...]:
    plain = mapping(facet)
    said = tuple(_decoded(items(plain.get("declarations"))))
    producer = plain.get("_producer")
    if names.is_ours(producer):
        return said
    mine = frozenset(uris)
    return tuple(_claim(d, text(producer)) for d in said if d.pattern in mine)


def _decoded(items: Iterable[object]) -> Iterator[Declaration]:
    for item in items:
        try:
            yield codec.decode(Declaration, _clean(item))
        except (ValueError, TypeError, RecursionError):
            authority, pattern = (
                text(mapping(item).get(name)) for name in ("authority", "pattern")
            )
            if pattern:
                yield _unread(authority or "unnamed", pattern)


def _unread(authority: str, pattern: str) -> Declaration:
    """Stand in for a declaration that cannot be read: it may have forbidden anything."""
    unknown = Unknown("what was declared cannot be read by this release")
    return Declaration(
        authority, pattern, source=unknown, license=unknown, consent=unknown, custody=unknown
    )


def _claim(declaration: Declaration, producer: str) -> Declaration:
    """Reduce what a stranger declares to a claim: in no other's name, asserted, no root.

    Nor may it take anything away: a declassification is none.
    """
    return dataclasses.replace(
        declaration,
        authority=f"{FOREIGN}{producer or 'unnamed'}",
        external=False,
        assurance=min(declaration.assurance, Assurance.ASSERTED),
        declassified=None,
    )


def _ours(facet: object) -> Mapping[str, Any]:
    """Return a facet that our own code wrote: a stranger may not overwrite or refuse."""
    found = mapping(facet)
    return found if names.is_ours(found.get("_producer")) else _NOTHING


def _refs(plain: object) -> list[DatasetRef]:
    return [ref for item in items(plain) if (ref := ref_of(item)) is not None]


def _distinct(refs: Iterable[DatasetRef]) -> tuple[DatasetRef, ...]:
    found: dict[str, DatasetRef] = {}
    for ref in refs:
        found.setdefault(ref.uri, ref)
    return tuple(found.values())


def _state(value: object) -> RunState:
    try:
        return RunState(value.upper()) if isinstance(value, str) else RunState.OTHER
    except ValueError:
        return RunState.OTHER


def _edge(value: object) -> EdgeKind:
    try:
        return EdgeKind(value)
    except ValueError:
        return EdgeKind.UNSPECIFIED


def _count(value: object, *, default: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MOST_ATTEMPTS:
        return default
    return value


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, Mapping):
        return {text(key): _clean(found) for key, found in value.items()}
    return value
