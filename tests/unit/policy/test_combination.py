"""What licenses come to where data under several of them is brought together."""

from __future__ import annotations

import pytest

from lineage_plugin.model import Declaration, DeclaredNone, License, Unknown
from lineage_plugin.policy import combination, licenses
from lineage_plugin.policy.combination import Bound, agreement, conflicts
from lineage_plugin.policy.license_terms import Reach, Terms
from lineage_plugin.policy.purposes import Purposes

TRAINED = Reach(is_trained=True)


def names(*expressions: str, reach: Reach = Reach(), custom: object = None) -> set[frozenset[str]]:  # noqa: B008
    bound = [Bound(expression, reach) for expression in expressions]
    found = conflicts(bound, custom)  # type: ignore[arg-type]
    return {frozenset((a.expression, b.expression)) for a, others in found.items() for b in others}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CC-BY-SA-4.0", "ODbL-1.0"),
        ("CC-BY-SA-4.0", "CC-BY-NC-SA-4.0"),
        ("CC-BY-SA-4.0", "CC-BY-NC-4.0"),
        ("CC-BY-SA-1.0", "CC-BY-SA-4.0"),
        ("CDLA-Sharing-1.0", "ODbL-1.0"),
        ("GPL-2.0-only", "GPL-3.0-only"),
        ("GPL-3.0-only", "LicenseRef-creativeml-openrail-m"),
        ("C-UDA-1.0", "CC-BY-SA-4.0"),
        ("CC-BY-SA-4.0", "ODbL-1.0 OR CC-BY-NC-SA-4.0"),
        ("CC-BY-SA-4.0", "ODbL-1.0 AND CC-BY-4.0"),
    ],
    ids=str,
)
def test_these_leave_no_license_to_share_under(one: str, other: str) -> None:
    assert frozenset((one, other)) in names(one, other, "MIT")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CC-BY-SA-4.0", "CC-BY-4.0"),
        ("CC-BY-SA-3.0-DE", "CC-BY-SA-4.0"),
        ("CC-BY-SA-4.0", "GPL-3.0-or-later"),
        ("CC-BY-NC-4.0", "CC-BY-NC-SA-4.0"),
        ("GPL-2.0-or-later", "GPL-3.0-only"),
        ("CC-BY-SA-4.0", "ODbL-1.0 OR CC-BY-4.0"),
        ("CC-BY-SA-4.0", "CC-BY-ND-4.0"),
        ("CC-BY-SA-4.0", "LicenseRef-nobody-knows"),
        ("CC-BY-NC-4.0", "MIT"),
        ("LicenseRef-llama-2", "LicenseRef-gemma"),
    ],
    ids=str,
)
def test_these_can_be_shared_together(one: str, other: str) -> None:
    assert names(one, other) == set()


def test_one_dataset_may_conflict_with_itself() -> None:
    assert names("GPL-2.0-only AND GPL-3.0-only") == {frozenset(["GPL-2.0-only AND GPL-3.0-only"])}


def test_each_two_may_agree_and_all_three_not() -> None:
    custom = {
        f"LicenseRef-{name}": Terms(duties=("cc:ShareAlike",), adapt_under=under)
        for name, under in {"a": ("MIT", "ISC"), "b": ("ISC", "Zlib"), "c": ("MIT", "Zlib")}.items()
    }

    assert names("LicenseRef-a", "LicenseRef-b", custom=custom) == set()
    assert len(names(*custom, custom=custom)) == 3


def test_a_registered_share_alike_license_is_shared_under_itself() -> None:
    custom = {"LicenseRef-ours": Terms(duties=("cc:ShareAlike",))}

    assert names("LicenseRef-ours", "MIT", custom=custom) == set()
    assert names("LicenseRef-ours", "ODbL-1.0", custom=custom) == {
        frozenset(("LicenseRef-ours", "ODbL-1.0"))
    }


def test_share_alike_does_not_bind_a_model_but_is_to_be_reviewed() -> None:
    one = Bound("CC-BY-SA-4.0", TRAINED)

    assert names("CC-BY-SA-4.0", "ODbL-1.0", reach=TRAINED) == set()
    assert combination.verdict(one, ()) == "review"
    assert combination.verdict(Bound("CC-BY-SA-4.0"), ()) == "compatible"
    assert combination.verdict(Bound("CDLA-Sharing-1.0", TRAINED), ()) == "compatible"


@pytest.mark.parametrize(
    ("unsettled", "duties", "verdict"),
    [
        ("review", ("cc:Attribution", "cc:Notice", "indicate-changes", "odrl:reviewPolicy"),
         "non-commercial"),
        ("yes", ("cc:Attribution", "cc:Notice", "cc:ShareAlike", "indicate-changes"),
         "non-commercial"),
        ("no", (), "permitted"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_not_settled_is_for_the_user_to_settle(
    unsettled: str, duties: tuple[str, ...], verdict: str
) -> None:
    reach = Reach(is_trained=True, unsettled=unsettled)
    tree = Purposes.shipped()

    assert licenses.duties("CC-BY-NC-SA-4.0", reach=reach) == duties
    assert licenses.verdict("CC-BY-NC-SA-4.0", "sale", tree, reach=reach) == verdict


@pytest.mark.parametrize("unsettled", ["review", "yes", "no"])
def test_results_of_cdla_data_carry_no_duty_and_a_llama_stays_a_llama(unsettled: str) -> None:
    reach = Reach(is_trained=True, unsettled=unsettled)

    assert licenses.duties("CDLA-Sharing-1.0", reach=reach) == ()
    assert licenses.duties("C-UDA-1.0", reach=reach) == ()
    assert "name-after-model" in licenses.duties("LicenseRef-llama-3.1", reach=reach)


TEAM = Declaration("team", "s3://lake/x", license=License("CC-BY-4.0"))


@pytest.mark.parametrize(
    ("said", "verdict", "told"),
    [
        ([], "inherited", "none"),
        ([Declaration("team", "s3://lake/x")], "inherited", "none"),
        ([TEAM], "agreed", "none"),
        ([TEAM, Declaration("auditor", "*", license=License("CC-BY-4.0"))], "agreed", "none"),
        ([Declaration("team", "x", license=License("MIT", "GPL-3.0-only"))], "differs",
         "team: declared MIT, concluded GPL-3.0-only"),
        ([TEAM, Declaration("auditor", "*", license=License("MIT"))], "disputed",
         "auditor: declared MIT; team: declared CC-BY-4.0"),
        ([TEAM, Declaration("auditor", "*", license=Unknown("?"))], "disputed",
         "auditor: not known; team: declared CC-BY-4.0"),
        ([TEAM, Declaration("auditor", "*", license=DeclaredNone("?"))], "disputed",
         "auditor: no license; team: declared CC-BY-4.0"),
        ([TEAM, Declaration("team", "*", license=License("MIT"))], "agreed", "none"),
    ],
    ids=str,
)  # fmt: skip
def test_who_does_not_agree_is_named(said: list[Declaration], verdict: str, told: str) -> None:
    assert agreement(said) == (verdict, told)
    assert agreement(reversed(said)) == (verdict, told)
