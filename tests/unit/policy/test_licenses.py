"""What licenses forbid, measured against purposes."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_plugin.model import DeclaredNone, License, Unknown
from lineage_plugin.policy import licenses
from lineage_plugin.policy.licenses import Terms
from lineage_plugin.policy.purposes import Purposes

TREE = Purposes.shipped()


@pytest.mark.parametrize(
    ("expression", "training", "publication", "research"),
    [
        ("CC0-1.0", "permitted", "permitted", "permitted"),
        ("CC-BY-4.0", "permitted", "permitted", "permitted"),
        ("CC-BY-NC-4.0", "non-commercial", "non-commercial", "permitted"),
        ("CC-BY-NC-SA-3.0-IGO", "non-commercial", "non-commercial", "permitted"),
        ("CC-BY-ND-4.0", "permitted", "no-derivatives", "permitted"),
        ("CC-BY-NC-ND-4.0", "non-commercial", "non-commercial", "permitted"),
        ("ODbL-1.0", "permitted", "permitted", "permitted"),
        ("LicenseRef-internal", "permitted", "no-distribution", "permitted"),
        ("GPL-3.0-only", "permitted", "permitted", "permitted"),
        ("LicenseRef-llama-2", "restricted-training", "permitted", "restricted-training"),
        ("LicenseRef-llama-3.1", "permitted", "permitted", "permitted"),
        ("LicenseRef-terms-openai", "restricted-training", "permitted", "restricted-training"),
        ("LicenseRef-terms-x", "no-training", "no-distribution", "no-training"),
        ("LicenseRef-terms-reddit", "no-training", "non-commercial", "no-training"),
        ("LicenseRef-terms-meta", "prohibited", "prohibited", "prohibited"),
        ("LicenseRef-terms-openai OR MIT", "permitted", "permitted", "permitted"),
        ("LicenseRef-all-rights-reserved", "prohibited", "prohibited", "prohibited"),
        ("Glide", "unknown", "unknown", "unknown"),
        ("LicenseRef-nobody-knows", "unknown", "unknown", "unknown"),
        ("", "unknown", "unknown", "unknown"),
        ("MIT AND", "unknown", "unknown", "unknown"),
        ("cc-by-4.0", "unknown", "unknown", "unknown"),
        ("CC-BY-4.0 AND CC-BY-NC-4.0", "non-commercial", "non-commercial", "permitted"),
        ("CC-BY-NC-4.0 OR MIT", "permitted", "permitted", "permitted"),
        ("Glide OR MIT", "permitted", "permitted", "permitted"),
        ("Glide AND MIT", "unknown", "unknown", "unknown"),
        ("Glide OR CC-BY-NC-4.0", "unknown", "unknown", "permitted"),
        ("Glide AND CC-BY-NC-4.0", "non-commercial", "non-commercial", "unknown"),
        ("(CC-BY-NC-4.0 OR CC-BY-4.0) AND MIT", "permitted", "permitted", "permitted"),
        ("Apache-2.0 WITH LLVM-exception", "permitted", "permitted", "permitted"),
        ("CC-BY-NC-4.0 WITH LLVM-exception", "non-commercial", "non-commercial", "permitted"),
        ("MIT WITH AdditionRef-Commons-Clause", "unknown", "unknown", "unknown"),
        ("MIT WITH LicenseRef-no-training", "unknown", "unknown", "unknown"),
    ],
    ids=str,
)
def test_a_license_is_measured_against_the_purpose(
    expression: str, training: str, publication: str, research: str
) -> None:
    assert licenses.verdict(expression, "model-training", TREE) == training
    assert licenses.verdict(expression, "publication", TREE) == publication
    assert licenses.verdict(expression, "non-commercial-model-training", TREE) == research


def test_a_purpose_nobody_knows_is_commercial_and_shares() -> None:
    assert licenses.verdict("CC-BY-NC-4.0", "no-such-purpose", TREE) == "non-commercial"
    assert licenses.verdict("CC-BY-ND-4.0", "no-such-purpose", TREE) == "no-derivatives"


@pytest.mark.parametrize(
    ("expression", "duties"),
    [
        ("CC0-1.0", ()),
        ("CC-BY-4.0", ("cc:Attribution", "cc:Notice", "indicate-changes")),
        ("MIT AND CC-BY-SA-4.0", (
            "cc:Attribution", "cc:Notice", "cc:ShareAlike", "indicate-changes",
        )),
        ("CC-BY-4.0 OR CC0-1.0", ()),
        ("CC0-1.0 OR CC-BY-4.0", ()),
        ("CC-BY-NC-4.0 OR CC-BY-SA-4.0", (
            "cc:Attribution", "cc:Notice", "cc:ShareAlike", "indicate-changes",
        )),
        ("Glide OR MIT", ("cc:Notice",)),
        ("Glide", ()),
        ("", ()),
    ],
    ids=str,
)  # fmt: skip
def test_duties_unite_over_and_and_are_chosen_over_or(
    expression: str, duties: tuple[str, ...]
) -> None:
    assert licenses.duties(expression) == duties


def test_prohibitions_of_an_expression_are_those_of_what_binds() -> None:
    assert licenses.prohibitions("CC-BY-NC-ND-4.0 AND MIT") == (
        "cc:CommercialUse",
        "cc:DerivativeWorks",
    )
    assert licenses.prohibitions("CC-BY-NC-ND-4.0 OR MIT") == ()
    assert licenses.prohibitions("") == ()


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (None, "absent"),
        (Unknown("legal was asked"), "unknown"),
        (DeclaredNone("we never asked"), "none"),
        (License("MIT"), "permitted"),
        (License("MIT", concluded="CC-BY-NC-4.0"), "non-commercial"),
        (License(""), "unknown"),
    ],
    ids=str,
)
def test_nobody_said_none_and_unknown_stay_apart(said: Any, verdict: str) -> None:
    assert licenses.judge(said, "model-training", TREE) == verdict


LEXICON = {
    "permits": ["cc:Reproduction", "cc:DerivativeWorks"],
    "prohibits": ["cc:CommercialUse", "cc:Distribution"],
    "duties": ["cc:Attribution"],
    "source": "terms of use",
}


@pytest.mark.parametrize(
    ("row", "prohibits"),
    [
        (LEXICON, ("cc:CommercialUse", "cc:Distribution")),
        ({"prohibits": []}, ()),
        ({"prohibits": ["odrl:derive", "odrl:distribute"]}, (
            "cc:DerivativeWorks", "cc:Distribution",
        )),
        ({"duties": []}, ("cc:DerivativeWorks", "cc:Distribution", "cc:Reproduction")),
        ({"permits": []}, ("cc:DerivativeWorks", "cc:Distribution", "cc:Reproduction")),
        ({"permits": ["odrl:use"]}, ("cc:DerivativeWorks", "cc:Distribution")),
        ({"permits": ["cc:Reproduction"], "prohibits": ["cc:Reproduction"]}, (
            "cc:DerivativeWorks", "cc:Distribution", "cc:Reproduction",
        )),
    ],
    ids=str,
)  # fmt: skip
def test_what_registered_terms_do_not_permit_they_forbid(row: Any, prohibits: Any) -> None:
    assert licenses.terms(row).prohibits == prohibits


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "terms need"),
        ("MIT", "terms need"),
        (None, "terms need"),
        ({"prohibits": "cc:CommercialUse"}, "prohibits: write a list"),
        ({"prohibits": ["cc:CommercialUsage"]}, "'cc:CommercialUsage'.*'cc:CommercialUse'"),
        ({"permits": ["cc:Everything"]}, "permits: unknown 'cc:Everything'"),
        ({"prohibits": [], "dutys": []}, "'dutys'.*'duties'"),
        ({"prohibits": [["a"]]}, "prohibits: unknown"),
    ],
    ids=str,
)
def test_terms_that_cannot_be_measured_are_refused(row: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        licenses.terms(row)


def test_every_fault_of_terms_is_told_at_once() -> None:
    with pytest.raises(ValueError, match=r"'x'.*prohibits: unknown 'y'.*duties: unknown 'z'"):
        licenses.terms({"x": 1, "prohibits": ["y"], "duties": ["z"]})


@pytest.mark.parametrize("terms", [LEXICON, licenses.terms(LEXICON)], ids=["written", "read"])
def test_registered_terms_bind_like_those_of_the_table(terms: Any) -> None:
    custom = {"LicenseRef-lexicon": terms}
    ask = "LicenseRef-lexicon AND MIT"

    assert licenses.verdict(ask, "model-training", TREE, custom) == "non-commercial"
    assert licenses.verdict(ask, "non-commercial-model-training", TREE, custom) == "permitted"
    assert licenses.duties(ask, custom) == ("cc:Attribution", "cc:Notice")
    assert licenses.has_terms("LicenseRef-lexicon", custom)
    assert not licenses.has_terms("LicenseRef-lexicon")


def test_nobody_can_register_freer_terms_for_a_license_that_has_some() -> None:
    custom = {"CC-BY-NC-4.0": Terms()}

    assert licenses.verdict("CC-BY-NC-4.0", "model-training", TREE, custom) == "non-commercial"


@pytest.mark.parametrize("row", [{}, {"prohibits": ["?"]}, "x", None, 3], ids=str)
def test_registered_terms_that_cannot_be_read_are_unknown(row: Any) -> None:
    custom = {"LicenseRef-acme": row}

    assert licenses.verdict("LicenseRef-acme", "model-training", TREE, custom) == "unknown"


def test_an_expression_nested_without_end_is_unknown() -> None:
    deep = "A"
    for turn in range(2_00):
        deep = f"MIT {'AND' if turn % 2 else 'OR'} ({deep})"

    assert licenses.verdict(deep, "model-training", TREE) == "unknown"
    assert licenses.verdict("MIT OR " * 5_000 + "MIT", "model-training", TREE) == "unknown"


def test_the_alternatives_of_an_or_are_shown_best_first() -> None:
    found = licenses.alternatives("CC-BY-NC-4.0 OR (MIT AND Glide) OR ISC", "model-training", TREE)

    assert [(each.expression, each.verdict) for each in found] == [
        ("ISC", "permitted"),
        ("MIT AND Glide", "unknown"),
        ("CC-BY-NC-4.0", "non-commercial"),
    ]
    assert licenses.alternatives("MIT AND (ISC OR Zlib)", "model-training", TREE) == ()
    assert licenses.alternatives("", "model-training", TREE) == ()


@pytest.mark.parametrize(
    ("expression", "permitted"),
    [
        ("CC0-1.0", ("cc:DerivativeWorks", "cc:Distribution", "cc:Reproduction")),
        ("CC-BY-ND-4.0", ("cc:Distribution", "cc:Reproduction")),
        ("CC-BY-ND-4.0 AND LicenseRef-internal", ("cc:Reproduction",)),
        ("CC-BY-ND-4.0 OR LicenseRef-internal", (
            "cc:DerivativeWorks", "cc:Distribution", "cc:Reproduction",
        )),
        ("Glide", ()),
        ("", ()),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_permitted_is_what_all_permit_or_one_that_may_be_chosen(
    expression: str, permitted: tuple[str, ...]
) -> None:
    assert licenses.permissions(expression) == permitted


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"prohibits": [], "through_train": "sometimes"}, "through_train: unknown 'sometimes'"),
        ({"prohibits": [], "adapt_under": "MIT"}, "adapt_under: write a list"),
    ],
    ids=str,
)
def test_how_terms_flow_is_checked_too(row: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        licenses.terms(row)


def test_registered_terms_say_under_what_may_be_shared_and_what_reaches_a_model() -> None:
    read = licenses.terms(
        {"prohibits": [], "adapt_under": ["MIT"], "through_train": "no", "url": "https://x.example"}
    )

    assert (read.adapt_under, read.through_train, read.url) == (("MIT",), "no", "https://x.example")
    assert licenses.identifiers("MIT AND (ISC OR MIT)") == ("ISC", "MIT")
