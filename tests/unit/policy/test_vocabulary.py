"""The closed words, and what a wrong one was meant to be."""

from __future__ import annotations

import time

import pytest

from lineage_plugin.policy import vocabulary


def test_the_methods_are_the_closed_codes_of_oasis() -> None:
    assert {
        "data-augmentation", "data-mining", "feeds", "machine-generated-ml-ops", "other",
        "primary-user-source", "simulations", "social-media", "syndication", "transfer-learning",
        "user-generated-content", "web-scraping-crawling",
    } == vocabulary.METHODS  # fmt: skip


def test_the_bases_are_those_of_the_gdpr_and_of_dpv() -> None:
    gdpr = {name for name in vocabulary.BASES if name.startswith("eu-gdpr:")}

    assert gdpr == {f"eu-gdpr:A6-1-{x}" for x in "abcdef"} | {
        f"eu-gdpr:A9-2-{x}" for x in "abcdefghij"
    }
    assert "dpv:Consent" in vocabulary.BASES


def test_a_set_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="COLOURS"):
        _ = vocabulary.COLOURS


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("user-generated-contnt", "METHODS", "user-generated-content"),
        ("web scraping crawling", "METHODS", "web-scraping-crawling"),
        ("A6-1-a", "BASES", "eu-gdpr:A6-1-a"),
        ("eu-gdpr:a6-1-A", "BASES", "eu-gdpr:A6-1-a"),
        ("consentgiven", "STATUSES", "dpv:ConsentGiven"),
        ("face_image", "CATEGORIES", "face-image"),
        ("bought", "EVENTS", ""),
        ("", "EVENTS", ""),
    ],
    ids=str,
)
def test_a_wrong_word_leads_to_the_nearest_known_one(word: str, known: str, meant: str) -> None:
    assert vocabulary.suggest(word, getattr(vocabulary, known)) == meant


def test_a_page_instead_of_a_word_costs_no_time() -> None:
    started = time.monotonic()

    assert vocabulary.suggest("x " * 100_000, vocabulary.CATEGORIES) == ""
    assert time.monotonic() - started < 0.5


def test_a_category_nobody_knows_may_be_anything() -> None:
    assert vocabulary.is_personal("no-such-category")
    assert vocabulary.is_special("no-such-category")
    assert vocabulary.iri("no-such-category") == ""


def test_an_event_nobody_knows_needs_an_agreement() -> None:
    assert vocabulary.needs_agreement("found-on-a-train")
    assert not vocabulary.needs_agreement("collected")
