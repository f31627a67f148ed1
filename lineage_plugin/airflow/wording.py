"""What a decision looks like in a task's log: plain text, one line a row, nothing but text."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Iterator, Sequence

from lineage_plugin.model import DatasetRef, Decision, Mode, Outcome, Reason, Statement, iso

#: A task's log is read by a person; the rest is one command away.
MOST_REASONS = 25

#: A headline names this many inputs.
_MOST_NAMES = 3

#: The columns do not grow beyond this, so that a row stays on one screen line.
_WIDEST = 64


def summary(decision: Decision) -> str:
    """Say a decision in one line; it becomes the error of the task.

    Example:
        >>> from lineage_plugin.model import Subject
        >>> reason = Reason("license.absent", "s3://lake/x", "nobody declared a licence", "ask")
        >>> summary(Decision("d1", Outcome.DENIED, "model-training", (), Subject(), (reason,), 0,
        ...                  None, "", "", 0))
        'DENIED for model-training: s3://lake/x: nobody declared a licence [license.absent]'
    """
    text = f"{decision.outcome.value} for {decision.aim}"
    if decision.reasons:
        first = decision.reasons[0]
        where = f"{first.dataset}: " if first.dataset else ""
        text += f": {where}{first.why} [{first.id}]"
    if len(decision.reasons) > 1:
        text += f" and {len(decision.reasons) - 1} more"
    return printable(text)


def lines(decision: Decision, page: str = "") -> Iterator[str]:
    """Tell a decision as a table of dataset, why and rule, each with its path and what to do.

    What was waived is told by :func:`waived`, in a louder voice.  *page* is the address of the page
    that explains it, if there is one.
    """
    if decision.break_glass:
        yield printable(
            f"BREAK-GLASS {decision.break_glass}: no gate could say anything, and this run goes on"
            f" on a person's word alone.  {_names(decision.inputs)}  for {decision.aim}"
        )
    if decision.outcome is Outcome.ALLOWED:
        yield printable(_allowed(decision))
        yield from _owed(decision)
        yield from _warnings(decision.warnings)
        return
    yield from _refusal(decision)
    yield f"The body did not run and will not be retried.  Decision {decision.id}"
    yield from _more(decision, page)


def held_back(
    decision: Decision, statement: Statement, page: str = "", *, more: Sequence[DatasetRef] = ()
) -> Iterator[str]:
    """Tell why what a body wrote is held back, what that is, and how it is let go.

    *more* is what it read although it names it nowhere.
    """
    if more:
        yield printable(f"The body read what it does not declare: {_names(more)}")
    yield from _refusal(decision)
    names = ", ".join(statement.datasets[:_MOST_NAMES]) or "whatever it wrote"
    left = len(statement.datasets) - _MOST_NAMES
    names += f" and {left} more" if left > 0 else ""
    yield printable(
        f"The body has run; held back until this is mended: {names}.  Decision {decision.id},"
        f" quarantine {statement.id}"
    )
    yield from _more(decision, page)
    yield "What is held back: lineage-plugin quarantine list"


def _refusal(decision: Decision) -> Iterator[str]:
    yield printable(f"{decision.outcome.value}  {_names(decision.inputs)}  for {decision.aim}")
    yield from _table(decision.reasons[:MOST_REASONS])
    if len(decision.reasons) > MOST_REASONS:
        yield f"  ... and {len(decision.reasons) - MOST_REASONS} more reasons"
    yield from _owed(decision)
    yield from _warnings(decision.warnings)


def waived(decision: Decision) -> Iterator[str]:
    """Say what would have blocked if nobody had waived it: by whom, why and until when."""
    for each in decision.waived[:MOST_REASONS]:
        reason = each.reason
        yield printable(
            f"WAIVED until {iso(each.until_us)} by {each.actor}: {reason.dataset}: {reason.why}"
            f" [{reason.id}], because: {each.why}.  Waiver {each.waiver}"
        )
    if len(decision.waived) > MOST_REASONS:
        yield f"WAIVED: and {len(decision.waived) - MOST_REASONS} more reasons"


def _more(decision: Decision, page: str) -> Iterator[str]:
    """Name what explains it: by its id, unless the record could not take it."""
    if not any(reason.id.startswith("store.") for reason in decision.reasons):
        yield f"What to do, and why: lineage-plugin explain {decision.id}"
        if page:
            yield f"The same as a page: {page}"
        return
    for ref in decision.inputs[:1]:
        ask = ["lineage-plugin", "explain", ref.uri, "--for", decision.purpose]
        ask += ["--recipient", decision.recipient] if decision.recipient else []
        yield printable(f"What to do, and why: {shlex.join(ask)}")


def level(decision: Decision) -> int:
    """Return how loud a decision is in a log.

    Broken glass, and a fault that a mode let pass, are as loud as it gets: nobody judged the data.
    """
    if decision.outcome is not Outcome.ALLOWED:
        return logging.ERROR
    faults = (reason for reason in decision.owed if not (reason.dataset or reason.is_definite))
    if decision.break_glass or any(faults):
        return logging.CRITICAL
    return logging.WARNING if any(r.mode is Mode.WARN for r in decision.owed) else logging.INFO


def printable(text: str) -> str:
    r"""Replace what would break a line or move a cursor: names of datasets are other people's text.

    Example:
        >>> printable("a\nb\x1b[2J") == "a\ufffdb\ufffd[2J"
        True
    """
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def _allowed(decision: Decision) -> str:
    again = f", as decided in {decision.reused_from}" if decision.reused_from else ""
    until = decision.valid_until_us
    valid = f", valid until {iso(until)}" if until is not None else ""
    return (
        f"ALLOWED  {_names(decision.inputs)}  for {decision.aim}: "
        f"{decision.rows} rows of provenance{again}{valid}.  Decision {decision.id}"
    )


def _owed(decision: Decision) -> Iterator[str]:
    """Tell what was let pass: in full what is owed, in one line what is only observed."""
    if decision.would_be is not None:
        would = f"without modes and baseline it would be {decision.would_be.value}"
        yield f"  mode {decision.mode.value}: {would}"
    owed = [r for r in decision.owed if r.mode is Mode.WARN or not r.dataset]
    if owed:
        yield "  let pass, and owed:"
        yield from _table(owed[:MOST_REASONS])
    if len(decision.owed) > len(owed[:MOST_REASONS]):
        more = len(decision.owed) - len(owed[:MOST_REASONS])
        yield f"  let pass and not shown: {more}.  lineage-plugin decisions {decision.id}"


def _names(refs: Sequence[DatasetRef]) -> str:
    shown = ", ".join(ref.uri for ref in refs[:_MOST_NAMES]) or "(no dataset)"
    left = len(refs) - _MOST_NAMES
    return f"{shown} and {left} more" if left > 0 else shown


def _table(reasons: Sequence[Reason]) -> Iterator[str]:
    rows = [(reason.dataset or "-", reason.why, reason.id) for reason in reasons]
    titles = ("dataset", "why", "rule")
    widths = [min(_WIDEST, max(len(row[column]) for row in (titles, *rows))) for column in range(2)]
    yield _row(titles, widths)
    for row, reason in zip(rows, reasons, strict=True):
        yield _row(row, widths)
        if len(reason.path) > 1:
            yield printable(f"      path  {' <- '.join(reason.path)}")
        if reason.said_by:
            yield printable(f"      said  by {reason.said_by}")
        if reason.remedy:
            yield printable(f"      do    {reason.remedy}")


def _row(row: Sequence[str], widths: Sequence[int]) -> str:
    dataset, why, rule = row
    return printable(f"  {dataset:<{widths[0]}}  {why:<{widths[1]}}  {rule}".rstrip())


def _warnings(warnings: Sequence[Reason]) -> Iterator[str]:
    for warning in warnings[:MOST_REASONS]:
        where = f"{warning.dataset}: " if warning.dataset else ""
        yield printable(f"  warning: {where}{warning.why} [{warning.id}]")
