"""What is done with one event between its arrival and its departure: recorded, and looked up.

The record may be locked, slow or gone, and so may the disk, so this is done in a thread of its own
and waited for as long as the budgets say.  Nothing is opened before that: this runs in a process
that was just forked, and ends by ``os._exit`` once the event was forwarded.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from importlib import import_module
from typing import NamedTuple

from lineage_plugin.errors import StoreError
from lineage_plugin.model import DatasetRef, Declaration, EffectiveSummary, RunFacts
from lineage_plugin.settings import Settings
from lineage_plugin.store.api import EVENT_ORIGIN, Store
from lineage_plugin.store.spool import LOST, Spool
from lineage_plugin.transport import bounded
from lineage_plugin.transport.catalogs import Catalog

_log = logging.getLogger(__name__)

#: Waiting for the disk on top of waiting for a lock (seconds), and for the spool.
_DISK_S = 1.0

#: The part of the time for a locked record that an event waits.  A gate has nothing but the record
#: and waits for all of it; an event has the spool, and a task waits for each of its events.
LOCK_SHARE = 0.25

#: The part of the time for attaching that may go to events that waited in the spool.
_DRAIN_SHARE = 0.2

#: Events from the spool that one event may bring along.
_MOST_DRAINED = 200

#: Counters beside the spool: events not appended, facets not attached, events not even understood.
APPEND_FAILED, ATTACH_FAILED, FAILED = "append-failed", "attach-failed", "failed"


class _Unrecorded(Exception):
    """The record could not take an event; the message says why."""


class Known(NamedTuple):
    """What could be found out about the datasets of an event in time.

    ``declared`` lacks a dataset about which it could not be found out; ``everybody`` says whether
    all were asked who may declare, so that silence means that nobody said anything.  ``trouble`` is
    why something is missing, ``note`` what to bear in mind about what is there.
    """

    declared: Mapping[str, tuple[Declaration, ...]]
    effective: Mapping[str, EffectiveSummary]
    everybody: bool
    trouble: str = ""
    note: str = ""


class _Said(NamedTuple):
    declared: Mapping[str, tuple[Declaration, ...]]
    everybody: bool
    note: str = ""


class _Event:
    """One event on its way, and what is promised about it."""

    def __init__(
        self, facts: RunFacts | None, raw: str, refs: Sequence[DatasetRef], now_us: int
    ) -> None:
        self.facts = facts
        self.raw = raw
        self.refs = refs
        self.now_us = now_us
        self.appended: Future[None] = Future()
        self.said: Future[_Said] = Future()
        self.effective: Future[dict[str, EffectiveSummary]] = Future()


class Recorder:
    """Records events and looks up what is known about their datasets, within bounds."""

    def __init__(
        self,
        settings: Settings,
        *,
        open_store: Callable[[], Store],
        load_catalog: Callable[[], tuple[Catalog, str]],
        now_us: Callable[[], int],
    ) -> None:
        self.marquez_url = settings.marquez_url
        self._license_through_train = settings.license_through_train
        self._spool = Spool(settings.state_dir)
        self._append_s = settings.append_budget_ms / 1000 * LOCK_SHARE
        self._attach_s = settings.attach_budget_ms / 1000
        self._open_store = open_store
        self._load_catalog = load_catalog
        self._now_us = now_us

    def take(self, facts: RunFacts | None, raw: str, refs: Sequence[DatasetRef]) -> Known:
        """Record an event (one without *facts* is none of ours) and say what is known of *refs*."""
        _import()
        event = _Event(facts, raw, refs, self._now_us())
        trouble = self._record(event)
        if trouble:
            # Without the record nothing is known but what the catalog and the event itself say.
            event = _Event(facts, raw, refs, event.now_us)
            event.effective.set_exception(_Unrecorded(trouble))
            look_up = partial(bounded.keep, event.said, lambda: _said(event, *self._load_catalog()))
            try:
                bounded.start(look_up)
            except RuntimeError as error:
                event.said.set_exception(error)
        return self._known(event)

    def count(self, name: str) -> None:
        """Count a failure, unless the disk fails too."""
        with contextlib.suppress(Exception):
            bounded.within(_DISK_S, lambda: self._spool.count(name))

    def _record(self, event: _Event) -> str:
        """Append the event, or spool it, and return what went wrong."""
        try:
            bounded.start(lambda: self._work(event))
            event.appended.result(timeout=self._append_s + _DISK_S)
        except Exception as error:  # noqa: BLE001 - a full spool is the worst that may follow
            _log.warning("the record cannot be written, this event waits in the spool: %s", error)
            self._keep(event)
            return f"the record cannot be written ({_why(error)})"
        return ""

    def _keep(self, event: _Event) -> None:
        facts = event.facts
        if facts is None:
            return

        def keep() -> None:
            self._spool.put(facts, event.raw, received_us=event.now_us)
            self._spool.count(APPEND_FAILED)

        try:
            bounded.within(_DISK_S, keep)
        except RuntimeError:  # no thread can be started any more: better late than lost
            keep()
        except TimeoutError:  # what was begun shows in the spool, even if this process ends now
            _log.warning("the disk is slow, an event is still being spooled")
        except Exception as error:  # noqa: BLE001 - nothing is left to try
            _log.error("an event was lost, it could not even be spooled: %r", error)
            self.count(LOST)

    def _known(self, event: _Event) -> Known:
        """Wait for what is promised, no longer than the budget for attaching."""
        ends_s = time.monotonic() + self._attach_s
        said = _Said({}, everybody=False)
        with contextlib.suppress(Exception):
            said = event.said.result(timeout=self._attach_s)
        try:
            effective = event.effective.result(timeout=max(ends_s - time.monotonic(), 0))
        except Exception as error:  # noqa: BLE001 - unresolved, and why
            _log.warning("provenance is sent as unresolved: %s: %s", type(error).__name__, error)
            self.count(ATTACH_FAILED)
            return Known(said.declared, {}, said.everybody, _why(error), said.note)
        return Known(said.declared, effective, said.everybody, note=said.note)

    def _work(self, event: _Event) -> None:
        """Keep all promises about an event; runs in its own thread."""
        try:
            with contextlib.closing(self._open_store()) as store:
                if event.facts is not None:
                    store.append_runs([(event.facts, event.raw)], recorded_us=event.now_us)
                event.appended.set_result(None)
                self._look_up(event, store)
        except BaseException as error:  # noqa: BLE001 - raised again where somebody waits for it
            for promise in (event.appended, event.said, event.effective):
                if not promise.done():
                    promise.set_exception(error)

    def _look_up(self, event: _Event, store: Store) -> None:
        from lineage_plugin.lineage.effective import summarise

        self._spool.drain(
            store,
            recorded_us=event.now_us,
            limit=_MOST_DRAINED,
            budget_s=self._attach_s * _DRAIN_SHARE,
        )
        catalog, note = self._load_catalog()
        try:
            said = _said(event, catalog, note, store)
        except StoreError:
            event.said.set_result(_said(event, catalog, note))
            raise
        event.said.set_result(said)
        event.effective.set_result(
            summarise(
                store,
                event.refs,
                event.now_us,
                catalog.declarations_for,
                catalog.licenses,
                catalog.edge_rules,
                self._license_through_train,
            )
        )


def _said(event: _Event, catalog: Catalog, note: str, store: Store | None = None) -> _Said:
    """Collect what catalog, decorators and Assets declare, each dataset for itself."""
    uris = {ref.uri for ref in event.refs}
    carried = list(event.facts.declarations) if event.facts else []
    if store is not None:
        carried = store.declarations(origin=EVENT_ORIGIN, patterns=uris)
    found: dict[str, tuple[Declaration, ...]] = {}
    for uri in uris:
        said = [*catalog.declarations_for(uri), *(d for d in carried if d.pattern == uri)]
        found[uri] = tuple(d for d in said if d.holds(event.now_us))
    return _Said(found, everybody=store is not None, note=note)


def _import() -> None:
    """Import before the clock runs what is needed soon: a fresh fork has nothing of it yet."""
    with contextlib.suppress(Exception):  # what is wrong shows where it is needed
        import_module("lineage_plugin.catalog.compiled")
        import_module("lineage_plugin.lineage.effective")


def _why(error: BaseException) -> str:
    """Say what went wrong to whoever sees the event: no path of this machine, unlike in the log."""
    if isinstance(error, _Unrecorded):
        return str(error)
    return "it took too long" if isinstance(error, TimeoutError) else type(error).__name__


def now_us() -> int:
    """Return the time in microseconds since 1970."""
    return time.time_ns() // 1000
