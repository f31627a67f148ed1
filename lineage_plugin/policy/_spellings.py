"""How people spell the name of one licence.  Never guesses a freer one.  Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from lineage_plugin.policy import _tables, spdx
from lineage_plugin.policy.vocabulary import suggest


@dataclass(frozen=True, slots=True)
class Normalised:
    """What a text says about a licence.

    ``expression`` is a canonical SPDX expression, or ``""``; then ``note`` says why, and
    ``suggestion`` what may have been meant.
    """

    expression: str
    note: str = ""
    suggestion: str = ""


#: Words that tell people that a licence is meant, and tell licences of one name not apart.
_NOISE = frozenset({"license", "licence", "version"})
#: What Creative Commons appends to its titles; there is one such variant of each version.
_ENDINGS = frozenset({"international", "unported", "generic", "public"})

#: A text of more characters is shortened in a message.
_LONG = 80

_CREATIVE_COMMONS = re.compile(
    r"creativecommons\.org/licenses/(?P<elements>[a-z-]+)(?:/(?P<version>\d\.\d))?(?:/(?P<port>[a-z]{2,3}))?"
)
_PAGE = re.compile(r"(?:/(?:deed|legalcode|index)(?:\.[\w-]+)?|\.(?:html?|txt|json|php))$")
_BOTH = re.compile(r"(?P<name>[^()]+)\((?P<short>[^()]+)\)")


def read(text: str, custom: Collection[str]) -> Normalised:
    """Return what *text*, which names one licence, says."""
    known = text if text in custom else _known(text)
    if known:
        return Normalised(known)
    both = _BOTH.fullmatch(text)
    if both and _known(both["name"]) and _known(both["name"]) == _known(both["short"]):
        return Normalised(_known(both["short"]))
    said = _not_said(text)
    if said is not None:
        return said
    if text.casefold().startswith("licenseref-"):
        return Normalised(
            "", f"{_short(text)} is not registered under licenses:", suggest(text, custom)
        )
    return Normalised(
        "", f"{_short(text)} is no SPDX license identifier", _suggestion(text, custom)
    )


def is_known(text: str, custom: Collection[str]) -> bool:
    """Whether *text* is recognised as a whole, as a licence or as a way to say nothing."""
    return bool(text in custom or _known(text) or _not_said(text))


def key(text: str) -> str:
    """Return what equal spellings have in common.

    Example:
        >>> key("The Apache License, Version 2.0")
        'apache-2.0'
    """
    words = [word for word in re.split(r"[\s_,\u2013-]+", text.casefold()) if word]
    words = [re.sub(r"^v\.?(?=\d)", "", word) for word in words if word not in _NOISE]
    if words[:1] == ["the"]:
        del words[0]
    while words and words[-1] in _ENDINGS:
        del words[-1]
    return "-".join(words)


@functools.cache
def shipped() -> dict[str, str]:
    """Return the identifiers that have terms in our table, by their lower-case spelling."""
    return {
        name.casefold(): name for row in _tables.rows("licenses", "licenses") for name in row["ids"]
    }


def _known(text: str) -> str:
    """Return the identifier that *text* spells, or ``""``; tries what costs least first."""
    folded = text.strip().casefold()
    if folded in shipped():
        return shipped()[folded]
    if "/" in folded:
        address = _url(folded)
        if address:
            return address
    return _titled(key(text)) or spdx.identifiers().get(folded, "")


def _titled(spelled: str) -> str:
    row = _spelled("spellings").get(spelled)
    if row is not None:
        return str(row["id"])
    title, _, version = spelled.rpartition("-")
    family = _spelled("families").get(title)
    return shipped().get(f"{family['id']}-{version}".casefold() if family else spelled, "")


def _not_said(text: str) -> Normalised | None:
    """Return why *text* names no licence although people write it, if it is such a text."""
    short = _short(text)
    row = _spelled("not_said").get(key(text)) or _spelled("not_said").get(text.strip().casefold())
    if row is not None:
        return Normalised("", f"{short} {row['note']}", row["suggestion"])
    family = _spelled("families").get(key(text))
    if family is not None:
        return _versionless(short, f"{family['id']}-{family['latest']}")
    address = _CREATIVE_COMMONS.fullmatch(_address(text.casefold()))
    if address is None:
        return None
    elements = _titled(f"cc-{address['elements']}-{address['version'] or '4.0'}")
    if not address["version"]:
        return _versionless(short, elements)
    return Normalised("", f"{short} is a licence that SPDX does not list", elements)


def _versionless(short: str, suggestion: str) -> Normalised:
    return Normalised("", f"{short} names no version, and versions differ", suggestion)


def _url(folded: str) -> str:
    address = _address(folded)
    for row in _tables.rows("licenses", "urls"):
        if address == row["url"]:
            return str(row["id"])
    listed = address.removeprefix("spdx.org/licenses/")
    if listed != address:
        return shipped().get(listed) or spdx.identifiers().get(listed, "")
    found = _CREATIVE_COMMONS.fullmatch(address)
    if found is None or not found["version"]:
        return ""
    name = f"cc-{found['elements']}-{found['version']}"
    return _titled(f"{name}-{found['port']}" if found["port"] else name)


def _address(folded: str) -> str:
    bare = re.sub(r"^(?:https?:)?//", "", folded.strip()).removeprefix("www.")
    bare = re.split(r"[?#]", bare, maxsplit=1)[0].rstrip("/")
    return _PAGE.sub("", bare).rstrip("/")


def _suggestion(text: str, custom: Collection[str]) -> str:
    """Return the nearest licence; one whose terms we know comes before one that we do not.

    Of a list without operators it is the stricter reading, that all of them bind.
    """
    listed = [_known(part) for part in re.split(r"[,;/&|]", text)]
    if len(listed) > 1 and all(listed):
        return " AND ".join(listed)
    names = {*shipped().values(), *custom}
    return suggest(text, names) or suggest(text, spdx.identifiers().values())


def _short(text: str) -> str:
    cut = text if len(text) <= _LONG else f"{text[: _LONG - 3]}..."
    return repr(cut) if cut else "an empty text"


@functools.cache
def _spelled(table: str) -> dict[str, _tables.Row]:
    return dict(_pairs(table))


def _pairs(table: str) -> Iterator[tuple[str, _tables.Row]]:
    for row in _tables.rows("licenses", table):
        yield row["spelling"], row
