"""What every store promises about runs, what they touched, and what is known of both when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lineage_plugin.lineage.ancestry import ascend
from lineage_plugin.model import (
    Alias,
    DatasetRef,
    EdgeKind,
    ExplicitLineage,
    Outcome,
    Output,
    RunState,
    Subject,
)
from lineage_plugin.store.api import Store
from tests.support.records import (
    COMPLETE,
    FAIL,
    START,
    activity,
    dag_event,
    decision,
    event,
    record,
    ref,
    related,
    uris,
)


class LineageContract:
    """Tests of lineage that hold for every store; a part of ``StoreContract``."""

    # Runs and what they touched -----------------------------------------------------------------

    def test_an_empty_record_knows_nothing_and_holds(self, store: Store) -> None:
        history = store.history([ref("faces")])

        assert store.head() == (0, "0" * 64)
        assert history.datasets == {-1: ref("faces")}
        assert (history.activities, history.writes, history.reads) == ({}, [], [])
        assert (store.datasets(), store.declarations(), store.decisions(limit=9)) == ([], [], [])
        assert store.verify().faults == ()

    def test_what_a_dataset_was_made_from_is_found_through_every_step(self, store: Store) -> None:
        record(store, event("embed", COMPLETE, 10, reads=["photos"], writes=["faces"]))
        record(store, event("train", COMPLETE, 20, reads=["faces"], writes=["model"]))
        record(store, event("other", COMPLETE, 30, reads=["model"], writes=["elsewhere"]))

        history = store.history([ref("model")])

        assert uris(history) == {"s3://lake/photos", "s3://lake/faces", "s3://lake/model"}
        assert {a.job_name for a in history.activities.values()} == {"embed", "train"}
        assert history.seq == 3

    def test_lineage_in_a_circle_ends(self, store: Store) -> None:
        record(store, event("there", COMPLETE, 10, reads=["a"], writes=["b"]))
        record(store, event("back", COMPLETE, 20, reads=["b"], writes=["a"]))

        assert uris(store.history([ref("a")])) == {"s3://lake/a", "s3://lake/b"}

    def test_what_was_made_from_what_is_known_of_every_output_of_a_task(self, store: Store) -> None:
        """What made another output than the one asked for did not make this one."""
        outputs = tuple(
            Output(ref(name), lineage=(ExplicitLineage((ref(made_from),), "us"),))
            for name, made_from in (("faces", "photos"), ("roads", "maps"))
        )
        split = event("split", COMPLETE, 10, reads=["photos", "maps", "forgotten"])
        record(store, replace(split, outputs=outputs))

        found = ascend(
            store.history([ref("roads")]),
            [ref("roads")],
            at_us=None,
            is_root=lambda _: False,
            trusts=lambda _: True,
        )

        assert {v.uri for v in found.versions} == {
            f"s3://lake/{name}" for name in ("roads", "maps", "forgotten")
        }

    def test_one_silent_event_makes_an_output_of_everything(self, store: Store) -> None:
        spoken = Output(ref("roads"), lineage=(ExplicitLineage((ref("maps"),), "us"),))
        begun = event("split", START, 10, reads=["photos", "maps"], writes=["roads"])
        record(store, begun, replace(begun, state=COMPLETE, at_us=20, outputs=(spoken,)))

        assert store.history([ref("roads")]).explicit == {}

    def test_both_names_of_a_dataset_lead_upstream(self, store: Store) -> None:
        alias = Alias(ref("photos"), ref("db.photos"), "us")
        record(store, event("load", COMPLETE, 10, reads=["camera"], writes=["photos"]))
        record(store, replace(event("look", COMPLETE, 20, reads=["photos"]), aliases=(alias,)))

        for name in ("photos", "db.photos"):
            assert uris(store.history([ref(name)])) == {
                f"s3://lake/{each}" for each in ("photos", "db.photos", "camera")
            }

    def test_inputs_that_only_the_last_event_names_count(self, store: Store) -> None:
        record(store, event("embed", START, 10, writes=["faces"]))
        record(store, event("embed", COMPLETE, 20, reads=["photos"]))

        history = store.history([ref("faces")])

        assert uris(history) == {"s3://lake/faces", "s3://lake/photos"}
        assert len(history.reads) == 1

    def test_map_indexes_and_tries_are_one_activity(self, store: Store) -> None:
        for slot in (0, 1):
            for attempt in (1, 2):
                record(
                    store, event("embed", START, 10, writes=["faces"], slot=slot, attempt=attempt)
                )

        history = store.history([ref("faces")])

        (found,) = history.activities.values()
        assert len(found.runs) == 4
        assert len(history.writes) == 1

    def test_another_dag_run_is_another_activity(self, store: Store) -> None:
        record(store, event("embed", COMPLETE, 10, writes=["faces"]))
        record(store, event("embed", COMPLETE, 20, writes=["faces"], dag_run="tuesday"))

        assert len(store.history([ref("faces")]).activities) == 2

    def test_overwriting_needs_to_be_said_once(self, store: Store) -> None:
        record(store, event("embed", START, 10, writes=["faces"]))
        record(store, event("embed", COMPLETE, 20, overwrites=["faces"]))
        record(store, event("append", COMPLETE, 30, writes=["faces"]))
        history = store.history([ref("faces")])
        jobs = {a.id: a.job_name for a in history.activities.values()}

        assert {(jobs[a], over) for a, _, over in history.writes} == {
            ("embed", True),
            ("append", False),
        }

    def test_edge_kinds_of_all_events_are_kept(self, store: Store) -> None:
        record(store, event("embed", START, 10, writes=["faces"]))
        record(store, event("embed", COMPLETE, 20, edge=EdgeKind.EMBED))

        assert activity(store, "embed", "faces").edges == {EdgeKind.EMBED}

    def test_what_a_task_was_seen_reading_is_known_by_its_job_and_group(self, store: Store) -> None:
        record(store, event("train", START, 10, reads=["faces", "labels"], writes=["model"]))
        record(store, event("train", START, 10, reads=["others"], dag_run="tuesday"))

        found = store.inputs_of(Subject("default", "train", "monday"))

        assert found == [ref("faces"), ref("labels")]
        assert store.inputs_of(Subject()) == []

    def test_an_event_that_is_there_already_is_passed_over(self, store: Store) -> None:
        facts = event("embed", COMPLETE, 10, writes=["faces"])
        once = record(store, facts)

        assert record(store, facts, facts) == once
        assert record(store, replace(facts, producer="another")) == once + 1

    def test_nothing_of_a_batch_is_kept_if_one_event_cannot_be(self, store: Store) -> None:
        good = event("embed", COMPLETE, 10, writes=["faces"])

        with pytest.raises(ValueError, match="more than 64 bits"):
            record(store, good, replace(good, at_us=1 << 70), replace(good, at_us=11))
        assert store.head()[0] == 0

    def test_half_a_surrogate_pair_loses_nothing_but_itself(self, store: Store) -> None:
        record(store, event("embed", COMPLETE, 10, writes=["fa\ud800ces"]), raw='"\ud800"')

        assert store.find("s3://lake/fa?ces") == ref("fa?ces")
        assert store.verify().faults == ()

    # When activities end ------------------------------------------------------------------------

    def test_a_run_is_open_until_its_final_event(self, store: Store) -> None:
        record(store, event("embed", START, 10, writes=["faces"]))

        assert activity(store, "embed", "faces").ended_us is None
        record(store, event("embed", COMPLETE, 20))
        found = activity(store, "embed", "faces")
        assert (found.started_us, found.ended_us) == (10, 20)

    def test_a_run_that_started_again_after_its_end_is_open(self, store: Store) -> None:
        record(store, event("embed", START, 10, writes=["faces"]), event("embed", FAIL, 20))
        record(store, event("embed", START, 30))

        assert activity(store, "embed", "faces").ended_us is None

    def test_an_activity_is_open_while_one_map_index_is(self, store: Store) -> None:
        for slot in (0, 1):
            record(store, event("embed", START, 10, writes=["faces"], slot=slot))
        record(store, event("embed", COMPLETE, 20, slot=0))

        assert activity(store, "embed", "faces").ended_us is None
        record(store, event("embed", COMPLETE, 30, slot=1))
        assert activity(store, "embed", "faces").ended_us == 30

    def test_a_later_try_closes_the_one_that_died_silently(self, store: Store) -> None:
        record(store, event("embed", START, 10, writes=["faces"], attempt=1))
        record(store, event("embed", START, 20, writes=["faces"], attempt=2))
        assert activity(store, "embed", "faces").ended_us is None

        record(store, event("embed", COMPLETE, 30, attempt=2))

        assert activity(store, "embed", "faces").ended_us == 30

    def test_a_later_try_of_another_map_index_closes_nothing(self, store: Store) -> None:
        record(store, event("embed", START, 10, writes=["faces"], slot=0, attempt=1))
        record(store, event("embed", COMPLETE, 30, slot=1, attempt=2))

        assert activity(store, "embed", "faces").ended_us is None

    def test_the_end_of_the_dag_run_closes_its_tasks(self, store: Store) -> None:
        record(store, dag_event(START, 5), event("embed", START, 10, writes=["faces"]))
        assert activity(store, "embed", "faces").ended_us is None

        record(store, dag_event(COMPLETE, 40))

        assert activity(store, "embed", "faces").ended_us == 40

    @pytest.mark.parametrize("state", [START, RunState.RUNNING], ids=str)
    def test_a_dag_run_that_ended_before_the_task_started_closes_nothing(
        self, store: Store, state: RunState
    ) -> None:
        record(store, dag_event(COMPLETE, 5), event("embed", state, 10, writes=["faces"]))

        assert activity(store, "embed", "faces").ended_us is None

    def test_a_dag_run_that_started_again_closes_nothing(self, store: Store) -> None:
        record(store, dag_event(START, 5), event("embed", START, 10, writes=["faces"]))
        record(store, dag_event(FAIL, 40), dag_event(START, 50))

        assert activity(store, "embed", "faces").ended_us is None

    def test_the_first_read_that_completed_is_known(self, store: Store) -> None:
        record(store, event("early", START, 5, reads=["faces"]), event("early", FAIL, 6))
        record(store, event("reader", START, 10, reads=["faces"]), event("reader", COMPLETE, 15))
        record(store, event("late", COMPLETE, 40, reads=["faces"]))
        history = store.history([ref("faces")])

        assert set(history.first_read_us.values()) == {10}

    # Refusals -----------------------------------------------------------------------------------

    def test_a_run_that_a_recorded_decision_refused_wrote_nothing(self, store: Store) -> None:
        store.append_decision(decision(), recorded_us=0)
        record(store, event("train", START, 10, writes=["model"]))
        record(store, event("train", FAIL, 20, refused_by="decision-1"))

        assert activity(store, "train", "model").refused

    @pytest.mark.parametrize(
        "change",
        [
            {"id": "another"},
            {"outcome": Outcome.ALLOWED},
            {"subject": Subject("default", "other", "monday", "monday/other/-1/1")},
            {"subject": Subject("default", "train", "sunday", "sunday/train/-1/1")},
            {"subject": Subject()},
        ],
        ids=["no-such-decision", "it-allowed", "other-task", "other-day", "a-person-asked"],
    )
    def test_a_forged_refusal_hides_no_writer(self, store: Store, change: dict[str, Any]) -> None:
        store.append_decision(decision(**change), recorded_us=0)
        record(store, event("train", FAIL, 20, writes=["model"], refused_by="decision-1"))

        assert not activity(store, "train", "model").refused

    def test_a_refused_try_does_not_hide_one_that_ran(self, store: Store) -> None:
        store.append_decision(decision(), recorded_us=0)
        record(store, event("train", FAIL, 20, writes=["model"], refused_by="decision-1"))
        record(store, event("train", COMPLETE, 30, writes=["model"], attempt=2))

        assert not activity(store, "train", "model").refused

    def test_a_run_that_completed_was_not_refused(self, store: Store) -> None:
        store.append_decision(decision(), recorded_us=0)
        record(store, event("train", COMPLETE, 20, writes=["model"], refused_by="decision-1"))

        assert not activity(store, "train", "model").refused

    # Containment --------------------------------------------------------------------------------

    @pytest.mark.parametrize("first", ["photos", "photos/2014/1.jpg"], ids=["whole", "part"])
    def test_a_folder_contains_its_files_whichever_was_first(
        self, store: Store, first: str
    ) -> None:
        names = sorted(
            ["photos", "photos/2014/1.jpg", "photosX", "photo"], key=lambda n: n != first
        )
        record(store, *(event(name, COMPLETE, 10, writes=[name]) for name in names))
        history = store.history([ref("photos")])

        assert related(history, "photos") == {"s3://lake/photos/2014/1.jpg"}
        assert {a.job_name for a in history.activities.values()} == {"photos", "photos/2014/1.jpg"}

    def test_who_reads_a_file_reads_what_the_writer_of_its_folder_read(self, store: Store) -> None:
        record(store, event("unpack", COMPLETE, 10, reads=["archive"], writes=["photos/"]))
        record(store, event("train", COMPLETE, 20, reads=["photos/1.jpg"], writes=["model"]))

        assert "s3://lake/archive" in uris(store.history([ref("model")]))

    def test_the_other_files_of_a_folder_do_not_come_along(self, store: Store) -> None:
        record(store, event("a", COMPLETE, 10, reads=["x"], writes=["photos/1.jpg"]))
        record(store, event("b", COMPLETE, 20, reads=["y"], writes=["photos/2.jpg"]))
        record(store, event("c", COMPLETE, 30, writes=["photos"]))

        assert uris(store.history([ref("photos/1.jpg")])) == {
            "s3://lake/photos",
            "s3://lake/photos/1.jpg",
            "s3://lake/x",
        }

    def test_an_unknown_file_is_related_to_its_known_folder(self, store: Store) -> None:
        record(store, event("unpack", COMPLETE, 10, reads=["archive"], writes=["photos"]))
        history = store.history([ref("photos/never-seen.jpg")])

        assert history.datasets[-1] == ref("photos/never-seen.jpg")
        assert related(history, "photos/never-seen.jpg") == {"s3://lake/photos"}
        assert "s3://lake/archive" in uris(history)

    def test_of_two_spellings_the_same_is_given_whichever_was_first(self, store: Store) -> None:
        for first, second in (("faces", "faces/"), ("photos/", "photos")):
            record(store, event("one", COMPLETE, 10, writes=[first]))
            record(store, event("two", COMPLETE, 20, reads=[second]))
        found = store.history([ref("faces/"), ref("photos/")]).datasets

        assert set(found.values()) == {ref("faces"), ref("photos")}
        assert [s.ref for s in store.datasets()] == [ref("faces"), ref("photos")]
        assert store.find("s3://lake/photos/") == ref("photos")
        assert store.inputs_of(Subject("default", "two", "monday")) == [ref("faces"), ref("photos")]

    def test_a_folder_that_was_not_known_then_contained_nothing_then(self, store: Store) -> None:
        then = record(store, event("file", COMPLETE, 10, writes=["photos/1.jpg"]))
        record(store, event("folder", COMPLETE, 20, writes=["photos"]))

        before = store.history([ref("photos/1.jpg")], known_seq=then)

        assert related(before, "photos/1.jpg") == set()
        assert uris(before) == {"s3://lake/photos/1.jpg"}
        assert related(store.history([ref("photos/1.jpg")]), "photos/1.jpg") == {"s3://lake/photos"}

    def test_the_root_of_a_file_system_contains_its_files(self, store: Store) -> None:
        facts = event("load", COMPLETE, 10)
        store.append_runs(
            [(replace(facts, outputs=(Output(DatasetRef("file", "/data/x.csv")),)), "{}")],
            recorded_us=0,
        )
        history = store.history([DatasetRef("file", "/")])

        assert set(history.related[-1]) == {
            number for number, found in history.datasets.items() if found.name == "/data/x.csv"
        }

    # Time ---------------------------------------------------------------------------------------

    def test_what_was_known_then_can_be_asked_again(self, store: Store) -> None:
        then = record(store, event("embed", START, 10, reads=["photos"], writes=["faces"]))
        record(store, event("embed", COMPLETE, 20, reads=["vendor-drop"], edge=EdgeKind.EMBED))
        record(store, event("fix", COMPLETE, 5, writes=["faces"]))

        before, now = store.history([ref("faces")], known_seq=then), store.history([ref("faces")])

        assert uris(before) == {"s3://lake/photos", "s3://lake/faces"}
        assert [a.ended_us for a in before.activities.values()] == [None]
        assert (before.seq, now.seq) == (then, then + 2)
        assert uris(now) == {"s3://lake/photos", "s3://lake/faces", "s3://lake/vendor-drop"}
        assert len(now.activities) == 2

    def test_a_dataset_that_was_not_known_then_is_unknown_then(self, store: Store) -> None:
        record(store, event("embed", COMPLETE, 10, writes=["faces"]))

        assert store.history([ref("faces")], known_seq=0).datasets == {-1: ref("faces")}

    def test_a_refusal_recorded_later_was_not_known_then(self, store: Store) -> None:
        then = record(store, event("train", FAIL, 20, writes=["model"], refused_by="decision-1"))
        store.append_decision(decision(), recorded_us=0)

        assert not activity(store, "train", "model", known_seq=then).refused
        assert activity(store, "train", "model").refused
