"""What a real Marquez shows of our events, and each of its traps that we have to step around.

Its facts are written down in ``docs/marquez.md``.  Maven has to find the published server; where it
does not, these tests fail and say so, unless ``LINEAGE_PLUGIN_E2E_WITHOUT`` names ``marquez``.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openlineage.client import OpenLineageClient, event_v2
from openlineage.client.facet_v2 import data_quality_assertions_dataset, documentation_dataset

from lineage_plugin.facets import codec, names
from lineage_plugin.model import DatasetRef, Decision, Outcome, Reason, Subject
from lineage_plugin.transport.marquez import tag
from scripts.throwaway_airflow import ThrowawayAirflow
from scripts.throwaway_marquez import MarquezFault, ThrowawayMarquez
from tests.e2e.needs import WITHOUT, skip_without

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
CATALOG = """\
version: 1
authority: team-vision
datasets:
  s3://lake/**:
    origin: external
    source: {issuer: Acme GmbH, method: user-generated-content}
    license: CC-BY-4.0
    consent: {none: no people shown}
    custody: [{from: Acme GmbH, event: partner-transfer, agreement: {none: sent by e-mail}}]
"""
PURPOSE = "face-recognition"


@pytest.fixture(scope="module")
def marquez() -> Iterator[ThrowawayMarquez]:
    skip_without("marquez")
    try:
        with ThrowawayMarquez() as server:
            yield server
    except MarquezFault as fault:
        pytest.fail(
            f"no Marquez can be had: {fault}; or skip what needs it: {WITHOUT}=marquez make e2e",
            pytrace=False,
        )


class Sender:
    """Sends the events of one run after the other, as Airflow's provider would, through us."""

    def __init__(self, marquez: ThrowawayMarquez, home: Path) -> None:
        (home / "provenance.yaml").write_text(CATALOG)
        self.marquez = marquez
        self.namespace = f"test-{uuid.uuid4()}"
        self.data = f"s3://lake-{uuid.uuid4().hex[:8]}"
        self.client = OpenLineageClient(
            config={
                "transport": {
                    "type": "lineage_plugin.transport.transport.ProvenanceTransport",
                    "transport": {"type": "http", "url": marquez.url},
                    "settings": {"marquez_url": marquez.url},
                }
            }
        )
        self.second = 0

    def run(self, *states: str, run: str = "", **more: Any) -> str:
        run = run or str(uuid.uuid4())
        for state in states:
            self.send(state, run, **more)
        return run

    def send(
        self,
        state: str,
        run: str,
        *,
        job: str = "train",
        reads: dict[str, dict[str, Any]] | None = None,
        writes: tuple[str, ...] = (),
        decision: Decision | None = None,
    ) -> None:
        self.second += 1
        facets: dict[str, Any] = {}
        if decision is not None and state != "START":
            facets = {names.GATE: codec.gate_facet(decision)}
        self.client.emit(
            event_v2.RunEvent(
                eventType=event_v2.RunState[state],
                eventTime=f"2026-05-03T10:{self.second // 60:02}:{self.second % 60:02}Z",
                run=event_v2.Run(run, facets),
                job=event_v2.Job(self.namespace, job),
                inputs=[
                    event_v2.InputDataset(self.data, name, facets=said)
                    for name, said in (reads or {}).items()
                ],
                outputs=[event_v2.OutputDataset(self.data, name) for name in writes],
            )
        )

    def shown(self, name: str) -> dict[str, Any]:
        return self.marquez.dataset(self.data, name)

    def assertions(self, name: str) -> list[dict[str, Any]]:
        facets = self.shown(name)["facets"]
        found: list[dict[str, Any]] = facets["dataQualityAssertions"]["assertions"]
        return found

    def refusal(self, name: str) -> Decision:
        ref = DatasetRef(self.data, name)
        why = Reason("custody.no-agreement", ref.uri, "no agreement", "ask", (ref.uri,))
        return _decision(Outcome.DENIED, ref, (why,))

    def permission(self, name: str) -> Decision:
        return _decision(Outcome.ALLOWED, DatasetRef(self.data, name), ())


def _decision(outcome: Outcome, ref: DatasetRef, reasons: tuple[Reason, ...]) -> Decision:
    return Decision(
        str(uuid.uuid4()), outcome, PURPOSE, (ref,), Subject(), reasons, 1, None, "f", "p", 0
    )


@pytest.fixture
def sender(marquez: ThrowawayMarquez, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sender:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    return Sender(marquez, tmp_path)


def has_provenance(dataset: dict[str, Any]) -> bool:
    facets: dict[str, Any] = dataset["facets"]
    return {*names.DECLARED, names.EFFECTIVE} <= facets.keys()


def test_an_input_shows_its_facets_from_the_start_on(sender: Sender) -> None:
    sender.run("START", reads={"photos": {}})

    assert has_provenance(sender.shown("photos"))


def test_an_output_shows_its_facets_after_each_run(sender: Sender) -> None:
    for _ in range(2):
        sender.run("START", "COMPLETE", reads={"photos": {}}, writes=("faces",))

        assert has_provenance(sender.shown("photos"))
        assert has_provenance(sender.shown("faces"))


def test_a_blocked_run_leaves_the_facets_of_what_it_did_not_write(sender: Sender) -> None:
    sender.run("START", "COMPLETE", reads={"photos": {}}, writes=("faces",), job="embed")

    sender.run(
        "START",
        "FAIL",
        reads={"faces": {}},
        writes=("model",),
        decision=sender.refusal("faces"),
    )

    assert has_provenance(sender.shown("photos"))
    assert has_provenance(sender.shown("faces"))
    jobs = sender.marquez.get("namespaces", sender.namespace, "jobs", "train")
    assert jobs["latestRun"]["state"] == "FAILED"


def test_the_blocked_input_is_unhealthy_and_tagged_until_it_is_cleared(sender: Sender) -> None:
    refused = sender.refusal("photos")
    sender.run("START", "FAIL", reads={"photos": {}}, decision=refused)

    first = sender.assertions("photos")[0]
    assert first["assertion"].startswith(f"BLOCKED for {PURPOSE}: no agreement")
    assert first["success"] is False
    assert tag(PURPOSE) in sender.shown("photos")["tags"]

    cleared = sender.permission("photos")
    sender.run("START", "COMPLETE", reads={"photos": {}}, decision=cleared)

    assert all(each["success"] for each in sender.assertions("photos"))
    assert tag(PURPOSE) not in sender.shown("photos")["tags"]


def test_what_others_assert_in_the_same_event_survives_ours(sender: Sender) -> None:
    others = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
        assertions=[
            data_quality_assertions_dataset.Assertion("not_null", success=True, column="id")
        ]
    )

    sender.run(
        "START",
        "FAIL",
        reads={"photos": {"dataQualityAssertions": others}},
        decision=sender.refusal("photos"),
    )

    told = [each["assertion"] for each in sender.assertions("photos")]
    assert told[0].startswith("BLOCKED")
    assert told[-1] == "not_null"


def test_a_description_in_the_event_is_kept(sender: Sender) -> None:
    text = documentation_dataset.DocumentationDatasetFacet(description="Portraits, 2014")

    sender.run("START", "COMPLETE", reads={"photos": {"documentation": text}})

    assert sender.shown("photos")["description"] == "Portraits, 2014"


def test_the_example_dags_are_seen_with_provenance_on_every_dataset(
    marquez: ThrowawayMarquez, tmp_path: Path
) -> None:
    env = {
        "LINEAGE_PLUGIN_EXAMPLES": str(tmp_path / "example_data"),
        "AIRFLOW__LINEAGE_PLUGIN__STORE_URL": f"sqlite:///{tmp_path}/record.db",
        "AIRFLOW__LINEAGE_PLUGIN__STATE_DIR": str(tmp_path / "state"),
        "AIRFLOW__LINEAGE_PLUGIN__CATALOG": str(ROOT / "dags" / "provenance.yaml"),
    }
    with ThrowawayAirflow(ROOT / "dags", env=env) as airflow:
        done = airflow.run("lineage-plugin", "init", "--marquez-url", marquez.url)
        assert done.returncode == 0, done.stderr
        airflow.start()
        states = {dag: airflow.wait(dag, airflow.trigger(dag)) for dag in ("digits", "faces")}

    assert states == {"digits": "success", "faces": "failed"}
    events = marquez.get("events", "lineage", limit="500")["events"]
    named = {
        (dataset["namespace"], dataset["name"])
        for event in events
        if str(tmp_path) in json.dumps(event)
        for dataset in (*event["inputs"], *event["outputs"])
    }
    shown = {key: marquez.dataset(*key) for key in named if _was_made(key, events)}
    assert shown
    assert [key for key, dataset in shown.items() if not has_provenance(dataset)] == []


def _was_made(key: tuple[str, str], events: list[dict[str, Any]]) -> bool:
    """Whether anybody read it or finished writing it: outputs of a failed run are not current."""
    return any(
        key in [(d["namespace"], d["name"]) for d in event["inputs"]]
        or (
            event["eventType"] == "COMPLETE"
            and key in [(d["namespace"], d["name"]) for d in event["outputs"]]
        )
        for event in events
    )
