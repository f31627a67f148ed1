"""What a fault is, and the house in which it is arranged: an Airflow home with a sound record.

A child of a warm process arranges one fault in a home of its own and runs one real DAG there.
"""

from __future__ import annotations

import ctypes
import json
import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.support.gatehouse import CLEAN, SECOND, Gatehouse, roots

#: What the task between the writer and the reader does, in the process that runs all three.
MEDDLE: list[Callable[[], object]] = []

#: What each DAG reads was made by this task.
MAKER = "faulty.find"

#: Of a fault: the process itself ends.
DIES = True

#: Waits are short here, so that a fault costs no more than it must.
SHORT = {"append_budget_ms": "200", "settle_wait_s": "1"}


class House:
    """The home of one fault; a sound record, a catalog and a policy are in it already."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.state = home / "lineage_plugin"
        self.policy = home / "policy.yaml"
        self.catalog = home / "provenance.yaml"
        self.said: dict[str, Any] = {}
        for name, value in SHORT.items():
            self.set(name, value)
        self.gates = Gatehouse(home)

    def furnish(self) -> House:
        """Put there what lets the body run as long as nothing is broken."""
        from lineage_plugin.catalog.starter import POLICY_YAML

        self.gates.catalog(roots(maps=CLEAN))
        self.policy.write_text(POLICY_YAML)
        self.gates.ran(MAKER, ["maps"], ["houses"])
        return self

    @property
    def record(self) -> Path:
        return self.state / "record.db"

    def set(self, name: str, value: object) -> None:
        """Change a setting of ours, as the environment does."""
        os.environ[f"AIRFLOW__LINEAGE_PLUGIN__{name.upper()}"] = str(value)

    def meanwhile(self, act: Callable[[], object]) -> None:
        """Have something done between the task that writes and the one that reads."""
        MEDDLE.append(act)

    def suite(self, *expectations: Mapping[str, Any]) -> None:
        """Bind a suite of the administrator's own to what the training is for."""
        self.gates.suite("ours", *map(dict, expectations))
        self.binds("ours")

    def suite_text(self, text: str) -> Path:
        """The same, written by hand."""
        self.binds("ours")
        return self.gates.suite_text("ours", text)

    def binds(self, suite: str) -> None:
        self.policy.write_text(f"version: 1\npurposes:\n  model-training: [{suite}]\n")

    def asked_once(self) -> None:
        """Have a gate look at the record once, as it did yesterday."""
        from lineage_plugin.model import Outcome

        assert self.gates.ask("houses").outcome is Outcome.ALLOWED

    def checkpointed(self) -> None:
        """Leave the record in one file."""
        with closing(sqlite3.connect(self.record)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        for beside in self.state.glob("record.db-*"):
            beside.unlink()

    def lock(self) -> None:
        """Hold the record as another program would, until this process ends."""
        other = sqlite3.connect(self.record, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN EXCLUSIVE")
        self.said["lock"] = other  # kept open

    def sql(self, statement: str) -> None:
        with closing(sqlite3.connect(self.record)) as other, other:
            other.execute(statement)


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong, and what is promised then.

    ``expect`` is the id of a reason where a gate stands, and what ``lineage-plugin doctor`` names
    where none does.  ``dies`` says that the process itself ends, and ``expect`` is in its log.
    """

    id: str
    what: str
    expect: str
    arrange: Callable[[House], object]
    dag: str = "judged"
    dies: bool = False
    area: str = ""


def table(area: str, *rows: tuple[Any, ...]) -> tuple[Fault, ...]:
    """Make faults of one area, each row the first fields of one."""
    return tuple(replace(Fault(*row), area=area) for row in rows)


def obey_modes() -> None:
    """Have the modes of files count for root too: give up what lets it pass them by.

    Source:
        capabilities(7): CAP_DAC_OVERRIDE (1), CAP_DAC_READ_SEARCH (2); capset(2), version 3.
    """
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, data) == 0, os.strerror(ctypes.get_errno())
    for place in (0, 1):  # effective, permitted
        data[place] &= ~0b110
    assert libc.capset(header, data) == 0, os.strerror(ctypes.get_errno())


def later(house: House, seconds: int = 1) -> int:
    """Return a moment after all that was recorded, in microseconds."""
    return house.gates.now_us + seconds * SECOND


def told(value: Any) -> str:
    """Write JSON as an administrator would."""
    return json.dumps(value, indent=2)
