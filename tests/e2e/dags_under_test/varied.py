"""Bodies and tasks of every kind behind gates that refuse, and declarations with mistakes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.providers.standard.sensors.time_delta import TimeDeltaSensor
from airflow.sdk import Asset, AssetAlias, dag, task

from lineage_plugin.airflow.decorators import provenance, requires
from lineage_plugin.airflow.identity import subject_of
from lineage_plugin.airflow.operators import ProvenanceGateOperator

RAN = Path(os.environ["BODIES_RAN"])
RAW = Asset("s3://lake/photos/")
MODEL = Asset("file:///models/faces")


def ran(name: str) -> None:
    (RAN / name).touch()


@dag(schedule=None)
def asynchronous() -> None:
    @task(inlets=[RAW])
    @requires("model-training")
    async def train() -> None:
        ran("asynchronous")

    train()


@dag(schedule=None)
def generator() -> None:
    @task(inlets=[RAW])
    @requires("model-training")
    def train() -> Iterator[None]:
        ran("generator")
        yield None

    train()


@dag(schedule=None)
def conditional() -> None:
    @task.run_if(lambda context: True)
    @requires("model-training")
    @task.run_if(lambda context: True)
    @task(inlets=[RAW])
    def train() -> None:
        ran("conditional")

    train()


@dag(schedule=None)
def registered() -> None:
    registered_by_us: Any = task

    @registered_by_us.provenance_gate("model-training")  # type: ignore[untyped-decorator]
    @task(inlets=[RAW])
    def train() -> None:
        ran("registered")

    train()


@dag(schedule=None)
def shipped() -> None:
    @requires("model-training")
    @task.external_python(python=sys.executable, inlets=[RAW])
    def train(folder: str) -> None:
        from pathlib import Path

        (Path(folder) / "shipped").touch()

    train(str(RAN))


@dag(schedule=None)
def shipped_without_gate() -> None:
    @provenance(edge="copy")
    @task.external_python(python=sys.executable, inlets=[RAW])
    def copy(folder: str) -> None:
        from pathlib import Path

        (Path(folder) / "shipped_without_gate").touch()

    copy(str(RAN))


@dag(schedule=None)
def shipped_from_below() -> None:
    @task.external_python(python=sys.executable, inlets=[RAW])
    @requires("model-training")
    def train(folder: str) -> None:
        from pathlib import Path

        (Path(folder) / "shipped_from_below").touch()

    train(str(RAN))


@dag(schedule=None)
def inline_callable() -> None:
    def train() -> None:
        ran("inline_callable")

    PythonOperator(task_id="train", python_callable=requires("model-training")(train), inlets=[RAW])


@dag(schedule=None)
def partial() -> None:
    requires("model-training")(BashOperator.partial(task_id="train", inlets=[RAW])).expand(
        bash_command=[f"touch {RAN / 'partial-1'}", f"touch {RAN / 'partial-2'}"]
    )


@dag(schedule=None)
def mapped_operator() -> None:
    operator = BashOperator.partial(task_id="train", inlets=[RAW]).expand(
        bash_command=[f"touch {RAN / 'mapped_operator'}"]
    )
    requires("model-training")(operator)


@dag(schedule=None)
def called() -> None:
    @task(inlets=[RAW])
    def train() -> None:
        ran("called")

    requires("model-training")(train())


@dag(schedule=None)
def deferred() -> None:
    requires("model-training")(
        TimeDeltaSensor(task_id="wait", delta=timedelta(0), deferrable=True, inlets=[RAW])
    )


@dag(schedule=None)
def operator() -> None:
    @task(trigger_rule="all_success")
    def train() -> None:
        ran("operator")

    gate = ProvenanceGateOperator(
        task_id="gate",
        purpose="model-training",
        datasets=[RAW, "pg://dw:5432/public.{{ dag.dag_id }}"],
    )
    gate >> train()


@dag(schedule=None)
def alias() -> None:
    @requires("model-training")
    @task(inlets=[AssetAlias("whatever")])
    def train() -> None:
        ran("alias")

    train()


@dag(schedule=None)
def argument() -> None:
    @requires("model-training", inputs=["s3://lake/{{ dag.dag_id }}"])
    @task
    def train(sources: list[object]) -> None:
        ran("argument")

    train([{"first": RAW}])


@dag(schedule=None)
def mistaken() -> None:
    @provenance(license="CC-BYE-4.0", consent={"basis": "eu-gdpr:A6-1-a"})
    @task(outlets=[MODEL])
    def write() -> None:
        ran("mistaken")

    write()


def write_down(context: Any) -> None:
    subject = subject_of(context)
    (RAN / f"subject-{context['ti'].map_index}").write_text(
        json.dumps([subject.job_namespace, subject.job_name, subject.group, subject.run_id])
    )


@dag(schedule=None)
def identity() -> None:
    @task(pre_execute=write_down, outlets=[MODEL])
    def write(shard: int) -> None:
        ran("identity")

    write.expand(shard=[1, 2])


for build in (
    asynchronous,
    generator,
    conditional,
    registered,
    shipped,
    shipped_without_gate,
    shipped_from_below,
    inline_callable,
    partial,
    mapped_operator,
    called,
    deferred,
    operator,
    alias,
    argument,
    mistaken,
    identity,
):
    build()
