"""Our OpenLineage transport: every event is recorded, given its facets, and passed on.

Named by its dotted path in ``[openlineage] transport``::

    {"type": "lineage_plugin.transport.transport.ProvenanceTransport",
     "transport": {"type": "http", "url": "http://marquez:5000"}}

Whatever goes wrong on our side is logged and counted, and the event goes on without facets.  What
the inner transport raises is raised: that is what whoever configured it expects.
"""
# A door to OpenLineage: a transport is loaded by its client only.
# ruff: noqa: TID253

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from openlineage.client.transport.transport import Transport

from lineage_plugin import codec, settings
from lineage_plugin.errors import SettingsError, TransportError
from lineage_plugin.facets import events, names
from lineage_plugin.facets.codec import decision_of, declared_facets
from lineage_plugin.facets.loose import ref_of
from lineage_plugin.model import (
    DatasetRef,
    Decision,
    Declaration,
    EdgeKind,
    EffectiveSummary,
    RunFacts,
)
from lineage_plugin.policy import edges, licenses
from lineage_plugin.store.spool import LOST
from lineage_plugin.transport import inner, marquez
from lineage_plugin.transport.attach import attach
from lineage_plugin.transport.catalogs import Catalogs
from lineage_plugin.transport.inner import ProvenanceConfig
from lineage_plugin.transport.plain import plain_of, text_of
from lineage_plugin.transport.recording import FAILED, LOCK_SHARE, Known, Recorder, now_us

if TYPE_CHECKING:
    from openlineage.client.client import Event

_log = logging.getLogger(__name__)

#: Transports of ours inside each other; nobody means to have more.
_DEEPEST = 3

#: The part of the time for attaching that may go to opening the catalog.
_CATALOG_SHARE = 0.6

#: What an event needs besides this module.
_NEEDED = (
    "lineage_plugin.catalog.compiled",
    "lineage_plugin.lineage.effective",
    "lineage_plugin.store.spool",
    "lineage_plugin.store.sqlite",
    "openlineage.client.event_v2",
    "openlineage.client.generated.data_quality_assertions_dataset",
)

_depth = threading.local()


def preload() -> None:
    """Load what an event needs, so that the forks of this process need not; keeps nothing open.

    Modules, what their codec knows of classes, the tables of policy that an effective label is
    worked out with, and ``airflow.cfg``.
    """
    for module in _NEEDED:
        import_module(module)
    codec.prepare(RunFacts)
    for kind in EdgeKind:
        edges.Rules().escalations(kind)
    licenses.duties("CC-BY-4.0")
    with contextlib.suppress(SettingsError):  # each event tells of it
        settings.load()


class ProvenanceTransport(Transport):
    """Records events, attaches provenance to their datasets, and forwards them."""

    kind = "lineage_plugin"
    config_class = ProvenanceConfig

    def __init__(self, config: ProvenanceConfig) -> None:
        self._config = config
        self._inner: Transport | None = None
        self._recorder: Recorder | None = None

    def emit(self, event: Event) -> Any:
        """Record *event*, attach what is known about its datasets, and forward it.

        Raises:
            TransportError: The transport around which ours was put cannot be built.
            Exception: Whatever the inner transport raises.
        """
        depth = getattr(_depth, "now", 0)
        if depth >= _DEEPEST:
            raise TransportError("this transport wraps itself; check 'wraps' and the environment")
        _depth.now = depth + 1
        try:
            enriched = self._enriched(event)
            answer = self._forward(enriched)
            self._mark(enriched)
        finally:
            _depth.now = depth
        return answer

    def close(self, timeout: float = -1) -> bool:
        """Close the inner transport; nothing of ours is left open between events."""
        return True if self._inner is None else self._inner.close(timeout)

    def build_inner(self) -> Transport:
        """Build the transport that events are forwarded to; called once, at the first event."""
        return inner.build(self._config)

    def _forward(self, event: Event) -> Any:
        if self._inner is None:
            # Late, so that an event is recorded even where it cannot be forwarded.
            self._inner = self.build_inner()
        return self._inner.emit(event)

    def _enriched(self, event: Event) -> Event:
        try:
            plain = plain_of(event)
            facts = events.facts_of(plain, received_us=now_us())
        except Exception:  # noqa: BLE001 whatever it is, the user's event goes on
            _log.exception("an event was lost, nobody understands it; gates cannot rely on others")
            self._count(LOST)
            return event
        try:
            return self._with_provenance(event, plain, facts)
        except Exception:  # noqa: BLE001 likewise
            _log.exception("this event is sent without provenance")
            self._count(FAILED)
            return event

    def _mark(self, event: Event) -> None:
        """Mark in Marquez what a gate said about this run, once the event itself is there."""
        try:
            run = getattr(event, "run", None)
            if names.GATE not in (getattr(run, "facets", None) or {}):
                return
            url = self._recorder_here().marquez_url
            decision = _decision(plain_of(event)) if url else None
            if decision is not None:
                marquez.mark(url, decision, _named_inputs(event), count=self._count)
        except Exception:  # noqa: BLE001 whatever it is, the event is on its way
            _log.exception("nothing was marked in Marquez")
            self._count(marquez.MARK_FAILED)

    def _count(self, name: str) -> None:
        with contextlib.suppress(Exception):
            self._recorder_here().count(name)

    def _with_provenance(
        self, event: Event, plain: Mapping[str, Any], facts: RunFacts | None
    ) -> Event:
        read, written = _touched(facts)
        refs = dict.fromkeys((*_refs(plain), *read, *written))
        known = self._recorder_here().take(facts, text_of(plain), tuple(refs))
        return attach(
            event,
            _declared(known),
            _effective(known),
            _decision(plain),
            inputs=read,
            outputs=written,
        )

    def _recorder_here(self) -> Recorder:
        if self._recorder is not None:
            return self._recorder
        env = _overridden(self._config.settings)
        try:
            found = settings.load(env)
        except SettingsError as error:
            return _astray(env, error)  # made anew next time: somebody may have mended it
        share = found.attach_budget_ms / 1000 * _CATALOG_SHARE
        self._recorder = Recorder(
            found,
            open_store=lambda: _open_store(found),
            load_catalog=Catalogs(found, budget_s=share).current,
            now_us=now_us,
        )
        return self._recorder


def _astray(env: Mapping[str, str], error: SettingsError) -> Recorder:
    """Return what spools events, because nobody knows where the record is.

    Where the state folder is does not depend on numbers that cannot be read: gates look there.
    """

    def unknown() -> NoReturn:
        raise error

    numbers = {name: value for name, value in settings.DEFAULTS.items() if value.isdecimal()}
    sound = {**env, **_named(numbers)}
    try:
        found = settings.load(sound)
    except SettingsError:  # `airflow.cfg` itself cannot be read
        found = settings.load({**sound, "AIRFLOW_CONFIG": os.devnull})
    return Recorder(found, open_store=unknown, load_catalog=unknown, now_us=now_us)


def _open_store(found: settings.Settings) -> Any:
    from lineage_plugin.store import open_store

    wait_ms = max(int(found.append_budget_ms * LOCK_SHARE), 1)
    return open_store(found.store_url, busy_timeout_ms=wait_ms)


def _overridden(overrides: object) -> Mapping[str, str]:
    """Lay settings of the transport over the environment."""
    if not isinstance(overrides, Mapping):
        return os.environ
    return {**os.environ, **_named(overrides)}


def _named(values: Mapping[str, object]) -> dict[str, str]:
    """Name settings as the environment does."""
    prefix = f"AIRFLOW__{settings.SECTION.upper()}__"
    return {f"{prefix}{name.upper()}": str(value) for name, value in values.items()}


def _touched(facts: RunFacts | None) -> tuple[tuple[DatasetRef, ...], tuple[DatasetRef, ...]]:
    """Return what a run reads and writes, as far as it has a name."""
    if facts is None:
        return (), ()
    read = tuple(ref for ref in facts.inputs if ref.namespace != events.UNREADABLE)
    return read, tuple(output.ref for output in facts.outputs)


def _named_inputs(event: Event) -> list[DatasetRef]:
    """Return the inputs of an event as it names them: so does Marquez."""
    inputs = getattr(event, "inputs", None) or ()
    return [DatasetRef(dataset.namespace, dataset.name) for dataset in inputs]


def _refs(plain: Mapping[str, Any]) -> list[DatasetRef]:
    """Return the datasets of any kind of event."""
    items = [plain.get("dataset")]
    for side in ("inputs", "outputs"):
        found = plain.get(side)
        items += found if isinstance(found, list) else []
    return [ref for item in items if (ref := ref_of(item)) is not None]


def _decision(plain: Mapping[str, Any]) -> Decision | None:
    run = plain.get("run")
    facets = run.get("facets") if isinstance(run, Mapping) else None
    facet = facets.get(names.GATE) if isinstance(facets, Mapping) else None
    if not isinstance(facet, Mapping) or not names.is_ours(facet.get("_producer")):
        return None
    return decision_of(facet)


def _declared(known: Known) -> Callable[[DatasetRef], Mapping[str, Any]]:
    def declared(ref: DatasetRef) -> Mapping[str, Any]:
        said = known.declared.get(ref.uri)
        return {} if said is None else _facets(said, known.everybody)

    return declared


@lru_cache(maxsize=4096)
def _facets(said: tuple[Declaration, ...], everybody: bool) -> Mapping[str, Any]:  # noqa: FBT001
    """Return the facets for *said*; facets are values, so events may share them.

    Where not everybody could be asked, nothing is called absent.
    """
    found: Mapping[str, Any] = declared_facets(said)
    return found if everybody else {n: f for n, f in found.items() if f.state != "absent"}


def _effective(known: Known) -> Callable[[DatasetRef], EffectiveSummary | None]:
    unresolved = EffectiveSummary(resolved=False, reason=known.trouble or "not in the record")

    def effective(ref: DatasetRef) -> EffectiveSummary:
        found = known.effective.get(ref.uri, unresolved)
        return replace(found, reason=known.note) if known.note and found.resolved else found

    return effective
