"""What leaves our transport follows OpenLineage's schemas and ours."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from openlineage.client import OpenLineageClient, event_v2
from openlineage.client.facet_v2 import (
    data_quality_assertions_dataset,
    error_message_run,
    parent_run,
    schema_dataset,
)
from openlineage.client.serde import Serde

from lineage_plugin.facets import codec, names
from lineage_plugin.model import (
    Assurance,
    Consent,
    Custody,
    DatasetRef,
    Decision,
    Declaration,
    DeclaredNone,
    EdgeKind,
    EffectiveSummary,
    Evidence,
    Gap,
    License,
    Outcome,
    Part,
    Reason,
    Source,
    Subject,
    Transfer,
    Unknown,
    Use,
)
from lineage_plugin.transport.attach import attach
from tests.support.openlineage_spec import event_problems

WHEN = "2026-05-03T10:00:00Z"
RAW, FACES = DatasetRef("s3://lake", "raw"), DatasetRef("s3://lake", "faces")
RUN, PARENT = "01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000002"
CATALOG = """\
version: 1
authority: team-vision
datasets:
  s3://lake/raw:
    origin: external
    source: {issuer: Acme GmbH, method: user-generated-content}
    license: CC-BY-4.0
    consent: {basis: eu-gdpr:A6-1-a, purposes: [face-recognition], until: 2027-01-10}
    custody: [{from: Acme GmbH, event: licensed, agreement: {none: a handshake}}]
    categories: [personal]
"""


def decision(outcome: Outcome, *reasons: Reason) -> Decision:
    return Decision(
        id="d1",
        outcome=outcome,
        purpose="model-training",
        inputs=(RAW,),
        subject=Subject(),
        reasons=reasons,
        at_us=0,
        valid_until_us=5,
        frame_digest="f",
        policy_digest="p",
        known_seq=1,
    )


def run_event(state: event_v2.RunState, said: Decision | None = None) -> event_v2.RunEvent:
    facets: dict[str, Any] = {
        "parent": parent_run.ParentRunFacet(
            run=parent_run.Run(PARENT), job=parent_run.Job("airflow", "dag")
        ),
        names.TASK: codec.task_facet(
            edge=EdgeKind.EMBED,
            overwrites=[FACES],
            declarations=[Declaration("dag:x", FACES.uri, license=License("MIT"))],
            inputs=[RAW, DatasetRef("hf://datasets", "squad")],
            outputs=[FACES],
        ),
    }
    if said:
        facets[names.GATE] = codec.gate_facet(said)
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet("BLOCKED", "PYTHON")
    schema = schema_dataset.SchemaDatasetFacet([schema_dataset.SchemaDatasetFacetFields("id")])
    tests = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
        [data_quality_assertions_dataset.Assertion("not_null", success=True)]
    )
    return event_v2.RunEvent(
        eventTime=WHEN,
        eventType=state,
        run=event_v2.Run(RUN, facets=facets),
        job=event_v2.Job("airflow", "dag.task"),
        inputs=[
            event_v2.InputDataset(
                RAW.namespace,
                RAW.name,
                facets={"schema": schema},
                inputFacets={"dataQualityAssertions": tests},
            )
        ],
        outputs=[event_v2.OutputDataset(FACES.namespace, FACES.name)],
        producer="https://example.org/airflow",
    )


WHY = Reason("license.non-commercial", "s3://web", "NC", "ask", (RAW.uri, "s3://web"))
EVENTS = {
    "start": run_event(event_v2.RunState.START),
    "complete": run_event(event_v2.RunState.COMPLETE, decision(Outcome.ALLOWED)),
    "denied": run_event(event_v2.RunState.FAIL, decision(Outcome.DENIED, WHY)),
    "undecided": run_event(event_v2.RunState.FAIL, decision(Outcome.UNDECIDED)),
    "job": event_v2.JobEvent(
        eventTime=WHEN,
        job=event_v2.Job("a", "b"),
        inputs=[event_v2.InputDataset(RAW.namespace, RAW.name)],
        producer="https://example.org",
    ),
    "dataset": event_v2.DatasetEvent(
        eventTime=WHEN,
        dataset=event_v2.StaticDataset(RAW.namespace, RAW.name),
        producer="https://example.org",
    ),
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [n for n in os.environ if n.startswith(("OPENLINEAGE_", "AIRFLOW_"))]:
        if name != "OPENLINEAGE_SPEC":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def through_our_transport(home: Path, event: Any) -> dict[str, Any]:
    path = home / "events.jsonl"
    transport = {
        "type": "lineage_plugin.transport.transport.ProvenanceTransport",
        "transport": {"type": "file", "log_file_path": str(path), "append": True},
        "settings": {"attach_budget_ms": 5_000},
    }
    OpenLineageClient(config={"transport": transport}).emit(event)
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def datasets(event: dict[str, Any]) -> list[dict[str, Any]]:
    sides = [*event.get("inputs", ()), *event.get("outputs", ())]
    return [event["dataset"]] if "dataset" in event else sides


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_we_send_is_valid_and_has_all_facets(home: Path, name: str) -> None:
    (home / "provenance.yaml").write_text(CATALOG)

    event = through_our_transport(home, EVENTS[name])

    assert event_problems(event) == []
    assert datasets(event)
    for dataset in datasets(event):
        assert {*names.DECLARED, names.EFFECTIVE} <= set(dataset["facets"])
        assert dataset["facets"][names.EFFECTIVE]["resolution"] == "resolved"


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_sent_in_trouble_is_valid_too(home: Path, name: str) -> None:
    (home / "provenance.yaml").write_text("version: [")
    (home / "lineage_plugin").write_text("a file where the folder should be")

    event = through_our_transport(home, EVENTS[name])

    assert event_problems(event) == []
    for dataset in datasets(event):
        assert dataset["facets"][names.EFFECTIVE]["resolution"] == "unresolved"


def test_the_check_finds_what_is_wrong(home: Path) -> None:
    """Otherwise the tests above would prove nothing."""
    event = through_our_transport(home, EVENTS["denied"])
    del event["job"]["namespace"]
    event["inputs"][0]["facets"][names.EFFECTIVE]["resolution"] = "perhaps"
    event["outputs"][0]["facets"][names.LICENSE].pop("_producer")

    found = "\n".join(event_problems(event))

    assert "perhaps" in found
    assert "_producer" in found
    assert "is not valid under any of the given schemas" in found


TEXT = st.text(max_size=20)
US = st.none() | st.integers(-(10**18), 10**18)
EVIDENCE = st.builds(Evidence, TEXT, TEXT | st.just("a" * 64), US)
TRANSFERS = st.builds(
    Transfer,
    event=TEXT,
    giver=TEXT,
    receiver=TEXT,
    at_us=US,
    agreement=st.none() | EVIDENCE | st.builds(DeclaredNone, TEXT),
    related_party=st.booleans(),
)
UNKNOWN, NONE = st.builds(Unknown, TEXT), st.builds(DeclaredNone, TEXT)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
DECLARATIONS = st.builds(
    Declaration,
    authority=TEXT,
    pattern=TEXT,
    external=st.booleans(),
    valid_from_us=US,
    valid_until_us=US,
    source=st.none() | UNKNOWN | st.builds(Source, TEXT, TEXT, TEXT, TEXT, TEXT),
    license=st.none() | UNKNOWN | NONE | st.builds(License, TEXT, TEXT, TEXT),
    consent=st.none() | UNKNOWN | NONE | st.builds(Consent, TEXTS, TEXT, TEXTS, US, US, TEXT),
    custody=st.none()
    | UNKNOWN
    | NONE
    | st.builds(Custody, st.lists(TRANSFERS, max_size=2).map(tuple)),
    use=st.none() | st.builds(Use, TEXTS, TEXTS),
    categories=TEXTS,
    assurance=st.sampled_from(Assurance),
    evidence=st.lists(EVIDENCE, max_size=2).map(tuple),
)
GAPS = st.builds(Gap, TEXT, st.sampled_from(Part), TEXT)
SUMMARIES = st.builds(
    EffectiveSummary,
    resolved=st.booleans(),
    reason=TEXT,
    as_of_us=US,
    categories=TEXTS,
    licenses=TEXTS,
    duties=TEXTS,
    consent_statuses=TEXTS,
    legal_bases=TEXTS,
    gaps=st.lists(GAPS, max_size=3).map(tuple),
    gap_count=st.integers(0, 10**9),
    roots=TEXTS,
    root_count=st.integers(0, 10**9),
    earliest_expiry_us=US,
    assurance=st.sampled_from(Assurance),
)
REASONS = st.builds(Reason, TEXT, TEXT, TEXT, TEXT, TEXTS, st.booleans(), TEXT, TEXT)
DECISIONS = st.builds(
    Decision,
    id=TEXT,
    outcome=st.sampled_from(Outcome),
    purpose=TEXT,
    inputs=st.just((RAW,)),
    subject=st.just(Subject()),
    reasons=st.lists(REASONS, max_size=3).map(tuple),
    at_us=st.integers(-(10**18), 10**18),
    valid_until_us=US,
    frame_digest=TEXT,
    policy_digest=TEXT,
    known_seq=st.integers(-5, 10**12),
    suites=TEXTS,
    rows=st.integers(0, 10**9),
    reused_from=TEXT,
    warnings=st.lists(REASONS, max_size=2).map(tuple),
)


@given(st.lists(DECLARATIONS, max_size=3).map(tuple), SUMMARIES, DECISIONS)
@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_people_declare_the_event_stays_valid(
    said: tuple[Declaration, ...], summary: EffectiveSummary, ruling: Decision
) -> None:
    event = run_event(event_v2.RunState.FAIL, ruling)
    assert event.run.facets is not None
    event.run.facets[names.TASK] = codec.task_facet(declarations=said)

    after = attach(event, lambda _: codec.declared_facets(said), lambda _: summary, ruling)

    assert event_problems(json.loads(Serde.to_json(after))) == []
