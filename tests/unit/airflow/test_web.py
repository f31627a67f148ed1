"""The plugin's site inside Airflow's own API server: who sees it, what it shows, how it fails."""

from __future__ import annotations

import os
import re
import secrets
import sqlite3
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from lineage_plugin.airflow import addresses, links, web_pages
from lineage_plugin.model import Statement, StatementKind, Subject
from tests.support.airflow_site import NOBODY, VIEWER, cookie_of, known_dags, server
from tests.support.gatehouse import Gatehouse, roots, uri
from tests.support.records import decision
from tests.support.report_story import PHOTOS, told
from tests.unit.reports.test_page import HOSTILE, Elements

#: 1 January 2100: after every test.
LATE_US = 4_102_444_800_000_000

BASE = addresses.MOUNTED

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def airflow() -> Iterator[Any]:
    """A client of Airflow's API server."""
    before = dict(os.environ)
    os.environ |= {
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
    }
    from starlette.testclient import TestClient

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield TestClient(server(), raise_server_exceptions=True)
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of its own, to which the settings of this process lead."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setattr(web_pages, "_MOST_LOOKED_AT", 200)
    web_pages.pages_here.cache_clear()
    yield tmp_path
    web_pages.pages_here.cache_clear()


@pytest.fixture
def story(home: Path) -> Gatehouse:
    """A record with a model that was made and one that gates stopped."""
    return told(home, waived_until_us=LATE_US)


@pytest.fixture
def see(airflow: Any) -> Any:
    """Load a page as somebody who may see it."""
    known_dags("faces", "maps")

    def see(page: str, role: str | None = VIEWER, **more: Any) -> Any:
        cookies = {"_token": cookie_of(role)}
        return airflow.request(more.pop("method", "GET"), f"{BASE}/{page}", cookies=cookies, **more)

    return see


def routes(app: Any) -> list[tuple[str, str]]:
    """Return every method and path that the site answers, by asking the site itself."""
    from lineage_plugin.airflow import web

    found = []
    site: Any = web.build()
    for route in site.routes:
        path = re.sub(r"\{path:path\}", "no/such/page", route.path)
        path = re.sub(r"\{\w+\}", "x", path)
        found += [(method, path) for method in sorted(route.methods)]
    return found


PAGES = ("", "datasets", "decisions", "force", "coverage")


def test_the_site_has_no_route_that_was_not_thought_of(airflow: Any) -> None:
    """FastAPI adds documentation of its own, open to everybody, unless it is told not to."""
    assert {path for _, path in routes(airflow)} == {
        "/", "/datasets", "/dataset", "/decisions", "/decisions/x", "/task", "/force", "/coverage",
        "/no/such/page",
    }  # fmt: skip


@pytest.mark.usefixtures("story")
def test_a_stranger_sees_nothing_on_any_route(airflow: Any) -> None:
    extra = [("GET", path) for path in ("/docs", "/redoc", "/openapi.json", "/static/page.css")]
    for method, path in (*routes(airflow), *extra):
        airflow.cookies.clear()
        answer = airflow.request(method, f"{BASE}{path}?dag_id=faces&uri={uri('profile-photos')}")
        assert answer.status_code == 401, (method, path)
        assert (
            "profile-photos"
            not in answer.text.replace(quote("profile-photos"), "")
            .partition("<main>")[2]
            .partition("href")[0]
        )
        for header in ({"Cookie": "_token=forged"}, {"Authorization": "Bearer forged"}):
            answer = airflow.request(method, f"{BASE}{path}", headers=header)
            assert answer.status_code in (401, 403), (method, path, header)


@pytest.mark.usefixtures("story")
def test_who_has_no_role_is_logged_in_and_sees_nothing(see: Any, airflow: Any) -> None:
    for method, path in routes(airflow):
        answer = see(path[1:], NOBODY, method=method)
        assert answer.status_code == 403, (method, path)
        assert "profile-photos" not in answer.text


@pytest.mark.usefixtures("story")
def test_who_may_see_assets_sees_every_page_and_changes_nothing(see: Any) -> None:
    for page in PAGES:
        assert see(page).status_code == 200, page
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert see(page, method=method).status_code in (404, 405)
    assert see("no/such/page").status_code == 404


@pytest.mark.usefixtures("story")
def test_every_page_carries_a_policy_that_lets_nothing_in_and_only_airflow_frame_it(
    see: Any,
) -> None:
    for page in (*PAGES, f"dataset?uri={uri('faces/crops')}", "no/such/page"):
        answer = see(page)
        policy = answer.headers["content-security-policy"]
        for rule in ("default-src 'none'", "frame-ancestors 'self'", "form-action 'self'"):
            assert rule in policy, page
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


def test_the_first_page_says_what_needs_attention(see: Any, story: Gatehouse) -> None:
    with story.store() as store:
        store.append_statement(
            Statement("q1", StatementKind.QUARANTINE, "the gate", "read late", 5,
                      datasets=(uri("faces/crops"),)),
            recorded_us=5,
        )  # fmt: skip

    text = see("").text

    assert re.search(r'<span class="number">1</span><span class="label">times a gate', text)
    assert re.search(r'<span class="number">1</span><span class="label">held in quar', text)
    assert "it changed hands (partner-transfer) without an agreement" in text


def test_datasets_are_listed_with_the_newest_verdict_for_the_purpose(
    see: Any, story: Gatehouse
) -> None:
    text = see("datasets?purpose=face-recognition&q=FACES").text

    rows = re.findall(r"<code>(s3://lake/[^<]+)</code>.*?</svg>.*?<bdi>([^<]+)</bdi>", text)
    assert dict(rows)["s3://lake/faces/embeddings"] == "from forbidden data"
    assert dict(rows)["s3://lake/faces/crops"] == "no gate was asked"
    assert "s3://lake/maps" not in text
    assert "no gate was asked" in see("datasets?purpose=publication&q=embeddings").text


def test_long_lists_are_read_a_page_at_a_time(see: Any, home: Path) -> None:
    house = Gatehouse(home)
    house.ran("a.b", [], [f"many/{n:03}" for n in range(120)])
    with house.store() as store:
        for number in range(120):
            mine = Subject("default", f"{'faces' if number % 2 else 'hidden'}.t", "g", "r",
                           dag_id="faces" if number % 2 else "hidden")  # fmt: skip
            store.append_decision(decision(number, subject=mine), recorded_us=0)

    def walk(page: str, pattern: str) -> list[str]:
        found: list[str] = []
        address = page
        for _ in range(5):
            text = see(address).text
            found += re.findall(pattern, text)
            link = re.search(r'class="more" href="/provenance/([^"]+)"', text)
            if not link:
                return found
            address = link[1].replace("&amp;", "&")
        raise AssertionError(page)

    assert walk("datasets", r"s3://lake/many/(\d{3})</code>") == [f"{n:03}" for n in range(120)]
    seen = walk("decisions", r"/decisions/(decision-\d+)")
    assert seen == [f"decision-{n}" for n in range(119, 0, -2)]


def test_a_dataset_is_drawn_as_in_the_report_with_its_newest_verdict(
    see: Any, story: Gatehouse
) -> None:
    text = see(f"dataset?uri={uri('models/face-recogniser')}").text

    assert "This model may not be trained for face-recognition, because of the source" in text
    assert text.count('class="node ') == 5 + 1
    assert f"The verdict is that of decision {story.recorded()[0].id}" in text
    unasked = see(f"dataset?uri={uri('maps/clean')}&purpose=publication").text
    assert "No gate was asked about it for publication yet" in unasked
    assert see("dataset?uri=s3://no/where").status_code == 404
    assert see("dataset?uri=nonsense").status_code == 404


def test_a_blocked_task_instance_leads_to_what_blocked_it(see: Any, home: Path) -> None:
    house = Gatehouse(home).catalog(roots(photos=PHOTOS))
    asker = Subject("airflow", "faces.train", "g", "r", "faces", "train", "manual__1", -1)
    blocked = house.ask("photos", purpose="face-recognition", subject=asker)
    asked = "dag_id=faces&task_id=train&run_id=manual__1&map_index={MAP_INDEX}"

    text = see(f"task?{asked}").text

    assert "Why faces.train was blocked" in text
    assert "obtain the signed agreement" in text
    assert f"lineage-plugin explain {blocked.id}" in text
    assert "manual__1" in text
    assert see(f"decisions/{blocked.id}").status_code == 200
    other = see("task?dag_id=faces&task_id=train&run_id=manual__2&map_index=-1")
    assert "No gate was asked" in other.text

    class Key:
        dag_id, task_id, run_id, map_index, try_number = "faces", "train", "manual__1", -1, 1

    link = links.BlockedLink()
    assert link.get_link(None, ti_key=Key()).endswith("/provenance/" + "task?" + asked.replace(
        "{MAP_INDEX}", "-1"))  # fmt: skip
    Key.run_id = "manual__2"
    assert link.get_link(None, ti_key=Key()) == ""


def test_decisions_of_a_dag_that_somebody_may_not_see_are_not_there(see: Any, home: Path) -> None:
    house = Gatehouse(home).catalog(roots(photos=PHOTOS))
    asker = Subject("airflow", "secret.train", "g", "r", "secret", "train", "manual__1", -1)
    blocked = house.ask("photos", purpose="face-recognition", subject=asker)

    assert see(f"decisions/{blocked.id}").status_code == 404
    assert blocked.id not in see("decisions").text
    assert see("task?dag_id=secret&task_id=train&run_id=manual__1").status_code == 403
    assert "secret" not in see("coverage").text


def test_what_is_in_force_is_listed_and_consents_that_are_gone(see: Any, home: Path) -> None:
    photos = PHOTOS.replace(
        "purposes: [face-recognition]",
        "purposes: [face-recognition]\n      status: dpv:ConsentWithdrawn",
    )
    house = Gatehouse(home).catalog(roots(photos=photos))
    soon_us = web_pages._now_us() + 5 * 86_400_000_000
    with house.store() as store:
        for number, kind in enumerate(StatementKind):
            store.append_statement(
                Statement(f"s{number}", kind, "Ada", f"because {kind.value}", 5 + number,
                          until_us=soon_us, datasets=(uri("photos"),), ends="other"),
                recorded_us=5,
            )  # fmt: skip

    text = see("force").text

    for shown in ("waiver", "quarantine", "baseline", "break-glass"):
        assert f"because {shown}" in text, shown
    assert "because end" not in text
    assert "ends in four days" in text or "ends in five days" in text
    assert re.search(r"<code>s3://lake/photos</code>.*<bdi>withdrawn</bdi>", text)


def test_a_large_record_is_counted_in_a_process_of_its_own_with_the_same_result(
    home: Path, story: Gatehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = web_pages.Pages(story.settings)
    here = pages._count()
    monkeypatch.setattr(web_pages, "_MOST_COUNTED_HERE", 1)
    apart = pages._count()

    assert here.every.touched == 10
    assert (apart.seq, apart.every, apart.dags, apart.gone) == (
        here.seq, here.every, here.dags, here.gone
    )  # fmt: skip


def test_coverage_is_told_by_dag_with_what_is_missing(see: Any, story: Gatehouse) -> None:
    story.ran("faces.look", ["unheard-of"])

    text = see("coverage").text

    assert '<span class="number">91 %</span>' in text
    assert "s3://lake/unheard-of" in text
    assert "dag_id=faces" in text
    assert "dag_id=photos" not in text


def test_what_somebody_wrote_is_shown_and_becomes_no_part_of_a_page(see: Any, home: Path) -> None:
    def shapes(said: str) -> list[list[tuple[str, list[str]]]]:
        said = said.encode(errors="replace").decode()
        web_pages.pages_here.cache_clear()
        place = home / str(abs(hash(said)))
        place.mkdir()
        os.environ["AIRFLOW_HOME"] = str(place)
        house = Gatehouse(place)
        house.ran("faces.t", [f"x{said}"], ["made"])
        asker = Subject("airflow", "faces.t", "g", "r", "faces", "t", said, -1)
        made = house.ask(f"x{said}", subject=asker, purpose="model-training")
        with house.store() as store:
            store.append_statement(
                Statement("s", StatementKind.WAIVER, said, said, 5, datasets=(said,),
                          purpose=said, reason_id=said),
                recorded_us=5,
            )  # fmt: skip
        found = []
        for page in (*PAGES, f"decisions/{made.id}", f"dataset?uri={uri('made')}"):
            answer = see(page)
            assert answer.status_code == 200, (page, answer.text[-500:])
            assert not any(sign in answer.text for sign in "\u202e\x00\x1b\u2028")
            found.append([(tag, sorted(attrs)) for tag, attrs in Elements(answer.text).found])
        return found

    assert shapes("".join(HOSTILE).replace("/", "")) == shapes("plain")


def test_a_record_that_is_missing_locked_or_too_new_is_a_page_that_says_what_to_do(
    see: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__LINEAGE_PLUGIN__APPEND_BUDGET_MS", "50")
    for page in (*PAGES, "dataset?uri=s3://a/b", "decisions/x", "task?dag_id=faces"):
        answer = see(page)
        assert answer.status_code == 503, page
        assert "there is no record at" in answer.text
        assert "check [lineage_plugin] store_url" in answer.text
        assert "Traceback" not in answer.text

    told(home, waived_until_us=LATE_US)
    assert see("datasets").status_code == 200
    monkeypatch.setenv("AIRFLOW_HOME", str(home / "other"))
    (home / "other").mkdir()
    other = sqlite3.connect(told(home / "other", waived_until_us=LATE_US).record)
    other.execute("PRAGMA journal_mode = DELETE")
    other.execute("BEGIN EXCLUSIVE")
    web_pages.pages_here.cache_clear()
    answer = see("datasets")
    assert (answer.status_code, "locked by another process" in answer.text) == (503, True)
    other.commit()
    other.execute("PRAGMA user_version = 99")
    other.commit()
    other.close()
    web_pages.pages_here.cache_clear()
    answer = see("datasets")
    assert (answer.status_code, "upgrade lineage-plugin" in answer.text) == (503, True)


def test_a_catalog_or_a_setting_that_cannot_be_read_is_a_page_too(
    see: Any, home: Path, story: Gatehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "provenance.yaml").write_text("version: 7\n", "utf-8")
    answer = see(f"dataset?uri={uri('faces/crops')}")
    assert (answer.status_code, "provenance.yaml" in answer.text) == (503, True)

    monkeypatch.setenv("AIRFLOW__LINEAGE_PLUGIN__APPEND_BUDGET_MS", "soon")
    web_pages.pages_here.cache_clear()
    answer = see("")
    assert (answer.status_code, "append_budget_ms" in answer.text) == (503, True)


def test_airflow_offers_our_pages_where_this_version_has_places_for_them(
    see: Any, airflow: Any
) -> None:
    answer = airflow.get("/api/v2/plugins", cookies={"_token": cookie_of("admin")})

    (ours,) = [each for each in answer.json()["plugins"] if each["name"] == "lineage_plugin"]
    views = {view["destination"]: view["href"] for view in ours["external_views"]}
    assert set(views) == {"nav", "dag", "dag_run", "task", "task_instance"}
    assert all(href.startswith(f"{BASE}/") for href in views.values())
    assert [app["url_prefix"] for app in ours["fastapi_apps"]] == [BASE]
    assert "BlockedLink" in ours["global_operator_extra_links"][0]


def test_the_plugin_imports_nothing_of_its_site() -> None:
    """Every process of Airflow loads the plugin; only the API server shows pages."""
    import subprocess
    import sys

    probe = (
        "import sys, airflow.plugins_manager, airflow.sdk; before = set(sys.modules)\n"
        "from lineage_plugin.airflow import plugin\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=120
    )

    loaded = done.stdout.split()
    heavy = ("fastapi", "jinja2", "igraph", "sqlite3", "lineage_plugin.store")
    assert not [name for name in loaded if name.startswith(heavy)], loaded
    assert len([name for name in loaded if name.startswith("lineage_plugin")]) < 12, loaded
