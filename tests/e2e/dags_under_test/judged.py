"""Gates that judge: what may be used is used, what may not is not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from airflow.sdk import Asset, dag, task

from lineage_plugin.airflow.decorators import provenance, requires
from lineage_plugin.airflow.operators import ProvenanceGateOperator

RAN = Path(os.environ["BODIES_RAN"])
GOOD = Asset("s3://lake/maps/")
HOUSES = Asset("file:///data/houses")
MODEL = Asset("file:///models/houses")
STRANGE = Asset("s3://lake/strange/")
CRAWLED = Asset("s3://lake/crawled/")


def ran(name: str) -> None:
    (RAN / name).touch()


@dag(schedule=None)
def a_allowed() -> None:
    @provenance(edge="filter", overwrite=True)
    @task(inlets=[GOOD], outlets=[HOUSES])
    def find() -> None:
        ran("find")

    gate = ProvenanceGateOperator(task_id="gate", purpose="model-training", datasets=[HOUSES])

    @requires("model-training")
    @provenance(edge="train", overwrite=True)
    @task(inlets=[HOUSES], outlets=[MODEL])
    def train() -> str:
        ran("train")
        return "trained"

    @task
    def look(said: dict[str, Any]) -> None:
        (RAN / "said").write_text(" ".join(sorted(said)) + " " + said["outcome"])

    gate_said: Any = gate.output
    find() >> gate >> train() >> look(gate_said)


@dag(schedule=None)
def b_declared_here() -> None:
    @provenance(
        external=True,
        edge="copy",
        source={"issuer": "Acme GmbH", "method": "user-generated-content"},
        license="CC-BY-NC-4.0",
        consent={"none": "no people shown"},
        custody={"none": "fetched from who made it"},
    )
    @task(outlets=[CRAWLED])
    def crawl() -> None:
        ran("crawl")

    @requires("model-training")
    @requires("publication")
    @provenance(edge="train")
    @task(inlets=[CRAWLED], outlets=[MODEL], retries=3)
    def train() -> None:
        ran("train_on_crawled")

    crawl() >> train()


@dag(schedule=None)
def c_strange() -> None:
    @requires("model-training")
    @provenance(edge="train")
    @task(inlets=[STRANGE], outlets=[MODEL], retries=3)
    def train() -> None:
        ran("train_on_strange")

    train()


for build in (a_allowed, b_declared_here, c_strange):
    build()
