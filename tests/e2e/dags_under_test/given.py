"""Hand-overs: photos that members uploaded for dating, and plans that a city archive may have."""

from __future__ import annotations

import os
from pathlib import Path

from airflow.sdk import Asset, dag, task

from lineage_plugin.airflow.decorators import requires
from lineage_plugin.airflow.operators import ProvenanceGateOperator

RAN = Path(os.environ["BODIES_RAN"])
PHOTOS = Asset("s3://lake/members/")
PLANS = Asset("s3://lake/plans/")


@dag(schedule=None)
def a_photos_to_a_startup() -> None:
    @requires("disclosure", recipient="Clear AI")
    @task(inlets=[PHOTOS], retries=3)
    def hand_over() -> None:
        (RAN / "photos").touch()

    hand_over()


@dag(schedule=None)
def b_plans_to_an_archive() -> None:
    gate = ProvenanceGateOperator(
        task_id="gate", purpose="disclosure", datasets=[PLANS], recipient="{{ 'City Archive' }}"
    )

    @requires("disclosure", recipient="City Archive")
    @task(inlets=[PLANS])
    def hand_over() -> None:
        (RAN / "plans").touch()

    gate >> hand_over()


@dag(schedule=None)
def c_plans_to_nobody() -> None:
    @requires("disclosure")
    @task(inlets=[PLANS])
    def hand_over() -> None:
        (RAN / "plans to nobody").touch()

    hand_over()


for build in (a_photos_to_a_startup, b_plans_to_an_archive, c_plans_to_nobody):
    build()
