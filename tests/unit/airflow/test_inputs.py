"""What a task reads and writes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.lineage.entities import Table
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import Asset, AssetAlias
from openlineage.client.event_v2 import Dataset

from lineage_plugin.airflow.hook import Requirement
from lineage_plugin.airflow.inputs import reads_of, writes_of
from lineage_plugin.model import DatasetRef
from tests.support.airflow_context import context_of

RAW = Asset("s3://lake/raw/")
REF = DatasetRef("s3://lake", "raw")


def uris(context: Any, *requirements: Requirement) -> list[str]:
    found = reads_of(context, requirements)
    assert not found.unresolved
    return [ref.uri for ref in found.refs]


INLETS = {
    "an Asset that has no converter": (RAW, REF),
    "an Asset that has one": (Asset("file:///data/x"), DatasetRef("file", "/data/x")),
    "an Asset with a name only": (Asset("houses"), DatasetRef("airflow", "houses")),
    "a dataset of OpenLineage": (Dataset("pg://h:1", "db.s.t"), DatasetRef("pg://h:1", "db.s.t")),
    "a table": (Table(database="d", cluster="c", name="t"), DatasetRef("c", "d.t")),
    "a reference by URI": (Asset.ref(uri="s3://lake/raw"), REF),
}


@pytest.mark.parametrize(("inlet", "ref"), INLETS.values(), ids=INLETS.keys())
def test_inlets_have_the_names_that_their_events_use(inlet: Any, ref: DatasetRef) -> None:
    assert reads_of(context_of(EmptyOperator(task_id="t", inlets=[inlet]))).refs == (ref,)


def test_assets_of_a_condition_are_all_read() -> None:
    context = context_of(
        SimpleNamespace(task_id="t", inlets=[RAW & Asset("b")], template_fields=())
    )

    assert uris(context) == ["s3://lake/raw", "airflow/b"]


def test_assets_deep_in_arguments_are_read() -> None:
    t = PythonOperator(
        task_id="t",
        python_callable=print,
        op_args=[RAW, "s3://just/text"],
        op_kwargs={"more": [{"deep": (Asset("s3://lake/deep"),)}]},
    )

    assert sorted(uris(context_of(t))) == ["s3://lake/deep", "s3://lake/raw"]


def test_arguments_that_hold_themselves_are_walked_once() -> None:
    loop: list[Any] = [RAW]
    loop.append(loop)
    task = SimpleNamespace(task_id="t", inlets=[], template_fields=("loop",), loop=loop)

    assert uris(context_of(task)) == ["s3://lake/raw"]


def test_inputs_can_be_named_and_may_be_templates() -> None:
    t = EmptyOperator(task_id="t", inlets=[RAW])
    context = context_of(t, ds="2026-01-10")
    requirement = Requirement("p", inputs=("s3://lake/{{ ds }}", RAW, DatasetRef("n", "x")))

    assert uris(context, requirement) == ["s3://lake/raw", "s3://lake/2026-01-10", "n/x"]


def test_an_alias_stands_for_every_asset_that_was_reported_under_it() -> None:
    alias = AssetAlias("a")
    event = SimpleNamespace(asset=SimpleNamespace(name="raw", uri="s3://lake/raw"))
    context = context_of(EmptyOperator(task_id="t", inlets=[alias]), inlet_events={alias: [event]})

    assert uris(context) == ["s3://lake/raw"]


UNRESOLVED = {
    "an alias that nobody used": (AssetAlias("a"), "AssetAlias a: no Asset was ever reported"),
    "a name that nobody knows": (Asset.ref(name="n"), "AssetNameRef n"),
    "what is no dataset": (3, "int 3: a int names no dataset"),
    "text that names nothing": ("nothing", "names no dataset"),
}


@pytest.mark.parametrize(("inlet", "why"), UNRESOLVED.values(), ids=UNRESOLVED.keys())
def test_what_cannot_be_named_is_told(inlet: Any, why: str) -> None:
    task = SimpleNamespace(task_id="t", inlets=[inlet, RAW], template_fields=())

    found = reads_of(context_of(task, inlet_events={inlet: []}))

    assert found.refs == (REF,)
    assert len(found.unresolved) == 1
    assert why in found.unresolved[0]


def test_a_fork_asks_nobody() -> None:
    """It shares the connection to the supervisor with the task that waits for it."""
    alias = AssetAlias("a")

    class Trap(dict[Any, Any]):
        def __getitem__(self, key: Any) -> Any:
            raise AssertionError(key)

    context = context_of(EmptyOperator(task_id="t", inlets=[alias]), inlet_events=Trap())

    assert "only the task itself" in reads_of(context, ask_airflow=False).unresolved[0]


def test_outlets_are_written() -> None:
    assert writes_of(context_of(EmptyOperator(task_id="t", outlets=[RAW]))).refs == (REF,)
