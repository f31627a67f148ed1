"""What single licences permit, forbid and ask for, and what of it reaches a model.  Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from lineage_plugin.model import EdgeKind
from lineage_plugin.policy import _tables
from lineage_plugin.policy.vocabulary import suggest

#: Whether terms flow through the training of a model: all, all but share-alike (which somebody has
#: to review), or nothing.
FLOWS = ("yes", "review", "no")

#: Duties by which terms ask to be the terms of what is made from the data.  Source: CC REL.
SHARE_ALIKE = frozenset({"cc:ShareAlike", "cc:Copyleft", "cc:LesserCopyleft"})

#: The duty that stands for share-alike terms whose reach is not settled.  Source: ODRL 2.2.
REVIEW = "odrl:reviewPolicy"

_FIELDS = frozenset(
    {"prohibits", "permits", "duties", "adapt_under", "through_train", "url", "issuer", "source"}
)
_TRAINING = frozenset({EdgeKind.TRAIN, EdgeKind.FINE_TUNE})
_VERSION = re.compile(r"-(?P<version>(?P<major>\d)\.\d)(?:-(?P<port>[A-Z]{2,3}))?")

#: The terms of ``LicenseRef-`` names: as values, or as a catalog writes them (see :func:`terms`).
Custom = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Terms:
    """What one licence forbids and asks for, in names of CC REL and ODRL, else in ours.

    ``adapt_under`` are the licences under which something made from the data may be shared; empty
    means: any that keeps what has to be passed on.  What follows is for people: it takes no part in
    what the terms are.
    """

    prohibits: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    adapt_under: tuple[str, ...] = ()
    through_train: str = "yes"
    title: str = field(default="", compare=False)
    issuer: str = field(default="", compare=False)
    url: str = field(default="", compare=False)
    source: str = field(default="", compare=False)

    @property
    def permits(self) -> tuple[str, ...]:
        """What may be done with the data; it is what the terms do not forbid."""
        return tuple(sorted(permissions() - set(self.prohibits)))

    @property
    def is_share_alike(self) -> bool:
        """Whether what is made from the data may be shared under certain licences only."""
        return bool(self.adapt_under or SHARE_ALIKE.intersection(self.duties))


@dataclass(frozen=True, slots=True, order=True)
class Reach:
    """How data arrives where it is judged.

    ``is_trained``: only through the training of a model.  ``unsettled`` decides where law does not:
    it stands for ``review`` in the table (``yes``, ``review`` or ``no``).
    """

    is_trained: bool = False
    unsettled: str = "review"


#: Data that arrives as data.
DIRECT = Reach()


def is_training(kinds: Collection[EdgeKind]) -> bool:
    """Whether a step of these kinds trains a model, and does nothing else."""
    return bool(kinds) and _TRAINING.issuperset(kinds)


def through(bound: Terms, reach: Reach) -> Terms:
    """Return what of *bound* binds whoever has what was made on the way.

    Call it for each licence on an edge of kind ``train`` or ``fine-tune``: any other kind passes on
    all terms.

    Source:
        CDLA-Permissive 2.0 s.3, C-UDA 1.0 s.2.2: results carry no obligation (``no``).  CC: whether
        a model is an adaptation is not settled, so duties and prohibitions flow and share-alike is
        to be reviewed (``review``).  Llama, Gemma, OpenRAIL: derived models are named (``yes``).

    Example:
        >>> sharing = Terms(duties=("cc:Attribution", "cc:ShareAlike"), through_train="review")
        >>> through(sharing, Reach(is_trained=True)).duties
        ('cc:Attribution', 'odrl:reviewPolicy')
        >>> through(sharing, Reach()) == sharing
        True
    """
    flows = reach.unsettled if bound.through_train == "review" else bound.through_train
    if not reach.is_trained or flows == "yes":
        return bound
    if flows == "no":
        return Terms(through_train="no")
    kept = set(bound.duties) - SHARE_ALIKE | ({REVIEW} if bound.is_share_alike else set())
    return Terms(bound.prohibits, tuple(sorted(kept)), through_train="review")


def of(identifier: str, custom: Custom, reach: Reach = DIRECT) -> Terms | None:
    """Return the terms of one licence as they arrive, ``None`` where nobody knows them."""
    bound = _declared(identifier, custom)
    return None if bound is None else through(bound, reach)


def _declared(identifier: str, custom: Custom) -> Terms | None:
    # Only references are a catalog's to define: it cannot make CC-BY-NC commercial.
    if not identifier.startswith("LicenseRef-") or identifier not in custom:
        return shipped().get(identifier)
    found = custom[identifier]
    try:
        return found if isinstance(found, Terms) else terms(found)
    except ValueError:
        return None


def terms(row: object) -> Terms:
    """Read the terms of a licence that a catalog registers.

    Args:
        row: ``prohibits``, ``permits``, ``duties``: lists of names of CC REL or ODRL.  What
            ``permits`` leaves out is forbidden; if it is missing, so is only what ``prohibits``
            names; if both are missing, everything.  ``adapt_under``: licences under which what is
            made from the data may be shared (with ``cc:ShareAlike`` and none, itself only).
            ``through_train``: ``yes`` (default), ``review`` or ``no``.  ``url``, ``issuer`` and
            ``source`` are for people.

    Raises:
        ValueError: The row is empty, or has other keys or names; the message lists every fault.

    Example:
        >>> terms({"permits": ["cc:Reproduction"], "prohibits": ["cc:CommercialUse"]}).prohibits
        ('cc:CommercialUse', 'cc:DerivativeWorks', 'cc:Distribution')
    """
    if not isinstance(row, Mapping) or not row:
        raise ValueError("terms need 'prohibits: [...]' or 'permits: [...]'")
    faults = [_unknown(str(word), _FIELDS) for word in row if word not in _FIELDS]
    said: dict[str, set[str]] = {}
    for name, names in _names().items():
        listed = _listed(row, name, faults)
        faults += [f"{name}: {_unknown(str(n), names)}" for n in listed if str(n) not in names]
        said[name] = {names[str(each)] for each in listed if str(each) in names}
    under = tuple(sorted({str(each) for each in _listed(row, "adapt_under", faults)}))
    flows = row.get("through_train", "yes")
    if flows not in FLOWS:
        faults.append(f"through_train: {_unknown(str(flows), FLOWS)}")
    if faults:
        raise ValueError("; ".join(faults))
    is_open = "prohibits" in row and "permits" not in row
    forbidden = said["prohibits"] | (set() if is_open else permissions() - said["permits"])
    told = {name: str(row.get(name) or "") for name in ("issuer", "url", "source")}
    return Terms(tuple(sorted(forbidden)), tuple(sorted(said["duties"])), under, str(flows), **told)


@functools.cache
def shipped() -> Mapping[str, Terms]:
    """Return the terms of our table by identifier."""
    return {
        name: Terms(
            tuple(sorted(row["prohibits"])),
            tuple(sorted(row["duties"])),
            tuple(sorted(row.get("adapt_under", ()))),
            row["through_train"],
            title=_filled(row["title"], name),
            issuer=row["issuer"],
            url=_filled(row["url"], name) or _listed_at(name),
            source=row["source"],
        )
        for row in _tables.rows("licenses", "licenses")
        for name in row["ids"]
    }


@functools.cache
def actions() -> Mapping[str, _tables.Row]:
    """Return what may be forbidden, by its name."""
    return {row["name"]: row for row in _tables.rows("licenses", "actions")}


@functools.cache
def permissions() -> frozenset[str]:
    """Return what every use needs to be permitted.  Source: CC REL, class Permission."""
    return frozenset(name for name, row in actions().items() if row["permission"])


@functools.cache
def passed_on() -> frozenset[str]:
    """Return the prohibitions and duties that must bind whoever gets what is made from the data."""
    rows = (*_tables.rows("licenses", "actions"), *_tables.rows("licenses", "duties"))
    return frozenset(row["name"] for row in rows if row.get("passes_on"))


def meaning(duty: str) -> str:
    """Say in words what a duty asks for."""
    found = (r["means"] for r in _tables.rows("licenses", "duties") if r["name"] == duty)
    return str(next(found, duty))


def _filled(template: str, identifier: str) -> str:
    """Fill in a title or an address of a family of licences."""
    if "{" not in template:
        return template
    found = _VERSION.search(identifier)
    values = found.groupdict("") if found else {"version": "", "major": "", "port": ""}
    port = values["port"].lower() if "/" in template else values["port"]
    text = template.format_map({**values, "port": port, "id": identifier})
    return " ".join(text.split()) if "/" not in template else re.sub(r"(?<!:)//+$", "/", text)


def _listed_at(identifier: str) -> str:
    is_ours = identifier.startswith("LicenseRef-")
    return "" if is_ours else f"https://spdx.org/licenses/{identifier}.html"


def _listed(row: Mapping[Any, Any], name: str, faults: list[str]) -> Collection[Any]:
    given = row.get(name, ())
    if isinstance(given, list | tuple):
        return given
    faults.append(f"{name}: write a list, not {given!r:.60}")
    return ()


def _unknown(word: str, known: Collection[str]) -> str:
    near = suggest(word, known)
    return f"unknown {word!r}" + (f" (did you mean {near!r}?)" if near else "")


@functools.cache
def _names() -> dict[str, dict[str, str]]:
    """Return what each field of terms may name, and CC REL's name for it."""
    forbidden = {
        name: row["name"] for row in actions().values() for name in (row["name"], *row["same_as"])
    }
    duties = {row["name"]: row["name"] for row in _tables.rows("licenses", "duties")}
    return {"prohibits": forbidden, "permits": forbidden, "duties": duties}
