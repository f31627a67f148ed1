"""A page that needs nothing else: no network, no other file.  The only file that knows Jinja.

Its policy (CSP) allows the one style sheet and the one script that it carries, by their digests,
and nothing from anywhere else.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from lineage_plugin._lazy import require
from lineage_plugin.model import (
    Change,
    Decision,
    Outcome,
    Reason,
    Statement,
    StatementKind,
)
from lineage_plugin.reports import picture, words
from lineage_plugin.reports.folding import folded
from lineage_plugin.reports.graph import Answer, Graph, Node, Run, Shape, Standing, worst

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
    recorded before, newest first.  ``is_whole``: nobody named a dataset.
    """

    graph: Graph
    answers: tuple[Answer, ...]
    purpose: str
    at_us: int
    is_whole: bool = False
    decisions: tuple[Decision, ...] = ()
    statements: tuple[Statement, ...] = field(default=())


def html(report: Report) -> str:
    """Lay a report out as one HTML document.

    Raises:
        MissingLibrary: Jinja or igraph is not installed.
    """
    markup = require("markupsafe").Markup
    drawn = folded(report.graph)
    style, script = _asset("picture.css") + _asset("page.css"), _asset("page.js")
    hindrances = _hindrances(report)
    rendered: str = _template().render(
        title=_title(report),
        purpose=words.use(report.answers[0].decision)
        if report.answers
        else words.visible(report.purpose),
        at=words.moment(report.at_us),
        is_whole=report.is_whole,
        policy=_policy(style, script),
        style=markup(style),
        script=markup(script),
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
        picture=markup(picture.svg(drawn)),
        nodes=markup(_json([_details(node) for node in drawn.nodes])),
        shapes=[
            (markup(picture.outline(shape)), words.SHAPES[shape], _SHAPE_MEANINGS[shape])
            for shape in Shape
        ],
        standings=[
            (markup(picture.icon(each)), words.STANDINGS[each], words.MEANINGS[each])
            for each in Standing
        ],
        signs={each: markup(picture.icon(each)) for each in Standing},
    )
    return rendered


_SHAPE_MEANINGS = {
    Shape.SOURCE: "data that comes from outside; somebody declared it",
    Shape.DATASET: "data that a run made from other data",
    Shape.MODEL: "made by training; it keeps what binds the data it learned from",
    Shape.ORPHAN: "no recorded run wrote it, and nobody declared it as a source",
    Shape.FOLDED: "several that need not be told apart",
}


def _title(report: Report) -> str:
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
        "changes": list(map(_change, reason.changes)),
    }


def _change(change: Change) -> dict[str, str]:
    """Return one way out: in words, and what to type or to write."""
    # A snippet has lines, and each is shown as one.
    lines = (change.command or change.snippet).splitlines()
    return {"text": words.visible(change.text), "code": "\n".join(map(words.visible, lines))}


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


def _policy(style: str, script: str) -> str:
    """Return a content security policy that lets these two in and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_source(style)}",
            f"script-src {_source(script)}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


@cache
def _asset(name: str) -> str:
    return (resources.files(__package__) / "assets" / name).read_text("utf-8")


@cache
def _template() -> Any:
    environment = require("jinja2").Environment(
        autoescape=True,
        undefined=require("jinja2").StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.from_string(_asset("page.html"))
