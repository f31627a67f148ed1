"""The hierarchy of purposes."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_plugin.policy import purposes
from lineage_plugin.policy.purposes import Purposes

TREE = Purposes.shipped()


@pytest.mark.parametrize(
    "name",
    [
        "any", "research-and-development", "model-training", "fine-tuning", "face-recognition",
        "evaluation", "non-commercial-research", "academic-research", "publication", "disclosure",
        "non-commercial-model-training", "service-provision",
    ],
)  # fmt: skip
def test_a_purpose_that_people_need_is_shipped(name: str) -> None:
    assert name in TREE


def test_the_shipped_purposes_are_read_once() -> None:
    assert Purposes.shipped() is purposes.shipped()


def test_ancestors_begin_with_the_purpose_itself_and_end_at_the_root() -> None:
    found = TREE.ancestors("fine-tuning")

    assert found == ("fine-tuning", "model-training", "research-and-development", "any")
    assert TREE.ancestors("no-such-purpose") == ()


def test_training_without_commerce_is_bound_like_training() -> None:
    found = TREE.ancestors("non-commercial-model-training")

    assert found[:2] == ("non-commercial-model-training", "model-training")
    assert "non-commercial-research" in found


@pytest.mark.parametrize(
    ("allowed", "purpose", "covered"),
    [
        (["model-training"], "model-training", True),
        (["model-training"], "fine-tuning", True),
        (["fine-tuning"], "model-training", False),
        (["any"], "fine-tuning", True),
        (["model-training"], "face-recognition", False),
        (["any"], "face-recognition", False),
        (["face-recognition"], "face-recognition", True),
        (["any"], "publication", False),
        (["disclosure"], "publication", False),
        (["non-commercial-research"], "non-commercial-model-training", True),
        (["model-training"], "non-commercial-model-training", True),
        ([], "model-training", False),
        (["model-training"], "no-such-purpose", False),
        (["no-such-purpose"], "no-such-purpose", False),
        (["no-such-purpose", "any"], "evaluation", True),
    ],
    ids=str,
)
def test_a_permission_reaches_what_is_below_but_nothing_specific(
    allowed: list[str], purpose: str, *, covered: bool
) -> None:
    assert TREE.covers(allowed, purpose) is covered


@pytest.mark.parametrize(
    ("name", "commercial"),
    [
        ("model-training", True),
        ("academic-research", False),
        ("non-commercial-research", False),
        ("non-commercial-model-training", False),
        ("sale", True),
        ("any", True),
        ("no-such-purpose", True),
    ],
)
def test_a_purpose_is_commercial_unless_it_is_known_not_to_be(
    name: str, *, commercial: bool
) -> None:
    assert TREE.is_commercial(name) is commercial


def test_sharing_is_known_of_publication_and_assumed_of_the_unknown() -> None:
    assert TREE.is_sharing("publication")
    assert TREE.is_sharing("disclosure")
    assert TREE.is_sharing("no-such-purpose")
    assert not TREE.is_sharing("model-training")


def test_added_purposes_inherit_whatever_the_order_in_which_they_are_written() -> None:
    tree = TREE.extended(
        {
            "face-search": {"under": "biometrics"},
            "biometrics": {"under": "face-recognition", "commercial": False},
        }
    )

    assert tree.ancestors("face-search")[:3] == ("face-search", "biometrics", "face-recognition")
    assert tree.is_special("face-search")
    assert not tree.is_commercial("face-search")
    assert not tree.covers(["model-training"], "face-search")
    assert tree.covers(["face-recognition"], "face-search")
    assert tree.oasis("face-search") == "other"
    assert "biometrics" not in TREE


def test_a_purpose_below_commerce_and_research_is_commercial_unless_it_says_otherwise() -> None:
    tree = TREE.extended({"spin-off": {"under": ["academic-research", "commercial-purpose"]}})

    assert tree.is_commercial("spin-off")


def test_an_added_purpose_can_be_specific() -> None:
    tree = TREE.extended({"scoring": {"under": "model-training", "specific": True}})

    assert not tree.covers(["model-training"], "scoring")
    assert tree.covers(["scoring"], "scoring")


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ({"a": {"under": "b"}, "b": {"under": "a"}}, "under each other: 'a', 'b'"),
        ({"a": {"under": "a"}}, "under each other: 'a'"),
        ({"a": {"under": "model-trainin"}}, r"'a' lies under 'model-trainin'.*'model-training'"),
        ({"model-training": {"under": "any"}}, "'model-training' is shipped"),
        ({"a": {"under": "any", "comercial": False}}, "'a' has no 'comercial'.*'commercial'"),
        ({"a": {"under": "any", "specific": "yes"}}, "'a': specific is true or false"),
        ({"a": {}}, "'a' needs 'under: <purpose>'"),
        ({"a": {"under": []}}, "'a' needs 'under: <purpose>'"),
        ({"a": "any"}, "'a' needs 'under: <purpose>'"),
    ],
    ids=str,
)
def test_a_wrong_addition_is_refused_by_name(added: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TREE.extended(added)


def test_every_fault_of_the_additions_is_told_at_once() -> None:
    with pytest.raises(ValueError, match=r"(?s)'a' needs.*'b' lies under") as error:
        TREE.extended({"a": {}, "b": {"under": "nowhere-at-all"}})

    assert "is shipped" not in str(error.value)


def test_a_wrong_name_leads_to_the_nearest_purpose() -> None:
    assert TREE.suggest("model_trainig") == "model-training"
    assert TREE.suggest("qqqq") == ""


def test_the_purposes_can_be_counted_and_listed() -> None:
    assert len(TREE) == len(list(TREE))
