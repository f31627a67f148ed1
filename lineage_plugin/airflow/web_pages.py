"""What each page of the plugin's site shows: the record and the catalog, as pages.

Knows nothing of Airflow or of HTTP: who looks, and from where, arrives as a :class:`Visit`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from urllib.parse import urlencode

from lineage_plugin.airflow import web_rows as rows
from lineage_plugin.airflow.web_counts import Counted, Counts, count, counted_apart
from lineage_plugin.catalog.compiled import CompiledCatalog, refresh
from lineage_plugin.model import (
    DatasetRef,
    Decision,
    Outcome,
    Statement,
    StatementKind,
    Subject,
    in_force,
)
from lineage_plugin.reports import gathering, words
from lineage_plugin.reports.graph import Standing
from lineage_plugin.reports.listing import Filter, Listing, Table, Tile, laid_out
from lineage_plugin.reports.markup import Document
from lineage_plugin.reports.page import Report, Site
from lineage_plugin.reports.page import laid_out as drawn
from lineage_plugin.settings import Settings, load
from lineage_plugin.store import open_store
from lineage_plugin.store.api import Store

#: Rows of a page.
PAGE = 50

#: Decisions that are looked at for one page, of which somebody may see few.
_MOST_LOOKED_AT = 500

#: A picture of more datasets takes seconds: the command line draws it.
_MOST_DRAWN = 1_500

#: A record with more datasets is counted in a process of its own.
_MOST_COUNTED_HERE = 2_000

#: What is asked for where no gate was asked yet.
_PURPOSE = "model-training"

#: Refusals on the first page.
_NEWEST = 10

#: Missing datasets that are named for each DAG.
_MOST_MISSING = 5

_BLOCKED = (Outcome.DENIED, Outcome.UNDECIDED)


class NotHere(LookupError):
    """What was asked for is not in the record."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks at a page: the address of the site, and the DAGs whose runs they may see."""

    base: str
    sees_dag: Callable[[str], bool]

    def url(self, page: str, /, **asked: str) -> str:
        """Return the address of a page."""
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{self.base}/{page}{'?' if query else ''}{query}"

    def sees(self, decision: Decision) -> bool:
        """Whether a decision was asked for by a DAG that they may see, or by no DAG."""
        subject = decision.subject
        dag = subject.dag_id or subject.job_name.rpartition(".")[0]
        return self.sees_dag(dag) if subject.job_name else True


class Pages:
    """The pages of one record; they only read."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store: Store = open_store(
            settings.store_url,
            busy_timeout_ms=settings.append_budget_ms,
            read_only=True,
            create=False,
        )
        self._counts = Counts(self._count)

    def overview(self, visit: Visit) -> Document:
        """Show what needs somebody's attention first."""
        now_us = _now_us()
        tally = self._store.tally()
        said = in_force(self._store.statements(), now_us)
        counted = self._counted()
        newest = sorted(
            (d for each in _BLOCKED for d in self._visible(visit, outcome=each, most=_NEWEST)[0]),
            key=lambda decision: -decision.at_us,
        )[:_NEWEST]
        blocked = sum(n for (_, outcome), n in tally.decisions.items() if outcome in _BLOCKED)
        soon = [s for s in said if words.soon(s.until_us, now_us)]
        held = [s for s in said if s.kind is StatementKind.QUARANTINE]
        forbidden, unknown = Standing.FORBIDDEN, Standing.UNKNOWN
        tiles = (
            Tile(f"{tally.datasets:,}", "datasets in the record", visit.url("datasets")),
            Tile(
                f"{blocked:,}",
                "times a gate blocked a run",
                visit.url("decisions", outcome="blocked"),
                forbidden if blocked else None,
            ),
            Tile(
                str(len(held)),
                "held in quarantine",
                visit.url("force"),
                forbidden if held else None,
            ),
            Tile(
                str(len(counted.gone)) if counted else "…",
                "consents withdrawn or invalid",
                visit.url("force"),
                forbidden if counted and counted.gone else None,
            ),
            Tile(
                str(len(soon)),
                "waivers that end within 30 days",
                visit.url("force"),
                unknown if soon else None,
            ),
            Tile(
                f"{counted.every.percent:.0f} %" if counted else "…",
                "of what DAGs touched is covered",
                visit.url("coverage"),
                unknown if counted and counted.every.missing else None,
            ),
        )
        tables = (
            rows.decisions(visit, newest, title="Blocked last", empty="No gate blocked anything."),
            rows.statements(
                soon, now_us, title="Waivers about to end", empty="None ends within 30 days."
            ),
        )
        intro = "Where the data comes from that DAGs train on, and what the gates said about it."
        return self._listed(visit, "Overview", Listing("Provenance", intro, tiles, (), tables))

    def datasets(self, visit: Visit, purpose: str, words_: str, after: str) -> Document:
        """List datasets, each with what gates said last about it for a purpose."""
        purposes = self._purposes()
        purpose = purpose or purposes[0]
        found = self._store.datasets(containing=words_.strip(), after=after, limit=PAGE + 1)
        uris = [each.ref.uri for each in found[:PAGE]]
        said = self._store.newest_decisions(uris, purpose=purpose)
        more = visit.url("datasets", purpose=purpose, q=words_, after=uris[-1] if uris else "")
        table = Table(
            "",
            ("Dataset", f"Verdict for {words.visible(purpose)}", "Written by", "Last"),
            tuple(
                rows.dataset(visit, each, said.get(each.ref.uri), purpose, _now_us())
                for each in found[:PAGE]
            ),
            "No dataset has such a name."
            if words_ or after
            else "The record holds no dataset yet: run a DAG, or see the page on getting started.",
            more=more if len(found) > PAGE else "",
            more_text="Next datasets",
        )
        filters = (
            _purpose_filter(purpose, purposes),
            Filter("q", "Name contains", words.visible(words_)),
        )
        intro = (
            "A verdict is what the newest decision about a dataset said; nothing is judged here. "
            "To ask a gate now: lineage-plugin gate DATASET --for PURPOSE"
        )
        return self._listed(visit, "Datasets", Listing("Datasets", intro, (), filters, (table,)))

    def dataset(self, visit: Visit, uri: str, purpose: str) -> Document:
        """Draw where a dataset comes from, with what gates said last about it."""
        catalog = self._catalog()
        ref = self._known(uri, catalog)
        history = self._store.history([ref])
        command = f"lineage-plugin report '{words.visible(ref.uri)}' -o report.html"
        if len(history.datasets) > _MOST_DRAWN:
            about = f"{len(history.datasets):,} datasets are behind it: too many to draw here."
            return self._listed(
                visit, "Datasets", Listing(words.visible(ref.uri), about, code=command)
            )
        told = gathering.Told(history)
        (question,) = told.questions([ref], everything=False)
        purpose = purpose or gathering.last_purpose(self._store, [question]) or _PURPOSE
        answer = gathering.on_record(self._store, question, purpose)
        asked = (ref, *(answer.decision.inputs if answer else ()))
        report = gathering.report(
            self._store,
            catalog,
            tuple(dict.fromkeys(asked)),
            told,
            [question],
            lambda _: [answer] if answer else [],
            purpose=purpose,
            at_us=_now_us(),
            note=_note(answer.decision if answer else None, purpose, command),
        )
        return self._drawn(visit, "Datasets", report, uri=ref.uri)

    def decisions(self, visit: Visit, asked: dict[str, str], before: str) -> Document:
        """List what gates said, newest first."""
        named = Subject(
            dag_id=asked.get("dag_id", ""),
            task_id=asked.get("task_id", ""),
            dag_run_id=asked.get("run_id", ""),
        )
        found, last = self._visible(
            visit,
            outcome=Outcome(asked["outcome"]) if asked.get("outcome") in _OUTCOMES else None,
            purpose=asked.get("purpose") or None,
            asker=named,
            before=_cursor(before),
            blocked=asked.get("outcome") == "blocked",
        )
        older = visit.url("decisions", **asked, before=f"{last.at_us}~{last.id}") if last else ""
        table = replace(
            rows.decisions(visit, found, empty="No such decision is on record."),
            more=older,
            more_text="Older decisions",
        )
        filters = (
            Filter("outcome", "Verdict", asked.get("outcome", ""), _OUTCOME_CHOICES),
            _purpose_filter(asked.get("purpose", ""), self._purposes(), with_any=True),
            Filter("dag_id", "DAG", words.visible(named.dag_id)),
        )
        return self._listed(
            visit, "Decisions", Listing("What gates decided", "", (), filters, (table,))
        )

    def decision(self, visit: Visit, decision_id: str) -> Document:
        """Explain a decision."""
        found = self._store.decision(decision_id)
        if found is None or not visit.sees(found):
            message = "The record holds no such decision, or it is of a DAG that you may not see."
            raise NotHere(message)
        return self._explained(visit, found)

    def task(self, visit: Visit, asker: Subject) -> Document:
        """Explain what a gate said to a task instance: what blocked it, else what it said last."""
        found = self.said_to(asker)
        if not found:
            about = "No gate was asked for this task instance, or what it said is not on record."
            link = (visit.url("decisions", dag_id=asker.dag_id), "All decisions of this DAG")
            name = words.visible(f"{asker.dag_id}.{asker.task_id}")
            return self._listed(visit, "Decisions", Listing(name, about, link=link))
        blocked = [decision for decision in found if decision.outcome in _BLOCKED]
        chosen = (blocked or found)[0]
        others = tuple(decision for decision in found if decision != chosen)
        return self._explained(visit, chosen, others)

    def said_to(self, asker: Subject) -> list[Decision]:
        """Return what gates said to a task instance, newest first."""
        job = f"{asker.dag_id}.{asker.task_id}"
        found = self._store.decisions(limit=PAGE, asker=replace(asker, job_name=job))
        return [each for each in found if each.subject.map_index == asker.map_index]

    def force(self, visit: Visit) -> Document:
        """List what people put on record and still holds, and consents that are gone."""
        now_us = _now_us()
        said = in_force(self._store.statements(), now_us)
        waivers = [s for s in said if s.kind is StatementKind.WAIVER]
        # What ends last stands last.
        waivers.sort(key=lambda s: (s.until_us is None, s.until_us or 0))
        tables = (
            rows.statements(
                _of(said, StatementKind.QUARANTINE),
                now_us,
                title="Held in quarantine",
                empty="Nothing is held back.",
                note="No gate passes what is made from it.  Lift one: lineage-plugin quarantine "
                "lift ID --by NAME --why TEXT",
            ),
            rows.gone(visit, self._counted()),
            rows.statements(
                waivers,
                now_us,
                title="Waivers",
                empty="Nothing is waived.",
                note="End one: lineage-plugin waive --revoke ID --by NAME --why TEXT",
            ),
            rows.statements(
                _of(said, StatementKind.BREAK_GLASS),
                now_us,
                title="Broken glass",
                empty="No run went on without a gate.",
            ),
            rows.statements(
                _of(said, StatementKind.BASELINE)[:PAGE],
                now_us,
                title="Baseline",
                empty="There is no baseline.",
                note="What was there before gates were, and is still owed.",
            ),
        )
        return self._listed(visit, "In force", Listing("What is in force", "", tables=tables))

    def coverage(self, visit: Visit, page: int) -> Document:
        """Show which of the datasets that DAGs touched are declared, or made from what is known."""
        self._catalog()  # if it is wrong, that is what to say
        counted = self._counted()
        if counted is None:
            about = "It is being counted; load this page again in a moment."
            return self._listed(visit, "Coverage", Listing("Coverage", about))
        seen = [covered for covered in counted.dags if visit.sees_dag(covered.dag)]
        shown = seen[page * PAGE : (page + 1) * PAGE]
        more = visit.url("coverage", page=str(page + 1)) if len(seen) > (page + 1) * PAGE else ""
        table = Table(
            "",
            ("DAG", "Covered", "Touched", "Declared", "Derived", "Missing"),
            tuple(rows.covered(visit, each, _MOST_MISSING) for each in shown),
            "No DAG touched a dataset yet.",
            more=more,
            more_text="Next DAGs",
        )
        intro = (
            f"Counted {words.moment(counted.at_us)}.  Covered is what somebody declared, or what "
            "was made by recorded runs from what is known.  Declare what is missing in "
            "provenance.yaml, or name what it is made from as inlets."
        )
        total = Tile(f"{counted.every.percent:.0f} %", "of everything that DAGs touched is covered")
        return self._listed(
            visit, "Coverage", Listing("Coverage", intro, (total,), tables=(table,))
        )

    def message(self, visit: Visit, title: str, text: str, code: str = "") -> Document:
        """Say something that is no page of the record."""
        return self._listed(visit, "", Listing(title, text, code=code))

    # --- how pages come about

    def _visible(
        self,
        visit: Visit,
        *,
        outcome: Outcome | None = None,
        purpose: str | None = None,
        asker: Subject = Subject(),  # noqa: B008 - an immutable value
        before: tuple[int, str] | None = None,
        blocked: bool = False,
        most: int = PAGE,
    ) -> tuple[list[Decision], Decision | None]:
        """Return a page of decisions that somebody may see, and where the next one begins."""
        shown: list[Decision] = []
        for _ in range(0, _MOST_LOOKED_AT, most):
            batch = self._store.decisions(
                limit=most, purpose=purpose, outcome=outcome, asker=asker, before=before
            )
            for found in batch:
                before = (found.at_us, found.id)
                if visit.sees(found) and (not blocked or found.outcome in _BLOCKED):
                    shown.append(found)
                if len(shown) == most:
                    return shown, found
            if len(batch) < most:
                return shown, None
        return shown, batch[-1]

    def _explained(
        self, visit: Visit, found: Decision, others: tuple[Decision, ...] = ()
    ) -> Document:
        report = gathering.explained(self._store, self._catalog(), found)
        return self._drawn(visit, "Decisions", replace(report, decisions=others))

    def _drawn(self, visit: Visit, here: str, report: Report, uri: str = "") -> Document:
        seen = tuple(filter(visit.sees, report.decisions))
        return drawn(replace(report, decisions=seen), _site(visit, here))

    def _listed(self, visit: Visit, here: str, listing: Listing) -> Document:
        return laid_out(listing, _site(visit, here))

    def _catalog(self) -> CompiledCatalog:
        here = self._settings
        return refresh(here.catalog, here.state_dir, policy=here.policy, required=here.required)

    def _known(self, uri: str, catalog: CompiledCatalog) -> DatasetRef:
        found = self._store.find(uri)
        if found is not None:
            return found
        try:
            ref = DatasetRef.parse(uri)
        except ValueError as error:
            raise NotHere(str(error)) from error
        if not catalog.declarations_for(ref.uri):
            message = f"The record knows no dataset {words.visible(ref.uri)}."
            raise NotHere(message)
        return ref

    def _purposes(self) -> tuple[str, ...]:
        """Return what gates were asked for, most often first."""
        asked: dict[str, int] = {}
        for (purpose, _), number in self._store.tally().decisions.items():
            asked[purpose] = asked.get(purpose, 0) + number
        found = sorted(filter(None, asked), key=lambda purpose: (-asked[purpose], purpose))
        return tuple(found) or (_PURPOSE,)

    def _counted(self) -> Counted | None:
        return self._counts.newest(self._store.head()[0])

    def _count(self) -> Counted:
        if self._store.tally().datasets > _MOST_COUNTED_HERE:
            return counted_apart()
        catalog = self._catalog()
        return count(self._store, catalog, catalog.all)


@cache
def pages_here() -> Pages:
    """Return the pages of the record that the settings of this process name."""
    return Pages(load())


def _site(visit: Visit, here: str) -> Site:
    pages = (
        ("Overview", visit.url("")),
        ("Datasets", visit.url("datasets")),
        ("Decisions", visit.url("decisions")),
        ("In force", visit.url("force")),
        ("Coverage", visit.url("coverage")),
    )
    return Site(pages, here)


def _note(decision: Decision | None, purpose: str, command: str) -> str:
    if decision is None:
        return (
            f"No gate was asked about it for {words.visible(purpose)} yet, so nothing in the "
            f"picture is judged.  To ask one: {command} --for {words.visible(purpose)}"
        )
    ended = decision.valid_until_us is not None and decision.valid_until_us <= _now_us()
    old = "; it holds no longer, and a gate would judge anew" if ended else ""
    return (
        f"The verdict is that of decision {decision.id} of {words.moment(decision.at_us)}{old}.  "
        f"To ask a gate now: {command}"
    )


def _of(said: Iterable[Statement], kind: StatementKind) -> list[Statement]:
    return [each for each in said if each.kind is kind]


def _purpose_filter(purpose: str, purposes: Sequence[str], *, with_any: bool = False) -> Filter:
    first = [("", "any")] if with_any else []
    known = dict.fromkeys([*purposes, *([purpose] if purpose else [])])
    choices = (*first, *((each, words.visible(each)) for each in known))
    return Filter("purpose", "Purpose", purpose, choices)


def _cursor(text: str) -> tuple[int, str] | None:
    at, _, decision_id = text.partition("~")
    try:
        return (int(at), decision_id) if decision_id else None
    except ValueError:
        return None


def _now_us() -> int:
    return time.time_ns() // 1000


_OUTCOMES = frozenset(outcome.value for outcome in Outcome)

_OUTCOME_CHOICES = (
    ("", "any"),
    ("blocked", "blocked: DENIED or UNDECIDED"),
    *((outcome.value, outcome.value) for outcome in Outcome),
)
