"""A real Airflow in a throw-away home: every file of DAGs is run once, in a process of its own."""

from __future__ import annotations

import configparser
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.browser import browser_page, browser_tab, chromium

#: Fixtures of other files, for all tests below this folder.
__all__ = ["browser_page", "browser_tab", "chromium"]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

PROVENANCE_YAML = """\
version: 1
authority: team-maps
datasets:
  s3://lake/maps/**:
    origin: external
    source: {issuer: City of Berlin, method: feeds}
    license: CC-BY-4.0
    consent: {none: no people shown}
    custody: {none: fetched from who made it}
  s3://lake/members/**:
    origin: external
    source: {issuer: our members, method: user-generated-content}
    license: CC-BY-4.0
    consent: {basis: eu-gdpr:A6-1-a, purposes: [service-provision]}
    custody: {none: uploaded by our members}
    categories: [personal, picture]
    evidence: [{uri: 'https://example.org/privacy.pdf', sha256: DIGEST}]
  s3://lake/plans/**:
    origin: external
    source: {issuer: our surveyors, method: primary-user-source}
    license: CC-BY-4.0
    consent: {none: no people shown}
    custody: {none: drawn by ourselves}
    evidence: [{uri: 'https://example.org/survey.pdf', sha256: DIGEST}]
recipients:
  City Archive:
    - {uri: 'https://example.org/archive.pdf', sha256: DIGEST, purposes: [disclosure]}
""".replace("DIGEST", "a" * 64)


@dataclass(frozen=True)
class Ended:
    """What was left when all DAGs of a file had run."""

    states: Mapping[str, Mapping[str, Mapping[str, Any]]]
    log: str
    events: tuple[Mapping[str, Any], ...]
    ran: Path

    def state(self, dag_id: str, task: str = "train") -> str:
        """How a task instance ended."""
        return str(self.states[dag_id][task]["state"])

    def of(self, job: str, kind: str) -> list[Mapping[str, Any]]:
        """The events of a kind that a job sent."""
        return [e for e in self.events if (e["job"]["name"], e["eventType"]) == (job, kind)]

    def has_run(self, body: str) -> bool:
        """Whether a body left its mark."""
        return (self.ran / body).exists()


Run = Callable[[str], Ended]
Befall = Callable[[str], Mapping[str, Mapping[str, Any]]]

#: Processes that faults are shared among: one for each core of a small machine.
_PARTS = 2

#: What is told when all tests have run.
PROMISED = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a home with an empty database, to be copied."""
    template = tmp_path_factory.mktemp("airflow") / "home"
    _airflow(_environment(template), "-m", "airflow", "db", "migrate")
    # Airflow writes every default out, with the paths of this home; a copy must not have them.
    (template / "airflow.cfg").unlink()
    return template


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Run:
    """Run the DAGs of a file below ``dags_under_test``; asked again, tell the same."""

    @cache
    def run(name: str) -> Ended:
        home = tmp_path_factory.mktemp(name) / "home"
        shutil.copytree(template, home)
        (home / "provenance.yaml").write_text(PROVENANCE_YAML)
        _policy(home)
        env = _environment(home)
        script, dags = HERE / "run_dags.py", HERE / "dags_under_test" / f"{name}.py"
        log = _airflow(env, str(script), str(dags))
        told = next(line for line in log.splitlines() if line.startswith("ENDED "))
        lines = (home / "events.jsonl").read_text().splitlines()
        return Ended(
            json.loads(told.removeprefix("ENDED ")),
            log,
            tuple(json.loads(line) for line in lines),
            home / "ran",
        )

    return run


@pytest.fixture(scope="session")
def befall(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Befall:
    """Let each fault of some tables befall a task, and tell what came of it."""
    env = _environment(template) | {"AIRFLOW__CORE__DAGS_FOLDER": str(HERE / "faults" / "dags")}
    script = str(HERE / "faults" / "children.py")

    @cache
    def befall(tables: str) -> Mapping[str, Mapping[str, Any]]:
        folder = str(tmp_path_factory.mktemp("faults"))

        def part(number: int) -> str:
            return _airflow(env, script, str(template), folder, tables, str(number), str(_PARTS))

        with ThreadPoolExecutor(_PARTS) as pool:
            lines = [line for told in pool.map(part, range(_PARTS)) for line in told.splitlines()]
        told = [json.loads(line[6:]) for line in lines if line.startswith("FAULT ")]
        return {each["id"]: each for each in told}

    return befall


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tell how many faults were met as promised."""
    for line in terminalreporter.config.stash.get(PROMISED, ()):
        terminalreporter.write_line(line)


def _policy(home: Path) -> None:
    from lineage_plugin.catalog.starter import POLICY_YAML

    (home / "policy.yaml").write_text(POLICY_YAML)


def _environment(home: Path) -> dict[str, str]:
    """Return an environment in which nothing of the machine's own Airflow counts."""
    (home / "ran").mkdir(parents=True, exist_ok=True)
    transport = {
        "type": "lineage_plugin.airflow.transport.AirflowProvenanceTransport",
        "transport": {
            "type": "file",
            "log_file_path": str(home / "events.jsonl"),
            "append": True,
        },
    }
    foreign = ("AIRFLOW", "OPENLINEAGE", "PYTEST")
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith(foreign)},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__API__BASE_URL": "https://airflow.example.org/af",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
        "AIRFLOW__OPENLINEAGE__CUSTOM_RUN_FACETS": "lineage_plugin.airflow.run_facets.declared",
        "BODIES_RAN": str(home / "ran"),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(_entry_points(home)))),
    }


def _entry_points(home: Path) -> Path:
    """Return a folder from which Airflow learns of the package as if it were installed."""
    folder = home / "installed"
    try:
        importlib.metadata.distribution("lineage-plugin")
    except importlib.metadata.PackageNotFoundError:
        setup = configparser.ConfigParser()
        setup.read(ROOT / "setup.cfg")
        groups = setup["options.entry_points"].items()
        info = folder / "lineage_plugin-0.1.0.dist-info"
        info.mkdir(parents=True, exist_ok=True)
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: lineage-plugin\nVersion: 0.1.0\n"
        )
        (info / "entry_points.txt").write_text(
            "\n".join(f"[{group}]{points}\n" for group, points in groups)
        )
    return folder


def _airflow(env: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        env=env,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-5_000:]
    return done.stdout
