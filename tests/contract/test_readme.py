"""Every snippet of the README does what the README says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lineage_plugin.catalog.provenance_yaml import load_catalog
from lineage_plugin.facets.events import facts_of
from lineage_plugin.model import Output, RunState
from lineage_plugin.store import open_store

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```(\w+)\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def snippet(language: str, *, holding: str = "") -> str:
    """Return the one snippet in a language that holds some text."""
    (found,) = [str(text) for kind, text in SNIPPETS if kind == language and holding in text]
    return found


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An AIRFLOW_HOME with the README's catalog and the evidence that it names."""
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "acme.pdf").write_bytes(b"the signed agreement")
    (tmp_path / "provenance.yaml").write_text(snippet("yaml"), encoding="utf-8")
    return tmp_path


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``lineage-plugin`` as a shell would."""
    return subprocess.run(
        [sys.executable, "-c", "from lineage_plugin.cli import main; main()", *arguments],
        env={**os.environ, "AIRFLOW_HOME": str(home), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_catalog_has_no_mistakes(home: Path) -> None:
    (declaration,) = load_catalog(home / "provenance.yaml").declarations

    assert declaration.pattern == "s3://lake/photos/**"


def test_the_dag_is_twenty_odd_lines_and_has_a_gate(tmp_path: Path) -> None:
    code = snippet("python")
    (tmp_path / "faces.py").write_text(code, encoding="utf-8")
    probe = (
        "import faces\n"
        "from lineage_plugin.airflow.hook import TaskHook\n"
        "from airflow.sdk import DAG\n"
        "dag = faces.faces()\n"
        "hooks = {t.task_id: t._pre_execute_hook for t in dag.tasks}\n"
        "assert all(isinstance(hook, TaskHook) for hook in hooks.values())\n"
        "print([(n, [r.purpose for r in h.requirements]) for n, h in sorted(hooks.items())])"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=tmp_path,
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[('embed', []), ('train', ['face-recognition'])]"
    assert len(code.splitlines()) <= 26


def test_the_refusal_is_what_the_command_prints(home: Path) -> None:
    store = open_store(f"sqlite:///{home}/lineage_plugin/record.db")
    for second, state in enumerate((RunState.START, RunState.COMPLETE)):
        event = {
            "eventType": state.value,
            "eventTime": f"2026-01-10T10:00:0{second}Z",
            "run": {"runId": "01941f29-7c00-7000-8000-000000000001", "facets": {}},
            "job": {"namespace": "default", "name": "faces.embed"},
            "inputs": [{"namespace": "s3://lake", "name": "photos/"}],
            "outputs": [{"namespace": "s3://lake", "name": "faces/"}],
        }
        facts = facts_of(event)
        assert facts is not None
        assert facts.outputs[0] == Output(facts.outputs[0].ref)
        store.append_runs([(facts, "{}")], recorded_us=second)
    store.close()
    asked = snippet("console", holding="lineage-plugin gate").split()
    assert asked[:2] == ["$", "lineage-plugin"]

    done = command(home, *asked[2:])

    shown = re.sub(r"Decision \S+ at \S+", "Decision … at …", done.stdout)
    shown = re.sub(r"explain [0-9a-f-]{36}", "explain …", shown)
    assert done.returncode == 3, done.stderr
    assert snippet("text") == shown


def test_every_command_that_is_named_exists(home: Path) -> None:
    named = set(re.findall(r"`lineage-plugin (\w+)", README)) | {
        line.split()[2] for line in README.splitlines() if line.startswith("$ lineage-plugin")
    }

    for name in sorted(named):
        assert command(home, name, "--help").returncode == 0, name


def test_init_wraps_what_is_there_and_takes_a_marquez(home: Path) -> None:
    asked = snippet("console", holding="--marquez-url").split()
    done = command(home, *asked[2:])

    assert done.returncode == 0, done.stderr
    assert "http://localhost:5000" in (home / "airflow.cfg").read_text(encoding="utf-8")


def test_every_target_of_make_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"^\$ make (\w+)|`make (\w+)`", README, re.MULTILINE))

    assert {name for pair in named for name in pair if name} <= targets


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
