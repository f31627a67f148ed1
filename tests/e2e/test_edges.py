"""What flows along the steps of real DAGs, and what a recorded decision takes away."""

from __future__ import annotations

import pytest

from lineage_plugin.facets import names
from tests.e2e.conftest import Run

pytestmark = pytest.mark.e2e


def test_an_output_is_judged_by_the_inputs_it_was_made_from(run: Run) -> None:
    ended = run("edges")

    assert ended.state("a_apart", "train_on_roads") == "success"
    assert ended.state("a_apart", "train_on_faces") == "failed"
    assert (ended.has_run("roads"), ended.has_run("faces")) == (True, False)


def test_anonymous_data_needs_no_consent_where_somebody_answers_for_it(run: Run) -> None:
    ended = run("edges")

    assert ended.state("b_anonymous", "train_on_counts") == "success"
    assert ended.state("b_anonymous", "train_on_sums") == "failed"


def test_the_decision_and_the_dataset_say_on_whose_word(run: Run) -> None:
    ended = run("edges")
    (event,) = ended.of("b_anonymous.train_on_counts", "COMPLETE")
    (counts,) = (i for i in event["inputs"] if i["name"] == "counts")

    assert [w["id"] for w in event["run"]["facets"][names.GATE]["warnings"]] == [
        "edge.declassified"
    ]
    (said,) = counts["facets"][names.EFFECTIVE]["declassifications"]
    assert (said["decidedBy"], said["removes"]) == ("team-privacy", ["personal", "picture"])
