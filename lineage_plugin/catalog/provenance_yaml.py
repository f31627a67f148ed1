"""``provenance.yaml``: what one authority declares about datasets.

Every mistake in a file is reported together with the others, each with its line.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lineage_plugin import codec
from lineage_plugin.catalog import lines
from lineage_plugin.catalog.declarations import DeclarationReader
from lineage_plugin.catalog.lines import Node
from lineage_plugin.catalog.match import normalised
from lineage_plugin.catalog.reading import shown
from lineage_plugin.catalog.snapshot import Snapshot
from lineage_plugin.errors import CatalogError
from lineage_plugin.model import Declaration, Problem
from lineage_plugin.policy import licenses, parties
from lineage_plugin.policy.license_terms import FLOWS
from lineage_plugin.policy.licenses import Terms

#: The longest pattern, in characters; an S3 key has at most 1,024 bytes.
MAX_PATTERN = 2_000

#: What looks like a wildcard and is none: brackets, and two stars that are not a segment.
_NO_WILDCARD = re.compile(r"[][{}]|(?<=[^/*])\*\*|\*\*(?=[^/*])")

_TERMS = (
    "permits",
    "prohibits",
    "duties",
    "adapt_under",
    "through_train",
    "url",
    "issuer",
    "source",
)
_TOP = ("version", "authority", "licenses", "recipients", "datasets")
_LICENSE_REF = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class Catalog:
    """What one file declares; ``digest`` depends on that and not on order, lines or comments."""

    authority: str
    declarations: tuple[Declaration, ...]
    licenses: Mapping[str, Terms]
    digest: str


def load_catalog(
    path: Path, *, purposes: Collection[str] = (), snapshot: Snapshot | None = None
) -> Catalog:
    """Read a catalog file.

    Agreements and evidence on the local disk are digested where they lie, relative to the file.

    Args:
        path: The file.
        purposes: Purposes beside the shipped ones, which the policy adds.
        snapshot: Remembers which files were read, this one and all evidence.

    Raises:
        CatalogError: Something in it is wrong; ``problems`` lists everything that is.
    """
    snapshot = snapshot or Snapshot()
    try:
        data = snapshot.read(path, max_bytes=lines.MAX_BYTES)
        root, problems = lines.parse(data, str(path))
    except OSError as error:
        problem = Problem(f"the file cannot be read: {error.strerror or error}", str(path))
        raise CatalogError((problem,)) from error
    except lines.Unreadable as error:
        raise CatalogError((error.problem,)) from error
    file = _File(path, snapshot, purposes=purposes)
    file.problems += problems
    catalog = file.catalog(root)
    if file.problems:
        # What an alias repeats is wrong once.
        raise CatalogError(tuple(sorted(dict.fromkeys(file.problems), key=_line)))
    return catalog


def _line(problem: Problem) -> int:
    return int(problem.where.rpartition(":")[2])


class _File(DeclarationReader):
    """One catalog file while it is read."""

    def catalog(self, root: Node) -> Catalog:
        """Read the whole file."""
        if root.value is None:
            self.wrong("the file is empty", 1, "start with: version: 1")
        if isinstance(root.value, dict) and (named := root.value.get("datasets")) is not None:
            # `datasets:` before nothing but comments is how the starter file begins.
            named.value = {} if named.value is None else named.value
        found = root.value is not None and self.fields(
            root, "the file", _TOP, needed=("version", "authority", "datasets")
        )
        if not found:
            return Catalog("", (), {}, "")
        self.version(found.get("version"))
        authority = self.text(found.get("authority"), "authority")
        terms = self._licenses(found.get("licenses"))
        declarations = (
            *self._datasets(found.get("datasets"), authority),
            *self._recipients(found.get("recipients"), authority),
        )
        content = {
            "authority": authority,
            "declarations": sorted(
                codec.canonical(codec.encode(replace(d, where=""))) for d in declarations
            ),
            "licenses": {name: codec.encode(found) for name, found in terms.items()},
        }
        return Catalog(authority, declarations, terms, codec.digest(content))

    # -- to whom data may be given

    def _recipients(self, node: Node | None, authority: str) -> tuple[Declaration, ...]:
        if node is None:
            return ()
        if not isinstance(node.value, dict):
            self.fields(node, "recipients", ())
            return ()
        seen: dict[str, int] = {}
        found: list[Declaration] = []
        for name, body in node.value.items():
            line = node.key_lines[name]
            if not parties.key(name):
                self.wrong("recipients: a name is empty", line)
                continue
            if parties.key(name) in seen:
                hint = f"first on line {seen[parties.key(name)]}"
                self.wrong(f"recipients: {shown(name)} is the same as another", line, hint)
            seen.setdefault(parties.key(name), line)
            found.append(self.recipient(authority, name, body, line))
        return tuple(found)

    # -- licences that SPDX does not list

    def _licenses(self, node: Node | None) -> dict[str, Terms]:
        """Return the terms of each licence; one with wrong terms may be named all the same."""
        if node is None:
            return {}
        if not isinstance(node.value, dict):
            self.fields(node, "licenses", ())
            return {}
        found: dict[str, Terms] = {}
        self.license_names.update(node.value)
        for name, row in node.value.items():
            line = node.key_lines[name]
            if not _LICENSE_REF.fullmatch(name):
                hint = "only LicenseRef- and letters, digits, '.' and '-' can be registered"
                self.wrong(f"licenses: {shown(name)} is no name for a licence", line, hint)
            elif licenses.has_terms(name):
                self.wrong(f"licenses: {name} is shipped and cannot be changed", line)
            else:
                found[name] = self._terms(row, f"licenses: {name}")
        return found

    def _terms(self, node: Node, what: str) -> Terms:
        found = self.fields(node, what, _TERMS)
        if node.value == {}:
            self.wrong(f"{what} has no terms", node.line, "write prohibits: [...], or [] for none")
        if not found:
            return Terms()
        told = {
            field: self.text(found.get(field), f"{what}: {field}")
            for field in ("source", "url", "issuer")
        }
        said: dict[str, list[str]] = {
            field: self._names(found[field], f"{what}: {field}", field)
            for field in ("permits", "prohibits", "duties")
            if field in found
        }
        said["adapt_under"] = self._adaptable(found.get("adapt_under"), f"{what}: adapt_under")
        flows = self._flows(found.get("through_train"), f"{what}: through_train")
        for name in sorted({*said.get("permits", ())} & {*said.get("prohibits", ())}):
            self.wrong(f"{what}: {name} is both permitted and prohibited", found["permits"].line)
        return licenses.terms({**told, **said, "through_train": flows or FLOWS[0]})

    def _flows(self, node: Node | None, what: str) -> str:
        """Read yes, review or no; without quotes YAML makes truth values of two of them."""
        if node is not None and isinstance(node.value, bool):
            return "yes" if node.value else "no"
        return self.word(node, what, "answer", FLOWS)

    def _adaptable(self, node: Node | None, what: str) -> list[str]:
        """Return the licences under which what is made from the data may be shared."""
        found: list[str] = []
        for item in self.items(node, what):
            text = self.text(item, what)
            known = licenses.normalise(text, custom=self.license_names)
            if len(licenses.identifiers(known.expression)) == 1:
                found.append(known.expression)
            elif text:
                hint = f"did you mean {known.suggestion!r}?" if known.suggestion else ""
                self.wrong(f"{what}: {known.note or 'name one license each'}", item.line, hint)
        return found

    def _names(self, node: Node, what: str, field: str) -> list[str]:
        """Return what the policy knows as things that a licence permits, forbids or asks for."""
        found: list[str] = []
        for item in self._maybe_empty(node, what):
            text = self.text(item, what)
            try:
                licenses.terms({field: [text] if text else []})
            except ValueError as error:
                self.wrong(str(error).replace(field, what, 1), item.line)
            else:
                found += [text] if text else []
        return found

    def _maybe_empty(self, node: Node, what: str) -> list[Node]:
        """Return the items of a list in which nothing is an answer too."""
        return [] if node.value == [] else self.items(node, what)

    # -- datasets

    def _datasets(self, node: Node | None, authority: str) -> tuple[Declaration, ...]:
        if node is None:
            return ()
        if not isinstance(node.value, dict):
            self.fields(node, "datasets", ())
            return ()
        seen: dict[str, int] = {}
        found: list[Declaration] = []
        for key, body in node.value.items():
            line = node.key_lines[key]
            pattern = self._pattern(key, line)
            if pattern and seen.setdefault(pattern, line) != line:
                hint = f"first on line {seen[pattern]}"
                self.wrong(f"{shown(key)} is the same pattern as another", line, hint)
            found.append(self.declaration(authority, pattern or key, body, line))
        return tuple(found)

    def _pattern(self, key: str, line: int) -> str:
        try:
            if len(key) > MAX_PATTERN:
                self.wrong(f"pattern {shown(key)} is longer than {MAX_PATTERN:,} characters", line)
                return ""
            if found := _NO_WILDCARD.search(key):
                hint = "write one pattern for each; `?` stands for any one character"
                if found[0] == "**":
                    hint = "write `**/` before the segment, `*` within it"
                message = f"pattern {shown(key)}: {found[0]!r} does not work here as it is meant"
                self.wrong(message, line, hint)
                return ""
            return normalised(key)
        except ValueError as error:
            self.wrong(f"datasets: {error}", line)
            return ""
