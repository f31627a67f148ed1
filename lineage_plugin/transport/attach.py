"""Events with provenance on every dataset, made from events without.  Pure.

An event is never changed: others may hold it (a composite transport, the provider's own log).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from lineage_plugin.facets import names
from lineage_plugin.facets.codec import effective_facet
from lineage_plugin.model import (
    DatasetRef,
    Decision,
    EffectiveSummary,
    Outcome,
    Reason,
    Waived,
    iso,
)

if TYPE_CHECKING:
    from openlineage.client.facet_v2 import DatasetFacet

_E = TypeVar("_E")

#: What is declared about a dataset, as facets.  Nothing where that could not be found out.
Declared = Callable[[DatasetRef], Mapping[str, "DatasetFacet"]]

#: What binds a dataset.  ``None`` where nobody could say.
Effective = Callable[[DatasetRef], "EffectiveSummary | None"]

#: The facet in which Marquez looks for what was checked.
ASSERTIONS = "dataQualityAssertions"

#: More verdicts on one dataset than this nobody reads; the decision in the record has them all.
MOST_ASSERTIONS = 20

_NO_REASON = Reason("gate.no-reason", "", "the gate gave no reason", "look at the task's log")

_UNRESOLVED = EffectiveSummary(resolved=False, reason="nothing is known about this dataset")


def attach(
    event: _E,
    declared: Declared,
    effective: Effective,
    decision: Decision | None = None,
    *,
    inputs: Sequence[DatasetRef] = (),
    outputs: Sequence[DatasetRef] = (),
) -> _E:
    """Return *event* with provenance on its datasets, and what a gate said on its inputs.

    Args:
        event: A RunEvent, JobEvent or DatasetEvent of the OpenLineage client.
        declared: What is declared about a dataset.
        effective: What binds a dataset.
        decision: What the run's gate said, if it had one.
        inputs: What the run reads; those that the event lacks are added to it.
        outputs: What the run writes; likewise.
    """
    import attr

    def with_facets(dataset: Any) -> Any:
        ref = _ref(dataset)
        if ref is None:
            return dataset
        summary = effective(ref) or _UNRESOLVED
        facets = {
            **(dataset.facets or {}),
            **declared(ref),
            names.EFFECTIVE: effective_facet(summary),
        }
        return attr.evolve(dataset, facets=facets)

    changed: Any = event
    if hasattr(changed, "dataset"):
        return _as(event, attr.evolve(changed, dataset=with_facets(changed.dataset)))
    read = [with_facets(dataset) for dataset in _completed(changed.inputs, inputs, "InputDataset")]
    if decision is not None:
        verdicts = _verdicts(decision, [_uri(dataset) for dataset in read])
        read = [_judged(dataset, found) for dataset, found in zip(read, verdicts, strict=True)]
    written = [
        with_facets(dataset) for dataset in _completed(changed.outputs, outputs, "OutputDataset")
    ]
    return _as(event, attr.evolve(changed, inputs=read, outputs=written))


def _as(_like: _E, value: Any) -> _E:
    """Tell the type checker that *value* is an event of the same class."""
    found: _E = value
    return found


def _completed(
    datasets: Sequence[Any] | None, refs: Iterable[DatasetRef], class_name: str
) -> list[Any]:
    """List *datasets*, and those of *refs* that the integration left out."""
    from openlineage.client import event_v2

    found = list(datasets or ())
    known = {_uri(dataset) for dataset in found}
    for ref in refs:
        if ref.uri not in known:
            known.add(ref.uri)
            found.append(getattr(event_v2, class_name)(namespace=ref.namespace, name=ref.name))
    return found


def _ref(dataset: Any) -> DatasetRef | None:
    """Return how a dataset is called, unless somebody sent one without a name."""
    namespace, name = dataset.namespace, dataset.name
    named = isinstance(namespace, str) and isinstance(name, str)
    return DatasetRef(namespace, name) if named else None


def _uri(dataset: Any) -> str:
    ref = _ref(dataset)
    return ref.uri if ref else ""


def _verdicts(decision: Decision, uris: Sequence[str]) -> list[list[Any]]:
    """Sort what a gate said by the input through which it arrives, in the order of *uris*."""
    from openlineage.client.generated.data_quality_assertions_dataset import Assertion

    def verdict(text: str, *, success: bool, rule: str = "") -> Assertion:
        return Assertion(
            # Marquez's list shows the column beside the text; this stands for the whole dataset.
            column="*",
            assertion=text,
            success=success,
            severity="error",
            name=rule or None,
            params={"decision": decision.id, "outcome": decision.outcome.value},
        )

    purpose = decision.purpose
    let_pass = [(each.reason, _waived(purpose, each)) for each in decision.waived]
    found = [
        [verdict(text, success=True, rule=rule) for text, rule in told]
        for told in _by_input(let_pass, uris, f"WAIVED for {purpose}")
    ]
    if decision.outcome is Outcome.ALLOWED:
        judged = {ref.uri for ref in decision.inputs}
        passed = verdict(f"ALLOWED for {purpose}", success=True)
        return [
            [*told, *([passed] if uri in judged else [])]
            for told, uri in zip(found, uris, strict=True)
        ]
    reasons = decision.reasons or (_NO_REASON,)
    blocking = [(reason, _blocked(purpose, reason)) for reason in reasons]
    blocked = _by_input(blocking, uris, f"BLOCKED for {purpose}")
    return [
        [*(verdict(text, success=False, rule=rule) for text, rule in told), *others]
        for told, others in zip(blocked, found, strict=True)
    ]


def blocked_among(decision: Decision, uris: Sequence[str]) -> list[str]:
    """Return those of *uris*, the inputs of a run, through which a reason to refuse it comes."""
    if decision.outcome is Outcome.ALLOWED:
        return []
    found = _by_input([(reason, "") for reason in decision.reasons or (_NO_REASON,)], uris, "")
    return [uri for uri, told in zip(uris, found, strict=True) if told]


def _by_input(
    told: Iterable[tuple[Reason, str]], uris: Sequence[str], kind: str
) -> list[list[tuple[str, str]]]:
    """Sort what is told of reasons, with their ids, by the input through which they arrive.

    A reason that comes through none of them stands on all.
    """
    found: list[list[tuple[str, str]]] = [[] for _ in uris]
    places = {uri: at for at, uri in enumerate(uris)}
    for reason, text in told:
        at = places.get(reason.path[0] if reason.path else reason.dataset)
        for place in range(len(uris)) if at is None else (at,):
            found[place].append((text, reason.id))
    return [_cut(each, kind) for each in found]


def _cut(told: list[tuple[str, str]], kind: str) -> list[tuple[str, str]]:
    more = len(told) - MOST_ASSERTIONS
    return told if more <= 0 else [*told[:MOST_ASSERTIONS], (f"{kind}: and {more} more", "")]


def _blocked(purpose: str, reason: Reason) -> str:
    """Say it so that its beginning suffices: Marquez cuts long texts."""
    ancestor = f" ({reason.dataset})" if reason.dataset else ""
    return f"BLOCKED for {purpose}: {reason.why}{ancestor} [{reason.id}]"


def _waived(purpose: str, waived: Waived) -> str:
    reason = waived.reason
    return (
        f"WAIVED until {iso(waived.until_us)} by {waived.actor} for {purpose}: {reason.why}"
        f" ({reason.dataset}) [{reason.id}]"
    )


def _judged(dataset: Any, verdicts: list[Any]) -> Any:
    """Return *dataset* with *verdicts* before what others asserted about it.

    The facet has one name: ours alone would wipe the results of Great Expectations or dbt.
    """
    if not verdicts:
        return dataset
    import attr
    from openlineage.client.event_v2 import InputDataset
    from openlineage.client.generated.data_quality_assertions_dataset import (
        DataQualityAssertionsDatasetFacet,
    )

    facets = dict(dataset.facets or {})
    input_facets = dict(getattr(dataset, "inputFacets", None) or {})
    others = [
        *_assertions(input_facets.get(ASSERTIONS)),
        *_assertions(facets.pop(ASSERTIONS, None)),
    ]
    input_facets[ASSERTIONS] = DataQualityAssertionsDatasetFacet(
        assertions=[*verdicts, *others], producer=names.PRODUCER
    )
    if hasattr(dataset, "inputFacets"):
        return attr.evolve(dataset, facets=facets, inputFacets=input_facets)
    return InputDataset(
        namespace=dataset.namespace, name=dataset.name, facets=facets, inputFacets=input_facets
    )


def _assertions(facet: Any) -> list[Any]:
    plain = isinstance(facet, Mapping)
    found = facet.get("assertions") if plain else getattr(facet, "assertions", None)
    return list(found) if isinstance(found, (list, tuple)) else []
