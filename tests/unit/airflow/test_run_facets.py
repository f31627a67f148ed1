"""What travels on a task's events."""

from __future__ import annotations

import json
import logging
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import Asset, AssetAlias
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.execution_time.context import set_current_context
from openlineage.client.serde import Serde

from lineage_plugin import codec
from lineage_plugin.airflow.decorators import provenance, requires
from lineage_plugin.airflow.gate_task import pass_gates
from lineage_plugin.airflow.hook import Requirement
from lineage_plugin.airflow.run_facets import declared
from lineage_plugin.facets import names
from lineage_plugin.model import Declaration, License, Outcome, Unknown, Use
from tests.support.airflow_context import ToldGate, context_of

RAW = Asset("s3://lake/raw")
MODEL = Asset("file:///models/m")


def task_facet(task: Any) -> dict[str, Any]:
    """Return what travels, as it looks on the wire."""
    facet = declared(context_of(task)["ti"], "running")[names.TASK]
    return dict(json.loads(Serde.to_json(facet)))


def declarations_of(task: Any) -> list[Declaration]:
    return [codec.decode(Declaration, d) for d in task_facet(task)["declarations"]]


def writing(*outlets: Asset, **said: Any) -> Any:
    return provenance(**said)(EmptyOperator(task_id="t", outlets=list(outlets)))


def test_a_task_without_decorators_says_what_it_touches() -> None:
    facet = task_facet(EmptyOperator(task_id="t", inlets=[RAW], outlets=[MODEL]))

    assert facet["edge"] == "unspecified"
    assert facet["inputs"] == [{"namespace": "s3://lake", "name": "raw"}]
    assert facet["outputs"] == [{"namespace": "file", "name": "/models/m"}]
    assert facet["declarations"] == facet["overwrites"] == []


def test_an_input_that_cannot_be_named_keeps_the_outputs_from_being_known() -> None:
    context = context_of(EmptyOperator(task_id="t", inlets=[RAW, AssetAlias("a")]))

    facet: Any = declared(context["ti"], "success")[names.TASK]
    assert [i["namespace"] for i in json.loads(Serde.to_json(facet))["inputs"]] == [
        "s3://lake",
        "unreadable",
    ]


def test_edge_and_overwriting_travel() -> None:
    facet = task_facet(writing(MODEL, edge="train", overwrite=True))

    assert (facet["edge"], facet["overwrites"]) == ("train", ["file:///models/m"])


FACES, ROADS = Asset("s3://lake/faces"), Asset("s3://lake/roads")
MAPS = "s3://lake/maps"


def named(facet: dict[str, Any]) -> dict[str, list[str]]:
    """Return which outputs are said to be made from which inputs, by name."""
    return {said["name"]: [i["name"] for i in said["inputs"]] for said in facet.get("lineage", ())}


def test_which_outputs_were_made_from_which_inputs_travels() -> None:
    facet = task_facet(writing(FACES, ROADS, lineage={FACES: [RAW], "s3://lake/roads/": [MAPS]}))

    assert named(facet) == {"faces": ["raw"], "roads": ["maps"]}
    assert {i["name"] for i in facet["inputs"]} == {"raw", "maps"}


def test_what_two_decorators_say_of_one_output_is_joined() -> None:
    twice = provenance(lineage={FACES: [MAPS]})(writing(FACES, lineage={FACES: [RAW]}))

    assert named(task_facet(twice)) == {"faces": ["raw", "maps"]}


def test_an_output_of_which_an_input_cannot_be_named_is_made_from_everything(
    caplog: pytest.LogCaptureFixture,
) -> None:
    odd = {FACES: [RAW, AssetAlias("a")], ROADS: [RAW], "s3://lake/rods": [RAW]}
    facet = task_facet(writing(FACES, ROADS, lineage=odd))

    assert named(facet) == {"roads": ["raw"]}
    assert "unreadable" in {i["namespace"] for i in facet["inputs"]}
    assert "s3://lake/rods is no outlet of this task" in caplog.text


def test_a_declassification_travels_in_the_name_of_the_dag() -> None:
    decided = {
        "removes": ["personal"],
        "method": "k-anonymity",
        "by": "team-privacy",
        "reason": "k is 20",
        "until": date(2027, 1, 10),
    }
    (told,) = declarations_of(writing(FACES, edge="anonymise", declassified=decided))

    assert told.declassified is not None
    assert (told.authority, told.declassified.removes) == ("dag:dag", ("personal",))


def test_a_declassification_that_cannot_be_read_takes_nothing_away_and_blocks() -> None:
    (told,) = declarations_of(writing(FACES, edge="anonymise", declassified={"removes": ["x"]}))

    assert told.declassified is None
    assert isinstance(told.license, Unknown)


def test_a_declaration_is_about_every_outlet_in_the_name_of_the_dag() -> None:
    told = declarations_of(writing(RAW, MODEL, license="CC-BY-4.0", valid_from=date(2026, 1, 10)))

    assert [d.pattern for d in told] == ["s3://lake/raw", "file:///models/m"]
    assert {(d.authority, d.license, d.valid_from_us) for d in told} == {
        ("dag:dag", License("CC-BY-4.0"), 1_768_003_200_000_000)
    }


def test_what_comes_from_outside_says_so_and_who_says_it_is_kept() -> None:
    (told,) = declarations_of(writing(RAW, external=True, authority="team-vision"))

    assert (told.external, told.authority) == (True, "team-vision")


def test_a_task_that_writes_nothing_declares_nothing() -> None:
    assert declarations_of(writing(license="MIT")) == []


def test_a_decorator_below_task_declares_too() -> None:
    function = provenance(edge="copy", license="MIT")(requires("p")(print_nothing))
    t = PythonOperator(task_id="t", python_callable=function, outlets=[RAW])

    (told,) = declarations_of(t)
    assert told.license == License("MIT")


def print_nothing() -> None: ...


EXTRAS = {
    "plain names": {"license": "CC-BY-4.0", "rows": 5},
    "one mapping": {"provenance": {"license": "CC-BY-4.0"}, "license_holder": "x"},
}


@pytest.mark.parametrize("extra", EXTRAS.values(), ids=EXTRAS.keys())
@pytest.mark.parametrize("side", ["inlets", "outlets"])
def test_assets_declare_in_their_extra(extra: dict[str, Any], side: str) -> None:
    t = EmptyOperator(task_id="t")
    setattr(t, side, [Asset("s3://lake/x", extra=extra)])

    (told,) = declarations_of(t)
    assert (told.pattern, told.license) == ("s3://lake/x", License("CC-BY-4.0"))


def test_an_extra_about_something_else_declares_nothing() -> None:
    asset = Asset("s3://lake/x", extra={"rows": 5, "owner": "me"})

    assert declarations_of(EmptyOperator(task_id="t", outlets=[asset])) == []


def test_decorator_and_asset_of_one_dag_speak_together() -> None:
    asset = Asset("s3://lake/x", extra={"license": "MIT"})

    (told,) = declarations_of(writing(asset, consent={"none": "no people"}))
    assert told.license == License("MIT")
    assert told.consent is not None


MISTAKES = {
    "unknown license": {"license": "CC-BYE-4.0"},
    "unknown key": {"source": {"isuer": "Acme"}},
    "wrong shape": {"consent": "yes"},
    "no plain value": {"use": {"purposes": [object()]}},
    "no such document": {"evidence": "no/such/file.pdf", "license": "MIT"},
    "no date": {"valid_until": "soon"},
}


@pytest.mark.parametrize("said", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_and_binds_like_the_strictest_answer(
    said: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        (told,) = declarations_of(writing(RAW, **said))

    for part in (told.source, told.license, told.consent, told.custody):
        assert isinstance(part, Unknown)
    assert "s3://lake/raw in task t of dag dag cannot be read" in caplog.text


def test_words_that_the_administrator_added_are_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy, catalog = tmp_path / "policy.yaml", tmp_path / "provenance.yaml"
    policy.write_text(
        "version: 1\npurposes: {churn: {under: model-training, suites: [publication]}}"
    )
    catalog.write_text(
        "version: 1\nauthority: us\n"
        "licenses: {LicenseRef-acme: {permits: [cc:Reproduction], source: our contract}}\n"
        "datasets: {s3://lake/x: {license: LicenseRef-acme}}"
    )
    monkeypatch.setenv("AIRFLOW__LINEAGE_PLUGIN__POLICY", str(policy))
    monkeypatch.setenv("AIRFLOW__LINEAGE_PLUGIN__CATALOG", str(catalog))
    monkeypatch.setenv("AIRFLOW__LINEAGE_PLUGIN__STATE_DIR", str(tmp_path / "state"))

    (told,) = declarations_of(writing(RAW, license="LicenseRef-acme", use={"purposes": ["churn"]}))

    assert told.license == License("LicenseRef-acme")
    assert told.use == Use(("churn",))


def test_one_authority_that_contradicts_itself_is_a_mistake() -> None:
    asset = Asset("s3://lake/x", extra={"license": "MIT"})

    (told,) = declarations_of(writing(asset, license="CC0-1.0"))
    assert isinstance(told.license, Unknown)
    assert "declared twice and differently" in told.license.reason


def test_what_the_gate_said_travels_with_the_last_event() -> None:
    context = context_of(EmptyOperator(task_id="t", inlets=[RAW]))
    gate = ToldGate(model_training=Outcome.ALLOWED, publication=Outcome.DENIED)
    assert names.GATE not in declared(context["ti"], "running")

    with pytest.raises(AirflowFailException):
        pass_gates(
            [Requirement("model-training"), Requirement("publication")], context, opener=gate.opener
        )

    facet: Any = declared(context["ti"], "failed")[names.GATE]
    assert (facet.outcome, facet.purpose) == ("DENIED", "publication")


def test_a_resumed_task_is_not_called_one_that_never_ran() -> None:
    """Its body ran before it was deferred; what it wrote is there."""
    context = context_of(EmptyOperator(task_id="t", inlets=[RAW]))
    context["ti"]._ti_context_from_server = type("Resumed", (), {"next_method": "execute_complete"})
    with pytest.raises(AirflowFailException):
        pass_gates(
            [Requirement("publication")],
            context,
            opener=ToldGate(publication=Outcome.DENIED).opener,
        )

    assert names.GATE not in declared(context["ti"], "failed")


def test_a_rescheduled_task_is_not_called_one_that_never_ran() -> None:
    context = context_of(EmptyOperator(task_id="t", inlets=[RAW]))
    context["ti"]._ti_context_from_server = type("Again", (), {"task_reschedule_count": 1})
    gate = ToldGate(publication=Outcome.DENIED)
    with pytest.raises(AirflowFailException):
        pass_gates([Requirement("publication")], context, opener=gate.opener)

    assert names.GATE not in declared(context["ti"], "failed")


def test_a_refusal_in_the_middle_of_a_body_does_not_say_that_it_never_ran() -> None:
    helper = requires("model-training")(print_nothing)

    def body() -> None:
        helper()

    t = PythonOperator(task_id="t", python_callable=body)
    context: Any = context_of(t)
    with set_current_context(context), pytest.raises(AirflowFailException):
        t.python_callable()

    assert names.GATE not in declared(context["ti"], "failed")


def test_a_refusal_of_the_whole_body_says_that_it_never_ran() -> None:
    t = PythonOperator(task_id="t", python_callable=requires("model-training")(print_nothing))
    context: Any = context_of(t)
    with set_current_context(context), pytest.raises(AirflowFailException):
        t.python_callable()

    assert names.GATE in declared(context["ti"], "failed")


def test_a_state_that_was_set_by_hand_has_no_facets() -> None:
    assert declared(object(), "success") == {}


def test_facets_never_break_a_task(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        id = "x"

        def get_template_context(self) -> Any:
            raise OSError("gone")

    with caplog.at_level(logging.WARNING):
        assert declared(Broken(), "running") == {}
    assert "lineagePlugin_task cannot be attached" in caplog.text
