"""A suite file is read strictly, and all that is wrong with it is said at once."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lineage_plugin.errors import SuiteError
from lineage_plugin.gate.frame import COLUMNS
from lineage_plugin.gate.suite_file import find_suite, load_suite, shipped_folder

ROOT = Path(__file__).parents[3]

LICENSED = {
    "type": "expect_column_values_to_be_in_set",
    "kwargs": {"column": "license_verdict", "value_set": ["permitted", "inherited"]},
    "severity": "critical",
    "description": "the license permits the purpose",
    "meta": {"rule": "license.permits-purpose"},
}


DEPTHS = {"column": "depth", "value_set": [0, 1]}


def written(folder: Path, *expectations: Any, name: str = "ours", **also: Any) -> Path:
    """Write a suite with one expectation a line, from line 2 on."""
    head = json.dumps({"name": name, **also})[:-1]
    lines = ",\n".join(json.dumps(expectation) for expectation in expectations)
    file = folder / f"{name}.json"
    file.write_text(f'{head}, "expectations": [\n{lines}\n]}}', encoding="utf-8")
    return file


def problems_of(path: Path) -> list[str]:
    with pytest.raises(SuiteError) as raised:
        load_suite(path)
    return [str(problem) for problem in raised.value.problems]


def changed(**members: Any) -> dict[str, Any]:
    return {**LICENSED, **members}


def with_kwargs(**kwargs: Any) -> dict[str, Any]:
    return {**LICENSED, "kwargs": {**LICENSED["kwargs"], **kwargs}}  # type: ignore[dict-item]


def test_a_suite_says_what_it_is_and_what_it_looks_at(tmp_path: Path) -> None:
    file = written(tmp_path, LICENSED, changed(severity="warning", kwargs=DEPTHS))

    suite = load_suite(file)

    assert suite.name == "ours"
    assert suite.path == str(file)
    assert suite.digest == hashlib.sha256(file.read_bytes()).hexdigest()
    assert suite.columns == {"license_verdict", "depth"}
    assert suite.severities == {"critical", "warning"}
    first, second = suite.expectations
    assert (first.column, first.rule, first.line) == (
        "license_verdict",
        "license.permits-purpose",
        2,
    )
    assert first.description == "the license permits the purpose"
    assert suite.where(second) == f"{file}:3"


def test_severity_is_critical_where_nothing_is_said(tmp_path: Path) -> None:
    unsaid = {key: value for key, value in LICENSED.items() if key != "severity"}

    suite = load_suite(written(tmp_path, unsaid, changed(severity=None)))

    assert suite.severities == {"critical"}


def test_what_great_expectations_saves_is_read(tmp_path: Path) -> None:
    """Its own stores add ids, notes and versions, and sort keys."""
    saved = changed(id="8d1d8a3e-7f2b-4c8e-9f55-0a9c2b7d1e10", notes="why", rendered_content=None)
    about: dict[str, Any] = {
        "id": "c1a6e2d8-33f1-4a3c-8a58-2b4d1f6a7c90",
        "notes": None,
        "meta": {"great_expectations_version": "1.24.1"},
        "suite_parameters": {},
    }

    assert load_suite(written(tmp_path, saved, **about)).expectations[0].line == 2


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = written(tmp_path, LICENSED)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())

    assert load_suite(file).expectations[0].line == 2


def test_a_suite_survives_pickling(tmp_path: Path) -> None:
    suite = load_suite(written(tmp_path, LICENSED))

    assert pickle.loads(pickle.dumps(suite)) == suite  # noqa: S301  # our own bytes


@pytest.mark.parametrize(
    ("expectation", "message"),
    [
        pytest.param("expect", "an expectation is a JSON object, not 'expect'", id="no-object"),
        pytest.param({"kwargs": {}}, "an expectation has no 'type'", id="no-type"),
        pytest.param(changed(type=3), "an expectation has no 'type'", id="type-no-text"),
        pytest.param(
            {"expectation_type": "expect_column_to_exist", "kwargs": {}},
            "'expectation_type' is of Great Expectations 0.x  (write 'type')",
            id="0.x",
        ),
        pytest.param(
            changed(severty="warning"),
            "unknown key 'severty'  (did you mean 'severity'?)",
            id="unknown-key",
        ),
        pytest.param(
            changed(severity="blocker"), "unknown severity 'blocker'", id="unknown-severity"
        ),
        pytest.param(
            changed(severity="Critical"),
            "unknown severity 'Critical'  (did you mean 'critical'?)",
            id="severity-spelling",
        ),
        pytest.param(changed(severity=["info"]), "unknown severity ['info']", id="severity-list"),
        pytest.param(changed(kwargs=[]), "'kwargs' is no JSON object", id="kwargs-no-object"),
        pytest.param(changed(meta="x"), "'meta' is no JSON object", id="meta-no-object"),
        pytest.param(changed(meta={"rule": 4}), "'meta.rule' is no text", id="rule-no-text"),
        pytest.param(changed(description=[1]), "'description' is no text", id="description"),
        pytest.param(
            with_kwargs(column="license_verdit"),
            "unknown column 'license_verdit'  (did you mean 'license_verdict'?)",
            id="unknown-column",
        ),
        pytest.param(
            changed(kwargs={"column_list": ["license", "licence_verdict"]}),
            "unknown column 'licence_verdict'  (did you mean 'license_verdict'?)",
            id="unknown-column-in-a-list",
        ),
        pytest.param(with_kwargs(column=3), "a column is named by a string, not 3", id="column"),
        pytest.param(
            with_kwargs(value_set=["permited"]),
            "license_verdict is never 'permited'  (did you mean 'permitted'?)",
            id="unknown-verdict",
        ),
        pytest.param(
            changed(kwargs={"column": "assurance", "value_set": ["verifed"]}),
            "assurance is never 'verifed'  (did you mean 'verified'?)",
            id="unknown-assurance",
        ),
        pytest.param(
            with_kwargs(mostly=0.99), "'mostly' is 0.99 on a critical expectation", id="mostly"
        ),
        pytest.param(
            with_kwargs(mostly=True), "'mostly' is True on a critical expectation", id="mostly-bool"
        ),
        pytest.param(
            with_kwargs(mostly={"$PARAMETER": "m"}), "'mostly' is {'$PARAMETER'", id="mostly-later"
        ),
        pytest.param(
            with_kwargs(value_set={"$PARAMETER": "allowed"}),
            "a '$PARAMETER' has no value at a gate",
            id="parameter",
        ),
        pytest.param(
            with_kwargs(severity="info"),
            "'severity' does not belong into 'kwargs'",
            id="severity-overridden",
        ),
        pytest.param(
            with_kwargs(result_format="BOOLEAN_ONLY"),
            "'result_format' does not belong into 'kwargs'",
            id="result-format",
        ),
        pytest.param(
            with_kwargs(row_condition='role == "root"', condition_parser="pandas"),
            "'row_condition' is no JSON object",
            id="condition-text",
        ),
        pytest.param(
            with_kwargs(
                row_condition={
                    "type": "and",
                    "conditions": [
                        {"type": "nullity", "column": {"name": "rool"}, "is_null": False}
                    ],
                }
            ),
            "unknown column 'rool'  (did you mean 'role'?)",
            id="condition-column",
        ),
    ],
)
def test_a_wrong_expectation_is_refused_with_its_line(
    tmp_path: Path, expectation: object, message: str
) -> None:
    file = written(tmp_path, LICENSED, expectation)

    found = problems_of(file)

    assert any(problem.startswith(message) for problem in found), found
    assert all(problem.endswith(f"at {file}:3") for problem in found)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        pytest.param(
            '{"name": "ours",\n "expectations": [}', "no JSON: Expecting value", 2, id="json"
        ),
        pytest.param("", "no JSON: Expecting value", 1, id="nothing"),
        pytest.param("[]", "no suite: the file holds no JSON object", 1, id="list"),
        pytest.param("null", "no suite: the file holds no JSON object", 1, id="null"),
        pytest.param('{"name": "ours"}', "'expectations' is empty or no list", 1, id="no-list"),
        pytest.param(
            '{"name": "ours", "expectations": []}',
            "'expectations' is empty or no list",
            1,
            id="empty",
        ),
        pytest.param(
            '{"name": "ours", "expectations": {"type": "x"}}',
            "'expectations' is empty or no list",
            1,
            id="object",
        ),
        pytest.param("[" * 100_000, "nested too deeply", 1, id="deep"),
        pytest.param(
            '{"name": "ours", "expectation_suite_name": "ours", "expectations": [1]}',
            "'expectation_suite_name' is of Great Expectations 0.x  (write 'name')",
            1,
            id="0.x",
        ),
        pytest.param(
            '{"name": "ours", "expectation": [], "expectations": [1]}',
            "unknown key 'expectation'  (did you mean 'expectations'?)",
            1,
            id="unknown-key",
        ),
        pytest.param(
            '{"name": "theirs", "expectations": [1]}',
            "the suite is named 'theirs', the file otherwise",
            1,
            id="name",
        ),
        pytest.param(
            '{"name": "ours", "suite_parameters": {"a": 1}, "expectations": [1]}',
            "suite parameters have no values at a gate",
            1,
            id="parameters",
        ),
        pytest.param(
            '{"name": "ours", "expectations": [{"type": "x", "severity": "critical", "severity": '
            '"info"}]}',
            "key 'severity' is there twice in one object",
            1,
            id="key-twice",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_the_line(
    tmp_path: Path, text: str, message: str, line: int
) -> None:
    file = tmp_path / "ours.json"
    file.write_text(text, encoding="utf-8")

    found = problems_of(file)

    assert any(p.startswith(message) and f"{file}:{line}" in p for p in found), found


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    wrong = [changed(severity=f"level-{number}") for number in range(40)]

    found = problems_of(written(tmp_path, *wrong, name="ours", nots="x"))

    assert len(found) == 41
    assert [p.rsplit(":", 1)[1] for p in found[1:]] == [str(line) for line in range(2, 42)]


def test_lines_are_right_however_the_file_is_laid_out(tmp_path: Path) -> None:
    file = tmp_path / "ours.json"
    text = json.dumps(
        {"expectations": [LICENSED, LICENSED], "meta": {"expectations": ["]", '"', "{"]}}, indent=2
    )
    file.write_text(text.replace("{", '{ "name":\n\n "ours" ,', 1), encoding="utf-8")

    suite = load_suite(file)

    lines = file.read_text("utf-8").splitlines()
    assert [lines[expected.line - 1].strip() for expected in suite.expectations] == ["{", "{"]
    assert suite.expectations[0].line < suite.expectations[1].line


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "latin.json").write_bytes(b'{"name": "\xe9"}')
    (tmp_path / "huge.json").write_bytes(b" " * (2 << 20))

    assert problems_of(tmp_path / "none.json")[0].startswith("cannot be read: No such file")
    assert problems_of(tmp_path / "folder.json")[0].startswith("cannot be read: Is a directory")
    assert problems_of(tmp_path / "latin.json")[0].startswith("no UTF-8")
    assert problems_of(tmp_path / "huge.json")[0].startswith("larger than 1 MiB")


def regex(kind: str, text: object) -> dict[str, Any]:
    key = "regex_list" if isinstance(text, list) else "regex"
    return changed(type=f"expect_column_values_to_{kind}", kwargs={"column": "license", key: text})


@pytest.mark.parametrize(
    "vacuous",
    [
        with_kwargs(value_set=[]),
        with_kwargs(value_set=None),
        changed(type="expect_column_values_to_not_be_in_set", kwargs={"column": "license"}),
        {**with_kwargs(value_set=[]), "type": "expect_column_distinct_values_to_contain_set"},
        changed(type="expect_column_unique_value_count_to_be_between", kwargs={"column": "job"}),
        changed(type="expect_table_row_count_to_be_between", kwargs={"max_value": None}),
        regex("match_regex", ""),
        regex("match_regex", "permitted|"),
        regex("match_regex_list", ["MIT", ".*"]),
        regex("not_match_regex_list", []),
    ],
)
def test_an_expectation_that_holds_for_every_value_is_refused_with_its_line(
    tmp_path: Path, vacuous: object
) -> None:
    file = written(tmp_path, LICENSED, vacuous)

    (problem,) = problems_of(file)

    assert problem.endswith(f"at {file}:3")


def test_a_regex_that_no_value_may_match_may_match_the_empty_text(tmp_path: Path) -> None:
    suite = load_suite(written(tmp_path, regex("not_match_regex", "^(?!MIT)")))

    assert suite.columns == {"license"}


@pytest.mark.parametrize(
    "only",
    [
        changed(severity="warning"),
        changed(type="expect_column_to_exist", kwargs={"column": "license"}),
        changed(type="expect_column_values_to_not_be_null", kwargs={"column": "license"}),
    ],
)
def test_a_suite_that_could_never_block_is_refused(tmp_path: Path, only: object) -> None:
    file = written(tmp_path, only)

    (problem,) = problems_of(file)

    assert problem.startswith("no expectation could ever block")
    assert problem.endswith(f"at {file}:2")


def test_a_pipe_is_no_suite_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ours.json")

    assert "not an ordinary file" in problems_of(tmp_path / "ours.json")[0]


def test_a_warning_may_hold_for_most_rows(tmp_path: Path) -> None:
    lenient = {**with_kwargs(mostly=0.9), "severity": "warning"}

    assert load_suite(written(tmp_path, LICENSED, lenient)).severities == {"critical", "warning"}


@pytest.mark.parametrize(
    ("expectation", "columns"),
    [
        pytest.param(
            {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}},
            set(),
            id="row-count",
        ),
        pytest.param(
            {
                "type": "expect_table_row_count_to_be_between",
                "kwargs": {
                    "max_value": 9,
                    "row_condition": {
                        "type": "comparison",
                        "column": {"name": "depth"},
                        "operator": ">",
                        "parameter": 3,
                    },
                },
            },
            {"depth"},
            id="row-count-of-some",
        ),
        pytest.param(
            {
                "type": "expect_column_pair_values_to_be_equal",
                "kwargs": {"column_A": "job", "column_B": "license"},
            },
            {"job", "license"},
            id="pair",
        ),
        pytest.param(
            {
                "type": "unexpected_rows_expectation",
                "kwargs": {"unexpected_rows_query": "SELECT dataset FROM {batch} WHERE depth > 3"},
            },
            set(COLUMNS),
            id="query",
        ),
        pytest.param({"type": "expect_license_allowed"}, set(COLUMNS), id="column-in-its-code"),
        pytest.param(
            {
                "type": "expect_our_own",
                "kwargs": {"column": "license", "unless": "version or job"},
            },
            {"license", "version", "job"},
            id="column-in-a-text",
        ),
    ],
)
def test_every_column_that_may_matter_counts_as_named(
    tmp_path: Path, expectation: object, columns: set[str]
) -> None:
    """A decision is reused for another frame if only columns differ that no suite names."""
    suite = load_suite(written(tmp_path, LICENSED, expectation))

    assert suite.columns == columns | {"license_verdict"}


def test_the_administrators_suite_comes_before_the_shipped_one(tmp_path: Path) -> None:
    own = written(tmp_path, LICENSED, name="model-training")

    assert find_suite("model-training", tmp_path) == own
    assert find_suite("publication", tmp_path) == shipped_folder() / "publication.json"
    assert find_suite("publication", tmp_path / "none") == shipped_folder() / "publication.json"


def test_a_dangling_link_does_not_give_way_to_the_shipped_suite(tmp_path: Path) -> None:
    (tmp_path / "publication.json").symlink_to(tmp_path / "gone.json")

    path = find_suite("publication", tmp_path)

    assert path.parent == tmp_path
    assert problems_of(path)[0].startswith("cannot be read")


def test_a_folder_that_is_none_does_not_give_way_either(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SuiteError, match="cannot be read"):
        find_suite("publication", tmp_path / "file")


def test_a_missing_suite_is_refused_with_those_there_are(tmp_path: Path) -> None:
    written(tmp_path, LICENSED, name="ours")

    with pytest.raises(SuiteError) as raised:
        find_suite("model-trainin", tmp_path)

    assert str(raised.value) == (
        "no suite 'model-trainin'  (did you mean 'model-training'? known: disclosure, "
        f"face-recognition, model-training, ours, publication)\n    at {tmp_path}"
    )


@pytest.mark.parametrize("name", ["", "../ours", "a/b", "a\\b", ".ours", "a\n", "x" * 500])
def test_a_name_cannot_lead_out_of_the_folders(tmp_path: Path, name: str) -> None:
    with pytest.raises(SuiteError, match="does not name a suite"):
        find_suite(name, tmp_path)


def python(code: str, path: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(path)},
        cwd=path,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_loading_a_suite_imports_no_heavy_library() -> None:
    heavy = {"great_expectations", "pandas", "numpy", "pyarrow", "airflow", "openlineage"}
    probe = (
        "import sys; from pathlib import Path\n"
        "from lineage_plugin.gate.suite import find_suite, load_suite\n"
        "load_suite(find_suite('model-training', Path('none')))\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )

    assert heavy.isdisjoint(python(probe, ROOT).split())


def test_an_installed_package_finds_its_suites_and_nobody_elses(tmp_path: Path) -> None:
    """In the wheel the suites lie inside the package; beside it may lie a folder of that name."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "lineage_plugin", tmp_path / "lineage_plugin", ignore=ignored)
    shutil.copytree(ROOT / "expectations", tmp_path / "expectations", ignore=ignored)
    probe = (
        "import sys\n"
        # An editable install of ours would answer for the copy.
        "sys.meta_path = [f for f in sys.meta_path if 'editable' not in repr(f).lower()]\n"
        "from lineage_plugin.gate.suite_file import shipped_folder, SuiteError\n"
        "try: print(shipped_folder())\n"
        "except SuiteError as error: print(error)"
    )

    lost = python(probe, tmp_path)
    (tmp_path / "expectations").rename(tmp_path / "lineage_plugin" / "expectations")
    found = python(probe, tmp_path)

    assert lost == "the shipped suites are missing  (install the package again)"
    assert found == str(tmp_path / "lineage_plugin" / "expectations")
