"""Attaching provenance to an event of 10 datasets, with a catalog of 10,000 patterns.

The reference is OpenLineage's own ``transform`` transport with a transformer that does nothing.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openlineage.client import OpenLineageClient, event_v2
from openlineage.client.facet_v2 import schema_dataset
from openlineage.client.serde import Serde
from openlineage.client.transport.transform import EventTransformer

from lineage_plugin import settings
from lineage_plugin.catalog.compiled import CompiledCatalog, refresh
from lineage_plugin.facets.events import facts_of
from lineage_plugin.model import DatasetRef, EffectiveSummary
from lineage_plugin.transport.attach import attach
from lineage_plugin.transport.recording import Known
from lineage_plugin.transport.transport import _declared, _effective

PATTERNS, DATASETS, COLUMNS = 10_000, 10, 20
TYPE = "lineage_plugin.transport.transport.ProvenanceTransport"

#: Forks from a process that has loaded OpenLineage's client but nothing of ours, like a task.
_PROBE = """
import json, os, sys, time
from openlineage.client import OpenLineageClient, event_v2, facet_v2
import openlineage.client.transport.transform
transport, run_id, names = json.loads(sys.argv[1])
event = event_v2.RunEvent(
    eventTime="2026-05-03T10:00:00Z",
    eventType=event_v2.RunState.START,
    run=event_v2.Run(run_id),
    job=event_v2.Job("airflow", "dag.task"),
    inputs=[event_v2.InputDataset("s3://lake", name) for name in names[:5]],
    outputs=[event_v2.OutputDataset("s3://lake", name) for name in names[5:]],
)
read, write = os.pipe()
if os.fork() == 0:
    began = time.perf_counter()
    OpenLineageClient(config={"transport": transport}).transport.emit(event)
    os.write(write, str(time.perf_counter() - began).encode())
    os._exit(0)
os.wait()
print(os.read(read, 100).decode())
"""

Row = tuple[str, float, float | None, str]


class Identity(EventTransformer):
    """Changes nothing."""

    def transform(self, event: Any) -> Any:
        return event


def rows() -> list[Row]:
    """Measure attaching alone, the whole transport warm, and the first event of a fork."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "provenance.yaml").write_text(_catalog())
        os.environ["AIRFLOW_HOME"] = str(home)
        found = settings.load()
        catalog = refresh(found.catalog, found.state_dir, policy=found.policy)
        ours = _client({"type": TYPE, "transport": {"type": "noop"}})
        theirs = _client(
            {
                "type": "transform",
                "transformer_class": f"{__name__}.Identity",
                "transport": {"type": "noop"},
            }
        )
        event = _event(0)
        identity = _millis(lambda: theirs.transport.emit(event))
        return [
            (
                f"attach to {DATASETS} datasets, {PATTERNS} patterns, warm, beside transform",
                _millis(_attaching(event, catalog)),
                identity,
                "ms",
            ),
            (
                "record, attach and forward, warm, beside transform",
                _millis(_emitting(ours), repeat=50),
                identity,
                "ms",
            ),
            (
                "read the facts of an event, beside serialising it",
                _millis(_facts(event)),
                _millis(lambda: Serde.to_json(event)),
                "ms",
            ),
            (
                "first event of a fork, imports included, p95, beside transform",
                _in_forks({"type": TYPE, "transport": {"type": "noop"}}),
                _in_forks(
                    {
                        "type": "transform",
                        "transformer_class": f"{__name__}.Identity",
                        "transport": {"type": "noop"},
                    }
                ),
                "ms",
            ),
        ]


def _catalog() -> str:
    head = ["version: 1", "authority: team-vision", "datasets:"]
    return "\n".join([*head, *(_ENTRY.format(n=n) for n in range(PATTERNS))])


_ENTRY = """\
  s3://lake/table_{n:05d}/**:
    origin: external
    source: {{issuer: Vendor {n}, method: user-generated-content}}
    license: CC-BY-4.0
    consent: {{basis: eu-gdpr:A6-1-a, purposes: [face-recognition], until: 2037-01-10}}
    custody: [{{from: Vendor {n}, event: licensed, agreement: "https://papers.example/{n}"}}]
"""


def _event(number: int) -> event_v2.RunEvent:
    schema = schema_dataset.SchemaDatasetFacet(
        [schema_dataset.SchemaDatasetFacetFields(f"column_{n}", "string") for n in range(COLUMNS)]
    )
    names = [f"table_{number * DATASETS + n:05d}/part" for n in range(DATASETS)]
    half = DATASETS // 2
    return event_v2.RunEvent(
        eventTime="2026-05-03T10:00:00Z",
        eventType=event_v2.RunState.COMPLETE,
        run=event_v2.Run(f"01900000-0000-7000-8000-{number:012}"),
        job=event_v2.Job("airflow", f"dag.task{number}"),
        inputs=[
            event_v2.InputDataset("s3://lake", n, facets={"schema": schema}) for n in names[:half]
        ],
        outputs=[
            event_v2.OutputDataset("s3://lake", n, facets={"schema": schema}) for n in names[half:]
        ],
    )


def _client(transport: dict[str, Any]) -> OpenLineageClient:
    return OpenLineageClient(config={"transport": transport})


def _attaching(event: event_v2.RunEvent, catalog: CompiledCatalog) -> Callable[[], object]:
    refs = [
        DatasetRef(d.namespace, d.name) for d in (*(event.inputs or ()), *(event.outputs or ()))
    ]
    summary = EffectiveSummary(
        resolved=True,
        licenses=("CC-BY-4.0",),
        legal_bases=("eu-gdpr:A6-1-a",),
        roots=tuple(ref.uri for ref in refs),
    )
    effective = {ref.uri: summary for ref in refs}

    def once() -> object:
        said = {ref.uri: catalog.declarations_for(ref.uri) for ref in refs}
        known = Known(said, effective, everybody=True)
        return attach(event, _declared(known), _effective(known))

    return once


def _emitting(client: OpenLineageClient) -> Callable[[], object]:
    numbers = iter(range(1, PATTERNS))
    return lambda: client.transport.emit(_event(next(numbers)))


def _facts(event: event_v2.RunEvent) -> Callable[[], object]:
    plain = json.loads(Serde.to_json(event))
    return lambda: facts_of(plain)


def _millis(work: Callable[[], object], *, repeat: int = 200) -> float:
    """Return the median time of *work* in milliseconds."""
    for _ in range(5):
        work()
    gc.collect()
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1_000


def _in_forks(transport: dict[str, Any], *, repeat: int = 20) -> float:
    """Return the 95th percentile of the time for a client and its first event, each in a fork."""
    times = sorted(_in_fork(transport, number) for number in range(repeat))
    return times[int(repeat * 0.95) - 1] * 1_000


def _in_fork(transport: dict[str, Any], number: int) -> float:
    names = [f"table_{n:05d}/part" for n in range(DATASETS)]
    run_id = f"01900000-0000-7000-8000-{number + 10**6:012}"
    argument = json.dumps([transport, run_id, names])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    found = subprocess.check_output([sys.executable, "-c", _PROBE, argument], env=env)
    return float(found)
