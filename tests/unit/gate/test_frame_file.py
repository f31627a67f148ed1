"""Frames in files name the cells that matter, and every mistake in them is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lineage_plugin.errors import DeclarationError
from lineage_plugin.gate import frame_file
from lineage_plugin.gate.frame import COLUMNS
from lineage_plugin.gate.frame_file import example, examples, filled, load_frame, load_frames
from lineage_plugin.model import Outcome
from lineage_plugin.policy import verdicts


def problems_of(file: Path) -> list[str]:
    with pytest.raises(DeclarationError) as raised:
        load_frame(file)
    return [str(problem) for problem in raised.value.problems]


def test_every_example_has_every_column_and_no_cell_that_nothing_gives() -> None:
    for name in examples():
        for row in example(name).rows:
            assert row.keys() == COLUMNS.keys()
            for area, column in ((c.removesuffix("_verdict"), c) for c in COLUMNS):
                if area != column:
                    assert (area, row[column]) in verdicts.known()


def test_a_cell_that_a_file_does_not_name_has_no_fault() -> None:
    root, derived = filled({"dataset": "s3://a"}), filled({"origin": "derived"})

    for column in COLUMNS:
        if column.endswith("_verdict"):
            area = column.removesuffix("_verdict")
            assert verdicts.passes(area, root[column])
            assert verdicts.passes(area, derived[column])
    assert (root["license_verdict"], derived["license_verdict"]) == ("permitted", "inherited")
    assert root["dataset"] == "s3://a"


def test_json_and_csv_say_the_same(tmp_path: Path) -> None:
    row = {"dataset": "s3://a", "license_verdict": "absent", "depth": 3}
    said = {"expected": {"outcome": "UNDECIDED", "reasons": ["license.absent"]}, "rows": [row]}
    (tmp_path / "a.json").write_text(json.dumps(said))
    (tmp_path / "b.csv").write_text(
        "# expected: UNDECIDED license.absent\ndataset,license_verdict,depth,job\n"
        "s3://a,absent,3,\n"
    )

    first, second = load_frames(tmp_path)

    assert (first.rows, first.outcome, first.reasons) == (
        second.rows,
        second.outcome,
        second.reasons,
    )
    assert first.outcome is Outcome.UNDECIDED
    assert first.rows[0]["depth"] == 3


def test_a_list_of_rows_is_a_frame_of_which_nothing_is_expected(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"dataset": "s3://a"}]')

    assert load_frame(tmp_path / "a.json").outcome is None


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "{", "no JSON"),
        ("a.json", "{}", "no frame: write a list of rows"),
        ("a.json", '{"rows": [], "expect": "DENIED"}', "unknown key 'expect'  (did you mean"),
        ("a.json", '{"rows": [], "expected": "NO"}', "unknown outcome 'NO'"),
        ("a.json", '{"rows": [], "expected": {"result": 1}}', "'expected' says something else"),
        ("a.json", '{"rows": [], "expected": {"outcome": "DENIED", "reasons": "x"}}', "'reasons'"),
        ("a.json", "[1]", "row 1 is no JSON object"),
        ("a.json", '[{"licence": "MIT"}]', "row 1: unknown column 'licence'"),
        ("a.json", '[{"license": null}]', "row 1: license is None"),
        ("a.json", '[{"license_verdict": "permited"}]', "row 1: license_verdict is never"),
        ("a.json", '[{"assurance": "high"}]', "row 1: assurance is never 'high'"),
        ("a.csv", "dataset,job\ns3://a\n", "a line has more or fewer cells"),
        ("a.csv", "# expected:\ndataset\ns3://a\n", "unknown outcome ''"),
        ("a.csv", b"\xff", "no UTF-8"),
        ("a.csv", b" " * (5 << 20), "larger than 4 MiB"),
    ],
)
def test_a_wrong_frame_is_told(tmp_path: Path, name: str, text: str | bytes, message: str) -> None:
    file = tmp_path / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)

    found = problems_of(file)

    assert any(problem.startswith(message) for problem in found), found
    assert all(str(file) in problem for problem in found)


def test_a_missing_frame_and_an_empty_folder_are_told(tmp_path: Path) -> None:
    assert problems_of(tmp_path / "none.json")[0].startswith("cannot be read: No such file")
    with pytest.raises(DeclarationError, match="no frame is there"):
        load_frames(tmp_path)
    with pytest.raises(DeclarationError, match="did you mean 'clean'"):
        example("claen")


def test_the_folder_of_examples_is_itself_a_folder_of_frames() -> None:
    assert {f.name for f in load_frames(frame_file.shipped_folder())} == set(examples())
