"""What a report, or a decision explained, says to people: a page that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lineage_plugin.model import (
    Decision,
    Outcome,
    Reason,
    Statement,
    StatementKind,
)
from lineage_plugin.reports import grounds, picture, words
from lineage_plugin.reports.folding import folded
from lineage_plugin.reports.graph import Answer, Graph, Node, Run, Shape, Standing, worst
from lineage_plugin.reports.markup import Document, document, safe

#: Rows of a table that people read; the command line has them all.
_MOST_ROWS = 200

#: Sentences at the top; more are rows of a table.
_MOST_SENTENCES = 3

#: Steps of a way that are written out; a longer one is cut in the middle.
_MOST_STEPS = 12

#: What statements are called, and what each lets happen.
_KINDS = {
    StatementKind.WAIVER: "waiver: lets one reason pass until a date",
    StatementKind.BASELINE: "baseline: was there before gates were, and is still owed",
    StatementKind.QUARANTINE: "quarantine: must not be used",
    StatementKind.BREAK_GLASS: "break-glass: one run went on without a gate",
}

#: Which standing shows an outcome.
_OUTCOMES = {
    Outcome.ALLOWED: Standing.CLEAR,
    Outcome.DENIED: Standing.FORBIDDEN,
    Outcome.UNDECIDED: Standing.UNKNOWN,
}


@dataclass(frozen=True)
class Report:
    """All that a page shows.

    ``graph`` is drawn folded; ``statements`` are those that hold at ``at_us``; ``decisions`` were
    recorded before, newest first.  ``is_whole``: nobody named a dataset.  ``explained`` is the
    recorded decision that the page is about, if it is about one.  ``note`` is ours.
    """

    graph: Graph
    answers: tuple[Answer, ...]
    purpose: str
    at_us: int
    is_whole: bool = False
    decisions: tuple[Decision, ...] = ()
    statements: tuple[Statement, ...] = field(default=())
    explained: Decision | None = None
    note: str = ""


@dataclass(frozen=True)
class Site:
    """The site that a page is part of: its pages by name, and which of them this belongs to."""

    pages: tuple[tuple[str, str], ...]
    here: str = ""


def html(report: Report) -> str:
    """Lay a report out as one HTML document, for a file.

    Raises:
        MissingLibrary: Jinja or igraph is not installed.
    """
    return laid_out(report).text


def laid_out(report: Report, site: Site | None = None) -> Document:
    """Lay a report out, as a page of a site if there is one.

    Raises:
        MissingLibrary: Jinja or igraph is not installed.
    """
    drawn = folded(report.graph)
    hindrances = _hindrances(report)
    return document(
        "page.html",
        styles=("picture.css", "page.css"),
        script="page.js",
        is_file=site is None,
        site=site,
        title=_title(report),
        explained=grounds.told(report.explained) if report.explained else None,
        purpose=words.use(report.answers[0].decision)
        if report.answers
        else words.visible(report.purpose),
        at=words.moment(report.at_us),
        is_whole=report.is_whole,
        note=report.note,
        verdicts=_verdicts(report),
        most_sentences=_MOST_SENTENCES,
        hindrances=hindrances[:_MOST_ROWS],
        hindrance_count=len(hindrances),
        warnings=_warnings(report)[:_MOST_ROWS],
        waived=_waived(report)[:_MOST_ROWS],
        statements=[_statement(each, report.at_us) for each in report.statements],
        soon_count=sum(bool(words.soon(each.until_us, report.at_us)) for each in report.statements),
        decisions=[_decision(each) for each in report.decisions],
        counts=_counts(report.graph),
        folded_count=sum(len(node.folded) for node in drawn.nodes),
        picture=safe(picture.svg(drawn)),
        nodes=safe(_json([_details(node) for node in drawn.nodes])),
        shapes=[
            (safe(picture.outline(shape)), words.SHAPES[shape], _SHAPE_MEANINGS[shape])
            for shape in Shape
        ],
        standings=[
            (safe(picture.icon(each)), words.STANDINGS[each], words.MEANINGS[each])
            for each in Standing
        ],
        signs={each: safe(picture.icon(each)) for each in Standing},
    )


_SHAPE_MEANINGS = {
    Shape.SOURCE: "data that comes from outside; somebody declared it",
    Shape.DATASET: "data that a run made from other data",
    Shape.MODEL: "made by training; it keeps what binds the data it learned from",
    Shape.ORPHAN: "no recorded run wrote it, and nobody declared it as a source",
    Shape.FOLDED: "several that need not be told apart",
}


def _title(report: Report) -> str:
    if report.explained:
        return grounds.title(report.explained)
    asked = [uri for answer in report.answers for uri in answer.uris]
    if report.is_whole or not asked:
        return "Where everything in the record comes from"
    more = f" and {words.counted(len(asked) - 1, 'other')}" if len(asked) > 1 else ""
    return f"Where {words.visible(asked[0])}{more} comes from"


def _verdicts(report: Report) -> list[dict[str, Any]]:
    """Return what was answered: what may not be used first, then models."""
    found: list[dict[str, Any]] = []
    for answer in report.answers:
        nodes = [report.graph.by_id[uri] for uri in answer.uris if uri in report.graph.by_id]
        standing = worst(node.standing for node in nodes)
        decision = answer.decision
        found.append(
            {
                "names": [words.visible(uri) for uri in answer.uris[:_MOST_ROWS]],
                "more": max(len(answer.uris) - _MOST_ROWS, 0),
                "kind": words.SHAPES[nodes[0].shape] if len(nodes) == 1 else "",
                "is_model": any(node.shape is Shape.MODEL for node in nodes),
                "outcome": decision.outcome.value,
                "sign": _OUTCOMES[decision.outcome],
                "standing": standing,
                "sentence": words.sentence(report.graph, answer),
                "todo": _first_todo(decision),
                "reason_count": len(decision.reasons),
            }
        )
    order = [Outcome.DENIED.value, Outcome.UNDECIDED.value, Outcome.ALLOWED.value]
    found.sort(key=lambda row: (not row["is_model"], order.index(row["outcome"]), row["names"]))
    return found


def _first_todo(decision: Decision) -> str:
    return words.visible(decision.reasons[0].remedy) if decision.reasons else ""


def _hindrances(report: Report) -> list[dict[str, Any]]:
    """Return what stands in the way: each dataset with each reason once, prohibitions first."""
    found = {
        (reason.dataset, reason.id, reason.why): reason
        for answer in report.answers
        for reason in answer.decision.reasons
    }
    rows = sorted(found.values(), key=lambda r: (not r.is_definite, r.dataset, r.id))
    return [_reason(reason) for reason in rows]


def _warnings(report: Report) -> list[dict[str, Any]]:
    found = {
        (warning.dataset, warning.id): warning
        for answer in report.answers
        for warning in answer.decision.warnings
    }
    return [_reason(found[key]) for key in sorted(found)]


def _waived(report: Report) -> list[dict[str, Any]]:
    """Return what would stand in the way but for a waiver; its words, and not whose."""
    found = {
        (each.reason.dataset, each.reason.id): each
        for answer in report.answers
        for each in answer.decision.waived
    }
    return [
        {
            **_reason(each.reason),
            "words": words.visible(each.why),
            "until": words.moment(each.until_us),
            "soon": words.soon(each.until_us, report.at_us),
        }
        for each in (found[key] for key in sorted(found))
    ]


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "dataset": words.visible(reason.dataset),
        "why": words.visible(reason.why),
        "who": words.visible(reason.said_by.replace(" ", ", ")) or "nobody",
        "todo": words.visible(reason.remedy),
        "id": words.visible(reason.id),
        "sign": Standing.FORBIDDEN if reason.is_definite else Standing.UNKNOWN,
        "way": [words.visible(step) for step in _steps(reason.path)],
        "clause": words.visible(reason.clause),
        "source": words.visible(reason.source),
        "changes": list(map(grounds.change, reason.changes)),
    }


def _steps(path: Sequence[str]) -> Sequence[str]:
    if len(path) <= _MOST_STEPS:
        return path
    half = _MOST_STEPS // 2
    skipped = words.counted(len(path) - 2 * half, "step")
    return (*path[:half], f"… {skipped} …", *path[-half:])


def _statement(said: Statement, at_us: int) -> dict[str, Any]:
    # Who said it is a person, whom the record names and a page that is passed on does not.
    kind = _KINDS.get(said.kind, said.kind.value)
    return {
        "kind": kind.partition(":")[0],
        "means": kind.partition(": ")[2],
        "datasets": [words.visible(uri) for uri in said.datasets[:_MOST_ROWS]],
        "purpose": words.visible(said.purpose) or "any",
        "lets": words.visible(said.reason_id),
        "why": words.visible(said.why),
        "since": words.moment(said.at_us),
        "until": words.moment(said.until_us) or "ended by hand",
        "soon": words.soon(said.until_us, at_us),
    }


def _decision(decision: Decision) -> dict[str, Any]:
    first = decision.reasons[0] if decision.reasons else None
    return {
        "at": words.moment(decision.at_us),
        "outcome": decision.outcome.value,
        "sign": _OUTCOMES[decision.outcome],
        "inputs": [words.visible(ref.uri) for ref in decision.inputs[:_MOST_ROWS]],
        "purpose": words.use(decision),
        "job": words.visible(decision.subject.job_name) or "asked at the command line",
        "why": words.visible(f"{first.dataset}: {first.why}" if first else ""),
        "more": max(len(decision.reasons) - 1, 0),
    }


def _counts(graph: Graph) -> str:
    """Say what there is, in one line."""
    shapes = [node.shape for node in graph.nodes]
    named = (
        (Shape.SOURCE, "source"),
        (Shape.DATASET, "dataset made by runs"),
        (Shape.MODEL, "model"),
        (Shape.ORPHAN, "dataset of unknown origin"),
    )
    found = [(shapes.count(shape), what) for shape, what in named]
    return ", ".join(_counted(number, what) for number, what in found if number)


def _counted(number: int, what: str) -> str:
    noun, space, rest = what.partition(" ")
    return f"{words.counted(number, noun)}{space}{rest}"


def _details(node: Node) -> dict[str, Any]:
    """Return what is shown of a node when somebody points at it; empty fields are left out."""
    _, name = picture.title(node)
    found = {
        "name": name,
        "uri": "" if node.folded else words.visible(node.id),
        "kind": words.SHAPES[node.shape],
        "verdict": words.STANDINGS[node.standing],
        "means": words.MEANINGS[node.standing],
        "standing": node.standing.value,
        "unmade": not node.is_made,
        "reasons": list(map(_plain_reason, node.reasons)),
        "warnings": list(map(_plain_reason, node.warnings)),
        "declared": [
            [fact.about, words.visible(fact.text), words.visible(fact.by)] for fact in node.declared
        ],
        "effective": [[fact.about, words.visible(fact.text)] for fact in node.effective],
        "runs": list(map(_run, node.runs)),
        "more_runs": node.run_count - len(node.runs),
        "folded": list(map(words.visible, node.folded)),
    }
    return {key: value for key, value in found.items() if value}


def _plain_reason(reason: Reason) -> dict[str, Any]:
    return {k: v for k, v in _reason(reason).items() if k not in {"sign", "dataset"}}


def _run(run: Run) -> list[str]:
    if run.is_stopped:
        how = "stopped by the gate"
    elif run.ended_us is None:
        how = "not finished"
    else:
        how = ", ".join(run.kinds)
    return [words.visible(run.job), words.moment(run.started_us), how, words.visible(run.id)]


def _json(value: Any) -> str:
    """Write JSON that cannot end the element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
