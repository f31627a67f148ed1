"""What each command says about a record."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from lineage_plugin.cli import COMMANDS, command
from lineage_plugin.store import open_store

Run = Callable[..., Result]
RunJson = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("recorded")


def test_datasets_lists_what_the_record_knows(run: Run, run_json: RunJson) -> None:
    found = run_json("datasets", "--prefix", "s3://lake/")

    assert [row["dataset"] for row in found] == ["s3://lake/faces", "s3://lake/photos"]
    assert found[0]["last_job"].endswith("faces.train")
    assert all(row["dataset"] in run("datasets").stdout for row in found)


def test_datasets_says_on_stderr_that_there_is_more(run: Run) -> None:
    result = run("datasets", "--limit", "1")

    assert len(result.stdout.splitlines()) == 2
    assert "--limit 10" in result.stderr


def test_jsonl_is_one_object_a_line(run: Run) -> None:
    lines = run("datasets", "--format", "jsonl").stdout.splitlines()

    assert [json.loads(line)["name"] for line in lines] == ["faces", "photos", "faces"]


def test_each_decision_is_a_line_with_outcome_time_dataset_purpose_and_reason(run: Run) -> None:
    lines = run("decisions").stdout.splitlines()

    assert lines[1].split() == ["ALLOWED", *lines[1].split()[1:]]
    assert [word in lines[2] for word in ("DENIED", "2026-01-01T", "s3://lake/faces")] == [True] * 3
    assert "face-recognition" in lines[2]
    assert "forbids commercial use [license.permits-purpose] and 1 more" in lines[2]


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ([], ["allowed-1", "denied-1"]),
        (["--outcome", "denied"], ["denied-1"]),
        (["--for", "research"], ["allowed-1"]),
        (["--dataset", "s3://lake/faces/"], ["denied-1"]),
        (["--limit", "1"], ["allowed-1"]),
        (["--for", "nothing"], []),
    ],
    ids=["all", "outcome", "purpose", "dataset", "limit", "none"],
)
def test_decisions_are_chosen(run_json: RunJson, options: list[str], ids: list[str]) -> None:
    assert [row["id"] for row in run_json("decisions", *options)] == ids


def test_decisions_about_a_misspelt_dataset_get_a_suggestion(run: Run) -> None:
    result = run("decisions", "--dataset", "s3://lake/face")

    assert result.exit_code == 2
    assert "did you mean s3://lake/faces?" in result.stderr


def test_one_decision_is_explained_with_its_way_and_the_next_command(run: Run) -> None:
    told = run("decisions", "denied-1").stdout

    assert told.startswith("DENIED  s3://lake/faces  for face-recognition\n")
    assert "get another license" in told
    assert "s3://lake/faces <- s3://lake/photos" in told
    assert "lineage-plugin explain denied-1" in told
    assert "team-vision" in told


def test_an_allowed_decision_says_what_held_and_until_when(run: Run) -> None:
    told = run("decisions", "allowed-1").stdout

    assert "3 rows of provenance hold against suites: model-training" in told
    assert "Valid until 2026-01-01T00:00:01Z" in told


def test_one_decision_as_json_has_every_reason(run_json: RunJson) -> None:
    found = run_json("decisions", "denied-1")

    assert [reason["id"] for reason in found["reasons"]] == [
        "license.permits-purpose",
        "consent.covers-purpose",
    ]


def test_a_decision_is_found_by_the_part_of_its_id_that_the_table_shows(run: Run) -> None:
    assert run("decisions").stdout.splitlines()[1].endswith("allowed-")
    assert run("decisions", "allowed-").stdout.startswith("ALLOWED")
    assert run("decisions", "allowed").exit_code == 2


def test_a_decision_that_is_not_there_is_wrong_input(run: Run) -> None:
    result = run("decisions", "nothing")

    assert result.exit_code == 2
    assert "holds no decision 'nothing'" in result.stderr


def test_a_genuine_record_verifies_and_prints_its_head(run: Run, run_json: RunJson) -> None:
    found = run_json("verify")

    assert found["holds"] is True
    assert run("verify").stdout.splitlines()[1] == f"head {found['head']}"
    assert run("verify", "--expected-head", found["head"]).exit_code == 0


def test_an_earlier_head_still_holds_when_the_record_has_grown(
    run: Run, run_json: RunJson, recorded: Path
) -> None:
    head = run_json("verify")["head"]
    with closing(open_store(f"sqlite:///{recorded}/lineage_plugin/record.db")) as store:
        store.append_declarations("a", (), recorded_us=1, origin="catalog:x", digest="d")

    assert run_json("verify")["head"] != head
    assert run("verify", "--expected-head", head).exit_code == 0


def test_a_head_that_the_record_never_had_is_a_fault(run: Run, run_json: RunJson) -> None:
    seq = run_json("verify")["head"].partition(":")[0]

    rewritten = run("verify", "--expected-head", f"{seq}:{'0' * 64}")
    cut = run("verify", "--expected-head", f"{int(seq) + 1}:{'1' * 64}")
    assert (rewritten.exit_code, cut.exit_code) == (3, 3)
    assert "the record was rewritten" in rewritten.stdout
    assert "the record ends before" in cut.stdout


def test_a_head_is_written_seq_and_digest(run: Run) -> None:
    assert run("verify", "--expected-head", "7").exit_code == 2


def test_a_changed_entry_is_found(run: Run, recorded: Path) -> None:
    with closing(sqlite3.connect(recorded / "lineage_plugin" / "record.db")) as connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("UPDATE entry SET facts = replace(facts, 'faces', 'maps')")
        connection.commit()
    result = run("verify")

    assert result.exit_code == 3
    assert result.stdout.startswith("NOT GENUINE")


def test_show_tells_declared_from_effective(run: Run, run_json: RunJson) -> None:
    photos, model = run_json("show", "s3://lake/photos/"), run_json("show", "s3://models/faces")

    assert photos["is_external"] is True
    assert photos["declared"][0]["authority"] == "team-vision"
    assert model["declared"] == []
    assert model["effective"]["licenses"] == ["CC-BY-NC-4.0"]
    assert model["written_by"][0]["job"] == "airflow/faces.train"
    told = run("show", "s3://models/faces").stdout
    assert "nobody said anything" in told
    assert "nobody asked" in told


def test_a_dataset_that_is_only_declared_can_be_shown(run: Run, recorded: Path) -> None:
    catalog = recorded / "provenance.yaml"
    text = catalog.read_text(encoding="utf-8").replace("s3://lake/photos:", "s3://new/photos:")
    catalog.write_text(text, encoding="utf-8")

    assert "CC-BY-NC-4.0" in run("show", "s3://new/photos").stdout


def test_a_misspelt_dataset_gets_a_suggestion(run: Run) -> None:
    result = run("show", "s3://model/faces")

    assert result.exit_code == 2
    assert "did you mean s3://models/faces?" in result.stderr


def test_what_names_no_dataset_is_wrong_input(run: Run) -> None:
    assert run("show", "photos").exit_code == 2


def test_trace_is_a_tree_up_to_the_sources(run: Run) -> None:
    lines = run("trace", "s3://models/faces").stdout.splitlines()

    assert lines == [
        "s3://models/faces  (by airflow/faces.train)",
        "└─ s3://lake/faces  (by airflow/faces.embed)",
        "   └─ s3://lake/photos  (from outside)",
    ]


def test_trace_from_a_source_is_the_way_with_its_runs(run_json: RunJson) -> None:
    way = run_json("trace", "s3://models/faces", "--from", "s3://lake/photos")

    assert [(step["dataset"], step["run"], step["edges"]) for step in way] == [
        ("s3://models/faces", "group-2", ["train"]),
        ("s3://lake/faces", "group-1", ["embed"]),
        ("s3://lake/photos", "", []),
    ]


def test_the_way_is_a_table_with_who_wrote_what_and_how(run: Run) -> None:
    lines = run("trace", "s3://models/faces", "--from", "s3://lake/photos").stdout.splitlines()

    assert lines[0].split() == ["dataset", "written", "by", "ended", "how", "run"]
    assert lines[1].split()[1:] == [
        "airflow/faces.train",
        "2026-01-01T00:00:02.500000Z",
        "train",
        "group-2",
    ]
    assert lines[3] == "s3://lake/photos"


def test_an_id_and_a_choice_do_not_go_together(run: Run) -> None:
    assert run("decisions", "denied-1", "--for", "research").exit_code == 2


def test_trace_from_what_it_was_not_made_from_says_so(run: Run) -> None:
    result = run("trace", "s3://lake/faces", "--from", "s3://models/faces")

    assert result.exit_code == 2
    assert "was not made from s3://models/faces" in result.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_with_an_example(run: Run, name: str) -> None:
    result = run(name, "--help")

    assert result.exit_code == 0
    assert f"Example:\n    lineage-plugin {name}" in result.stdout
    assert "  lineage-plugin" in result.stdout


def test_the_list_of_commands_says_the_same_as_the_commands(run: Run) -> None:
    context = command.make_context("lineage-plugin", ["datasets"])

    for name, (_, line) in COMMANDS.items():
        found = command.get_command(context, name)
        assert found is not None
        assert (found.help or "").strip().split("\n\n")[0] == line


def test_what_a_foreign_name_says_to_a_terminal_is_not_passed_on(run: Run, recorded: Path) -> None:
    from lineage_plugin.model import DatasetRef, Output, RunFacts, RunState

    evil = DatasetRef("s3://evil", "a\x1b[2Jb")
    facts = RunFacts(
        run_id="r9", job_namespace="n", job_name="j\x1b[31m", state=RunState.START, at_us=1,
        group="g9", outputs=(Output(evil),),
    )  # fmt: skip
    with closing(open_store(f"sqlite:///{recorded}/lineage_plugin/record.db")) as store:
        store.append_runs([(facts, "{}")], recorded_us=1)

    assert "\x1b" not in run("datasets").stdout
    assert "\x1b" not in run("trace", "s3://evil/a\x1b[2Jb").stdout
    assert "\x1b" not in run("show", "s3://evil/a\x1b[2Jb").stdout
