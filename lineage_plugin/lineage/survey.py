"""Everything known about how some datasets came to be and what binds them, at one moment."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from lineage_plugin.lineage.ancestry import Ancestry, Version, ascend
from lineage_plugin.lineage.labels import propagate
from lineage_plugin.lineage.said import Declared, by_uri
from lineage_plugin.model import DatasetRef, Declaration, Declassified, Subject
from lineage_plugin.policy import edges
from lineage_plugin.propagation import Label
from lineage_plugin.store.api import EVENT_ORIGIN, History, Store


@dataclass(frozen=True, slots=True)
class Survey:
    """The versions behind some datasets, their labels, and what is declared about each dataset.

    ``uris`` names the dataset that each bit of a label stands for; datasets about which nothing is
    declared have none.  ``seq`` is the last entry of the record that was taken into account.
    """

    ancestry: Ancestry
    labels: Sequence[Label[int]]
    uris: Sequence[str]
    declared: Declared
    seq: int

    def declassified(self, version: int) -> tuple[Declassified, ...]:
        """Return the declassifications that are in force for what wrote this version."""
        found = self.ancestry.versions[version]
        return self.declared.declassified(found.uri) if _may_shrink(found) else ()

    def lineage_verdict(self, version: int) -> str:
        """Say whether all that a version was made from is known: ``complete``, or why not.

        Source:
            Open world: what nobody recorded and nobody declared is unknown, never clean.
        """
        found = self.ancestry.versions[version]
        if found.is_open:
            return "writer-open"
        if self.declared.is_root(found.uri) or version in self.ancestry.stand_ins:
            return "complete"
        if found.activity is None:
            return "unknown-producer"
        return "complete" if self.ancestry.inputs_known[version] else "no-known-inputs"


def survey(
    store: Store,
    refs: Collection[DatasetRef],
    by_pattern: Callable[[str], Iterable[Declaration]],
    *,
    at_us: int,
    is_now: bool = True,
    known_seq: int | None = None,
    reader: Subject | None = None,
    rules: edges.Rules = edges.Rules(),  # noqa: B008 - an immutable value
) -> Survey:
    """Work out the ancestry and labels of *refs* at *at_us*, which is now or in the past.

    *by_pattern* gives what catalog files say about a dataset, by its URI; what decorators and
    assets say comes from the record, as it was known at *known_seq* (now, if not given).  *reader*
    is the task that is about to read, if any.
    *rules* are the administrator's about edges.
    """
    with _no_collection():
        history = store.history(refs, known_seq=known_seq)
        uris = set(history.uris.values())
        said = store.declarations(known_seq=history.seq, origin=EVENT_ORIGIN, patterns=uris)
        declared = Declared(by_pattern, by_uri(said), at_us=at_us)
        until_us = None if is_now else at_us
        return over(history, refs, declared, at_us=until_us, reader=reader, rules=rules)


def over(
    history: History,
    refs: Collection[DatasetRef],
    declared: Declared,
    *,
    at_us: int | None,
    reader: Subject | None = None,
    rules: edges.Rules = edges.Rules(),  # noqa: B008 - an immutable value
) -> Survey:
    """Work out the ancestry and labels of *refs* from a history and what is declared.

    Without *at_us* that is after all that is recorded; the rest is as for :func:`survey`.
    """
    ancestry = ascend(
        history, refs, at_us=at_us, is_root=declared.is_root, reader=reader, trusts=rules.trusts
    )
    labels, names = propagate(
        ancestry,
        declared,
        declared.categories,
        rules.escalations,
        lambda found: declared.removed(found.uri) if _may_shrink(found) else frozenset(),
    )
    return Survey(ancestry, labels, names, declared, history.seq)


def _may_shrink(version: Version) -> bool:
    return version.activity is not None and edges.may_shrink(version.activity.edges)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the collector from walking all of Airflow's objects again while a large ancestry grows.

    It would find nothing: no value of ours refers back to itself.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
