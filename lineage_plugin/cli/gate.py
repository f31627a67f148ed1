"""``lineage-plugin gate``."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli import decision_text, exits, record, tables
from lineage_plugin.errors import DeclarationError
from lineage_plugin.model import SECOND_US, DatasetRef, Outcome


def _moment(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            "write a date or time such as 2026-05-03 or 2026-05-03T12:00Z"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * SECOND_US)


@click.command(
    "gate",
    epilog=tables.example("lineage-plugin gate s3://train/corpus.parquet --for model-training"),
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
    "--at",
    "at_us",
    metavar="TIME",
    callback=_moment,
    help="Decide for this moment (UTC if no zone is said); not recorded.",
)
@click.option("--no-record", is_flag=True, help="Ask without leaving the decision in the record.")
@tables.format_option
def command(
    datasets: tuple[DatasetRef, ...],
    purpose: str,
    suites: tuple[str, ...],
    at_us: int | None,
    no_record: bool,  # noqa: FBT001 - click passes it
    form: str,
) -> None:
    """Ask whether datasets may be used for a purpose, as the gate of a task would.

    Ends with 0 if they may, 3 if not, 4 if that cannot be decided.
    """
    from lineage_plugin.gate.service import open_gate

    settings = settings_file.load()
    _check_purpose(settings, purpose)
    with open_gate(settings) as asked:
        decision = asked.decide(
            datasets,
            purpose,
            suites=suites,
            at_us=at_us,
            record=not no_record and at_us is None,
        )
    if form == "table":
        decision_text.tell(decision)
    else:
        tables.write_json(form, decision_text.as_row(decision))
    if decision.outcome is Outcome.UNDECIDED:
        for uri in record.near_misses(datasets).values():
            click.echo(f"did you mean {tables.printable(uri)}?", err=True)
    click.get_current_context().exit(exits.OF_OUTCOME[decision.outcome])


def _check_purpose(settings: settings_file.Settings, purpose: str) -> None:
    """Refuse what a person mistyped; a task that asks so is undecided, and that is recorded."""
    from lineage_plugin.catalog.policy_yaml import load_policy
    from lineage_plugin.policy import purposes

    try:
        known = purposes.shipped().extended(load_policy(settings.policy).purposes_added)
    except DeclarationError:
        return  # the gate says so
    if purpose not in known:
        meant = known.suggest(purpose)
        hint = f"did you mean {meant!r}?" if meant else f"{settings.policy} may add it"
        raise click.BadParameter(f"unknown purpose {purpose!r} ({hint})", param_hint="--for")
