"""What docs/suites.md shows is so: its files are written, its commands run, in their order."""

from __future__ import annotations

import re
import shlex
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

from click.testing import CliRunner

from lineage_plugin.cli import command
from tests.support.pages import snippets

if TYPE_CHECKING:
    import pytest


def matches(shown: str, told: str) -> bool:
    """Whether output is as shown, where ``...`` stands for anything."""
    pattern = ".*".join(map(re.escape, shown.rstrip().split("...")))
    return re.fullmatch(pattern, told.rstrip(), re.DOTALL) is not None


def test_the_tutorial_goes_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.delenv("AIRFLOW_CONFIG", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    ended = []

    for snippet in snippets("suites.md"):
        if snippet.language != "console":
            file = tmp_path / snippet.file
            file.parent.mkdir(exist_ok=True)
            file.write_text(snippet.text, "utf-8")
            continue
        first, _, shown = snippet.text.partition("\n")
        program, *arguments = shlex.split(first.removeprefix("$ "))
        done = CliRunner().invoke(command, arguments, prog_name=program)
        assert matches(shown, done.output), done.output
        ended.append(done.exit_code)

    assert ended == [0, 0, 0, 3, 0, 0]
    results = ET.parse(tmp_path / "suites.xml").getroot()  # noqa: S314 - our own
    assert results.attrib["tests"] == "2"
    assert results.attrib["failures"] == "0"
