"""Getting started does what it says, from its first line to its last, on a real Airflow."""

from __future__ import annotations

import re
import shutil

import pytest

from lineage_plugin.cli.exits import ExitCode
from lineage_plugin.settings import DEFAULTS
from tests.support.pages import PAGES, Machine, Snippet, machine, snippets

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

#: What differs from run to run.
_VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "<time>"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<id>"),
    (re.compile(r"\b\d+:[0-9a-f]{64}\b"), "<head>"),
    (re.compile(r"\b\d+ entries"), "<entries>"),
)


def plain(text: str) -> str:
    """Return *text* without what differs from run to run, and without the widths of columns."""
    for pattern, name in _VARYING:
        text = pattern.sub(name, text)
    return "\n".join(re.sub(r"\s+", " ", line).strip() for line in text.strip().splitlines())


class Walk:
    """Does what the page says, in its order, and notes where the page is wrong."""

    def __init__(self, here: Machine) -> None:
        self.here = here
        self.wrong: list[str] = []
        self.printed = ""
        self.commands: list[str] = []
        self.codes: list[int] = []

    def take(self, snippet: Snippet) -> None:
        """Do one step."""
        if snippet.language == "console":
            self._type(snippet)
        elif snippet.language == "text":
            self._compare(snippet)
        elif snippet.file:
            path = self.here.home / snippet.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(snippet.text, encoding="utf-8")

    def _type(self, snippet: Snippet) -> None:
        lines = [line.removeprefix("$ ") for line in snippet.text.splitlines()]
        self.printed = ""
        for line in lines:
            if line.startswith("pip ") or (line.startswith("sqlite3") and not _sqlite3()):
                continue
            done = self.here.run(line)
            self.commands.append(line)
            self.codes.append(done.returncode)
            self.printed += done.stdout if line.startswith("lineage") else done.stdout + done.stderr

    def _compare(self, snippet: Snippet) -> None:
        printed = plain(self.printed.replace(str(self.here.home), "$AIRFLOW_HOME"))
        shown = plain(snippet.text)
        if self.commands[-1].startswith("airflow"):
            missing = [line for line in shown.splitlines() if line not in printed]
            self.wrong += [f"{self.commands[-1]} does not print: {line}" for line in missing]
        elif not printed.endswith(shown):
            self.wrong.append(f"{self.commands[-1]} prints:\n{printed}\nthe page says:\n{shown}")


def _sqlite3() -> bool:
    return shutil.which("sqlite3") is not None


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """Getting started, walked to its end on a real Airflow."""
    home = tmp_path_factory.mktemp("walk") / "home"
    done = Walk(machine(home))
    for snippet in snippets("getting-started.md"):
        done.take(snippet)
        if done.commands == ["lineage-plugin init"]:
            migrated = done.here.run("airflow db migrate")
            assert migrated.returncode == 0, migrated.stderr
    return done


def test_every_command_prints_what_getting_started_shows(walk: Walk) -> None:
    assert walk.wrong == []


def test_the_training_is_blocked_and_then_allowed(walk: Walk) -> None:
    ended = list(zip(walk.commands, walk.codes, strict=True))

    runs = [code for command, code in ended if command.startswith("airflow")]
    assert runs == [0, 1, 0]
    gates = [code for command, code in ended if command.startswith("lineage-plugin gate")]
    assert gates == [ExitCode.UNDECIDED, ExitCode.DONE, ExitCode.DONE, ExitCode.UNDECIDED]
    checks = [code for command, code in ended if command.startswith("lineage-plugin catalog")]
    assert checks == [ExitCode.WRONG_INPUT, ExitCode.DONE, ExitCode.DONE]
    others = {
        code for command, code in ended if command.split()[1] not in {"dags", "gate", "catalog"}
    }
    assert others == {ExitCode.DONE}


@pytest.mark.skipif(not _sqlite3(), reason="the command sqlite3 is not installed; the page uses it")
def test_the_backup_is_a_genuine_record(walk: Walk) -> None:
    head = walk.here.run("lineage-plugin verify").stdout.split()[-1]
    backup = walk.here.home / "record-backup.db"

    done = walk.here.run(
        f"AIRFLOW__LINEAGE_PLUGIN__STORE_URL=sqlite:///{backup}"
        f" lineage-plugin verify --expected-head {head}"
    )

    assert done.returncode == 0, done.stdout


def test_what_is_kept_is_where_the_page_says(walk: Walk) -> None:
    section = PAGES["getting-started.md"].partition("## Where things are")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| [^|]+ \| `([^`]+)` \| `(\w+)` \|$", section, re.MULTILINE)

    assert {setting for _, setting in rows} == {
        "store_url",
        "state_dir",
        "catalog",
        "policy",
        "expectations",
    }
    for place, setting in rows:
        assert (walk.here.home / place).exists(), place
        assert DEFAULTS[setting].rstrip("/").endswith(f"{{home}}/{place}".rstrip("/"))
