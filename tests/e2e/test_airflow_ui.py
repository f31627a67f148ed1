"""The plugin's pages in a real browser, inside the UI of a real Airflow.

Everybody is an admin here once logged in; who may see what is tested in ``tests/unit/airflow``.
``LINEAGE_PLUGIN_PICTURES=docs/pictures`` keeps the pictures that the documentation shows.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from scripts.throwaway_airflow import ThrowawayAirflow
from tests.e2e.browser import Tab
from tests.e2e.needs import needed
from tests.e2e.test_report_page import CONTRAST, CONTRAST_OF, keep, style
from tests.support.report_story import told

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

pytestmark = pytest.mark.e2e

DAGS = Path(__file__).parent / "dags_site"

DAY_US = 86_400_000_000

TRANSPORT = '{"type": "lineage_plugin.airflow.transport.AirflowProvenanceTransport"}'


@pytest.fixture(scope="module")
def blocked() -> Iterator[tuple[ThrowawayAirflow, str]]:
    """An Airflow in which a gate has blocked a training, and the run's id."""
    needed("browser")
    config = {"openlineage": {"transport": TRANSPORT}}
    with ThrowawayAirflow(DAGS, config=config) as airflow:
        told(airflow.home, waived_until_us=time.time_ns() // 1_000 + 20 * DAY_US)
        airflow.start()
        run_id = airflow.trigger("faces")
        assert airflow.wait("faces", run_id) == "failed"
        yield airflow, run_id


@pytest.fixture
def page(browser_tab: Tab, blocked: tuple[ThrowawayAirflow, str]) -> Page:
    """A tab that is logged in to this Airflow."""
    airflow, _ = blocked
    browser_tab.page.set_default_timeout(60_000)
    browser_tab.page.goto(f"{airflow.url}/auth/token/login")
    browser_tab.page.wait_for_url(f"{airflow.url}/**")
    return browser_tab.page


def task_page(airflow: ThrowawayAirflow, run_id: str, below: str = "") -> str:
    return f"{airflow.url}/dags/faces/runs/{quote(run_id)}/tasks/train{below}"


def framed(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def ours(errors: list[str]) -> list[str]:
    """Return complaints that are about a page of ours."""
    return [error for error in errors if "provenance" in error or "Content Security" in error]


def test_the_menu_of_airflow_leads_to_what_needs_attention(
    page: Page, browser_tab: Tab, blocked: tuple[ThrowawayAirflow, str]
) -> None:
    airflow, _ = blocked
    page.goto(f"{airflow.url}/plugin/provenance")

    inside = framed(page)
    tiles = inside.locator(".tiles").inner_text()
    assert "datasets in the record" in tiles
    assert "times a gate blocked a run" in tiles
    assert inside.locator("tbody tr").first.inner_text().startswith("DENIED")
    time.sleep(1)
    keep(page, "ui-overview")

    inside.get_by_role("link", name="Datasets", exact=True).click()
    inside.get_by_role("heading", name="Datasets").wait_for()
    row = inside.locator("tr", has_text="s3://lake/faces/embeddings")
    assert "from forbidden data" in row.inner_text()
    inside.get_by_label("Name contains").fill("CROPS")
    inside.get_by_role("button", name="Show").click()
    inside.get_by_text("s3://lake/maps/streets").wait_for(state="detached")
    inside.locator("code", has_text="s3://lake/faces/crops").click()
    inside.locator(".node").first.wait_for()
    assert "crops" in inside.locator(".node .name").all_text_contents()
    assert browser_tab.refused == []
    assert ours(browser_tab.errors) == []


def test_a_blocked_task_leads_to_the_page_that_says_why(
    page: Page, browser_tab: Tab, blocked: tuple[ThrowawayAirflow, str]
) -> None:
    airflow, run_id = blocked
    page.goto(task_page(airflow, run_id))
    link = page.get_by_role("link", name="Why was this blocked?").first
    link.wait_for()

    page.goto(task_page(airflow, run_id, "/plugin/why-blocked"))
    inside = framed(page)
    assert "Why faces.train was blocked" in inside.locator("h1").inner_text()
    assert inside.locator(".verdict-box").get_attribute("data-outcome") == "DENIED"
    names = inside.locator(".node .name").all_text_contents()
    assert {"profile-photos", "crops", "embeddings"} <= set(names)
    assert "made" not in names
    assert inside.locator(".node.s-forbidden .name").all_text_contents() == ["profile-photos"]
    assert inside.locator(".edge.on-way").count() >= 2
    grounds = inside.locator("#grounds").inner_text()
    assert "team-vision says:" in grounds
    assert "by airflow/photos.crop, run monday" in grounds
    inside.locator('.node:has(text.name:text-is("profile-photos"))').click()
    assert "Who said so: team-vision" in inside.locator("#panel").inner_text()
    assert browser_tab.refused == []
    assert ours(browser_tab.errors) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_a_decision_can_be_read_in_the_light_and_in_the_dark(
    page: Page, browser_tab: Tab, blocked: tuple[ThrowawayAirflow, str], scheme: Any
) -> None:
    airflow, run_id = blocked
    page.emulate_media(color_scheme=scheme)
    browser_tab.errors.clear()
    asked = f"dag_id=faces&task_id=train&run_id={quote(run_id)}&map_index=-1"
    page.goto(f"{airflow.url}/provenance/task?{asked}")

    paper = style(page, "body", "backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}[scheme]
    for text, ground in (
        ("p.quiet", "body"), (".ground .lead", ".ground"), (".site a", ".site"),
        (".node.s-forbidden .name", ".node.s-forbidden .body"),
    ):  # fmt: skip
        colour = style(page, text, "fill" if "node" in text else "color")
        below = style(page, ground, "fill" if "node" in ground else "backgroundColor")
        assert page.evaluate(CONTRAST_OF, [colour, below]) >= CONTRAST, text
    assert page.evaluate("performance.getEntriesByType('resource').map((e) => e.name)") == []
    assert browser_tab.refused == []
    assert ours(browser_tab.errors) == []
    keep(page, f"ui-decision-{scheme}")
    if scheme == "light":
        page.goto(f"{airflow.url}/provenance/datasets?purpose=face-recognition")
        keep(page, "ui-datasets")


def test_the_log_of_the_blocked_task_names_the_page(
    page: Page, blocked: tuple[ThrowawayAirflow, str]
) -> None:
    airflow, run_id = blocked
    log = airflow.task_log("faces", run_id, "train")

    address = next(word for word in log.split() if "/provenance/decisions/" in word)
    page.goto(address)
    assert "Why faces.train was blocked" in page.inner_text("h1")
