"""What licences of several sources come to at a real gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_plugin.model import EdgeKind, Outcome
from tests.support.gatehouse import CLEAN, Gatehouse, roots, uri


def licensed(text: str) -> str:
    return CLEAN.replace("license: CC-BY-4.0", f"license: {text}")


@pytest.fixture
def house(tmp_path: Path) -> Gatehouse:
    catalog = roots(wiki=licensed("CC-BY-SA-4.0"), streets=licensed("ODbL-1.0"))
    house = Gatehouse(tmp_path).catalog(catalog)
    return house.ran("join", ["wiki", "streets"], ["corpus"], edge=EdgeKind.JOIN)


def test_a_share_alike_conflict_is_warned_of_in_training_and_blocks_publication(
    house: Gatehouse,
) -> None:
    training = house.ask("corpus")
    publication = house.ask("corpus", purpose="publication")

    assert training.outcome is Outcome.ALLOWED
    assert {(w.id, w.dataset) for w in training.warnings} == {
        ("license_conflict.share-alike", uri("wiki")),
        ("license_conflict.share-alike", uri("streets")),
    }
    assert publication.outcome is Outcome.DENIED
    reason = publication.reasons[0]
    assert reason.id == "license_conflict.share-alike"
    assert "ODbL-1.0 of s3://lake/streets" in " ".join(r.why for r in publication.reasons)
    assert reason.path[0] == uri("corpus")


def test_a_model_made_of_both_may_be_published_and_is_to_be_reviewed(house: Gatehouse) -> None:
    house.ran("train", ["corpus"], ["model"], edge=EdgeKind.TRAIN)

    found = house.ask("model", purpose="publication")

    assert found.outcome is Outcome.ALLOWED
    assert {w.id for w in found.warnings} >= {"license_conflict.review"}


@pytest.mark.parametrize(
    ("unsettled", "outcome"), [("yes", Outcome.DENIED), ("no", Outcome.ALLOWED)], ids=str
)
def test_whoever_has_settled_whether_terms_reach_a_model_is_heard(
    tmp_path: Path, unsettled: str, outcome: Outcome
) -> None:
    catalog = roots(wiki=licensed("CC-BY-SA-4.0"), streets=licensed("ODbL-1.0"))
    house = Gatehouse(tmp_path, license_through_train=unsettled).catalog(catalog)
    house.ran("train", ["wiki", "streets"], ["model"], edge=EdgeKind.TRAIN)

    found = house.ask("model", purpose="publication")

    assert found.outcome is outcome
    assert not [w for w in found.warnings if w.id.startswith("license_conflict")]


def test_a_conclusion_and_a_contradiction_are_warned_of_by_name(tmp_path: Path) -> None:
    house = Gatehouse(tmp_path, catalog=(tmp_path / "a.yaml", tmp_path / "b.yaml"))
    found = licensed("{declared: CC-BY-4.0, concluded: MIT}")
    house.catalog(roots(wiki=found, maps=licensed("CC-BY-ND-4.0")), "a.yaml")
    house.catalog(
        "version: 1\nauthority: auditor\ndatasets:\n  s3://lake/maps: {license: MIT}\n", "b.yaml"
    )

    decision = house.ask("wiki", "maps")

    assert decision.outcome is Outcome.ALLOWED
    assert {
        w.id: w.why.partition("(")[2].partition(")")[0]
        for w in decision.warnings
        if w.id.startswith("license")
    } == {
        "license_concluded.differs": "team-vision: declared CC-BY-4.0, concluded MIT",
        "license_concluded.disputed": "auditor: declared MIT; team-vision: declared CC-BY-ND-4.0",
        "license_derivation.no-derivatives": "",
    }
