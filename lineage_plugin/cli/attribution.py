"""``lineage-plugin attribution``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli import exits, record, tables
from lineage_plugin.codec import encode
from lineage_plugin.model import DatasetRef

if TYPE_CHECKING:
    from lineage_plugin.policy.attribution import Credit

#: What Markdown takes for markup.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>|#])")


@click.command(
    "attribution",
    epilog=tables.example(
        "lineage-plugin attribution s3://models/faces --format markdown --output NOTICE.md"
    ),
)
@click.argument("dataset", metavar="DATASET", callback=record.parsed)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="A notice to ship as text or Markdown, or JSON for programs.",
)
@click.option(
    "--output",
    "output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of the screen.",
)
def command(dataset: DatasetRef, form: str, output: Path | None) -> None:
    """Write who has to be named for a dataset, under which licenses, with what duties.

    Every source and every ancestor with a license is listed: license and its address, issuer,
    notice, what was changed, and under what may be shared.

    Ends with 4 if the license of a source is not known: then the list is not complete.
    """
    from lineage_plugin.lineage.attribution import credits_of

    seen = record.surveyed(dataset)
    uri = seen.ref.uri
    found = credits_of(
        seen.survey,
        seen.survey.ancestry.current.get(uri, ()),
        custom=seen.licenses,
        unsettled=settings_file.load().license_through_train,
    )
    writers = {"text": _as_text, "markdown": _as_markdown, "json": _as_json}
    text = "\n".join(writers[form](uri, found)) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        _save(output, text)
    gaps = [each for each in found if each.gap]
    for each in gaps:
        click.echo(tables.printable(f"not complete: {each.dataset}: {each.gap}"), err=True)
    if not found:
        click.echo("nothing that it was made from is known to have a license", err=True)
    is_complete = found and not gaps
    click.get_current_context().exit(
        exits.ExitCode.DONE if is_complete else exits.ExitCode.UNDECIDED
    )


def _save(output: Path, text: str) -> None:
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise click.BadParameter(
            f"{output} cannot be written: {error.strerror or error}", param_hint="--output"
        ) from None
    click.echo(f"wrote {output}", err=True)


def _as_json(uri: str, found: Sequence[Credit]) -> Iterator[str]:
    rows = [encode(each) | {"is_known": not each.gap} for each in found]
    yield json.dumps({"dataset": uri, "sources": rows}, indent=2, ensure_ascii=False)


def _as_text(uri: str, found: Sequence[Credit]) -> Iterator[str]:
    yield f"Attribution for {tables.printable(uri)}"
    for each in found:
        yield ""
        yield tables.printable(each.dataset)
        for name, value in _facts(each):
            yield tables.printable(f"  {name}: {value}")


def _as_markdown(uri: str, found: Sequence[Credit]) -> Iterator[str]:
    yield f"# Attribution for {_escaped(uri)}"
    for each in found:
        yield from ("", f"## {_escaped(each.dataset)}", "")
        for name, value in _facts(each):
            yield f"- **{name}:** {_escaped(value)}"


def _facts(each: Credit) -> Iterator[tuple[str, str]]:
    """Name what has to be said, in the order of CC's recommended practice: who, then terms."""
    from lineage_plugin.policy.license_terms import meaning

    if each.issuers:
        yield "by", ", ".join(each.issuers)
    if each.license:
        yield "license", each.license
    for cited in each.cited:
        yield "license text", ", ".join(filter(None, (cited.title, cited.url)))
    for notice in each.notices:
        yield "notice", notice
    if each.license or each.changes:
        yield "changes", "; ".join(each.changes) or "none"
    if each.share_under:
        yield "shared under", " or ".join(each.share_under)
    if each.license:
        yield "asks for", "; ".join(f"{d} ({meaning(d)})" for d in each.duties) or "nothing"
    if each.declared_by:
        yield "declared by", ", ".join(each.declared_by)
    if each.gap:
        yield "NOT KNOWN", each.gap


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", " ".join(tables.printable(text).split()))
