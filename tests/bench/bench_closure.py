"""What lineage takes at scale: labels of 100,000 versions, a gate's closure, a million edges.

Limits stand in the names; the references are a plain traversal by networkx and clew-lineage's reach
over the same graph, which know neither times nor labels.
"""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from lineage_plugin.gate import frame
from lineage_plugin.lineage.ancestry import ascend
from lineage_plugin.lineage.labels import propagate
from lineage_plugin.lineage.survey import survey
from lineage_plugin.model import (
    DatasetRef,
    Declaration,
    EdgeKind,
    License,
    Output,
    RunFacts,
    RunState,
)
from lineage_plugin.policy import edges
from lineage_plugin.policy.purposes import shipped
from lineage_plugin.store import open_store
from lineage_plugin.store.api import Activity, History

#: 1 January 2026, in microseconds.
_START_US = 1_767_225_600_000_000

#: After everything.
_NOW_US = _START_US + 10**12

#: Repetitions; the least counts, because what else the machine does only adds.
_RUNS = 3

#: Microseconds from one run to the next, and how long each takes.
_STEP_US, _LASTS_US = 10, 5

Row = tuple[str, float, float | None, str]

#: Runs one function of this file in a process of its own and prints what it returns.
_PROBE = """
import json, sys
from tests.bench.bench_closure import {function}
print(json.dumps({function}(*json.loads(sys.argv[1]))))
"""


class Graph:
    """Layers as wide as there are sources; each dataset is made from two of the layer before.

    Every third was embedded, so that categories escalate on the way.
    """

    def __init__(self, versions: int, sources: int) -> None:
        self.versions = versions
        self.sources = sources

    def parents(self, number: int) -> tuple[int, ...]:
        """Return what a dataset was made from."""
        if number < self.sources:
            return ()
        # A stride that shares no factor with the width mixes the layers thoroughly.
        beside = number - number % self.sources - self.sources
        return number - self.sources, beside + (number * 7 + 1) % self.sources

    @property
    def edges(self) -> int:
        return sum(len(set(self.parents(number))) for number in range(self.versions))

    @property
    def last(self) -> list[DatasetRef]:
        """The last layer: everything else was made into it."""
        return [_ref(n) for n in range(self.versions - self.sources, self.versions)]

    def said(self, uri: str) -> tuple[Declaration, ...]:
        """Return what is declared: each source is from outside, licensed, of one category."""
        number = int(uri.rpartition("/d")[2])
        if number >= self.sources:
            return ()
        category = ("face-image", "personal")[number % 2]
        licensed = License("CC-BY-4.0")
        return (Declaration("bench", uri, external=True, license=licensed, categories=(category,)),)

    def history(self) -> History:
        """Return what a record would tell, without one."""
        kinds = (frozenset({EdgeKind.EMBED}), frozenset({EdgeKind.FILTER}))
        numbers = range(1, self.versions + 1)
        starts = [_START_US + number * _STEP_US for number in numbers]
        return History(
            {number: _ref(number - 1) for number in numbers},
            {},
            {
                n: Activity(
                    n,
                    "airflow",
                    f"make-{n}",
                    "m",
                    at,
                    at + _LASTS_US,
                    refused=False,
                    edges=kinds[n % 3 > 0],
                    runs=("r",),
                )
                for n, at in zip(numbers, starts, strict=True)
            },
            [(n, n, False) for n in numbers],
            [(n, parent + 1) for n in numbers for parent in self.parents(n - 1)],
            {},
            2 * self.versions,
        )

    def events(self) -> Iterator[tuple[RunFacts, str]]:
        """Yield what Airflow would have reported."""
        for number in range(self.versions):
            at_us = _START_US + (number + 1) * _STEP_US
            for state, moment in ((RunState.START, at_us), (RunState.COMPLETE, at_us + _LASTS_US)):
                yield (
                    RunFacts(
                        f"r{number}",
                        "airflow",
                        f"make-{number + 1}",
                        state,
                        moment,
                        "m",
                        inputs=tuple(map(_ref, self.parents(number))),
                        outputs=(Output(_ref(number)),),
                        edge=EdgeKind.FILTER if (number + 1) % 3 else EdgeKind.EMBED,
                    ),
                    "{}",
                )


def _ref(number: int) -> DatasetRef:
    return DatasetRef("s3://lake", f"d{number}")


def rows() -> list[Row]:
    """Time labels in memory and from a cold file, a gate's closure, and a million edges."""
    with tempfile.TemporaryDirectory() as folder:
        return [*_labels(Path(folder)), *_closure(Path(folder)), *_large()]


def _labels(home: Path) -> Iterator[Row]:
    graph = Graph(100_000, 1_000)
    of = f"{graph.versions:,} versions, {graph.edges:,} edges, {graph.sources:,} sources"
    history = graph.history()
    walks, clew = _walked_by_networkx(graph), _reached_by_clew(graph)
    found = _ascended(history, graph)
    yield (
        f"closure: {of}: labels in memory (limit 500)",
        _least(_labelling(found, graph)),
        walks,
        "ms",
    )
    times = _least(lambda: _ascended(history, graph))
    yield f"closure: {of}: versions and edges from a history in memory", times, walks, "ms"
    file = home / "labels.db"
    _record(file, graph)
    cold = [_apart("from_file", str(file), graph.versions, graph.sources) for _ in range(_RUNS)]
    least = min(milliseconds for milliseconds, _ in cold)
    yield f"closure: {of}: labels from a cold file (limit 3000)", least, clew, "ms"
    yield f"closure: {of}: by a networkx traversal, graph built", walks, None, "ms"
    yield f"closure: {of}: by clew-lineage: index, reach, evidence tree", clew, None, "ms"


def _closure(home: Path) -> Iterator[Row]:
    graph = Graph(10_000, 100)
    file = home / "closure.db"
    _record(file, graph)
    of = f"{graph.versions:,} versions, {graph.edges:,} edges, {graph.sources:,} sources"
    with closing(open_store(f"sqlite:///{file}")) as store:

        def closed() -> str:
            seen = survey(store, graph.last, graph.said, at_us=_NOW_US)
            assert len(seen.ancestry.versions) == graph.versions
            found = frame.build(
                seen, purpose="model-training", purposes=shipped(), at_us=_NOW_US, terms={}
            )
            return found.digest

        name = f"closure: {of}: a gate's frame without Great Expectations (limit 300)"
        yield name, _least(closed), _reached_by_clew(graph), "ms"


def _large() -> Iterator[Row]:
    shapes = {
        "500,000 versions, 1,000 sources": (500_000, 1_000),
        "1,000,000 versions in one chain, 1 source": (1_000_000, 1),
    }
    for shape, (versions, sources) in shapes.items():
        graph = Graph(versions, sources)
        milliseconds, mebibytes = _apart("in_memory", versions, sources)
        of = f"{shape}, {graph.edges:,} edges"
        yield f"closure: {of}: history to labels (limit 8000)", milliseconds, None, "ms"
        yield f"closure: {of}: peak memory (limit 2048)", mebibytes, None, "MiB"


def from_file(file: str, versions: int, sources: int) -> tuple[float, float]:
    """Label everything in a record that this process has not opened before."""
    graph = Graph(versions, sources)
    began = time.perf_counter()
    with closing(open_store(f"sqlite:///{file}", read_only=True, create=False)) as store:
        seen = survey(store, graph.last, graph.said, at_us=_NOW_US)
    ended = time.perf_counter()
    assert len(seen.ancestry.versions) == versions
    assert len(seen.uris) == sources
    return (ended - began) * 1000, _peak()


def in_memory(versions: int, sources: int) -> tuple[float, float]:
    """Label everything in a history, in a process that does nothing else."""
    graph = Graph(versions, sources)
    history = graph.history()
    gc.disable()
    began = time.perf_counter()
    found = _ascended(history, graph)
    labels, uris = _labelling(found, graph)()
    ended = time.perf_counter()
    assert len(labels) == versions
    assert len(uris) == sources
    assert "personal" in labels[0].categories or "face-image" in labels[0].categories
    return (ended - began) * 1000, _peak()


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _ascended(history: History, graph: Graph) -> Any:
    return ascend(history, graph.last, at_us=None, is_root=lambda uri: bool(graph.said(uri)))


def _labelling(found: Any, graph: Graph) -> Callable[[], Any]:
    def categories(uri: str) -> tuple[str, ...]:
        return tuple(category for said in graph.said(uri) for category in said.categories)

    return lambda: propagate(found, graph.said, categories, edges.Rules().escalations)


def _record(file: Path, graph: Graph) -> None:
    with closing(open_store(f"sqlite:///{file}")) as store:
        store.append_runs(graph.events(), recorded_us=_START_US)


def _walked_by_networkx(graph: Graph) -> float:
    """Build a graph of the same edges and find everything above its last layer."""
    import networkx as nx

    last = range(graph.versions - graph.sources, graph.versions)
    pairs = [(n, parent) for n in range(graph.versions) for parent in graph.parents(n)]
    pairs += [(-1, n) for n in last]

    def walk() -> None:
        assert len(nx.descendants(nx.DiGraph(pairs), -1)) == graph.versions

    return _least(walk)


def _reached_by_clew(graph: Graph) -> float:
    """Let clew-lineage index the same edges, reach what the sources went into, and say how."""
    from clew.graph import blast_radius

    pairs = [
        {"consumer": f"d{n}", "producer": f"d{parent}"}
        for n in range(graph.versions)
        for parent in graph.parents(n)
    ]
    sources = [f"d{n}" for n in range(graph.sources)]

    def reach() -> None:
        forward = blast_radius.forward_index(pairs)
        found = blast_radius.reachable(sources, forward)
        assert len(found) >= graph.versions - graph.sources
        blast_radius.evidence_tree(sources, forward)

    return _least(reach)


def _apart(function: str, *arguments: object) -> tuple[float, float]:
    """Return milliseconds and mebibytes from a process of its own."""
    printed = subprocess.check_output(
        [sys.executable, "-c", _PROBE.format(function=function), json.dumps(arguments)],
        cwd=Path(__file__).parents[2],
        text=True,
    )
    milliseconds, mebibytes = json.loads(printed)
    return milliseconds, mebibytes


def _least(function: Callable[[], object]) -> float:
    """Return the least milliseconds, without the collector's, as a survey works."""
    times = []
    for _ in range(_RUNS):
        gc.collect()
        gc.disable()
        began = time.perf_counter()
        function()
        times.append((time.perf_counter() - began) * 1000)
        gc.enable()
    return min(times)
