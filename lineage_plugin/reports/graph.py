"""What is drawn: datasets as nodes, what they were made from as edges.  Pure.

Built from a survey and from what gates said; colours follow versions, so that a table that was made
anew from clean data does not keep the colour of what it once was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from lineage_plugin.lineage.ancestry import Ancestry
from lineage_plugin.lineage.survey import Survey
from lineage_plugin.model import Decision, EdgeKind, Outcome, Reason
from lineage_plugin.policy.licenses import Terms
from lineage_plugin.reports.facets import Effective, Fact, declared_facts

#: Edges whose result is a model.
_TRAINING = frozenset({EdgeKind.TRAIN, EdgeKind.FINE_TUNE})

#: Runs that are told of one dataset, newest first; the record has them all.
MOST_RUNS = 12

#: Reasons whose ways are highlighted: more than a picture can show apart.
_MOST_WAYS = 200


class Shape(str, Enum):
    """What a node is, told by its outline."""

    SOURCE = "source"
    DATASET = "dataset"
    MODEL = "model"
    #: Nobody recorded who wrote it, and nobody declared that it comes from outside.
    ORPHAN = "orphan"
    #: Several that need not be told apart.
    FOLDED = "folded"


class Standing(str, Enum):
    """What a verdict means for a node, worst first."""

    FORBIDDEN = "forbidden"
    FROM_FORBIDDEN = "from-forbidden"
    UNKNOWN = "unknown"
    FROM_UNKNOWN = "from-unknown"
    UNJUDGED = "unjudged"
    CLEAR = "clear"


_RANK = {standing: rank for rank, standing in enumerate(Standing)}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a gate said about some datasets.

    ``is_to_be_made``: it was asked about what they would be made from, because the gate stopped
    every run that would have made them.
    """

    uris: tuple[str, ...]
    decision: Decision
    is_to_be_made: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A run that wrote a dataset, or was stopped before it did."""

    job: str
    id: str
    started_us: int
    ended_us: int | None
    kinds: tuple[str, ...]
    is_stopped: bool = False


@dataclass(frozen=True, slots=True)
class Stopped:
    """A run that gates stopped: what it would have read and written."""

    run: Run
    reads: tuple[str, ...]
    writes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A dataset, or several folded into one; ``id`` is the URI of a dataset."""

    id: str
    shape: Shape
    standing: Standing
    is_asked: bool = False
    is_on_way: bool = False
    is_made: bool = True
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()
    declared: tuple[Fact, ...] = ()
    effective: tuple[Fact, ...] = ()
    runs: tuple[Run, ...] = ()
    run_count: int = 0
    folded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """``child`` was made from ``parent``; or would have been, or holds it as a part."""

    parent: str
    child: str
    kinds: tuple[str, ...] = ()
    is_on_way: bool = False
    is_stopped: bool = False
    is_part: bool = False


@dataclass(frozen=True)
class Graph:
    """Nodes and edges; every edge joins two of the nodes."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @cached_property
    def by_id(self) -> Mapping[str, Node]:
        """The nodes by their ids."""
        return {node.id: node for node in self.nodes}

    @cached_property
    def parents(self) -> Mapping[str, Sequence[str]]:
        """What each node was made from."""
        found: dict[str, list[str]] = {node.id: [] for node in self.nodes}
        for edge in self.edges:
            found[edge.child].append(edge.parent)
        return found

    def above(self, ids: Iterable[str]) -> set[str]:
        """Return all that some nodes were made from, themselves left out."""
        asked = {found for found in ids if found in self.parents}
        found = set(asked)
        waiting = list(asked)
        while waiting:
            fresh = set(self.parents[waiting.pop()]) - found
            found |= fresh
            waiting += fresh
        return found - asked


def build(
    seen: Survey,
    answers: Sequence[Answer],
    stopped: Sequence[Stopped] = (),
    *,
    at_us: int,
    terms: Mapping[str, Terms] | None = None,
) -> Graph:
    """Lay out for drawing what a survey found and what gates said about it.

    Args:
        seen: A survey that covers the inputs of every decision in *answers*.
        answers: What gates said, each about some of the datasets.
        stopped: Runs that would have made more.
        at_us: The moment of the survey.
        terms: Terms of the licences that catalogs registered.
    """
    return _Builder(seen, answers, stopped, at_us, terms or {}).graph()


def worst(standings: Iterable[Standing]) -> Standing:
    """Return the standing that binds; nothing at all was not judged."""
    return min(standings, key=_RANK.__getitem__, default=Standing.UNJUDGED)


@dataclass
class _Builder:
    seen: Survey
    answers: Sequence[Answer]
    stopped: Sequence[Stopped]
    at_us: int
    terms: Mapping[str, Terms]
    versions: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for index, version in enumerate(self.seen.ancestry.versions):
            self.versions.setdefault(version.uri, []).append(index)
        for uri in [uri for answer in self.answers for uri in answer.uris]:
            self.versions.setdefault(uri, [])
        for run in self.stopped:
            for uri in (*run.reads, *run.writes):
                self.versions.setdefault(uri, [])

    def graph(self) -> Graph:
        standings = _standings(self.seen.ancestry, self.answers, self.stopped, self.versions)
        ways = _ways(self.answers)
        on_way = {uri for pair in ways for uri in pair}
        reasons = _by_dataset(reason for a in self.answers for reason in a.decision.reasons)
        warnings = _by_dataset(warning for a in self.answers for warning in a.decision.warnings)
        on_way |= reasons.keys()
        asked = {uri for answer in self.answers for uri in answer.uris}
        effective = Effective(self.seen, self.at_us, self.terms)
        runs = self._runs()
        nodes = tuple(
            Node(
                uri,
                self._shape(uri, runs[uri]),
                standings[uri],
                is_asked=uri in asked,
                is_on_way=uri in on_way,
                is_made=not runs[uri] or not all(run.is_stopped for run in runs[uri]),
                reasons=tuple(reasons.get(uri, ())),
                warnings=tuple(warnings.get(uri, ())),
                declared=declared_facts(self.seen.declared(uri)),
                effective=effective(found),
                runs=tuple(runs[uri][:MOST_RUNS]),
                run_count=len(runs[uri]),
            )
            for uri, found in self.versions.items()
        )
        return Graph(nodes, tuple(self._edges(ways)))

    def _shape(self, uri: str, runs: Sequence[Run]) -> Shape:
        if any(EdgeKind(kind) in _TRAINING for run in runs for kind in run.kinds):
            return Shape.MODEL
        if self.seen.declared.is_root(uri):
            return Shape.SOURCE
        unwritten = any(
            self.seen.lineage_verdict(version) == "unknown-producer"
            for version in self.versions[uri]
        )
        return Shape.ORPHAN if unwritten else Shape.DATASET

    def _runs(self) -> dict[str, list[Run]]:
        found: dict[str, list[Run]] = {uri: [] for uri in self.versions}
        for version in self.seen.ancestry.versions:
            made = version.activity
            if made is not None:
                kinds = tuple(sorted(kind.value for kind in made.edges))
                job = f"{made.job_namespace}/{made.job_name}"
                found[version.uri].append(
                    Run(job, made.group, made.started_us, made.ended_us, kinds)
                )
        for each in self.stopped:
            for uri in each.writes:
                found[uri].append(each.run)
        for runs in found.values():
            runs.sort(key=lambda run: (-run.started_us, run.job, run.id))
        return found

    def _edges(self, ways: Collection[tuple[str, str]]) -> Iterator[Edge]:
        ancestry = self.seen.ancestry
        made: dict[tuple[str, str], set[str]] = defaultdict(set)
        for version, parents in zip(ancestry.versions, ancestry.made_from, strict=True):
            kinds = [kind.value for kind in version.activity.edges] if version.activity else []
            for parent in {ancestry.versions[index].uri for index in parents}:
                if parent != version.uri:
                    made[parent, version.uri].update(kinds)
        for pair, found in made.items():
            yield Edge(*pair, tuple(sorted(found)), is_on_way=pair in ways)
        planned = {
            (read, wrote): run.run.kinds
            for run in self.stopped
            for read in run.reads
            for wrote in run.writes
            if read != wrote and (read, wrote) not in made
        }
        for pair, would in planned.items():
            yield Edge(*pair, would, is_on_way=pair in ways, is_stopped=True)
        parts = {
            (ancestry.versions[index].uri, whole)
            for whole, current in ancestry.current.items()
            for index in current
            if whole in self.versions and ancestry.versions[index].uri != whole
        }
        for pair in sorted(parts - made.keys() - planned.keys()):
            yield Edge(*pair, is_on_way=pair in ways, is_part=True)


def _by_dataset(reasons: Iterable[Reason]) -> dict[str, list[Reason]]:
    """Sort reasons by dataset, each once however many gates gave it."""
    found: dict[str, dict[tuple[str, str], Reason]] = {}
    for reason in reasons:
        found.setdefault(reason.dataset, {}).setdefault((reason.id, reason.why), reason)
    return {dataset: list(by_id.values()) for dataset, by_id in found.items()}


def _ways(answers: Iterable[Answer]) -> set[tuple[str, str]]:
    """Return the steps, from above to below, by which reasons reach what was asked for."""
    found: set[tuple[str, str]] = set()
    for answer in answers:
        for reason in answer.decision.reasons[:_MOST_WAYS]:
            way = reason.path or ((reason.dataset,) if reason.dataset else ())
            found.update(zip(way[1:], way, strict=False))
            if way and len(answer.uris) == 1 and answer.uris[0] != way[0]:
                found.add((way[0], answer.uris[0]))
    return found


def _standings(
    ancestry: Ancestry,
    answers: Sequence[Answer],
    stopped: Sequence[Stopped],
    versions: Mapping[str, Sequence[int]],
) -> dict[str, Standing]:
    """Say of each dataset what the decisions mean for it, following versions downstream."""
    found: dict[str, Standing] = dict.fromkeys(versions, Standing.UNJUDGED)
    judged: set[str] = set()
    for answer in answers:
        for uri, standing in _standing_of_one(ancestry, answer.decision).items():
            found[uri] = worst((found[uri], standing)) if uri in judged else standing
            judged.add(uri)
    planned = {uri: run.reads for run in stopped for uri in run.writes if uri not in judged}
    for uri, reads in planned.items():
        found[uri] = _BELOW[worst(found[read] for read in reads)]
    # A decision about several tells of none of them what it would say of that one alone.
    for answer in answers:
        if len(answer.uris) == 1:
            found[answer.uris[0]] = _of_outcome(answer)
    return found


#: What is made from something that stands so.
_BELOW = {
    **{standing: standing for standing in Standing},
    Standing.FORBIDDEN: Standing.FROM_FORBIDDEN,
    Standing.UNKNOWN: Standing.FROM_UNKNOWN,
}


def _of_outcome(answer: Answer) -> Standing:
    """Let what was asked for stand as its gate said, whatever was said beside it about others."""
    outcome = answer.decision.outcome
    if outcome is Outcome.ALLOWED:
        return Standing.CLEAR
    own = [reason for reason in answer.decision.reasons if reason.dataset in answer.uris]
    if not any(reason.dataset for reason in answer.decision.reasons):
        return Standing.UNJUDGED
    if outcome is Outcome.DENIED:
        definite = any(reason.is_definite for reason in own)
        return Standing.FORBIDDEN if definite else Standing.FROM_FORBIDDEN
    return Standing.UNKNOWN if own else Standing.FROM_UNKNOWN


def _standing_of_one(ancestry: Ancestry, decision: Decision) -> dict[str, Standing]:
    inputs = [v for ref in decision.inputs for v in ancestry.current.get(ref.uri, ())]
    scope = ancestry.above(inputs)
    definite = {reason.dataset for reason in decision.reasons if reason.is_definite}
    unknown = {reason.dataset for reason in decision.reasons} - definite
    uri_of = [version.uri for version in ancestry.versions]
    below = _children(ancestry, scope)
    tainted = _reached(below, (v for v in scope if uri_of[v] in definite))
    doubtful = _reached(below, (v for v in scope if uri_of[v] in unknown))
    # A gate that could not judge said nothing good about anybody.
    clear = Standing.UNJUDGED if "" in definite | unknown else Standing.CLEAR
    found: dict[str, Standing] = {}
    for version in scope:
        uri = uri_of[version]
        standing = (
            Standing.FORBIDDEN
            if uri in definite
            else Standing.FROM_FORBIDDEN
            if version in tainted
            else Standing.UNKNOWN
            if uri in unknown
            else Standing.FROM_UNKNOWN
            if version in doubtful
            else clear
        )
        found[uri] = worst((found.get(uri, standing), standing))
    return found


def _children(ancestry: Ancestry, scope: Collection[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for version in scope:
        for parent in (*ancestry.made_from[version], *ancestry.kept[version]):
            found[parent].append(version)
    return found


def _reached(below: Mapping[int, Sequence[int]], start: Iterable[int]) -> set[int]:
    found = set(start)
    waiting = list(found)
    while waiting:
        fresh = set(below.get(waiting.pop(), ())) - found
        found |= fresh
        waiting += fresh
    return found
