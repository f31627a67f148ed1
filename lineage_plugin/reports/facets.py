"""What is said about a dataset and what it inherits, as short facts.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TypeVar

from lineage_plugin.lineage.survey import Survey
from lineage_plugin.model import (
    Assurance,
    Consent,
    Custody,
    Declaration,
    DeclaredNone,
    Declassified,
    Evidence,
    License,
    Source,
    Transfer,
    Unknown,
    Use,
    iso,
)
from lineage_plugin.policy import consent, licenses

_A = TypeVar("_A")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is said: what about, what, and by whom (nobody, where it is inherited)."""

    about: str
    text: str
    by: str = ""


def declared_facts(said: Iterable[Declaration]) -> tuple[Fact, ...]:
    """Return what people said about a dataset itself, each with the authority that said it."""
    return tuple(
        Fact(about, text, declaration.authority)
        for declaration in said
        for about, text in _parts(declaration)
        if text
    )


def _parts(said: Declaration) -> Iterable[tuple[str, str]]:
    yield "origin", "comes from outside" if said.external else ""
    yield "source", _said(said.source)
    yield "licence", _said(said.license)
    yield "legal basis", _said(said.consent)
    yield "custody", _said(said.custody)
    yield "use", _said(said.use)
    yield "categories", ", ".join(said.categories)
    yield "no longer in it", _declassified(said.declassified)
    yield "holds until", "" if said.valid_until_us is None else iso(said.valid_until_us)
    yield "evidence", ", ".join(map(_paper, said.evidence))
    yield "support", assurance(said.assurance)


def assurance(level: Assurance) -> str:
    """Say how well something is supported."""
    return level.name.lower().replace("_", "-")


def _said(value: object) -> str:
    """Put a part of a declaration into words; what nobody said is empty."""
    words: list[str] = []
    match value:
        case DeclaredNone(reason):
            words = [f"none: {reason}"]
        case Unknown(reason):
            words = [f"unknown: {reason}"]
        case Source():
            words = [value.issuer, value.method, value.geography]
        case License():
            concluded = f"concluded: {value.concluded}" if value.concluded else ""
            words = [value.declared, concluded]
        case Consent():
            words = _consent(value)
        case Custody():
            words = list(map(_transfer, value.transfers))
        case Use():
            allowed = f"for {', '.join(value.purposes)}" if value.purposes else ""
            excluded = f"never for {', '.join(value.excluded)}" if value.excluded else ""
            words = [allowed, excluded]
    return "; ".join(filter(None, words))


def _consent(said: Consent) -> list[str]:
    return [
        " ".join(said.bases),
        said.status,
        f"for {', '.join(said.purposes)}" if said.purposes else "",
        "" if said.from_us is None else f"from {iso(said.from_us)}",
        "" if said.until_us is None else f"until {iso(said.until_us)}",
    ]


def _declassified(said: Declassified | None) -> str:
    if said is None:
        return ""
    return f"{', '.join(said.removes)}, by {said.method}: {said.reason}; until {iso(said.until_us)}"


def _transfer(step: Transfer) -> str:
    who = " to ".join(filter(None, (step.giver, step.receiver)))
    when = "" if step.at_us is None else f" on {iso(step.at_us)[:10]}"
    match step.agreement:
        case Evidence():
            paper = f", agreement {_paper(step.agreement)}"
        case DeclaredNone(reason):
            paper = f", no agreement: {reason}"
        case _:
            paper = ", no agreement named"
    return f"{step.event}{f' from {who}' if who else ''}{when}{paper}"


def _paper(paper: Evidence) -> str:
    return f"{paper.uri}{' (pinned)' if paper.sha256 else ' (not pinned)'}"


class Effective:
    """What binds versions with all that they inherit, for very many datasets at once.

    Each distinct answer (a licence, a basis, a level) keeps the set of datasets that give it, as
    bits; what a label is bound by are the answers whose bits it shares.
    """

    def __init__(self, seen: Survey, at_us: int, terms: Mapping[str, licenses.Terms]) -> None:
        self._labels = seen.labels
        self._at_us = at_us
        self._terms = terms
        self._silent: dict[str, int] = {}
        self._granted: dict[str, int] = {}
        self._bases: dict[str, int] = {}
        self._ends: dict[int, int] = {}
        self._support: dict[Assurance, int] = {}
        self._roots = 0
        for place, uri in enumerate(seen.uris):
            bit = 1 << place
            if seen.declared.is_root(uri):
                self._roots |= bit
            for declaration in seen.declared(uri):
                self._note(declaration, bit)

    def _note(self, said: Declaration, bit: int) -> None:
        match said.license:
            case License():
                _add(self._granted, said.license.concluded or said.license.declared, bit)
            case DeclaredNone():
                _add(self._silent, "none", bit)
            case Unknown():
                _add(self._silent, "unknown", bit)
        match said.consent:
            case Consent():
                now = consent.state(said.consent, self._at_us).name
                _add(self._bases, f"{' '.join(said.consent.bases)} ({now})", bit)
                _add(self._ends, consent.ends_us(said.consent, self._at_us), bit)
            case DeclaredNone():
                _add(self._bases, "none needed", bit)
            case Unknown():
                _add(self._bases, "unknown", bit)
        _add(self._ends, said.valid_until_us, bit)
        _add(self._support, said.assurance, bit)

    def __call__(self, versions: Sequence[int]) -> tuple[Fact, ...]:
        """Return what binds a dataset that consists of *versions*."""
        labels = [self._labels[version] for version in versions]
        claims = reduce(or_, (label.claims for label in labels), 0)
        granted = sorted(_bound_by(self._granted, claims))
        duties = sorted({duty for text in granted for duty in licenses.duties(text, self._terms)})
        silent = sorted(_bound_by(self._silent, claims))
        bases = sorted(_bound_by(self._bases, claims))
        ends = _bound_by(self._ends, claims)
        support = _bound_by(self._support, claims)
        found = (
            ("sources", str((self._roots & claims).bit_count() or "")),
            ("licences", ", ".join((*granted, *silent))),
            ("duties", ", ".join(duties)),
            ("legal bases", ", ".join(bases)),
            ("categories", ", ".join(sorted({c for label in labels for c in label.categories}))),
            ("ends first", iso(min(ends)) if ends else ""),
            ("weakest support", assurance(min(support)) if support else ""),
        )
        return tuple(Fact(about, text) for about, text in found if text)


def _bound_by(answers: Mapping[_A, int], claims: int) -> list[_A]:
    return [answer for answer, bits in answers.items() if bits & claims]


def _add(found: dict[_A, int], answer: _A | None, bit: int) -> None:
    if answer is not None:
        found[answer] = found.get(answer, 0) | bit
