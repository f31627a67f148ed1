"""What data is used for, as a hierarchy: a permission for one purpose holds for what is below it.

Pure.  A purpose may lie under more than one other, as in DPV: training for non-commercial research
is both.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lineage_plugin.policy import _tables
from lineage_plugin.policy.vocabulary import suggest

_FIELDS = frozenset({"under", "commercial", "specific"})


@dataclass(frozen=True, slots=True)
class _Purpose:
    """One purpose; ``None`` as ``commercial`` or ``recipient`` means: as those above it."""

    under: tuple[str, ...]
    commercial: bool | None = None
    specific: bool = False
    special: bool = False
    shares: bool = False
    recipient: bool | None = None
    dpv: str = ""
    oasis: str = ""


class Purposes:
    """An immutable hierarchy of purposes.

    Example:
        >>> tree = Purposes.shipped()
        >>> tree.covers(["research-and-development"], "fine-tuning")
        True
        >>> tree.covers(["model-training"], "face-recognition")
        False
    """

    __slots__ = ("_above", "_rows")

    def __init__(self, rows: Mapping[str, _Purpose]) -> None:
        self._rows = dict(rows)
        self._above: dict[str, tuple[str, ...]] = {}

    @classmethod
    def shipped(cls) -> Purposes:
        """Return the purposes of ``data/purposes.json``."""
        return shipped()

    def extended(self, added: Mapping[str, Mapping[str, Any]]) -> Purposes:
        """Return these purposes and those of an administrator.

        Args:
            added: For each new name ``under`` (one purpose or a list), and, if they differ from
                the purpose above, ``commercial`` and ``specific``.

        Raises:
            ValueError: A name is taken or its row is not of this shape, a purpose above it is
                missing, or purposes lie under each other in a circle.  The message names them all.
        """
        faults: list[str] = []
        rows = dict(self._rows)
        for name, row in added.items():
            if name in self._rows:
                faults.append(f"purpose {name!r} is shipped and cannot be changed")
                continue
            try:
                rows[name] = _checked(name, row)
            except ValueError as error:
                faults.append(str(error))
        missing = [
            f"purpose {name!r} lies under {parent!r}, which does not exist{_hint(parent, rows)}"
            for name in rows
            for parent in rows[name].under
            if parent not in rows and parent not in added
        ]
        faults += missing or [f"purposes lie under each other: {loop}" for loop in _loops(rows)]
        if faults:
            raise ValueError("; ".join(faults))
        return Purposes(rows)

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def suggest(self, name: str) -> str:
        """Return the purpose that *name* was probably meant to be, or ``""``."""
        return suggest(name, self._rows)

    def ancestors(self, name: str) -> tuple[str, ...]:
        """Return *name* and all purposes above it, nearest first; empty if nobody knows *name*."""
        known = self._above.get(name)
        if known is not None or name not in self._rows:
            return known or ()
        # A dict keeps the first place in which a purpose was met, and what is appended is visited.
        found = [name]
        for current in found:
            found += [parent for parent in self._rows[current].under if parent not in found]
        self._above[name] = tuple(found)
        return self._above[name]

    def covers(self, allowed: Collection[str], purpose: str) -> bool:
        """Whether a permission for the *allowed* purposes holds for *purpose*.

        It does if *purpose* or one above it is allowed.  A specific purpose, and all below it, is
        reached from itself or from below itself only.

        Source:
            GDPR Articles 6(1)(a) and 9(2)(a): consent is given for specific purposes.
        """
        above = self.ancestors(purpose)
        specific = {name for name in above if self._rows[name].specific}
        return any(name in above and specific.issubset(self.ancestors(name)) for name in allowed)

    def is_below(self, purpose: str, broader: str) -> bool:
        """Whether *purpose* is *broader* or lies below it, specific or not."""
        return purpose == broader or broader in self.ancestors(purpose)

    def is_commercial(self, name: str) -> bool:
        """Whether this is for commercial advantage; what nobody says otherwise about is.

        A purpose under several others is non-commercial only if all of them are, or it says so.

        Source:
            CC legal code 4.0 s.1(i); DPV ``CommercialPurpose``, ``NonCommercialPurpose``.
        """
        row = self._rows.get(name)
        if row is None:
            return True
        if row.commercial is not None:
            return row.commercial
        return not row.under or any(self.is_commercial(parent) for parent in row.under)

    def is_sharing(self, name: str) -> bool:
        """Whether this gives data to others (publication, disclosure); an unknown purpose may.

        Source:
            CC legal code 4.0 s.1(l) "Share".
        """
        above = self.ancestors(name)
        return not above or any(self._rows[each].shares for each in above)

    def needs_recipient(self, name: str) -> bool:
        """Whether this gives data to somebody who has to be named; publication is to everybody.

        Source:
            GDPR Articles 13(1)(e), 19 and 30(1)(d).
        """
        row = self._rows.get(name)
        if row is None:
            return True
        if row.recipient is not None:
            return row.recipient
        return any(self.needs_recipient(parent) for parent in row.under)

    def is_special(self, name: str) -> bool:
        """Whether this makes a special category of the data it uses, as telling faces apart does.

        Source:
            GDPR Articles 4(14) and 9(1).
        """
        return any(self._rows[each].special for each in self.ancestors(name))

    def dpv(self, name: str) -> str:
        """Return the nearest DPV name, or ``""``."""
        return self._mapped(name, "dpv")

    def oasis(self, name: str) -> str:
        """Return the nearest intended-purpose code of OASIS Data Provenance Metadata 1.0."""
        return self._mapped(name, "oasis") or "other"

    def _mapped(self, name: str, field: str) -> str:
        found = (getattr(self._rows[each], field) for each in self.ancestors(name))
        return next((str(value) for value in found if value), "")


@functools.cache
def shipped() -> Purposes:
    """Return the purposes of ``data/purposes.json``."""
    rows = _tables.rows("purposes", "purposes")
    return Purposes(
        {
            row["name"]: _Purpose(
                under=tuple(row["under"]),
                commercial=row.get("commercial"),
                specific=row.get("specific", False),
                special=row.get("special", False),
                shares=row.get("shares", False),
                recipient=row.get("recipient"),
                dpv=row["dpv"],
                oasis=row["oasis"],
            )
            for row in rows
        }
    )


def _checked(name: str, row: Mapping[str, Any]) -> _Purpose:
    if not isinstance(row, Mapping):
        raise ValueError(f"purpose {name!r} needs 'under: <purpose>'")  # noqa: TRY004 - see below
    stray = sorted(set(map(str, row)) - _FIELDS)
    if stray:
        raise ValueError(f"purpose {name!r} has no {stray[0]!r}{_hint(stray[0], _FIELDS)}")
    under = row.get("under")
    parents = [under] if isinstance(under, str) else under
    if not isinstance(parents, list | tuple) or not parents:
        raise ValueError(f"purpose {name!r} needs 'under: <purpose>'")
    for field in ("commercial", "specific"):
        if not isinstance(row.get(field, False), bool):
            message = f"purpose {name!r}: {field} is true or false, not {row[field]!r}"
            raise ValueError(message)  # noqa: TRY004 - one kind of error for what people wrote
    return _Purpose(
        under=tuple(map(str, parents)),
        commercial=row.get("commercial"),
        specific=row.get("specific", False),
    )


def _hint(word: str, known: Collection[str]) -> str:
    near = suggest(word, known)
    return f" (did you mean {near!r}?)" if near else ""


def _loops(rows: Mapping[str, _Purpose]) -> list[str]:
    """Name the purposes that never reach a root: those in circles and those below them."""
    rooted: set[str] = set()
    while True:
        more = {n for n, row in rows.items() if n not in rooted and rooted.issuperset(row.under)}
        if not more:
            stuck = sorted(set(rows) - rooted)
            return [", ".join(map(repr, stuck))] if stuck else []
        rooted |= more
