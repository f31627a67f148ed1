"""Sentences and names as people read them."""

from __future__ import annotations

import pytest

from lineage_plugin.model import DatasetRef, Reason
from lineage_plugin.reports import words
from lineage_plugin.reports.graph import Answer
from tests.support.drawn import against, asked, decided, graph_of, name

TWO, ONE, ZERO = (DatasetRef.parse(name(number)) for number in (2, 1, 0))
LINE = graph_of(3, [(0, 1), (1, 2)])


MAY_NOT = "This dataset may not be used for face-recognition, because of "
NOBODY_KNOWS = (
    "Nobody can say yet whether this dataset may be used for face-recognition, "
    "so it may not be, because "
)
HANDS = "it changed hands without an agreement."


@pytest.mark.parametrize(
    ("reasons", "begins", "ends"),
    [
        (
            (),
            "This dataset may be used for face-recognition: ",
            "nothing stands in the way, here or in two datasets upstream.",
        ),
        (
            (against(ZERO, TWO, ONE, ZERO),),
            MAY_NOT,
            f"the source s3://lake/datasets/00000, two steps upstream: {HANDS}",
        ),
        (
            (against(TWO, is_definite=False), against(ONE, is_definite=False)),
            NOBODY_KNOWS,
            f"of what is known about it: {HANDS} One more reason below.",
        ),
        (
            (Reason("gate.error", "", "the record is locked", "wait", is_definite=False),),
            NOBODY_KNOWS,
            "the gate could not judge it: the record is locked.",
        ),
    ],
)
def test_a_verdict_is_a_sentence(reasons: tuple[Reason, ...], begins: str, ends: str) -> None:
    assert words.sentence(LINE, asked(TWO, decided(TWO, reasons=reasons))) == begins + ends


def test_several_that_were_asked_about_together_share_a_sentence() -> None:
    both = (ONE.uri, TWO.uri)

    good = words.sentence(LINE, Answer(both, decided(ONE, TWO)))
    bad = words.sentence(LINE, Answer(both, decided(ONE, TWO, reasons=[against(ZERO)])))

    assert good.startswith("Each of these two datasets may be used for")
    assert bad.startswith("Some of these two datasets may not be used for")


@pytest.mark.parametrize(
    "text", ["x" * 300, "日本語" * 40, "a/b", "", "é" * 29], ids=["long", "wide", "short", "", "é"]
)
def test_what_is_too_long_keeps_its_beginning_and_its_end(text: str) -> None:
    short = words.shortened(text, 20)

    assert words.width(short) <= 20
    assert short == text or (short[0], short[-1]) == (text[0], text[-1])


def test_signs_that_cannot_be_seen_are_spelt_out() -> None:
    assert words.visible("a\u202eb\x00c\ud800d\n") == "a\\u202eb\\x00c\\ud800d\\n"
