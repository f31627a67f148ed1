"""The algebra of provenance: ``label = edge(join of inputs) join declaration``.  Pure.

A label is the set of claims that bind a dataset version, and for each category of data the set of
datasets through which it is there.  To combine is to unite sets, so everything that follows from a
label (permissions, prohibitions, duties, expiry, assurance) is a conjunction over its claims: an
added input never adds a permission and never drops a prohibition; a claim that somebody does not
know is a claim like any other and never washes out.  Labels form a join-semilattice (Denning 1976);
the label of a version is the least fixpoint over lineage, which exists with cycles too.

The sets are of any kind that has ``|``, ``&`` and truth: ``frozenset`` where people read,
``int`` bitmasks where there are many (:mod:`lineage_plugin.lineage.labels`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

S = TypeVar("S", int, frozenset[str])


@dataclass(frozen=True, slots=True)
class Label(Generic[S]):
    """What binds a dataset version.

    ``claims`` are the claims of all ancestors; ``categories`` maps a category of data (DPV name) to
    the datasets that brought it.  A category without datasets is left out.
    """

    claims: S
    categories: Mapping[str, S] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Escalation:
    """On an edge, data of any category in ``when`` is also of category ``becomes``.

    Source:
        Illinois BIPA s.10 (a scan of face geometry is a biometric identifier though the photograph
        is not); GDPR Article 4(14).
    """

    when: frozenset[str]
    becomes: str


def combine(first: Label[S], *others: Label[S]) -> Label[S]:
    """Join labels: commutative, associative, idempotent, monotone.

    Example:
        >>> a = Label(frozenset({"x: CC-BY-4.0"}), {"personal": frozenset({"x"})})
        >>> b = Label(frozenset({"y: unknown"}))
        >>> sorted(combine(a, b).claims)
        ['x: CC-BY-4.0', 'y: unknown']
    """
    claims = first.claims
    categories = dict(first.categories)
    for label in others:
        claims = claims | label.claims
        for category, datasets in label.categories.items():
            mine = categories.get(category)
            categories[category] = datasets if mine is None else mine | datasets
    return Label(claims, categories)


def through(
    label: Label[S], escalations: Iterable[Escalation], removed: frozenset[str] = frozenset()
) -> Label[S]:
    """Carry a label over an edge: every claim flows, categories grow.

    Escalations apply until nothing more follows, so that their order does not matter.  Only then
    the categories in *removed* are left behind: what a recorded declassification takes away.
    """
    rules = tuple(escalations)
    categories = dict(label.categories)
    grew = bool(rules)
    while grew:
        grew = False
        for rule in rules:
            for category in rule.when & categories.keys():
                before = categories.get(rule.becomes)
                after = categories[category] if before is None else before | categories[category]
                if after != before:
                    categories[rule.becomes] = after
                    grew = True
    kept = {name: who for name, who in categories.items() if name not in removed}
    return Label(label.claims, kept)
