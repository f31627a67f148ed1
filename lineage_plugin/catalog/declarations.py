"""One entry of ``datasets:``, read from nodes: all the forms in which a part may be declared.

What a word means is the policy's business: here it is only checked that somebody knows it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TypeVar

from lineage_plugin.catalog.consents import NOT_SAID, consent_of
from lineage_plugin.catalog.declassification import declassified_of
from lineage_plugin.catalog.documents import DocumentReader
from lineage_plugin.catalog.lines import Node
from lineage_plugin.catalog.reading import shown
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
from lineage_plugin.policy import licenses, parties, vocabulary

_T = TypeVar("_T")

_DATASET = (
    "origin",
    "kind",
    "valid_from",
    "valid_until",
    "source",
    "license",
    "consent",
    "custody",
    "use",
    "categories",
    "declassified",
    "assurance",
    "evidence",
)
_ORIGINS = ("external", "derived")
_KINDS = ("dataset", "model")
_ASSURANCES = {
    level.name.lower().replace("_", "-"): level for level in Assurance if level > Assurance.ABSENT
}
#: What people write where they do not know the licence.
_UNKNOWN_LICENSES = {"unknown", "noassertion", "other"}


class DeclarationReader(DocumentReader):
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
        super().__init__(file, snapshot, purposes=purposes)
        self.license_names = set(license_names)

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
        consent = self._part(found, "consent", self._consent, none=True)
        evidence = self.evidence(found.get("evidence"), "evidence")
        claimed = consent.evidence if isinstance(consent, DeclaredNone) else ()
        external = self.word(found.get("origin"), "origin", "origin", _ORIGINS) == "external"
        declassified = declassified_of(self, found.get("declassified"), external=external)
        papers = (*evidence, *claimed, *(declassified.evidence if declassified else ()))
        valid_from, valid_until = self.period(found, "valid_from", "valid_until", "")
        return Declaration(
            authority=authority,
            pattern=pattern,
            external=external,
            valid_from_us=valid_from,
            valid_until_us=valid_until,
            source=self._source_part(found),
            license=self._part(found, "license", self._license, none=True),
            consent=consent,
            custody=custody,
            use=self._use(found.get("use")),
            categories=self.categories(found.get("categories"), "categories"),
            assurance=self._assurance(found.get("assurance"), custody, papers),
            evidence=evidence,
            where=where,
            kind=self.word(found.get("kind"), "kind", "kind", _KINDS),
            declassified=declassified,
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
                    papers = ("evidence",) if kind is DeclaredNone else ()
                    fields = self.fields(node, f"{what}: {key}", (key, *papers)) or {}
                    reason = self.text(fields.get(key), f"{what}: {key}")
                    evidence = self.evidence(fields.get("evidence"), f"{what}: evidence")
                    if not reason:
                        return None
                    return DeclaredNone(reason, evidence) if papers else Unknown(reason)
        return read(node)

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
        found = self.fields(node, "source", allowed, needed=("issuer",), instead=NOT_SAID[:1])
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
            ("declared", "concluded", "url", "attribution"),
            needed=("declared",),
            instead=NOT_SAID,
        )
        if not found or "declared" not in found:
            return None
        declared = self._expression(found["declared"], "license: declared")
        concluded = self._expression(found.get("concluded"), "license: concluded")
        url = self.text(found.get("url"), "license: url")
        if isinstance(declared, Unknown):
            return declared
        # Nobody having concluded anything is what an absent conclusion says.
        attribution = self.text(found.get("attribution"), "license: attribution")
        return License(declared, concluded if isinstance(concluded, str) else "", url, attribution)

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
        return consent_of(self, node)

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
        agreement, terms = self.agreement(found.get("agreement"), "custody: agreement")
        return Transfer(
            event=self.word(found.get("event"), "custody: event", "event", vocabulary.EVENTS),
            giver=self.text(found.get("from"), "custody: from"),
            receiver=self.text(found.get("to"), "custody: to"),
            at_us=self.moment(found.get("at"), "custody: at"),
            agreement=agreement,
            related_party=bool(self.truth(found.get("related_party"), "custody: related_party")),
            terms=terms,
        )

    def recipient(self, authority: str, name: str, node: Node, line: int) -> Declaration:
        """Read under what agreements *authority* lets data be given to *name*."""
        what = f"recipients: {name}"
        said = self._part({what: node}, what, lambda n: self._agreements(n, what, name), none=True)
        return Declaration(
            authority,
            parties.uri(name),
            custody=said,
            assurance=self._assurance(None, said, ()),
            where=self.at(line),
        )

    def _agreements(self, node: Node, what: str, name: str) -> Custody:
        steps: list[Transfer] = []
        for item in [node] if isinstance(node.value, dict) else self.items(node, what):
            body = dict(item.value) if isinstance(item.value, dict) else None
            related = body.pop("related_party", None) if body is not None else None
            plain = item if body is None else Node(body, item.line, item.key_lines)
            agreement, terms = self.agreement(plain, what)
            if isinstance(agreement, Evidence) and not agreement.sha256:
                hint = "add its sha256, or keep the file beside the catalog"
                self.wrong(f"{what}: the agreement is not pinned", item.line, hint)
            if not terms.purposes:
                hint = "such as purposes: [disclosure]"
                self.wrong(f"{what}: nothing says what the agreement covers", item.line, hint)
            close = bool(self.truth(related, f"{what}: related_party"))
            steps.append(
                Transfer(
                    "partner-transfer",
                    receiver=name,
                    agreement=agreement,
                    related_party=close,
                    terms=terms,
                )
            )
        return Custody(tuple(steps))

    def _use(self, node: Node | None) -> Use | None:
        found = node and self.fields(node, "use", ("purposes", "excluded", "recipients"))
        if not found:
            return None
        use = Use(
            self.uses(found.get("purposes"), "use: purposes"),
            self.uses(found.get("excluded"), "use: excluded"),
            self.names(found.get("recipients"), "use: recipients"),
        )
        for name in sorted({*use.purposes} & {*use.excluded}):
            self.wrong(f"use: {name} is both meant and excluded", found["excluded"].line)
        return use

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
