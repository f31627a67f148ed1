"""``lineage-plugin datasets``."""

from __future__ import annotations

import click

from lineage_plugin.cli import record, tables


@click.command("datasets", epilog=tables.example("lineage-plugin datasets --prefix s3://lake/"))
@click.option("--prefix", default="", help="Only those whose URI starts like this.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=record.LIMIT, show_default=True, help="At most."
)
@tables.format_option
def command(prefix: str, limit: int, form: str) -> None:
    """List the datasets that the record knows, by URI."""
    with record.opened() as store:
        found = store.datasets(prefix=prefix, limit=limit + 1)
    rows = [
        {
            "dataset": summary.ref.uri,
            "namespace": summary.ref.namespace,
            "name": summary.ref.name,
            "writes": summary.writes,
            "reads": summary.reads,
            "last_job": summary.last_job,
            "last_at": tables.when(summary.last_us),
        }
        for summary in found[:limit]
    ]
    if form == "table":
        for row, summary in zip(rows, found, strict=False):
            row["last_at"] = tables.when_briefly(summary.last_us)
    columns = {
        "dataset": "dataset",
        "writes": "writes",
        "reads": "reads",
        "last_at": "last",
        "last_job": "by",
    }
    starting = f" that starts with {prefix}" if prefix else ""
    tables.write(form, rows, columns, empty=f"the record knows no dataset{starting}")
    if len(found) > limit:
        click.echo(f"and more; see them with --limit {limit * 10}", err=True)
