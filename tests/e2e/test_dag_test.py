"""Gates and declarations on real tasks, run by ``dag.test()``."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lineage_plugin.facets import names
from tests.e2e.conftest import Run

pytestmark = pytest.mark.e2e


def facets(event: Any) -> dict[str, Any]:
    return dict(event["run"]["facets"])


# --- every way to put a gate on a task


@pytest.mark.parametrize("dag_id", ["above", "below", "around", "classic"])
def test_a_refused_body_does_not_run_and_is_not_retried(run: Run, dag_id: str) -> None:
    ended = run("plain")

    assert ended.state(dag_id) == "failed"
    assert ended.states[dag_id]["train"]["tries"] == 1
    assert not ended.has_run(dag_id)


def test_every_map_index_is_refused(run: Run) -> None:
    ended = run("plain")

    assert ended.state("mapped", "train[0]") == ended.state("mapped", "train[1]") == "failed"
    assert not any(ended.ran.glob("mapped*"))


def test_a_task_that_only_declares_runs(run: Run) -> None:
    ended = run("plain")

    assert ended.state("declared_only", "copy") == "success"
    assert ended.has_run("declared_only")


KINDS = [
    "alias",
    "argument",
    "asynchronous",
    "called",
    "conditional",
    "generator",
    "inline_callable",
    "registered",
    "shipped",
    "shipped_from_below",
]


@pytest.mark.parametrize("dag_id", KINDS)
def test_a_body_of_any_kind_is_kept_from_running(run: Run, dag_id: str) -> None:
    ended = run("varied")

    assert ended.state(dag_id) == "failed"
    assert not ended.has_run(dag_id)


@pytest.mark.parametrize("dag_id", ["mapped_operator", "partial"])
def test_a_mapped_classic_operator_is_kept_from_running(run: Run, dag_id: str) -> None:
    ended = run("varied")

    assert {said["state"] for said in ended.states[dag_id].values()} == {"failed"}
    assert not any(ended.ran.glob(f"{dag_id}*"))


def test_a_deferrable_task_is_refused_before_it_is_deferred(run: Run) -> None:
    assert run("varied").state("deferred", "wait") == "failed"


def test_what_comes_after_a_gate_of_its_own_does_not_run(run: Run) -> None:
    ended = run("varied")

    assert ended.state("operator", "gate") == "failed"
    assert ended.state("operator") == "upstream_failed"


def test_source_that_is_shipped_elsewhere_travels_without_our_decorators(run: Run) -> None:
    ended = run("varied")

    assert ended.state("shipped_without_gate", "copy") == "success"
    assert ended.has_run("shipped_without_gate")


# --- what the log says


def test_the_log_tells_dataset_why_rule_and_what_to_do(run: Run) -> None:
    log = run("judged").log

    assert "UNDECIDED  s3://lake/strange  for model-training" in log
    assert "lineage.unknown-producer" in log
    assert "The body did not run and will not be retried." in log
    assert "What to do, and why: lineage-plugin explain " in log


def test_a_mistake_in_a_declaration_is_told_in_the_log(run: Run) -> None:
    ended = run("varied")

    assert "unknown license 'CC-BYE-4.0'" in ended.log
    (event,) = ended.of("mistaken.write", "COMPLETE")
    (told,) = facets(event)[names.TASK]["declarations"]
    assert told["license"].keys() == told["consent"].keys() == {"unknown"}


# --- what the events say


def test_start_and_fail_say_what_the_author_declared(run: Run) -> None:
    ended = run("plain")

    for kind in ("START", "FAIL"):
        (event,) = ended.of("above.train", kind)
        task = facets(event)[names.TASK]
        assert task["edge"] == "train"
        assert task["overwrites"] == ["file:///models/faces"]
        assert task["declarations"][0]["pattern"] == "file:///models/faces"
        assert [i["name"] for i in event["inputs"]] == ["photos"]  # the provider drops this one


def test_the_last_event_says_what_the_gate_said(run: Run) -> None:
    ended = run("plain")

    for job in ("above.train", "below.train", "around.train", "classic.train", "mapped.train"):
        for event in ended.of(job, "FAIL"):
            gate = facets(event)[names.GATE]
            assert gate["outcome"] == "UNDECIDED"
            assert gate["inputs"] == [{"namespace": "s3://lake", "name": "photos"}]


def test_datasets_in_arguments_and_templates_are_inputs(run: Run) -> None:
    ended = run("varied")

    (event,) = ended.of("argument.train", "START")
    assert sorted(i["name"] for i in event["inputs"]) == ["argument", "photos"]
    (event,) = ended.of("operator.gate", "START")
    assert sorted(i["name"] for i in event["inputs"]) == ["photos", "public.operator"]


def test_a_task_instance_has_the_identity_that_its_events_have(run: Run) -> None:
    ended = run("varied")
    emitted = {
        (
            event["job"]["namespace"],
            event["job"]["name"],
            facets(event)["parent"]["run"]["runId"],
            event["run"]["runId"],
        )
        for event in ended.of("identity.write", "COMPLETE")
    }

    ours = {tuple(json.loads(path.read_text())) for path in ended.ran.glob("subject-*")}
    assert len(ours) == 2
    assert ours == emitted


# --- what gates decide


def test_data_with_provenance_is_trained_on(run: Run) -> None:
    ended = run("judged")

    assert ended.state("a_allowed") == ended.state("a_allowed", "gate") == "success"
    assert ended.has_run("train")
    assert (ended.ran / "said").read_text() == "decision outcome purpose recipient ALLOWED"
    (event,) = ended.of("a_allowed.train", "COMPLETE")
    assert facets(event)[names.GATE]["outcome"] == "ALLOWED"


def test_a_permission_is_told_in_one_line(run: Run) -> None:
    assert "ALLOWED  file:///data/houses  for model-training: " in run("judged").log


def test_what_a_decorator_declares_is_judged_downstream(run: Run) -> None:
    ended = run("judged")

    assert ended.state("b_declared_here") == "failed"
    assert not ended.has_run("train_on_crawled")
    (event,) = ended.of("b_declared_here.train", "FAIL")
    gate = facets(event)[names.GATE]
    assert gate["outcome"] == "DENIED"
    assert "license.non-commercial" in {reason["id"] for reason in gate["reasons"]}


def test_every_purpose_is_told(run: Run) -> None:
    log = run("judged").log

    assert "DENIED  s3://lake/crawled  for publication" in log
    assert "DENIED  s3://lake/crawled  for model-training" in log


def test_data_that_nobody_declared_is_not_trained_on(run: Run) -> None:
    ended = run("judged")

    assert ended.state("c_strange") == "failed"
    assert not ended.has_run("train_on_strange")


# --- giving is gated too


def test_photos_for_dating_are_not_handed_to_a_startup_without_an_agreement(run: Run) -> None:
    """Three million photos were, in 2014."""
    ended = run("given")

    assert ended.state("a_photos_to_a_startup", "hand_over") == "failed"
    assert not ended.has_run("photos")
    (event,) = ended.of("a_photos_to_a_startup.hand_over", "FAIL")
    said = facets(event)[names.GATE]
    assert (said["outcome"], said["recipient"]) == ("DENIED", "Clear AI")
    assert [reason["id"] for reason in said["reasons"]] == [
        "recipient.no-agreement",
        "consent.purpose-not-covered",
    ]
    assert "no agreement with Clear AI is on record" in ended.log


def test_what_may_be_given_is_given_to_whom_the_agreement_names(run: Run) -> None:
    ended = run("given")

    assert ended.state("b_plans_to_an_archive", "gate") == "success"
    assert ended.has_run("plans")
    (event,) = ended.of("b_plans_to_an_archive.hand_over", "COMPLETE")
    said = facets(event)[names.GATE]
    assert (said["outcome"], said["recipient"]) == ("ALLOWED", "City Archive")
    assert said["agreements"] == ["a" * 64]


def test_a_hand_over_to_nobody_in_particular_does_not_run(run: Run) -> None:
    ended = run("given")

    assert ended.state("c_plans_to_nobody", "hand_over") == "failed"
    assert not ended.has_run("plans to nobody")
    assert "[recipient.unnamed]" in ended.log


# --- a person waives what stands in the way


def test_a_waiver_lets_a_training_run_until_it_ends(run: Run) -> None:
    ended = run("waived")

    states = {dag_id: ended.state(dag_id) for dag_id in ("a_blocked", "b_waived", "c_expired")}
    assert states == {"a_blocked": "failed", "b_waived": "success", "c_expired": "failed"}
    assert [mark for mark in ("blocked", "waived", "expired") if ended.has_run(mark)] == ["waived"]


def test_what_rests_on_a_waiver_is_never_silent(run: Run) -> None:
    ended = run("waived")

    (loud,) = [line for line in ended.log.splitlines() if "WAIVED until " in line]
    assert "warning" in loud.lower()
    assert "by Ada Lovelace (legal): s3://lake/crawled: " in loud
    (event,) = ended.of("b_waived.train", "COMPLETE")
    (waived,) = facets(event)[names.GATE]["waived"]
    assert waived["by"] == "Ada Lovelace (legal)"
    assert waived["reason"]["id"] == "license.non-commercial"
    said = json.dumps(event["inputs"])
    assert "WAIVED until " in said
    assert f"by Ada Lovelace (legal) for model-training: {waived['reason']['why']}" in said
