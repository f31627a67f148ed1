"""What a check found: values, and the formats in which programs want them.  Pure."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Level(str, Enum):
    """How much a finding matters; the names are SARIF's."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that a check found.  ``rule`` is a stable id, ``subject`` a task or a dataset."""

    path: str
    line: int
    rule: str
    message: str
    hint: str = ""
    subject: str = ""

    @property
    def level(self) -> Level:
        """How much it matters."""
        return RULES[self.rule].level


@dataclass(frozen=True, slots=True)
class Rule:
    """What a check looks for."""

    level: Level
    about: str


#: Every rule; the ids are public and never used again for something else.
RULES: Mapping[str, Rule] = {
    "dag.unreadable": Rule(Level.ERROR, "A DAG file cannot be read or is no Python."),
    "dag.untold": Rule(Level.NOTE, "What a task reads, writes or is for shows only when it runs."),
    "training.no-gate": Rule(Level.ERROR, "A task trains a model and no gate stands before it."),
    "training.gate-apart": Rule(
        Level.WARNING, "The gate is a task of its own, which a trigger rule can pass by."
    ),
    "training.likely": Rule(
        Level.WARNING, "A task looks as if it trains a model; no gate stands before it."
    ),
    "gate.bypassed": Rule(Level.ERROR, "A task that must pass a gate gets by without one."),
    "purpose.unknown": Rule(Level.ERROR, "A purpose is not in the tree of purposes."),
    "purpose.unbound": Rule(Level.ERROR, "No suite is bound to a purpose."),
    "purpose.missing": Rule(Level.ERROR, "A task must pass a gate, and nobody says what for."),
    "dataset.undeclared": Rule(
        Level.ERROR, "Nothing is known about data that a gated task is made from."
    ),
    "dataset.unchecked": Rule(
        Level.WARNING, "Nothing is known about data that no gated task is made from, so far."
    ),
    "catalog.unused": Rule(Level.WARNING, "A catalog entry means no dataset of these DAGs."),
    "catalog.invalid": Rule(Level.ERROR, "A catalog file cannot be used."),
    "policy.invalid": Rule(Level.ERROR, "The policy file cannot be used."),
    "suite.invalid": Rule(Level.ERROR, "A suite cannot be loaded."),
}


def fails(findings: Iterable[Finding], *, strict: bool = False) -> bool:
    """Whether a check with these findings has not passed; *strict* counts warnings too."""
    bad = {Level.ERROR, Level.WARNING} if strict else {Level.ERROR}
    return any(finding.level in bad for finding in findings)


def text(findings: Sequence[Finding], *, files: int, tasks: int) -> str:
    """Return findings as people read them, one to a line, and a line that counts them."""
    rows = []
    for finding in sorted(findings):
        rows.append(f"{_place(finding)}: {finding.level.value} [{finding.rule}] {finding.message}")
        rows += [f"    {finding.hint}"] if finding.hint else []
    counts = Counter(finding.level for finding in findings)
    told = ", ".join(f"{counts[level]} {level.value}s" for level in Level)
    return "\n".join([*rows, f"{files} files, {tasks} tasks: {told}"])


def rows(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as plain values, for JSON."""
    return [
        {
            "path": each.path,
            "line": each.line,
            "level": each.level.value,
            "rule": each.rule,
            "subject": each.subject,
            "message": each.message,
            "hint": each.hint,
        }
        for each in sorted(findings)
    ]


def sarif(findings: Sequence[Finding], *, version: str) -> str:
    """Return findings as SARIF, which code hosts show beside the changed lines.

    Source:
        OASIS SARIF 2.1.0.
    """
    names = sorted({finding.rule for finding in findings})
    driver = {
        "name": "lineage-plugin",
        "version": version,
        "rules": [
            {
                "id": name,
                "shortDescription": {"text": RULES[name].about},
                "defaultConfiguration": {"level": RULES[name].level.value},
            }
            for name in names
        ],
    }
    results = [
        {
            "ruleId": each.rule,
            "ruleIndex": names.index(each.rule),
            "level": each.level.value,
            "message": {"text": "\n".join(filter(None, (each.message, each.hint)))},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": each.path},
                        "region": {"startLine": max(each.line, 1)},
                    }
                }
            ],
        }
        for each in sorted(findings)
    ]
    whole = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    return json.dumps(whole, indent=2)


def junit(findings: Sequence[Finding], *, checked: Sequence[str]) -> str:
    """Return findings as JUnit XML: one test case for each file that was checked."""
    by_path: dict[str, list[Finding]] = {path: [] for path in checked}
    for finding in sorted(findings):
        by_path.setdefault(finding.path, []).append(finding)
    failed = sum(fails(found) for found in by_path.values())
    suite = ET.Element(
        "testsuite",
        name="lineage-plugin check",
        tests=str(len(by_path)),
        failures=str(failed),
        errors="0",
    )
    for path, found in by_path.items():
        case = ET.SubElement(suite, "testcase", classname="lineage-plugin", name=path)
        told = "\n".join(_printable(text_of(each)) for each in found)
        if fails(found):
            first = next(each for each in found if each.level is Level.ERROR)
            failure = ET.SubElement(case, "failure", message=_printable(first.message))
            failure.set("type", first.rule)
            failure.text = told
        elif found:
            ET.SubElement(case, "system-out").text = told
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def text_of(finding: Finding) -> str:
    """Return one finding on one line."""
    hint = f"  ({finding.hint})" if finding.hint else ""
    return f"{_place(finding)}: {finding.level.value} [{finding.rule}] {finding.message}{hint}"


def _place(finding: Finding) -> str:
    return f"{finding.path}:{finding.line}" if finding.line else finding.path


def _printable(line: str) -> str:
    """XML 1.0 cannot hold control characters at all."""
    return "".join(char if char.isprintable() else " " for char in line)
