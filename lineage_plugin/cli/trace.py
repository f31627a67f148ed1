"""``lineage-plugin trace``."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import click

from lineage_plugin.cli import moments, record, tables
from lineage_plugin.lineage.survey import Survey
from lineage_plugin.model import DatasetRef

#: Lines of a tree that people can read; JSON has them all.
_MOST_LINES = 200


@click.command(
    "trace",
    epilog=tables.example(
        "lineage-plugin trace s3://train/corpus.parquet --from s3://raw/web/pages.parquet"
    ),
)
@click.argument("dataset", metavar="DATASET", callback=record.parsed)
@click.option(
    "--from",
    "source",
    metavar="SOURCE",
    callback=record.parsed,
    help="Only the shortest way from this one, with the runs.",
)
@moments.as_of_option()
@moments.known_at_option
@tables.format_option
def command(
    dataset: DatasetRef,
    source: DatasetRef | None,
    at_us: int | None,
    known: moments.KnownAt | None,
    form: str,
) -> None:
    """Show what a dataset was made from, back to its sources."""
    seen = record.surveyed(dataset, at_us=at_us, known=known)
    moments.tell(at_us, known)
    rows = _nodes(seen.survey) if source is None else _way(seen.survey, seen.ref, source)
    if form != "table":
        tables.write_json(form, rows)
    elif source is None:
        _tell_tree(rows)
    else:
        columns = ("dataset", "job", "ended", "edges", "run")
        tables.write(form, rows, {key: _HEADINGS.get(key, key) for key in columns}, empty="")


#: What a person reads where lineage is not complete; JSON has the verdict.
_GAPS = {
    "writer-open": "STILL BEING WRITTEN",
    "no-known-inputs": "MADE FROM WHAT NOBODY KNOWS",
    "unknown-producer": "NO RUN WROTE IT, AND NOBODY DECLARED IT",
}

_HEADINGS = {"job": "written by", "edges": "how"}


def _nodes(survey: Survey) -> list[dict[str, Any]]:
    """Return one row for each dataset, at its shortest way from what was asked for."""
    found: dict[str, dict[str, Any]] = {}
    ancestry = survey.ancestry
    for version in sorted(range(len(ancestry.versions)), key=lambda v: ancestry.depth[v]):
        uri = ancestry.versions[version].uri
        if uri in found:
            found[uri]["versions"] += 1
            continue
        path = ancestry.dataset_path(version)
        found[uri] = {
            **_node(survey, version),
            "to": path[-2] if len(path) > 1 else "",
            "depth": len(path) - 1,
            "versions": 1,
        }
    return list(found.values())


def _node(survey: Survey, version: int) -> dict[str, Any]:
    found = survey.ancestry.versions[version]
    activity = found.activity
    return {
        "dataset": found.uri,
        "is_external": survey.declared.is_root(found.uri),
        "lineage": survey.lineage_verdict(version),
        "job": f"{activity.job_namespace}/{activity.job_name}" if activity else "",
        "run": activity.group if activity else "",
        "started": tables.when(activity.started_us) if activity else "",
        "ended": tables.when(activity.ended_us) if activity else "",
        "edges": sorted(edge.value for edge in activity.edges) if activity else [],
    }


def _way(survey: Survey, ref: DatasetRef, source: DatasetRef) -> list[dict[str, Any]]:
    """Return the steps from the dataset back to *source*.

    Raises:
        click.UsageError: It was not made from it.
    """
    ancestry = survey.ancestry
    found = [v for v, version in enumerate(ancestry.versions) if version.uri == source.uri]
    if not found:
        uris = {version.uri for version in ancestry.versions} - {ref.uri}
        close = get_close_matches(source.uri, uris, n=1)
        meant = f" (did you mean {close[0]}?)" if close else ""
        raise click.UsageError(f"{ref.uri} was not made from {source.uri}{meant}")
    nearest = min(found, key=lambda v: ancestry.depth[v])
    return [_node(survey, version) for version in ancestry.path(nearest)]


def _tell_tree(rows: list[dict[str, Any]]) -> None:
    children: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        children.setdefault(row["to"], []).append(row)
    lines = 0
    # Depth first, without recursion: a chain of datasets may be longer than Python's stack.
    waiting = [(row, "", "") for row in reversed(children.get("", []))]
    while waiting and lines < _MOST_LINES:
        row, prefix, mark = waiting.pop()
        click.echo(tables.printable(f"{prefix}{mark}{_label(row)}"))
        lines += 1
        below = prefix + {"": "", "├─ ": "│  ", "└─ ": "   "}[mark]
        inner = children.get(row["dataset"], [])
        marks = ["├─ "] * (len(inner) - 1) + ["└─ "] * bool(inner)
        waiting += reversed([(r, below, m) for r, m in zip(inner, marks, strict=True)])
    if lines < len(rows):
        click.echo(f"... and {len(rows) - lines} more; --format json has them all", err=True)


def _label(row: dict[str, Any]) -> str:
    notes = []
    if row["is_external"]:
        notes.append("from outside")
    if row["job"]:
        notes.append(f"by {row['job']}")
    if row["lineage"] != "complete":
        notes.append(_GAPS.get(row["lineage"], row["lineage"]))
    if row["versions"] > 1:
        notes.append(f"{row['versions']} versions")
    noted = f"  ({', '.join(notes)})" if notes else ""
    return f"{row['dataset']}{noted}"
