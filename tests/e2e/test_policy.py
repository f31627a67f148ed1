"""Gates that no DAG mentions, on a real scheduler and in ``dag.test()``."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.throwaway_airflow import ThrowawayAirflow
from tests.e2e.conftest import PROVENANCE_YAML

pytestmark = pytest.mark.e2e

DAGS = Path(__file__).parent / "dags_unaware"

POLICY = """\
version: 1
gates:
  - dag: unaware
    task: ["*train*"]
"""

#: What the administrator has in Airflow already: a policy that hangs a hook on every task.
LOCAL_SETTINGS = """\
import os, pathlib

def task_policy(task):
    def theirs(context):
        (pathlib.Path(os.environ["BODIES_RAN"]) / f"theirs-{context['task'].task_id}").touch()
    if not hasattr(task, "partial_kwargs"):
        task._pre_execute_hook = task._pre_execute_hook or theirs

def get_airflow_context_vars(context):
    return {"their_variable": "set"}
"""


class Ended:
    """What was left of a run."""

    def __init__(self, airflow: ThrowawayAirflow, ran: Path) -> None:
        self.airflow = airflow
        self.ran = ran
        self.run_id = airflow.trigger("unaware")
        airflow.wait("unaware", self.run_id)
        self.instances: list[dict[str, Any]] = airflow.task_instances("unaware", self.run_id)
        self.marks = {mark.name for mark in ran.iterdir()}

    def log(self, task: str) -> str:
        return self.airflow.task_log("unaware", self.run_id, task)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    ran = tmp_path_factory.mktemp("ran")
    dags = tmp_path_factory.mktemp("unaware-dags")
    shutil.copy(DAGS / "unaware.py", dags)
    # Fourteen gates at once on two cores: a lock may take longer than on a quiet machine.
    config = {"lineage_plugin": {"append_budget_ms": "20000"}}
    with ThrowawayAirflow(dags, config=config, env={"BODIES_RAN": str(ran)}) as airflow:
        (airflow.home / "policy.yaml").write_text(POLICY)
        (airflow.home / "provenance.yaml").write_text(PROVENANCE_YAML)
        (airflow.home / "config").mkdir()
        (airflow.home / "config" / "airflow_local_settings.py").write_text(LOCAL_SETTINGS)
        airflow.start()
        yield Ended(airflow, ran)


def test_every_kind_of_task_is_blocked_before_its_body_and_without_retries(ended: Ended) -> None:
    blocked = {
        instance["task_id"]: (instance["state"], instance["try_number"])
        for instance in ended.instances
        if instance["task_id"] not in {"train_on_maps", "report", "end"}
    }

    assert len(blocked) == 14
    assert set(blocked.values()) == {("failed", 1)}
    assert ended.marks == {"train", "report", "theirs-train_on_maps", "theirs-report"}


def test_what_may_be_used_is_used_and_the_users_own_hooks_run_after_ours(ended: Ended) -> None:
    states = {each["task_id"]: each["state"] for each in ended.instances}

    assert (states["train_on_maps"], states["report"]) == ("success", "success")
    assert "ALLOWED  s3://lake/maps  for model-training" in ended.log("train_on_maps")
    assert states["end"] == "success"


def test_the_log_says_why_and_what_to_do(ended: Ended) -> None:
    log = ended.log("train_container")

    assert "UNDECIDED  s3://lake/strange  for model-training" in log
    assert "lineage.unknown-producer" in log
    assert "The body did not run and will not be retried" in log


def test_each_refusal_is_in_the_record(ended: Ended) -> None:
    said = ended.airflow.run("lineage-plugin", "decisions", "--format", "json", "--limit", "100")
    jobs = {row["job"]: row["outcome"] for row in json.loads(said.stdout)}

    assert jobs.pop("unaware.train_on_maps") == "ALLOWED"
    assert len(jobs) == 14
    assert set(jobs.values()) == {"UNDECIDED"}


def test_dag_test_applies_no_policy_and_is_gated_all_the_same(ended: Ended) -> None:
    for mark in ended.ran.iterdir():
        mark.unlink()
    tested = ended.airflow.run("python", str(ended.airflow.dags / "unaware.py"))
    states = dict(
        line.split()[1:] for line in tested.stdout.splitlines() if line.startswith("ENDED ")
    )

    assert states.pop("train_on_maps") == states.pop("report") == "success", tested.stdout[-3000:]
    assert states.pop("end") == "success"
    assert set(states.values()) == {"failed"}
    assert {mark.name for mark in ended.ran.iterdir()} == {"train", "report"}
