"""Events leave with provenance, and the one that came in stays as it was."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from typing import Any

import pytest
from openlineage.client import event_v2
from openlineage.client.facet_v2 import (
    data_quality_assertions_dataset,
    documentation_dataset,
)
from openlineage.client.serde import Serde

from lineage_plugin.facets import codec, names
from lineage_plugin.model import (
    DatasetRef,
    Decision,
    Declaration,
    EffectiveSummary,
    License,
    Outcome,
    Reason,
    Subject,
)
from lineage_plugin.transport.attach import ASSERTIONS, MOST_ASSERTIONS, attach

RAW, FACES = DatasetRef("s3://lake", "raw"), DatasetRef("s3://lake", "faces")
RUN = "01900000-0000-7000-8000-000000000001"
WHEN = "2026-05-03T10:00:00Z"
DOCUMENTED = {"documentation": documentation_dataset.DocumentationDatasetFacet(description="raw")}


def run_event(inputs: list[Any] | None, outputs: list[Any] | None) -> event_v2.RunEvent:
    return event_v2.RunEvent(
        eventTime=WHEN,
        eventType=event_v2.RunState.COMPLETE,
        run=event_v2.Run(RUN),
        job=event_v2.Job("airflow", "dag.task"),
        inputs=inputs,
        outputs=outputs,
    )


def declared(ref: DatasetRef) -> Mapping[str, Any]:
    said = [Declaration("team", ref.uri, license=License("CC-BY-4.0"))] if ref == RAW else []
    return codec.declared_facets(said)


def effective(ref: DatasetRef) -> EffectiveSummary | None:
    return EffectiveSummary(resolved=True, licenses=("CC-BY-4.0",)) if ref == FACES else None


def decision(
    outcome: Outcome, *reasons: Reason, inputs: tuple[DatasetRef, ...] = (RAW,)
) -> Decision:
    return Decision(
        id="d1",
        outcome=outcome,
        purpose="model-training",
        inputs=inputs,
        subject=Subject(),
        reasons=reasons,
        at_us=0,
        valid_until_us=None,
        frame_digest="",
        policy_digest="",
        known_seq=0,
    )


def reason(path: tuple[str, ...], dataset: str, rule: str = "license.non-commercial") -> Reason:
    return Reason(rule, dataset, "CC-BY-NC-4.0 forbids commercial use", "ask", path)


def assertions(dataset: Any) -> list[tuple[bool, str]]:
    found = dataset.inputFacets.get(ASSERTIONS) if hasattr(dataset, "inputFacets") else None
    return [(a.success, a.assertion) for a in found.assertions] if found else []


def test_every_dataset_gets_what_is_declared_and_what_binds_it() -> None:
    before = run_event(
        [event_v2.InputDataset("s3://lake", "raw", facets=dict(DOCUMENTED))],
        [event_v2.OutputDataset("s3://lake", "faces")],
    )

    after = attach(before, declared, effective)

    assert type(after) is event_v2.RunEvent, "the client refuses subclasses"
    assert after.inputs is not None
    assert after.outputs is not None
    for dataset in (*after.inputs, *after.outputs):
        assert dataset.facets is not None
        assert {*names.DECLARED, names.EFFECTIVE} <= set(dataset.facets)
    assert after.inputs[0].facets is not None
    assert "documentation" in after.inputs[0].facets
    assert _effective_of(after.outputs[0]) == ("resolved", None)


def test_what_nobody_can_say_is_unresolved_rather_than_missing() -> None:
    after = attach(run_event([event_v2.InputDataset("s3://lake", "raw")], []), declared, effective)

    assert after.inputs is not None
    resolution, why = _effective_of(after.inputs[0])
    assert resolution == "unresolved"
    assert why


def test_the_event_that_came_in_stays_as_it_was() -> None:
    before = run_event(
        [event_v2.InputDataset("s3://lake", "raw", facets=dict(DOCUMENTED))],
        [event_v2.OutputDataset("s3://lake", "faces")],
    )
    untouched = Serde.to_json(copy.deepcopy(before))

    attach(before, declared, effective, decision(Outcome.DENIED), inputs=[FACES], outputs=[RAW])

    assert Serde.to_json(before) == untouched


@pytest.mark.parametrize("nothing", [None, []], ids=["none", "empty"])
def test_an_event_without_datasets_stays_without(nothing: list[Any] | None) -> None:
    after = attach(run_event(nothing, nothing), declared, effective, decision(Outcome.DENIED))

    assert (after.inputs, after.outputs) == ([], [])


def test_datasets_that_the_integration_left_out_are_added_once() -> None:
    before = run_event([event_v2.InputDataset("s3://lake", "raw/")], [])

    after = attach(before, declared, effective, inputs=[RAW, FACES, FACES], outputs=[FACES])

    assert after.inputs is not None
    assert after.outputs is not None
    assert [dataset.name for dataset in after.inputs] == ["raw/", "faces"]
    assert [type(dataset) for dataset in after.outputs] == [event_v2.OutputDataset]


def test_static_events_get_their_facets_too() -> None:
    static = event_v2.DatasetEvent(
        eventTime=WHEN, dataset=event_v2.StaticDataset("s3://lake", "raw")
    )
    job = event_v2.JobEvent(
        eventTime=WHEN,
        job=event_v2.Job("a", "b"),
        inputs=[event_v2.InputDataset("s3://lake", "raw")],
    )

    assert names.LICENSE in (attach(static, declared, effective).dataset.facets or {})
    found = attach(job, declared, effective)
    assert found.inputs
    assert names.LICENSE in (found.inputs[0].facets or {})


def test_events_of_the_clients_first_model_get_their_facets_too() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from openlineage.client import run as v1
    event = v1.RunEvent(
        eventType=v1.RunState.START,
        eventTime=WHEN,
        run=v1.Run(RUN),
        job=v1.Job("a", "b"),
        producer="https://example.org",
        inputs=[v1.Dataset("s3://lake", "raw")],
    )

    after = attach(event, declared, effective)

    assert type(after) is v1.RunEvent
    assert [names.LICENSE in (dataset.facets or {}) for dataset in after.inputs or ()] == [True]


def test_a_dataset_without_a_name_passes() -> None:
    odd = event_v2.InputDataset(None, 3)  # type: ignore[arg-type]

    after = attach(run_event([odd], []), declared, effective, decision(Outcome.ALLOWED))

    assert after.inputs == [odd]


class TestVerdict:
    """What a gate said stands on the inputs, where Marquez shows it."""

    def judged(self, said: Decision, *datasets: Any) -> list[Any]:
        after = attach(run_event(list(datasets), []), declared, effective, said)
        assert after.inputs is not None
        return after.inputs

    def test_a_refusal_stands_on_the_input_through_which_it_arrives(self) -> None:
        blocked = decision(Outcome.DENIED, reason((RAW.uri, "s3://web"), "s3://web"))

        raw, faces = self.judged(
            blocked,
            event_v2.InputDataset("s3://lake", "raw"),
            event_v2.InputDataset("s3://lake", "faces"),
        )

        text = (
            "BLOCKED for model-training: CC-BY-NC-4.0 forbids commercial use (s3://web)"
            " [license.non-commercial]"
        )
        assert assertions(raw) == [(False, text)]
        assert assertions(faces) == []

    def test_undecided_blocks_like_denied(self) -> None:
        unknown = decision(Outcome.UNDECIDED, reason((RAW.uri,), RAW.uri))

        (raw,) = self.judged(unknown, event_v2.InputDataset("s3://lake", "raw"))

        assert assertions(raw)[0][1].startswith("BLOCKED for model-training: ")

    def test_a_reason_without_a_way_stands_on_every_input(self) -> None:
        blocked = decision(Outcome.UNDECIDED, reason((), ""))

        found = self.judged(
            blocked,
            event_v2.InputDataset("s3://lake", "raw"),
            event_v2.InputDataset("s3://lake", "faces"),
        )

        assert [len(assertions(dataset)) for dataset in found] == [1, 1]

    def test_a_refusal_without_reasons_is_still_seen(self) -> None:
        (raw,) = self.judged(decision(Outcome.UNDECIDED), event_v2.InputDataset("s3://lake", "raw"))

        assert [success for success, _ in assertions(raw)] == [False]

    def test_the_positive_form_is_sent_too(self) -> None:
        """A red mark stays in Marquez until a green one replaces it."""
        raw, faces = self.judged(
            decision(Outcome.ALLOWED),
            event_v2.InputDataset("s3://lake", "raw"),
            event_v2.InputDataset("s3://lake", "faces"),
        )

        assert assertions(raw) == [(True, "ALLOWED for model-training")]
        assert assertions(faces) == [], "nobody judged it"

    def test_a_thousand_reasons_are_cut_and_counted(self) -> None:
        reasons = [reason((RAW.uri, f"s3://{n}"), f"s3://{n}") for n in range(1_000)]

        (raw,) = self.judged(
            decision(Outcome.DENIED, *reasons), event_v2.InputDataset("s3://lake", "raw")
        )

        found = assertions(raw)
        assert len(found) == MOST_ASSERTIONS + 1
        assert found[-1] == (False, "BLOCKED for model-training: and 980 more")

    @pytest.mark.parametrize("place", ["facets", "inputFacets"])
    @pytest.mark.parametrize("form", ["object", "dict"])
    def test_the_results_of_other_tools_are_kept_behind_ours(self, place: str, form: str) -> None:
        facet: Any = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
            assertions=[data_quality_assertions_dataset.Assertion("not_null", success=True)]
        )
        if form == "dict":
            facet = Serde.to_dict(facet)
        dataset = event_v2.InputDataset("s3://lake", "raw", **{place: {ASSERTIONS: facet}})

        (raw,) = self.judged(decision(Outcome.DENIED, reason((RAW.uri,), RAW.uri)), dataset)

        found = Serde.to_dict(raw)["inputFacets"][ASSERTIONS]["assertions"]
        assert [item["success"] for item in found] == [False, True]
        assert found[1]["assertion"] == "not_null"
        assert ASSERTIONS not in raw.facets

    def test_airflows_plain_datasets_are_made_inputs(self) -> None:
        (raw,) = self.judged(
            decision(Outcome.ALLOWED), event_v2.Dataset("s3://lake", "raw", facets=dict(DOCUMENTED))
        )

        assert type(raw) is event_v2.InputDataset
        assert "documentation" in (raw.facets or {})
        assert assertions(raw) == [(True, "ALLOWED for model-training")]

    def test_assertions_that_are_none_are_passed_over(self) -> None:
        dataset = event_v2.InputDataset(
            "s3://lake",
            "raw",
            inputFacets={ASSERTIONS: {"assertions": "odd"}},  # type: ignore[dict-item]
        )

        (raw,) = self.judged(decision(Outcome.ALLOWED), dataset)

        assert assertions(raw) == [(True, "ALLOWED for model-training")]


def _effective_of(dataset: Any) -> tuple[str, str | None]:
    facet = dataset.facets[names.EFFECTIVE]
    return facet.resolution, facet.reason
