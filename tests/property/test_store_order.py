"""The record is a set of facts: what arrives in another order, or twice, changes no answer."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lineage_plugin.model import (
    Alias,
    DatasetRef,
    Decision,
    Declaration,
    Declassified,
    EdgeKind,
    ExplicitLineage,
    License,
    Outcome,
    Output,
    RunFacts,
    RunState,
    Subject,
)
from lineage_plugin.store import open_store
from lineage_plugin.store.api import History, Store

Fact = RunFacts | Decision

#: Folders, files in them, two spellings of one folder, and names that only look related.
NAMES = ["photos", "photos/", "photos/1.jpg", "photos/2014/2.jpg", "photosets", "faces", "/"]
JOBS = ["embed", "train"]
GROUPS = ["monday", "tuesday"]
MOMENTS = st.integers(0, 6)

refs = st.builds(DatasetRef, st.just("s3://lake"), st.sampled_from(NAMES))

producers = st.sampled_from(["us", "them"])

#: Mostly nobody says what an output was made from.
words = st.one_of(
    st.just(()),
    st.lists(
        st.builds(ExplicitLineage, st.lists(refs, max_size=2).map(tuple), producers), max_size=2
    ).map(tuple),
)

declarations = st.builds(
    Declaration,
    authority=st.sampled_from(["team", "vendor"]),
    pattern=st.sampled_from(["s3://lake/photos", "s3://lake/faces"]),
    license=st.builds(License, st.sampled_from(["MIT", "CC-BY-NC-4.0"])),
    declassified=st.none()
    | st.just(Declassified(("personal",), "k-anonymity", "team-privacy", "k is 20", 5)),
)


@st.composite
def task_events(draw: Any) -> RunFacts:
    """Draw an event of one of few tasks, tries and map indexes, so that many concern the same."""
    job, group = draw(st.sampled_from(JOBS)), draw(st.sampled_from(GROUPS))
    slot, attempt = draw(st.integers(-1, 0)), draw(st.integers(0, 2))
    knows_place = draw(st.booleans())
    return RunFacts(
        run_id=f"{group}/{job}/{slot}/{attempt}",
        job_namespace="default",
        job_name=job,
        state=draw(st.sampled_from(RunState)),
        at_us=draw(MOMENTS),
        group=group,
        parent_run_id=group if knows_place else "",
        slot=slot if knows_place else -1,
        attempt=attempt if knows_place else 0,
        inputs=tuple(draw(st.lists(refs, max_size=2))),
        outputs=tuple(draw(st.lists(st.builds(Output, refs, st.booleans(), words), max_size=2))),
        edge=draw(st.sampled_from([EdgeKind.UNSPECIFIED, EdgeKind.EMBED, EdgeKind.TRAIN])),
        declarations=tuple(draw(st.lists(declarations, max_size=2))),
        is_whole=draw(st.booleans()),
        refused_by=draw(st.sampled_from(["", "d1", "d2"])),
        aliases=tuple(draw(st.lists(st.builds(Alias, refs, refs, producers), max_size=1))),
    )


dag_events = st.builds(
    lambda group, state, at_us: RunFacts(group, "default", "dag", state, at_us, group=group),
    st.sampled_from(GROUPS),
    st.sampled_from(RunState),
    MOMENTS,
)

decisions = st.builds(
    Decision,
    id=st.sampled_from(["d1", "d2"]),
    outcome=st.sampled_from(Outcome),
    purpose=st.just("publication"),
    inputs=st.lists(refs, max_size=2).map(tuple),
    subject=st.builds(Subject, st.just("default"), st.sampled_from(JOBS), st.sampled_from(GROUPS)),
    reasons=st.just(()),
    at_us=MOMENTS,
    valid_until_us=st.one_of(st.none(), MOMENTS),
    frame_digest=st.just("f"),
    policy_digest=st.just("p"),
    known_seq=st.just(0),
)

facts_of_a_week = st.tuples(
    st.lists(st.one_of(task_events(), task_events(), dag_events), max_size=10),
    st.lists(decisions, max_size=2, unique_by=lambda decision: decision.id),
).map(lambda drawn: [*drawn[0], *drawn[1]])


@contextmanager
def record_of(facts: Sequence[Fact]) -> Iterator[Store]:
    """Keep a record to which *facts* were appended one by one."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder, 'record.db')}")
        with closing(store):
            for fact in facts:
                append(store, fact)
            yield store


def append(store: Store, fact: Fact) -> int:
    if isinstance(fact, Decision):
        return store.append_decision(fact, recorded_us=0)
    return store.append_runs([(fact, "{}")], recorded_us=0)


def without_ids(history: History) -> dict[str, Any]:
    """Write a history by the names of things, in one order."""
    name = {i: ref.uri for i, ref in history.datasets.items()}
    who = {i: (a.job_name, a.group) for i, a in history.activities.items()}
    assert history.related.keys() <= name.keys()
    return {
        "datasets": sorted(history.datasets.values()),
        "related": {
            name[d]: sorted(name[o] for o in others) for d, others in history.related.items()
        },
        "activities": {who[i]: a._replace(id=0) for i, a in history.activities.items()},
        "writes": sorted((who[a], name[d], over) for a, d, over in history.writes),
        "reads": sorted((who[a], name[d]) for a, d in history.reads),
        "first_read_us": {name[d]: at for d, at in history.first_read_us.items()},
        "explicit": sorted(
            (*who[a], name.get(d, ""), by, sorted(name[i] for i in named))
            for (a, d), said in history.explicit.items()
            for by, named in said
        ),
        "aliases": {
            name[d]: sorted((name[other], by) for other, by in others)
            for d, others in history.aliases.items()
        },
    }


def answers(store: Store, *, known_seq: int | None = None) -> dict[str, Any]:
    """Ask everything that can be asked as of any time."""
    asked = [DatasetRef("s3://lake", name) for name in ("photos", "faces", "photos/unseen.jpg")]
    return {
        "history": [
            without_ids(store.history([ref], known_seq=known_seq)) for ref in (*asked, *asked[:1])
        ],
        "together": without_ids(store.history(asked, known_seq=known_seq)),
        "declarations": store.declarations(known_seq=known_seq),
    }


def answers_now(store: Store) -> dict[str, Any]:
    """Ask everything."""
    subjects = [Subject("default", job, group) for job in JOBS for group in GROUPS]
    return {
        **answers(store),
        "datasets": store.datasets(),
        "found": [store.find(f"s3://lake/{name}") for name in NAMES],
        "inputs": [store.inputs_of(subject) for subject in subjects],
        "decisions": store.decisions(limit=9),
        "reusable": [store.reusable_decision("f", "p", "publication", at_us=at) for at in range(8)],
    }


@given(facts_of_a_week, st.data())
def test_order_and_repetition_change_no_answer(facts: list[Fact], data: st.DataObject) -> None:
    repeated = data.draw(st.lists(st.sampled_from(facts), max_size=4)) if facts else []
    shuffled = data.draw(st.permutations([*facts, *repeated]))

    with record_of(facts) as one, record_of(shuffled) as other:
        assert answers_now(one) == answers_now(other)
        assert one.head()[0] == other.head()[0]
        assert other.verify().faults == ()


@given(facts_of_a_week, st.integers(0, 12))
def test_what_was_known_then_is_what_a_record_that_ended_then_knows(
    facts: list[Fact], count: int
) -> None:
    distinct = list(dict.fromkeys(facts))
    with record_of(distinct) as later, record_of(distinct[:count]) as then:
        assert answers(later, known_seq=then.head()[0]) == answers(then)


@given(facts_of_a_week)
def test_a_batch_is_the_same_as_one_by_one(facts: list[Fact]) -> None:
    events = [fact for fact in facts if isinstance(fact, RunFacts)]
    with record_of(events) as one, record_of([]) as other:
        other.append_runs([(fact, "{}") for fact in events], recorded_us=0)

        assert answers_now(one) == answers_now(other)
        assert one.head()[0] == other.head()[0]
