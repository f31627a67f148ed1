"""What every store promises.  Inherit :class:`StoreContract` and give it a ``store_url``."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lineage_plugin.errors import StoreConflict
from lineage_plugin.model import License, Outcome, StatementKind, Subject, in_force
from lineage_plugin.store import open_store
from lineage_plugin.store.api import Store
from tests.contract.store_lineage_contract import LineageContract
from tests.support.records import (
    COMPLETE,
    FAIL,
    START,
    append_many,
    decision,
    declare,
    event,
    record,
    ref,
    said,
    statement,
)


class StoreContract(LineageContract):
    """Tests that hold for SQLite, PostgreSQL, our service, and any store written later."""

    @pytest.fixture
    def store_url(self) -> str:
        """Where an empty store is or can be made."""
        raise RuntimeError("a store under test says where it is")

    @pytest.fixture
    def store(self, store_url: str) -> Iterator[Store]:
        store = open_store(store_url)
        yield store
        store.close()

    # Declarations -------------------------------------------------------------------------------

    def test_a_newer_declaration_supersedes_and_a_missing_one_is_retracted(
        self, store: Store
    ) -> None:
        old, kept = said("s3://lake/a", "MIT"), said("s3://lake/b", "MIT")
        declare(store, [old, kept, said("s3://lake/c")], digest="1")
        then = store.head()[0]
        new = replace(old, license=License("CC-BY-4.0"))

        appended = declare(store, [new, kept], digest="2")

        assert appended == 3  # changed, retracted, and what was read
        assert store.declarations() == [new, kept]
        assert store.declarations(known_seq=then) == [old, kept, said("s3://lake/c")]

    def test_the_same_file_is_recorded_once(self, store: Store) -> None:
        assert declare(store, [said("s3://lake/a")], digest="1") == 2
        assert declare(store, [said("s3://lake/a")], digest="1") == 0
        assert declare(store, [said("s3://lake/a", where="moved:9")], digest="2") == 1
        assert store.origins() == {"catalog:x": ("team", "2")}

    def test_an_origin_that_declares_nothing_any_more_is_gone(self, store: Store) -> None:
        declare(store, [said("s3://lake/a")], digest="1")
        declare(store, [], digest="")

        assert (store.origins(), store.declarations()) == ({}, [])
        declare(store, [said("s3://lake/a")], digest="1")
        assert store.origins() == {"catalog:x": ("team", "1")}

    def test_authorities_and_origins_do_not_supersede_each_other(self, store: Store) -> None:
        declare(store, [said("s3://lake/a", "MIT")], digest="1")
        vendor = said("s3://lake/a", "CC-BY-NC-4.0", authority="vendor")
        declare(store, [vendor], digest="1", authority="vendor", origin="catalog:y")
        declare(store, [said("s3://lake/a", "CC0-1.0")], digest="1", origin="card:z")

        assert {d.license for d in store.declarations()} == {
            License("MIT"),
            License("CC-BY-NC-4.0"),
            License("CC0-1.0"),
        }
        assert [d.authority for d in store.declarations(origin="catalog:y")] == ["vendor"]

    def test_a_file_that_changes_hands_speaks_for_its_new_authority_only(
        self, store: Store
    ) -> None:
        declare(store, [said("s3://lake/a")], digest="1")
        declare(store, [said("s3://lake/a", authority="audit")], digest="2", authority="audit")

        assert [d.authority for d in store.declarations()] == ["audit"]
        assert store.origins() == {"catalog:x": ("audit", "2")}

    def test_one_authority_may_say_several_things_about_one_pattern(self, store: Store) -> None:
        both = [
            said("s3://lake/a", "MIT", valid_until_us=100),
            said("s3://lake/a", "CC0-1.0", valid_from_us=100),
        ]
        declare(store, both, digest="1")

        assert set(store.declarations()) == set(both)

    def test_a_declaration_of_somebody_else_cannot_be_slipped_in(self, store: Store) -> None:
        with pytest.raises(ValueError, match="must be those of 'team'"):
            declare(store, [said("s3://lake/a", authority="vendor")], digest="1")
        with pytest.raises(ValueError, match="names events"):
            declare(store, [], digest="1", origin="event:default/job")

    def test_what_an_event_declares_counts_by_when_it_happened(self, store: Store) -> None:
        late = said("s3://lake/faces", "MIT", where="dag.py:3")
        early = said("s3://lake/faces", "CC-BY-NC-4.0")
        record(store, event("embed", COMPLETE, 20, declarations=(late,)))
        record(store, event("embed", START, 10, declarations=(early,)))

        assert store.declarations() == [late]
        assert store.declarations(origin="event:", patterns=["s3://lake/faces"]) == [late]
        assert store.declarations(origin="event:", patterns=["s3://lake/other"]) == []
        assert store.declarations(origin="catalog:") == []

    def test_what_a_task_no_longer_declares_is_retracted_when_it_completes(
        self, store: Store
    ) -> None:
        root, kept = said("s3://lake/a"), said("s3://lake/b")
        record(store, event("take", START, 10, declarations=(root, kept)))
        record(store, event("take", COMPLETE, 20, declarations=(root, kept), is_whole=True))
        then = store.head()[0]
        record(store, event("take", START, 30, dag_run="tuesday", declarations=(kept,)))
        assert store.declarations() == [root, kept]

        done = event("take", COMPLETE, 40, dag_run="tuesday", declarations=(kept,))
        record(store, replace(done, is_whole=True))

        assert store.declarations() == [kept]
        assert store.declarations(known_seq=then) == [root, kept]

    def test_mapped_tasks_of_one_run_declare_together(self, store: Store) -> None:
        one, two = said("s3://lake/1"), said("s3://lake/2")
        record(store, event("take", COMPLETE, 20, slot=0, declarations=(one,), is_whole=True))
        record(store, event("take", COMPLETE, 21, slot=1, declarations=(two,), is_whole=True))

        assert store.declarations() == [one, two]

    def test_an_event_that_does_not_know_what_its_task_declares_retracts_nothing(
        self, store: Store
    ) -> None:
        root = said("s3://lake/a")
        record(store, event("take", COMPLETE, 20, declarations=(root,), is_whole=True))
        record(store, event("take", COMPLETE, 40, dag_run="tuesday"))

        assert store.declarations() == [root]

    # Decisions ----------------------------------------------------------------------------------

    def test_a_decision_comes_back_as_it_was_made(self, store: Store) -> None:
        made = decision(valid_until_us=None)
        store.append_decision(made, recorded_us=5)

        assert store.decision("decision-1") == made
        assert store.decision("decision-2") is None

    def test_the_same_id_with_other_content_is_a_conflict(self, store: Store) -> None:
        seq = store.append_decision(decision(), recorded_us=5)

        assert store.append_decision(decision(), recorded_us=6) == seq
        with pytest.raises(StoreConflict, match="decision decision-1 is already in the record"):
            store.append_decision(decision(rows=7), recorded_us=6)

    def test_who_touched_what_is_told_once(self, store: Store) -> None:
        for day in ("monday", "tuesday"):
            record(store, event("embed", COMPLETE, 1, reads=["a", "b"], writes=["b"], dag_run=day))
        record(store, event("train", START, 5, reads=["b/"]))

        assert store.touches() == [("embed", ref("a")), ("embed", ref("b")), ("train", ref("b"))]

    # Statements ---------------------------------------------------------------------------------

    def test_statements_are_found_by_kind_and_dataset_with_what_ended_them(
        self, store: Store
    ) -> None:
        waiver = statement(1, datasets=("s3://lake/a", "s3://lake/b"))
        quarantine = statement(2, kind=StatementKind.QUARANTINE, datasets=("s3://lake/b",))
        end = statement(3, kind=StatementKind.END, ends=quarantine.id, datasets=())
        for one in (end, quarantine, waiver):
            store.append_statement(one, recorded_us=9)

        assert store.statements() == [waiver, quarantine, end]
        assert store.statements(kinds=[StatementKind.WAIVER]) == [waiver]
        assert store.statements(about=["s3://lake/a", "s3://lake/z"]) == [waiver]
        assert store.statements(about=["s3://lake/b"]) == [waiver, quarantine, end]
        assert store.statements(about=[]) == []

    def test_a_statement_was_not_known_before_it_was_recorded(self, store: Store) -> None:
        store.append_statement(statement(1), recorded_us=9)
        then = store.head()[0]
        store.append_statement(
            statement(2, kind=StatementKind.END, ends="statement-1"), recorded_us=9
        )

        assert len(store.statements(known_seq=then)) == 1
        assert store.statements(known_seq=0) == []
        assert in_force(store.statements(), at_us=200) == ()

    def test_one_statement_is_there_once_and_never_another_under_its_id(self, store: Store) -> None:
        seq = store.append_statement(statement(), recorded_us=5)

        assert store.append_statement(statement(), recorded_us=6) == seq
        with pytest.raises(StoreConflict, match="statement statement-1 is already in the record"):
            store.append_statement(statement(why="another"), recorded_us=6)

    def test_a_record_with_statements_verifies(self, store: Store) -> None:
        store.append_statement(statement(datasets=("s3://lake/a", "s3://lake/a")), recorded_us=5)

        assert store.verify().faults == ()

    def test_decisions_are_found_by_dataset_purpose_and_outcome(self, store: Store) -> None:
        store.append_decision(decision(1), recorded_us=0)
        store.append_decision(decision(3, purpose="publication"), recorded_us=0)
        store.append_decision(
            decision(2, outcome=Outcome.ALLOWED, inputs=(ref("maps/"), ref("maps"))), recorded_us=0
        )

        def ids(**filters: Any) -> list[str]:
            return [found.id for found in store.decisions(limit=2, **filters)]

        assert ids() == ["decision-3", "decision-2"]
        assert ids(dataset=ref("maps")) == ["decision-2"]
        assert ids(dataset=ref("faces"), outcome=Outcome.DENIED) == ["decision-3", "decision-1"]
        assert ids(purpose="publication") == ["decision-3"]
        assert ids(purpose="publication", outcome=Outcome.ALLOWED) == []

    def test_decisions_are_read_a_page_at_a_time_and_by_the_job_that_asked(
        self, store: Store
    ) -> None:
        for number in (1, 2, 3):
            store.append_decision(decision(number, at_us=100 + number // 3), recorded_us=0)
        store.append_decision(decision(4, subject=Subject("default", "other")), recorded_us=0)

        def ids(**filters: Any) -> list[str]:
            return [found.id for found in store.decisions(limit=2, **filters)]

        train = Subject(job_name="train")
        assert ids(asker=train) == ["decision-3", "decision-2"]
        assert ids(asker=train, before=(100, "decision-2")) == ["decision-1"]
        assert ids(asker=Subject(job_name="other")) == ["decision-4"]
        assert ids(before=(100, "decision-1")) == []

    def test_decisions_are_found_by_dag_task_and_run(self, store: Store) -> None:
        for number, (dag, run) in enumerate([("a", "1"), ("a.b", "1"), ("a", "2")], 1):
            asker = Subject("default", f"{dag}.b.t", dag_id=dag, task_id="b.t", dag_run_id=run)
            store.append_decision(decision(number, subject=asker), recorded_us=0)

        def ids(**names: Any) -> list[str]:
            found = store.decisions(limit=9, asker=Subject(**names))
            return [each.id for each in found]

        assert ids(dag_id="a") == ["decision-3", "decision-1"]
        assert ids(dag_id="a.b") == ["decision-2"]
        assert ids(dag_id="a", dag_run_id="1") == ["decision-1"]
        assert ids(dag_id="a", task_id="b") == []

    def test_the_newest_decision_about_each_input_is_found_at_once(self, store: Store) -> None:
        store.append_decision(decision(1, inputs=(ref("faces"), ref("maps"))), recorded_us=0)
        store.append_decision(decision(2, purpose="publication"), recorded_us=0)
        asked = ("s3://lake/faces", "s3://lake/maps", "s3://lake/never")

        def ids(**more: Any) -> dict[str, str]:
            return {uri: d.id for uri, d in store.newest_decisions(asked, **more).items()}

        assert ids() == {asked[0]: "decision-2", asked[1]: "decision-1"}
        assert ids(purpose="face-recognition") == dict.fromkeys(asked[:2], "decision-1")
        assert ids(purpose="disclosure") == {}

    def test_what_the_record_holds_is_counted(self, store: Store) -> None:
        record(store, event("embed", COMPLETE, 10, reads=["photos"], writes=["faces"]))
        store.append_decision(decision(1), recorded_us=0)
        store.append_decision(decision(2), recorded_us=0)

        found = store.tally()

        assert (found.datasets, found.decisions) == (
            2,
            {("face-recognition", Outcome.DENIED): 2},
        )

    def test_a_decision_is_said_again_only_while_it_is_valid(self, store: Store) -> None:
        store.append_decision(decision(1, at_us=100, valid_until_us=200), recorded_us=0)
        store.append_decision(decision(2, at_us=150, valid_until_us=160), recorded_us=0)

        def again(at_us: int, frame: str = "f", policy: str = "p") -> str | None:
            found = store.reusable_decision(frame, policy, "face-recognition", at_us=at_us)
            return found.id if found else None

        assert [again(99), again(100), again(150), again(160), again(199), again(200)] == [
            None,
            "decision-1",
            "decision-2",
            "decision-1",
            "decision-1",
            None,
        ]
        assert (again(100, frame="other"), again(100, policy="other")) == (None, None)

    # Listings -----------------------------------------------------------------------------------

    def test_datasets_are_listed_with_who_touched_them_last(self, store: Store) -> None:
        record(store, event("embed", START, 10, reads=["photos"], writes=["faces"]))
        record(store, event("train", COMPLETE, 30, reads=["faces"], writes=["model"]))
        found = store.datasets(prefix="s3://lake/f")

        assert [(s.ref, s.writes, s.reads, s.last_job, s.last_us) for s in found] == [
            (ref("faces"), 1, 1, "train", 30)
        ]
        assert [s.ref.name for s in store.datasets()] == ["faces", "model", "photos"]
        assert len(store.datasets(limit=2)) == 2
        assert store.datasets(prefix="s3://other") == []
        assert [s.ref.name for s in store.datasets(containing="O")] == ["model", "photos"]
        assert [s.ref.name for s in store.datasets(after="s3://lake/faces", limit=1)] == ["model"]

    def test_a_refused_writer_is_not_counted(self, store: Store) -> None:
        store.append_decision(decision(), recorded_us=0)
        record(store, event("train", FAIL, 20, writes=["model"], refused_by="decision-1"))

        (found,) = store.datasets()

        assert (found.writes, found.last_job) == (0, "train")

    @pytest.mark.parametrize(
        "spelling", ["s3://lake/faces", "s3://lake/faces/", " s3://lake//faces"], ids=repr
    )
    def test_a_dataset_is_found_however_it_is_spelled(self, store: Store, spelling: str) -> None:
        record(store, event("embed", COMPLETE, 10, writes=["faces/"]))

        assert store.find(spelling) == ref("faces/")
        assert store.find("s3://lake/other") is None
        assert store.find("nonsense") is None

    # The chain ----------------------------------------------------------------------------------

    def test_the_head_moves_with_every_entry(self, store: Store) -> None:
        heads = {store.head()}
        record(store, event("embed", COMPLETE, 10, writes=["faces"]))
        heads.add(store.head())
        store.append_decision(decision(), recorded_us=0)
        heads.add(store.head())

        assert [seq for seq, _ in sorted(heads)] == [0, 1, 2]
        assert len({digest for _, digest in heads}) == 3
        assert store.verify().head == store.head()[1] == store.digest_at(2)
        assert store.digest_at(3) == ""

    def test_redaction_erases_the_payload_and_keeps_the_chain(self, store: Store) -> None:
        facts = event("embed", COMPLETE, 10, writes=["faces"])
        record(store, facts, raw='{"sql": "SELECT secret"}')
        before = store.digest_at(1)

        said_so = store.redact(1, reason="a name was in it", actor="dpo", recorded_us=20)

        found = store.verify()
        assert (found.faults, found.redacted, found.entries) == ((), 1, 2)
        assert store.digest_at(1) == before
        assert store.redact(1, reason="again", actor="dpo", recorded_us=30) == said_so
        assert store.find("s3://lake/faces") == ref("faces")
        assert record(store, facts) == said_so  # still there already

    @pytest.mark.parametrize("seq", [0, 1, 99], ids=["nothing", "a-decision", "later"])
    def test_only_payloads_can_be_redacted(self, store: Store, seq: int) -> None:
        store.append_decision(decision(), recorded_us=0)

        with pytest.raises(ValueError, match=f"entry {seq} has no payload"):
            store.redact(seq, reason="", actor="", recorded_us=0)
        assert store.head()[0] == 1

    # Many at once -------------------------------------------------------------------------------

    def test_eight_processes_append_at_once_and_nothing_is_lost(self, store_url: str) -> None:
        context = multiprocessing.get_context("spawn")
        writers = [
            context.Process(target=append_many, args=(store_url, number, 25)) for number in range(8)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        store = open_store(store_url)
        found = store.verify()

        assert [writer.exitcode for writer in writers] == [0] * 8
        assert (found.entries, found.faults) == (200, ())
        assert len(store.datasets(prefix="s3://lake/out/")) == 200
        store.close()

    def test_threads_share_a_store(self, store: Store) -> None:
        def work(number: int) -> None:
            record(store, event(f"job-{number}", COMPLETE, 1, writes=[f"out/{number}"]))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(store.datasets()) == 4

    def test_a_forked_child_appends_beside_its_parent(self, store: Store) -> None:
        record(store, event("parent", COMPLETE, 1, writes=["a"]))
        child = os.fork()
        if child == 0:
            code = 1
            try:
                record(store, event("child", COMPLETE, 2, writes=["b"]))
                code = 0
            finally:
                os._exit(code)
        record(store, event("parent", COMPLETE, 3, writes=["c"]))
        _, status = os.waitpid(child, 0)

        assert status == 0
        assert len(store.datasets()) == 3
        assert store.verify().faults == ()

    def test_a_store_that_was_closed_opens_again_when_it_is_used(self, store: Store) -> None:
        record(store, event("embed", COMPLETE, 10, writes=["faces"]))
        store.close()

        assert store.head()[0] == 1
