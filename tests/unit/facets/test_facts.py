"""What run events say, and what they cannot make anybody believe."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lineage_plugin import codec
from lineage_plugin.facets import names
from lineage_plugin.facets.events import UNREADABLE, facts_of, micros_of
from lineage_plugin.model import (
    Assurance,
    DatasetRef,
    Declaration,
    EdgeKind,
    License,
    Output,
    RunFacts,
    RunState,
    Unknown,
)

RUN, PARENT = "01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000002"
RAW, FACES = DatasetRef("s3://lake", "raw"), DatasetRef("s3://lake", "faces")
OURS = {"_producer": names.PRODUCER, "_schemaURL": "https://example.org/x"}
THEIRS = {"_producer": "https://example.org/spark", "_schemaURL": "https://example.org/x"}


def dataset(ref: DatasetRef, **facets: Any) -> dict[str, Any]:
    return {"namespace": ref.namespace, "name": ref.name, "facets": facets}


def event(*, run_facets: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "eventType": "COMPLETE",
        "eventTime": "2026-05-03T10:00:00Z",
        "producer": "https://example.org/airflow",
        "run": {"runId": RUN, "facets": run_facets or {}},
        "job": {"namespace": "airflow", "name": "dag.task"},
        "inputs": [dataset(RAW)],
        "outputs": [dataset(FACES)],
        **changes,
    }


def facts(**changes: Any) -> RunFacts:
    found = facts_of(event(**changes))
    assert found is not None
    return found


def test_a_name_is_one_line_and_keeps_the_spaces_of_every_script() -> None:
    forged, japanese = "raw\n2026 ALLOWED\x1b[2J\u2028", "写真\u3000集"
    found = facts(
        inputs=[{"namespace": "s3://lake", "name": name} for name in (forged, japanese)],
        job={"namespace": "air\nflow", "name": "dag\rtask"},
    )

    assert [ref.name for ref in found.inputs] == ["raw\ufffd2026 ALLOWED\ufffd[2J\ufffd", japanese]
    assert (found.job_namespace, found.job_name) == ("air\ufffdflow", "dag\ufffdtask")


def test_a_plain_event_says_who_read_and_wrote_what_and_when() -> None:
    assert facts() == RunFacts(
        run_id=RUN,
        job_namespace="airflow",
        job_name="dag.task",
        state=RunState.COMPLETE,
        at_us=1_777_802_400_000_000,
        group=RUN,
        inputs=(RAW,),
        outputs=(Output(FACES),),
        producer="https://example.org/airflow",
    )


def test_a_task_of_airflow_is_grouped_by_its_dag_run() -> None:
    found = facts(
        run_facets={
            "parent": {"run": {"runId": PARENT}, "job": {"namespace": "a", "name": "dag"}},
            "airflow": {"taskInstance": {"map_index": 4, "try_number": 2}},
        }
    )

    assert (found.group, found.parent_run_id) == (PARENT, PARENT)
    assert (found.slot, found.attempt) == (4, 2)


@pytest.mark.parametrize("junk", [None, True, -1, 2**40, "3", 1.5, []], ids=repr)
def test_a_map_index_that_is_none_is_none(junk: object) -> None:
    found = facts(run_facets={"airflow": {"taskInstance": {"map_index": junk, "try_number": junk}}})

    assert (found.slot, found.attempt) == (-1, 0)


@pytest.mark.parametrize(
    "missing", [{"run": {}}, {"job": {}}, {"run": None}, {"job": "x"}], ids=str
)
def test_an_event_without_run_or_job_is_no_run_event(missing: dict[str, Any]) -> None:
    assert facts_of(event(**missing)) is None


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("2026-05-03T10:00:00Z", 1_777_802_400_000_000),
        ("2026-05-03T12:00:00+02:00", 1_777_802_400_000_000),
        ("2026-05-03T10:00:00", 1_777_802_400_000_000),
        ("2026-05-03T10:00:00.123456789Z", 1_777_802_400_123_456),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
        ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
        ("0001-01-01T00:00:00+14:00", -62_135_596_800_000_000 - 14 * 3_600_000_000),
        ("10000-01-01T00:00:00Z", None),
        ("yesterday", None),
        ("", None),
        (1_777_802_400, None),
        (None, None),
    ],
    ids=repr,
)
def test_times_are_read_with_and_without_zone_long_ago_and_far_ahead(
    text: object, micros: int | None
) -> None:
    assert micros_of(text) == micros


def test_an_event_whose_time_cannot_be_read_happened_when_it_arrived() -> None:
    found = facts_of(event(eventTime="soon"), received_us=42)

    assert found is not None
    assert found.at_us == 42


@pytest.mark.parametrize("state", ["NOPE", None, 3, ""], ids=repr)
def test_an_unknown_state_is_neither_start_nor_end(state: object) -> None:
    assert facts(eventType=state).state is RunState.OTHER


def test_a_dataset_named_twice_is_read_once() -> None:
    folder = dataset(DatasetRef("s3://lake", "raw/"))

    assert facts(inputs=[dataset(RAW), folder]).inputs == (RAW,)


@pytest.mark.parametrize("junk", [{"name": "x"}, {"namespace": "", "name": "x"}, None, "s3://x"])
def test_an_input_that_cannot_be_read_is_an_input_nobody_knows(junk: object) -> None:
    """Left out, it would make what is made from it look cleaner than it is."""
    assert facts(inputs=[dataset(RAW), junk]).inputs == (RAW, DatasetRef(UNREADABLE, RUN))


def test_inputs_that_are_no_list_are_an_input_nobody_knows() -> None:
    assert facts(inputs={"namespace": "a", "name": "b"}).inputs == (DatasetRef(UNREADABLE, RUN),)


def test_an_output_that_cannot_be_read_is_left_out() -> None:
    assert facts(outputs=[{"name": "x"}, dataset(FACES)]).outputs == (Output(FACES),)


class TestOverwriting:
    """An overwrite forgets the old label, so it must be proven."""

    @pytest.mark.parametrize("change", ["OVERWRITE", "CREATE", "TRUNCATE", "overwrite"])
    def test_a_completed_run_proves_it_by_openlineages_own_facet(self, change: str) -> None:
        output = dataset(FACES, lifecycleStateChange={"lifecycleStateChange": change})

        assert facts(outputs=[output]).outputs == (Output(FACES, overwrites=True),)

    @pytest.mark.parametrize("change", ["ALTER", "RENAME", "DROP", 7, None, {}], ids=repr)
    def test_other_changes_keep_what_was_there(self, change: object) -> None:
        output = dataset(FACES, lifecycleStateChange={"lifecycleStateChange": change})

        assert facts(outputs=[output]).outputs == (Output(FACES),)

    @pytest.mark.parametrize("state", ["START", "RUNNING", "FAIL", "ABORT", "OTHER"])
    def test_a_run_that_did_not_complete_proves_nothing(self, state: str) -> None:
        output = dataset(FACES, lifecycleStateChange={"lifecycleStateChange": "OVERWRITE"})
        task = {**OURS, "edge": "copy", "overwrites": [FACES.uri], "declarations": []}

        found = facts(eventType=state, outputs=[output], run_facets={names.TASK: task})

        assert found.outputs == (Output(FACES),)

    def test_the_author_of_the_task_may_declare_it(self) -> None:
        task = {**OURS, "edge": "copy", "overwrites": [FACES.uri, 3], "declarations": []}

        found = facts(run_facets={names.TASK: task})

        assert found.outputs == (Output(FACES, overwrites=True),)

    def test_a_stranger_may_not(self) -> None:
        task = {**THEIRS, "edge": "copy", "overwrites": [FACES.uri], "declarations": []}

        found = facts(run_facets={names.TASK: task})

        assert found.outputs == (Output(FACES),)
        assert found.edge is EdgeKind.UNSPECIFIED


def test_a_task_completes_what_the_integration_left_out() -> None:
    task = {
        **OURS,
        "edge": "embed",
        "overwrites": [],
        "declarations": [],
        "inputs": [dataset(RAW), {"namespace": "hf://datasets", "name": "squad"}],
        "outputs": [{"namespace": "models", "name": "ranker"}],
    }

    found = facts(run_facets={names.TASK: task})

    assert found.edge is EdgeKind.EMBED
    assert found.inputs == (RAW, DatasetRef("hf://datasets", "squad"))
    assert found.outputs == (Output(FACES), Output(DatasetRef("models", "ranker")))


@pytest.mark.parametrize(
    ("state", "producer", "outcome", "refused"),
    [
        ("FAIL", names.PRODUCER, "DENIED", "d1"),
        ("FAIL", f"{names.PRODUCER}/0.1.0", "UNDECIDED", "d1"),
        ("FAIL", names.PRODUCER, "ALLOWED", ""),
        ("FAIL", names.PRODUCER, "MAYBE", ""),
        ("FAIL", "https://example.org", "DENIED", ""),
        ("FAIL", "https://w3id.org/lineage-plugin.example.org", "DENIED", ""),
        ("COMPLETE", names.PRODUCER, "DENIED", ""),
    ],
)
def test_only_our_gate_keeps_a_body_from_running(
    state: str, producer: str, outcome: str, refused: str
) -> None:
    """A run that was refused wrote nothing, so whoever can say so can wash data."""
    gate = {"_producer": producer, "decisionId": "d1", "outcome": outcome}

    assert facts(eventType=state, run_facets={names.GATE: gate}).refused_by == refused


def test_what_a_gate_judged_was_an_input() -> None:
    gate = {
        **OURS,
        "decisionId": "d",
        "outcome": "ALLOWED",
        "inputs": [{"namespace": "a", "name": "b"}],
    }

    assert facts(run_facets={names.GATE: gate}).inputs == (RAW, DatasetRef("a", "b"))


class TestDeclarations:
    """What a DAG's author says binds; what a stranger says is a claim."""

    SAID = Declaration(
        "team",
        FACES.uri,
        external=True,
        license=License("CC-BY-4.0"),
        assurance=Assurance.VERIFIED,
    )

    def task(self, producer: dict[str, str], *items: object) -> dict[str, Any]:
        plain = {**producer, "edge": "copy", "overwrites": [], "declarations": list(items)}
        return {names.TASK: json.loads(json.dumps(plain))}

    def test_ours_are_taken_as_they_are(self) -> None:
        found = facts(run_facets=self.task(OURS, codec.encode(self.SAID)))

        assert found.declarations == (self.SAID,)

    def test_a_strangers_are_claims_in_its_own_name_and_make_no_root(self) -> None:
        found = facts(run_facets=self.task(THEIRS, codec.encode(self.SAID)))

        assert found.declarations == (
            Declaration(
                "foreign:https://example.org/spark", FACES.uri, license=License("CC-BY-4.0")
            ),
        )

    def test_a_stranger_speaks_only_of_its_own_datasets(self) -> None:
        other = codec.encode(Declaration("team", "s3://other/x", license=License("MIT")))

        assert facts(run_facets=self.task(THEIRS, other)).declarations == ()

    @pytest.mark.parametrize(
        "junk",
        [
            {"license": {"declared": "MIT", "added_in_release_9": True}},
            {"assurance": 99},
            {"external": "yes"},
            {"categories": "personal"},
        ],
        ids=str,
    )
    def test_what_cannot_be_read_is_unknown_and_not_left_out(self, junk: dict[str, Any]) -> None:
        """It may have forbidden anything."""
        item = {"authority": "team", "pattern": FACES.uri, **junk}

        (found,) = facts(run_facets=self.task(OURS, item)).declarations

        assert (found.authority, found.pattern) == ("team", FACES.uri)
        assert all(isinstance(p, Unknown) for p in (found.source, found.license, found.consent))


def test_names_that_no_database_takes_are_mended() -> None:
    found = facts(inputs=[{"namespace": "s3://l\ud800ake", "name": "ra\0w"}])

    (ref,) = found.inputs
    assert ref.uri.encode()
    assert "\0" not in ref.uri


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text()
            | st.sampled_from(
                ["runId", "name", "namespace", "facets", "_producer", "declarations", "overwrites"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
FACETS = st.dictionaries(
    st.sampled_from(["parent", "airflow", names.TASK, names.GATE, "x"]),
    JSON
    | st.fixed_dictionaries(
        {"_producer": st.just(names.PRODUCER)},
        optional={
            "edge": JSON,
            "declarations": JSON,
            "overwrites": JSON,
            "inputs": JSON,
            "outputs": JSON,
            "outcome": JSON,
            "decisionId": JSON,
            "reasons": JSON,
        },
    ),
    max_size=3,
)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "eventType": JSON | st.sampled_from([state.value for state in RunState]),
        "eventTime": JSON | st.datetimes().map(lambda moment: moment.isoformat()),
        "producer": JSON,
        "run": JSON
        | st.fixed_dictionaries({"runId": JSON | st.text(min_size=1), "facets": FACETS}),
        "job": JSON | st.fixed_dictionaries({"name": st.text(min_size=1), "namespace": JSON}),
        "inputs": JSON | st.lists(st.fixed_dictionaries({"namespace": JSON, "name": JSON})),
        "outputs": JSON | st.lists(st.fixed_dictionaries({"name": JSON, "facets": JSON})),
    },
)


@given(EVENTS)
@example({"run": {"runId": "r"}, "job": {"name": "j"}, "eventTime": "9999-12-31T23:59:59-23:59"})
@example({"run": {"runId": "\ud800"}, "job": {"name": "j", "namespace": []}})
def test_no_junk_makes_it_stumble(plain: dict[str, Any]) -> None:
    found = facts_of(plain, received_us=7)

    run, job = plain.get("run"), plain.get("job")
    run_id = run.get("runId") if isinstance(run, dict) else None
    name = job.get("name") if isinstance(job, dict) else None
    named = isinstance(run_id, str) and isinstance(name, str) and run_id and name
    assert (found is not None) == bool(named)
    if found is not None:
        assert codec.decode(RunFacts, json.loads(codec.canonical(codec.encode(found)))) == found
        assert codec.canonical(codec.encode(found)).encode()


def test_deep_nesting_is_no_trap() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    item = {"authority": "a", "pattern": FACES.uri, "license": deep}
    task = {**OURS, "edge": "copy", "overwrites": [], "declarations": [item]}

    (found,) = facts(run_facets={names.TASK: task}).declarations

    assert isinstance(found.license, Unknown)
