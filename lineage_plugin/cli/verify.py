"""``lineage-plugin verify``."""

from __future__ import annotations

import re

import click

from lineage_plugin.cli import record, tables
from lineage_plugin.cli.exits import ExitCode
from lineage_plugin.store.api import Store

_HEAD = re.compile(r"(\d+):([0-9a-f]{64})")


def _head(
    _ctx: click.Context, _param: click.Parameter, value: str | None
) -> tuple[int, str] | None:
    if value is None:
        return None
    match = _HEAD.fullmatch(value)
    if match is None:
        raise click.BadParameter("write SEQ:DIGEST, as an earlier verify printed it")
    return int(match[1]), match[2]


@click.command("verify", epilog=tables.example("lineage-plugin verify --format json"))
@click.option(
    "--expected-head",
    "expected",
    metavar="SEQ:DIGEST",
    callback=_head,
    help="A head that was noted earlier: the record must still have it, and may have grown.",
)
@tables.format_option
def command(expected: tuple[int, str] | None, form: str) -> None:
    """Check that the record is what was written, from its first entry to its head.

    Ends with 3 if it is not, with 5 if the record cannot be read.  Keep the head that is printed
    outside this machine: whoever can write the whole record can write a whole chain, but not the
    head that you noted.
    """
    with record.opened() as store:
        found = store.verify()
        seq, digest = store.head()
        faults = [*found.faults, *(_astray(store, *expected) if expected else ())]
    holds = not faults
    row = {
        "holds": holds,
        "entries": found.entries,
        "redacted": found.redacted,
        "head": f"{seq}:{digest}",
        "faults": faults,
    }
    if form == "table":
        _tell(row)
    else:
        tables.write_json(form, row)
    if not holds:
        click.get_current_context().exit(ExitCode.DENIED)


def _astray(store: Store, seq: int, digest: str) -> list[str]:
    """Say how the record differs from a head that was noted earlier; empty if it holds it."""
    found = store.digest_at(seq)
    if found == digest or (seq == 0 and int(digest, 16) == 0):
        return []
    if not found:
        return [f"the record ends before entry {seq}, which was its head when that was noted"]
    return [f"entry {seq} has digest {found}, not {digest} as was noted: the record was rewritten"]


def _tell(row: dict[str, object]) -> None:
    verdict = "genuine" if row["holds"] else "NOT GENUINE"
    click.echo(f"{verdict}: {row['entries']} entries, {row['redacted']} of them redacted")
    click.echo(f"head {row['head']}")
    faults = row["faults"]
    assert isinstance(faults, list)
    for fault in faults:
        click.echo(tables.printable(f"  {fault}"))
    if faults:
        click.echo("restore the record from a backup whose head you noted, and compare", err=True)
