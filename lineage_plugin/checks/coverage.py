"""Which of the datasets that DAGs touched are declared, or made from what is.  Pure.

A derived dataset needs no declaration of its own, so it counts as covered if the record knows what
it was made from; whether *that* is covered stands in the rows of those who touched it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineage_plugin.lineage.survey import Survey
    from lineage_plugin.model import DatasetRef
    from lineage_plugin.store.api import History

#: Stands for all DAGs together.
ALL = "(all)"


class Standing(str, Enum):
    """How a dataset is covered."""

    DECLARED = "declared"
    DERIVED = "derived"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Touch:
    """A job touched a dataset (URI)."""

    job: str
    dataset: str


@dataclass(frozen=True, slots=True)
class Covered:
    """What is known about the datasets that one DAG touched; ``missing`` are URIs."""

    dag: str
    touched: int
    declared: int
    derived: int
    missing: tuple[str, ...]

    @property
    def percent(self) -> float:
        """Covered datasets of those touched, in percent; nothing touched is nothing missing."""
        return 100 * (self.declared + self.derived) / self.touched if self.touched else 100.0


def standing_by(survey: Survey) -> Callable[[str], Standing]:
    """Return how datasets are covered by what a survey found about them."""

    def standing(uri: str) -> Standing:
        if survey.declared(uri):
            return Standing.DECLARED
        versions = survey.ancestry.current.get(uri, ())
        verdicts = {survey.lineage_verdict(version) for version in versions}
        derived = bool(verdicts) and verdicts <= {"complete", "writer-open"}
        return Standing.DERIVED if derived else Standing.MISSING

    return standing


def never_made(
    refs: Iterable[DatasetRef],
    standing: Callable[[str], Standing],
    history: Callable[[Sequence[DatasetRef]], History],
) -> set[str]:
    """Return the missing that gates kept from being made: only refused runs wrote them.

    To declare those would be wrong.  *history* tells how some datasets came to be.
    """
    missing = [ref for ref in refs if standing(ref.uri) is Standing.MISSING]
    if not missing:
        return set()
    found = history(missing)
    made = {dataset for run, dataset, _ in found.writes if not found.activities[run].refused}
    named = {dataset for _, dataset, _ in found.writes}
    unmade = named - made - found.first_read_us.keys()
    return {ref.uri for ref in missing} & {found.uris[dataset] for dataset in unmade}


def coverage(
    touches: Iterable[Touch], standing: Callable[[str], Standing]
) -> tuple[Covered, Sequence[Covered]]:
    """Return the coverage of all DAGs together, and of each, the worst first.

    Args:
        touches: Who touched what.
        standing: How a dataset is covered, by its URI.

    Example:
        >>> touches = [Touch("faces.embed", "a"), Touch("faces.train", "b"), Touch("maps.it", "a")]
        >>> every, each = coverage(touches, {"a": Standing.DECLARED, "b": Standing.MISSING}.get)
        >>> every.percent, [(dag.dag, dag.percent) for dag in each]
        (50.0, [('faces', 50.0), ('maps', 100.0)])
    """
    by_dag: dict[str, dict[str, None]] = {}
    for touch in touches:
        by_dag.setdefault(touch.job.partition(".")[0], {})[touch.dataset] = None
    every = dict.fromkeys(uri for uris in by_dag.values() for uri in uris)
    known = {uri: standing(uri) for uri in every}
    each = [_covered(dag, uris, known) for dag, uris in by_dag.items()]
    return _covered(ALL, every, known), sorted(each, key=lambda c: (c.percent, c.dag))


def _covered(dag: str, uris: Iterable[str], known: dict[str, Standing]) -> Covered:
    found: dict[Standing, list[str]] = {each: [] for each in Standing}
    for uri in uris:
        found[known[uri]].append(uri)
    return Covered(
        dag,
        sum(map(len, found.values())),
        len(found[Standing.DECLARED]),
        len(found[Standing.DERIVED]),
        tuple(sorted(found[Standing.MISSING])),
    )
