"""Labels of all versions of an ancestry, as bitmasks: the algebra of propagation at scale.

A bit stands for a dataset about which something is declared: that is what binds all its versions.
Datasets that say nothing have none, so that a chain of a hundred thousand of them stays small.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

from lineage_plugin.lineage.ancestry import Ancestry
from lineage_plugin.model import EdgeKind
from lineage_plugin.propagation import Escalation, Label, combine, through
from lineage_plugin.store.api import Activity


def propagate(
    ancestry: Ancestry,
    binds: Callable[[str], object],
    categories_of: Callable[[str], Sequence[str]],
    escalations_of: Callable[[EdgeKind], Sequence[Escalation]],
) -> tuple[list[Label[int]], list[str]]:
    """Return the label of every version, and the URI that each bit stands for.

    *binds* tells whether anything is declared about a dataset, *categories_of* as what categories,
    by its URI.  Cycles are fine: labels only grow, so going round until nothing changes ends.
    """
    named = dict.fromkeys(version.uri for version in ancestry.versions)
    uris = [uri for uri in named if binds(uri)]
    silent: Label[int] = Label(0, {})
    declared = {
        uri: Label(1 << place, dict.fromkeys(categories_of(uri), 1 << place))
        for place, uri in enumerate(uris)
    }
    own = [declared.get(version.uri, silent) for version in ancestry.versions]
    by_kinds: dict[frozenset[EdgeKind], tuple[Escalation, ...]] = {}
    rules = [_rules(version.activity, escalations_of, by_kinds) for version in ancestry.versions]
    labels = list(own)
    order, is_acyclic = _parents_first(ancestry)
    changed = True
    while changed:
        changed = False
        for version in order:
            read = [labels[parent] for parent in ancestry.made_from[version]]
            if any(label.categories for label in read):
                read = [through(combine(*read), rules[version])]
            kept = [labels[parent] for parent in ancestry.kept[version]]
            label = combine(own[version], *read, *kept)
            changed = changed or label != labels[version]
            labels[version] = label
        changed = changed and not is_acyclic
    return labels, uris


def _rules(
    activity: Activity | None,
    escalations_of: Callable[[EdgeKind], Sequence[Escalation]],
    known: dict[frozenset[EdgeKind], tuple[Escalation, ...]],
) -> tuple[Escalation, ...]:
    kinds = (activity.edges if activity else None) or frozenset({EdgeKind.UNSPECIFIED})
    if kinds not in known:
        found = chain.from_iterable(escalations_of(kind) for kind in sorted(kinds))
        known[kinds] = tuple(dict.fromkeys(found))
    return known[kinds]


def _parents_first(ancestry: Ancestry) -> tuple[list[int], bool]:
    """Order versions so that each comes after its parents; tell whether that held for all.

    Iterative, because a chain of versions may be longer than the stack is deep.
    """
    unseen, entered, done = 0, 1, 2
    state = [unseen] * len(ancestry.versions)
    order: list[int] = []
    is_acyclic = True
    for start in range(len(state)):
        stack = [start] if state[start] == unseen else []
        while stack:
            version = stack[-1]
            if state[version] == unseen:
                state[version] = entered
                for parent in chain(ancestry.made_from[version], ancestry.kept[version]):
                    if state[parent] == unseen:
                        stack.append(parent)
                    elif state[parent] == entered:
                        is_acyclic = False
                continue
            stack.pop()
            if state[version] == entered:
                state[version] = done
                order.append(version)
    return order, is_acyclic
