"""The gate as a task of its own."""

from __future__ import annotations

import pytest
from airflow.sdk import DAG, Asset
from airflow.serialization.serialized_objects import DagSerialization

from lineage_plugin.airflow.inputs import reads_of
from lineage_plugin.airflow.operators import ProvenanceGateOperator
from tests.support.airflow_context import context_of

RAW = Asset("s3://lake/raw")


def test_assets_become_inlets_and_everything_becomes_inputs_of_its_events() -> None:
    gate = ProvenanceGateOperator(task_id="g", purpose="p", datasets=[RAW, "pg://h:1/db.t"])

    assert gate.inlets == [RAW]
    inputs = gate.get_openlineage_facets_on_start().inputs
    assert [(found.namespace, found.name) for found in inputs] == [
        ("s3://lake", "raw"),
        ("pg://h:1", "db.t"),
    ]


def test_without_datasets_the_inlets_are_judged() -> None:
    gate = ProvenanceGateOperator(task_id="g", purpose="p", inlets=[RAW])

    assert [ref.uri for ref in reads_of(context_of(gate)).refs] == ["s3://lake/raw"]


def test_it_can_be_mapped_and_serialised() -> None:
    with DAG("d", schedule=None) as dag:
        ProvenanceGateOperator(task_id="a", purpose="p", datasets=[RAW, "s3://x/{{ ds }}"])
        ProvenanceGateOperator.partial(task_id="b", purpose="p").expand(datasets=[[RAW], []])

    assert DagSerialization.to_dict(dag)


def test_it_asks_for_a_purpose() -> None:
    with pytest.raises(TypeError, match="purpose"):
        ProvenanceGateOperator(task_id="g")  # type: ignore[call-arg]


def test_whom_the_datasets_are_given_to_may_be_a_template() -> None:
    gate = ProvenanceGateOperator(
        task_id="g", purpose="disclosure", datasets=[RAW], recipient="{{ params.who }}"
    )

    assert "recipient" in gate.template_fields
    assert gate.recipient == "{{ params.who }}"
