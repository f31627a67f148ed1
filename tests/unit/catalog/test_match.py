"""What patterns mean."""

from __future__ import annotations

import time

import pytest

from lineage_plugin.catalog.match import Matcher, normalised
from lineage_plugin.model import DatasetRef


@pytest.mark.parametrize(
    ("pattern", "uri"),
    [
        ("s3://lake/photos/**", "s3://lake/photos"),
        ("s3://lake/photos/**", "s3://lake/photos/2014/1.jpg"),
        ("s3://lake/photos/", "s3://lake/photos"),
        ("s3://lake/**/raw/*", "s3://lake/raw/x"),
        ("s3://lake/**/raw/*", "s3://lake/a/b/raw/x"),
        ("s3://lake/**/raw/**/x", "s3://lake/raw/b/raw/c/x"),
        ("s3://*/photos", "s3://lake/photos"),
        ("s3://lake/a**b", "s3://lake/a-and-b"),
        ("s3://lake/day=?", "s3://lake/day=7"),
        ("s3://lake/?x*y?", "s3://lake/1x23y4"),
        ("s3://lake/??", "s3://lake/ab"),
        ("s3://lake/*.csv", "s3://lake/.csv"),
        ("s3://lake/a*b*c", "s3://lake/a-bb-bc"),
        ("s3://lake/?a*a?b*", "s3://lake/xaaybzz"),
        ("s3://**", "s3://lake/x"),
        ("**", "anything/at/all"),
        ("**/raw", "raw"),
        ("**/raw", "postgres://db:5432/raw"),
        ("*://lake/**", "gs://lake/x"),
        ("postgres://db:5432/shop.public.*", "postgres://db:5432/shop.public.users"),
        ("file:///data/**", "file:///data/x.csv"),
        ("file:///**", "file:///data"),
        ("s3://lake/[a].csv", "s3://lake/[a].csv"),
        ("s3://lake/fotos-ü?/*", "s3://lake/fotos-üß/x"),
    ],
)
def test_a_pattern_matches(pattern: str, uri: str) -> None:
    assert Matcher([pattern]).match(uri) == (0,)


@pytest.mark.parametrize(
    ("pattern", "uri"),
    [
        ("s3://lake/photos/**", "s3://lake/photos-private/x"),
        ("s3://lake/photos", "s3://lake/Photos"),
        ("s3://lake/photos", "s3://lake/photos/1.jpg"),
        ("s3://lake/*", "s3://lake/a/b"),
        ("s3://lake/*", "s3://lake"),
        ("s3://lake/day=?", "s3://lake/day="),
        ("s3://lake/day=?", "s3://lake/day=10"),
        ("s3://lake/?x*y?", "s3://lake/1x23y"),
        ("s3://lake/ab*ba", "s3://lake/aba"),
        ("s3://lake/?a*a?", "s3://lake/xay"),
        ("s3://lake/a*b*c", "s3://lake/a-c-b"),
        ("s3://lake/.", "s3://lake/x"),
        ("s3://lake/**/raw/*", "s3://lake/raw"),
        ("postgres://db/a.b", "postgres://db/a.bc"),
        ("**/raw", "s3://lake/raw/x"),
    ],
)
def test_a_pattern_does_not_match(pattern: str, uri: str) -> None:
    assert Matcher([pattern]).match(uri) == ()


def test_all_patterns_that_match_bind_in_their_order() -> None:
    matcher = Matcher(["s3://lake/**", "s3://sea/**", "s3://lake/x", "s3://*/x", "s3://lake/x"])

    assert matcher.match("s3://lake/x") == (0, 2, 3, 4)


def test_no_pattern_matches_nothing() -> None:
    assert Matcher([]).match("s3://lake/x") == ()


def test_a_pattern_of_a_dataset_is_spelled_like_the_dataset() -> None:
    for text in ("s3://lake/photos/", "file:///data/x", "postgres://db:5432/a.b.c", "ns/name"):
        assert normalised(text) == DatasetRef.parse(text).uri


@pytest.mark.parametrize("text", ["", "photos", "  "])
def test_what_names_no_dataset_is_no_pattern(text: str) -> None:
    with pytest.raises(ValueError, match="names no dataset"):
        Matcher([text])


def test_a_matcher_comes_back_from_its_tables() -> None:
    matcher = Matcher(["s3://lake/**", "s3://lake/t?b*/x", "s3://*/x"])
    same = Matcher.from_bytes(memoryview(bytes(matcher.to_bytes())))

    assert same.match("s3://lake/table/x") == (0, 1)


@pytest.mark.parametrize("tables", [b"", b"\x01" * 16, b"\xff" * 64])
def test_what_are_no_tables_is_refused(tables: bytes) -> None:
    with pytest.raises(ValueError, match="not the tables of a matcher"):
        Matcher.from_bytes(memoryview(tables))


@pytest.mark.parametrize(
    "pattern",
    ["**/a/" * 200 + "b", "**/?/" * 200 + "b", "x/" + "*a" * 900 + "b", "x/" + "?*" * 900 + "b"],
    ids=["deep", "deep and wild", "stars", "question marks"],
)
def test_a_hostile_pattern_costs_no_more_than_its_length(pattern: str) -> None:
    matcher = Matcher([pattern])
    before = time.process_time()
    matcher.match("/".join(["a"] * 200))
    matcher.match("x/" + "a" * 2_000)

    # Trying every way would take longer than the universe is old.
    assert time.process_time() - before < 5
