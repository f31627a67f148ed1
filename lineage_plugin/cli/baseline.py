"""``lineage-plugin baseline``."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli import moments, record, tables
from lineage_plugin.cli.exits import ExitCode
from lineage_plugin.gate import baseline
from lineage_plugin.model import DatasetRef, Decision, Reason, Statement, StatementKind
from lineage_plugin.store.api import Store

#: The newest decisions of a purpose whose inputs are looked at besides what the record knows.
_DECISIONS = 10_000

_for = click.option(
    "--for", "purpose", metavar="PURPOSE", required=True, help="What the data is to be used for."
)
_by = click.option("--by", "actor", metavar="NAME", required=True, help="Who answers for it.")
_why = click.option("--why", metavar="TEXT", required=True, help="Why.")


@click.group(
    "baseline",
    epilog=tables.example(
        "lineage-plugin baseline create --for model-training --by 'Ada Lovelace' \\",
        "    --why 'what we had when gates came' --until 2027-03-01",
    ),
    no_args_is_help=True,
)
def command() -> None:
    """Let what stands in the way today be owed, so that only what is new is blocked."""


@command.command(
    "create",
    epilog=tables.example(
        "lineage-plugin baseline create --for model-training --by 'Ada Lovelace' \\",
        "    --why 'what we had when gates came' --until 2027-03-01",
    ),
)
@click.argument("datasets", metavar="[DATASET]...", callback=record.parsed_all, nargs=-1)
@_for
@_by
@_why
@click.option(
    "--until",
    "until_us",
    metavar="TIME",
    callback=moments.moment,
    help="When it ends (UTC if no zone is said).",
)
@tables.format_option
def create(
    datasets: tuple[DatasetRef, ...],
    purpose: str,
    actor: str,
    why: str,
    until_us: int | None,
    form: str,
) -> None:
    """Put on record what stands in the way today, as owed.

    Of all datasets that the record knows or that gates were asked about, or of the DATASETs and
    what they were made from.  What was paid once is never owed again.
    """
    if not (actor.strip() and why.strip()):
        raise click.UsageError("a person says why: --by NAME --why TEXT")
    decision, earlier = _judged(datasets, purpose)
    if until_us is not None and until_us <= decision.at_us:
        raise click.BadParameter("it is over already", param_hint="--until")
    made = baseline.proposed(
        decision,
        earlier,
        actor=actor.strip(),
        why=why.strip(),
        until_us=until_us,
        new_id=lambda: str(uuid.uuid4()),
    )
    with record.opened(read_only=False) as store:
        for statement in made:
            store.append_statement(statement, recorded_us=time.time_ns() // 1000)
    _write(form, made, empty="nothing stands in the way that is not owed, or was paid, already")


@command.command("list", epilog=tables.example("lineage-plugin baseline list"))
@click.option("--for", "purpose", metavar="PURPOSE", help="Only for this purpose.")
@tables.format_option
def list_owed(purpose: str | None, form: str) -> None:
    """List what is owed now."""
    with record.opened() as store:
        said = store.statements(kinds=(StatementKind.BASELINE,))
    purposes = {each.purpose for each in said if purpose in (None, each.purpose)}
    now_us = time.time_ns() // 1000
    owed = [s for name in sorted(purposes) for s in baseline.debts(said, name, now_us).values()]
    _write(form, owed, empty="nothing is owed")


@command.command("diff", epilog=tables.example("lineage-plugin baseline diff --for model-training"))
@click.argument("datasets", metavar="[DATASET]...", callback=record.parsed_all, nargs=-1)
@_for
@tables.format_option
def diff(datasets: tuple[DatasetRef, ...], purpose: str, form: str) -> None:
    """Show what is still owed, what is paid, and what is new and blocks; records nothing."""
    decision, earlier = _judged(datasets, purpose)
    found = baseline.compare(decision, earlier)
    rows = [
        *(_row("owed", s.datasets[0], s.reason_id, s.actor) for s in found.owed),
        *(_row("paid", s.datasets[0], s.reason_id, s.actor) for s in found.paid),
        *(_row("new", reason.dataset, reason.id, "") for reason in found.new),
    ]
    columns = {"state": "state", "dataset": "dataset", "rule": "rule", "by": "by"}
    tables.write(form, rows, columns, empty="nothing is owed, and nothing stands in the way")


@command.command(
    "end",
    short_help="End what is owed for a purpose, or about some datasets.",
    epilog=tables.example(
        'lineage-plugin baseline end --for model-training --by "Ada Lovelace" --why "all paid"'
    ),
)
@click.argument("datasets", metavar="[DATASET]...", callback=record.parsed_all, nargs=-1)
@_for
@click.option("--rule", "reason_id", metavar="ID", help="Only debts of this reason.")
@_by
@_why
def end(
    datasets: tuple[DatasetRef, ...], purpose: str, reason_id: str | None, actor: str, why: str
) -> None:
    """End what is owed for a purpose, all of it or only about DATASETs: from now on it blocks."""
    if not (actor.strip() and why.strip()):
        raise click.UsageError("a person says why: --by NAME --why TEXT")
    about = {ref.uri for ref in datasets}
    with record.opened(read_only=False) as store:
        said = store.statements(kinds=(StatementKind.BASELINE,))
        now_us = time.time_ns() // 1000
        owed = baseline.debts(said, purpose, now_us)
        chosen = [
            statement
            for (uri, rule), statement in owed.items()
            if (not about or uri in about) and reason_id in (None, rule)
        ]
        if not chosen:
            raise click.UsageError("nothing of that is owed; lineage-plugin baseline list")
        for each in chosen:
            _end(store, each, actor.strip(), why.strip(), now_us)
    click.echo(f"{len(chosen)} no longer owed", err=True)


def _end(store: Store, owed: Statement, actor: str, why: str, now_us: int) -> None:
    ending = Statement(
        id=str(uuid.uuid4()),
        kind=StatementKind.END,
        actor=actor,
        why=why,
        at_us=now_us,
        datasets=owed.datasets,
        purpose=owed.purpose,
        reason_id=owed.reason_id,
        ends=owed.id,
    )
    store.append_statement(ending, recorded_us=now_us)


def _judged(datasets: Iterable[DatasetRef], purpose: str) -> tuple[Decision, list[Statement]]:
    """Ask what stands in the way of everything, or of some datasets; a fault ends the command."""
    from lineage_plugin.gate.service import open_gate

    settings = settings_file.load()
    with record.opened() as store:
        earlier = store.statements(kinds=(StatementKind.BASELINE,))
        inputs = list(datasets) or _everything(store, purpose)
    if not inputs:
        raise click.UsageError("the record knows no dataset yet; name some")
    with open_gate(settings) as gate:
        decision = gate.decide(inputs, purpose, record=False)
    if faults := [r for r in baseline.found_by(decision) if not r.dataset]:
        _refuse(faults[0])
    return decision, earlier


def _everything(store: Store, purpose: str) -> list[DatasetRef]:
    """Return all datasets that the record knows or that gates were asked about."""
    known = [summary.ref for summary in store.datasets()]
    asked = (d.inputs for d in store.decisions(limit=_DECISIONS, purpose=purpose))
    by_uri = {ref.uri: ref for inputs in (known, *asked) for ref in inputs}
    return list(by_uri.values())


def _refuse(fault: Reason) -> None:
    click.echo(
        f"lineage-plugin: the gate itself cannot decide: {fault.why} [{fault.id}]; {fault.remedy}",
        err=True,
    )
    click.get_current_context().exit(ExitCode.UNDECIDED)


def _write(form: str, statements: Iterable[Statement], *, empty: str) -> None:
    rows = [
        {
            **_row("owed", statement.datasets[0], statement.reason_id, statement.actor),
            "for": statement.purpose,
            "why": statement.why,
            "since": tables.when(statement.at_us),
            "until": tables.when(statement.until_us),
            "id": statement.id,
        }
        for statement in statements
    ]
    columns = {key: key for key in ("dataset", "rule", "for", "by", "why", "until")}
    tables.write(form, rows, columns, empty=empty)


def _row(state: str, dataset: str, reason_id: str, actor: str) -> dict[str, str | None]:
    return {"state": state, "dataset": dataset, "rule": reason_id, "by": actor}
