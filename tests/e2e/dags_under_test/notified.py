"""Whom it concerns hears of what a gate blocked, and of nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from airflow.sdk import Asset, BaseNotifier, dag, task

from lineage_plugin import BlockedNotifier, requires

RAN = Path(os.environ["BODIES_RAN"])


class Captured(BaseNotifier):
    """Writes down what a notifier of Airflow would send, by its template."""

    template_fields = ("text",)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.text = "{{ provenance.title }}\n{{ provenance.text }}"

    def notify(self, context: Any) -> None:
        told = {**context["provenance"], "rendered": self.text}
        (RAN / self.name).write_text(json.dumps(told), "utf-8")


def broken(_context: Any) -> None:
    message = "the mail server is away"
    raise OSError(message)


@dag(schedule=None, default_args={"owner": "team-maps"})
def blocked() -> None:
    @requires("model-training")
    @task(
        inlets=[Asset("s3://lake/members/photos")],
        on_failure_callback=[
            BlockedNotifier(send=Captured("task-notified")),
            BlockedNotifier(send=broken),
        ],
    )
    def train() -> None:
        (RAN / "notified-body").touch()

    train()


@dag(schedule=None)
def ordinary() -> None:
    @task(on_failure_callback=BlockedNotifier(send=Captured("ordinary-notified")))
    def train() -> None:
        message = "out of memory"
        raise ValueError(message)

    train()


blocked()
ordinary()
