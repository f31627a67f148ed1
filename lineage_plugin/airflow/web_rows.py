"""Rows of the tables on the plugin's site; whatever somebody wrote is made visible here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from lineage_plugin.airflow.web_counts import Counted
from lineage_plugin.checks.coverage import Covered
from lineage_plugin.model import Decision, Outcome, Statement
from lineage_plugin.reports import words
from lineage_plugin.reports.graph import Standing
from lineage_plugin.reports.listing import Cell, Table
from lineage_plugin.reports.standing import standing
from lineage_plugin.store.api import DatasetSummary

#: Datasets that one row names.
_MOST_NAMED = 3

_SIGNS = {
    Outcome.ALLOWED: Standing.CLEAR,
    Outcome.DENIED: Standing.FORBIDDEN,
    Outcome.UNDECIDED: Standing.UNKNOWN,
}


class Addresses(Protocol):
    """Where pages are."""

    def url(self, page: str, /, **asked: str) -> str:
        """Return the address of a page."""


def dataset(
    visit: Addresses, found: DatasetSummary, said: Decision | None, purpose: str, now_us: int
) -> tuple[Cell, ...]:
    """Return the row of a dataset, with what was said last about it."""
    uri = found.ref.uri
    sign = standing(said, uri)
    ended = said is not None and said.valid_until_us is not None and said.valid_until_us <= now_us
    verdict = Cell(
        words.STANDINGS[sign] if said else "no gate was asked",
        visit.url(f"decisions/{said.id}") if said else "",
        sign,
        f"as of {words.moment(said.at_us)}{', no longer valid' if ended else ''}" if said else "",
    )
    about = visit.url("dataset", uri=uri, purpose=purpose)
    return (
        Cell(words.visible(uri), about, is_code=True),
        verdict,
        Cell(words.visible(found.last_job), below=_touched(found)),
        Cell(words.moment(found.last_us), is_short=True),
    )


def _touched(found: DatasetSummary) -> str:
    return f"written {found.writes:,} times, read {found.reads:,} times"


def decisions(
    visit: Addresses, found: Sequence[Decision], *, title: str = "", empty: str = ""
) -> Table:
    """Return a table of decisions."""
    return Table(
        title,
        ("Verdict", "When", "For", "About", "Asked by", "Why"),
        tuple(_decision(visit, each) for each in found),
        empty,
    )


def _decision(visit: Addresses, found: Decision) -> tuple[Cell, ...]:
    first = (found.reasons or found.owed)[:1]
    more = len(found.reasons or found.owed) - 1
    subject = found.subject
    return (
        Cell(
            found.outcome.value,
            visit.url(f"decisions/{found.id}"),
            _SIGNS[found.outcome],
            f"{found.mode.value} mode: would be {found.would_be.value}" if found.would_be else "",
            is_short=True,
        ),
        Cell(words.moment(found.at_us), is_short=True),
        Cell(words.use(found), is_short=True),
        Cell(_names([ref.uri for ref in found.inputs]), is_code=True),
        Cell(
            words.visible(subject.job_name) or "a person",
            below=words.visible(subject.dag_run_id),
        ),
        Cell(
            words.visible(f"{first[0].dataset}: {first[0].why}".removeprefix(": "))
            if first
            else "",
            below=f"{words.visible(first[0].id)}{f' and {more} more' if more else ''}"
            if first
            else "",
        ),
    )


def statements(
    said: Iterable[Statement], now_us: int, *, title: str, empty: str, note: str = ""
) -> Table:
    """Return a table of what people, or gates, put on record."""
    return Table(
        title,
        ("About", "For", "By", "Why", "Since", "Until", "Id"),
        tuple(_statement(each, now_us) for each in said),
        empty,
        note,
    )


def _statement(said: Statement, now_us: int) -> tuple[Cell, ...]:
    return (
        Cell(
            _names(said.datasets) or "whatever the run wrote",
            below=f"lets {words.visible(said.reason_id)} pass" if said.reason_id else "",
            is_code=bool(said.datasets),
        ),
        Cell(words.visible(said.purpose) or "any purpose", is_short=True),
        Cell(words.visible(said.actor)),
        Cell(words.visible(said.why)),
        Cell(words.moment(said.at_us), is_short=True),
        Cell(
            words.moment(said.until_us) or "ended by hand",
            soon=words.soon(said.until_us, now_us),
            is_short=True,
        ),
        Cell(words.visible(said.id[:8]), is_code=True, is_short=True),
    )


def gone(visit: Addresses, counted: Counted | None) -> Table:
    """Return a table of declared consents that are no more."""
    empty = "No declared consent is withdrawn or invalid." if counted else "It is being counted."
    return Table(
        "Consents withdrawn or invalid",
        ("Declared about", "Consent is", "Since", "By"),
        tuple(
            (
                Cell(
                    words.visible(each.pattern),
                    ""
                    if set(each.pattern) & set("*?[")
                    else visit.url("dataset", uri=each.pattern),
                    is_code=True,
                ),
                Cell(each.verdict, sign=Standing.FORBIDDEN),
                Cell(words.moment(each.since_us) or "always", is_short=True),
                Cell(words.visible(each.authority)),
            )
            for each in (counted.gone if counted else ())
        ),
        empty,
        "As catalog files, DAGs and assets declare it.",
    )


def covered(visit: Addresses, found: Covered, most: int) -> tuple[Cell, ...]:
    """Return the row of a DAG's coverage."""
    left = len(found.missing) - most
    names = ", ".join(map(words.visible, found.missing[:most]))
    return (
        Cell(words.visible(found.dag), visit.url("decisions", dag_id=found.dag)),
        Cell(
            f"{found.percent:.0f} %",
            sign=Standing.UNKNOWN if found.missing else Standing.CLEAR,
            is_short=True,
        ),
        Cell(f"{found.touched:,}", is_short=True),
        Cell(f"{found.declared:,}", is_short=True),
        Cell(f"{found.derived:,}", is_short=True),
        Cell(f"{len(found.missing):,}", below=f"{names} and {left} more" if left > 0 else names),
    )


def _names(uris: Sequence[str]) -> str:
    shown = ", ".join(map(words.visible, uris[:_MOST_NAMED]))
    left = len(uris) - _MOST_NAMED
    return f"{shown} and {left} more" if left > 0 else shown
