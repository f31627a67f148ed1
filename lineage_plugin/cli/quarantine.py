"""``lineage-plugin quarantine``: what gates hold back after a run, and who lets go of it."""

from __future__ import annotations

import time
import uuid

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli import record, tables
from lineage_plugin.model import Statement, StatementKind, in_force


@click.group("quarantine", epilog=tables.example("lineage-plugin quarantine list"))
def command() -> None:
    """List what gates hold back after a run, and lift it.

    A run that read what its gate had not seen, or whose inputs are no longer allowed when it ends,
    is over; what it wrote is held back: no gate passes what is made from it.
    """


@command.command("list", epilog=tables.example("lineage-plugin quarantine list --all"))
@click.option("--all", "everything", is_flag=True, help="Those that were lifted, too.")
@tables.format_option
def listed(everything: bool, form: str) -> None:  # noqa: FBT001 - click passes it
    """List quarantines, newest first."""
    with record.opened() as store:
        said = store.statements(kinds=(StatementKind.QUARANTINE,))
    holding = {s.id for s in in_force(said, _now_us())}
    ends = {s.ends: s for s in said if s.kind is StatementKind.END}
    rows = [
        {
            "id": s.id,
            "at": tables.when_briefly(s.at_us),
            "datasets": list(s.datasets),
            "job": s.subject.job_name or "anybody",
            "purpose": s.purpose,
            "why": s.why,
            "decision": s.decision,
            "state": "held" if s.id in holding else f"lifted by {ends[s.id].actor}",
        }
        for s in reversed(said)
        if s.kind is StatementKind.QUARANTINE and (everything or s.id in holding)
    ]
    headings = {name: name for name in ("id", "at", "datasets", "job", "purpose", "why")}
    if everything:
        headings["state"] = "state"
    tables.write(form, rows, headings, empty="nothing is held back")


@command.command(
    "lift",
    short_help="Let what a quarantine holds be used again.",
    epilog=tables.example(
        "lineage-plugin quarantine lift 6996b9a1 --by 'Ada Lovelace' --why 'the file was ours'"
    ),
)
@click.argument("statement_id", metavar="ID")
@click.option("--by", "actor", metavar="NAME", required=True, help="Who answers for it.")
@click.option("--why", metavar="TEXT", required=True, help="What was found out.")
def lift(statement_id: str, actor: str, why: str) -> None:
    """Let what a quarantine holds be used again; who did and why stays in the record."""
    for name, value in (("--by", actor), ("--why", why)):
        if not value.strip():
            raise click.BadParameter("say something", param_hint=name)
    with record.opened() as store:
        said = store.statements(kinds=(StatementKind.QUARANTINE,))
    held = _one(statement_id, in_force(said, _now_us()))
    now_us = _now_us()
    end = Statement(
        str(uuid.uuid4()),
        StatementKind.END,
        actor.strip(),
        why.strip(),
        now_us,
        datasets=held.datasets,
        ends=held.id,
    )
    _append(end)
    click.echo(f"lifted: {', '.join(map(tables.printable, held.datasets)) or held.id}", err=True)


def _one(statement_id: str, held: tuple[Statement, ...]) -> Statement:
    found = [s for s in held if s.id.startswith(statement_id)]
    if len(found) == 1:
        return found[0]
    what = "begins the id of several quarantines" if found else "is the id of nothing held back"
    message = f"{statement_id!r} {what}; see: lineage-plugin quarantine list"
    raise click.BadParameter(message, param_hint="ID")


def _append(statement: Statement) -> None:
    from contextlib import closing

    from lineage_plugin.store import open_store

    here = settings_file.load()
    with closing(
        open_store(here.store_url, busy_timeout_ms=here.append_budget_ms, create=False)
    ) as store:
        store.append_statement(statement, recorded_us=statement.at_us)


def _now_us() -> int:
    return time.time_ns() // 1000
