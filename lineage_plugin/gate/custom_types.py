"""Expectations of our own, for what plain ones cannot say: what each asks of a row.  Pure.

Great Expectations' side of them is ``gate/custom_expectations.py``; here is what they mean, so that
a suite can be read, explained and documented without it.  What decides stands in the suite's file:
``allowed`` and ``at_least`` have no defaults that an auditor would have to look up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lineage_plugin.model import Assurance
from lineage_plugin.policy import licenses, purposes, verdicts
from lineage_plugin.policy.vocabulary import suggest

Row = Mapping[str, Any]
Arguments = Mapping[str, Any]

#: What a row may be, in the column ``role``.
ROLES = ("input", "root", "ancestor")

#: Assurances that a suite can ask for, weakest first.
LEVELS = tuple(a.name.lower().replace("_", "-") for a in Assurance if a is not Assurance.ABSENT)

#: Each argument, and what it says.
ARGUMENTS = {
    "allowed": "the verdicts that pass; all others do not",
    "except_for": f"roles of rows that are not asked: {', '.join(ROLES)}",
    "at_least": f"the weakest support that passes: {', '.join(LEVELS)}",
    "purpose": "a purpose that has to be covered too, whatever the gate is asked for",
    "valid_until": "a moment (ISO 8601 with its offset) up to which the basis has to last",
}

#: The columns that an argument makes matter, beside the one that the expectation is about.
_READS = {
    "except_for": ("role",),
    "at_least": ("assurance",),
    "purpose": ("purpose", "license"),
    "valid_until": ("consent_until",),
}

#: What derived data says that says nothing itself: its sources have rows of their own.
_INHERITED = "inherited"

#: What needs no basis, for whatever purpose and however long.
_WITHOUT_BASIS = frozenset({_INHERITED, "not-personal", "declassified"})


@dataclass(frozen=True, slots=True)
class CustomType:
    """One expectation; ``column`` is the one that a failure is about.

    ``offends`` tells whether a row does not hold; rows that are excepted it never sees.
    """

    type: str
    about: str
    column: str
    offends: Callable[[Row, Arguments], bool]
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ("except_for",)

    def reads(self, arguments: Arguments) -> frozenset[str]:
        """Return the columns on whose cells the answer depends."""
        given = (name for name, value in arguments.items() if value)
        return frozenset({self.column}).union(*(_READS.get(name, ()) for name in given))


def judged(kind: CustomType, rows: Sequence[Row], arguments: Arguments) -> tuple[int, list[int]]:
    """Return how many rows were asked, and the positions of those that do not hold."""
    excepted = frozenset(arguments.get("except_for") or ())
    asked = [at for at, row in enumerate(rows) if not excepted or row["role"] not in excepted]
    return len(asked), [at for at in asked if kind.offends(rows[at], arguments)]


def mistakes(kind: CustomType, arguments: Arguments) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the arguments of an expectation, each with a hint."""
    known = (*kind.required, *kind.optional)
    for name in sorted(arguments.keys() - set(known)):
        yield f"{kind.type} has no argument {name!r}", _meant(name, known)
    for name in kind.required:
        if name not in arguments:
            yield f"{kind.type} lacks {name!r}", f"write {ARGUMENTS[name]}"
    for name in sorted(arguments.keys() & set(known)):
        yield from _CHECKS[name](kind, arguments[name])


def _allowed(kind: CustomType, value: object) -> Iterator[tuple[str, str]]:
    area = kind.column.removesuffix("_verdict")
    known = [verdict for of, verdict in verdicts.known() if of == area]
    yield from _listed("allowed", value, known)


def _except_for(_: CustomType, value: object) -> Iterator[tuple[str, str]]:
    yield from _listed("except_for", value, ROLES, may_be_empty=True)
    if isinstance(value, list) and set(map(str, value)) >= set(ROLES):
        yield "'except_for' leaves no row to ask", "name the roles that the rule is not about"


def _listed(
    name: str, value: object, known: Sequence[str], *, may_be_empty: bool = False
) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list) or not (value or may_be_empty):
        yield f"{name!r} is {value!r:.60} and no list of words", f"known: {', '.join(known)}"
        return
    for item in value:
        if item not in known:
            yield f"{name!r} names {item!r:.60}", _meant(str(item), known)


def _at_least(_: CustomType, value: object) -> Iterator[tuple[str, str]]:
    if value not in LEVELS:
        yield f"'at_least' is {value!r:.60}", _meant(str(value), LEVELS)


def _purpose(_: CustomType, value: object) -> Iterator[tuple[str, str]]:
    tree = purposes.shipped()
    if not isinstance(value, str) or value not in tree:
        near = tree.suggest(str(value))
        hint = f"did you mean {near!r}?" if near else "purposes of policy.yaml are none here"
        yield f"unknown purpose {value!r:.60}", hint


def _valid_until(_: CustomType, value: object) -> Iterator[tuple[str, str]]:
    if not isinstance(value, str) or _moment(value) is None:
        yield f"'valid_until' is {value!r:.60}", "write such as 2027-01-31T00:00:00Z"


def _moment(text: str) -> datetime | None:
    """Return a moment, ``None`` for a text that does not name one everywhere the same."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _meant(word: str, known: Sequence[str]) -> str:
    near = suggest(word, known)
    return f"did you mean {near!r}?" if near else f"known: {', '.join(known)}"


_CHECKS: Mapping[str, Callable[[CustomType, object], Iterator[tuple[str, str]]]] = {
    "allowed": _allowed,
    "except_for": _except_for,
    "at_least": _at_least,
    "purpose": _purpose,
    "valid_until": _valid_until,
}


# --- what a row must not be


def _is_weak(row: Row, arguments: Arguments) -> bool:
    """Whether what is declared rests on less than asked; who declares nothing rests on nothing."""
    level = arguments.get("at_least")
    if not level or row["assurance"] == _INHERITED:
        return False
    said = str(row["assurance"])
    return said not in LEVELS or LEVELS.index(said) < LEVELS.index(level)


def _not_allowed(column: str) -> Callable[[Row, Arguments], bool]:
    def offends(row: Row, arguments: Arguments) -> bool:
        return row[column] not in arguments["allowed"] or _is_weak(row, arguments)

    return offends


def _license(row: Row, arguments: Arguments) -> bool:
    verdict, allowed = str(row["license_verdict"]), arguments["allowed"]
    if verdict not in allowed or _is_weak(row, arguments):
        return True
    purpose = arguments.get("purpose")
    if not purpose or purpose == row["purpose"] or verdict == _INHERITED:
        return False
    # Terms that a catalog registers are not in the frame: such a license is unknown here.
    return licenses.verdict(str(row["license"]), purpose, purposes.shipped()) not in allowed


def _consent(row: Row, arguments: Arguments) -> bool:
    verdict = str(row["consent_verdict"])
    if verdict not in arguments["allowed"] or _is_weak(row, arguments):
        return True
    return verdict not in _WITHOUT_BASIS and (
        _ends_before(str(row["consent_until"]), arguments.get("valid_until"))
        or not _is_covered(str(row["purpose"]), arguments.get("purpose"))
    )


def _ends_before(until: str, asked: str | None) -> bool:
    """Whether a basis ends before it was asked to; one whose end nobody can read does."""
    if not asked or until == "never":
        return False
    end, wanted = _moment(until), _moment(asked)
    return end is None or wanted is None or end < wanted


def _is_covered(judged_for: str, asked: str | None) -> bool:
    """Whether what covers one purpose covers another: itself, and what lies below it."""
    tree = purposes.shipped()
    if not asked or asked == judged_for:
        return True
    if judged_for not in tree or asked not in tree:
        return False
    # A basis for ordinary data is none for what GDPR Article 9(1) forbids.
    grows = tree.is_special(asked) and not tree.is_special(judged_for)
    return not grows and tree.covers([judged_for], asked)


def _is_held(row: Row, _: Arguments) -> bool:
    return bool(row["quarantine_verdict"] != "clear")


def _is_incomplete(row: Row, _: Arguments) -> bool:
    return bool(row["lineage_verdict"] != "complete")


_SUPPORTED = ("except_for", "at_least")

#: Every type, by its name.
CUSTOM_TYPES: Mapping[str, CustomType] = {
    kind.type: kind
    for kind in (
        CustomType(
            "expect_license_to_permit_purpose",
            "the license of every dataset permits the purpose, and one more if one is named",
            "license_verdict",
            _license,
            ("allowed",),
            (*_SUPPORTED, "purpose"),
        ),
        CustomType(
            "expect_consent_to_cover_purpose",
            "a legal basis covers the purpose when the gate is asked, and up to a moment if one is "
            "named; a purpose that is named has to be covered by the basis for the gate's own",
            "consent_verdict",
            _consent,
            ("allowed",),
            (*_SUPPORTED, "purpose", "valid_until"),
        ),
        CustomType(
            "expect_custody_to_be_complete",
            "every hand-over is covered by an agreement",
            "custody_verdict",
            _not_allowed("custody_verdict"),
            ("allowed",),
            _SUPPORTED,
        ),
        CustomType(
            "expect_source_to_be_known",
            "it is known where every dataset comes from",
            "source_verdict",
            _not_allowed("source_verdict"),
            ("allowed",),
            _SUPPORTED,
        ),
        CustomType(
            "expect_assurance_to_be_at_least",
            "what is declared rests on at least this support",
            "assurance",
            _is_weak,
            ("at_least",),
        ),
        CustomType(
            "expect_lineage_to_be_complete",
            "everything that the inputs were made from is recorded, back to declared sources",
            "lineage_verdict",
            _is_incomplete,
        ),
        CustomType(
            "expect_no_quarantine",
            "nobody holds back any version that the inputs were made from",
            "quarantine_verdict",
            _is_held,
        ),
    )
}
