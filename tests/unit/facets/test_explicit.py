"""What events say about what was made from what, and about other names of a dataset."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_plugin.facets import names
from lineage_plugin.facets.events import facts_of
from lineage_plugin.model import Alias, DatasetRef, ExplicitLineage, RunFacts
from tests.support.openlineage_spec import problems

ROOT, SPARK = "https://w3id.org/lineage-plugin", "https://example.org/spark"
RAW, MAPS, FACES, ROADS = (
    DatasetRef("s3://lake", name) for name in ("raw", "maps", "faces", "roads")
)


def named(ref: DatasetRef, **more: Any) -> dict[str, Any]:
    return {"namespace": ref.namespace, "name": ref.name, "type": "DATASET", **more}


def facet(**content: Any) -> dict[str, Any]:
    return {"_producer": SPARK, "_schemaURL": "https://example.org/x", **content}


def facts(
    *,
    job: Any = None,
    task: dict[str, Any] | None = None,
    inputs: tuple[DatasetRef, ...] = (RAW, MAPS),
    **facets: Any,
) -> RunFacts:
    """Return the facts of a run that reads two datasets and writes two; *facets* of the first."""
    found = facts_of(
        {
            "eventType": "COMPLETE",
            "eventTime": "2026-05-03T10:00:00Z",
            "run": {"runId": "r", "facets": {names.TASK: task} if task else {}},
            "job": {"namespace": "n", "name": "j", "facets": {"lineage": job} if job else {}},
            "inputs": [named(ref) for ref in inputs],
            "outputs": [named(FACES, facets=facets), named(ROADS)],
        }
    )
    assert found is not None
    return found


def words(found: RunFacts) -> list[tuple[ExplicitLineage, ...]]:
    return [output.lineage for output in found.outputs]


def test_a_job_says_what_each_output_was_made_from() -> None:
    job = facet(entries=[named(FACES, inputs=[named(RAW)]), named(ROADS, inputs=[])])

    assert words(facts(job=job)) == [
        (ExplicitLineage((RAW,), SPARK),),
        (ExplicitLineage((), SPARK),),
    ]


def test_an_output_says_what_it_was_made_from_as_a_whole_and_by_field() -> None:
    said = facet(
        inputs=[named(RAW, field="id")],
        fields={"face": {"inputs": [named(MAPS, field="tile")]}},
    )

    assert words(facts(lineage=said)) == [(ExplicitLineage((MAPS, RAW), SPARK),), ()]


def test_the_author_of_the_task_says_it_in_our_own_facet() -> None:
    task = {"_producer": ROOT, "lineage": [named(FACES, inputs=[named(RAW)])]}

    assert words(facts(task=task)) == [(ExplicitLineage((RAW,), ROOT),), ()]
    assert words(facts(task={**task, "_producer": SPARK})) == [(), ()]


def test_what_several_say_is_kept_with_who_says_it() -> None:
    task = {"_producer": ROOT, "lineage": [named(FACES, inputs=[named(RAW)])]}
    found = facts(task=task, lineage=facet(inputs=[named(MAPS)]))

    assert words(found)[0] == (ExplicitLineage((MAPS,), SPARK), ExplicitLineage((RAW,), ROOT))


@pytest.mark.parametrize(
    "said",
    [
        facet(fields={"face": {"inputs": [named(RAW)]}}),
        facet(inputs=[{"type": "JOB"}]),
        facet(inputs=[named(RAW, type="JOB")]),
        facet(inputs=[named(RAW), {"name": "x"}]),
        facet(inputs=[named(RAW)], fields={"face": {}}),
        facet(inputs=[named(RAW)], fields=3),
        facet(inputs="everything"),
        "x",
    ],
    ids=str,
)
def test_what_cannot_be_read_wholly_keeps_nothing_apart(said: Any) -> None:
    task = {"_producer": ROOT, "lineage": [named(FACES, inputs=[named(RAW)])]}

    assert words(facts(task=task, lineage=said))[0] == ()


@pytest.mark.parametrize("entry", [None, {"inputs": []}, {"type": "DATASET"}], ids=str)
def test_an_entry_about_nobody_knows_what_voids_the_others(entry: Any) -> None:
    job = facet(entries=[named(FACES, inputs=[named(RAW)]), entry])

    assert words(facts(job=job)) == [(), ()]


def test_an_entry_about_the_job_itself_is_passed_over() -> None:
    job = facet(entries=[{"type": "JOB", "inputs": []}, named(FACES, inputs=[named(RAW)])])

    assert words(facts(job=job))[0] == (ExplicitLineage((RAW,), SPARK),)


FIELDS = {"id": {"inputFields": [named(RAW, field="id")]}}
SCHEMA = {"fields": [{"name": "id"}]}


class TestColumns:
    """Column lineage counts only where it tells filters and joins too, and every column."""

    def test_it_counts_where_it_is_whole(self) -> None:
        columns = facet(fields=FIELDS, dataset=[named(MAPS, field="tile")])

        assert words(facts(columnLineage=columns, schema=SCHEMA))[0] == (
            ExplicitLineage((MAPS, RAW), SPARK),
        )

    @pytest.mark.parametrize(
        ("columns", "schema"),
        [
            (facet(fields=FIELDS), SCHEMA),
            (facet(fields=FIELDS, dataset=[]), {}),
            (facet(fields=FIELDS, dataset=[]), {"fields": [{"name": "id"}, {"name": "face"}]}),
            (facet(fields={"id": {}}, dataset=[]), SCHEMA),
            (facet(fields=FIELDS, dataset=[{"field": "x"}]), SCHEMA),
        ],
        ids=["no filters", "no schema", "a column missing", "no inputs", "unreadable"],
    )
    def test_else_it_says_nothing(self, columns: Any, schema: Any) -> None:
        assert words(facts(columnLineage=columns, schema=schema))[0] == ()


def test_other_names_of_a_dataset_are_kept_with_who_says_so() -> None:
    symlinks = facet(identifiers=[named(ROADS), named(FACES), {"name": "x"}, None])

    assert facts(symlinks=symlinks).aliases == (Alias(FACES, ROADS, SPARK),)


def test_an_input_that_only_explicit_lineage_names_is_kept_there() -> None:
    found = facts(lineage=facet(inputs=[named(MAPS)]), inputs=(RAW,))

    assert found.inputs == (RAW,)
    assert words(found)[0] == (ExplicitLineage((MAPS,), SPARK),)


SPEC = "https://openlineage.io/spec/facets"


@pytest.mark.parametrize(
    ("schema", "facets"),
    [
        ("1-0-0/LineageFacet", {"lineage": facet(entries=[named(FACES, inputs=[named(RAW)])])}),
        ("1-0-0/LineageFacet", {"lineage": facet(inputs=[named(RAW, field="id")])}),
        (
            "1-2-0/ColumnLineageDatasetFacet",
            {"columnLineage": facet(fields=FIELDS, dataset=[named(MAPS, field="x")])},
        ),
        ("1-0-1/SymlinksDatasetFacet", {"symlinks": facet(identifiers=[named(ROADS)])}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_read_here_is_what_openlineage_specifies(schema: str, facets: Any) -> None:
    assert problems(facets, f"{SPEC}/{schema}.json") == []
