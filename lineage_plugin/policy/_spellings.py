"""How people spell the name of one licence.  Never guesses a freer one.  Pure."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from lineage_plugin.policy import _tables, spdx
from lineage_plugin.policy.vocabulary import suggest


@dataclass(frozen=True, slots=True)
class Recognised:
    """One licence in a text: what was written, which licence that is, and how it was told."""

    text: str
    license: str
    how: str


@dataclass(frozen=True, slots=True)
class Normalised:
    """What a text says about a licence.

    ``expression`` is a canonical SPDX expression, or ``""``; then ``note`` says why, and
    ``suggestion`` what may have been meant.  ``says`` is ``unknown`` or ``none`` where people write
    the text to say so.  ``parts`` are the licences that were recognised, in the order of the text;
    they take no part in what the text says.
    """

    expression: str
    note: str = ""
    suggestion: str = ""
    says: str = ""
    parts: tuple[Recognised, ...] = field(default=(), compare=False)


#: Words that tell people that a licence is meant, and tell licences of one name not apart.
_NOISE = frozenset({"license", "licence", "version"})
#: What Creative Commons appends to its titles; there is one such variant of each version.
_ENDINGS = frozenset({"international", "unported", "generic", "public"})

#: What is not seen and comes along when a text is copied: soft hyphen, zero width, byte order mark.
_UNSEEN = dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
#: Hyphens and dashes of all lengths, and the minus sign.
_DASHES = dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-")

#: A text of more characters is shortened in a message.
_LONG = 80

_CREATIVE_COMMONS = re.compile(
    r"creativecommons\.org/licenses/(?P<elements>[a-z-]+)(?:/(?P<version>\d\.\d))?(?:/(?P<port>[a-z]{2,3}))?"
)
_PAGE = re.compile(r"(?:/(?:deed|legalcode|index)(?:\.[\w-]+)?|\.(?:html?|txt|json|php))$")
_BOTH = re.compile(r"(?P<name>[^()]+)\((?P<short>[^()]+)\)")


def plain(text: str) -> str:
    """Return *text* with one character for each that looks the same to everybody (NFKC).

    Letters of other alphabets are not turned into Latin ones: they are somebody's mistake or trick.

    Example:
        >>> plain("CC\u00a0BY\u20114.0")
        'CC BY-4.0'
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text.translate(_UNSEEN)).translate(_DASHES)


def read(text: str, custom: Collection[str]) -> Normalised:
    """Return what *text*, which names one licence, says."""
    if text in custom:
        how = "registered in a catalog, under licenses:"
        return Normalised(text, parts=(Recognised(text, text, how),))
    known, how = _known(text)
    both = _BOTH.fullmatch(text)
    if not known and both and _known(both["name"])[0] == _known(both["short"])[0]:
        known, how = _known(both["short"])
    if known:
        return Normalised(known, parts=(Recognised(text, known, how),))
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
    return bool(text in custom or _known(text)[0] or _not_said(text))


def key(text: str) -> str:
    """Return what equal spellings have in common.

    Example:
        >>> key("The Apache License, Version 2.0")
        'apache-2.0'
    """
    words = [word for word in re.split(r"[\s_,-]+", text.casefold()) if word]
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


def _known(text: str) -> tuple[str, str]:
    """Return the identifier that *text* spells, and how; tries what costs least first."""
    folded = text.strip().casefold()
    if folded in shipped():
        return shipped()[folded], "the identifier"
    if "/" in folded:
        address = _url(folded)
        if address:
            return address, "an address of the license"
    found = _titled(key(text))
    if found[0]:
        return found
    listed = spdx.identifiers().get(folded, "")
    is_older = listed.casefold() != folded
    return listed, "a deprecated SPDX identifier" if is_older else "the identifier"


def _titled(spelled: str) -> tuple[str, str]:
    row = _spelled("spellings").get(spelled)
    if row is not None:
        return str(row["id"]), f"a spelling of it ({row['source']})"
    title, _, version = spelled.rpartition("-")
    family = _spelled("families").get(title)
    found = shipped().get(f"{family['id']}-{version}".casefold() if family else spelled, "")
    return found, "its title and version" if family else "a spelling of the identifier"


def _not_said(text: str) -> Normalised | None:
    """Return why *text* names no licence although people write it, if it is such a text."""
    short = _short(text)
    row = _spelled("not_said").get(key(text)) or _spelled("not_said").get(text.strip().casefold())
    if row is not None:
        return Normalised("", f"{short} {row['note']}", row["suggestion"], row["says"])
    family = _spelled("families").get(key(text))
    if family is not None:
        return _versionless(short, f"{family['id']}-{family['latest']}")
    address = _CREATIVE_COMMONS.fullmatch(_address(text.casefold()))
    if address is None:
        return None
    elements = _titled(f"cc-{address['elements']}-{address['version'] or '4.0'}")[0]
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
    return _titled(f"{name}-{found['port']}" if found["port"] else name)[0]


def _address(folded: str) -> str:
    bare = re.sub(r"^(?:https?:)?//", "", folded.strip()).removeprefix("www.")
    bare = re.split(r"[?#]", bare, maxsplit=1)[0].rstrip("/")
    return _PAGE.sub("", bare).rstrip("/")


def _suggestion(text: str, custom: Collection[str]) -> str:
    """Return the nearest licence; one whose terms we know comes before one that we do not.

    Of a list without operators it is the stricter reading, that all of them bind.
    """
    listed = [_known(part)[0] for part in re.split(r"[,;/&|]", text)]
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
