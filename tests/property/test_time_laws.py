"""Lineage in time: agrees with looking at every pair, and knows neither order nor clock."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lineage_plugin.gate.frame import Frame, build
from lineage_plugin.lineage.ancestry import Ancestry, ascend
from lineage_plugin.lineage.labels import propagate
from lineage_plugin.lineage.survey import Survey, survey
from lineage_plugin.model import DatasetRef, Declaration, EdgeKind, License, RunFacts
from lineage_plugin.policy.purposes import shipped
from lineage_plugin.propagation import Escalation, Label, combine, through
from lineage_plugin.store import open_store
from lineage_plugin.store.api import Activity, History, Store
from tests.property.test_ancestry_laws import (
    DATASETS,
    NEVER,
    ended_of,
    history_of,
    seen,
    stories,
)
from tests.property.test_store_order import facts_of_a_week, refs

Story = list[tuple[int, int | None, frozenset[int], dict[int, bool]]]

#: (dataset, activity) of a version; activity 0 wrote what was there before.
Key = tuple[int, int]

#: Later than all that happens in a week.
LATER_US = 1_000

ROOT = Declaration(
    "team", "s3://lake/photos", external=True, license=License("MIT"), categories=("face-image",)
)


def reference(history: History, asked: Iterable[int]) -> tuple[set[Key], set[tuple[Key, Key]]]:
    """The reference: from what is asked for up, looking at every writer for each thing read."""
    wrote = {(d, a) for a, d, _ in history.writes}
    over = {(d, a) for a, d, overwrites in history.writes if overwrites}
    ended = {a.id: ended_of(a) for a in history.activities.values()}

    def read(dataset: int, start: int, end: int, me: int) -> set[Key]:
        found = seen(history, dataset, start, end, me)
        return found or (set() if (dataset, me) in wrote else {(dataset, 0)})

    nodes = {key for dataset in asked for key in read(dataset, NEVER - 1, NEVER - 1, -1)}
    arrows: set[tuple[Key, Key]] = set()
    waiting = list(nodes)
    while waiting:
        dataset, writer = key = waiting.pop()
        if not writer:
            continue
        start = history.activities[writer].started_us
        whole = (start, ended[writer], writer)
        parents = {p for a, d in history.reads if a == writer for p in read(d, *whole)}
        kept = seen(history, dataset, *whole, settled_too=(dataset, writer) not in over)
        arrows |= {(key, parent) for parent in parents | kept}
        waiting += (parents | kept) - nodes
        nodes |= parents | kept
    return nodes, arrows


def keys_of(found: Ancestry) -> list[Key]:
    return [(v.dataset, v.activity.id if v.activity else 0) for v in found.versions]


def arrows_of(found: Ancestry) -> set[tuple[Key, Key]]:
    keys = keys_of(found)
    return {
        (keys[version], keys[parent])
        for parents in (found.made_from, found.kept)
        for version, above in enumerate(parents)
        for parent in above
    }


def ascended(history: History, asked: Collection[int]) -> Ancestry:
    wanted = [DATASETS[number] for number in asked]
    return ascend(history, wanted, at_us=None, is_root=lambda _: False)


some = st.frozensets(st.sampled_from(sorted(DATASETS)), min_size=1).map(sorted)


@given(stories, some)
def test_the_ancestry_is_what_looking_at_every_pair_finds(story: Story, asked: list[int]) -> None:
    history = history_of(story)

    found = ascended(history, asked)

    assert (set(keys_of(found)), arrows_of(found)) == reference(history, asked)


@given(stories, some, st.integers(-(10**16), 10**16))
def test_no_moment_is_special(story: Story, asked: list[int], later_us: int) -> None:
    """Neither 1970 nor today: what happened 300 years earlier or later is related alike."""
    history = history_of(story)
    moved = [(start + later_us, lasts, read, wrote) for start, lasts, read, wrote in story]

    assert arrows_of(ascended(history_of(moved), asked)) == arrows_of(ascended(history, asked))


kinds = st.sampled_from([EdgeKind.COPY, EdgeKind.EMBED, EdgeKind.TRAIN])
names = st.sampled_from(["a", "b", "c", "d"])
escalations = st.lists(
    st.builds(Escalation, st.frozensets(names, min_size=1, max_size=2), names), max_size=3
)


@given(
    stories,
    st.lists(st.frozensets(kinds, max_size=2), min_size=8, max_size=8),
    st.dictionaries(kinds, escalations),
    st.dictionaries(st.sampled_from(sorted(DATASETS)), st.frozensets(names, max_size=2)),
)
def test_labels_are_those_of_the_algebra(
    story: Story,
    passed: list[frozenset[EdgeKind]],
    rules: dict[EdgeKind, list[Escalation]],
    declared: dict[int, frozenset[str]],
) -> None:
    """Packed into integers they are what combining and carrying them one by one gives."""
    history = history_of(story)
    activities = {a: x._replace(edges=passed[a - 1]) for a, x in history.activities.items()}
    found = ascended(with_activities(history, activities), sorted(DATASETS))
    said = {DATASETS[number].uri: sorted(those) for number, those in declared.items()}

    labels, uris = propagate(
        found, said.__contains__, lambda uri: said.get(uri, ()), lambda kind: rules.get(kind, ())
    )

    assert [plain(label, uris) for label in labels] == fixpoint(found, said, rules)


def with_activities(history: History, activities: dict[int, Activity]) -> History:
    return History(
        history.datasets,
        history.related,
        activities,
        history.writes,
        history.reads,
        history.first_read_us,
        history.seq,
    )


def plain(label: Label[int], uris: list[str]) -> Label[frozenset[str]]:
    def names_in(bits: int) -> frozenset[str]:
        return frozenset(uri for place, uri in enumerate(uris) if bits >> place & 1)

    return Label(
        names_in(label.claims), {name: names_in(bits) for name, bits in label.categories.items()}
    )


def fixpoint(
    found: Ancestry, said: dict[str, list[str]], rules: dict[EdgeKind, list[Escalation]]
) -> list[Label[frozenset[str]]]:
    nothing: Label[frozenset[str]] = Label(frozenset())
    labels = [nothing] * len(found.versions)
    for _ in range(2 * len(labels) + 8):
        for index, version in enumerate(found.versions):
            passed = (version.activity and version.activity.edges) or {EdgeKind.UNSPECIFIED}
            carried = through(
                combine(nothing, *(labels[p] for p in found.made_from[index])),
                [rule for kind in passed for rule in rules.get(kind, ())],
            )
            uri = version.uri
            own = (
                Label(frozenset({uri}), {name: frozenset({uri}) for name in said[uri]})
                if uri in said
                else nothing
            )
            labels[index] = combine(own, carried, *(labels[p] for p in found.kept[index]))
    return labels


@contextmanager
def record_of(facts: Iterable[Any]) -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder, 'record.db')}")
        with closing(store):
            store.append_runs(
                [(fact, "{}") for fact in facts if isinstance(fact, RunFacts)], recorded_us=0
            )
            yield store


def surveyed(store: Store, asked: Iterable[DatasetRef], **then: Any) -> Survey:
    return survey(
        store,
        list(asked),
        lambda uri: (ROOT,) if uri == ROOT.pattern else (),
        at_us=LATER_US,
        **then,
    )


def frame(seen: Survey) -> Frame:
    return build(seen, purpose="model-training", purposes=shipped(), at_us=LATER_US, terms={})


def told(seen: Survey) -> list[tuple[object, ...]]:
    """Write a survey by the names of things, in one order."""
    versions = seen.ancestry.versions
    labels = [plain(label, list(seen.uris)) for label in seen.labels]
    return sorted(
        (
            version.uri,
            version.name,
            version.job,
            seen.lineage_verdict(index),
            sorted(labels[index].claims),
            sorted((name, sorted(uris)) for name, uris in labels[index].categories.items()),
            sorted({(versions[p].uri, versions[p].name) for p in seen.ancestry.made_from[index]}),
        )
        for index, version in enumerate(versions)
    )


some_refs = st.lists(refs, min_size=1, max_size=3)


@given(facts_of_a_week, some_refs, st.data())
def test_late_repeated_and_shuffled_events_give_the_same_frame(
    facts: list[Any], asked: list[DatasetRef], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(facts), max_size=4)) if facts else []
    mixed = data.draw(st.permutations([*facts, *again]))

    with record_of(facts) as one, record_of(mixed) as other:
        first, second = surveyed(one, asked), surveyed(other, asked)

    assert told(first) == told(second)
    assert frame(first).digest == frame(second).digest


@given(facts_of_a_week, some_refs)
def test_to_travel_to_now_is_to_stay(facts: list[Any], asked: list[DatasetRef]) -> None:
    with record_of(facts) as store:
        now = surveyed(store, asked)
        travelled = surveyed(store, asked, known_seq=store.head()[0], is_now=False)

    assert told(now) == told(travelled)
    assert frame(now).digest == frame(travelled).digest
    assert now.seq == travelled.seq


@given(facts_of_a_week, some_refs, st.integers(0, 12))
def test_to_travel_back_is_to_ask_the_record_that_there_was(
    facts: list[Any], asked: list[DatasetRef], count: int
) -> None:
    distinct = list(dict.fromkeys(fact for fact in facts if isinstance(fact, RunFacts)))
    with record_of(distinct) as later, record_of(distinct[:count]) as then:
        back = surveyed(later, asked, known_seq=min(count, len(distinct)))
        there = surveyed(then, asked)

    assert told(back) == told(there)
    assert frame(back).digest == frame(there).digest
