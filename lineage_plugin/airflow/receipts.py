"""Receipts: what the recording of a run leaves in Airflow's own asset events, and gates look for.

Airflow keeps asset events in its own database, away from the record.  Anybody who may create asset
events can forge one, so that a receipt proves nothing by itself: it only tells what to look for.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from lineage_plugin.airflow.hook import Requirement
from lineage_plugin.airflow.identity import subject_of
from lineage_plugin.airflow.inputs import Named, assets_of
from lineage_plugin.model import Reason, iso
from lineage_plugin.settings import load

if TYPE_CHECKING:
    from lineage_plugin.gate.receipts import Reported

log = logging.getLogger(__name__)

#: The key in ``extra`` of an asset event.
KEY = "lineage_plugin"

#: Of each input this many of Airflow's last asset events are looked at; one call fetches them.
LAST_EVENTS = 10


class Told(NamedTuple):
    """What Airflow tells of a task's inputs, and why it could not tell something."""

    events: tuple[Reported, ...] = ()
    obstacles: tuple[Reason, ...] = ()


NOTHING = Told()


def leave(context: Any) -> None:
    """Leave a receipt in the asset event of each outlet of a run that succeeded."""
    from airflow.sdk import Asset

    events = context["outlet_events"]
    outlets = [outlet for outlet in context["task"].outlets or () if isinstance(outlet, Asset)]
    by_alias = [event for key in list(events) for event in _of_alias(events[key])]
    if not outlets and not by_alias:
        return
    receipt = _receipt(context)
    for outlet in outlets:
        events[outlet].extra[KEY] = receipt
    for event in by_alias:
        event.extra[KEY] = receipt


def reported(context: Any, requirement: Requirement) -> Told:
    """Return what Airflow's last asset events tell of the inputs of a task."""
    from lineage_plugin.gate.decide import undecided

    if "inlet_events" not in context:
        return NOTHING
    events: list[Reported] = []
    obstacles: list[Reason] = []
    for asset in assets_of(context, [requirement]):
        try:
            events += _events(asset)
        except Exception as error:  # noqa: BLE001 - whatever it is, the gate must hear of it
            why = f"Airflow cannot say who wrote {asset.ref.uri}: {type(error).__name__}: {error}"
            obstacles.append(undecided("record.events-unreadable", why))
    return Told(tuple(events), tuple(obstacles))


def _receipt(context: Any) -> dict[str, Any]:
    import time

    subject = subject_of(context)
    seq, head = _head()
    return {
        "run": subject.run_id,
        "job": subject.job_name,
        "group": subject.group,
        "at": iso(time.time_ns() // 1000),
        "seq": seq,
        "head": head,
    }


def _head() -> tuple[int, str]:
    """Return the last entry of the record; nothing, where it cannot be read now."""
    from lineage_plugin.store import open_store

    try:
        settings = load()
        with closing(open_store(settings.store_url, read_only=True, create=False)) as store:
            return store.head()
    except Exception as error:  # noqa: BLE001 - the run is named all the same
        log.debug("a receipt names no entry of the record: %s", error)
        return 0, ""


def _of_alias(accessor: Any) -> list[Any]:
    return list(getattr(accessor, "asset_alias_events", None) or ())


def _events(asset: Named) -> Iterator[Reported]:
    """Ask Airflow for the last events of an Asset: one call."""
    from airflow.sdk.execution_time.context import InletEventsAccessor

    from lineage_plugin.gate.receipts import Reported

    asked = InletEventsAccessor(asset_name=asset.name, asset_uri=asset.uri)
    for event in asked.ascending(ascending=False).limit(LAST_EVENTS):
        found = (event.extra or {}).get(KEY)
        receipt: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
        seq, head = receipt.get("seq"), receipt.get("head")
        task = event.source_task_id and f"{event.source_dag_id}.{event.source_task_id}"
        yield Reported(
            asset.ref,
            int(event.timestamp.timestamp() * 1_000_000),
            job_name=task or "",
            airflow_run=event.source_run_id or "",
            run_id=str(receipt.get("run") or ""),
            seq=seq if isinstance(seq, int) and isinstance(head, str) else 0,
            head=head if isinstance(head, str) else "",
        )
