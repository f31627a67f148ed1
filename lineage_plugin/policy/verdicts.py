"""Every verdict in words: whether it passes, why not, and what to do about it.  Pure.

A verdict belongs to an area; ``area.verdict`` is the stable public id of a reason.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass

from lineage_plugin.policy import _tables

#: How bad a verdict is that no row knows: no row is worse, so it is never outvoted.
_UNHEARD_OF = 999

#: A value in a sentence; paths of object stores may have 1,024 bytes.
_MAX_CHARS = 1_200

#: What a template says where the caller did not say it.
_UNSAID = {
    "dataset": "this dataset",
    "value": "what is declared",
    "purpose": "this purpose",
    "until": "a date in the past",
    "since": "a later date",
    "job": "a run",
    "license": "its license",
    "categories": "personal",
    "source_issuer": "a known issuer",
    "recipient": "a recipient",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """A verdict for people.

    ``is_definite`` tells a prohibition from missing knowledge: the first denies, the second leaves
    a gate undecided.
    """

    id: str
    why: str
    remedy: str
    is_definite: bool
    passes: bool = False


def explain(area: str, verdict: str, **values: object) -> Explanation:
    """Put a verdict into words; never raises, whatever it is given.

    Args:
        area: ``lineage``, ``source``, ``license``, ``consent``, ``custody``, ``use``,
            ``recipient`` or ``assurance``.
        verdict: What the function of that area returned.
        values: What the sentences speak of: ``dataset`` (as in the catalog), ``value`` (what was
            declared), ``purpose``, ``until`` and ``since`` (dates as people read them), ``job``,
            ``categories``, ``recipient``; what is missing or not asked for does no harm.

    Example:
        >>> explain("license", "non-commercial", value="CC-BY-NC-4.0", purpose="model-training").why
        'CC-BY-NC-4.0 forbids commercial use, and model-training is commercial'
    """
    row = _row(area, verdict)
    if row is None:
        return Explanation(
            id=f"{area}.{verdict}",
            why=f"{area} is {verdict}",
            remedy="see what is declared about it in provenance.yaml",
            is_definite=False,
        )
    said = {name: _plain(value) for name, value in values.items()}
    for name in ("until", "since"):
        said.setdefault(name, said.get(f"{area}_{name}", ""))
    words = _UNSAID | {name: text for name, text in said.items() if text}
    return Explanation(
        id=f"{area}.{verdict}",
        why=row["why"].format_map(words),
        remedy=row["remedy"].format_map(words),
        is_definite=row["is_definite"],
        passes=row["passes_by_default"],
    )


def worded(template: str, **values: object) -> str:
    """Fill a sentence with values as people may read them."""
    return template.format_map({name: _plain(value) for name, value in values.items()})


def passes(area: str, verdict: str) -> bool:
    """Whether a verdict lets data through, unless a suite asks for more."""
    row = _row(area, verdict)
    return row is not None and bool(row["passes_by_default"])


def severity(area: str, verdict: str) -> int:
    """Return how bad a verdict is, from 0; missing knowledge is not as bad as a prohibition."""
    row = _row(area, verdict)
    return _UNHEARD_OF if row is None else int(row["severity"])


def worst(area: str, verdicts: Iterable[str]) -> str:
    """Return the verdict that binds where several authorities speak about one dataset.

    An authority that says nothing does not weigh against one that speaks; if nobody speaks, the
    verdict is ``absent``.  Assurance is the exception: the weakest support is what there is.
    """
    given = set(verdicts) or {"absent"}
    spoken = given if area == "assurance" else given - {"absent", "inherited"}
    return max(spoken or given, key=lambda verdict: (severity(area, verdict), verdict))


def known() -> tuple[tuple[str, str], ...]:
    """Return every (area, verdict) that has a row, in the order of the table."""
    return tuple(_rows())


def _plain(value: object) -> str:
    """Return a value as one short printable line: it may come from somebody else's event."""
    text = "" if value is None else str(value)[: _MAX_CHARS + 1]
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= _MAX_CHARS else f"{text[: _MAX_CHARS - 3]}..."


def _row(area: str, verdict: str) -> _tables.Row | None:
    return _rows().get((str(area), str(verdict)))


@functools.cache
def _rows() -> dict[tuple[str, str], _tables.Row]:
    return {(row["area"], row["verdict"]): row for row in _tables.rows("verdicts", "verdicts")}
