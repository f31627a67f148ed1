"""A training that is blocked, waived by a person, and blocked again when the waiver has ended."""

from __future__ import annotations

import os
import time
from pathlib import Path

from airflow.sdk import Asset, dag, task
from click.testing import CliRunner

from lineage_plugin.airflow.decorators import provenance, requires

RAN = Path(os.environ["BODIES_RAN"])
CRAWLED = Asset("s3://lake/crawled/")
MODEL = Asset("file:///models/words")

#: A day after the waiver has ended.
LATER_US = 31 * 86_400 * 1_000_000


def trained(mark: str) -> object:
    @requires("model-training")
    @provenance(edge="train", overwrite=True)
    @task(inlets=[CRAWLED], outlets=[MODEL])
    def train() -> None:
        (RAN / mark).touch()

    return train()


@dag(schedule=None)
def a_blocked() -> None:
    @provenance(
        external=True,
        edge="copy",
        source={"issuer": "Acme GmbH", "method": "user-generated-content"},
        license="CC-BY-NC-4.0",
        consent={"none": "no people shown"},
        custody={"none": "fetched from who made it"},
    )
    @task(outlets=[CRAWLED])
    def crawl() -> None: ...

    crawl() >> trained("blocked")  # type: ignore[operator]


@dag(schedule=None)
def b_waived() -> None:
    @task
    def waive() -> None:
        from lineage_plugin.cli import command

        said = "waive license.non-commercial s3://lake/crawled --for model-training --until 30d"
        person = ["--by", "Ada Lovelace (legal)", "--why", "the licence is being bought"]
        done = CliRunner().invoke(command, [*said.split(), *person])
        assert done.exit_code == 0, done.output

    waive() >> trained("waived")  # type: ignore[operator]


@dag(schedule=None)
def c_expired() -> None:
    @task
    def time_passes() -> None:
        from lineage_plugin.airflow import gate_task
        from lineage_plugin.gate.service import open_gate

        gate_task._open_gate = lambda settings: open_gate(
            settings, now_us=lambda: time.time_ns() // 1000 + LATER_US
        )

    time_passes() >> trained("expired")  # type: ignore[operator]


for build in (a_blocked, b_waived, c_expired):
    build()
