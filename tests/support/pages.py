"""The pages of docs/, taken apart, and a machine on which what they say can be tried."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = {path.name: path.read_text("utf-8") for path in sorted(DOCS.glob("*.md"))}

#: A fenced block: its language and its text.
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Snippet:
    """A fenced block, with the prose that leads to it and from it."""

    language: str
    text: str
    before: str
    after: str

    @property
    def file(self) -> str:
        """The file that the line before names, as in "`dags/forecast.py`:"."""
        named = re.search(r"`([\w./-]+)`(?: yet)?[^`\n]*:\n+\Z", self.before)
        return named[1] if named else ""


def snippets(page: str) -> list[Snippet]:
    """Return the fenced blocks of a page."""
    text = PAGES[page]
    found = list(FENCED.finditer(text))
    starts = [0, *(match.end() for match in found)]
    ends = [*(match.start() for match in found), len(text)]
    prose = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    return [
        Snippet(match[1], match[2], before, after)
        for match, before, after in zip(found, prose, prose[1:], strict=False)
    ]


# --- a machine with Airflow on it


@dataclass(frozen=True)
class Machine:
    """A shell in a home of its own."""

    home: Path
    env: Mapping[str, str]

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run a line as a person would type it."""
        return subprocess.run(
            ["/bin/bash", "-c", line],
            cwd=self.home,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


def machine(home: Path) -> Machine:
    """Return a machine on which the commands are those of this interpreter."""
    commands = {
        "lineage-plugin": "from lineage_plugin.cli import main; main()",
        "airflow": "from airflow.__main__ import main; main()",
    }
    (home / "bin").mkdir(parents=True)
    for name, code in commands.items():
        script = home / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{code}" "$@"\n')
        script.chmod(0o755)
    foreign = ("AIRFLOW", "OPENLINEAGE", "PYTEST")
    env = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    return Machine(
        home,
        {
            **env,
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "COLUMNS": "100",
            "PATH": f"{home / 'bin'}{os.pathsep}{env['PATH']}",
            "PYTHONPATH": str(ROOT),
        },
    )
