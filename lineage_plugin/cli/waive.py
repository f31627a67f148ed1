"""``lineage-plugin waive``."""

from __future__ import annotations

import contextlib
import hashlib
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli import moments, record, tables, waivers
from lineage_plugin.model import DatasetRef, Evidence, Problem, Statement, StatementKind
from lineage_plugin.settings import Settings
from lineage_plugin.store.api import Store


def _until(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Read when a waiver ends: a date, or a number of days from now."""
    if value is None:
        return None
    days = waivers.days_of(value)
    if days is not None:
        return time.time_ns() // 1000 + days * waivers.DAY_US
    try:
        return moments.moment(ctx, param, value)
    except click.BadParameter:
        hint = "write a date such as 2026-12-31, or a number of days such as 30d"
        raise click.BadParameter(hint) from None


@click.command(
    "waive",
    epilog=tables.example(
        "lineage-plugin waive license.non-commercial s3://raw/web --for model-training \\",
        "    --until 30d --by 'Ada Lovelace (legal)' --why 'licence is being bought' \\",
        "    --evidence contracts/acme-draft.pdf",
        "lineage-plugin waive --revoke 3f2a9c1e --by 'Ada Lovelace (legal)' --why 'deal is off'",
    ),
)
@click.argument("reason_id", metavar="[REASON_ID]", required=False)
@click.argument("dataset", metavar="[DATASET]", required=False)
@click.option("--for", "purpose", metavar="PURPOSE", help="The purpose for which it may pass.")
@click.option(
    "--until",
    "until_us",
    metavar="TIME|DAYS",
    callback=_until,
    help="When it ends: 2026-12-31, or 30d from now.",
)
@click.option("--by", "actor", metavar="NAME", required=True, help="Who: a person, as Name (team).")
@click.option("--why", metavar="TEXT", required=True, help="Why it may pass.")
@click.option(
    "--evidence",
    "papers",
    metavar="FILE|ADDRESS",
    multiple=True,
    help="What supports it; a file is pinned by its digest.",
)
@click.option("--revoke", metavar="ID", help="End a waiver now, instead of giving one.")
@tables.format_option
def command(
    actor: str,
    why: str,
    papers: tuple[str, ...],
    revoke: str | None,
    form: str,
    **scope: Any,
) -> None:
    """Let one reason pass for a dataset and a purpose until a date, on your name.

    DATASET is a URI, or a pattern as in provenance.yaml.  The waiver is recorded, shown with each
    decision that rests on it, and the reason blocks again when it ends.  policy.yaml says what may
    be waived, for how long and by whom.
    """
    given = [_NAMES[key] for key, value in scope.items() if value is not None]
    now_us = time.time_ns() // 1000
    if revoke is not None:
        if stray := [*given, *(["--evidence"] if papers else [])]:
            raise click.UsageError(f"--revoke ends a waiver; leave out {', '.join(stray)}")
        _revoke(revoke, actor, why, now_us, form)
        return
    if missing := [name for name in _NAMES.values() if name not in given]:
        raise click.UsageError(f"say what, where, for what and how long: {', '.join(missing)}")
    problems: list[Problem] = []
    statement = Statement(
        str(uuid.uuid4()),
        StatementKind.WAIVER,
        actor.strip(),
        why.strip(),
        now_us,
        until_us=scope["until_us"],
        datasets=(_pattern(scope["dataset"]),),
        purpose=scope["purpose"],
        reason_id=scope["reason_id"],
        evidence=tuple(_evidence(papers, problems)),
    )
    _waive(settings_file.load(), statement, problems, form)


#: What a waiver must say, by the names of parameters.
_NAMES = {
    "reason_id": "REASON_ID",
    "dataset": "DATASET",
    "purpose": "--for",
    "until_us": "--until",
}


def _waive(settings: Settings, statement: Statement, problems: list[Problem], form: str) -> None:
    from lineage_plugin.catalog.policy_yaml import load_policy
    from lineage_plugin.gate import waivers as law
    from lineage_plugin.policy import purposes

    policy = load_policy(settings.policy, required=settings.required)
    known = purposes.shipped().extended(policy.purposes_added)
    if statement.purpose not in known:
        near = known.suggest(statement.purpose)
        hint = f"did you mean {near!r}?" if near else ""
        problems.append(Problem(f"unknown purpose {statement.purpose!r}", hint=hint))
    found = law.problems(statement, policy.waivers, known_ids=_ids_of_suites(settings))
    if problems := [*problems, *found]:
        raise click.UsageError("\n".join(["this is not waived:", *(f"  {p}" for p in problems)]))
    with _writing(settings) as store:
        store.append_statement(statement, recorded_us=statement.at_us)
    if form != "table":
        tables.write_json(form, waivers.as_row(statement, policy.waivers, statement.at_us))
        return
    until = tables.when_briefly(law.until_us(statement, policy.waivers))
    scope = f"{statement.datasets[0]} for {statement.purpose}"
    _line(f"WAIVED  {statement.reason_id}  {scope}  until {until} by {statement.actor}")
    _line(f"\nRecorded as {statement.id}.  Clear the task in Airflow to run it; to end it before:")
    _line(f"  lineage-plugin waive --revoke {statement.id} --by NAME --why TEXT")
    _warn_if_unknown(statement.datasets[0])


def _revoke(waiver_id: str, actor: str, why: str, now_us: int, form: str) -> None:
    from lineage_plugin.catalog.policy_yaml import load_policy

    settings = settings_file.load()
    rules = load_policy(settings.policy, required=settings.required).waivers
    empty = [name for name, text in (("--by", actor), ("--why", why)) if not text.strip()]
    if empty:
        raise click.UsageError(f"{' and '.join(empty)} must say something")
    with _writing(settings) as store:
        every = store.statements(kinds=(StatementKind.WAIVER,))
        waiver = _one(every, waiver_id)
        if any(s.ends == waiver.id for s in every):
            raise click.UsageError(f"waiver {waiver.id} was revoked before")
        end = Statement(
            str(uuid.uuid4()), StatementKind.END, actor.strip(), why.strip(), now_us, ends=waiver.id
        )
        store.append_statement(end, recorded_us=now_us)
    if form == "table":
        scope = f"{', '.join(waiver.datasets)} for {waiver.purpose}"
        _line(f"REVOKED  {waiver.reason_id}  {scope}: it blocks again from now on")
    else:
        tables.write_json(form, waivers.as_row(waiver, rules, now_us, end))


def _one(every: list[Statement], waiver_id: str) -> Statement:
    found = [s for s in every if s.kind is StatementKind.WAIVER and s.id.startswith(waiver_id)]
    exact = [s for s in found if s.id == waiver_id]
    if exact or len(found) == 1:
        return (exact or found)[0]
    several = f"{len(found)} waivers begin with" if found else "the record holds no waiver"
    raise click.UsageError(f"{several} {waiver_id!r}; lineage-plugin waivers --all lists them")


def _pattern(text: str) -> str:
    """Return a dataset or pattern in its one spelling; one that is none is told of later."""
    from lineage_plugin.catalog.match import normalised

    try:
        return normalised(text)
    except ValueError:
        return text


def _evidence(papers: tuple[str, ...], problems: list[Problem]) -> Iterator[Evidence]:
    for paper in papers:
        local = unquote(urlsplit(paper).path) if paper.startswith("file:") else paper
        if "://" in local:
            yield Evidence(paper)
            continue
        try:
            yield Evidence(paper, hashlib.sha256(Path(local).read_bytes()).hexdigest())
        except OSError as error:
            problems.append(Problem(f"--evidence {paper!r} cannot be read: {error.strerror}"))


def _ids_of_suites(settings: Settings) -> set[str]:
    """Return the ids that suites give to their rules."""
    from lineage_plugin.gate.suite_file import load_suite, shipped_folder

    found: set[str] = set()
    for folder in (settings.expectations, shipped_folder()):
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            suite = load_suite(path)
            found |= {e.rule or f"suite.{suite.name}" for e in suite.expectations}
    return found


@contextlib.contextmanager
def _writing(settings: Settings) -> Iterator[Store]:
    """Open the record to add to it; one that is not there is not begun by a waiver."""
    from lineage_plugin.store import open_store

    store = open_store(settings.store_url, busy_timeout_ms=settings.append_budget_ms, create=False)
    try:
        yield store
    finally:
        store.close()


def _warn_if_unknown(pattern: str) -> None:
    if any(sign in pattern for sign in "*?"):
        return
    ref = DatasetRef.parse(pattern)
    for close in record.near_misses([ref]).values():
        click.echo(
            f"the record does not know {tables.printable(pattern)}; did you mean"
            f" {tables.printable(close)}?",
            err=True,
        )


def _line(text: str) -> None:
    click.echo(tables.printable(text))
