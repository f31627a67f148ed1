"""``lineage-plugin explain --format html``: a page about one decision, to pass on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from lineage_plugin.cli.exits import ExitCode
from tests.support.report_story import told

Run = Callable[..., Result]


def test_a_decision_is_explained_on_a_page_that_needs_nothing_else(
    run: Run, tmp_path: Path
) -> None:
    told(tmp_path, waived_until_us=4_102_444_800_000_000)
    (decision,) = json.loads(run("decisions", "--format", "json").stdout)
    target = tmp_path / "blocked.html"

    result = run("explain", decision["id"], "--format", "html", "-o", str(target))

    assert (result.exit_code, result.stdout) == (ExitCode.DONE, ""), result.output
    text = target.read_text("utf-8")
    assert "<h1><bdi>Why faces.train was blocked</bdi></h1>" in text
    for part in (
        'data-outcome="DENIED"',
        "it changed hands (partner-transfer) without an agreement",
        "obtain the signed agreement",
        "<b>team-vision</b> says:",
        "by airflow/photos.crop, run monday",
        f"lineage-plugin explain {decision['id']}",
    ):
        assert part in text, part
    assert text.count('class="node ') == 5
    assert not re.search(r"(src|href)=\"(?!#)", text)
    assert text == run("explain", decision["id"], "--format", "html").stdout


@pytest.mark.usefixtures("recorded")
def test_a_page_is_written_only_where_one_is_asked_for(run: Run, tmp_path: Path) -> None:
    asked = ("explain", "s3://lake/faces", "--for", "face-recognition")

    refused = run(*asked, "-o", str(tmp_path / "x.html"))

    assert refused.exit_code == ExitCode.WRONG_INPUT
    assert "--format html" in refused.stderr
    assert "<!doctype html>" in run(*asked, "--format", "html").stdout
