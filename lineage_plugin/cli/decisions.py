"""``lineage-plugin decisions``."""

from __future__ import annotations

import click

from lineage_plugin.cli import decision_text, record, tables
from lineage_plugin.model import DatasetRef, Decision, Outcome
from lineage_plugin.store.api import Store

#: How many decisions are searched for one whose id was given in short.
_SEARCHED = 10_000


@click.command(
    "decisions",
    epilog=tables.example("lineage-plugin decisions --outcome DENIED --for model-training"),
)
@click.argument("decision_id", metavar="[ID]", required=False)
@click.option("--dataset", callback=record.parsed, help="Only those about this input.")
@click.option("--for", "purpose", metavar="PURPOSE", help="Only those for this purpose.")
@click.option(
    "--outcome",
    type=click.Choice([outcome.value for outcome in Outcome], case_sensitive=False),
    help="Only these.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), default=record.LIMIT, show_default=True, help="At most."
)
@tables.format_option
def command(
    decision_id: str | None,
    dataset: DatasetRef | None,
    purpose: str | None,
    outcome: str | None,
    limit: int,
    form: str,
) -> None:
    """List what gates said, newest first; with an ID, explain one decision."""
    if decision_id is not None:
        if dataset or purpose or outcome:
            raise click.UsageError("give an ID, or what to list, not both")
        _one(decision_id, form)
        return
    with record.opened() as store:
        found = store.decisions(
            limit=limit,
            dataset=dataset,
            purpose=purpose,
            outcome=Outcome(outcome) if outcome else None,
        )
        if not found and dataset is not None:
            record.known(store, dataset)
    if form == "table":
        rows = [
            {
                "outcome": decision.outcome.value,
                "at": tables.when_briefly(decision.at_us),
                "inputs": [ref.uri for ref in decision.inputs],
                "purpose": decision.purpose,
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


def _one(decision_id: str, form: str) -> None:
    with record.opened() as store:
        found = store.decision(decision_id) or _beginning_with(store, decision_id)
    if found is None:
        raise click.UsageError(
            f"the record holds no decision {decision_id!r}; lineage-plugin decisions lists them"
        )
    if form == "table":
        decision_text.tell(found)
    else:
        tables.write_json(form, decision_text.as_row(found))


def _beginning_with(store: Store, start: str) -> Decision | None:
    """Return the newest decision whose id begins as a table shows it."""
    if len(start) < decision_text.SHORT_ID:
        return None
    newest = store.decisions(limit=_SEARCHED)
    return next((decision for decision in newest if decision.id.startswith(start)), None)
