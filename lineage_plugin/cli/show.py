"""``lineage-plugin show``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli import moments, record, tables
from lineage_plugin.codec import encode
from lineage_plugin.lineage.ancestry import Version
from lineage_plugin.model import DatasetRef, Declaration, EffectiveSummary

#: Parts of a declaration that a person wants to see, in the order of a provenance.yaml.
_PARTS = (
    "source",
    "license",
    "consent",
    "custody",
    "use",
    "categories",
    "declassified",
    "evidence",
)

#: Versions whose writers are shown; JSON has them all.
_MOST_WRITERS = 20


@click.command(
    "show", epilog=tables.example("lineage-plugin show s3://train/corpus.parquet --format json")
)
@click.argument("dataset", metavar="DATASET", callback=record.parsed)
@moments.as_of_option()
@moments.known_at_option
@tables.format_option
def command(
    dataset: DatasetRef, at_us: int | None, known: moments.KnownAt | None, form: str
) -> None:
    """Show what is said about a dataset, what it inherits, and who wrote it.

    Declared is what people said about this dataset itself; effective is that together with all that
    is said about everything it was made from.
    """
    seen = record.surveyed(dataset, at_us=at_us, known=known)
    uri = seen.ref.uri
    declared = seen.survey.declared(uri)
    versions = seen.survey.ancestry.current.get(uri, ())
    writers = [
        _writer(seen.survey.ancestry.versions[v], seen.survey.lineage_verdict(v)) for v in versions
    ]
    row = {
        "dataset": uri,
        "namespace": seen.ref.namespace,
        "name": seen.ref.name,
        "known_seq": seen.survey.seq,
        "is_external": seen.survey.declared.is_root(uri),
        "declared": [_declaration(declaration) for declaration in declared],
        "effective": _effective(seen.effective),
        "license_warnings": _license_warnings(seen, versions),
        "written_by": writers,
    }
    moments.tell(at_us, known)
    if form == "table":
        _tell(row, moments.options(at_us, known))
    else:
        tables.write_json(form, row)


def _license_warnings(seen: record.Seen, versions: Sequence[int]) -> list[dict[str, str]]:
    from lineage_plugin.gate import license_columns

    unsettled = settings_file.load().license_through_train
    found = license_columns.warnings(seen.survey, versions, seen.licenses, unsettled)
    return [encode(each) for each in found]


def _writer(version: Version, verdict: str) -> dict[str, Any]:
    activity = version.activity
    return {
        "version": version.name,
        "job": f"{activity.job_namespace}/{activity.job_name}" if activity else "",
        "started": tables.when(activity.started_us) if activity else "",
        "ended": tables.when(activity.ended_us) if activity else "",
        "edges": sorted(edge.value for edge in activity.edges) if activity else [],
        "lineage": verdict,
    }


def _declaration(declaration: Declaration) -> dict[str, Any]:
    return {
        **_readable(encode(declaration)),
        "assurance": declaration.assurance.name.lower().replace("_", "-"),
        "where": declaration.where,
    }


def _effective(summary: EffectiveSummary) -> dict[str, Any]:
    found = _readable({name: encode(getattr(summary, name)) for name in summary.__slots__})
    return {**found, "assurance": summary.assurance.name.lower().replace("_", "-")}


def _readable(plain: Any) -> Any:
    """Replace times in microseconds by times that people read; keys lose their ``_us``."""
    if isinstance(plain, list):
        return [_readable(item) for item in plain]
    if not isinstance(plain, dict):
        return plain
    return {
        key.removesuffix("_us"): tables.when(value) if key.endswith("_us") else _readable(value)
        for key, value in plain.items()
    }


def _tell(row: dict[str, Any], then: str) -> None:
    origin = "comes from outside" if row["is_external"] else "not declared to come from outside"
    click.echo(tables.printable(f"{row['dataset']}  ({origin})"))
    click.echo("\nDeclared:" if row["declared"] else "\nDeclared: nobody said anything")
    if row["declared"]:
        tables.write_table(_declared_rows(row["declared"]), ["part", "says", "who", "where"], 2)
    _tell_effective(row["effective"])
    if row["license_warnings"]:
        click.echo("\nLicense warnings:")
        warned = [[w["dataset"], w["why"], w["id"]] for w in row["license_warnings"]]
        tables.write_table(warned, ["dataset", "why", "rule"], indent=2)
    click.echo("\nWritten by:")
    shown = row["written_by"][:_MOST_WRITERS]
    tables.write_table(
        [
            [w["job"] or "(nobody that the record knows)", w["started"], w["ended"], w["lineage"]]
            for w in shown
        ],
        ["job", "started", "ended", "lineage"],
        indent=2,
    )
    if len(row["written_by"]) > len(shown):
        click.echo(f"  ... and {len(row['written_by']) - len(shown)} more", err=True)
    click.echo(tables.printable(f"\nMade from: lineage-plugin trace {row['dataset']}{then}"))


def _declared_rows(declared: list[dict[str, Any]]) -> list[list[str]]:
    return [
        [part, _said(said[part]), f"{said['authority']} ({said['assurance']})", said["where"]]
        for said in declared
        for part in _PARTS
        if said.get(part)
    ]


def _tell_effective(effective: dict[str, Any]) -> None:
    if not effective["resolved"]:
        click.echo(f"\nEffective: cannot be told, {effective['reason']}")
        return
    click.echo(f"\nEffective (sources: {effective['root_count']}):")
    names = {
        "licenses": "licenses",
        "duties": "duties",
        "legal_bases": "legal bases",
        "consent_statuses": "consent",
        "categories": "categories",
        "declassifications": "declassified",
        "earliest_expiry": "ends first",
        "assurance": "weakest support",
    }
    rows = [[name, _said(effective[key]) or "-"] for key, name in names.items()]
    tables.write_table(rows, ["", ""], indent=2)
    if effective["gap_count"]:
        click.echo(f"\nNot known ({effective['gap_count']}):")
        gaps = [[gap["dataset"], gap["part"], gap["reason"]] for gap in effective["gaps"]]
        tables.write_table(gaps, ["dataset", "part", "why"], indent=2)


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_said(item)}" for key, item in value.items())
    if isinstance(value, list):
        return "; ".join(_said(item) for item in value)
    return "" if value is None else str(value)
