"""Before judging: what was spooled and what catalog files say goes into the record."""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from lineage_plugin.catalog.compiled import CatalogFile, CompiledCatalog, refresh
from lineage_plugin.errors import StoreUnavailable
from lineage_plugin.gate import break_glass, receipts, witness
from lineage_plugin.gate.receipts import Reported
from lineage_plugin.lineage.survey import Survey
from lineage_plugin.model import Reason, RunFacts, Statement
from lineage_plugin.settings import Settings
from lineage_plugin.store import open_store
from lineage_plugin.store.api import CATALOG_ORIGIN, Store
from lineage_plugin.store.spool import Spool

log = logging.getLogger(__name__)


def bring_up_to_date(store: Store, settings: Settings, *, recorded_us: int) -> CompiledCatalog:
    """Record what waits to be recorded, and return the catalog files compiled.

    Raises:
        CatalogError: A catalog file is wrong; nothing of it is recorded.
        StoreError: The record cannot be written, is not the one of before, or lacks events.
    """
    witness.compare(store, settings.store_url, settings.state_dir, now_us=recorded_us)
    store.head()  # what is wrong with the record itself is told first
    _drain(Spool(settings.state_dir), store, recorded_us)
    break_glass.bring_in(store, settings.state_dir, recorded_us=recorded_us)
    catalog = current_catalog(settings)
    recorded = store.origins()
    current = dict(_origins(catalog.files))
    for origin, file in current.items():
        if recorded.get(origin) != (file.authority, file.digest):
            store.append_declarations(
                file.authority,
                catalog.declarations_of(file),
                recorded_us=recorded_us,
                origin=origin,
                digest=file.digest,
            )
    for origin, (authority, _) in recorded.items():
        if origin.startswith(CATALOG_ORIGIN) and origin not in current:
            store.append_declarations(
                authority, (), recorded_us=recorded_us, origin=origin, digest=""
            )
    witness.remember(store, settings.store_url, settings.state_dir, now_us=recorded_us)
    return catalog


def current_catalog(settings: Settings) -> CompiledCatalog:
    """Return the catalog files compiled; the record is not touched.

    Raises:
        CatalogError: A catalog file is wrong.
    """
    return refresh(
        settings.catalog,
        settings.state_dir,
        policy=settings.policy,
        required=settings.required,
    )


def lacking(store: Store, reported: Sequence[Reported], seen: Survey) -> list[Reason]:
    """Say which writes of which Airflow knows are not in the record."""
    if not reported:
        return []
    uris = [each.ref.uri for each in reported]
    is_root = seen.declared.is_root
    found = receipts.missing(reported, receipts.surveyed(seen.ancestry, uris), is_root)
    if found:  # states of before, that nothing reads any more, are looked up only where it matters
        history = store.history([each.ref for each in found])
        found = receipts.missing(found, receipts.written(history, uris), is_root)
    return receipts.reasons(found, receipts.rewritten(reported, store.digest_at))


def put_on_record(entry: Statement | RunFacts, settings: Settings, *, recorded_us: int) -> bool:
    """Append to the record; what it cannot take waits in the spool.

    A gate takes in what waits before it judges, and judges nothing while something is missing.

    Returns:
        Whether it is in the record already.
    """
    try:
        with contextlib.closing(
            open_store(settings.store_url, busy_timeout_ms=settings.append_budget_ms)
        ) as store:
            if isinstance(entry, Statement):
                store.append_statement(entry, recorded_us=recorded_us)
            else:
                store.append_runs([(entry, "{}")], recorded_us=recorded_us)
    except Exception as error:  # noqa: BLE001 - whatever it is, nothing may be lost
        log.warning("the record cannot be written, this waits in the spool: %s", error)
        spool = Spool(settings.state_dir)
        if isinstance(entry, Statement):
            spool.put_statement(entry, received_us=recorded_us)
        else:
            spool.put(entry, "{}", received_us=recorded_us)
        return False
    return True


def _drain(spool: Spool, store: Store, recorded_us: int) -> None:
    """Append the events that waited for the record; without them it tells of the past only."""
    if spool.pending():
        spool.drain(store, recorded_us=recorded_us)
    if waiting := spool.pending():
        raise StoreUnavailable(
            f"{waiting} events wait to be recorded in {spool.folder}",
            "see why the record cannot take them: lineage-plugin verify",
        )
    if missing := spool.missing():
        raise StoreUnavailable(
            f"{missing} events are missing from the record: neither it nor {spool.folder} could"
            " take them",
            f"run the tasks of that time again, then remove {spool.counters}",
        )
    if not spool.can_count():
        raise StoreUnavailable(
            f"{spool.counters.parent} cannot be written: what got lost could not be counted",
            "make it a folder that the user running Airflow may write to",
        )


def _origins(files: Sequence[CatalogFile]) -> Iterator[tuple[str, CatalogFile]]:
    """Name each file by its authority and name, not by the folder that one machine has it in."""
    seen: Counter[str] = Counter()
    for file in files:
        origin = f"{CATALOG_ORIGIN}{file.authority}/{Path(file.name).name}"
        seen[origin] += 1
        yield (origin if seen[origin] == 1 else f"{origin}#{seen[origin]}"), file
