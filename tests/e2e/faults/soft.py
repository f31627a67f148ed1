"""What can go wrong while a task without a gate runs."""

from __future__ import annotations

import importlib
import json
import os
import resource
import shutil
import signal
import socket
import time
from typing import Any

from openlineage.client.transport.transform import EventTransformer
from openlineage.client.transport.transport import Config, Transport

from tests.e2e.faults import closed_record as record
from tests.e2e.faults.house import House, table
from tests.support.gatehouse import CLEAN, roots

#: Seconds after which OpenLineage ends what sends an event; ten where nobody changed it.
PATIENCE_S = 3

NOTHING_LOST = "no event waits"
SPOOLED = "events wait in"
LOST = "events were lost"
LATE = "left without all their facets"

#: Where OpenLineage itself waits for its server, or for a transformer: it does so for both events.
WAITS = frozenset({"soft-inner-hangs", "soft-inner-refuses", "soft-transformer-slow"})

HERE = "tests.e2e.faults.soft"


class Raising(Transport):
    """A transport that fails."""

    kind = "raising"
    config_class = Config

    def emit(self, event: Any) -> None:
        raise ConnectionResetError("the other side went away")


class Killing(Transport):
    """A transport whose process is killed."""

    kind = "killing"
    config_class = Config

    def emit(self, event: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class Slow(EventTransformer):
    """A transformer that does not come to its end."""

    def transform(self, event: Any) -> Any:
        time.sleep(3_600)


def circular(*_: Any) -> dict[str, Any]:
    """Give a run facet that refers to itself."""
    facet: dict[str, Any] = {"_producer": "x", "_schemaURL": "x"}
    facet["self"] = facet
    return {"house_circular": facet}


def large(*_: Any) -> dict[str, Any]:
    """Give a run facet of thirty megabytes."""
    return {"house_large": {"_producer": "x", "_schemaURL": "x", "text": "x" * 30_000_000}}


def odd(*_: Any) -> dict[str, Any]:
    """Give facets that nobody can make sense of."""
    return {
        "house_odd": {"_producer": object(), 7: {1, 2}, "text": "\ud800\x00", "n": float("nan")}
    }


def _sends_by(inner: dict[str, Any]) -> None:
    os.environ["AIRFLOW__OPENLINEAGE__EXECUTION_TIMEOUT"] = str(PATIENCE_S)
    kind = "lineage_plugin.airflow.transport.AirflowProvenanceTransport"
    os.environ["AIRFLOW__OPENLINEAGE__TRANSPORT"] = json.dumps({"type": kind, "transport": inner})


def _by(kind: type) -> Any:
    return lambda house: _sends_by({"type": f"{HERE}.{kind.__name__}"})


def _says(facet: Any) -> Any:
    def arrange(house: House) -> None:
        ours = "lineage_plugin.airflow.run_facets.declared"
        os.environ["AIRFLOW__OPENLINEAGE__CUSTOM_RUN_FACETS"] = f"{ours};{HERE}.{facet.__name__}"

    return arrange


def _black_hole(house: House) -> None:
    """A server that accepts, and never answers."""
    house.said["server"] = server = socket.create_server(("127.0.0.1", 0))
    _sends_by({"type": "http", "url": f"http://127.0.0.1:{server.getsockname()[1]}"})


def _refusing(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    _sends_by({"type": "http", "url": f"http://127.0.0.1:{port}"})


def _marquez_down(house: House) -> None:
    house.said["server"] = server = socket.create_server(("127.0.0.1", 0))
    house.set("marquez_url", f"http://127.0.0.1:{server.getsockname()[1]}")


def _transformed(house: House) -> None:
    slow = f"{HERE}.{Slow.__name__}"
    _sends_by(
        {"type": "transform", "transformer_class": slow, "transport": {"type": "console"}},
    )


def _spool_full(house: House) -> None:
    from lineage_plugin.store.spool import MOST_FILES

    spool = house.state / "spool"
    spool.mkdir()
    for number in range(MOST_FILES):
        (spool / f"{number:020d}-{'b' * 32}-9.json").touch()
    house.lock()


def _in_the_fork(act: Any) -> Any:
    """Do something when the process that sends an event begins with it."""

    def arrange(house: House) -> None:
        transport: Any = importlib.import_module("lineage_plugin.transport.transport")
        now_us = transport.now_us

        def begins() -> int:
            found = act()
            return now_us() if found is None else int(found)

        transport.now_us = begins

    return arrange


def _no_room() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def _nowhere_to_keep(house: House) -> None:
    record._state_unwritable(house)
    house.set("store_url", "sqlite:////dev/null/record.db")


def _state_removed(house: House) -> None:
    shutil.rmtree(house.state)


def _capture_raises(house: House) -> None:
    capturing: Any = importlib.import_module("lineage_plugin.airflow.capturing")

    def begin() -> Any:
        raise RuntimeError("nothing can be captured")

    capturing.capture.begin = begin


def _catalog_malformed(house: House) -> None:
    house.catalog.write_text("version: 1\ndatasets: [what")


def _catalog_large(house: House) -> None:
    house.gates.catalog(roots(**{f"many/{n}/**": CLEAN for n in range(5_000)}))


def _half_installed(house: House) -> None:
    """A table that is shipped with the package is missing."""
    tables: Any = importlib.import_module("lineage_plugin.policy._tables")

    def rows(*_: Any) -> Any:
        raise FileNotFoundError("licenses.json")

    tables.rows = rows


FAULTS = table(
    "soft",
    ("soft-record-missing", "The record is gone", NOTHING_LOST, record._gone, "ungated"),
    ("soft-record-locked", "The record is locked", SPOOLED, House.lock, "ungated"),
    ("soft-record-damaged", "The record is damaged", SPOOLED, record._damaged, "ungated"),
    ("soft-record-foreign", "It is another program's", SPOOLED, record._foreign, "ungated"),
    ("soft-record-full", "The disk of the record is full", SPOOLED, record._full, "ungated"),
    (
        "soft-record-newer",
        "A newer release wrote the record",
        SPOOLED,
        lambda house: house.sql("PRAGMA user_version = 9999"),
        "ungated",
    ),
    ("soft-record-denied", "The record may not be read", SPOOLED, record._denied, "ungated"),
    (
        "soft-record-read-only",
        "Record and `state_dir` may only be read",
        "cannot be written",
        record._read_only,
        "ungated",
    ),
    ("soft-spool-full", "The record is locked, the spool full", LOST, _spool_full, "ungated"),
    ("soft-no-room", "There is no room for anything", LOST, _in_the_fork(_no_room), "ungated"),
    (
        "soft-state-unwritable",
        "`state_dir` cannot be written",
        "cannot be written",
        record._state_unwritable,
        "ungated",
    ),
    (
        "soft-nowhere",
        "Neither record nor `state_dir` can be written",
        "cannot be made",
        _nowhere_to_keep,
        "ungated",
    ),
    ("soft-state-removed", "Somebody removed `state_dir`", NOTHING_LOST, _state_removed, "ungated"),
    (
        "soft-catalog-malformed",
        "The catalog is no YAML",
        "fault catalog",
        _catalog_malformed,
        "ungated",
    ),
    (
        "soft-catalog-large",
        "5,000 entries of a catalog are not compiled yet",
        LATE,
        _catalog_large,
        "ungated",
    ),
    (
        "soft-inner-raises",
        "The transport inside ours raises",
        NOTHING_LOST,
        _by(Raising),
        "ungated",
    ),
    (
        "soft-inner-killed",
        "What sends an event is killed while it does",
        NOTHING_LOST,
        _by(Killing),
        "ungated",
    ),
    (
        "soft-inner-hangs",
        "The server that events go to never answers",
        NOTHING_LOST,
        _black_hole,
        "ungated",
    ),
    ("soft-inner-refuses", "It refuses connections", NOTHING_LOST, _refusing, "ungated"),
    ("soft-transformer-slow", "A transformer never ends", NOTHING_LOST, _transformed, "ungated"),
    ("soft-marquez-hangs", "Marquez, to be tagged, never answers", "tagged", _marquez_down),
    ("soft-facet-circular", "A facet refers to itself", NOTHING_LOST, _says(circular), "ungated"),
    ("soft-facet-odd", "A facet makes no sense", NOTHING_LOST, _says(odd), "ungated"),
    ("soft-event-large", "An event has 30 MB", NOTHING_LOST, _says(large), "ungated"),
    ("soft-capture-raises", "Capturing raises", NOTHING_LOST, _capture_raises, "ungated"),
    (
        "soft-half-installed",
        "A table of the package is missing",
        "losses",
        _half_installed,
        "ungated",
    ),
    (
        "soft-clock-nonsense",
        "The clock says that it is before 1970",
        NOTHING_LOST,
        _in_the_fork(lambda: -5_000_000),
        "ungated",
    ),
    (
        "soft-setting-no-number",
        "A setting is no number",
        "write a whole number",
        lambda house: house.set("append_budget_ms", "soon"),
        "ungated",
    ),
)
