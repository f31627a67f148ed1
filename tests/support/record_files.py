"""A record with entries of all kinds in a file, and ways to get at that file from outside."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from lineage_plugin.model import Alias, EdgeKind, ExplicitLineage, Output
from lineage_plugin.store import open_store
from lineage_plugin.store.sqlite import SqliteStore
from tests.support.records import COMPLETE, decision, declare, event, record, ref, said, statement

#: How many entries :func:`make_record` makes, one of each kind and one more run.
ENTRIES = 7


def make_record(folder: Path) -> Path:
    """Make a record with one entry of each kind."""
    path = folder / "record.db"
    with closing(open_at(path)) as store:
        faces = event("embed", COMPLETE, 10, reads=["photos"], writes=["faces"])
        faces = replace(
            faces,
            edge=EdgeKind.EMBED,
            declarations=(said("s3://lake/faces"),),
            is_whole=True,
            outputs=(Output(ref("faces"), lineage=(ExplicitLineage((ref("photos"),), "us"),)),),
            aliases=(Alias(ref("photos"), ref("db.photos"), "us"),),
        )
        record(store, faces, raw='{"sql": "SELECT the_secret FROM people"}')
        record(store, event("train", COMPLETE, 20, reads=["faces"], writes=["faces/model"]))
        declare(store, [said("s3://lake/photos")], digest="1")
        store.append_decision(decision(), recorded_us=30)
        store.append_statement(statement(), recorded_us=35)
        store.redact(2, reason="not needed", actor="dpo", recorded_us=40)
    return path


def open_at(path: Path, **options: Any) -> SqliteStore:
    store = open_store(f"sqlite:///{path}", **{"busy_timeout_ms": 50, **options})
    assert isinstance(store, SqliteStore)
    return store


def change(path: Path, *statements: str, triggers: bool = False) -> None:
    """Change the file as somebody with an editor for databases could."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        if not triggers:
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall():
                connection.execute(f"DROP TRIGGER {name}")
        for command in statements:
            connection.execute(command)
