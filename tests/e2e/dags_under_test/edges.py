"""Outputs that were made from some inputs only, and data that was declared anonymous."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from airflow.sdk import Asset, dag, task

from lineage_plugin.airflow.decorators import provenance, requires

RAN = Path(os.environ["BODIES_RAN"])
MEMBERS, PLANS = Asset("s3://lake/members/"), Asset("s3://lake/plans/")
FACES, ROADS, COUNTS, SUMS = (
    Asset(f"s3://out/{name}") for name in ("faces", "roads", "counts", "sums")
)
MODEL = Asset("file:///models/m")


def ran(name: str) -> None:
    (RAN / name).touch()


@dag(schedule=None)
def a_apart() -> None:
    @provenance(edge="filter", overwrite=True, lineage={FACES: [MEMBERS], ROADS: [PLANS]})
    @task(inlets=[MEMBERS, PLANS], outlets=[FACES, ROADS])
    def split() -> None: ...

    @requires("model-training")
    @task(inlets=[ROADS], outlets=[MODEL])
    def train_on_roads() -> None:
        ran("roads")

    @requires("model-training")
    @task(inlets=[FACES], outlets=[MODEL])
    def train_on_faces() -> None:
        ran("faces")

    split() >> [train_on_roads(), train_on_faces()]


@dag(schedule=None)
def b_anonymous() -> None:
    @provenance(
        edge="anonymise",
        overwrite=True,
        declassified={
            "removes": ["personal", "picture"],
            "method": "k-anonymity, k=20",
            "by": "team-privacy",
            "reason": "no cell below 20 people",
            "until": date(2099, 1, 1),
            "evidence": [{"uri": "https://example.org/dpia.pdf", "sha256": "a" * 64}],
        },
    )
    @task(inlets=[MEMBERS], outlets=[COUNTS])
    def count() -> None: ...

    @provenance(edge="anonymise", overwrite=True)
    @task(inlets=[MEMBERS], outlets=[SUMS])
    def add_up() -> None: ...

    @requires("model-training")
    @task(inlets=[COUNTS], outlets=[MODEL])
    def train_on_counts() -> None:
        ran("counts")

    @requires("model-training")
    @task(inlets=[SUMS], outlets=[MODEL])
    def train_on_sums() -> None:
        ran("sums")

    count() >> train_on_counts()
    add_up() >> train_on_sums()


a_apart()
b_anonymous()
