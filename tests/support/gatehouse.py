"""A throw-away Airflow home with catalog, suites and record, and a gate to ask."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from lineage_plugin import settings
from lineage_plugin.gate.service import open_gate
from lineage_plugin.model import (
    DatasetRef,
    Decision,
    EdgeKind,
    Outcome,
    Output,
    Reason,
    RunFacts,
    RunState,
    Subject,
)
from lineage_plugin.store import open_store
from lineage_plugin.store.api import Store

#: 1 January 2026, in microseconds.
NEW_YEAR_US = 1_767_225_600_000_000
SECOND = 1_000_000
DAY = 86_400 * SECOND

#: A root with all that training a model asks for.
CLEAN = """\
    origin: external
    source: {issuer: Acme GmbH, method: primary-user-source}
    license: CC-BY-4.0
    consent: {none: no people shown}
    custody: [{from: Acme GmbH, event: published}]
    assurance: documented
"""

#: One rule, for suites of an administrator or an author.
RULE: dict[str, Any] = {
    "type": "expect_column_values_to_be_in_set",
    "kwargs": {"column": "license_verdict", "value_set": ["permitted", "inherited"]},
    "meta": {"rule": "license.permits-purpose"},
}


def ref(name: str) -> DatasetRef:
    """Return a dataset of the lake."""
    return DatasetRef("s3://lake", name)


def uri(name: str) -> str:
    """Return the URI of a dataset of the lake."""
    return ref(name).uri


def subject(job: str, group: str = "monday") -> Subject:
    """Return a task of a DAG run."""
    return Subject("airflow", job, group, f"{group}/{job}")


def roots(**said: str) -> str:
    """Write a catalog: for each dataset of the lake the lines that are said about it."""
    bodies = "".join(f"  s3://lake/{name}:\n{body}" for name, body in said.items())
    return f"version: 1\nauthority: team-vision\ndatasets:\n{bodies}"


class Gatehouse:
    """Keeps everything that a gate needs in one folder; ``now_us`` is what its clock says."""

    def __init__(self, home: Path, **changed: Any) -> None:
        self.home = home
        self.settings = replace(settings.load({"AIRFLOW_HOME": str(home)}), **changed)
        self.now_us = NEW_YEAR_US

    @property
    def record(self) -> Path:
        """The file of the record."""
        return Path(self.settings.store_url.removeprefix("sqlite:///"))

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the record."""
        with closing(open_store(self.settings.store_url)) as store:
            yield store

    def catalog(self, text: str, name: str = "provenance.yaml") -> Gatehouse:
        (self.home / name).write_text(text, "utf-8")
        return self

    def policy(self, text: str) -> Gatehouse:
        self.settings.policy.write_text(f"version: 1\npurposes:\n{text}", "utf-8")
        return self

    def suite(self, name: str, *expectations: dict[str, Any]) -> Path:
        """Write a suite into the administrator's folder."""
        return self.suite_text(name, json.dumps({"name": name, "expectations": expectations}))

    def suite_text(self, name: str, text: str) -> Path:
        self.settings.expectations.mkdir(exist_ok=True)
        file = self.settings.expectations / f"{name}.json"
        file.write_text(text, "utf-8")
        return file

    def ran(
        self,
        job: str,
        reads: Collection[str] = (),
        writes: Collection[str] = (),
        *,
        state: RunState | None = RunState.COMPLETE,
        **more: Any,
    ) -> Gatehouse:
        """Record that a task began and how it ended; with ``state=None`` it has not."""
        for reached in (RunState.START, state):
            if reached is not None:
                self.said(job, reached, reads, writes, **more)
        return self

    def said(
        self,
        job: str,
        state: RunState,
        reads: Collection[str] = (),
        writes: Collection[str] = (),
        *,
        overwrites: bool = False,
        **more: Any,
    ) -> None:
        """Record one event, a second after the last thing that happened."""
        self.now_us += SECOND
        group = more.setdefault("group", "monday")
        more.setdefault("edge", EdgeKind.FILTER)
        facts = RunFacts(
            f"{group}/{job}",
            "airflow",
            job,
            state,
            self.now_us,
            parent_run_id=group,
            inputs=tuple(map(ref, reads)),
            outputs=tuple(Output(ref(name), overwrites=overwrites) for name in writes),
            **more,
        )
        with self.store() as store:
            store.append_runs([(facts, "{}")], recorded_us=self.now_us)

    def ask(self, *names: str, purpose: str = "model-training", **more: Any) -> Decision:
        """Ask whether datasets of the lake may be used, a second after the last happening."""
        self.now_us += SECOND
        with open_gate(self.settings, now_us=lambda: self.now_us) as gate:
            return gate.decide([ref(name) for name in names], purpose, **more)

    def recorded(self) -> list[Decision]:
        """Return every decision in the record, newest first."""
        with self.store() as store:
            return store.decisions(limit=1_000)

    def verdicts(self, *names: str, **more: Any) -> tuple[Outcome, list[str]]:
        """Ask, and return the outcome with the ids of the reasons."""
        decision = self.ask(*names, **more)
        return decision.outcome, [reason.id for reason in decision.reasons]


def only(reasons: Sequence[Reason]) -> Reason:
    """Return the one reason that there is."""
    assert len(reasons) == 1, [str(reason) for reason in reasons]
    return reasons[0]
