"""Catalog files, compiled once for each change, opened in milliseconds by every process.

The compiled catalog is one file in the state folder: a header, the tables of a
:class:`~lineage_plugin.catalog.match.Matcher`, and each declaration as JSON, decoded only where its
pattern matches.  It is replaced as a whole, so that readers and writers need no lock.  It is a
cache: whatever is wrong with it, the files are compiled again.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import stat
import struct
import sys
import time
import zlib
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lineage_plugin import codec
from lineage_plugin.catalog.match import Matcher
from lineage_plugin.catalog.snapshot import Snapshot, Stamp, open_ordinary, same_content
from lineage_plugin.errors import CatalogError
from lineage_plugin.model import Declaration, Problem

if TYPE_CHECKING:
    from lineage_plugin.catalog.provenance_yaml import Catalog
    from lineage_plugin.policy.edges import Rules
    from lineage_plugin.policy.licenses import Terms

#: The name of the compiled catalog in the state folder.
FILE = "catalog.compiled"

#: Changes whenever the layout of the file does, and with the byte order of the machine.
_MAGIC = f"lineage-catalog 2 {sys.byteorder}\n".encode().ljust(32, b" ")

#: After the magic: CRC-32 of the rest; the bytes of header, tables and sample; declarations.
_LENGTHS = struct.Struct("=IIIII")

#: Declarations are alike: each is deflated (RFC 1951) with a sample of them as the dictionary, so
#: that the file is a quarter as large and any one of them is still read without the others.
_SAMPLE_BYTES = 4_096
_SAMPLES = 16
_WINDOW_BITS = -13

#: How often to start again when files change while they are read.
_ATTEMPTS = 5

#: How many URIs a process remembers the declarations of.
_REMEMBERED = 4_096

#: A temporary file this old (seconds) was left behind by a process that died.
_ABANDONED_S = 3_600


class CatalogFile(NamedTuple):
    """One file of the catalog: its declarations are those from *start* up to *stop*."""

    name: str
    authority: str
    digest: str
    start: int
    stop: int


def refresh(
    paths: Sequence[Path],
    state_dir: Path,
    *,
    policy: Path | None = None,
    required: Collection[Path] = (),
    now_ns: int | None = None,
) -> CompiledCatalog:
    """Return the catalog, compiled anew only if what it is made from has changed.

    That is: the files, the evidence that they name, and this package's own tables.  A folder stands
    for the ``*.yaml`` and ``*.yml`` in it, a name with ``*``, ``?`` or ``[`` for all that match;
    what does not exist declares nothing, unless it is required.  A state folder that cannot be
    written only costs time.

    Args:
        paths: Files, folders and patterns of names.
        state_dir: Where the compiled catalog is kept.
        policy: The policy file, which may add purposes that declarations may name.
        required: Which of *paths* must exist, :attr:`Settings.required`; patterns need not match.
        now_ns: The time by the clock of the file system; the system's clock, if not given.

    Raises:
        CatalogError: A file is wrong; ``problems`` lists everything wrong with any of them.
        PolicyError: The policy file is wrong.
    """
    if missing := tuple(_missing(path for path in paths if path in required)):
        raise CatalogError(missing)
    now_ns = time.time_ns() if now_ns is None else now_ns
    found = current(paths, state_dir, policy=policy, now_ns=now_ns)
    if found is None:
        data = _compile(_asked(paths, policy), now_ns)
        _write(state_dir, data)
        found = _open[str(state_dir)] = CompiledCatalog(data)
    return found


def _missing(paths: Iterable[Path]) -> Iterator[Problem]:
    for path in paths:
        if not os.path.exists(path) and not _is_pattern(str(path)):  # noqa: PTH110 - never raises
            hint = "put it back, or take it out of the setting `catalog`"
            yield Problem("the catalog is missing", str(path), hint)


def current(
    paths: Sequence[Path],
    state_dir: Path,
    *,
    policy: Path | None = None,
    now_ns: int | None = None,
) -> CompiledCatalog | None:
    """Return the catalog if it was compiled before and is still current; compiles nothing.

    For a process that has no time, such as a fork that is killed after seconds.  Arguments are
    those of :func:`refresh`.
    """
    now_ns = time.time_ns() if now_ns is None else now_ns
    asked = _asked(paths, policy)
    for find in (_opened, CompiledCatalog.load):
        found = find(state_dir)
        renewed = None if found is None else found.renewed(asked, now_ns)
        if renewed is not None:
            if renewed is not found:
                _write(state_dir, renewed.data)
            _open[str(state_dir)] = renewed
            return renewed
    return None


#: The catalog that this process opened last, by state folder.
_open: dict[str, CompiledCatalog] = {}


def _opened(state_dir: Path) -> CompiledCatalog | None:
    return _open.get(str(state_dir))


class CompiledCatalog:
    """What all catalog files declare together, found by URI."""

    def __init__(self, data: bytes) -> None:
        """Open *data*.

        Raises:
            ValueError: *data* is not a compiled catalog of this release, or is damaged.
        """
        start = len(_MAGIC) + _LENGTHS.size
        if len(data) < start or not data.startswith(_MAGIC):
            raise ValueError("not a compiled catalog of this release")
        checksum, header, tables, sample, count = _LENGTHS.unpack_from(data, len(_MAGIC))
        view = memoryview(data)
        if zlib.crc32(view[start:]) != checksum:
            raise ValueError("a damaged compiled catalog")
        self.data = data
        self._header: dict[str, Any] = json.loads(data[start : start + header])
        rest = view[start + header :]
        ends = tables + sample
        bodies = ends + 4 * (count + 1)
        self._matcher = Matcher.from_bytes(rest[:tables])
        self._sample = bytes(rest[tables:ends])
        self._ends = rest[ends:bodies].cast("I")
        self._bodies = rest[bodies:]
        self._declarations: dict[int, Declaration] = {}
        self._by_uri: dict[str, tuple[Declaration, ...]] = {}
        self.digest: str = self._header["digest"]
        self.files = tuple(CatalogFile(*row) for row in self._header["files"])

    @classmethod
    def load(cls, state_dir: Path) -> CompiledCatalog | None:
        """Open the compiled catalog as it is, whether it is still current or not.

        Returns:
            ``None`` if there is none that can be used: then :func:`refresh` makes one.
        """
        try:
            with os.fdopen(open_ordinary(state_dir / FILE), "rb") as file:
                return cls(file.read())
        except (OSError, ValueError, TypeError, KeyError):
            return None

    @property
    def authorities(self) -> tuple[str, ...]:
        """Who declares, each once, in alphabetical order."""
        return tuple(sorted({file.authority for file in self.files}))

    @property
    def licenses(self) -> Mapping[str, Terms]:
        """The terms of licences that the files register themselves."""
        rows = self._header["licenses"]
        if not rows:
            return {}
        from lineage_plugin.policy.licenses import Terms

        return {name: codec.decode(Terms, row) for name, row in rows.items()}

    @property
    def edge_rules(self) -> Rules:
        """What the policy says about edges."""
        from lineage_plugin.policy.edges import Rules

        return codec.decode(Rules, self._header["edges"])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def declarations_for(self, uri: str) -> tuple[Declaration, ...]:
        """Return every declaration whose pattern matches *uri*, a :attr:`DatasetRef.uri`."""
        found = self._by_uri.get(uri)
        if found is None:
            if len(self._by_uri) >= _REMEMBERED:
                self._by_uri.clear()
            found = tuple(map(self._declaration, self._matcher.match(uri)))
            self._by_uri[uri] = found
        return found

    def declarations_of(self, file: CatalogFile) -> tuple[Declaration, ...]:
        """Return what one file declares, in its order."""
        return tuple(map(self._declaration, range(file.start, file.stop)))

    def all(self) -> Iterator[Declaration]:
        """Yield every declaration, file by file."""
        return map(self._declaration, range(len(self)))

    def _declaration(self, number: int) -> Declaration:
        found = self._declarations.get(number)
        if found is None:
            deflated = self._bodies[self._ends[number] : self._ends[number + 1]]
            body = zlib.decompressobj(_WINDOW_BITS, self._sample).decompress(deflated)
            found = self._declarations[number] = codec.decode(Declaration, json.loads(body))
        return found

    def renewed(self, asked: Mapping[str, Any], now_ns: int) -> CompiledCatalog | None:
        """Return this catalog if it is what would be compiled now.

        A stamp taken right after a write is not trusted, because another write may have the same
        time; nor is one that differs.  Where what is in the file is the same all the same, the
        catalog comes back with new stamps, so that the next look is cheap again.
        """
        header = self._header
        if header["asked"] != asked or header["listing"] != _listings(asked):
            return None
        stamps: list[Stamp] = []
        all_trusted = True
        for row in header["stamps"]:
            stamp: Stamp | None = Stamp(*row)
            if stamp and not (stamp.is_settled(header["compiled_ns"]) and stamp.looks_same()):
                all_trusted = False
                stamp = same_content(stamp)
            if stamp is None:
                return None
            stamps.append(stamp)
        if all_trusted or not all(stamp.is_settled(now_ns) for stamp in stamps):
            return self
        renewed = {**header, "stamps": stamps, "compiled_ns": now_ns}
        return CompiledCatalog(
            _packed(renewed, self._matcher, self._sample, self._ends, self._bodies)
        )


def _packed(
    header: Mapping[str, Any],
    matcher: Matcher,
    sample: bytes,
    ends: memoryview,
    bodies: bytes | memoryview,
) -> bytes:
    """Lay out a compiled catalog."""
    head = json.dumps(header, separators=(",", ":")).encode()
    tables = matcher.to_bytes()
    rest = b"".join((head, tables, sample, ends, bodies))
    sizes = (len(head), len(tables), len(sample), len(ends) - 1)
    return b"".join((_MAGIC, _LENGTHS.pack(zlib.crc32(rest), *sizes), rest))


def _deflated(declarations: Sequence[Declaration]) -> tuple[bytes, memoryview, bytes]:
    """Return a sample of the declarations, where the body of each ends, and the bodies."""
    plain = [json.dumps(codec.encode(d), separators=(",", ":")).encode() for d in declarations]
    sample = b"".join(plain[:: len(plain) // _SAMPLES + 1])[:_SAMPLE_BYTES]
    bodies: list[bytes] = []
    for text in plain:
        squeeze = zlib.compressobj(wbits=_WINDOW_BITS, zdict=sample)
        bodies.append(squeeze.compress(text) + squeeze.flush())
    ends = array("I", itertools.accumulate(map(len, bodies), initial=0))
    return sample, memoryview(ends), b"".join(bodies)


def _asked(paths: Sequence[Path], policy: Path | None) -> dict[str, list[str]]:
    return {
        "paths": [str(path.absolute()) for path in paths],
        "policy": [] if policy is None else [str(policy.absolute())],
    }


def _compile(asked: Mapping[str, list[str]], now_ns: int) -> bytes:
    """Compile the files; starts again if one changes meanwhile, so that no mix is ever seen."""
    for _ in range(_ATTEMPTS):
        snapshot = Snapshot()
        listings = _listings(asked)
        problems: tuple[Problem, ...] = ()
        try:
            data = _compiled(asked, listings, snapshot, now_ns)
        except CatalogError as error:
            problems = error.problems
        if snapshot.holds() and listings == _listings(asked):
            if problems:
                raise CatalogError(problems)
            return data
    message = f"the catalog changed {_ATTEMPTS} times while it was read"
    raise CatalogError((Problem(message, ", ".join(listings[0]), "try again when it is written"),))


def _compiled(
    asked: Mapping[str, list[str]], listings: list[list[str]], snapshot: Snapshot, now_ns: int
) -> bytes:
    # PyYAML, the tables of the policy and what they need wait until something has changed.
    from lineage_plugin.catalog.policy_yaml import load_policy
    from lineage_plugin.catalog.provenance_yaml import load_catalog
    from lineage_plugin.policy.edges import Rules

    listing, policies = listings
    added: list[str] = []
    rules = Rules()
    for name in policies:
        snapshot.sha256(Path(name))
        policy = load_policy(Path(name))
        added += policy.purposes_added
        rules = policy.edges
    catalogs: list[Catalog] = []
    problems: list[Problem] = []
    for name in listing:
        if name not in asked["paths"] and Path(name).is_dir():
            hint = "name this folder in the setting `catalog` too, or move its files up"
            problems.append(Problem("YAML files in a folder inside a catalog folder", name, hint))
            continue
        try:
            found = load_catalog(Path(name), purposes=added, snapshot=snapshot)
        except CatalogError as error:
            problems.extend(error.problems)
        else:
            catalogs.append(found)
            problems.extend(_contradictions(name, found, catalogs))
    if problems:
        raise CatalogError(tuple(problems))
    for path in _own_files():
        snapshot.sha256(path)
    files = [(n, c.authority, c.digest) for n, c in zip(listing, catalogs, strict=True)]
    bounds = itertools.accumulate((len(c.declarations) for c in catalogs), initial=0)
    header = {
        "asked": asked,
        "compiled_ns": now_ns,
        "digest": codec.digest(sorted(catalog.digest for catalog in catalogs)),
        "files": [(*f, *b) for f, b in zip(files, itertools.pairwise(bounds), strict=True)],
        "edges": codec.encode(rules),
        "licenses": {n: codec.encode(t) for c in catalogs for n, t in c.licenses.items()},
        "listing": listings,
        "stamps": snapshot.stamps,
    }
    declarations = [d for catalog in catalogs for d in catalog.declarations]
    matcher = Matcher([d.pattern for d in declarations])
    return _packed(header, matcher, *_deflated(declarations))


def _contradictions(name: str, found: Catalog, others: Sequence[Catalog]) -> Iterator[Problem]:
    """Report licences that another file gives other terms."""
    for license_ref, terms in found.licenses.items():
        if any(other.licenses.get(license_ref, terms) != terms for other in others):
            message = f"licenses: {license_ref} has other terms in another file"
            yield Problem(message, f"{name}:1", "give it one meaning, or two names")


def _own_files() -> Iterator[Path]:
    """Yield what else the outcome depends on: what knows the words, and what reads them."""
    package = Path(__file__).parents[1]
    for pattern in ("policy/*.py", "policy/data/*.json", "catalog/*.py"):
        yield from sorted(package.glob(pattern))


def _listings(asked: Mapping[str, list[str]]) -> list[list[str]]:
    """Return the catalog files that there are, and the policy file if there is one."""
    return [_listing(asked["paths"]), _listing(asked["policy"])]


def _listing(paths: Sequence[str]) -> list[str]:
    """Return the files that *paths* stand for, each once.

    What cannot be looked at is listed, so that reading it says why.
    """
    found: dict[str, None] = {}
    for path in paths:
        try:
            is_folder = stat.S_ISDIR(Path(path).stat().st_mode)
        except (FileNotFoundError, NotADirectoryError):
            if _is_pattern(path):
                from glob import glob

                named = sorted(glob(path))  # noqa: PTH207 - it is absolute
                found.update((name, None) for name in named if not Path(name).is_dir())
        except OSError:
            found[path] = None
        else:
            inside = _folder(path) if is_folder else [path]
            # A folder in it that is named too stands for itself.
            found.update((name, None) for name in inside if name == path or name not in paths)
    return list(found)


def _is_pattern(path: str) -> bool:
    return any(wild in path for wild in "*?[")


def _folder(path: str) -> list[str]:
    """Return the YAML files of a folder, and the folders in it that hold more of them."""
    try:
        inside = sorted(Path(path).iterdir())
    except OSError:
        return [path]
    seen = (entry for entry in inside if entry.name[0] != ".")
    return [str(entry) for entry in seen if (_holds_yaml if entry.is_dir() else _is_yaml)(entry)]


def _is_yaml(file: Path) -> bool:
    return file.suffix.lower() in {".yaml", ".yml"}


def _holds_yaml(folder: Path) -> bool:
    return any(_is_yaml(Path(name)) for _, _, names in os.walk(folder) for name in names)


def _write(state_dir: Path, data: bytes) -> None:
    """Put the compiled catalog in its place, in one step; does without if that is impossible."""
    temporary = state_dir / f"{FILE}.{os.urandom(8).hex()}"
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        _sweep(state_dir)
        with temporary.open("xb") as file:
            file.write(data)
        temporary.replace(state_dir / FILE)
    except OSError as error:
        import logging

        logging.getLogger(__name__).warning(
            "The compiled catalog cannot be kept in %s (%s): each process compiles it for itself",
            state_dir,
            error.strerror or error,
        )
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _sweep(state_dir: Path) -> None:
    """Remove what processes left behind that died while writing."""
    for path in state_dir.glob(f"{FILE}.*"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < time.time() - _ABANDONED_S:
                path.unlink()
