"""Files that a statement of DuckDB names.  Pure.

A scan of literals, not a parser: DuckDB's own lists files only for statements that it has bound,
and binding opens them.  A literal that is no file stands for nothing, which whoever asks finds out.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?P<text>(?:[^']|'')*)'|\"(?P<name>(?:[^\"]|\"\")*)\""
    r"|(?P<word>[A-Za-z_]+)|(?P<mark>[?$;(),])",
    re.DOTALL,
)

#: Words after which a file is written: ``COPY t TO 'x'``, ``EXPORT DATABASE 'x'``.
_WRITING = frozenset({"to", "database"})


class Named(NamedTuple):
    """Text in a statement that may name what it reads, and what it writes."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]


def named(statement: str) -> Named:
    r"""Return the literals of *statement* by whether it writes there.

    Example:
        >>> named("COPY (SELECT * FROM 'a.csv' -- 'b'\n) TO 'c.parquet' (FORMAT 'parquet')")
        Named(reads=('a.csv', 'parquet'), writes=('c.parquet',))
    """
    found: dict[bool, dict[str, None]] = {True: {}, False: {}}
    verb = before = ""
    for token in _TOKEN.finditer(statement):
        kind = token.lastgroup
        if kind == "word":
            before = token["word"].lower()
            verb = verb or before
        elif kind == "mark":
            verb, before = ("", "") if token["mark"] == ";" else (verb, before)
        elif kind is not None:
            quote = "'" if kind == "text" else '"'
            text = token[kind].replace(quote * 2, quote)
            is_target = verb in {"copy", "export"} and before in _WRITING and kind == "text"
            found[is_target][text] = None
            before = ""
    return Named(tuple(found[False]), tuple(found[True]))
