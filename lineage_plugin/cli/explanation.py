"""A decision explained: what stands in the way, on whose word, and what would change it.

The JSON is public: ``explanation.schema.json`` describes it.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click

from lineage_plugin.cli import tables
from lineage_plugin.model import DatasetRef, Decision, Outcome, Reason, Waived
from lineage_plugin.policy import reasons as table

#: Version of the JSON: keys may be added to it without a new one.
VERSION = 1

#: Reasons that the first screen names, and that are told in full unless somebody asks for others.
_MOST_NAMED, _MOST_TOLD = 8, 3


def as_row(decision: Decision, reasons: Sequence[Reason]) -> dict[str, Any]:
    """Return the explanation as JSON; *reasons* are those of the decision that were asked for."""
    return {
        "version": VERSION,
        "decision": {
            "id": decision.id,
            "outcome": decision.outcome.value,
            "mode": decision.mode.value,
            "would_be": decision.would_be.value if decision.would_be else None,
            "purpose": decision.purpose,
            "recipient": decision.recipient,
            "inputs": [ref.uri for ref in decision.inputs],
            "at": tables.when(decision.at_us),
            "valid_until": tables.when(decision.valid_until_us),
            "job": decision.subject.job_name,
            "run": decision.subject.run_id,
            "suites": list(decision.suites),
            "reused_from": decision.reused_from,
            "known_seq": decision.known_seq,
            "policy_digest": decision.policy_digest,
            "frame_digest": decision.frame_digest,
        },
        "summary": sentence(decision),
        "reasons": [reason_row(reason) for reason in reasons],
        "reason_count": len(decision.reasons),
        "explained_count": sum(bool(reason.changes) for reason in decision.reasons),
        "waived": [waived_row(each) for each in decision.waived],
        "owed": [reason_row(reason) for reason in decision.owed],
        "warnings": [reason_row(reason) for reason in decision.warnings],
    }


def reason_row(reason: Reason) -> dict[str, Any]:
    """Return a reason as JSON, with all that stands behind it."""
    known = table.about(reason.id)
    return {
        "id": reason.id,
        "dataset": reason.dataset,
        "why": reason.why,
        "remedy": reason.remedy,
        "path": list(reason.path),
        "is_definite": reason.is_definite,
        "severity": reason.severity,
        "said_by": reason.said_by,
        "mode": reason.mode.value,
        "statement": reason.statement or None,
        "clause": reason.clause or (known.clause if known else ""),
        "source": reason.source or (known.source if known else ""),
        "steps": [
            {
                "dataset": step.dataset,
                "job": step.job,
                "run": step.run,
                "at": tables.when(step.at_us),
                "edges": [edge.value for edge in step.edges],
                "skipped": step.skipped,
            }
            for step in reason.steps
        ],
        "testimony": [
            {
                "authority": said.authority,
                "says": said.says,
                "assurance": said.assurance.name.lower().replace("_", "-"),
                "where": said.where,
                "evidence": [
                    {"uri": e.uri, "sha256": e.sha256, "until": tables.when(e.until_us)}
                    for e in said.evidence
                ],
            }
            for said in reason.testimony
        ],
        "changes": [
            {
                "kind": change.kind.value,
                "text": change.text,
                "command": change.command,
                "snippet": change.snippet,
                "where": change.where,
            }
            for change in reason.changes
        ],
    }


def waived_row(waived: Waived) -> dict[str, Any]:
    """Return a waived reason as JSON."""
    return {
        "reason": reason_row(waived.reason),
        "waiver": waived.waiver,
        "by": waived.actor,
        "why": waived.why,
        "until": tables.when(waived.until_us),
    }


def verdict(decision: Decision) -> str:
    """Say the outcome, and what it would be without what let it pass.

    Example:
        >>> from lineage_plugin.model import Mode, Subject
        >>> verdict(Decision("d", Outcome.ALLOWED, "x", (), Subject(), (), 0, None, "", "", 0,
        ...                  mode=Mode.WARN, would_be=Outcome.DENIED))
        'ALLOWED (warn: DENIED)'
    """
    if decision.would_be is None:
        return decision.outcome.value
    by = "break-glass" if decision.break_glass else decision.mode.value
    return f"{decision.outcome.value} ({by}: {decision.would_be.value})"


def sentence(decision: Decision) -> str:
    """Say in one sentence what was decided and how much stands in the way."""
    waived = f"; {_count(len(decision.waived), 'reason')} waived" if decision.waived else ""
    waived += (
        f"; {_count(len(decision.owed), 'reason')} let pass, and owed" if decision.owed else ""
    )
    if decision.outcome is Outcome.ALLOWED:
        held = ", ".join(decision.suites) or "none"
        rows = _count(decision.rows, "row")
        return f"The body may run: {rows} of provenance judged by {held}{waived}."
    forbidden = sum(reason.is_definite for reason in decision.reasons)
    unknown = len(decision.reasons) - forbidden
    parts = [f"{forbidden} forbidden"] if forbidden else []
    parts += [f"{unknown} not known"] if unknown else []
    things = "thing stands" if len(decision.reasons) == 1 else "things stand"
    count = f"{len(decision.reasons)} {things} in the way"
    return f"The body must not run: {count} ({', '.join(parts)}){waived}."


def command_for(ref: DatasetRef, purpose: str, recipient: str = "") -> str:
    """Return the command that asks about a dataset and explains the answer."""
    asked = ["lineage-plugin", "explain", ref.uri, "--for", purpose]
    return shlex.join([*asked, *(["--recipient", recipient] if recipient else [])])


def tell(decision: Decision, reasons: Sequence[Reason], *, again: str, chosen: bool) -> None:
    """Explain to a person; what to do stands on the first screen.

    Args:
        decision: What was decided.
        reasons: Its reasons, or those that were asked for.
        again: The command that explains the same.
        chosen: Whether they were asked for, so that each is told in full.
    """
    inputs = ", ".join(ref.uri for ref in decision.inputs) or "(no dataset)"
    headline = f"{verdict(decision)}  {inputs}  for {decision.aim}"
    click.secho(tables.printable(headline), bold=True)
    _line(sentence(decision))
    _tell_list(reasons)
    tell_waived(decision.waived)
    if reasons:
        _tell_changes(reasons[0], of_several=len(reasons) > 1)
    told = reasons if chosen else reasons[:_MOST_TOLD]
    for number, reason in enumerate(told, 1):
        _tell_grounds(number, reason)
        if number > 1:
            _tell_changes(reason, of_several=False)
    _tell_rest(reasons, told, again)
    for owed in decision.owed[:_MOST_NAMED]:
        _line(f"\nLet pass, and owed: {owed.dataset}: {owed.why} [{owed.id}]")
    for warning in decision.warnings[:_MOST_NAMED]:
        _line(f"\nWarning, which blocks nothing: {warning.dataset}: {warning.why} [{warning.id}]")
    same = f", the same as in decision {decision.reused_from}" if decision.reused_from else ""
    is_recorded = again == f"lineage-plugin explain {decision.id}"
    _line(f"\n{called(decision, is_recorded=is_recorded)}{same}")


def tell_waived(waived: Sequence[Waived]) -> None:
    """Say what would stand in the way if nobody had waived it."""
    if not waived:
        return
    click.echo("\nWaived:")
    rows = [
        [
            each.reason.dataset,
            each.reason.why,
            each.reason.id,
            each.actor,
            tables.when_briefly(each.until_us),
            each.waiver[:8],
        ]
        for each in waived[:_MOST_NAMED]
    ]
    tables.write_table(rows, ["dataset", "why", "rule", "by", "until", "id"], indent=2)
    if len(waived) > _MOST_NAMED:
        click.echo(f"  ... and {len(waived) - _MOST_NAMED} more; --format json has them all")


def _tell_list(reasons: Sequence[Reason]) -> None:
    if not reasons:
        return
    click.echo("")
    rows = [
        [str(number), reason.dataset or "-", reason.why, reason.id]
        for number, reason in enumerate(reasons[:_MOST_NAMED], 1)
    ]
    tables.write_table(rows, ["", "dataset", "why", "rule"], indent=2)
    if len(reasons) > _MOST_NAMED:
        click.echo(f"  ... and {len(reasons) - _MOST_NAMED} more; --format json has them all")


def _tell_changes(reason: Reason, *, of_several: bool) -> None:
    first = " about the first" if of_several else ""
    click.echo(f"\nWhat to do{first}{', one of' if len(reason.changes) > 1 else ''}:")
    if not reason.changes:
        _line(f"  {reason.remedy}")
    for change in reason.changes:
        where = f"  ({change.where})" if change.where and change.where not in change.text else ""
        _line(f"  {change.kind.value:<8}{change.text}{where}")
        for line in (change.command or change.snippet).splitlines():
            _line(f"          {line}")


def _tell_grounds(number: int, reason: Reason) -> None:
    row = reason_row(reason)
    click.secho(tables.printable(f"\n{number}. {reason.id}  {reason.dataset}".rstrip()), bold=True)
    _field("why", reason.why)
    _field("rule", row["clause"])
    _field("source", row["source"])
    for title, rows, headings in (
        ("way", list(_way(reason)), ["dataset", "written by", "run", "when", "how"]),
        ("said", list(_said(reason)), ["by", "says", "support", "where", "evidence"]),
    ):
        if rows:
            click.echo(f"  {title}")
            tables.write_table(rows, headings, indent=4)
    if reason.steps and not reason.testimony:
        _field("said", "nobody said anything about it")
    if not reason.steps and len(reason.path) > 1:
        ask = shlex.join(["lineage-plugin", "trace", reason.path[0], "--from", reason.path[-1]])
        _field("way", f"not kept with the decision; as it is now: {ask}")


def _way(reason: Reason) -> Iterator[list[str]]:
    for step in reason.steps:
        if step.skipped:
            yield [f"... {step.skipped} more", "", "", "", ""]
        how = ", ".join(edge.value for edge in step.edges)
        writer = step.job or "(no run that the record knows)"
        yield [step.dataset, writer, step.run, tables.when_briefly(step.at_us), how]


def _said(reason: Reason) -> Iterator[list[str]]:
    for said in reason.testimony:
        papers = "\n".join(
            f"{e.uri} sha256:{e.sha256}" if e.sha256 else f"{e.uri} (not pinned)"
            for e in said.evidence
        )
        support = said.assurance.name.lower().replace("_", "-")
        yield [said.authority, said.says, support, said.where, papers or "none"]


def _tell_rest(reasons: Sequence[Reason], told: Sequence[Reason], again: str) -> None:
    """Name what was not told, and how to ask for it."""
    if len(told) < len(reasons):
        rest = ids(reasons[len(told) :])
        _line(f"\n{len(reasons) - len(told)} more are not told here: {', '.join(rest)}")
        _line(f"  {again} --reason {rest[0]}")


def called(decision: Decision, *, is_recorded: bool) -> str:
    """Say by what name a decision can be asked for again: none if it was not recorded."""
    name = f"Decision {decision.id}" if is_recorded else "Not recorded: the answer"
    return f"{name} at {tables.when(decision.at_us)}"


def _field(name: str, text: str) -> None:
    if text:
        _line(f"  {name:<8}{text}")


def _line(text: str) -> None:
    click.echo(tables.printable(text))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def ids(reasons: Iterable[Reason]) -> list[str]:
    """Return the ids of reasons, each once."""
    return list(dict.fromkeys(reason.id for reason in reasons))
