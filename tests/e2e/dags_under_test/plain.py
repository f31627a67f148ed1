"""Ways to put ``provenance`` and ``requires`` on tasks; every gate here refuses."""

from __future__ import annotations

import os
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import Asset, dag, task

from lineage_plugin.airflow.decorators import provenance, requires

RAN = Path(os.environ["BODIES_RAN"])
RAW = Asset("s3://lake/photos/")
MODEL = Asset("file:///models/faces", extra={"license": "CC0-1.0"})


def ran(name: str) -> None:
    (RAN / name).touch()


@dag(schedule=None)
def above() -> None:
    @requires("face-recognition")
    @provenance(edge="train", overwrite=True, license="CC-BY-4.0")
    @task(inlets=[RAW], outlets=[MODEL], retries=3)
    def train() -> None:
        ran("above")

    train()


@dag(schedule=None)
def below() -> None:
    @task(inlets=[RAW], outlets=[MODEL], retries=3)
    @provenance(edge="train")
    @requires("face-recognition")
    def train() -> None:
        ran("below")

    train()


@dag(schedule=None)
def around() -> None:
    @provenance(edge="train")
    @task(inlets=[RAW], outlets=[MODEL], retries=3)
    @requires("face-recognition")
    def train() -> None:
        ran("around")

    train()


@dag(schedule=None)
def classic() -> None:
    train = BashOperator(
        task_id="train",
        bash_command=f"touch {RAN / 'classic'}",
        inlets=[RAW],
        outlets=[MODEL],
        retries=3,
    )
    requires("face-recognition")(provenance(edge="train")(train))


@dag(schedule=None)
def mapped() -> None:
    @requires("face-recognition")
    @provenance(edge="train")
    @task(inlets=[RAW], outlets=[MODEL], retries=3)
    def train(shard: int) -> None:
        ran(f"mapped-{shard}")

    train.expand(shard=[1, 2])


@dag(schedule=None)
def declared_only() -> None:
    @provenance(edge="copy")
    @task(inlets=[RAW], outlets=[MODEL])
    def copy() -> None:
        ran("declared_only")

    copy()


for build in (above, below, around, classic, mapped, declared_only):
    build()
