"""Edges between versions agree with a reference that looks at every pair."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lineage_plugin.lineage.ancestry import ascend
from lineage_plugin.lineage.labels import propagate
from lineage_plugin.model import DatasetRef, EdgeKind
from lineage_plugin.propagation import Escalation
from lineage_plugin.store.api import Activity, History

NEVER = 10**9
DATASETS = {number: DatasetRef("s3://lake", f"t{number}") for number in range(1, 5)}

activity_shapes = st.tuples(
    st.integers(0, 30),
    st.one_of(st.none(), st.integers(0, 12)),
    st.frozensets(st.sampled_from(sorted(DATASETS)), max_size=2),
    st.dictionaries(st.sampled_from(sorted(DATASETS)), st.booleans(), max_size=2),
)
stories = st.lists(activity_shapes, max_size=8)


def history_of(
    story: list[tuple[int, int | None, frozenset[int], dict[int, bool]]],
) -> History:
    """Return the record of a story."""
    activities = {}
    reads = []
    writes = []
    first_read: dict[int, int] = {}
    for number, (start, lasts, read, wrote) in enumerate(story, 1):
        end = None if lasts is None else start + lasts
        activities[number] = Activity(
            number,
            "ns",
            f"j{number}",
            f"r{number}",
            start,
            end,
            refused=False,
            edges=frozenset(),
            runs=(),
        )
        reads += [(number, dataset) for dataset in read]
        writes += [(number, dataset, over) for dataset, over in wrote.items()]
        if end is not None:
            for dataset in read:
                first_read[dataset] = min(first_read.get(dataset, NEVER), start)
    return History(DATASETS, {}, activities, writes, reads, first_read, 1)


def ended_of(activity: Activity) -> int:
    return NEVER if activity.ended_us is None else activity.ended_us


def seen(
    history: History, dataset: int, start: int, end: int, but: int, *, settled_too: bool = True
) -> set[tuple[int, int]]:
    """The reference: every version of *dataset* against the interval, one by one."""
    ends = {a.id: ended_of(a) for a in history.activities.values()}
    starts = {a.id: a.started_us for a in history.activities.values()}
    writers = [a for a, written, _ in history.writes if written == dataset]
    at_once = {a for a in writers if starts[a] == ends[a] == start == end}
    overlapping = {a for a in writers if starts[a] < end and ends[a] > start} | at_once
    if not settled_too:
        return {(dataset, a) for a in overlapping - {but}}
    before = [a for a in writers if ends[a] <= start and a not in at_once]
    last = max((ends[a] for a in before), default=None)
    settled = {a for a in before if ends[a] == last}
    was_there = writers and history.first_read_us.get(dataset, NEVER) < min(
        starts[a] for a in writers
    )
    found = {(dataset, a) for a in (overlapping | settled) - {but}}
    if was_there and not settled - {but}:
        found.add((dataset, 0))
    return found


@given(stories)
def test_what_a_reader_gets_agrees_with_looking_at_every_pair(
    story: list[tuple[int, int | None, frozenset[int], dict[int, bool]]],
) -> None:
    history = history_of(story)
    found = ascend(history, DATASETS.values(), at_us=100, is_root=lambda _: False)
    keys = [(v.dataset, v.activity.id if v.activity else 0) for v in found.versions]
    over = {(dataset, a) for a, dataset, overwrites in history.writes if overwrites}

    for index, (dataset, writer) in enumerate(keys):
        if not writer:
            continue
        activity = history.activities[writer]
        end = ended_of(activity)
        kept = {keys[parent] for parent in found.kept[index]}
        replaced = (dataset, writer) in over
        assert kept == seen(
            history, dataset, activity.started_us, end, writer, settled_too=not replaced
        )


@given(stories, st.randoms(use_true_random=False))
def test_the_order_of_facts_does_not_matter(
    story: list[tuple[int, int | None, frozenset[int], dict[int, bool]]], random: object
) -> None:
    history = history_of(story)
    shuffled_reads, shuffled_writes = list(history.reads), list(history.writes)
    random.shuffle(shuffled_reads)  # type: ignore[attr-defined]
    random.shuffle(shuffled_writes)  # type: ignore[attr-defined]
    other = History(
        DATASETS, {}, history.activities, shuffled_writes, shuffled_reads, history.first_read_us, 1
    )

    def graph(of: History) -> set[tuple[str, str, str]]:
        found = ascend(of, DATASETS.values(), at_us=100, is_root=lambda _: False)
        named = [f"{v.uri}@{v.name}" for v in found.versions]
        return {
            (named[v], kind, named[p])
            for kind, parents in (("from", found.made_from), ("kept", found.kept))
            for v in range(len(named))
            for p in parents[v]
        }

    assert graph(history) == graph(other)


@given(stories)
def test_labels_are_the_union_over_everything_reachable(
    story: list[tuple[int, int | None, frozenset[int], dict[int, bool]]],
) -> None:
    """With cycles too, and however long the chains are."""
    found = ascend(history_of(story), DATASETS.values(), at_us=100, is_root=lambda _: False)
    rule = Escalation(frozenset({"picture"}), "biometric")
    labels, uris = propagate(
        found,
        lambda _: True,
        lambda uri: ("picture",) if uri.endswith("t1") else (),
        lambda kind: (rule,) if kind is EdgeKind.UNSPECIFIED else (),
    )

    for start in range(len(found.versions)):
        reached, stack = {start}, [start]
        while stack:
            version = stack.pop()
            fresh = {*found.made_from[version], *found.kept[version]} - reached
            reached |= fresh
            stack += fresh
        claims = {uri for bit, uri in enumerate(uris) if labels[start].claims >> bit & 1}
        assert claims == {found.versions[v].uri for v in reached}
        brings = any(found.versions[v].uri.endswith("t1") for v in reached)
        assert ("picture" in labels[start].categories) == brings
