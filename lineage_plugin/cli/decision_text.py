"""A decision for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from lineage_plugin.cli import explanation, tables
from lineage_plugin.model import Decision, Outcome, Reason

if TYPE_CHECKING:
    from lineage_plugin.gate.replay import Replay

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
        "recipient": decision.recipient,
        "agreements": list(decision.agreements),
        "reasons": [explanation.reason_row(reason) for reason in decision.reasons],
        "warnings": [explanation.reason_row(reason) for reason in decision.warnings],
        "waived": [explanation.waived_row(each) for each in decision.waived],
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
        "judged_by": list(decision.judged_by),
        "mode": decision.mode.value,
        "would_be": decision.would_be.value if decision.would_be else None,
        "owed": [explanation.reason_row(reason) for reason in decision.owed],
        "break_glass": decision.break_glass or None,
    }


def short_id(decision: Decision) -> str:
    """Return enough of a decision's id to find it again."""
    return decision.id[:SHORT_ID]


def why(decision: Decision) -> str:
    """Say in one line why, or what was let pass; empty for what was allowed without a word."""
    found = decision.reasons or decision.owed
    if not found:
        return ""
    first = found[0]
    where = f"{first.dataset}: " if first.dataset else ""
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"{where}{first.why} [{first.id}]{more}"


def tell(decision: Decision, again: str = "") -> None:
    """Tell a decision to a person: reasons, ways, what to do next.

    *again* is the command that explains it, if it is not on record under its id.
    """
    inputs = ", ".join(ref.uri for ref in decision.inputs) or "(no dataset)"
    click.secho(
        f"{explanation.verdict(decision)}  {tables.printable(inputs)}  for {decision.aim}",
        bold=True,
    )
    if decision.outcome is Outcome.ALLOWED and decision.would_be is None:
        held = ", ".join(decision.suites) or "none"
        but = ", but for what is waived" if decision.waived else ""
        click.echo(f"\n{decision.rows} rows of provenance hold against suites{but}: {held}")
    _reasons("", decision.reasons)
    explanation.tell_waived(decision.waived)
    _reasons("\nLet pass, and owed:", decision.owed)
    _reasons("\nWarnings, which block nothing:", decision.warnings)
    _remedies((*decision.reasons, *decision.owed))
    _ways(decision.reasons)
    _facts(decision, is_recorded=not again)
    _next(decision, again)


def replay_row(replay: Replay) -> dict[str, Any]:
    """Return a replay as JSON: the verdict, what differs, and the answer of today."""
    return {
        "id": replay.recorded.id,
        "verdict": replay.verdict.value,
        "differences": [{"what": d.what, "then": d.then, "now": d.now} for d in replay.differences],
        "again": as_row(replay.again),
    }


def tell_replay(replay: Replay) -> None:
    """Say to a person whether a decision, made again, is the one on record."""
    recorded = replay.recorded
    click.secho(f"{replay.verdict.value.upper()}  decision {recorded.id}", bold=True)
    click.echo(
        f"\n{recorded.outcome.value} at {tables.when(recorded.at_us)}, from what the record knew"
        f" up to entry {recorded.known_seq}"
    )
    click.echo(_SHOWS[replay.verdict.value])
    if replay.differences:
        rows = [[d.what, _short(d.then), _short(d.now)] for d in replay.differences]
        click.echo("")
        tables.write_table(rows, ["what", "then", "now"], indent=2)


#: What each verdict of a replay says to a person.
_SHOWS = {
    "identical": "Made again, its outcome, reasons, warnings and frame are the same, byte for byte",
    "changed": "What judges is not what it was, so that the comparison proves nothing:",
    "contradicted": "The same policy gives another answer; run: lineage-plugin verify",
    "unrepeatable": "It was made without looking at provenance: its reasons are all there is to it",
}

#: Digits of a digest, and characters of a list of reasons, that a table shows; JSON has them all.
_SHOWN_OF_ONE = 72


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_OF_ONE else f"{text[:_SHOWN_OF_ONE]}..."


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


def _facts(decision: Decision, *, is_recorded: bool) -> None:
    click.echo(f"\n{explanation.called(decision, is_recorded=is_recorded)}")
    if decision.valid_until_us is not None and decision.outcome is Outcome.ALLOWED:
        click.echo(f"Valid until {tables.when(decision.valid_until_us)}")
    if decision.reused_from:
        click.echo(f"The same as in decision {decision.reused_from}")
    if decision.subject.job_name:
        job = f"{decision.subject.job_name}, run {decision.subject.run_id or '-'}"
        click.echo(f"Asked by {tables.printable(job)}")


def _next(decision: Decision, again: str) -> None:
    """End a refusal, and what rests on a waiver, with the next command."""
    if decision.outcome is Outcome.ALLOWED and not decision.waived:
        return
    if any(reason.id.startswith("store.") for reason in decision.reasons):
        return  # what to do is said above; nothing can be asked of a record that is not there
    click.echo("\nWhy, on whose word, and what would change it:")
    click.echo(f"  {tables.printable(again or f'lineage-plugin explain {decision.id}')}")
