"""Names and verdicts as people read them.  Pure.

Everything that somebody else wrote comes through :func:`visible` before it is shown.
"""

from __future__ import annotations

from unicodedata import east_asian_width

from lineage_plugin.model import SECOND_US, Decision, Outcome, iso
from lineage_plugin.reports.graph import Answer, Graph, Shape, Standing

#: What each shape is called.
SHAPES = {
    Shape.SOURCE: "source",
    Shape.DATASET: "dataset",
    Shape.MODEL: "model",
    Shape.ORPHAN: "origin unknown",
    Shape.FOLDED: "folded",
}

#: What each colour says; short, because it stands in every box.
STANDINGS = {
    Standing.FORBIDDEN: "forbidden",
    Standing.FROM_FORBIDDEN: "from forbidden data",
    Standing.UNKNOWN: "not known",
    Standing.FROM_UNKNOWN: "from unknown data",
    Standing.UNJUDGED: "not judged",
    Standing.CLEAR: "nothing in the way",
}

#: The same in a sentence, for the legend.
MEANINGS = {
    Standing.FORBIDDEN: "something about it forbids this use",
    Standing.FROM_FORBIDDEN: "it was made from something that is forbidden",
    Standing.UNKNOWN: "something that must be known about it is not",
    Standing.FROM_UNKNOWN: "it was made from something that is not known well enough",
    Standing.UNJUDGED: "the gate could not look at it",
    Standing.CLEAR: "nothing stands in the way, neither here nor upstream",
}

_DAY_US = 86_400 * SECOND_US

#: What ends within this many days is pointed out.
_SOON_DAYS = 30

#: Steps in words, up to where people stop counting.
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def visible(text: str) -> str:
    r"""Return *text* as one line in which every character can be seen.

    Control and direction characters come from foreign events and could make a name look like
    another one.

    Example:
        >>> visible("model\u202egpj.exe\n")
        'model\\u202egpj.exe\\n'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def width(text: str) -> int:
    """Return how many columns *text* takes; signs of East Asia take two."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def shortened(text: str, most: int) -> str:
    """Cut the middle out of what is wider than *most* columns: beginnings and ends tell apart.

    Example:
        >>> shortened("a-table-of-customers-2026", 15)
        'a-table…rs-2026'
    """
    if width(text) <= most:
        return text
    half = most // 2
    return f"{_upto(text, most - 1 - half)}…{_upto(text[::-1], half)[::-1]}"


def _upto(text: str, most: int) -> str:
    taken, columns = 0, 0
    while taken < len(text) and columns + width(text[taken]) <= most:
        columns += width(text[taken])
        taken += 1
    return text[:taken]


def counted(number: int, what: str) -> str:
    """Return a number of things.

    Example:
        >>> counted(1, "dataset"), counted(12, "dataset")
        ('one dataset', '12 datasets')
    """
    word = _NUMBERS[number] if number < len(_NUMBERS) else f"{number:,}"
    return f"{word} {what}{'' if number == 1 else 's'}"


def moment(at_us: int | None) -> str:
    """Write a time to the minute; empty if there is none.

    Example:
        >>> moment(0)
        '1970-01-01 00:00 UTC'
    """
    return "" if at_us is None else f"{iso(at_us)[:16].replace('T', ' ')} UTC"


def soon(until_us: int | None, at_us: int) -> str:
    """Say how long something still holds, if that is not long."""
    if until_us is None or until_us - at_us > _SOON_DAYS * _DAY_US:
        return ""
    days = (until_us - at_us) // _DAY_US
    return "ends today" if days < 1 else f"ends in {counted(days, 'day')}"


def sentence(graph: Graph, answer: Answer) -> str:
    """Say in one paragraph whether what was asked for may be used, and why not."""
    purpose = use(answer.decision)
    what, verb = _subject(graph, answer)
    outcome = answer.decision.outcome
    if outcome is Outcome.ALLOWED:
        return f"{what} may be {verb} for {purpose}: {_nothing(graph, answer)}."
    known = (
        f"{what} may not be {verb} for {purpose}"
        if outcome is Outcome.DENIED
        else f"Nobody can say yet whether {what[0].lower()}{what[1:]} may be {verb} for {purpose}, "
        f"so {'it' if len(answer.uris) == 1 else 'they'} may not be"
    )
    others = len(answer.decision.reasons) - 1
    more = f" {counted(others, 'more reason').capitalize()} below." if others > 0 else ""
    return f"{known}, because {_because(graph, answer)}.{more}"


def use(decision: Decision) -> str:
    """Name what was asked for, and to whom it would be given."""
    whom = f" to {visible(decision.recipient)}" if decision.recipient else ""
    return f"{visible(decision.purpose)}{whom}"


def _subject(graph: Graph, answer: Answer) -> tuple[str, str]:
    shapes = {graph.by_id[uri].shape for uri in answer.uris if uri in graph.by_id}
    one = len(answer.uris) == 1
    kind = "model" if shapes == {Shape.MODEL} else "dataset"
    these = f"these {counted(len(answer.uris), kind)}"
    what = f"This {kind}" if one else f"Some of {these}"
    if not one and answer.decision.outcome is Outcome.ALLOWED:
        what = f"Each of {these}"
    return what, "trained" if answer.is_to_be_made and kind == "model" else "used"


def _nothing(graph: Graph, answer: Answer) -> str:
    above = len(graph.above(answer.uris))
    if not above:
        return "nothing that was declared about it stands in the way"
    return f"nothing stands in the way, here or in {counted(above, 'dataset')} upstream"


def _because(graph: Graph, answer: Answer) -> str:
    if not answer.decision.reasons:
        return "the gate said so without a reason"
    reason = answer.decision.reasons[0]
    if not reason.dataset:
        return f"the gate could not judge it: {visible(reason.why)}"
    if reason.dataset in answer.uris:
        return f"of what is known about it: {visible(reason.why)}"
    steps = max(len(reason.path) - 1, 0) + answer.is_to_be_made
    far = f", {counted(steps, 'step')} upstream" if steps else ""
    name = visible(reason.dataset)
    source = " the source" if _is_source(graph, reason.dataset) else ""
    return f"of{source} {name}{far}: {visible(reason.why)}"


def _is_source(graph: Graph, uri: str) -> bool:
    return uri in graph.by_id and graph.by_id[uri].shape is Shape.SOURCE
