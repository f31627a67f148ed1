"""What stands behind a reason, and how much of it a decision keeps."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable

import yaml

from lineage_plugin.codec import canonical, encode
from lineage_plugin.gate.grounds import MOST_EXPLAINED, MOST_STEPS, Setting, bare, ground
from lineage_plugin.lineage.said import Declared
from lineage_plugin.lineage.survey import Survey
from lineage_plugin.model import (
    ChangeKind,
    DatasetRef,
    Declaration,
    EdgeKind,
    Evidence,
    License,
    Reason,
)
from lineage_plugin.propagation import Label
from tests.support.story import Story

SETTING = Setting("model-training", 0)


def ref(name: object) -> DatasetRef:
    """Return a dataset of the lake."""
    return DatasetRef("s3://lake", str(name))


def survey(story: Story, *inputs: DatasetRef, said: Iterable[Declaration] = ()) -> Survey:
    """Return what a gate sees of a story."""
    declarations = tuple(said)
    declared = Declared(
        lambda uri: [d for d in declarations if d.pattern == uri], {}, at_us=1_000_000
    )
    ancestry = story.ascend(*inputs, at=1_000_000, is_root=declared.is_root)
    labels = [Label(0, {}) for _ in ancestry.versions]
    return Survey(ancestry, labels, [], declared, 1)


def chain(length: int) -> tuple[Story, DatasetRef]:
    """Tell of a dataset that was copied again and again, and return the last copy."""
    story = Story()
    for number in range(1, length):
        story.ran(
            f"run{number}", number * 10, number * 10 + 5,
            reads=[ref(number - 1)], writes=[ref(number)], edge=EdgeKind.COPY,
        )  # fmt: skip
    return story, ref(length - 1)


def reason(dataset: DatasetRef, reason_id: str = "license.non-commercial") -> Reason:
    """Return a reason as a suite finds it."""
    return Reason(reason_id, dataset.uri, "why", "do")


def test_a_way_names_the_job_the_run_the_time_and_the_kind_of_each_step() -> None:
    story, last = chain(3)
    (told,) = ground([reason(ref(0))], survey(story, last), SETTING)

    assert told.path == (ref(2).uri, ref(1).uri, ref(0).uri)
    assert [(s.dataset, s.job, s.run, s.at_us, s.edges) for s in told.steps] == [
        (ref(2).uri, "ns/job", "run2", 25, (EdgeKind.COPY,)),
        (ref(1).uri, "ns/job", "run1", 15, (EdgeKind.COPY,)),
        (ref(0).uri, "", "", None, ()),
    ]


def test_of_a_long_way_the_middle_is_left_out_and_counted() -> None:
    story, last = chain(500)
    (told,) = ground([reason(ref(0))], survey(story, last), SETTING)

    assert len(told.steps) == MOST_STEPS
    assert (told.path[0], told.path[-1]) == (last.uri, ref(0).uri)
    assert sum(step.skipped for step in told.steps) == 500 - MOST_STEPS


def test_ten_thousand_reasons_are_kept_and_the_first_are_explained() -> None:
    story, last = chain(4)
    many = [reason(ref(n % 3), f"my.rule-{n}") for n in range(10_000)]
    told = ground(many, survey(story, last), SETTING)

    assert [r.id for r in told] == [r.id for r in many]
    assert [bool(r.steps) for r in told] == [n < MOST_EXPLAINED for n in range(10_000)]
    assert told[-1].path == (last.uri, ref(0).uri)
    assert len(canonical(encode(told))) < 2_500_000


def test_a_bare_reason_is_what_was_found() -> None:
    story, last = chain(3)
    (told,) = ground([reason(ref(0))], survey(story, last), SETTING)

    assert bare(told) == Reason("license.non-commercial", ref(0).uri, "why", "do", told.path)
    assert bare(told).path == told.path


def test_who_said_it_is_quoted_with_support_place_and_evidence() -> None:
    story, last = chain(2)
    said = Declaration(
        "team",
        ref(0).uri,
        external=True,
        license=License("CC-BY-NC-4.0"),
        evidence=(Evidence("terms.pdf", "a" * 64),),
        where="provenance.yaml:4",
    )
    silent = Declaration("other", ref(0).uri, categories=("personal",), where="x.yaml:1")
    (told,) = ground([reason(ref(0))], survey(story, last, said=[silent, said]), SETTING)

    (testimony,) = told.testimony
    assert (testimony.authority, testimony.says) == ("team", "declared: CC-BY-NC-4.0")
    assert (testimony.where, testimony.evidence) == ("provenance.yaml:4", said.evidence)
    assert told.changes[0].where == "provenance.yaml:4"


def test_a_dataset_is_left_out_where_it_came_in() -> None:
    story, last = chain(4)
    (told,) = ground([reason(ref(0))], survey(story, last), SETTING)
    exclude = next(c for c in told.changes if c.kind is ChangeKind.EXCLUDE)

    assert exclude.text == ("leave s3://lake/0 out of what ns/job reads, and make s3://lake/1 anew")


def test_what_may_not_be_waived_is_not_proposed() -> None:
    story, last = chain(2)
    never = Setting("model-training", 0, may_be_waived=lambda _: False)
    (told,) = ground([reason(ref(0))], survey(story, last), never)

    assert ChangeKind.WAIVE not in {change.kind for change in told.changes}


def test_commands_and_snippets_survive_any_name() -> None:
    odd = ref('it\'s: a "name" #1')
    story = Story().ran("run", 1, 5, reads=[odd], writes=[ref("x")])
    (told,) = ground([reason(odd, "license.absent")], survey(story, ref("x")), SETTING)
    waive = next(c for c in told.changes if c.kind is ChangeKind.WAIVE)
    declare = next(c for c in told.changes if c.kind is ChangeKind.DECLARE)

    assert shlex.split(waive.command)[3] == odd.uri
    assert list(yaml.safe_load(declare.snippet)["datasets"]) == [odd.uri]
    assert json.loads(json.dumps(encode(told)))


def test_a_fault_of_the_gate_has_no_way() -> None:
    story, last = chain(2)
    (told,) = ground([Reason("suite.error", "", "w", "r")], survey(story, last), SETTING)

    assert [*told.path, *told.steps, *told.testimony] == []
    assert [change.kind for change in told.changes] == [ChangeKind.MEND]
