"""What owners rule out, and what transformations add."""

from __future__ import annotations

import pytest

from lineage_plugin.model import EdgeKind, Use
from lineage_plugin.policy import edges, use
from lineage_plugin.policy.purposes import Purposes
from lineage_plugin.propagation import Label, through

TREE = Purposes.shipped()


@pytest.mark.parametrize(
    ("said", "purpose", "verdict"),
    [
        (None, "model-training", "inherited"),
        (Use(), "model-training", "permitted"),
        (Use(excluded=("model-training",)), "model-training", "excluded"),
        (Use(excluded=("model-training",)), "fine-tuning", "excluded"),
        (Use(excluded=("model-training",)), "face-recognition", "excluded"),
        (Use(excluded=("any",)), "publication", "excluded"),
        (Use(excluded=("face-recognition",)), "model-training", "permitted"),
        (Use(excluded=("surveillance",)), "model-training", "permitted"),
        (Use(excluded=("surveillance",)), "surveillance", "excluded"),
        (Use(excluded=("marketing",)), "no-such-purpose", "excluded"),
        (Use(purposes=("evaluation",)), "model-training", "permitted"),
    ],
    ids=str,
)
def test_excluding_a_purpose_excludes_what_is_below_it(
    said: Use | None, purpose: str, verdict: str
) -> None:
    assert use.verdict(said, purpose, TREE) == verdict


@pytest.mark.parametrize(
    ("kind", "category", "becomes_biometric"),
    [
        (EdgeKind.EMBED, "face-image", True),
        (EdgeKind.EMBED, "picture", True),
        (EdgeKind.EMBED, "voice", True),
        (EdgeKind.EMBED, "location", False),
        (EdgeKind.UNSPECIFIED, "face-image", True),
        (EdgeKind.UNSPECIFIED, "picture", False),
        (EdgeKind.COPY, "face-image", False),
        (EdgeKind.ANONYMISE, "face-image", False),
    ],
    ids=str,
)
def test_embedding_makes_biometric_data(
    kind: EdgeKind, category: str, *, becomes_biometric: bool
) -> None:
    label = Label(frozenset({"s3://photos"}), {category: frozenset({"s3://photos"})})
    arrived = through(label, edges.Rules().escalations(kind))

    assert ("biometric" in arrived.categories) is becomes_biometric
    assert category in arrived.categories


@pytest.mark.parametrize("kind", EdgeKind)
def test_every_kind_of_edge_has_an_answer(kind: EdgeKind) -> None:
    assert isinstance(edges.Rules().escalations(kind), tuple)
