"""Bodies that read and write what nobody declared."""

from __future__ import annotations

import functools
import http.server
import os
import sqlite3
import threading
import urllib.request
from pathlib import Path
from typing import Any

from airflow.providers.openlineage.api.emission_policy import (
    extend_global_openlineage_emission_policy,
)
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import Asset, ObjectStoragePath, dag, task

from lineage_plugin.airflow.decorators import provenance, requires

#: Events that never come are not waited for.
os.environ["AIRFLOW__LINEAGE_PLUGIN__SETTLE_WAIT_S"] = "1"

DATA = Path(os.environ["BODIES_RAN"]) / "data"
MAPS = Asset("s3://lake/maps/berlin")
MODEL = Asset(f"file://{DATA}/model.bin")
#: A source that is declared, so that only the lost run stands in the way.
LOST = Asset("s3://lake/maps/lost")
FACES = Asset("s3://lake/faces")


def at_hand(name: str, text: str = "a\n1\n") -> Path:
    """Make a file before the body whose doings are looked at."""
    path = DATA / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


@functools.cache
def server() -> str:
    """Serve the data on this machine."""

    class Files(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    at_hand("served/a.csv")
    handler = functools.partial(Files, directory=str(DATA / "served"))
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{listening.server_port}"


def _prepare(_: Any) -> None:
    """Run as a hook before the body, so that it is none of the body's doings."""
    at_hand("in.csv")
    at_hand("small.csv")
    for n in range(3_000):
        at_hand(f"photos/{n}.jpg")
    server()


@dag(schedule=None)
def everything() -> None:
    @provenance(edge="join")
    @task(outlets=[FACES], pre_execute=_prepare)
    def touch() -> None:
        import duckdb
        import pandas as pd  # type: ignore[import-untyped]

        pd.read_csv(DATA / "in.csv").to_parquet(DATA / "out.parquet")
        for n in range(3_000):
            (DATA / f"photos/{n}.jpg").read_bytes()
        duckdb.execute(f"COPY (SELECT * FROM '{DATA}/small.csv') TO '{DATA}/duck.csv'")
        with sqlite3.connect(DATA / "new.db") as database:
            database.execute("CREATE TABLE t (a)")
        ObjectStoragePath(f"file://{DATA}/object.txt").write_text("x")
        urllib.request.urlopen(f"{server()}/a.csv?token=s3cret").read()  # noqa: S310
        threading.Thread(target=(DATA / "thread.txt").write_text, args=("x",)).start()

    touch()


@dag(schedule=None)
def failing() -> None:
    @task(pre_execute=_prepare)
    def fail() -> None:
        (DATA / "half.csv").write_text((DATA / "in.csv").read_text())
        raise ValueError

    fail()


@dag(schedule=None)
def mapped() -> None:
    @task(pre_execute=_prepare)
    def copy(n: int) -> None:
        (DATA / f"copy-{n}.csv").write_text((DATA / f"photos/{n}.jpg").read_text())

    copy.expand(n=[1, 2])


@dag(schedule=None)
def put_off() -> None:
    class ReadsFirst(DateTimeSensorAsync):
        def execute(self, context: Any) -> Any:
            (DATA / "photos/1.jpg").read_bytes()
            return super().execute(context)

    at_hand("photos/1.jpg")
    ReadsFirst(task_id="wait", target_time="{{ dag_run.run_after }}", poke_interval=1)


@dag(schedule=None)
def undeclared_1_trains() -> None:
    @requires("model-training")
    @provenance(edge="train")
    @task(inlets=[MAPS], outlets=[MODEL], pre_execute=_prepare)
    def train() -> None:
        (DATA / "model.bin").write_text((DATA / "in.csv").read_text())

    train()


@dag(schedule=None)
def undeclared_2_uses() -> None:
    @requires("model-training")
    @task(inlets=[MODEL])
    def train() -> None:
        at_hand("used.txt")

    train()


@dag(schedule=None)
def well_behaved() -> None:
    @requires("model-training")
    @provenance(edge="train")
    @task(inlets=[MAPS], outlets=[Asset(f"file://{DATA}/good.bin")])
    def train() -> None:
        (DATA / "good.bin").write_text("x")

    train()


@dag(schedule=None)
def lost_1_writes() -> None:
    @task(inlets=[MAPS], outlets=[LOST])
    def write() -> None:
        pass

    # Nothing of this run reaches the record.
    written: Any = write()
    extend_global_openlineage_emission_policy(written.operator, emit=False)


@dag(schedule=None)
def lost_2_uses() -> None:
    @requires("model-training")
    @task(inlets=[LOST])
    def train() -> None:
        at_hand("lost.txt")

    train()


for made in (
    everything,
    failing,
    mapped,
    put_off,
    lost_1_writes,
    lost_2_uses,
    undeclared_1_trains,
    undeclared_2_uses,
    well_behaved,
):
    made()
