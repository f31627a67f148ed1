"""What ``lineage-plugin suite test`` prints."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineage_plugin.cli import tables
from lineage_plugin.model import Outcome, Reason

if TYPE_CHECKING:
    from lineage_plugin.gate.suite_file import Suite
    from lineage_plugin.gate.trial import Trial

_COLUMNS = {"frame": "frame", "outcome": "outcome", "result": "result", "why": "reasons"}


def tell_one(suite: Suite, trial: Trial, form: str) -> Outcome:
    """Print what a gate would say about one frame."""
    row = _row(suite, trial)
    found = trial.judgement
    if form != "table":
        tables.write_json(form, row)
        return found.outcome
    tables.write_table([[found.outcome.value]], [""])
    about = f"{suite.name} on {trial.frame.name}, for {trial.purpose}"
    click.echo(tables.printable(about))
    if trial.frame.notes:
        click.echo(tables.printable(trial.frame.notes))
    for title, reasons in (("Stands in the way:", found.reasons), ("Warns:", found.warnings)):
        if reasons:
            click.echo(f"\n{title}")
            for reason in reasons:
                _tell(reason)
    for unmet in trial.unmet:
        click.echo(tables.printable(f"not as its file says: {unmet}"), err=True)
    return found.outcome


def tell_all(suite: Suite, trials: Sequence[Trial], form: str, junit: Path | None) -> None:
    """Print which frames came out as expected."""
    rows = [_row(suite, trial) for trial in trials]
    if form != "table":
        tables.write_json(form, rows)
    else:
        shown = [
            {**row, "why": _ids(trial), "result": "; ".join(row["unmet"]) or row["result"]}
            for row, trial in zip(rows, trials, strict=True)
        ]
        tables.write(form, shown, _COLUMNS, empty="there are no frames")
    told = [trial for trial in trials if trial.is_told]
    failed = sum(bool(trial.unmet) for trial in told)
    rest = f", {len(trials) - len(told)} without expectation" if len(told) < len(trials) else ""
    click.echo(f"{len(told) - failed} passed, {failed} failed{rest}", err=True)
    if junit is not None:
        try:
            junit.write_text(f"{_junit(suite, told)}\n", encoding="utf-8")
        except OSError as error:
            raise click.FileError(str(junit), error.strerror or str(error)) from error


def _row(suite: Suite, trial: Trial) -> dict[str, Any]:
    found, frame = trial.judgement, trial.frame
    result = ("failed" if trial.unmet else "passed") if trial.is_told else "shown"
    return {
        "suite": suite.name,
        "frame": frame.name,
        "path": frame.path,
        "notes": frame.notes,
        "purpose": trial.purpose,
        "outcome": found.outcome.value,
        "expected": None if frame.outcome is None else frame.outcome.value,
        "result": result,
        "unmet": list(trial.unmet),
        "reasons": [_reason(reason) for reason in found.reasons],
        "warnings": [_reason(reason) for reason in found.warnings],
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "id": reason.id,
        "dataset": reason.dataset,
        "why": reason.why,
        "remedy": reason.remedy,
        "severity": reason.severity,
        "clause": reason.clause,
        "source": reason.source,
    }


def _ids(trial: Trial) -> str:
    return ", ".join(dict.fromkeys(reason.id for reason in trial.judgement.reasons))


def _tell(reason: Reason) -> None:
    click.secho(tables.printable(f"  {reason.id}  {reason.dataset}".rstrip()), bold=True)
    lines = [["why", reason.why], ["rule", reason.clause], ["what to do", reason.remedy]]
    tables.write_table([line for line in lines if line[1]], ["", ""], indent=4)


def _junit(suite: Suite, trials: Sequence[Trial]) -> str:
    """Return JUnit XML: one test case for each frame that says what is expected."""
    failed = sum(bool(trial.unmet) for trial in trials)
    root = ET.Element(
        "testsuite",
        name=f"suite {suite.name}",
        tests=str(len(trials)),
        failures=str(failed),
        errors="0",
    )
    for trial in trials:
        case = ET.SubElement(root, "testcase", classname=suite.name, name=trial.frame.name)
        if trial.unmet:
            failure = ET.SubElement(case, "failure", message="; ".join(trial.unmet))
            why = (
                f"{reason.id} {reason.dataset}: {reason.why}" for reason in trial.judgement.reasons
            )
            failure.text = tables.printable("\n".join(why))
    return ET.tostring(root, encoding="unicode", xml_declaration=True)
