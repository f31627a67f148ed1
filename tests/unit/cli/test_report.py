"""``lineage-plugin report`` over a record with one model in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

from lineage_plugin.cli.exits import ExitCode
from lineage_plugin.store import open_store
from tests.support.gatehouse import CLEAN, Gatehouse, roots
from tests.support.report_story import told

Run = Callable[..., Result]

#: 1 January 2100: after every test.
_LATE_US = 4_102_444_800_000_000


@pytest.fixture
def story(tmp_path: Path) -> Path:
    """A record with a model that was made and one that gates stopped."""
    told(tmp_path, waived_until_us=_LATE_US)
    return tmp_path


def entries(home: Path) -> int:
    with closing(open_store(f"sqlite:///{home}/lineage_plugin/record.db")) as store:
        return store.head()[0]


def sentences(page: str) -> list[str]:
    return re.findall(r'<p class="sentence"><bdi>(.*?)</bdi>', page)


@pytest.mark.usefixtures("recorded")
def test_a_report_on_a_model_says_what_stands_in_its_way(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "report.html"

    result = run("report", "s3://models/faces", "-o", str(target), "--for", "face-recognition")

    assert result.exit_code == ExitCode.DONE, result.output
    assert result.stdout == ""
    assert f"wrote {target}: 3 datasets, for face-recognition" in result.stderr
    (sentence,) = sentences(target.read_text("utf-8"))
    assert sentence.startswith(
        "This model may not be used for face-recognition, because of the source s3://lake/photos, "
        "two steps upstream: CC-BY-NC-4.0 forbids commercial use"
    )


@pytest.mark.usefixtures("recorded")
def test_the_purpose_is_that_of_the_newest_decision_if_nobody_says_one(run: Run) -> None:
    page = run("report", "s3://lake/faces/", "-o", "-").stdout

    assert page.startswith("<!doctype html>")
    assert "for the purpose <b>face-recognition</b>" in page
    assert "forbids commercial use" in page


def test_the_whole_record_shows_models_first_and_one_that_gates_stopped(
    run: Run, story: Path
) -> None:
    before = entries(story)

    page = run("report", "-o", "-").stdout

    stopped, made = sentences(page)
    assert stopped == (
        "This model may not be trained for face-recognition, because of the source "
        "s3://lake/profile-photos, three steps upstream: it changed hands (partner-transfer) "
        "without an agreement."
    )
    assert made.startswith("This model may be used for face-recognition: nothing stands")
    assert "statements in force: 1" in page
    assert entries(story) == before


def test_all_that_nobody_knows_is_told_at_once(run: Run, story: Path) -> None:
    result = run("report", "s3://lake/profile-photo", "s3://lake/maps/clean", "s3://else/where")

    assert result.exit_code == ExitCode.WRONG_INPUT
    assert "s3://lake/profile-photo (did you mean s3://lake/profile-photos?)" in result.stderr
    assert "s3://else/where" in result.stderr


def test_what_would_take_too_long_one_by_one_is_asked_about_together(
    run: Run, tmp_path: Path
) -> None:
    house = Gatehouse(tmp_path).catalog(roots(source=CLEAN))
    for number in range(20):
        house.ran(f"copy-{number}", ["source"], [f"copies/{number:02}"], group=f"run-{number}")

    page = run("report", "-o", "-").stdout

    assert len(re.findall('<td class="fit"><svg', page)) == 13
    assert "Each of these eight datasets may be used for model-training" in page


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--for", "face-recogniton"], "did you mean 'face-recognition'?"),
        (["-o", "/no/such/folder/report.html"], "/no/such/folder"),
    ],
)
def test_what_cannot_work_is_refused_before_the_work(
    run: Run, arguments: list[str], told: str
) -> None:
    result = run("report", *arguments)

    assert result.exit_code == ExitCode.WRONG_INPUT
    assert told in result.stderr


@pytest.mark.usefixtures("home")
def test_without_a_record_there_is_nothing_to_draw(run: Run, tmp_path: Path) -> None:
    result = run("report", "-o", str(tmp_path / "report.html"))

    assert result.exit_code == ExitCode.UNAVAILABLE
    assert not (tmp_path / "report.html").exists()


@pytest.mark.usefixtures("recorded")
def test_a_page_that_is_there_is_replaced_whole_and_nothing_is_left_beside_it(
    run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    target = folder / "report.html"
    target.write_text("older")

    assert run("report", "s3://lake/photos", "-o", str(target)).exit_code == ExitCode.DONE

    assert target.read_text("utf-8").rstrip().endswith("</html>")
    assert [path.name for path in folder.iterdir()] == ["report.html"]


@pytest.mark.usefixtures("recorded")
def test_a_catalog_that_cannot_be_read_is_an_error_like_everywhere(run: Run, home: Path) -> None:
    (home / "provenance.yaml").write_text("version: 7\n", encoding="utf-8")

    result = run("report")

    assert result.exit_code == ExitCode.WRONG_INPUT
    assert "provenance.yaml" in result.stderr
