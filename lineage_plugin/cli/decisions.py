"""``lineage-plugin decisions``."""

from __future__ import annotations

import click

from lineage_plugin.cli import decision_text, exits, explanation, record, tables
from lineage_plugin.model import DatasetRef, Decision, Outcome
from lineage_plugin.policy import parties
from lineage_plugin.store.api import Store

#: How many decisions are searched for an id that was given in short, or for a recipient.
_SEARCHED = 10_000


@click.command(
    "decisions",
    epilog=tables.example(
        "lineage-plugin decisions --outcome DENIED --for model-training",
        "lineage-plugin decisions --recipient 'Acme GmbH'",
        "lineage-plugin decisions 6996b9a1 --replay",
    ),
)
@click.argument("decision_id", metavar="[ID]", required=False)
@click.option("--dataset", callback=record.parsed, help="Only those about this input.")
@click.option("--for", "purpose", metavar="PURPOSE", help="Only those for this purpose.")
@click.option("--recipient", metavar="NAME", help="Only those about giving to NAME.")
@click.option(
    "--outcome",
    type=click.Choice([outcome.value for outcome in Outcome], case_sensitive=False),
    help="Only these.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), default=record.LIMIT, show_default=True, help="At most."
)
@click.option(
    "--replay",
    "replays",
    is_flag=True,
    help="Make decision ID again from what was known then, and compare.",
)
@tables.format_option
def command(
    decision_id: str | None,
    dataset: DatasetRef | None,
    purpose: str | None,
    recipient: str | None,
    outcome: str | None,
    limit: int,
    replays: bool,  # noqa: FBT001 - click passes it
    form: str,
) -> None:
    """List what gates said, newest first; with an ID, explain one decision.

    With --replay too, make it again from the runs and declarations that were known then, and say
    whether outcome, reasons and frame are the same byte for byte.  Ends with 3 if they are not,
    with 4 if policy, suites or release changed since, so that the comparison proves nothing.
    """
    if decision_id is not None:
        if dataset or purpose or recipient or outcome:
            raise click.UsageError("give an ID, or what to list, not both")
        one = recorded(decision_id)
        if replays:
            _replay(one, form)
        else:
            _write(one, form)
        return
    if replays:
        raise click.UsageError("say which decision: lineage-plugin decisions ID --replay")
    with record.opened() as store:
        found = store.decisions(
            limit=limit if recipient is None else _SEARCHED,
            dataset=dataset,
            purpose=purpose,
            outcome=Outcome(outcome) if outcome else None,
        )
        if recipient is not None:
            found = [d for d in found if parties.is_among(recipient, [d.recipient])][:limit]
        if not found and dataset is not None:
            record.known(store, dataset)
    if form == "table":
        rows = [
            {
                "outcome": explanation.verdict(decision),
                "at": tables.when_briefly(decision.at_us),
                "inputs": [ref.uri for ref in decision.inputs],
                "purpose": decision.aim,
                "why": decision_text.why(decision),
                "id": decision_text.short_id(decision),
            }
            for decision in found
        ]
        headings = {"inputs": "dataset", "purpose": "for"}
        columns = {key: headings.get(key, key) for key in (rows[0] if rows else {})}
        tables.write(form, rows, columns, empty="the record holds no such decision")
    else:
        tables.write_json(form, [decision_text.as_row(decision) for decision in found])


def recorded(decision_id: str) -> Decision:
    """Return the decision with this id, or with an id that begins like this.

    Raises:
        click.UsageError: The record holds none.
    """
    with record.opened() as store:
        found = store.decision(decision_id) or _beginning_with(store, decision_id)
    if found is None:
        raise click.UsageError(
            f"the record holds no decision {decision_id!r}; lineage-plugin decisions lists them"
        )
    return found


def _write(found: Decision, form: str) -> None:
    if form == "table":
        decision_text.tell(found)
    else:
        tables.write_json(form, decision_text.as_row(found))


def _replay(one: Decision, form: str) -> None:
    from lineage_plugin import settings
    from lineage_plugin.gate.replay import compare
    from lineage_plugin.gate.service import open_gate

    with open_gate(settings.load(), read_only=True) as gate:
        replay = compare(one, gate.again(one))
    if form == "table":
        decision_text.tell_replay(replay)
    else:
        tables.write_json(form, decision_text.replay_row(replay))
    click.get_current_context().exit(_EXITS[replay.verdict.value])


#: Exit code by what a replay shows.
_EXITS = {
    "identical": exits.ExitCode.DONE,
    "changed": exits.ExitCode.UNDECIDED,
    "contradicted": exits.ExitCode.DENIED,
    "unrepeatable": exits.ExitCode.UNDECIDED,
}


def _beginning_with(store: Store, start: str) -> Decision | None:
    """Return the newest decision whose id begins as a table shows it."""
    if len(start) < decision_text.SHORT_ID:
        return None
    newest = store.decisions(limit=_SEARCHED)
    return next((decision for decision in newest if decision.id.startswith(start)), None)
