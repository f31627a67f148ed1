"""The browser that tests look through is real, stays here, and is never silently missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.browser import Tab
from tests.e2e.needs import TOOLS, WITHOUT, needed

pytestmark = pytest.mark.e2e


def test_a_page_is_laid_out_and_what_it_asks_of_others_is_refused_and_counted(
    browser_tab: Tab, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    page.write_text("<p style='width: 7em'>here</p><img src='http://192.0.2.1/there.png'>")

    browser_tab.page.goto(page.as_uri())

    assert browser_tab.page.evaluate("document.querySelector('p').offsetWidth") == 112
    assert browser_tab.refused == ["http://192.0.2.1/there.png"]
    assert browser_tab.errors


@pytest.mark.parametrize("name", TOOLS)
def test_what_is_missing_fails_and_says_how_to_install_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(WITHOUT, raising=False)

    with pytest.raises(pytest.fail.Exception, match=f"install.*{WITHOUT}={name}"):
        needed(name)


def test_what_somebody_chose_to_do_without_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WITHOUT, "cobol, browser")

    with pytest.raises(pytest.skip.Exception, match="browser"):
        needed("browser")
