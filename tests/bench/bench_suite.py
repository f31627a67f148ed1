"""What our strictness adds to Great Expectations: the same suite, the same rows, judged bare."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

from lineage_plugin.gate.frame import RELEVANT
from lineage_plugin.gate.suite import find_suite, load_suite, run_suites

_SUITE = find_suite("model-training", Path("none"))

#: Repetitions in this process.
_RUNS = 9

#: Fresh processes per row; each imports Great Expectations, which takes seconds.
_PROCESSES = 3

#: One of the two functions below in a process of its own, imports included.
_PROBE = """
import time
began = time.perf_counter()
from tests.bench.bench_suite import {function}
assert {function}(100)
print(time.perf_counter() - began)
"""


def rows() -> list[tuple[str, float, float | None, str]]:
    """Time a clean frame, so that every rule is evaluated, and one where every row fails one."""
    found: list[tuple[str, float, float | None, str]] = [
        ("suite: first in a process, imports included", *_fresh(), "ms")
    ]
    for count in (1, 100, 10_000):
        both = _alternating(partial(ours, count), partial(bare, count))
        found.append((f"suite: {count} clean rows", *both, "ms"))
    both = _alternating(partial(ours, 10_000, "absent"), partial(bare, 10_000, "absent"))
    found.append(("suite: 10000 rows, all offending", *both, "ms"))
    return found


def ours(count: int, license_verdict: str = "permitted") -> bool:
    """Load the suite and judge *count* rows our way."""
    frame = _frame(count, license_verdict)
    return run_suites([load_suite(_SUITE)], frame, columns=list(RELEVANT)).passed


def bare(count: int, license_verdict: str = "permitted") -> bool:
    """Do the same as Great Expectations' documentation shows it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gx: Any = import_module("great_expectations")
    pandas: Any = import_module("pandas")
    suites: Any = import_module("great_expectations.core.expectation_suite")
    bars: Any = import_module("great_expectations.data_context.types.base").ProgressBarsConfig
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = bars(globally=False)
    asset = context.data_sources.add_pandas("p").add_dataframe_asset("a")
    frame = {"dataframe": pandas.DataFrame(_frame(count, license_verdict))}
    batch = asset.add_batch_definition_whole_dataframe("b").get_batch(frame)
    loaded = suites.expectationSuiteSchema.loads(_SUITE.read_text("utf-8"))
    return bool(batch.validate(gx.ExpectationSuite(**loaded)).success)


def _frame(count: int, license_verdict: str) -> list[dict[str, object]]:
    verdicts = {
        "lineage_verdict": "complete",
        "source_verdict": "known",
        "license_verdict": license_verdict,
        "consent_verdict": "valid",
        "custody_verdict": "complete",
        "use_verdict": "permitted",
        "assurance": "verified",
    }
    return [
        {**dict.fromkeys(RELEVANT, "none"), **verdicts, "dataset": f"s3://lake/{number}"}
        for number in range(count)
    ]


def _alternating(first: Callable[[], bool], second: Callable[[], bool]) -> tuple[float, float]:
    """Return the median milliseconds of both, taken in turns: other load then hits both alike."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(_RUNS):
        for function, found in zip((first, second), times, strict=True):
            began = time.perf_counter()
            function()
            found.append((time.perf_counter() - began) * 1000)
    return median(times[0]), median(times[1])


def _fresh() -> tuple[float, float]:
    """Return the least milliseconds of both in fresh processes."""
    found: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(_PROCESSES):
        for function, times in found.items():
            code = _PROBE.format(function=function)
            root = Path(__file__).parents[2]
            printed = subprocess.check_output([sys.executable, "-c", code], cwd=root, text=True)
            times.append(json.loads(printed) * 1000)
    return min(found["ours"]), min(found["bare"])
