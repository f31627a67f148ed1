"""What takes too long to count while somebody waits: coverage, and consents that are gone.

Counted in the background, one at a time, and kept until the record has grown.  Of a large record in
a process of its own: in a thread it would make every other request of the API server wait.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lineage_plugin.catalog.compiled import refresh
from lineage_plugin.checks.coverage import Covered, Touch, coverage, never_made, standing_by
from lineage_plugin.codec import canonical, decode, encode
from lineage_plugin.lineage.survey import survey
from lineage_plugin.model import Consent, Declaration
from lineage_plugin.policy import consent
from lineage_plugin.reports.gathering import Catalog
from lineage_plugin.settings import load
from lineage_plugin.store import open_store
from lineage_plugin.store.api import EVENT_ORIGIN, Store

log = logging.getLogger(__name__)

#: How long a page waits for a count (seconds): a small record is counted by then.
PATIENCE_S = 0.12

#: A count is made anew at the soonest after this (seconds), and after ten times as long as it took:
#: a busy record must not keep a processor busy.
_SOONEST_S, _SHARE = 5.0, 10.0

#: Nobody waits longer than this (seconds) for a count.
_LONGEST_S = 900

#: Verdicts on a basis that there was, or seemed to be, and is no more.
_GONE = frozenset({"withdrawn", "revoked", "invalidated", "objected", "refused"})


@dataclass(frozen=True, slots=True)
class Gone:
    """A declared consent that is withdrawn, revoked, invalidated, refused or objected to."""

    authority: str
    pattern: str
    verdict: str
    since_us: int | None


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted, up to which entry of the record, and when."""

    seq: int
    at_us: int
    every: Covered
    dags: tuple[Covered, ...]
    gone: tuple[Gone, ...]


def count(store: Store, catalog: Catalog, declared: Callable[[], Iterator[Declaration]]) -> Counted:
    """Count how much of what DAGs touched is covered, and find consents that are gone."""
    now_us = time.time_ns() // 1000
    seq, _ = store.head()
    touched = store.touches()
    refs = list({ref.uri: ref for _, ref in touched}.values())
    seen = survey(store, refs, catalog.declarations_for, at_us=now_us, rules=catalog.edge_rules)
    standing = standing_by(seen)
    unmade = never_made(refs, standing, store.history)
    touches = [Touch(job, ref.uri) for job, ref in touched if ref.uri not in unmade]
    every, dags = coverage(touches, standing)
    said = (*declared(), *store.declarations(origin=EVENT_ORIGIN))
    gone = sorted(_gone(said, now_us), key=lambda each: (each.pattern, each.authority))
    return Counted(seq, now_us, every, tuple(dags), tuple(gone))


def counted_apart() -> Counted:
    """Count the record that the settings name, in a process of its own."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", f"from {__name__} import tell; tell()"],
        capture_output=True,
        text=True,
        check=True,
        timeout=_LONGEST_S,
    )
    return decode(Counted, json.loads(done.stdout))


def tell() -> None:
    """Count the record that the settings name, and write it to stdout as JSON."""
    here = load()
    catalog = refresh(here.catalog, here.state_dir, policy=here.policy, required=here.required)
    store = open_store(
        here.store_url, busy_timeout_ms=here.append_budget_ms, read_only=True, create=False
    )
    sys.stdout.write(canonical(encode(count(store, catalog, catalog.all))))


def _gone(said: tuple[Declaration, ...], at_us: int) -> Iterator[Gone]:
    for each in dict.fromkeys(said):
        if isinstance(each.consent, Consent) and each.holds(at_us):
            found = consent.state(each.consent, at_us)
            if found.verdict in _GONE:
                yield Gone(each.authority, each.pattern, found.verdict, found.since_us)


class Counts:
    """The newest count, made anew in the background when the record has grown."""

    def __init__(self, make: Callable[[], Counted]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._made: Counted | None = None
        self._began_s = self._took_s = float("-inf")

    def newest(self, seq: int, wait_s: float = PATIENCE_S) -> Counted | None:
        """Return the newest count; nothing if there is none yet and none can be had in *wait_s*.

        *seq* is the last entry of the record: an older count is told, and made anew.
        """
        with self._lock:
            if (self._made is None or self._made.seq != seq) and self._is_due():
                self._began_s = time.monotonic()
                self._thread = threading.Thread(target=self._count, daemon=True)
                self._thread.start()
            thread = self._thread
        if thread is not None and self._made is None:
            thread.join(wait_s)
        return self._made

    def _is_due(self) -> bool:
        if self._thread is not None and self._thread.is_alive():
            return False
        pause_s = max(_SOONEST_S, _SHARE * self._took_s) if self._made else _SOONEST_S
        return time.monotonic() - self._began_s > pause_s

    def _count(self) -> None:
        began_s = time.monotonic()
        try:
            self._made = self._make()
        except Exception:
            log.exception("coverage could not be counted")
        self._took_s = time.monotonic() - began_s
