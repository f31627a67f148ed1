"""``lineage-plugin coverage``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from lineage_plugin.model import Subject
from lineage_plugin.store import open_store
from tests.support.records import COMPLETE, FAIL, START, decision, event, record
from tests.unit.cli.conftest import Run


def test_what_is_declared_or_made_from_it_is_covered_and_the_rest_is_named(
    recorded: Path, run_json: Callable[..., Any]
) -> None:
    with closing(open_store(f"sqlite:///{recorded}/lineage_plugin/record.db")) as store:
        record(store, event("maps.copy", COMPLETE, 10, reads=["hearsay"], writes=["maps"]))

    maps, faces, every = run_json("coverage")

    assert (faces["dag"], faces["percent"], faces["missing"]) == ("faces", 100, [])
    assert (faces["declared"], faces["derived"]) == (1, 2)
    assert (maps["dag"], maps["percent"]) == ("maps", 50)
    assert maps["missing"] == ["s3://lake/hearsay"]
    assert (every["dag"], every["touched"], every["percent"]) == ("(all)", 5, 80)


def test_a_threshold_ends_with_two_where_less_is_covered(recorded: Path, run: Run) -> None:
    with closing(open_store(f"sqlite:///{recorded}/lineage_plugin/record.db")) as store:
        record(store, event("maps.copy", COMPLETE, 10, reads=["hearsay"], writes=["maps"]))

    assert run("coverage", "--at-least", "80").exit_code == 0
    assert run("coverage", "--at-least", "81").exit_code == 2
    assert run("coverage", "--at-least", "100", "--dag", "faces").exit_code == 0
    assert run("coverage", "--at-least", "51", "--dag", "maps").exit_code == 2


def test_the_table_names_what_is_missing_and_what_to_do(recorded: Path, run: Run) -> None:
    with closing(open_store(f"sqlite:///{recorded}/lineage_plugin/record.db")) as store:
        record(store, event("maps.copy", COMPLETE, 10, writes=["maps"]))

    done = run("coverage")

    assert "  maps  s3://lake/maps\n" in done.stdout
    assert "Declare them in provenance.yaml" in done.stdout


def test_what_gates_kept_from_being_made_is_not_missing(
    recorded: Path, run_json: Callable[..., Any]
) -> None:
    with closing(open_store(f"sqlite:///{recorded}/lineage_plugin/record.db")) as store:
        run = event("maps.train", START, 10, reads=["photos"], writes=["never"])
        asker = Subject(run.job_namespace, run.job_name, run.group, run.run_id)
        store.append_decision(decision(subject=asker), recorded_us=10)
        record(store, run, replace(run, state=FAIL, at_us=20, refused_by="decision-1"))

    maps = next(row for row in run_json("coverage") if row["dag"] == "maps")

    assert (maps["touched"], maps["missing"]) == (1, [])


def test_an_unheard_of_dag_is_refused(recorded: Path, run: Run) -> None:
    done = run("coverage", "--dag", "facess")

    assert done.exit_code == 2
    assert "the record knows no DAG 'facess'" in done.output


def test_without_a_record_there_is_nothing_to_cover(home: Path, run: Run) -> None:
    assert run("coverage").exit_code == 5
