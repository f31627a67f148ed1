"""Whether everything that gates and events rely on holds on this machine, and how to mend it.

Nothing is repaired here and no user's data is touched: what has to be tried (whether the record can
be written) is tried with nothing in it.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial

from lineage_plugin.errors import LineagePluginError
from lineage_plugin.model import SECOND_US, iso
from lineage_plugin.settings import Settings


class State(str, Enum):
    """How an examination ended."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing that must hold: how it is, and what to do about it."""

    what: str
    state: State
    how: str
    mend: str = ""


#: A disk with less room than this (bytes) soon spools nothing any more: the spool alone may have
#: 256 MiB.
_ROOM_BYTES = 512 << 20

#: Clocks of machines differ by this much (seconds) before somebody has to look.
_SKEW_S = 60

#: Counters beside the spool and what they mean; the first two keep gates undecided.
_COUNTERS = {
    "lost": (State.FAULT, "events were lost: the record will never have them"),
    "set-aside": (State.FAULT, "events were set aside, because the record cannot take them"),
    "append-failed": (State.WARNING, "events could not be recorded at once and were spooled"),
    "attach-failed": (State.WARNING, "events left without all their facets"),
    "failed": (State.WARNING, "events left without provenance"),
    "mark-failed": (State.WARNING, "datasets could not be tagged in Marquez"),
}

#: Counters of what went well.
_FINE = frozenset({"spooled", "drained"})


def examine(settings: Settings, *, now_us: int) -> Iterator[Examined]:
    """Examine record, spool, catalog, policy and disk, as a worker would use them."""
    tests: tuple[tuple[str, Callable[[], Iterable[Examined]]], ...] = (
        ("record", partial(_record, settings, now_us)),
        ("spool", partial(_spool, settings)),
        ("catalog", partial(_catalog, settings)),
        ("policy", partial(_policy, settings)),
        ("disk", partial(_disk, settings)),
    )
    for what, test in tests:
        yield from guarded(what, test)


def guarded(what: str, test: Callable[[], Iterable[Examined]]) -> Iterator[Examined]:
    """Yield what *test* finds; what it raises is a finding too."""
    try:
        yield from test()
    except LineagePluginError as error:
        mend = getattr(error, "remedy", "") or "lineage-plugin catalog check"
        yield Examined(what, State.FAULT, str(getattr(error, "what", error)), mend)
    except Exception as error:  # noqa: BLE001 - a doctor that collapses helps nobody
        yield Examined(what, State.FAULT, f"{type(error).__name__}: {error}", "please report it")


def _record(settings: Settings, now_us: int) -> Iterator[Examined]:
    from lineage_plugin.gate import witness
    from lineage_plugin.store import open_store

    store = open_store(settings.store_url, busy_timeout_ms=settings.append_budget_ms)
    try:
        began = time.monotonic()
        store.append_runs([], recorded_us=now_us)
        took_ms = (time.monotonic() - began) * 1000
        seq, _ = store.head()
        yield Examined("record", State.OK, f"can be written ({took_ms:.0f} ms), {seq} entries")
        witness.compare(store, settings.store_url, settings.state_dir, now_us=now_us)
        newest = max((d.last_us for d in store.datasets(limit=1000)), default=now_us)
        if newest > now_us + _SKEW_S * SECOND_US:
            yield Examined(
                "clock",
                State.FAULT,
                f"the record has events from {iso(newest)}, and here it is {iso(now_us)}",
                "set the clocks of all machines (NTP): versions follow from who ran when",
            )
        else:
            yield Examined("clock", State.OK, f"{iso(now_us)}, not before what is recorded")
    finally:
        store.close()


def _spool(settings: Settings) -> Iterator[Examined]:
    from lineage_plugin.store.spool import Spool

    spool = Spool(settings.state_dir)
    waiting = spool.pending()
    if waiting:
        mend = "the next gate records them; if it cannot, it says why"
        yield Examined("spool", State.WARNING, f"{waiting} events wait in {spool.folder}", mend)
    else:
        yield Examined("spool", State.OK, "no event waits")
    counts = spool.counts()
    for name in sorted(counts.keys() - _FINE):
        state, means = _COUNTERS.get(name, (State.WARNING, f"counted as {name}"))
        mend = f"see the logs of that time; then remove {spool.counters / name}"
        if state is State.FAULT:
            mend = f"run the tasks of that time again, then remove {spool.counters / name}"
        yield Examined("losses", state, f"{max(counts[name], 1)} times: {means}", mend)
    if not counts.keys() - _FINE:
        yield Examined("losses", State.OK, "nothing was counted as lost or failed")


def _catalog(settings: Settings) -> Iterator[Examined]:
    from lineage_plugin.gate.sync import current_catalog

    catalog = current_catalog(settings)
    names = ", ".join(str(path) for path in settings.catalog)
    if not catalog.files:
        mend = f"say in {settings.catalog[0]} where your data comes from"
        yield Examined("catalog", State.WARNING, f"there is none at {names}", mend)
    else:
        yield Examined("catalog", State.OK, f"{len(catalog.files)} files: {names}")


def _policy(settings: Settings) -> Iterator[Examined]:
    from lineage_plugin.catalog.policy_yaml import load_policy
    from lineage_plugin.gate.suite_file import find_suite, load_suite

    policy = load_policy(settings.policy, required=settings.required)
    suites = sorted({name for bound in policy.bindings.values() for name in bound})
    for name in suites:
        load_suite(find_suite(name, settings.expectations, required=settings.required))
    told = f"{len(policy.bindings)} purposes, {len(suites)} suites, {len(policy.gates.rules)} gates"
    yield Examined("policy", State.OK, told)
    if policy.gates.problems:
        problem = policy.gates.problems[0]
        yield Examined("policy", State.FAULT, str(problem), "lineage-plugin catalog check")
    if not policy.gates.rules:
        yield Examined(
            "enforcement",
            State.NOTE,
            "no rule puts a gate before tasks whose authors forgot it",
            f"add to {settings.policy}, with your own purpose:"
            " gates: [{writes: model, purpose: model-training}]",
        )


def _disk(settings: Settings) -> Iterator[Examined]:
    folder = settings.state_dir
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        mend = f"let the user of the workers write {folder}"
        yield Examined("state", State.FAULT, f"{folder} cannot be written", mend)
        return
    free = shutil.disk_usage(folder).free
    if free < _ROOM_BYTES:
        how = f"{free >> 20} MiB are free for {folder}"
        yield Examined("state", State.WARNING, how, "make room: events that find none are lost")
    else:
        yield Examined("state", State.OK, f"{folder} can be written, {free >> 30} GiB are free")


def versions(wanted: Iterable[str]) -> Iterator[Examined]:
    """Compare what is installed with what this release was made for.

    Args:
        wanted: Requirements as packages state them (PEP 508).
    """
    from importlib import metadata

    from packaging.requirements import Requirement

    for text in wanted:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        try:
            installed = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            mend = f"pip install '{requirement.name}{requirement.specifier}'"
            yield Examined("versions", State.FAULT, f"{requirement.name} is missing", mend)
            continue
        if not requirement.specifier.contains(installed, prereleases=True):
            how = f"{requirement.name} {installed} is not {requirement.specifier}"
            mend = f"pip install '{requirement.name}{requirement.specifier}'"
            yield Examined("versions", State.FAULT, how, mend)


def worst(found: Iterable[Examined]) -> State:
    """Return how bad it is."""
    order = list(State)
    return max((each.state for each in found), key=order.index, default=State.OK)
