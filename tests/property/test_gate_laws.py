"""What every provenance frame obeys, whatever happened and whatever was declared."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lineage_plugin.gate.frame import Frame, build
from lineage_plugin.lineage.said import Declared, by_uri
from lineage_plugin.lineage.survey import over
from lineage_plugin.model import (
    Assurance,
    Consent,
    Custody,
    DatasetRef,
    Declaration,
    DeclaredNone,
    EdgeKind,
    Evidence,
    License,
    Source,
    Transfer,
    Unknown,
    Use,
)
from lineage_plugin.policy import verdicts
from lineage_plugin.policy.purposes import shipped
from lineage_plugin.store.api import Activity, History

DATASETS = {number: DatasetRef("s3://lake", f"t{number}") for number in range(1, 6)}
AT_US = 100
AREAS = ("lineage", "source", "license", "consent", "custody", "use")

#: Verdicts that speaking may mend.
SILENT = ("absent", "unknown-producer", "no-known-inputs")

_unknown = st.just(Unknown("?"))
_none = st.just(DeclaredNone("."))
_silence = st.none()
_sources = st.one_of(_silence, _unknown, st.just(Source("Acme", "feeds")))
_licenses = st.one_of(
    _silence,
    _unknown,
    _none,
    st.sampled_from(["CC-BY-4.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "GPL-3.0-only"]).map(License),
)
_consents = st.one_of(
    _silence,
    _unknown,
    _none,
    st.builds(
        Consent,
        bases=st.sampled_from([("eu-gdpr:A6-1-a",), ("eu-gdpr:A6-1-a", "eu-gdpr:A9-2-a")]),
        status=st.sampled_from(["dpv:ConsentGiven", "dpv:ConsentWithdrawn"]),
        purposes=st.sampled_from([("model-training",), ("face-recognition",), ("marketing",)]),
        until_us=st.one_of(st.none(), st.integers(50, 150)),
    ),
)
_agreements = st.one_of(
    _silence, _none, st.builds(Evidence, st.just("a.pdf"), until_us=st.integers(50, 150))
)
_custodies = st.one_of(
    _silence,
    _unknown,
    _none,
    st.builds(lambda agreement: Custody((Transfer("licensed", agreement=agreement),)), _agreements),
)
_uses = st.one_of(_silence, st.just(Use(excluded=("model-training",))))
declarations = st.builds(
    Declaration,
    authority=st.sampled_from(["team", "auditor"]),
    pattern=st.sampled_from([ref.uri for ref in DATASETS.values()]),
    external=st.booleans(),
    valid_until_us=st.one_of(st.none(), st.integers(50, 150)),
    source=_sources,
    license=_licenses,
    consent=_consents,
    custody=_custodies,
    use=_uses,
    categories=st.sampled_from([(), ("personal",), ("personal", "face-image")]),
    assurance=st.sampled_from(Assurance),
)
_some = st.frozensets(st.sampled_from(sorted(DATASETS)), max_size=2)
runs = st.tuples(
    st.integers(0, 60),
    st.one_of(st.none(), st.integers(0, 50)),
    _some,
    _some,
    st.sampled_from([EdgeKind.FILTER, EdgeKind.EMBED, EdgeKind.ANONYMISE]),
)
Run = tuple[int, int | None, frozenset[int], frozenset[int], EdgeKind]
histories = st.lists(runs, max_size=7)
said = st.lists(declarations, max_size=7)
purposes = st.sampled_from(["model-training", "face-recognition", "publication"])
asked = st.frozensets(st.sampled_from(sorted(DATASETS)), min_size=1)


def history_of(story: Collection[Run]) -> History:
    """Return the record of a story."""
    activities = {
        number: Activity(
            number,
            "ns",
            f"j{number}",
            f"r{number}",
            start,
            None if lasts is None else start + lasts,
            refused=False,
            edges=frozenset({edge}),
            runs=(),
        )
        for number, (start, lasts, _, _, edge) in enumerate(story, 1)
    }
    reads = [(n, d) for n, (_, _, read, _, _) in enumerate(story, 1) for d in sorted(read)]
    writes = [(n, d, False) for n, (*_, wrote, _) in enumerate(story, 1) for d in sorted(wrote)]
    first: dict[int, int] = {}
    for number, dataset in reads:
        if activities[number].ended_us is not None:
            start = activities[number].started_us
            first[dataset] = min(first.get(dataset, start), start)
    return History(DATASETS, {}, activities, writes, reads, first, 1)


def frame(
    history: History, declared: Collection[Declaration], inputs: Collection[int], purpose: str
) -> Frame:
    """Return the frame over some datasets."""
    known = Declared(lambda _: (), by_uri(declared), at_us=AT_US)
    refs = [DATASETS[number] for number in inputs]
    seen = over(history, refs, known, at_us=AT_US)
    return build(seen, purpose=purpose, purposes=shipped(), at_us=AT_US, terms={})


def failing(found: Frame, *, but: Collection[str] = ()) -> set[tuple[str, str]]:
    """Return every dataset and area with a verdict that does not pass, and is not among *but*."""
    return {
        (row["dataset"], area)
        for row in found.rows
        for area in AREAS
        if (verdict := row[f"{area}_verdict"]) not in but and not verdicts.passes(area, verdict)
    }


@given(histories, said, asked, asked, purposes)
def test_another_input_never_makes_a_failing_cell_pass(
    story: list[Run],
    declared: list[Declaration],
    inputs: frozenset[int],
    more: frozenset[int],
    purpose: str,
) -> None:
    history = history_of(story)

    before = failing(frame(history, declared, inputs, purpose))

    assert before <= failing(frame(history, declared, inputs | more, purpose))


@given(histories, said, asked, declarations, purposes)
def test_another_word_never_makes_a_spoken_fault_pass(
    story: list[Run],
    declared: list[Declaration],
    inputs: frozenset[int],
    more: Declaration,
    purpose: str,
) -> None:
    """Only silence can be mended by speaking: of lineage by a root, of the rest by what is said."""
    history = history_of(story)

    before = failing(frame(history, declared, inputs, purpose), but=SILENT)

    assert before <= failing(frame(history, [*declared, more], inputs, purpose))


@given(histories, said, asked, purposes, st.integers(0, 2**32))
def test_the_order_of_facts_does_not_matter(
    story: list[Run],
    declared: list[Declaration],
    inputs: frozenset[int],
    purpose: str,
    seed: int,
) -> None:
    history = history_of(story)
    shuffled = random.Random(seed)  # noqa: S311 - to mix, not to hide
    reads, writes, words = list(history.reads), list(history.writes), list(declared)
    activities = list(history.activities.items())
    for facts in (reads, writes, words, activities):
        shuffled.shuffle(facts)
    mixed = replace(history, reads=reads, writes=writes, activities=dict(activities))

    one = frame(history, declared, sorted(inputs), purpose)
    other = frame(mixed, words, sorted(inputs, reverse=True), purpose)

    assert one.digest == other.digest
    assert one.expires_us == other.expires_us
    assert {str(row) for row in one.rows} == {str(row) for row in other.rows}


@given(histories, said, asked, st.sampled_from(sorted(DATASETS)), purposes)
def test_what_somebody_does_not_know_never_washes_out(
    story: list[Run],
    declared: list[Declaration],
    inputs: frozenset[int],
    doubtful: int,
    purpose: str,
) -> None:
    """However far upstream, and whatever others say about the same dataset."""
    uri = DATASETS[doubtful].uri
    doubt = Declaration("doubter", uri, license=Unknown("?"), consent=Unknown("?"))

    found = frame(history_of(story), [*declared, doubt], inputs, purpose)

    if any(row["dataset"] == uri for row in found.rows):
        assert {(uri, "license"), (uri, "consent")} <= failing(found)


@given(histories, said, asked, purposes)
def test_only_what_is_recorded_to_its_roots_is_complete(
    story: list[Run], declared: list[Declaration], inputs: frozenset[int], purpose: str
) -> None:
    roots = {d.pattern for d in declared if d.external and d.holds(AT_US)}

    for row in frame(history_of(story), declared, inputs, purpose).rows:
        known = row["dataset"] in roots or row["origin"] == "derived"
        assert known or row["lineage_verdict"] == "unknown-producer"
        assert (row["origin"] == "external") == (row["dataset"] in roots)


@given(histories, said, asked, purposes)
def test_no_cell_is_null(
    story: list[Run], declared: list[Declaration], inputs: frozenset[int], purpose: str
) -> None:
    """Great Expectations passes over nulls."""
    for row in frame(history_of(story), declared, inputs, purpose).rows:
        assert all(cell not in (None, "") for cell in row.values())
