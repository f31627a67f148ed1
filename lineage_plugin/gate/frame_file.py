"""Provenance frames in files: what a suite is tried on before it judges anything.

A file names the cells that matter; every other cell is what it is in a frame without fault, so that
a frame that was written before a column existed is still a frame.
"""

from __future__ import annotations

import csv
import functools
import io
import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lineage_plugin.catalog.snapshot import open_ordinary
from lineage_plugin.errors import DeclarationError
from lineage_plugin.gate.frame import COLUMNS
from lineage_plugin.model import Outcome, Problem
from lineage_plugin.policy import verdicts
from lineage_plugin.policy.vocabulary import suggest

#: The example without fault; its cells stand where a file names none.
CLEAN = "clean"

#: Bytes; a frame is tried by people, who look at some rows.
_MAX_BYTES = 4 << 20

#: What a version, or the question itself, has of its own and never from its sources.
_NEVER_INHERITED = frozenset({"lineage", "quarantine", "recipient"})

#: What derived data says nothing about itself.
_SAYS_NOTHING = ("inherited", "not-needed")

_KEYS = frozenset({"expected", "notes", "purpose", "rows"})
_EXPECTED_KEYS = frozenset({"outcome", "reasons"})

#: How a CSV file says what is expected of it, in its first line.
_CSV_EXPECTED = "# expected:"


@dataclass(frozen=True, slots=True)
class FrameFile:
    """A frame to try suites on.

    ``outcome`` is what is expected of the suites, ``None`` where nothing is; ``reasons`` are ids
    that have to be among those they give.
    """

    name: str
    path: str
    rows: tuple[Mapping[str, Any], ...]
    notes: str = ""
    outcome: Outcome | None = None
    reasons: tuple[str, ...] = ()


def shipped_folder() -> Path:
    """Return the folder of the example frames."""
    return Path(__file__).parent / "frames"


def examples() -> tuple[str, ...]:
    """Name the example frames."""
    return tuple(sorted(file.stem for file in shipped_folder().glob("*.json")))


def example(name: str) -> FrameFile:
    """Return an example frame.

    Raises:
        DeclarationError: There is none of that name.
    """
    known = examples()
    if name not in known:
        near = suggest(name, known)
        hint = (f"did you mean {near!r}? " if near else "") + f"known: {', '.join(known)}"
        raise DeclarationError((Problem(f"no example frame {name!r:.80}", hint=hint),))
    return load_frame(shipped_folder() / f"{name}.json")


def load_frame(path: Path) -> FrameFile:
    """Read a frame, ``.csv`` or JSON.

    Raises:
        DeclarationError: It cannot be read or is no frame; lists everything that is wrong.
    """
    reading = _Reading(path)
    found = reading.csv() if path.suffix.lower() == ".csv" else reading.json()
    if found is None or reading.problems:
        raise DeclarationError(tuple(reading.problems))
    return found


def load_frames(folder: Path) -> tuple[FrameFile, ...]:
    """Read every frame in a folder, by name.

    Raises:
        DeclarationError: There is none, or one cannot be read; lists everything that is wrong.
    """
    problems: list[Problem] = []
    found: list[FrameFile] = []
    for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in (".json", ".csv")):
        try:
            found.append(load_frame(path))
        except DeclarationError as error:
            problems += error.problems
    if not found and not problems:
        hint = "write one: lineage-plugin suite test --help"
        problems.append(Problem("no frame is there, .json or .csv", str(folder), hint))
    if problems:
        raise DeclarationError(tuple(problems))
    return tuple(found)


def filled(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with every column: what it does not name has no fault."""
    return {**_usual(is_derived=row.get("origin") == "derived"), **row}


@functools.cache
def _usual(*, is_derived: bool) -> Mapping[str, Any]:
    """Return the cells of a root, or of what was made from one."""
    raw = json.loads((shipped_folder() / f"{CLEAN}.json").read_text("utf-8"))
    root, derived = raw["rows"]
    cells: dict[str, Any] = {column: _mildest(column) for column in COLUMNS} | root
    if is_derived:
        inherited = {
            column: "inherited"
            for column in COLUMNS
            if (area := column.removesuffix("_verdict")) != column and area not in _NEVER_INHERITED
        }
        cells |= inherited | derived
    return cells


def _mildest(column: str) -> str:
    """Return the verdict of a column that is the best there is, of what somebody said."""
    area = column.removesuffix("_verdict")
    passing = [
        verdict
        for of, verdict in verdicts.known()
        if of == area and verdicts.passes(of, verdict) and verdict not in _SAYS_NOTHING
    ]
    if area == column or not passing:
        return "none"
    return min(passing, key=lambda verdict: verdicts.severity(area, verdict))


@dataclass
class _Reading:
    """Reads one file and gathers what is wrong with it."""

    path: Path
    problems: list[Problem] = field(default_factory=list)

    def json(self) -> FrameFile | None:
        """Return the frame of a JSON file: an object with rows, or a list of rows."""
        text = self._text()
        try:
            raw = None if text is None else json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            self._wrong(f"no JSON: {getattr(error, 'msg', error)}", getattr(error, "lineno", 1))
            return None
        if text is None:
            return None
        if isinstance(raw, list):
            raw = {"rows": raw}
        if not isinstance(raw, dict) or not isinstance(raw.get("rows"), list):
            self._wrong("no frame: write a list of rows, or an object with 'rows'")
            return None
        for key in sorted(raw.keys() - _KEYS):
            self._wrong(f"unknown key {key!r}", hint=_meant(key, _KEYS))
        outcome, reasons = self._expected(raw.get("expected"))
        purpose = raw.get("purpose")
        rows = self._rows(raw["rows"], {"purpose": str(purpose)} if purpose else {})
        notes = str(raw.get("notes") or "")
        return FrameFile(self.path.stem, str(self.path), rows, notes, outcome, reasons)

    def csv(self) -> FrameFile | None:
        """Return the frame of a CSV file: a header of columns, an empty cell says nothing."""
        text = self._text()
        if text is None:
            return None
        expected: dict[str, Any] | None = None
        if text.startswith(_CSV_EXPECTED):
            first, _, text = text.partition("\n")
            told = first.removeprefix(_CSV_EXPECTED).split() or [""]
            expected = {"outcome": told[0], "reasons": told[1:]}
        read = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        rows: list[dict[str, Any]] = []
        try:
            for line in read:
                if None in line or None in line.values():
                    message = "a line has more or fewer cells than the header"
                    self._wrong(message, read.line_num + (expected is not None))
                    continue
                rows.append({name: _typed(name, cell) for name, cell in line.items() if cell})
        except csv.Error as error:
            self._wrong(f"no CSV: {error}", read.line_num)
            return None
        outcome, reasons = self._expected(expected)
        found = self._rows(rows)
        return FrameFile(self.path.stem, str(self.path), found, outcome=outcome, reasons=reasons)

    def _wrong(self, message: str, line: int = 0, hint: str = "") -> None:
        where = f"{self.path}:{line}" if line else str(self.path)
        self.problems.append(Problem(message, where, hint))

    def _text(self) -> str | None:
        try:
            with os.fdopen(open_ordinary(self.path), "rb") as file:
                data = file.read(_MAX_BYTES + 1)
        except OSError as error:
            self._wrong(f"cannot be read: {error.strerror or error}")
            return None
        if len(data) > _MAX_BYTES:
            self._wrong(f"larger than {_MAX_BYTES >> 20} MiB", hint="try a suite on fewer rows")
            return None
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self._wrong(f"no UTF-8: {error.reason} at byte {error.start}")
            return None

    def _expected(self, raw: Any) -> tuple[Outcome | None, tuple[str, ...]]:
        if raw is None:
            return None, ()
        if isinstance(raw, str):
            raw = {"outcome": raw}
        if not isinstance(raw, dict) or raw.keys() - _EXPECTED_KEYS:
            hint = 'write "expected": {"outcome": "DENIED", "reasons": ["license.non-commercial"]}'
            self._wrong("'expected' says something else than outcome and reasons", hint=hint)
            return None, ()
        known = {outcome.value.upper(): outcome for outcome in Outcome}
        outcome = known.get(str(raw.get("outcome")).upper())
        if outcome is None:
            hint = f"write one of {', '.join(known)}"
            self._wrong(f"unknown outcome {raw.get('outcome')!r:.60}", hint=hint)
        reasons = raw.get("reasons") or []
        if not isinstance(reasons, list) or not all(isinstance(r, str) for r in reasons):
            self._wrong("'reasons' is no list of ids", hint="see docs/reference/verdicts.md")
            reasons = []
        return outcome, tuple(reasons)

    def _rows(
        self, rows: Sequence[Any], of_all: Mapping[str, Any] = MappingProxyType({})
    ) -> tuple[Mapping[str, Any], ...]:
        found = []
        for number, row in enumerate(rows, 1):
            if not isinstance(row, dict):
                self._wrong(f"row {number} is no JSON object")
                continue
            for message, hint in _mistakes(row):
                self._wrong(f"row {number}: {message}", hint=hint)
            found.append(filled({**of_all, **row}))
        return tuple(found)


def _mistakes(row: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for column, cell in row.items():
        if column not in COLUMNS:
            yield f"unknown column {column!r}", _meant(column, COLUMNS)
        elif not isinstance(cell, str | int):
            yield f"{column} is {cell!r:.60}", "no cell of a frame is ever null: write a text"
        else:
            area = column.removesuffix("_verdict")
            known = {verdict for of, verdict in verdicts.known() if of == area}
            if (area != column or column == "assurance") and known and cell not in known:
                yield f"{column} is never {cell!r}", _meant(str(cell), known)


def _typed(column: str, cell: str) -> str | int:
    return int(cell) if column == "depth" and cell.isdecimal() else cell


def _meant(word: str, known: Collection[str]) -> str:
    near = suggest(word, known)
    return f"did you mean {near!r}?" if near else f"known: {', '.join(sorted(known))}"
