"""The example DAGs on a real scheduler: one trains, three are stopped, and anybody can see why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lineage_plugin.model import DatasetRef, Decision, Outcome
from lineage_plugin.store import open_store
from scripts.throwaway_airflow import ThrowawayAirflow

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
TRAINED = {"digits"}
STOPPED = {"tumours": "gate", "sentiment": "train", "faces": "train"}


@dataclass(frozen=True)
class Story:
    """What is left when the four DAGs have run."""

    home: Path
    states: dict[str, dict[str, str]]
    logs: dict[str, str]
    events: list[dict[str, Any]]
    decisions: dict[str, Decision]

    def models(self) -> set[str]:
        return {path.stem for path in (self.home / "example_data" / "models").glob("*")}

    def of(self, job: str, kind: str) -> list[dict[str, Any]]:
        """Return the events of a task by type."""
        return [e for e in self.events if e["job"]["name"] == job and e["eventType"] == kind]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Run ``lineage-plugin init`` around a file transport, then all four DAGs on a scheduler."""
    home = tmp_path_factory.mktemp("examples")
    events = home / "events.jsonl"
    transport = {"type": "file", "log_file_path": str(events), "append": True}
    env = {
        "LINEAGE_PLUGIN_EXAMPLES": str(home / "example_data"),
        "AIRFLOW__LINEAGE_PLUGIN__STORE_URL": f"sqlite:///{home}/record.db",
        "AIRFLOW__LINEAGE_PLUGIN__STATE_DIR": str(home / "state"),
        "AIRFLOW__LINEAGE_PLUGIN__CATALOG": str(ROOT / "dags" / "provenance.yaml"),
    }
    config = {"openlineage": {"transport": json.dumps(transport)}}
    with ThrowawayAirflow(ROOT / "dags", config=config, env=env) as airflow:
        done = airflow.run("lineage-plugin", "init")
        assert done.returncode == 0, done.stderr
        airflow.start()
        runs = {dag_id: airflow.trigger(dag_id) for dag_id in (*TRAINED, *STOPPED)}
        for dag_id, run_id in runs.items():
            airflow.wait(dag_id, run_id)
        states = {dag_id: airflow.task_states(dag_id, run_id) for dag_id, run_id in runs.items()}
        logs = {
            dag_id: airflow.task_log(dag_id, runs[dag_id], task_id)
            for dag_id, task_id in STOPPED.items()
        }
    store = open_store(f"sqlite:///{home}/record.db")
    decided = store.decisions(limit=100)
    decisions = {d.subject.job_name.partition(".")[0]: d for d in decided}
    # Nothing is held back of a body that never ran, and nobody is asked twice about it.
    assert store.statements() == []
    assert len(decided) == len(decisions)
    lines = [json.loads(line) for line in events.read_text("utf-8").splitlines()]
    yield Story(home, states, logs, lines, decisions)
    store.close()


def test_the_model_whose_data_is_in_order_is_trained(story: Story) -> None:
    assert set(story.states["digits"].values()) == {"success"}, story.states["digits"]
    assert story.models() == TRAINED
    assert story.decisions["digits"].outcome is Outcome.ALLOWED


@pytest.mark.parametrize(
    ("dag_id", "outcome", "reason", "ancestor"),
    [
        ("tumours", Outcome.UNDECIDED, "consent.absent", "tumours/raw.csv"),
        ("sentiment", Outcome.DENIED, "license.non-commercial", "sentiment/nrc_emotions.json"),
        ("faces", Outcome.DENIED, "custody.no-agreement", "vendor_drop/photos.npy"),
    ],
    ids=lambda value: str(getattr(value, "value", value)),
)
def test_a_training_that_must_not_happen_does_not(
    story: Story, dag_id: str, outcome: Outcome, reason: str, ancestor: str
) -> None:
    decision = story.decisions[dag_id]
    first = decision.reasons[0]

    assert decision.outcome is outcome
    assert first.id == reason
    assert first.dataset.endswith(ancestor)
    assert first.path[-1] == first.dataset
    assert story.states[dag_id][STOPPED[dag_id]] == "failed"
    assert dag_id not in story.models()


def test_missing_consent_is_found_three_steps_upstream(story: Story) -> None:
    assert len(story.decisions["tumours"].reasons[0].path) == 4


@pytest.mark.parametrize("dag_id", sorted(STOPPED))
def test_the_log_says_what_why_and_what_to_do(story: Story, dag_id: str) -> None:
    reason = story.decisions[dag_id].reasons[0]
    log = story.logs[dag_id]

    for told in (reason.dataset, reason.why, reason.id, story.decisions[dag_id].outcome.value):
        assert told in log
    assert "provenance.yaml" in log


def test_every_dataset_of_every_event_carries_its_facets(story: Story) -> None:
    tasks = [e for e in story.events if "." in e["job"]["name"]]
    datasets = [d for e in tasks for d in (*e.get("inputs", ()), *e.get("outputs", ()))]

    assert datasets
    for dataset in datasets:
        assert "lineagePlugin_effective" in dataset["facets"], dataset["name"]
        for part in ("source", "license", "consent", "custody", "use"):
            assert f"lineagePlugin_{part}" in dataset["facets"], (dataset["name"], part)


def test_the_effective_label_says_what_is_inherited(story: Story) -> None:
    (start,) = story.of("faces.train", "START")
    (faces,) = start["inputs"]
    effective = faces["facets"]["lineagePlugin_effective"]

    assert effective["resolution"] == "resolved"
    assert "biometric" in effective["categories"]
    assert effective["derivedFrom"] == [f"file://{story.home}/example_data/vendor_drop/photos.npy"]


@pytest.mark.parametrize(
    "job", ["sentiment.train", "faces.train", "tumours.gate"], ids=lambda job: job
)
def test_a_blocked_run_marks_the_input_that_the_reason_comes_through(
    story: Story, job: str
) -> None:
    (failed,) = story.of(job, "FAIL")
    (blocked,) = failed["inputs"]
    first = blocked["inputFacets"]["dataQualityAssertions"]["assertions"][0]

    assert first["success"] is False
    assert first["assertion"].startswith("BLOCKED for ")
    assert failed["run"]["facets"]["lineagePlugin_gate"]["outcome"] in {"DENIED", "UNDECIDED"}


def test_an_allowed_run_marks_its_input_healthy(story: Story) -> None:
    (complete,) = story.of("digits.train", "COMPLETE")
    (features,) = complete["inputs"]

    assert features["inputFacets"]["dataQualityAssertions"]["assertions"][0]["success"] is True


def test_mapped_tasks_write_one_version_together(story: Story) -> None:
    store = open_store(f"sqlite:///{story.home}/record.db")
    parts = DatasetRef("file", f"{story.home}/example_data/digits/parts")
    history = store.history([parts])
    (dataset,) = [d for d, ref in history.datasets.items() if ref.uri == parts.uri]
    writers = [history.activities[a] for a, written, _ in history.writes if written == dataset]
    store.close()

    assert [len(writer.runs) for writer in writers] == [3]


def test_a_model_that_was_refused_was_never_written(story: Story) -> None:
    store = open_store(f"sqlite:///{story.home}/record.db")
    model = DatasetRef("file", f"{story.home}/example_data/models/faces.joblib")
    history = store.history([model])
    store.close()

    assert all(
        history.activities[a].refused
        for a, dataset, _ in history.writes
        if history.datasets[dataset].uri == model.uri
    )


def test_the_record_is_what_was_written(story: Story) -> None:
    store = open_store(f"sqlite:///{story.home}/record.db")
    found = store.verify()
    store.close()

    assert found.faults == ()
    assert found.entries > 40
