"""Labels over whole records: the laws of edges, on random graphs, against a reference."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lineage_plugin.lineage.said import Declared, by_uri
from lineage_plugin.lineage.survey import Survey, over
from lineage_plugin.model import DatasetRef, Declaration, Declassified, EdgeKind
from lineage_plugin.policy import edges
from lineage_plugin.store.api import Activity, History

AT_US = 1_000
DATASETS = {number: DatasetRef("s3://lake", f"t{number}") for number in range(1, 6)}
CATEGORIES = ("personal", "picture", "face-image", "voice")
TRUSTED, STRANGER = edges.PROVIDER, "https://example.org"
KINDS = st.sampled_from([EdgeKind.COPY, EdgeKind.EMBED, EdgeKind.ANONYMISE, EdgeKind.TRAIN])

numbers = st.sampled_from(sorted(DATASETS))
sets = st.frozensets(numbers, max_size=3)

#: One task: when it starts, how long it runs, what it reads, what it writes and whether it replaces
#: that, what it is, and who says what of each output (``None``: nobody).
tasks = st.tuples(
    st.integers(0, 20),
    st.integers(0, 5),
    sets,
    st.dictionaries(numbers, st.booleans(), min_size=1, max_size=2),
    KINDS,
    st.dictionaries(numbers, st.tuples(st.sampled_from([TRUSTED, STRANGER]), sets), max_size=2),
)
aliases = st.tuples(numbers, numbers, st.sampled_from([TRUSTED, STRANGER]))
declarations = st.builds(
    Declaration,
    authority=st.sampled_from(["team", "vendor"]),
    pattern=numbers.map(lambda number: DATASETS[number].uri),
    external=st.booleans(),
    categories=st.lists(st.sampled_from(CATEGORIES), max_size=2, unique=True).map(tuple),
    declassified=st.none()
    | st.builds(
        Declassified,
        removes=st.lists(st.sampled_from([*CATEGORIES, "biometric"]), min_size=1).map(tuple),
        method=st.just("k-anonymity"),
        by=st.just("team-privacy"),
        reason=st.just("k is 20"),
        until_us=st.sampled_from([AT_US - 1, AT_US + 1]),
    ),
)
worlds = st.tuples(
    st.lists(tasks, max_size=7),
    st.lists(aliases, max_size=2),
    st.lists(declarations, max_size=5),
)
World = tuple[list[Any], list[tuple[int, int, str]], list[Declaration]]


def history_of(story: Sequence[Any], named: Iterable[tuple[int, int, str]] = ()) -> History:
    """Return the record of a story."""
    activities, reads, writes = {}, [], []
    first: dict[int, int] = {}
    said: dict[tuple[int, int], Any] = {}
    names: dict[int, set[tuple[int, str]]] = {}
    for number, (start, lasts, read, wrote, kind, words) in enumerate(story, 1):
        activities[number] = Activity(
            number, "ns", f"j{number}", "r", start, start + lasts, refused=False,
            edges=frozenset({kind}), runs=(),
        )  # fmt: skip
        told = {output: word for output, word in words.items() if output in wrote}
        read_all = read.union(*(inputs for _, inputs in told.values()))
        reads += [(number, dataset) for dataset in sorted(read_all)]
        writes += [(number, dataset, over) for dataset, over in wrote.items()]
        said |= {(number, o): ((by, tuple(sorted(i))),) for o, (by, i) in told.items()}
        for dataset in read_all:
            first[dataset] = min(first.get(dataset, start), start)
    for one, other, by in named:
        if one != other:
            names.setdefault(one, set()).add((other, by))
            names.setdefault(other, set()).add((one, by))
    others = {dataset: tuple(sorted(found)) for dataset, found in names.items()}
    return History(DATASETS, {}, activities, writes, reads, first, 1, said, others)


def surveyed(world: World) -> Survey:
    story, named, declared = world
    said = Declared(lambda _: (), by_uri(declared), at_us=AT_US)
    return over(history_of(story, named), list(DATASETS.values()), said, at_us=AT_US)


def labels(seen: Survey) -> dict[str, tuple[frozenset[str], frozenset[tuple[str, str]]]]:
    """Return for each dataset the claims that reach it, and as what categories from where."""

    def named(bits: int) -> Iterator[str]:
        return (uri for place, uri in enumerate(seen.uris) if bits >> place & 1)

    found = {}
    for uri, versions in seen.ancestry.current.items():
        claims, kinds = set[str](), set[tuple[str, str]]()
        for version in versions:
            claims.update(named(seen.labels[version].claims))
            kinds.update(
                (category, brought)
                for category, bits in seen.labels[version].categories.items()
                for brought in named(bits)
            )
        found[uri] = (frozenset(claims), frozenset(kinds))
    return found


def reference(  # noqa: C901 - what is checked in one glance stands in one place
    seen: Survey,
) -> dict[str, tuple[frozenset[str], frozenset[tuple[str, str]]]]:
    """The label of a dataset, by following every single category along every single edge."""
    ancestry, said, rules = seen.ancestry, seen.declared, edges.Rules()
    versions = range(len(ancestry.versions))
    facts: list[set[tuple[str, str]]] = []
    for version in versions:
        uri = ancestry.versions[version].uri
        facts.append({(c, uri) for c in ("", *said.categories(uri)) if said(uri)})
    for _ in itertools.count():
        before = [set(found) for found in facts]
        for version in versions:
            activity = ancestry.versions[version].activity
            arrived = {fact for p in ancestry.made_from[version] for fact in facts[p]}
            for kind in activity.edges if activity else ():
                for rule in rules.escalations(kind):
                    arrived |= {(rule.becomes, uri) for c, uri in arrived if c in rule.when}
            if activity and activity.edges <= {EdgeKind.ANONYMISE, EdgeKind.AGGREGATE}:
                for d in said(ancestry.versions[version].uri):
                    if (gone := d.declassified) and gone.until_us > AT_US:
                        arrived = {fact for fact in arrived if fact[0] not in gone.removes}
            facts[version] |= arrived.union(*(facts[p] for p in ancestry.kept[version]))
        if before == facts:
            break
    found = {}
    for uri, current in ancestry.current.items():
        reached = set[tuple[str, str]]().union(*(facts[version] for version in current))
        found[uri] = (
            frozenset(who for c, who in reached if not c),
            frozenset(fact for fact in reached if fact[0]),
        )
    return found


def gaps(seen: Survey) -> dict[str, set[str]]:
    """Return for each dataset what is unknown about how it came to be."""
    return {
        uri: {
            seen.ancestry.versions[v].uri
            for v in seen.ancestry.above(versions)
            if seen.lineage_verdict(v) != "complete"
        }
        for uri, versions in seen.ancestry.current.items()
    }


@given(worlds)
def test_labels_agree_with_following_every_category_along_every_edge(world: World) -> None:
    seen = surveyed(world)

    assert labels(seen) == reference(seen)


@given(worlds)
def test_saying_that_everything_made_everything_is_saying_nothing(world: World) -> None:
    story, named, declared = world
    silent = [(*task[:5], {}) for task in story]
    spoken = [
        (start, lasts, read, wrote, kind, dict.fromkeys(wrote, (TRUSTED, read)))
        for start, lasts, read, wrote, kind, _ in silent
    ]

    assert labels(surveyed((spoken, named, declared))) == labels(
        surveyed((silent, named, declared))
    )


@given(worlds)
def test_the_word_of_a_stranger_drops_nothing(world: World) -> None:
    """Neither about what made what, nor about other names: it says as much as a longer list."""
    story, named, declared = world
    quiet = []
    for start, lasts, read, wrote, kind, words in story:
        theirs = (i for o, (by, i) in words.items() if by == STRANGER and o in wrote)
        ours = {o: word for o, word in words.items() if word[0] == TRUSTED}
        quiet.append((start, lasts, read.union(*theirs), wrote, kind, ours))
    kept = [alias for alias in named if alias[2] == TRUSTED]
    less, more = surveyed((quiet, kept, declared)), surveyed(world)

    assert all(
        claims <= labels(more)[uri][0] and kinds <= labels(more)[uri][1]
        for uri, (claims, kinds) in labels(less).items()
    )
    assert all(found <= gaps(more)[uri] for uri, found in gaps(less).items())


@given(worlds, aliases)
def test_another_name_drops_no_claim_and_no_category(
    world: World, alias: tuple[int, int, str]
) -> None:
    story, named, declared = world
    before, after = labels(surveyed(world)), labels(surveyed((story, [*named, alias], declared)))

    assert all(before[uri][0] <= after[uri][0] for uri in before)
    assert all(before[uri][1] <= after[uri][1] for uri in before)


@given(worlds, st.data())
def test_two_names_of_a_dataset_have_one_label(world: World, data: st.DataObject) -> None:
    """A withdrawn source is found under its alias: what is said about either binds both."""
    story, named, declared = world
    one, other = data.draw(st.lists(numbers, min_size=2, max_size=2, unique=True))
    found = labels(surveyed((story, [*named, (one, other, STRANGER)], declared)))

    assert found[DATASETS[one].uri] == found[DATASETS[other].uri]


@given(worlds, st.data())
def test_an_added_input_drops_nothing(world: World, data: st.DataObject) -> None:
    story, named, declared = world
    if not story:
        return
    place, extra = data.draw(st.integers(0, len(story) - 1)), data.draw(numbers)
    start, lasts, read, *rest = story[place]
    wider = [*story[:place], (start, lasts, read | {extra}, *rest), *story[place + 1 :]]
    before, after = labels(surveyed(world)), labels(surveyed((wider, named, declared)))

    assert all(before[uri][0] <= after[uri][0] for uri in before)
    assert all(before[uri][1] <= after[uri][1] for uri in before)


@given(worlds)
def test_only_a_declassification_that_holds_drops_anything_and_only_categories(
    world: World,
) -> None:
    story, named, declared = world
    undecided = [replace(d, declassified=None) for d in declared]
    with_it, without = surveyed(world), surveyed((story, named, undecided))
    holds = any(d.declassified and d.declassified.until_us > AT_US for d in declared)

    for uri, (claims, kinds) in labels(with_it).items():
        assert claims == labels(without)[uri][0]
        assert kinds <= labels(without)[uri][1]
        assert holds or kinds == labels(without)[uri][1]
    assert gaps(with_it) == gaps(without)
