"""A page says what was found, to anybody, and nothing that somebody wrote becomes part of it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from lineage_plugin.model import (
    DatasetRef,
    Declaration,
    License,
    Reason,
    Statement,
    StatementKind,
)
from lineage_plugin.reports import page, picture
from lineage_plugin.reports.graph import Standing, build
from tests.support.drawn import (
    against,
    asked,
    decided,
    graph_of,
    name,
    report_of,
    survey_of,
)
from tests.support.records import ref
from tests.support.story import Story

#: What would steer a browser, a parser or an eye, if it got through.
HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"onload='alert(1)'",
    "]]><!--",
    "{{ 7*7 }}",
    "\u202egpj.exe",
    "a\x00b\x1b[31m",
    "\ud800",
    "\u2028line",
)

DAY_US = 86_400_000_000


class Elements(HTMLParser):
    """All elements of a page, and the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def hostile_page(text: str) -> str:
    """Return a page in which everything that a person can choose is *text*."""
    bad = DatasetRef("s3://lake", f"x{text}")
    said = Declaration(text, bad.uri, external=True, license=License(text), categories=(text,))
    told = Story().ran("a", 1, 2, reads=[bad], writes=[ref("made")])
    reason = Reason(text, bad.uri, text, text, (ref("made").uri, bad.uri), said_by=text)
    decision = decided(ref("made"), reasons=[reason], warnings=(reason,))
    answers = [asked(ref("made"), decision)]
    statement = Statement(
        text, StatementKind.WAIVER, text, text, 0, datasets=(text,), purpose=text, reason_id=text
    )
    drawn = build(survey_of(told, ref("made"), said=[said]), answers, at_us=1_000)
    return page.html(
        report_of(drawn, answers, decisions=(decision,), statements=(statement,), is_whole=True)
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_what_somebody_wrote_adds_no_element_no_attribute_and_no_invisible_sign(text: str) -> None:
    plain, hostile = hostile_page("plain"), hostile_page(text)

    shape = [(tag, sorted(attrs)) for tag, attrs in Elements(hostile).found]
    assert shape == [(tag, sorted(attrs)) for tag, attrs in Elements(plain).found]
    assert not any(sign in hostile for sign in "\u202e\x00\x1b\ud800\u2028")
    assert "49" not in hostile.partition("<body>")[2].replace(plain, "") or "7*7" not in text
    hostile.encode("utf-8")


def test_what_a_page_knows_of_its_nodes_is_json_that_cannot_end_its_element() -> None:
    text = hostile_page("</script>&<!--")
    held = re.search(r'<script type="application/json" id="nodes">(.*?)</script>', text, re.DOTALL)

    assert held
    assert not set("<>&") & set(held[1])
    assert "x</script>&<!--" in {node["name"] for node in json.loads(held[1])} | {
        node["uri"].rpartition("lake/")[2] for node in json.loads(held[1])
    }


def test_the_policy_lets_in_the_one_style_and_the_one_script_and_nothing_from_outside() -> None:
    text = page.html(report_of(graph_of(2, [(0, 1)])))
    policy = next(
        attrs["content"] or ""
        for tag, attrs in Elements(text).found
        if attrs.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))

    assert rules["default-src"] == "'none'"
    for element, rule in (("style", "style-src"), ("script", "script-src")):
        (body,) = re.findall(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"


def test_nothing_is_loaded_and_no_attribute_runs_or_styles_anything() -> None:
    text = page.html(report_of(graph_of(30, [(n, n + 1) for n in range(29)], forbidden=[3])))

    for tag, attrs in Elements(text).found:
        assert tag not in {"img", "link", "iframe", "object", "embed", "base"}
        assert not {key for key in attrs if key.startswith("on")} | ({"src", "style"} & set(attrs))
        assert (attrs.get("href") or "#").startswith("#")


def test_the_picture_is_well_formed_and_has_a_box_for_each_node_and_a_line_for_each_edge() -> None:
    graph = graph_of(5, [(0, 2), (1, 2), (2, 3), (0, 4)], forbidden=[1], wanted=[3])

    drawn = ET.fromstring(picture.svg(graph))  # noqa: S314 - it is ours

    boxes = [each for each in drawn.iter() if each.get("data-n")]
    assert {int(box.get("data-n", "")) for box in boxes} == set(range(5))
    assert len([each for each in drawn.iter() if each.get("data-from")]) == 4
    labels = " ".join(box.get("aria-label", "") for box in boxes)
    assert [labels.count(word) for word in ("forbidden data", "nothing in the way")] == [2, 2]


@pytest.mark.parametrize("standing", Standing)
def test_no_verdict_is_told_by_colour_alone(standing: Standing) -> None:
    """Icons differ in form, or in being filled; words always."""
    from lineage_plugin.reports import words

    others = [each for each in Standing if each is not standing]
    assert words.STANDINGS[standing] not in [words.STANDINGS[each] for each in others]
    assert picture.icon(standing) not in [picture.icon(each) for each in others]


def test_an_empty_record_is_a_page_too() -> None:
    text = page.html(report_of(graph_of(0, []), is_whole=True))

    assert "The record holds no dataset yet" in text


def test_a_thousand_prohibitions_are_cut_and_counted() -> None:
    graph = graph_of(1_001, [(n, 1_000) for n in range(1_000)], forbidden=range(1_000))
    last = DatasetRef.parse(name(1_000))
    reasons = [against(DatasetRef.parse(name(n))) for n in range(1_000)]

    text = page.html(report_of(graph, [asked(last, decided(last, reasons=reasons))]))

    assert "And 800 more" in text
    assert "988 datasets" in text
    assert len(text.encode()) < 2_000_000


@pytest.mark.parametrize(
    ("days", "told"), [(10, "ends in 10 days"), (0, "ends today"), (40, ""), (None, "")]
)
def test_what_ends_within_thirty_days_is_pointed_out(days: int | None, told: str) -> None:
    until = None if days is None else days * DAY_US
    waiver = Statement("w", StatementKind.WAIVER, "Ada Lovelace", "the letter", 0, until_us=until)

    text = page.html(report_of(graph_of(1, []), statements=(waiver,)))

    assert ("about to end" in text, told in text) == (bool(told), True)
    assert "statements in force: 1" in text


def test_a_page_names_no_person() -> None:
    waiver = Statement("w", StatementKind.WAIVER, "Ada Lovelace", "the letter is on its way", 0)

    text = page.html(report_of(graph_of(1, []), statements=(waiver,)))

    assert "the letter is on its way" in text
    assert "Ada" not in text
