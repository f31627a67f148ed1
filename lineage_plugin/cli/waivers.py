"""``lineage-plugin waivers``."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli import moments, record, tables
from lineage_plugin.model import SECOND_US, Statement, StatementKind

if TYPE_CHECKING:
    from lineage_plugin.catalog.policy_yaml import WaiverRules

DAY_US = 86_400 * SECOND_US

#: More days than any calendar of ours has.
_MOST_DAYS = 100_000


def days_of(text: str) -> int | None:
    """Read a number of days such as ``30d``; ``None`` if it is something else.

    Example:
        >>> days_of("30d"), days_of("2026-12-31")
        (30, None)
    """
    found = re.fullmatch(r"(\d{1,6})\s*d(ays?)?", text.strip(), re.ASCII)
    days = int(found[1]) if found else None
    return days if days is not None and days <= _MOST_DAYS else None


def _days(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    days = days_of(value)
    if days is None:
        raise click.BadParameter("write a number of days such as 30d")
    return days


@click.command("waivers", epilog=tables.example("lineage-plugin waivers --expiring 30d"))
@click.option("--all", "every", is_flag=True, help="Also those that ended or do not count.")
@click.option(
    "--expiring", metavar="DAYS", callback=_days, help="Only those that end within so many days."
)
@moments.as_of_option()
@moments.known_at_option
@tables.format_option
def command(
    every: bool,  # noqa: FBT001 - click passes it
    expiring: int | None,
    at_us: int | None,
    known: moments.KnownAt | None,
    form: str,
) -> None:
    """List what was waived: by whom, why, until when."""
    from lineage_plugin.catalog.policy_yaml import load_policy

    settings = settings_file.load()
    rules = load_policy(settings.policy, required=settings.required).waivers
    now_us = time.time_ns() // 1000 if at_us is None else at_us
    with record.opened() as store:
        seq = known.entry(store) if known is not None else None
        statements = store.statements(kinds=(StatementKind.WAIVER,), known_seq=seq)
    moments.tell(at_us, known)
    ends = {s.ends: s for s in statements if s.kind is StatementKind.END}
    rows = [
        as_row(waiver, rules, now_us, ends.get(waiver.id))
        for waiver in statements
        if waiver.kind is StatementKind.WAIVER and (every or waiver.at_us <= now_us)
        if expiring is None or _ends_by(waiver, rules, now_us + expiring * DAY_US)
    ]
    if not every:
        rows = [row for row in rows if row["state"] == "active"]
    columns = {
        "state": "state",
        "reason_id": "rule",
        "datasets": "dataset",
        "purpose": "for",
        "by": "by",
        "until": "until",
        "why": "why",
        "id": "id",
    }
    if form == "table":
        rows = [{**row, "id": row["id"][:8]} for row in rows]
    tables.write(form, rows, columns, empty="nothing is waived")


def as_row(
    waiver: Statement, rules: WaiverRules, at_us: int, end: Statement | None = None
) -> dict[str, Any]:
    """Return a waiver as JSON, with what has become of it at a moment."""
    from lineage_plugin.gate.waivers import until_us

    ended = end if end is not None and end.at_us <= at_us else None
    return {
        "id": waiver.id,
        "state": _state(waiver, rules, at_us, ended),
        "reason_id": waiver.reason_id,
        "datasets": list(waiver.datasets),
        "purpose": waiver.purpose,
        "by": waiver.actor,
        "why": waiver.why,
        "at": tables.when(waiver.at_us),
        "until": tables.when_briefly(until_us(waiver, rules)),
        "evidence": [{"uri": e.uri, "sha256": e.sha256} for e in waiver.evidence],
        "revoked_by": ended.actor if ended else "",
        "revoked_at": tables.when(ended.at_us) if ended else "",
        "revoked_why": ended.why if ended else "",
    }


def _state(waiver: Statement, rules: WaiverRules, at_us: int, ended: Statement | None) -> str:
    """Say whether a waiver counts: active, or why not."""
    from lineage_plugin.gate.waivers import counts, until_us

    if ended is not None:
        return "revoked"
    if waiver.at_us > at_us:
        return "to come"
    if until_us(waiver, rules) <= at_us:
        return "expired"
    return "active" if counts(waiver, rules, at_us=at_us) else "not permitted"


def _ends_by(waiver: Statement, rules: WaiverRules, at_us: int) -> bool:
    from lineage_plugin.gate.waivers import until_us

    return until_us(waiver, rules) <= at_us
