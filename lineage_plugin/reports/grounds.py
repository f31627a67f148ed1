"""A decision explained to people: what stands in the way, on whose word, and what would change it.

Pure.  Of people who put something on record it says what they said and not who they are, because
the page is passed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lineage_plugin.model import Change, Decision, Outcome, Reason, Step, Testimony
from lineage_plugin.policy import reasons as table
from lineage_plugin.reports import words

#: Reasons that are told in full; the table before them has more, and JSON has them all.
_MOST_TOLD = 20


def title(decision: Decision) -> str:
    """Name what a page about a decision is about.

    Example:
        >>> from lineage_plugin.model import Subject
        >>> title(Decision("d", Outcome.DENIED, "x", (), Subject(job_name="faces.train"), (), 0,
        ...                None, "", "", 0))
        'Why faces.train was blocked'
    """
    asked = decision.subject.job_name or (decision.inputs[0].uri if decision.inputs else "")
    about = words.visible(asked) or "a run"
    return f"Why {about} was {_DONE[decision.outcome]}"


_DONE = {
    Outcome.ALLOWED: "allowed to run",
    Outcome.DENIED: "blocked",
    Outcome.UNDECIDED: "blocked: too little is known",
}


def told(decision: Decision) -> dict[str, Any]:
    """Return what a page says about a decision beside its reasons, and its reasons in full."""
    asker = decision.subject
    facts = (
        ("Decision", decision.id),
        ("Decided", words.moment(decision.at_us)),
        ("Asked by", asker.job_name or "a person, at the command line"),
        ("DAG run", asker.dag_run_id),
        ("Map index", str(asker.map_index) if asker.map_index >= 0 else ""),
        ("Run in OpenLineage", asker.run_id),
        ("About", ", ".join(ref.uri for ref in decision.inputs[:_MOST_TOLD]) or "no dataset"),
        ("Judged by suites", ", ".join(decision.suites)),
        ("Same as decision", decision.reused_from),
        ("Would be without leniency", decision.would_be.value if decision.would_be else ""),
        ("Record known up to entry", str(decision.known_seq)),
        ("Command", f"lineage-plugin explain {decision.id}"),
    )
    return {
        "facts": [(name, words.visible(text)) for name, text in facts if text],
        "reasons": list(map(_reason, decision.reasons[:_MOST_TOLD])),
        "more": max(len(decision.reasons) - _MOST_TOLD, 0),
        "owed": list(map(_reason, decision.owed[:_MOST_TOLD])),
        "is_blocked": decision.outcome is not Outcome.ALLOWED,
    }


def _reason(reason: Reason) -> dict[str, Any]:
    known = table.about(reason.id)
    return {
        "id": words.visible(reason.id),
        "dataset": words.visible(reason.dataset),
        "why": words.visible(reason.why),
        "todo": words.visible(reason.remedy),
        "is_definite": reason.is_definite,
        "clause": words.visible(reason.clause or (known.clause if known else "")),
        "source": words.visible(reason.source or (known.source if known else "")),
        "way": _way(reason),
        "said": list(map(_testimony, reason.testimony)),
        "changes": list(map(change, reason.changes)),
    }


def _way(reason: Reason) -> list[dict[str, Any]]:
    """Return the way by which a reason reaches what was judged: from where it begins."""
    steps: Sequence[Step] = reason.steps or tuple(map(Step, reason.path))
    return [
        {
            "dataset": words.visible(step.dataset),
            "job": words.visible(step.job),
            "run": words.visible(step.run),
            "at": words.moment(step.at_us),
            "how": ", ".join(edge.value for edge in step.edges),
            "skipped": words.counted(step.skipped, "more step") if step.skipped else "",
        }
        for step in reversed(steps)
    ]


def _testimony(said: Testimony) -> dict[str, Any]:
    return {
        "by": words.visible(said.authority),
        "says": words.visible(said.says),
        "support": said.assurance.name.lower().replace("_", " "),
        "where": words.visible(said.where),
        "papers": [
            (
                words.visible(paper.uri),
                f"sha256:{words.visible(paper.sha256)}" if paper.sha256 else "not pinned",
            )
            for paper in said.evidence
        ],
    }


def change(way: Change) -> dict[str, str]:
    """Return one way out: in words, and what to type or to write."""
    # A snippet has lines, and each is shown as one.
    lines = (way.command or way.snippet).splitlines()
    return {
        "text": words.visible(way.text),
        "code": "\n".join(map(words.visible, lines)),
        "where": words.visible(way.where),
    }
