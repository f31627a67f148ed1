"""The report in a real browser: what is drawn, what can be reached by hand, and that it stays here.

``LINEAGE_PLUGIN_PICTURES=docs/pictures`` keeps the pictures that the documentation shows.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from lineage_plugin.cli import command
from lineage_plugin.reports import page as pages
from tests.e2e.browser import Tab
from tests.support.drawn import graph_of, report_of
from tests.support.report_story import told
from tests.unit.reports.test_page import HOSTILE, hostile_page

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Locator, Page

pytestmark = pytest.mark.e2e

#: Where pictures for the documentation go, if anywhere.
PICTURES = os.environ.get("LINEAGE_PLUGIN_PICTURES", "")

#: What text needs to be read by most: WCAG 2.2, 1.4.3.
CONTRAST = 4.5

DAY_US = 86_400_000_000

#: Relative luminance and contrast as WCAG defines them, of computed colours.
CONTRAST_OF = """([text, ground]) => {
  const light = (colour) => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255);
    const [r, g, b] = parts.map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [a, b] = [light(text), light(ground)].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the report on a whole record and on one model, as the command writes them."""
    home = tmp_path_factory.mktemp("reports")
    told(home, waived_until_us=time.time_ns() // 1_000 + 20 * DAY_US)
    runner = CliRunner(env={"AIRFLOW_HOME": str(home), "AIRFLOW_CONFIG": None})
    for name, arguments in (("whole", []), ("model", ["s3://lake/models/face-recogniser"])):
        done = runner.invoke(command, ["report", *arguments, "-o", str(home / f"{name}.html")])
        assert done.exit_code == 0, done.output
    return home


@pytest.fixture
def model(browser_tab: Tab, folder: Path) -> Page:
    """The report on a model that gates did not let be made."""
    browser_tab.page.goto((folder / "model.html").as_uri())
    return browser_tab.page


@pytest.fixture
def whole(browser_tab: Tab, folder: Path) -> Page:
    """The report on a whole record."""
    browser_tab.page.goto((folder / "whole.html").as_uri())
    return browser_tab.page


def shown(tab: Tab, text: str, folder: Path) -> Page:
    """Show a page that was made by hand."""
    file = folder / "page.html"
    file.write_text(text, "utf-8")
    tab.page.goto(file.as_uri())
    return tab.page


def keep(shown: Page | Locator, name: str, **more: Any) -> None:
    """Keep a picture for the documentation, where that was asked for."""
    if PICTURES:
        shown.screenshot(path=Path(PICTURES, f"{name}.png"), **more)


def box(name: str) -> str:
    """Select the box of a dataset by the name in it."""
    return f'.node:has(text.name:text-is("{name}"))'


def style(page: Page, selector: str, key: str) -> str:
    found: str = page.eval_on_selector(selector, f"each => getComputedStyle(each)['{key}']")
    return found


def focused(page: Page) -> str:
    name: str = page.evaluate("document.activeElement.querySelector('.name')?.textContent ?? ''")
    return name


def test_the_verdict_stands_at_the_top_in_one_sentence(model: Page) -> None:
    top = model.locator(".verdict-box")

    assert top.count() == 1
    assert top.get_attribute("data-outcome") == "DENIED"
    assert "This model may not be trained for face-recognition, because" in top.inner_text()
    assert "obtain the signed agreement" in top.inner_text()
    keep(model, "report-model", full_page=True, clip={"x": 0, "y": 0, "width": 1280, "height": 940})


def test_every_dataset_is_drawn_once_with_its_kind_and_verdict_in_words(whole: Page) -> None:
    names = whole.locator(".node .name").all_text_contents()

    assert sorted(names) == [
        *("buildings", "clean", "crops", "embeddings", "face-recogniser", "house-numbers"),
        *("joined", "labels", "profile-photos", "stock-faces", "streets"),
    ]
    photos = whole.locator(box("profile-photos"))
    assert photos.locator(".small").text_content() == "source · s3://lake"
    assert photos.locator(".verdict").text_content() == "forbidden"
    stopped = whole.locator(box("face-recogniser"))
    assert (stopped.locator(".small").text_content() or "").startswith("model, not made")
    assert stopped.locator(".verdict").text_content() == "from forbidden data"
    assert whole.locator(".node.k-source").count() == 5
    assert whole.locator(".node.k-model").count() == 2


def test_colours_tell_verdicts_apart_and_the_way_of_the_hindrance_stands_out(whole: Page) -> None:
    fills = {
        name: style(whole, f"{box(name)} .body", "fill")
        for name in ("profile-photos", "crops", "stock-faces", "streets")
    }
    assert len({fills["profile-photos"], fills["crops"], fills["stock-faces"]}) == 3
    assert fills["stock-faces"] == fills["streets"]

    names = whole.locator(".node").evaluate_all(
        "all => Object.fromEntries(all.map(n => "
        "[n.dataset.n, n.querySelector('.name').textContent]))"
    )
    way = whole.locator(".edge.on-way").evaluate_all(
        "all => all.map(edge => [edge.dataset.from, edge.dataset.to])"
    )
    assert {(names[a], names[b]) for a, b in way} == {
        ("profile-photos", "crops"),
        ("crops", "embeddings"),
        ("embeddings", "face-recogniser"),
    }
    assert style(whole, ".edge.on-way", "strokeWidth") == "3px"
    assert style(whole, ".edge.on-way", "stroke") != style(whole, ".edge:not(.on-way)", "stroke")


def test_no_text_leaves_its_box_and_no_box_covers_another(
    browser_tab: Tab, folder: Path, tmp_path: Path
) -> None:
    long = graph_of(40, [(n, n + 1) for n in range(0, 39, 2)], forbidden=[2])
    page = shown(browser_tab, pages.html(report_of(long)), tmp_path)
    for uri in ("", (folder / "whole.html").as_uri()):
        if uri:
            page.goto(uri)
        out, covered = page.evaluate(
            """() => {
              const boxes = [...document.querySelectorAll('.node')];
              const place = (each) => each.querySelector('.body').getBoundingClientRect();
              const out = boxes.flatMap((each) => [...each.querySelectorAll('text')]
                .filter((t) => t.getBoundingClientRect().right > place(each).right - 4
                  || t.getBoundingClientRect().bottom > place(each).bottom)
                .map((t) => t.textContent));
              const covered = boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => {
                const [p, q] = [place(a), place(b)];
                return p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom;
              }).map((b) => [a.id, b.id]));
              return [out, covered];
            }"""
        )
        assert (out, covered) == ([], [])


def test_pointing_at_a_box_tells_what_is_declared_and_what_is_effective(whole: Page) -> None:
    whole.hover(box("crops"))

    card = whole.locator("#card")
    assert card.is_visible()
    text = card.inner_text()
    assert "s3://lake/faces/crops" in text
    assert "effective: CC-BY-4.0, LicenseRef-internal" in text
    whole.hover("h1")
    assert not card.is_visible()


def test_a_click_opens_everything_that_is_known(model: Page) -> None:
    model.click(box("profile-photos"))

    text = model.locator("#panel").inner_text()
    for part in (
        "it changed hands (partner-transfer) without an agreement",
        "Who said so: team-vision",
        "What to do: obtain the signed agreement",
        "DECLARED ABOUT IT",
        "Dating site; user-generated-content",
        "EFFECTIVE, WITH ALL IT INHERITS",
        "MADE OF IT",
    ):
        assert part in text, part
    keep(model.locator("#stage"), "report-reasons")

    model.click(box("crops"))
    text = model.locator("#panel").inner_text()
    assert "nobody said anything" in text
    assert "airflow/photos.crop" in text
    assert model.locator(".node.open").count() == 1


def test_search_finds_names_licences_and_jobs_and_leaves_the_rest_dim(whole: Page) -> None:
    found = whole.locator("#found")

    for asked, name in (("CROPS", "crops"), ("maps.train", "house-numbers"), ("Dating", "labels")):
        whole.fill("#search", asked)
        matches = whole.locator(".node.match .name").all_text_contents()
        assert found.inner_text() == f"{len(matches)} of 11 boxes"
        assert (name in matches) == (asked != "Dating"), asked
    whole.fill("#search", "no such thing")
    assert found.inner_text() == "0 of 11 boxes"

    whole.fill("#search", "streets")
    assert float(style(whole, box("labels"), "opacity")) < 1
    whole.press("#search", "Enter")
    assert focused(whole) == "streets"
    whole.focus("#search")
    whole.keyboard.press("Escape")
    assert whole.locator(".node.match").count() == 0


def test_everything_is_reached_by_keys_alone_and_the_focus_is_seen(model: Page) -> None:
    for _ in range(8):
        model.keyboard.press("Tab")
        if focused(model):
            break
    assert focused(model) == "face-recogniser"
    plain = style(model, f"{box('crops')} .body", "strokeWidth")
    model.keyboard.press("ArrowLeft")
    assert focused(model) in {"embeddings", "labels"}
    model.focus(box("embeddings"))
    model.keyboard.press("ArrowLeft")
    assert focused(model) == "crops"
    assert style(model, f"{box('crops')} .body", "strokeWidth") != plain
    model.keyboard.press("Enter")
    assert "crops" in model.locator("#panel .heading").inner_text()
    assert model.evaluate("document.activeElement.className") == "heading"
    assert model.get_attribute(box("crops"), "aria-expanded") == "true"
    model.keyboard.press("Escape")
    assert not model.locator("#panel").is_visible()
    assert focused(model) == "crops"
    model.keyboard.press("/")
    assert model.evaluate("document.activeElement.id") == "search"


def test_each_box_tells_a_screen_reader_what_it_shows(whole: Page) -> None:
    photos = whole.get_by_role("button", name="s3://lake/profile-photos, source, forbidden")

    assert photos.count() == 1
    assert whole.locator(".node[tabindex='0']").count() == 1
    assert whole.locator("[role=status]").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_the_light_and_in_the_dark(whole: Page, scheme: Any) -> None:
    whole.emulate_media(color_scheme=scheme)

    paper = style(whole, "body", "backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}[scheme]
    for kind in ("forbidden", "from-forbidden", "clear"):
        ground = style(whole, f".node.s-{kind} .body", "fill")
        for text in ("name", "small", "verdict"):
            colour = style(whole, f".node.s-{kind} .{text}", "fill")
            assert whole.evaluate(CONTRAST_OF, [colour, ground]) >= CONTRAST, (kind, text)
    assert whole.evaluate(CONTRAST_OF, [style(whole, "p.quiet", "color"), paper]) >= CONTRAST
    if scheme == "dark":
        whole.evaluate("document.querySelector('#picture').scrollIntoView()")
        keep(whole, "report-dark")


def test_on_paper_the_picture_is_whole_and_nothing_is_left_to_click(whole: Page) -> None:
    whole.click(box("crops"))
    whole.emulate_media(media="print")

    for gone in (".tools", "#panel", "#card"):
        assert not whole.locator(gone).is_visible(), gone
    picture, canvas = (
        whole.eval_on_selector(each, "e => e.getBoundingClientRect().width")
        for each in (".lineage", ".canvas")
    )
    assert picture <= canvas + 1
    assert style(whole, ".canvas", "overflow") == "visible"
    assert whole.pdf()[:4] == b"%PDF"


def test_zoom_changes_the_size_and_fit_shows_all(whole: Page) -> None:
    def wide() -> float:
        found: float = whole.eval_on_selector(".lineage", "e => e.getBoundingClientRect().width")
        return found

    before = wide()
    whole.click("#larger")
    assert wide() == pytest.approx(before * 1.25, rel=0.01)
    whole.click("#fit")
    assert wide() <= whole.eval_on_selector("#canvas", "e => e.clientWidth")


def test_on_a_narrow_screen_the_page_is_not_wider_than_it(whole: Page) -> None:
    whole.set_viewport_size({"width": 390, "height": 800})

    assert whole.evaluate("document.documentElement.scrollWidth") <= 390


def test_waivers_that_end_soon_are_pointed_out(whole: Page) -> None:
    assert "1 about to end" in whole.inner_text("main")
    assert re.search(r"ends in (19|20) days", whole.inner_text("main"))


def test_ten_thousand_datasets_are_a_picture_to_look_at_and_folds_list_what_they_hold(
    browser_tab: Tab, tmp_path: Path
) -> None:
    size = 10_000
    pairs = [((3 * n + 1) % n, n) for n in range(200, size)] + [
        (n // 2, n) for n in range(200, size)
    ]
    graph = graph_of(size, pairs, forbidden=[150], wanted=[size - 1])
    page = shown(browser_tab, pages.html(report_of(graph)), tmp_path)

    drawn, folds = page.locator(".node").count(), page.locator(".node.k-folded")
    assert drawn <= 80
    assert folds.count() > 0
    listed = 0
    for fold in folds.all():
        fold.click()
        titles = page.locator("#panel h3").all_text_contents()
        listed += next(int(title.split()[1]) for title in titles if title.startswith("The "))
        assert page.locator("#panel ul").first.locator("li").count() > 1
    assert listed + drawn - folds.count() == size
    page.fill("#search", "datasets/09998")
    assert page.locator(".node.match").count() == 1
    page.fill("#search", "")
    page.keyboard.press("Escape")
    keep(page, "report-folded")
    assert browser_tab.errors == []


def test_nothing_is_asked_of_the_network_and_nothing_complains(
    browser_tab: Tab, whole: Page, folder: Path
) -> None:
    for each in whole.locator(".node").all():
        each.click()
    whole.fill("#search", "a")

    assert browser_tab.requests == [(folder / "whole.html").as_uri()]
    assert browser_tab.errors == []


def test_the_policy_of_the_page_keeps_anything_else_from_running(
    browser_tab: Tab, model: Page
) -> None:
    model.evaluate(
        """() => {
          const script = document.createElement('script');
          script.textContent = 'window.ran = true';
          document.body.append(script);
          new Image().src = 'https://example.org/x.png';
        }"""
    )

    assert model.evaluate("window.ran") is None
    assert browser_tab.refused == []
    assert any("Content Security Policy" in error for error in browser_tab.errors)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_somebody_wrote_is_shown_and_never_runs(
    browser_tab: Tab, tmp_path: Path, text: str
) -> None:
    dialogs: list[str] = []

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    browser_tab.page.on("dialog", refuse)

    page = shown(browser_tab, hostile_page(text), tmp_path)
    for each in page.locator(".node").all():
        each.click()
        each.hover()
    page.fill("#search", text.replace("\ud800", "").replace("\x00", ""))

    assert (dialogs, browser_tab.errors) == ([], [])
    assert len(browser_tab.requests) == 1
    assert page.locator("img").count() == 0
