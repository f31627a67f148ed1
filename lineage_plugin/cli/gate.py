"""``lineage-plugin gate``."""

from __future__ import annotations

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli import (
    decision_text,
    exits,
    explanation,
    moments,
    purposes,
    record,
    tables,
)
from lineage_plugin.model import DatasetRef, Outcome


@click.command(
    "gate",
    epilog=tables.example(
        "lineage-plugin gate s3://train/corpus.parquet --for model-training",
        "lineage-plugin gate s3://lake/photos --for disclosure --recipient 'Acme GmbH'",
    ),
)
@click.argument(
    "datasets", metavar="DATASET...", callback=record.parsed_all, nargs=-1, required=True
)
@click.option(
    "--for", "purpose", metavar="PURPOSE", required=True, help="What it is to be used for."
)
@click.option(
    "--suite", "suites", multiple=True, help="A suite besides those bound to the purpose."
)
@click.option(
    "--recipient", metavar="NAME", default="", help="To whom they are to be given (disclosure)."
)
@moments.as_of_option("--at")
@moments.known_at_option
@click.option("--no-record", is_flag=True, help="Ask without leaving the decision in the record.")
@tables.format_option
def command(
    datasets: tuple[DatasetRef, ...],
    purpose: str,
    suites: tuple[str, ...],
    recipient: str,
    at_us: int | None,
    known: moments.KnownAt | None,
    no_record: bool,  # noqa: FBT001 - click passes it
    form: str,
) -> None:
    """Ask whether datasets may be used for a purpose, as the gate of a task would.

    Ends with 0 if they may, 3 if not, 4 if that cannot be decided.

    --as-of and --known-at together ask what would have been decided then: with the runs and
    declarations that were recorded by then, and the policy and suites of today.  An answer about
    another moment is not recorded.
    """
    from lineage_plugin.gate.service import open_gate

    settings = settings_file.load()
    purposes.checked(settings, purpose, recipient)
    seq = None
    if known is not None:
        with record.opened() as store:
            seq = known.entry(store)
    with open_gate(settings, read_only=known is not None) as asked:
        decision = asked.decide(
            datasets,
            purpose,
            suites=suites,
            at_us=at_us,
            known_seq=seq,
            record=not no_record,
            recipient=recipient,
        )
    moments.tell(at_us, known)
    if form == "table":
        recorded = not no_record and at_us is None and known is None
        again = explanation.command_for(datasets[0], purpose, recipient)
        decision_text.tell(decision, "" if recorded else again + moments.options(at_us, known))
    else:
        tables.write_json(form, decision_text.as_row(decision))
    if decision.outcome is Outcome.UNDECIDED:
        for uri in record.near_misses(datasets).values():
            click.echo(f"did you mean {tables.printable(uri)}?", err=True)
    click.get_current_context().exit(exits.OF_OUTCOME[decision.outcome])
