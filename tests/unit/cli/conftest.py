"""A record with one model in it, and a way to run the command over it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lineage_plugin.cli import command
from lineage_plugin.model import (
    DatasetRef,
    Decision,
    EdgeKind,
    Outcome,
    Output,
    Reason,
    RunFacts,
    RunState,
    Subject,
)
from lineage_plugin.store import open_store

PHOTOS = DatasetRef("s3://lake", "photos")
FACES = DatasetRef("s3://lake", "faces")
MODEL = DatasetRef("s3://models", "faces")

#: 1 January 2026.
START_US = 1_767_225_600_000_000

CATALOG = """\
version: 1
authority: team-vision
datasets:
  s3://lake/photos:
    origin: external
    source: {issuer: Acme GmbH, method: user-generated-content}
    license: CC-BY-NC-4.0
    consent: {unknown: nobody asked}
"""

DENIED = Decision(
    id="denied-1",
    outcome=Outcome.DENIED,
    purpose="face-recognition",
    inputs=(FACES,),
    subject=Subject("airflow", "faces.train", "group-2", "run-2"),
    reasons=(
        Reason(
            "license.permits-purpose",
            PHOTOS.uri,
            "CC-BY-NC-4.0 forbids commercial use",
            "get another license",
            path=(FACES.uri, PHOTOS.uri),
            said_by="team-vision",
        ),
        Reason("consent.covers-purpose", PHOTOS.uri, "nobody knows", "ask", is_definite=False),
    ),
    at_us=START_US + 9,
    valid_until_us=None,
    frame_digest="f" * 64,
    policy_digest="p" * 64,
    known_seq=4,
)
ALLOWED = Decision(
    id="allowed-1",
    outcome=Outcome.ALLOWED,
    purpose="research",
    inputs=(MODEL,),
    subject=Subject(),
    reasons=(),
    at_us=START_US + 10,
    valid_until_us=START_US + 1_000_000,
    frame_digest="f" * 64,
    policy_digest="p" * 64,
    known_seq=4,
    suites=("model-training",),
    rows=3,
)

Run = Callable[..., Result]


def _ran(number: int, job: str, read: DatasetRef, wrote: DatasetRef, edge: EdgeKind) -> list[Any]:
    facts = {
        "run_id": f"run-{number}",
        "job_namespace": "airflow",
        "job_name": job,
        "group": f"group-{number}",
        "inputs": (read,),
        "outputs": (Output(wrote),),
        "edge": edge,
    }
    start = START_US + number * 1_000_000
    return [
        (RunFacts(state=RunState.START, at_us=start, **facts), "{}"),  # type: ignore[arg-type]
        (RunFacts(state=RunState.COMPLETE, at_us=start + 500_000, **facts), "{}"),  # type: ignore[arg-type]
    ]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An AIRFLOW_HOME with a catalog and nothing recorded."""
    (tmp_path / "provenance.yaml").write_text(CATALOG, encoding="utf-8")
    return tmp_path


@pytest.fixture
def recorded(home: Path) -> Path:
    """An AIRFLOW_HOME whose record knows how a model was made from photos."""
    path = home / "lineage_plugin" / "record.db"
    with closing(open_store(f"sqlite:///{path}")) as store:
        store.append_runs(
            [
                *_ran(1, "faces.embed", PHOTOS, FACES, EdgeKind.EMBED),
                *_ran(2, "faces.train", FACES, MODEL, EdgeKind.TRAIN),
            ],
            recorded_us=START_US,
        )
        store.append_decision(DENIED, recorded_us=START_US)
        store.append_decision(ALLOWED, recorded_us=START_US)
    return home


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the command in an environment of its own."""

    def run(*args: str, env: dict[str, str | None] | None = None) -> Result:
        runner = CliRunner(
            env={"AIRFLOW_HOME": str(tmp_path), "AIRFLOW_CONFIG": None, **(env or {})}
        )
        return runner.invoke(command, args, prog_name="lineage-plugin")

    return run


@pytest.fixture
def run_json(run: Run) -> Callable[..., Any]:
    """Run the command and read its JSON."""

    def run_json(*args: str, code: int = 0) -> Any:
        result = run(*args, "--format", "json")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    return run_json
