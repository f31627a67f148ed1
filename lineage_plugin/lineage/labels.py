"""Labels of all versions of an ancestry: the algebra of propagation at scale.

A label is one integer, so that to combine is ``|``.  Its lowest bits stand for the datasets about
which something is declared: that is what binds all their versions.  Above them lies a block of bits
for each category, in which a bit stands for the dataset that brings it.  Datasets that say nothing
have no bit, so that a chain of a hundred thousand of them stays small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, overload

from lineage_plugin.lineage.ancestry import Ancestry, Version
from lineage_plugin.model import EdgeKind
from lineage_plugin.propagation import Escalation, Label

#: What an edge is where nobody said.
_UNSAID = frozenset({EdgeKind.UNSPECIFIED})


class Labels(Sequence[Label[int]]):
    """The label of each version, packed; unpacked when it is looked at."""

    def __init__(self, packed: Sequence[int], layout: _Layout) -> None:
        self._packed = packed
        self._layout = layout

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, version: int) -> Label[int]: ...
    @overload
    def __getitem__(self, version: slice) -> Sequence[Label[int]]: ...
    def __getitem__(self, version: int | slice) -> Label[int] | Sequence[Label[int]]:
        if isinstance(version, slice):
            return Labels(self._packed[version], self._layout)
        return self._layout.unpack(self._packed[version])


def propagate(
    ancestry: Ancestry,
    binds: Callable[[str], object],
    categories_of: Callable[[str], Sequence[str]],
    escalations_of: Callable[[EdgeKind], Sequence[Escalation]],
    removed_of: Callable[[Version], frozenset[str]] = lambda _: frozenset(),
) -> tuple[Sequence[Label[int]], list[str]]:
    """Return the label of every version, and the URI that each bit stands for.

    *binds* tells whether anything is declared about a dataset, *categories_of* as what categories,
    by its URI; *removed_of* which categories a recorded declassification keeps from flowing into a
    version.  Cycles are fine: labels only grow, so going round until nothing changes ends.
    """
    named = dict.fromkeys(version.uri for version in ancestry.versions)
    declared = {uri: tuple(categories_of(uri)) for uri in named if binds(uri)}
    passed = [
        ((version.activity.edges if version.activity else None) or _UNSAID, removed_of(version))
        for version in ancestry.versions
    ]
    rules = {kinds: _rules(kinds, escalations_of) for kinds in {kinds for kinds, _ in passed}}
    layout = _Layout.of(declared, rules.values())
    edges = {
        (found, removed): layout.edge(rules[found], removed)
        for found, removed in dict.fromkeys(passed)
    }
    own = layout.own(declared)
    packed = _spread(
        ancestry,
        [own.get(version.uri, 0) for version in ancestry.versions],
        [edges[found] for found in passed],
        layout,
    )
    return Labels(packed, layout), list(layout.uris)


def _spread(
    ancestry: Ancestry,
    own: Sequence[int],
    edges: Sequence[_Edge],
    layout: _Layout,
) -> list[int]:
    """Join what each version says itself with what flows into it, until nothing changes."""
    labels = list(own)
    shared: dict[int, int] = {}
    made_from, kept = ancestry.made_from, ancestry.kept
    silent = layout.claims
    order, is_acyclic = _parents_first(ancestry)
    changed = True
    while changed:
        changed = False
        for version in order:
            label = 0
            for parent in made_from[version]:
                label |= labels[parent]
            # A greater number has a bit in the block of some category.
            if label > silent:
                label = layout.carry(label, edges[version])
            for parent in kept[version]:
                label |= labels[parent]
            label |= own[version]
            if label != labels[version]:
                changed = True
                labels[version] = shared.setdefault(label, label)
        changed = changed and not is_acyclic
    return labels


class _Edge(NamedTuple):
    """From which block to which block bits are copied, and which bits are left behind then."""

    moves: tuple[tuple[int, int], ...]
    removed: int


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which bit stands for what.

    ``uris`` are the datasets in the order of their bits, first the ``bringers`` that are of some
    category: a block has a bit for each of these.  ``starts`` is where the block of each category
    begins.
    """

    uris: tuple[str, ...]
    bringers: int
    starts: Mapping[str, int]

    @classmethod
    def of(
        cls, declared: Mapping[str, Sequence[str]], rules: Iterable[Iterable[Escalation]]
    ) -> _Layout:
        """Lay out bits for what is declared, and for what escalations may make of it."""
        bringing = [uri for uri, categories in declared.items() if categories]
        uris = (*bringing, *(uri for uri, categories in declared.items() if not categories))
        names = {name for categories in declared.values() for name in categories}
        names |= {rule.becomes for found in rules for rule in found}
        starts = {
            name: len(uris) + place * len(bringing) for place, name in enumerate(sorted(names))
        }
        return cls(uris, len(bringing), starts)

    @property
    def claims(self) -> int:
        """All bits of claims; no label without categories is greater."""
        return (1 << len(self.uris)) - 1

    @property
    def block(self) -> int:
        """All bits of one block, at its start."""
        return (1 << self.bringers) - 1

    def own(self, declared: Mapping[str, Sequence[str]]) -> dict[str, int]:
        """Return the label of each dataset about which something is declared."""
        return {
            uri: sum(
                1 << start + place for start in {0, *map(self.starts.__getitem__, declared[uri])}
            )
            for place, uri in enumerate(self.uris)
        }

    def edge(self, rules: Iterable[Escalation], removed: Iterable[str]) -> _Edge:
        """Return what an edge does to a label, such that doing it once is enough."""
        into: dict[str, set[str]] = {name: set() for name in self.starts}
        for rule in rules:
            for name in rule.when & self.starts.keys():
                into[name].add(rule.becomes)
        moves = tuple(
            (self.starts[name], self.starts[other])
            for name in into
            for other in sorted(_reached(name, into) - {name})
        )
        gone = (self.block << self.starts[name] for name in removed if name in self.starts)
        return _Edge(moves, sum(gone))

    def carry(self, label: int, edge: _Edge) -> int:
        """Carry a label over an edge: every claim flows, categories grow, then some are removed."""
        block = self.block
        for source, target in edge.moves:
            label |= (label >> source & block) << target
        return label & ~edge.removed if edge.removed else label

    def unpack(self, label: int) -> Label[int]:
        """Return a label as it is read."""
        blocks = {name: label >> start & self.block for name, start in self.starts.items()}
        return Label(label & self.claims, {name: bits for name, bits in blocks.items() if bits})


def _reached(start: str, following: Mapping[str, Iterable[str]]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        fresh = set(following[waiting.pop()]) - found
        found |= fresh
        waiting += fresh
    return found


def _rules(
    kinds: Iterable[EdgeKind], escalations_of: Callable[[EdgeKind], Sequence[Escalation]]
) -> tuple[Escalation, ...]:
    return tuple(dict.fromkeys(rule for kind in sorted(kinds) for rule in escalations_of(kind)))


def _parents_first(ancestry: Ancestry) -> tuple[list[int], bool]:
    """Order versions so that each comes after its parents; tell whether that held for all.

    Iterative, because a chain of versions may be longer than the stack is deep.
    """
    unseen, entered, done = 0, 1, 2
    state = bytearray(len(ancestry.versions))
    order: list[int] = []
    is_acyclic = True
    made_from, kept = ancestry.made_from, ancestry.kept
    for start in range(len(state)):
        stack = [start]
        while stack:
            version = stack.pop()
            if version < 0:
                state[~version] = done
                order.append(~version)
            elif state[version] == unseen:
                state[version] = entered
                stack.append(~version)
                for parent in made_from[version] + kept[version]:
                    if state[parent] == unseen:
                        stack.append(parent)
                    elif state[parent] == entered:
                        is_acyclic = False
    return order, is_acyclic
