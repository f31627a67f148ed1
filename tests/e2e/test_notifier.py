"""Whom it concerns hears what a gate blocked, by a notifier of theirs, in real DAG runs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.conftest import Run

pytestmark = pytest.mark.e2e

#: By ``[api] base_url`` of these tests.
SITE = "https://airflow.example.org/af/provenance"


def told(run: Run, name: str) -> Any:
    return json.loads((run("notified").ran / name).read_text("utf-8"))


def test_a_blocked_run_is_told_with_reasons_what_to_do_a_link_and_whom_it_concerns(
    run: Run,
) -> None:
    message = told(run, "task-notified")

    assert message["title"].startswith("blocked.train was blocked: DENIED for model-training")
    assert "s3://lake/members" in message["text"]
    assert "to do:" in message["text"]
    assert (
        f"https://airflow.example.org/af/provenance/decisions/{message['decision']}"
        in message["text"]
    )
    assert message["mentions"][0] == "team-maps"
    assert message["rendered"] == f"{message['title']}\n{message['text']}"


def test_an_ordinary_failure_tells_nobody_and_a_message_that_cannot_be_sent_hurts_nothing(
    run: Run,
) -> None:
    ended = run("notified")

    assert ended.state("ordinary") == "failed"
    assert not ended.has_run("ordinary-notified")
    assert ended.state("blocked") == "failed"
    assert not ended.has_run("notified-body")
    assert "could not tell anybody what a gate blocked" in ended.log


def test_the_log_of_a_blocked_task_leads_to_the_page_that_explains_it(run: Run) -> None:
    assert (
        "The same as a page: https://airflow.example.org/af/provenance/decisions/"
        in run("notified").log
    )
