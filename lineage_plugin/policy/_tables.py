"""The tables of this room: JSON files beside it, each read once, when first asked for."""

from __future__ import annotations

import functools
import json
from typing import Any

#: One row of a table.  Every row has a ``source``: the standard and the clause it follows.
Row = dict[str, Any]


@functools.cache
def rows(file: str, table: str) -> tuple[Row, ...]:
    """Return the rows of *table* in ``data/<file>.json``, in their order."""
    return tuple(_read(file)[table])


def tables(file: str) -> tuple[str, ...]:
    """Return the names of the tables in ``data/<file>.json``."""
    return tuple(_read(file))


@functools.cache
def _read(file: str) -> dict[str, list[Row]]:
    # Not at the top: it costs 25 ms in a process that has not imported Airflow.
    from importlib.resources import files

    text = files("lineage_plugin.policy").joinpath("data", f"{file}.json").read_text("utf-8")
    found: dict[str, list[Row]] = json.loads(text)
    return found
