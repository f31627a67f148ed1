"""Documents that a catalog names: evidence, and agreements with what they say.

Those on the local disk are digested where they lie.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lineage_plugin.catalog.lines import Node
from lineage_plugin.catalog.reading import Reader, shown
from lineage_plugin.catalog.snapshot import Snapshot
from lineage_plugin.model import AgreementTerms, DeclaredNone, Evidence
from lineage_plugin.policy.purposes import shipped

_DOCUMENT = ("uri", "sha256", "until")
_TERMS = ("from", "purposes", "onward_transfer", "recipients", "assignable")

#: The beginning of an address; one letter and a colon is a drive, not a scheme.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class DocumentReader(Reader):
    """Reads documents; paths are relative to the folder of the file that names them."""

    def __init__(self, file: Path, snapshot: Snapshot, *, purposes: Collection[str] = ()) -> None:
        """Read what *file* names; it is not opened.

        Args:
            file: The file.
            snapshot: Digests documents on the local disk.
            purposes: Purposes beside the shipped ones.
        """
        super().__init__(str(file))
        self._folder = file.parent
        self._snapshot = snapshot
        self._purposes = frozenset((*shipped(), *purposes))

    def evidence(self, node: Node | None, what: str) -> tuple[Evidence, ...]:
        """Read a list of documents."""
        found = (self._document(item, what) for item in self.items(node, what))
        return tuple(document for document in found if document is not None)

    def agreement(
        self, node: Node | None, what: str
    ) -> tuple[Evidence | DeclaredNone | None, AgreementTerms]:
        """Read an agreement: that there is none, or the document and what it says."""
        if node is None:
            return None, AgreementTerms()
        if isinstance(node.value, dict) and "none" in node.value:
            found = self.fields(node, what, ("none",)) or {}
            reason = self.text(found.get("none"), f"{what}: none")
            return (DeclaredNone(reason) if reason else None), AgreementTerms()
        document = self._document(node, what, _TERMS)
        return document, self._said_in(node, what, document.until_us if document else None)

    def uses(self, node: Node | None, what: str) -> tuple[str, ...]:
        """Read names of purposes."""
        return self.words(node, what, "purpose", self._purposes)

    def names(self, node: Node | None, what: str) -> tuple[str, ...]:
        """Read names that nobody lists, such as those of organisations."""
        found = (self.text(item, what) for item in self.items(node, what))
        return tuple(dict.fromkeys(name for name in found if name))

    def period(
        self, found: Mapping[str, Node], start: str, end: str, what: str
    ) -> tuple[int | None, int | None]:
        """Read two moments, the second of which is after the first."""
        first = self.moment(found.get(start), f"{what}{start}")
        last = self.moment(found.get(end), f"{what}{end}")
        if first is not None and last is not None and last <= first:
            self.wrong(f"{what}{end} is not after {start}", found[end].line)
        return first, last

    def _said_in(self, node: Node, what: str, until_us: int | None) -> AgreementTerms:
        written = node.value if isinstance(node.value, dict) else {}
        # What is empty was reported with the document.
        found = {k: v for k, v in written.items() if k in _TERMS and v.value is not None}
        start = self.moment(found.get("from"), f"{what}: from")
        if start is not None and until_us is not None and until_us <= start:
            self.wrong(f"{what}: until is not after from", found["from"].line)
        onward = self.truth(found.get("onward_transfer"), f"{what}: onward_transfer")
        if "recipients" in found and not onward:
            hint = "write onward_transfer: true, or leave recipients out"
            line = found["recipients"].line
            self.wrong(f"{what}: recipients of what may not be passed on", line, hint)
        return AgreementTerms(
            from_us=start,
            purposes=self.uses(found.get("purposes"), f"{what}: purposes"),
            onward_transfer=onward,
            recipients=self.names(found.get("recipients"), f"{what}: recipients"),
            assignable=self.truth(found.get("assignable"), f"{what}: assignable"),
        )

    def _document(self, node: Node, what: str, more: tuple[str, ...] = ()) -> Evidence | None:
        """Read a document: its path or address, or those with a digest and an expiry."""
        found: Mapping[str, Node] | None = {"uri": node}
        if not isinstance(node.value, str):
            found = self.fields(node, what, (*_DOCUMENT, *more), needed=("uri",))
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
