"""Pages that list what the record holds: tiles, tables and filters as values, and their HTML."""

from __future__ import annotations

from dataclasses import dataclass

from lineage_plugin.reports import picture
from lineage_plugin.reports.graph import Standing
from lineage_plugin.reports.markup import Document, document, safe
from lineage_plugin.reports.page import Site


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell: a text that may lead somewhere, a sign before it, small text below.

    Whoever makes one has made sure that its texts are visible
    (:func:`lineage_plugin.reports.words.visible`).
    """

    text: str
    href: str = ""
    sign: Standing | None = None
    below: str = ""
    soon: str = ""
    is_code: bool = False
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a heading; ``empty`` is said where there are none, ``more`` leads to the rest."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str
    note: str = ""
    more: str = ""
    more_text: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One number that people look at first."""

    number: str
    label: str
    href: str = ""
    sign: Standing | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list may be narrowed by: a choice of (value, text), or words where there is none."""

    name: str
    label: str
    value: str
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """All that a page of a list shows."""

    title: str
    intro: str = ""
    tiles: tuple[Tile, ...] = ()
    filters: tuple[Filter, ...] = ()
    tables: tuple[Table, ...] = ()
    #: Text to copy, such as a command.
    code: str = ""
    #: Where a link of the page leads, and what it says.
    link: tuple[str, str] = ("", "")


def laid_out(listing: Listing, site: Site) -> Document:
    """Lay a list out as a page of a site; it runs no script.

    Raises:
        MissingLibrary: Jinja is not installed.
    """
    return document(
        "listing.html",
        styles=("picture.css", "page.css"),
        is_file=False,
        site=site,
        page=listing,
        signs={each: safe(picture.icon(each)) for each in Standing},
    )
