"""``lineage-plugin coverage``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lineage_plugin.cli import record, tables
from lineage_plugin.cli.exits import ExitCode

if TYPE_CHECKING:
    from lineage_plugin.checks.coverage import Covered

#: Missing datasets that people are shown for each DAG; JSON has them all.
_MOST_SHOWN = 5


@click.command("coverage", epilog=tables.example("lineage-plugin coverage --at-least 95"))
@click.option("--dag", "dags", multiple=True, metavar="DAG", help="Only this DAG; may be repeated.")
@click.option(
    "--at-least",
    metavar="PERCENT",
    type=click.FloatRange(0, 100),
    help="End with 2 where less is covered, of all that was touched or in any DAG named.",
)
@tables.format_option
def command(dags: tuple[str, ...], at_least: float | None, form: str) -> None:
    """Tell which datasets that DAGs touched are declared, or made from what is known."""
    from lineage_plugin.checks.coverage import Touch, coverage, never_made, standing_by

    with record.opened() as store:
        found = store.touches()
    touches = [Touch(job, ref.uri) for job, ref in found]
    wanted = [t for t in touches if not dags or t.job.partition(".")[0] in dags]
    unheard = sorted(set(dags) - {t.job.partition(".")[0] for t in touches})
    if unheard:
        raise click.UsageError(f"the record knows no DAG {', '.join(map(repr, unheard))}")
    uris = {t.dataset for t in wanted}
    refs = list({ref.uri: ref for _, ref in found if ref.uri in uris}.values())
    standing = standing_by(record.surveyed_all(refs))
    with record.opened() as store:
        unmade = never_made(refs, standing, store.history)
    every, each = coverage([t for t in wanted if t.dataset not in unmade], standing)
    rows = [_row(covered) for covered in (*each, every)]
    if form == "table":
        _tell(rows)
    else:
        tables.write_json(form, rows)
    judged = [*each, every] if dags else [every]
    if at_least is not None and any(covered.percent < at_least for covered in judged):
        click.echo(f"less than {at_least:g} % is covered", err=True)
        click.get_current_context().exit(ExitCode.WRONG_INPUT)


def _row(covered: Covered) -> dict[str, Any]:
    return {
        "dag": covered.dag,
        "touched": covered.touched,
        "declared": covered.declared,
        "derived": covered.derived,
        "missing": list(covered.missing),
        "percent": round(covered.percent, 1),
    }


def _tell(rows: list[dict[str, Any]]) -> None:
    shown = [
        [
            row["dag"],
            str(row["touched"]),
            str(row["declared"]),
            str(row["derived"]),
            str(len(row["missing"])),
            f"{row['percent']:.0f} %",
        ]
        for row in rows
    ]
    tables.write_table(shown, ["dag", "touched", "declared", "derived", "missing", "covered"])
    lacking = [row for row in rows[:-1] if row["missing"]]
    if lacking:
        click.echo("\nMissing:")
    for row in lacking:
        for uri in row["missing"][:_MOST_SHOWN]:
            click.echo(tables.printable(f"  {row['dag']}  {uri}"))
        if len(row["missing"]) > _MOST_SHOWN:
            click.echo(
                f"  {row['dag']}  ... and {len(row['missing']) - _MOST_SHOWN} more", err=True
            )
    if lacking:
        click.echo("\nDeclare them in provenance.yaml, or name what they are made from as inlets.")
