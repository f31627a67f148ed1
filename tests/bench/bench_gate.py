"""What a gate takes: a first decision, a repeated one, and 10,000 versions to a frame."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from lineage_plugin.gate import frame
from lineage_plugin.gate.service import open_gate
from lineage_plugin.lineage.ancestry import ascend
from lineage_plugin.lineage.labels import propagate
from lineage_plugin.lineage.said import Declared, by_uri
from lineage_plugin.lineage.survey import Survey, survey
from lineage_plugin.model import DatasetRef, Declaration, Outcome, Output, RunFacts, RunState
from lineage_plugin.policy import edges
from lineage_plugin.policy.purposes import shipped
from lineage_plugin.settings import Settings, load
from lineage_plugin.store import open_store
from lineage_plugin.store.api import EVENT_ORIGIN, Store

#: Fresh processes per row; the first decision imports Great Expectations, which takes seconds.
_PROCESSES = 3
#: ... and where it does not.
_QUICK_PROCESSES = 7
#: Repetitions in this process.
_RUNS = 7

#: Ancestor versions.
_VERSIONS = 10_000

#: 1 January 2026, in microseconds.
_START_US = 1_767_225_600_000_000

#: Times one function of this file in a process of its own, imports included and left out.
_PROBE = """
import json, sys, time
began = time.perf_counter()
from tests.bench.bench_gate import {function}
imported = time.perf_counter()
{function}({argument!r})
ended = time.perf_counter()
heavy = "great_expectations" in sys.modules
print(json.dumps([ended - began, ended - imported, heavy]))
"""

#: The same for Great Expectations as its documentation shows it, on as many rows.
_BARE = """
import json, time
began = time.perf_counter()
from tests.bench.bench_suite import bare
assert bare(3)
print(json.dumps([time.perf_counter() - began, 0, True]))
"""

_CLEAN = """\
    origin: external
    source: {issuer: Acme GmbH, method: primary-user-source}
    license: CC-BY-4.0
    consent: {none: no people shown}
    custody: [{from: Acme GmbH, event: published}]
    assurance: documented
"""

Row = tuple[str, float, float | None, str]

#: What a run read, what it wrote, and its DAG run.
Run = tuple[tuple[str, ...], str, str]


def rows() -> list[Row]:
    """Time decisions in fresh processes, and the way to a large frame step by step."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        return [*_decisions(home), *_frames(home)]


def _decisions(home: Path) -> Iterator[Row]:
    few, many = home / "few", home / "many"
    for place, patterns in ((few, 1), (many, 10_000)):
        _prepare(place, patterns)
    first: list[float] = []
    bare: list[float] = []
    # In turns: other load then hits both alike.
    for number in range(_PROCESSES):
        first.append(_fresh(_PROBE, "decide", f"{few}#{number}")[0])
        bare.append(_fresh(_BARE)[0])
    yield "gate: first decision, imports included", min(first), min(bare), "ms"
    yield "gate: first decision over bare Great Expectations", min(first) - min(bare), None, "ms"
    for place, told in ((few, "1 declaration"), (many, "10000 declarations")):
        # The first decision and the compiled catalog are there after this.
        decide(f"{place}#again")
        found = [_fresh(_PROBE, "decide", f"{place}#again") for _ in range(_QUICK_PROCESSES)]
        assert not any(heavy for *_, heavy in found)
        yield f"gate: repeated decision, {told}", min(f[1] for f in found), min(first), "ms"
        name = f"gate: repeated decision, {told}, imports included"
        yield name, min(f[0] for f in found), min(first), "ms"


def decide(place: str) -> None:
    """Ask the gate in a folder about features made from a declared root; part of a suite's name."""
    home, _, number = place.partition("#")
    with open_gate(_settings(Path(home))) as gate:
        purpose = "model-training" if number == "again" else f"training-{number}"
        decision = gate.decide([DatasetRef("s3://lake", "features")], purpose)
    assert decision.outcome is Outcome.ALLOWED, decision


def _fresh(probe: str, function: str = "", argument: str = "") -> tuple[float, float, bool]:
    """Return the milliseconds with and without imports in a fresh process."""
    code = probe.format(function=function, argument=argument) if function else probe
    root = Path(__file__).parents[2]
    printed = subprocess.check_output([sys.executable, "-c", code], cwd=root, text=True)
    whole, inside, heavy = json.loads(printed)
    return whole * 1000, inside * 1000, heavy


def _settings(home: Path) -> Settings:
    return load({"AIRFLOW_HOME": str(home)})


def _prepare(home: Path, patterns: int) -> None:
    home.mkdir()
    others = "".join(f"  s3://lake/other-{n}/**:\n{_CLEAN}" for n in range(1, patterns))
    text = f"version: 1\nauthority: bench\ndatasets:\n  s3://lake/raw:\n{_CLEAN}{others}"
    (home / "provenance.yaml").write_text(text, "utf-8")
    # A purpose of its own for each process, so that none finds the decision of another.
    purposes = "".join(f"  training-{n}: {{under: model-training}}\n" for n in range(_PROCESSES))
    (home / "policy.yaml").write_text(f"version: 1\npurposes:\n{purposes}", "utf-8")
    with closing(open_store(_settings(home).store_url)) as store:
        _record(store, [((), "raw", "monday"), (("raw",), "features", "monday")])


def _record(store: Store, runs: list[Run]) -> None:
    """Append runs, one after the other."""

    def events() -> Iterator[tuple[RunFacts, str]]:
        for number, (reads, wrote, group) in enumerate(runs):
            for later, state in enumerate((RunState.START, RunState.COMPLETE)):
                yield (
                    RunFacts(
                        f"{group}/{wrote}",
                        "airflow",
                        f"make-{wrote}",
                        state,
                        _START_US + number * 10 + later,
                        group,
                        inputs=tuple(DatasetRef("s3://lake", name) for name in reads),
                        outputs=(Output(DatasetRef("s3://lake", wrote)),),
                    ),
                    "{}",
                )

    store.append_runs(events(), recorded_us=_START_US)


def _frames(home: Path) -> Iterator[Row]:
    """Time the way to a frame over datasets of one version, and over few that are made daily."""
    wide: list[Run] = [
        ((f"d{n - 1}", f"d{n // 2}") if n else (), f"d{n}", "monday") for n in range(_VERSIONS)
    ]
    daily: list[Run] = [
        ((f"d{n - 1}", f"d{n // 2}") if n else (), f"d{n}", f"day-{day}")
        for day in range(_VERSIONS // 100)
        for n in range(100)
    ]
    shapes = ((f"{_VERSIONS} datasets", wide), ("100 datasets made on 100 days", daily))
    for number, (shape, runs) in enumerate(shapes):
        file = home / f"record-{number}.db"
        with closing(open_store(f"sqlite:///{file}")) as store:
            _record(store, runs)
            last = DatasetRef("s3://lake", runs[-1][1])
            yield from _steps(shape, store, last, _least(partial(_walk, file, last)))


def _steps(shape: str, store: Store, last: DatasetRef, reference: float) -> Iterator[Row]:
    root = Declaration("bench", "s3://lake/d0", external=True)
    at_us = _START_US + 1_000_000_000

    def pattern(uri: str) -> tuple[Declaration, ...]:
        return (root,) if uri == root.pattern else ()

    def whole() -> str:
        return table(survey(store, [last], pattern, at_us=at_us)).digest

    def table(seen: Survey) -> frame.Frame:
        return frame.build(
            seen, purpose="model-training", purposes=shipped(), at_us=at_us, terms={}
        )

    history = store.history([last])
    uris = {ref.uri for ref in history.datasets.values()}

    def said() -> Declared:
        found = store.declarations(known_seq=history.seq, origin=EVENT_ORIGIN, patterns=uris)
        return Declared(pattern, by_uri(found), at_us=at_us)

    declared = said()
    found = ascend(history, [last], at_us=at_us, is_root=declared.is_root)
    assert len(found.versions) == _VERSIONS, len(found.versions)
    labels, names = propagate(found, declared, declared.categories, edges.Rules().escalations)
    seen = Survey(found, labels, names, declared, history.seq)
    steps: dict[str, Callable[[], object]] = {
        "the record tells their history": lambda: store.history([last]),
        "the record tells what is declared": said,
        "versions and edges": lambda: ascend(
            history, [last], at_us=at_us, is_root=declared.is_root
        ),
        "labels": lambda: propagate(
            found, declared, declared.categories, edges.Rules().escalations
        ),
        "frame": lambda: table(seen),
        "digest of a new frame": lambda: table(seen).digest,
    }
    yield f"gate: {shape} to a frame", _least(whole), reference, "ms"
    for step, function in steps.items():
        yield f"gate: {shape}: {step}", _least(function), None, "ms"


def _walk(file: Path, last: DatasetRef) -> set[int]:
    """Find the ancestors by a plain search over edges from a plain SELECT: no times, no names."""
    with closing(sqlite3.connect(file)) as connection:
        touches = connection.execute(
            "SELECT t.activity_id, t.dataset_id, t.role, d.uri FROM touch t"
            " JOIN dataset d ON d.id = t.dataset_id"
        ).fetchall()
    read: dict[int, list[int]] = defaultdict(list)
    writers: dict[int, list[int]] = defaultdict(list)
    start = 0
    for activity, dataset, role, uri in touches:
        if role == "in":
            read[activity].append(dataset)
        else:
            writers[dataset].append(activity)
        if uri == last.uri:
            start = dataset
    seen: set[int] = set()
    waiting = list(writers[start])
    while waiting:
        activity = waiting.pop()
        if activity not in seen:
            seen.add(activity)
            for dataset in read[activity]:
                waiting += writers[dataset]
    return seen


def _least(function: Callable[[], object]) -> float:
    """Return the least milliseconds: what else the machine does only adds."""
    times = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        function()
        times.append((time.perf_counter() - began) * 1000)
    return min(times)
