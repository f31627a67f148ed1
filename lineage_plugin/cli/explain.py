"""``lineage-plugin explain``."""

from __future__ import annotations

from pathlib import Path

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli import decisions, explanation, files, moments, purposes, record, tables
from lineage_plugin.model import DatasetRef, Decision, Reason


@click.command(
    "explain",
    epilog=tables.example(
        "lineage-plugin explain 3f2a9c1e",
        "lineage-plugin explain 3f2a9c1e --format html -o blocked.html",
        "lineage-plugin explain s3://train/corpus.parquet --for model-training --format json",
    ),
)
@click.argument("target", metavar="DECISION_ID|DATASET")
@click.option(
    "--for",
    "purpose",
    metavar="PURPOSE",
    help="Ask the gate about a dataset for this purpose; nothing is recorded.",
)
@click.option("--reason", "reason_id", metavar="ID", help="Only this reason, in full.")
@click.option("--recipient", metavar="NAME", default="", help="To whom it is to be given.")
@moments.as_of_option()
@moments.known_at_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "jsonl", "html"]),
    default="table",
    show_default=True,
    help="A table for people; JSON for programs; a page that needs nothing else, to pass on.",
)
@click.option(
    "-o",
    "--output",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Where the page goes; without it, or with -, to stdout.",
)
def command(
    target: str,
    purpose: str | None,
    reason_id: str | None,
    recipient: str,
    at_us: int | None,
    known: moments.KnownAt | None,
    form: str,
    file: Path | None,
) -> None:
    """Say why a gate refused, on whose word, and what would change that.

    A decision is explained with what was known when it was made.  Ends with 0 if it could be
    explained, whatever was decided.
    """
    if file is not None and form != "html":
        raise click.UsageError("--output needs --format html")
    if file is not None:
        files.check_target(file)
    if purpose is None:
        if at_us is not None or known is not None:
            raise click.UsageError(
                "a decision has its own moment; --as-of and --known-at need --for"
            )
        decision = _recorded(target)
        again = f"lineage-plugin explain {decision.id}"
    else:
        ref = record.parse(target)
        decision = _asked(ref, purpose, recipient, (at_us, known))
        again = explanation.command_for(ref, purpose, recipient) + moments.options(at_us, known)
    reasons = _chosen(decision, reason_id)
    if form == "html":
        _write_page(decision, file)
    elif form == "table":
        explanation.tell(decision, reasons, again=again, chosen=reason_id is not None)
    else:
        tables.write_json(form, explanation.as_row(decision, reasons))


def _write_page(decision: Decision, file: Path | None) -> None:
    from lineage_plugin.reports import gathering, page

    catalog = record.compiled()
    with record.opened() as store:
        text = page.html(gathering.explained(store, catalog, decision))
    if file is None or str(file) == "-":
        click.echo(text, nl=False)
        return
    files.replace(file, text)
    click.echo(f"wrote {tables.printable(str(file))}", err=True)


def _recorded(target: str) -> Decision:
    try:
        return decisions.recorded(target)
    except click.UsageError as error:
        if "/" not in target:
            raise
        message = f"to explain a dataset, say for what: --for PURPOSE ({target!r})"
        raise click.UsageError(message) from error


def _asked(
    ref: DatasetRef, purpose: str, recipient: str, when: tuple[int | None, moments.KnownAt | None]
) -> Decision:
    from lineage_plugin.gate.service import open_gate

    at_us, known = when
    settings = settings_file.load()
    purposes.checked(settings, purpose, recipient)
    seq = None
    if known is not None:
        with record.opened() as store:
            seq = known.entry(store)
    with open_gate(settings, read_only=known is not None) as gate:
        found = gate.decide(
            [ref], purpose, at_us=at_us, known_seq=seq, record=False, recipient=recipient
        )
    moments.tell(at_us, known)
    return found


def _chosen(decision: Decision, reason_id: str | None) -> tuple[Reason, ...]:
    every = (*decision.reasons, *(each.reason for each in decision.waived))
    if reason_id is None:
        return decision.reasons
    chosen = tuple(reason for reason in every if reason.id == reason_id)
    if not chosen:
        has = ", ".join(explanation.ids(every)) or "none"
        raise click.UsageError(f"the decision has no reason {reason_id!r}; it has: {has}")
    return chosen
