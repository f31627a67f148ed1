"""What producers say about lineage beyond who read and wrote what: whose word counts for what.

Anybody may say what makes data look worse: another input, another name.  What would make it look
cleaner counts only from a producer that is trusted: that an output was made from some of the inputs
only, or that what nobody is known to have written is a dataset that somebody has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from lineage_plugin.store.api import History

Trusts = Callable[[str], bool]


def sources(history: History, trusts: Trusts) -> dict[tuple[int, int], frozenset[int]]:
    """Map (activity, dataset it wrote) to the datasets that this was made from, where it is told.

    An input that nobody trusted names as a source of any output of its activity flows into all of
    them: whoever wrote the list did not know about it.
    """
    told = {
        key: words
        for key, words in history.explicit.items()
        if any(trusts(said_by) for said_by, _ in words)
    }
    if not told:
        return {}
    placed: dict[int, set[int]] = defaultdict(set)
    for (activity, _), words in told.items():
        placed[activity].update(i for said_by, named in words if trusts(said_by) for i in named)
    unplaced: dict[int, set[int]] = defaultdict(set)
    for activity, dataset in history.reads:
        if activity in placed and dataset not in placed[activity]:
            unplaced[activity].add(dataset)
    return {
        key: frozenset(i for _, named in words for i in named) | unplaced[key[0]]
        for key, words in told.items()
    }


def names(history: History, trusts: Trusts) -> dict[int, Mapping[int, bool]]:
    """Map each dataset that has other names to these, and whether they are so on trusted words."""
    every = _classes(history.aliases, lambda _: True)
    trusted = _classes(history.aliases, trusts)
    return {
        dataset: {o: trusted[o] is trusted[dataset] for o in sorted(members - {dataset})}
        for dataset, members in every.items()
    }


def neighbours(history: History, names: Mapping[int, Mapping[int, bool]], dataset: int) -> set[int]:
    """Return all datasets whose versions a reader of *dataset* may get."""
    found = {dataset, *names.get(dataset, ())}
    for name in tuple(found):
        for other in history.related.get(name, ()):
            found |= {other, *names.get(other, ())}
    return found


def _classes(
    aliases: Mapping[int, Iterable[tuple[int, str]]], counts: Trusts
) -> dict[int, set[int]]:
    """Map each dataset to all the names that it has, the same set for each of them."""
    found: dict[int, set[int]] = {}
    for start in aliases:
        if start in found:
            continue
        members, waiting = {start}, [start]
        while waiting:
            said = aliases.get(waiting.pop(), ())
            fresh = {other for other, who in said if counts(who)} - members
            members |= fresh
            waiting += fresh
        found.update(dict.fromkeys(members, members))
    return found
