"""What faults happen to: a gated training, alone, after the task that made its data, and ungated.

What a fault needs in the middle of a run is left in ``MEDDLE`` before the DAG is run.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from airflow.sdk import Asset, dag, task

from lineage_plugin.airflow.decorators import provenance, requires

MAPS = Asset("s3://lake/maps")
HOUSES = Asset("s3://lake/houses")
MODEL = Asset("s3://lake/model")


def ran(name: str) -> None:
    (Path(os.environ["BODIES_RAN"]) / name).touch()


@dag(schedule=None)
def judged() -> None:
    @requires("model-training")
    @provenance(edge="train")
    @task(inlets=[HOUSES], outlets=[MODEL], retries=3)
    def train() -> None:
        ran("train")

    train()


@dag(schedule=None)
def chained() -> None:
    @provenance(edge="filter", overwrite=True)
    @task(inlets=[MAPS], outlets=[HOUSES])
    def find() -> None:
        ran("find")

    @task
    def meddle() -> None:
        from tests.e2e.faults.house import MEDDLE

        for act in MEDDLE:
            act()

    @requires("model-training")
    @provenance(edge="train")
    @task(inlets=[HOUSES], outlets=[MODEL], retries=3)
    def train() -> None:
        ran("train")

    find() >> meddle() >> train()


@dag(schedule=None)
def aimless() -> None:
    @requires("face-recogniton")
    @task(inlets=[HOUSES], outlets=[MODEL])
    def train() -> None:
        ran("train")

    train()


@dag(schedule=None)
def given() -> None:
    @requires("disclosure", recipient="Acme GmbH")
    @task(inlets=[HOUSES])
    def train() -> None:
        ran("train")

    train()


@dag(schedule=None)
def given_to_nobody() -> None:
    @requires("disclosure")
    @task(inlets=[HOUSES])
    def train() -> None:
        ran("train")

    train()


@dag(schedule=None)
def blind() -> None:
    @requires("model-training")
    @task(outlets=[MODEL])
    def train() -> None:
        ran("train")

    train()


@dag(schedule=None)
def ungated() -> None:
    @provenance(edge="filter", overwrite=True)
    @task(inlets=[MAPS], outlets=[HOUSES])
    def train() -> None:
        ran("train")

    train()


BUILDERS: tuple[Callable[[], object], ...] = (
    judged,
    chained,
    aimless,
    given,
    given_to_nobody,
    blind,
    ungated,
)
for build in BUILDERS:
    build()
