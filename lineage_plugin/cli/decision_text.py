"""A decision for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from lineage_plugin.cli import tables
from lineage_plugin.codec import encode
from lineage_plugin.model import Decision, Outcome, Reason

#: Characters of an id that a table shows; ``lineage-plugin decisions`` takes them for the whole.
SHORT_ID = 8

#: A screen holds about this many; JSON has them all.
_MOST_SHOWN = 40


def as_row(decision: Decision) -> dict[str, Any]:
    """Return a decision as JSON: every field, times readable, datasets by URI."""
    return {
        "id": decision.id,
        "outcome": decision.outcome.value,
        "at": tables.when(decision.at_us),
        "inputs": [ref.uri for ref in decision.inputs],
        "purpose": decision.purpose,
        "reasons": [_reason(reason) for reason in decision.reasons],
        "warnings": [_reason(reason) for reason in decision.warnings],
        "valid_until": tables.when(decision.valid_until_us),
        "job": decision.subject.job_name,
        "job_namespace": decision.subject.job_namespace,
        "run_id": decision.subject.run_id,
        "group": decision.subject.group,
        "suites": list(decision.suites),
        "rows": decision.rows,
        "reused_from": decision.reused_from,
        "frame_digest": decision.frame_digest,
        "policy_digest": decision.policy_digest,
        "known_seq": decision.known_seq,
    }


def short_id(decision: Decision) -> str:
    """Return enough of a decision's id to find it again."""
    return decision.id[:SHORT_ID]


def why(decision: Decision) -> str:
    """Say in one line why; empty for what was allowed."""
    if not decision.reasons:
        return ""
    first = decision.reasons[0]
    where = f"{first.dataset}: " if first.dataset else ""
    more = f" and {len(decision.reasons) - 1} more" if len(decision.reasons) > 1 else ""
    return f"{where}{first.why} [{first.id}]{more}"


def tell(decision: Decision) -> None:
    """Explain a decision to a person: reasons, ways, what to do next."""
    inputs = ", ".join(ref.uri for ref in decision.inputs) or "(no dataset)"
    click.secho(
        f"{decision.outcome.value}  {tables.printable(inputs)}  for {decision.purpose}", bold=True
    )
    if decision.outcome is Outcome.ALLOWED:
        held = ", ".join(decision.suites) or "none"
        click.echo(f"\n{decision.rows} rows of provenance hold against suites: {held}")
    _reasons("", decision.reasons)
    _reasons("\nWarnings, which block nothing:", decision.warnings)
    _remedies(decision.reasons)
    _ways(decision.reasons)
    _facts(decision)
    _next(decision)


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "id": reason.id,
        "dataset": reason.dataset,
        "why": reason.why,
        "remedy": reason.remedy,
        "path": encode(reason.path),
        "is_definite": reason.is_definite,
        "severity": reason.severity,
        "said_by": reason.said_by,
    }


def _reasons(title: str, reasons: tuple[Reason, ...]) -> None:
    if not reasons:
        return
    click.echo(title)
    tables.write_table(
        [
            [reason.dataset or "-", reason.why, reason.id, reason.said_by]
            for reason in reasons[:_MOST_SHOWN]
        ],
        ["dataset", "why", "rule", "said by"],
        indent=2,
    )
    if len(reasons) > _MOST_SHOWN:
        click.echo(f"  ... and {len(reasons) - _MOST_SHOWN} more; --format json has them all")


def _remedies(reasons: Iterable[Reason]) -> None:
    remedies = list(dict.fromkeys(reason.remedy for reason in reasons if reason.remedy))
    if remedies:
        click.echo("\nWhat to do:")
    for remedy in remedies[:_MOST_SHOWN]:
        click.echo(f"  - {tables.printable(remedy)}")


def _ways(reasons: Iterable[Reason]) -> None:
    paths = list(dict.fromkeys(reason.path for reason in reasons if len(reason.path) > 1))
    if paths:
        click.echo("\nHow they get there:")
    for path in paths[:_MOST_SHOWN]:
        click.echo(f"  {tables.printable(' <- '.join(path))}")


def _facts(decision: Decision) -> None:
    click.echo(f"\nDecision {decision.id} at {tables.when(decision.at_us)}")
    if decision.valid_until_us is not None and decision.outcome is Outcome.ALLOWED:
        click.echo(f"Valid until {tables.when(decision.valid_until_us)}")
    if decision.reused_from:
        click.echo(f"The same as in decision {decision.reused_from}")
    if decision.subject.job_name:
        job = f"{decision.subject.job_name}, run {decision.subject.run_id or '-'}"
        click.echo(f"Asked by {tables.printable(job)}")


def _next(decision: Decision) -> None:
    """End a refusal with the next command."""
    far = next((reason for reason in decision.reasons if len(reason.path) > 1), None)
    if far is not None:
        click.echo("\nHow the first one gets there, with the runs:")
        command = f"lineage-plugin trace {far.path[0]} --from {far.path[-1]}"
        click.echo(f"  {tables.printable(command)}")
    elif decision.outcome is not Outcome.ALLOWED and decision.inputs:
        click.echo("\nWhat is said about it, and by whom:")
        click.echo(f"  {tables.printable(f'lineage-plugin show {decision.inputs[0].uri}')}")
