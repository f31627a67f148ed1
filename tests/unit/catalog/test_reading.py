"""Moments and words as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lineage_plugin.catalog.reading import duration_us, meant, moment_us, shown


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-01-10", datetime(2026, 1, 10, tzinfo=UTC)),
        ("2026-01-10 12:30", datetime(2026, 1, 10, 12, 30, tzinfo=UTC)),
        ("2026-01-10T12:30:15Z", datetime(2026, 1, 10, 12, 30, 15, tzinfo=UTC)),
        ("2026-01-10t12:30:15.25z", datetime(2026, 1, 10, 12, 30, 15, 250_000, tzinfo=UTC)),
        ("2026-01-10T12:30:15+0530", datetime(2026, 1, 10, 7, 0, 15, tzinfo=UTC)),
        ("2026-01-10T12:30:15 -08", datetime(2026, 1, 10, 20, 30, 15, tzinfo=UTC)),
        ("1914-06-28", datetime(1914, 6, 28, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_as_utc_unless_it_names_a_zone(text: str, same: datetime) -> None:
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment_us(text)) == same


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30",
        "2026-13-01",
        "0000-01-01",
        "10.01.2026",
        "2026-01-10T25:00",
        "2026-01-10T12:00:60Z",
        "2026-01-10T12:00+15:00",
        "2026-01-10T12:00+01:99",
        "2026-1-1",
        "20260110",
        "soon",
        "",
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no date|must be|month|form|zone|range"):
        moment_us(text)


def test_a_moment_before_the_first_year_is_refused() -> None:
    with pytest.raises(OverflowError):
        moment_us("0001-01-01T00:00+05:00")


def test_few_words_to_choose_from_are_all_named() -> None:
    assert meant("purple", ["red", "green"]) == "one of: green, red"
    assert meant("purple", [f"word-{n}" for n in range(50)]) == ""
    assert meant("gren", ["red", "green"]) == "did you mean 'green'?"


def test_a_long_text_is_shortened_in_a_message() -> None:
    assert shown("x" * 500) == f"'{'x' * 75}...'"


@pytest.mark.parametrize(
    ("text", "days"),
    [("P1Y", 365), ("P12M", 336), ("p2w", 14), ("P1DT24H", 2), ("PT1440M", 1), ("PT86400S", 1)],
)
def test_a_duration_never_lasts_longer_than_it_was_meant(text: str, days: int) -> None:
    assert duration_us(text) == days * 86_400_000_000


@pytest.mark.parametrize("text", ["P", "PT", "P0D", "1Y", "P1H", "-P1D", "90 days", "P1.5D"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="it is not of the form"):
        duration_us(text)
