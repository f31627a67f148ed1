"""One entry of ``datasets:``, read from nodes: all the forms in which a part may be declared.

What a word means is the policy's business: here it is only checked that somebody knows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from lineage_plugin.catalog.lines import Node
from lineage_plugin.catalog.reading import Reader, meant, shown
from lineage_plugin.catalog.snapshot import Snapshot
from lineage_plugin.model import (
    Assurance,
    Consent,
    Custody,
    Declaration,
    DeclaredNone,
    Evidence,
    License,
    Source,
    Transfer,
    Unknown,
    Use,
)
from lineage_plugin.policy import licenses, vocabulary
from lineage_plugin.policy.purposes import shipped

_T = TypeVar("_T")

_DATASET = (
    "origin",
    "valid_from",
    "valid_until",
    "source",
    "license",
    "consent",
    "custody",
    "use",
    "categories",
    "assurance",
    "evidence",
)
#: How a part says that nobody knows, or that there is none.
_NOT_SAID = ("unknown", "none")
_ORIGINS = ("external", "derived")
_ASSURANCES = {
    level.name.lower().replace("_", "-"): level for level in Assurance if level > Assurance.ABSENT
}
#: What people write where they do not know the licence.
_UNKNOWN_LICENSES = {"unknown", "noassertion", "other"}

#: The beginning of an address; one letter and a colon is a drive, not a scheme.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class DeclarationReader(Reader):
    """Reads entries, from a catalog file or from values in the same shapes."""

    def __init__(
        self,
        file: Path,
        snapshot: Snapshot,
        *,
        purposes: Collection[str] = (),
        license_names: Collection[str] = (),
    ) -> None:
        """Read entries of *file*; paths of documents are relative to its folder.

        Args:
            file: The file; it is not opened.
            snapshot: Digests documents on the local disk.
            purposes: Purposes beside the shipped ones.
            license_names: Names of licences beside those of SPDX.
        """
        super().__init__(str(file))
        self.license_names = set(license_names)
        self._folder = file.parent
        self._snapshot = snapshot
        self._purposes = frozenset((*shipped(), *purposes))

    def declaration(self, authority: str, pattern: str, body: Node, line: int) -> Declaration:
        """Read what *authority* says about *pattern*: one entry, whose key is on *line*."""
        where = self.at(line)
        empty = Declaration(authority, pattern, where=where)
        if body.value is None or body.value == {}:
            self.wrong(f"{shown(pattern)} declares nothing", line, "say at least its origin")
            return empty
        found = self.fields(body, pattern, _DATASET)
        if not found:
            return empty
        custody = self._part(found, "custody", self._custody, none=True)
        evidence = tuple(
            piece
            for item in self.items(found.get("evidence"), "evidence")
            if (piece := self._piece(item, "evidence")) is not None
        )
        valid_from, valid_until = self._period(found, "valid_from", "valid_until", "")
        return Declaration(
            authority=authority,
            pattern=pattern,
            external=self.word(found.get("origin"), "origin", "origin", _ORIGINS) == "external",
            valid_from_us=valid_from,
            valid_until_us=valid_until,
            source=self._source_part(found),
            license=self._part(found, "license", self._license, none=True),
            consent=self._part(found, "consent", self._consent, none=True),
            custody=custody,
            use=self._use(found.get("use")),
            categories=self._categories(found.get("categories")),
            assurance=self._assurance(found.get("assurance"), custody, evidence),
            evidence=evidence,
            where=where,
        )

    def _part(
        self,
        found: Mapping[str, Node],
        what: str,
        read: Callable[[Node], _T | None],
        *,
        none: bool,
    ) -> _T | DeclaredNone | Unknown | None:
        """Read one part: what it says, that there is none, or that nobody knows."""
        node = found.get(what)
        if node is None:
            return None
        kinds: dict[str, type[DeclaredNone | Unknown]] = {"unknown": Unknown}
        if none:
            kinds["none"] = DeclaredNone
        if isinstance(node.value, dict):
            for key, kind in kinds.items():
                if key in node.value:
                    fields = self.fields(node, f"{what}: {key}", (key,)) or {}
                    reason = self.text(fields.get(key), f"{what}: {key}")
                    return kind(reason) if reason else None
        return read(node)

    def _period(
        self, found: Mapping[str, Node], start: str, end: str, what: str
    ) -> tuple[int | None, int | None]:
        first = self.moment(found.get(start), f"{what}{start}")
        last = self.moment(found.get(end), f"{what}{end}")
        if first is not None and last is not None and last <= first:
            self.wrong(f"{what}{end} is not after {start}", found[end].line)
        return first, last

    # -- parts

    def _source_part(self, found: Mapping[str, Node]) -> Source | Unknown | None:
        source = self._part(found, "source", self._source, none=False)
        return None if isinstance(source, DeclaredNone) else source

    def _source(self, node: Node) -> Source | None:
        allowed = ("issuer", "method", "origin", "geography", "description")
        if isinstance(node.value, str):
            self.wrong("source: write a mapping", node.line, f"source: {{issuer: {node.value}}}")
            return None
        if isinstance(node.value, dict) and "none" in node.value:
            hint = "write {unknown: why} or {issuer: who}"
            self.wrong("source: all data comes from somewhere", node.line, hint)
            return None
        found = self.fields(node, "source", allowed, needed=("issuer",), instead=_NOT_SAID[:1])
        if not found:
            return None
        texts = {
            name: self.text(found.get(name), f"source: {name}")
            for name in ("issuer", "origin", "geography", "description")
        }
        method = self.word(found.get("method"), "source: method", "method", vocabulary.METHODS)
        return Source(method=method, **texts)

    def _license(self, node: Node) -> License | Unknown | None:
        if isinstance(node.value, str):
            declared = self._expression(node, "license")
            if isinstance(declared, Unknown):
                return declared
            return License(declared) if declared else None
        found = self.fields(
            node,
            "license",
            ("declared", "concluded", "url"),
            needed=("declared",),
            instead=_NOT_SAID,
        )
        if not found or "declared" not in found:
            return None
        declared = self._expression(found["declared"], "license: declared")
        concluded = self._expression(found.get("concluded"), "license: concluded")
        url = self.text(found.get("url"), "license: url")
        if isinstance(declared, Unknown):
            return declared
        # Nobody having concluded anything is what an absent conclusion says.
        return License(declared, concluded if isinstance(concluded, str) else "", url)

    def _expression(self, node: Node | None, what: str) -> str | Unknown:
        text = self.text(node, what)
        if not text or node is None:
            return ""
        known = licenses.normalise(text, custom=self.license_names)
        if known.expression:
            return known.expression
        if text.casefold() in _UNKNOWN_LICENSES:
            return Unknown(known.note or text)
        hint = f"did you mean {known.suggestion!r}?" if known.suggestion else ""
        if text.casefold() == "none":
            hint = "write {none: why} or {unknown: why}"
        self.wrong(f"{what}: unknown license {shown(text)}: {known.note}", node.line, hint)
        return ""

    def _consent(self, node: Node) -> Consent | None:
        allowed = ("basis", "status", "purposes", "from", "until", "notice")
        found = self.fields(node, "consent", allowed, needed=("basis",), instead=_NOT_SAID)
        if not found:
            return None
        # One letter is another law: A6-1-a is consent, A6-1-f legitimate interest.
        bases = self.words(
            found.get("basis"), "consent: basis", "legal basis", vocabulary.BASES, guess=False
        )
        status = self.word(found.get("status"), "consent: status", "status", vocabulary.STATUSES)
        start, end = self._period(found, "from", "until", "consent: ")
        consent = Consent(
            bases=bases,
            purposes=self._uses(found.get("purposes"), "consent: purposes"),
            from_us=start,
            until_us=end,
            notice=self.text(found.get("notice"), "consent: notice"),
        )
        return replace(consent, status=status) if status else consent

    def _custody(self, node: Node) -> Custody | None:
        if not isinstance(node.value, list):
            hint = "write a list of steps: [{from: ..., event: ...}]"
            self.wrong("custody: write a list", node.line, hint)
            return None
        transfers: list[Transfer] = []
        latest: int | None = None
        for item in self.items(node, "custody"):
            transfer = self._transfer(item)
            if transfer is None:
                continue
            if latest is not None and transfer.at_us is not None and transfer.at_us < latest:
                self.wrong(
                    "custody: a step is earlier than the one before", item.line, "oldest first"
                )
            latest = latest if transfer.at_us is None else transfer.at_us
            transfers.append(transfer)
        return Custody(tuple(transfers))

    def _transfer(self, node: Node) -> Transfer | None:
        allowed = ("from", "to", "event", "at", "agreement", "related_party")
        found = self.fields(node, "custody", allowed, needed=("event",))
        if not found:
            return None
        return Transfer(
            event=self.word(found.get("event"), "custody: event", "event", vocabulary.EVENTS),
            giver=self.text(found.get("from"), "custody: from"),
            receiver=self.text(found.get("to"), "custody: to"),
            at_us=self.moment(found.get("at"), "custody: at"),
            agreement=self._agreement(found.get("agreement")),
            related_party=bool(self.truth(found.get("related_party"), "custody: related_party")),
        )

    def _use(self, node: Node | None) -> Use | None:
        found = node and self.fields(node, "use", ("purposes", "excluded"))
        if not found:
            return None
        use = Use(
            self._uses(found.get("purposes"), "use: purposes"),
            self._uses(found.get("excluded"), "use: excluded"),
        )
        for name in sorted({*use.purposes} & {*use.excluded}):
            self.wrong(f"use: {name} is both meant and excluded", found["excluded"].line)
        return use

    def _uses(self, node: Node | None, what: str) -> tuple[str, ...]:
        return self.words(node, what, "purpose", self._purposes)

    def _categories(self, node: Node | None) -> tuple[str, ...]:
        found: list[str] = []
        for item in self.items(node, "categories"):
            text = self.text(item, "categories")
            if (
                text
                and text not in vocabulary.CATEGORIES
                and not text.startswith(("dpv:", "dpv-pd:"))
            ):
                hint = meant(text, vocabulary.CATEGORIES)
                self.wrong(f"categories: unknown category {shown(text)}", item.line, hint)
            elif text:
                found.append(text)
        return tuple(dict.fromkeys(found))

    def _assurance(
        self,
        node: Node | None,
        custody: Custody | DeclaredNone | Unknown | None,
        evidence: tuple[Evidence, ...],
    ) -> Assurance:
        name = self.word(node, "assurance", "level", _ASSURANCES)
        if name:
            return _ASSURANCES[name]
        steps = custody.transfers if isinstance(custody, Custody) else ()
        papers = (*evidence, *(step.agreement for step in steps))
        pinned = any(isinstance(paper, Evidence) and paper.sha256 for paper in papers)
        return Assurance.DOCUMENTED if pinned else Assurance.ASSERTED

    # -- documents

    def _agreement(self, node: Node | None) -> Evidence | DeclaredNone | None:
        what = "custody: agreement"
        if node is None:
            return None
        if isinstance(node.value, dict) and "none" in node.value:
            found = self.fields(node, what, ("none",)) or {}
            reason = self.text(found.get("none"), f"{what}: none")
            return DeclaredNone(reason) if reason else None
        return self._piece(node, what)

    def _piece(self, node: Node, what: str) -> Evidence | None:
        """Read a document: its path or address, or those with a digest and an expiry."""
        found: Mapping[str, Node] | None = {"uri": node}
        if not isinstance(node.value, str):
            found = self.fields(node, what, ("uri", "sha256", "until"), needed=("uri",))
        uri = self.text(found.get("uri"), what) if found else ""
        if not found or not uri:
            return None
        until = self.moment(found.get("until"), f"{what}: until")
        pinned = self.text(found.get("sha256"), f"{what}: sha256").lower()
        if pinned and not _SHA256.fullmatch(pinned):
            message = f"{what}: sha256 is not 64 hexadecimal digits"
            self.wrong(message, found["sha256"].line, "sha256sum FILE prints them")
            return None
        path = self._local(uri)
        if path is None:
            return Evidence(uri, pinned, until)
        digest = self._digest(path, uri, what, found["uri"].line)
        if digest and pinned and digest != pinned:
            message = f"{what}: {shown(uri)} is not the file that sha256 names"
            self.wrong(message, found["sha256"].line, f"the file's is {digest}")
        return Evidence(uri, digest, until)

    def _local(self, uri: str) -> Path | None:
        """Return the file on the local disk that *uri* names, ``None`` for an address."""
        if uri.lower().startswith("file:"):
            return Path(unquote(urlsplit(uri).path))
        return None if _SCHEME.match(uri) else self._folder / uri

    def _digest(self, path: Path, uri: str, what: str, line: int) -> str:
        try:
            return self._snapshot.sha256(path)
        except FileNotFoundError:
            hint = f"paths are relative to {self._folder}"
            self.wrong(f"{what}: the file {shown(uri)} does not exist", line, hint)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            self.wrong(f"{what}: the file {shown(uri)} cannot be read: {why}", line)
        return ""
