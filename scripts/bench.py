"""Run every ``rows()`` in tests/bench, print one table, and write it to build/bench.json.

A row is ``(name, ours, reference, unit)``: what was measured of ours, beside what it is compared
with (``None`` where there is nothing to compare with).

Usage: ``python scripts/bench.py [WORD ...]``: only files whose name contains one of the words.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent
_HEAD = ("name", "ours", "reference", "ratio", "unit")


def main(words: list[str]) -> int:
    """Measure, print, write; the exit code tells whether every file could be measured."""
    # Where the processes that rows() start find the same modules.
    os.chdir(_ROOT)
    sys.path.insert(0, str(_ROOT))
    table: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    for file in sorted((_ROOT / "tests" / "bench").glob("bench_*.py")):
        if words and not any(word in file.stem for word in words):
            continue
        print(f"measuring {file.stem} ...", file=sys.stderr, flush=True)
        try:
            table += map(_row, _rows_of(file))
        except Exception as error:  # noqa: BLE001 - one that breaks must not hide the others
            failed[file.stem] = f"{type(error).__name__}: {error}"
    print(_as_text(table))
    _write(table, failed)
    for name, why in failed.items():
        print(f"{name} could not be measured: {why}", file=sys.stderr)
    return 1 if failed else 0


def _rows_of(file: Path) -> Iterable[tuple[str, float, float | None, str]]:
    spec = importlib.util.spec_from_file_location(f"tests.bench.{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Known by name before it runs, so that functions in it can be sent to other processes.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    rows: Iterable[tuple[str, float, float | None, str]] = module.rows()
    return rows


def _row(row: tuple[str, float, float | None, str]) -> dict[str, Any]:
    name, ours, reference, unit = row
    ratio = ours / reference if reference else None
    return dict(zip(_HEAD, (name, ours, reference, ratio, unit), strict=True))


def _as_text(table: list[dict[str, Any]]) -> str:
    cells = [_HEAD, *(tuple(_cell(row[key]) for key in _HEAD) for row in table)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(_HEAD))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if 0 < i < len(_HEAD) - 1 else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )


def _cell(value: float | str | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _write(table: list[dict[str, Any]], failed: dict[str, str]) -> None:
    target = _ROOT / "build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    machine = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
    }
    written = {"machine": machine, "rows": table, "failed": failed}
    target.write_text(json.dumps(written, indent=2) + "\n", "utf-8")
    print(f"written to {target.relative_to(_ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
