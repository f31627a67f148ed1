"""The Airflow that demo and end-to-end tests run on: it runs tasks, and nothing of it stays."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from scripts.throwaway_airflow import AirflowFault, ThrowawayAirflow

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]

DAG = """
from airflow.sdk import dag, task

@dag
def small():
    @task
    def one():
        print("said by one")
        return [1, 2]

    @task
    def many(x):
        if x == 2:
            raise ValueError("two is too many")

    many.expand(x=one())

small()
"""


@pytest.fixture(scope="module")
def dags(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dags")
    (folder / "small.py").write_text(DAG)
    return folder


@pytest.fixture(scope="module")
def airflow(dags: Path) -> Iterator[ThrowawayAirflow]:
    with ThrowawayAirflow(dags) as airflow:
        airflow.start()
        yield airflow


def test_it_runs_a_dag_and_tells_what_became_of_each_task(airflow: ThrowawayAirflow) -> None:
    run_id = airflow.trigger("small")

    assert airflow.wait("small", run_id, timeout_s=120) == "failed"
    assert airflow.task_states("small", run_id) == {
        "one": "success",
        "many[0]": "success",
        "many[1]": "failed",
    }
    assert "said by one" in airflow.task_log("small", run_id, "one")
    assert "two is too many" in airflow.task_log("small", run_id, "many", map_index=1)


def test_commands_run_in_its_home(airflow: ThrowawayAirflow) -> None:
    done = airflow.run("airflow", "config", "get-value", "core", "executor")

    assert done.stdout.strip() == "LocalExecutor"


def test_a_broken_dag_file_is_told_at_once_with_its_traceback(
    airflow: ThrowawayAirflow, dags: Path
) -> None:
    (dags / "broken.py").write_text(
        "from airflow.sdk import dag\nraise RuntimeError('broken here')\n"
    )

    with pytest.raises(AirflowFault, match="broken here"):
        airflow.trigger("not-there")


def test_a_termination_signal_leaves_no_process_and_no_file(dags: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from scripts.throwaway_airflow import ThrowawayAirflow\n"
        "with ThrowawayAirflow(Path(sys.argv[1])) as airflow:\n"
        "    print(airflow.home, flush=True)\n"
        "    airflow.start()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(dags)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        home = Path(process.stdout.readline().strip())
        tree = _started(process.pid)
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=30) == 128 + signal.SIGTERM
    assert not home.exists()
    assert [child for child in tree if child.is_running()] == []


def _started(pid: int) -> list[psutil.Process]:
    """Wait until Airflow's components run, and return all processes below *pid*."""
    for _ in range(600):
        tree: list[psutil.Process] = psutil.Process(pid).children(recursive=True)
        if len(tree) >= 4:
            return tree
        time.sleep(0.1)
    raise AssertionError(f"only {tree} started in a minute")
