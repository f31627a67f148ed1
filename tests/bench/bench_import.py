"""What the public names add to the parsing of a DAG file."""

from __future__ import annotations

import json
import subprocess
import sys

#: What every DAG file pays with or without us.
_BARE = "from airflow.sdk import dag, task"

_PROBE = """
import json, sys, time
began = time.perf_counter()
{before}
middle = time.perf_counter()
{statement}
print(json.dumps([middle - began, time.perf_counter() - middle]))
"""

#: Fresh processes per row.
_RUNS = 7


def rows() -> list[tuple[str, float, float | None, str]]:
    """Time our import in fresh processes, on top of Airflow's own."""
    both = _timed("from lineage_plugin import provenance, requires")
    operator = _timed("from lineage_plugin import ProvenanceGateOperator")
    return [
        ("parse: provenance, requires (beside airflow.sdk)", *both, "ms"),
        ("parse: ProvenanceGateOperator (beside airflow.sdk)", *operator, "ms"),
    ]


def _timed(statement: str) -> tuple[float, float]:
    """Return milliseconds of *statement* and of Airflow's import before it, the least of each.

    The least, because what the rest of the machine does can only add.
    """
    probe = _PROBE.format(before=_BARE, statement=statement)
    found = [
        json.loads(subprocess.check_output([sys.executable, "-c", probe], text=True))
        for _ in range(_RUNS)
    ]
    airflow, ours = (min(column) * 1000 for column in zip(*found, strict=True))
    return ours, airflow
