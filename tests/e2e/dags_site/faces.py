"""A training that a gate blocks, for the pages that say why."""

from __future__ import annotations

from airflow.sdk import Asset, dag, task

from lineage_plugin import provenance, requires


@dag(schedule=None)
def faces() -> None:
    @requires("face-recognition")
    @provenance(edge="train")
    @task(
        inlets=[Asset("s3://lake/faces/embeddings"), Asset("s3://lake/faces/labels")],
        outlets=[Asset("s3://lake/models/face-recogniser")],
    )
    def train() -> None: ...

    train()


faces()
