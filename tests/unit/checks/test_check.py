# ruff: noqa: E501 - DAG files on one line
"""``lineage-plugin check`` from DAG files to findings, in every form."""

from __future__ import annotations

import json
import os
import textwrap
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lineage_plugin.checks.constants import HOLE
from lineage_plugin.checks.findings import RULES, Finding, Level, junit, sarif
from lineage_plugin.checks.overlap import may_mean
from lineage_plugin.cli import command

HEAD = """\
from airflow.sdk import DAG, Asset, dag, task
from airflow.providers.standard.operators.bash import BashOperator
from lineage_plugin import ProvenanceGateOperator, provenance, requires
"""
CATALOG = """\
version: 1
authority: team
datasets:
  s3://lake/photos/**:
    origin: external
    license: MIT
"""


@pytest.fixture
def dags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "dags"
    folder.mkdir()
    (tmp_path / "provenance.yaml").write_text(CATALOG)
    return folder


def write(dags: Path, text: str, name: str = "a.py") -> None:
    (dags / name).write_text(HEAD + textwrap.dedent(text))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["check", "dags", "--quick", *arguments])


def rules(*arguments: str) -> list[str]:
    found = json.loads(run("--format", "json", *arguments).stdout)
    return [each["rule"] for each in found]


READS_PHOTOS = 'inlets=[Asset("s3://lake/photos/1.jpg")]'


def test_a_gated_training_on_declared_data_passes(dags: Path) -> None:
    write(
        dags,
        f"""
        with DAG("d"):
            requires("model-training")(provenance(edge="train")(
                BashOperator(task_id="t", bash_command="b", {READS_PHOTOS})))
    """,
    )

    done = run()

    assert done.exit_code == 0
    assert done.stdout == "1 files, 1 tasks: 0 errors, 0 warnings, 0 notes\n"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (f'provenance(edge="train")(BashOperator(task_id="t", {READS_PHOTOS}))', "training.no-gate"),
        (f'BashOperator(task_id="train_it", {READS_PHOTOS})', "training.likely"),
        (f'requires("model-trainin")(BashOperator(task_id="t", {READS_PHOTOS}))', "purpose.unknown"),
        (f'requires("security")(BashOperator(task_id="t", {READS_PHOTOS}))', "purpose.unbound"),
        ('requires("model-training")(BashOperator(task_id="t", inlets=[Asset("s3://sea/x")]))', "dataset.undeclared"),
        (f'BashOperator(task_id="t", {READS_PHOTOS}, outlets=[Asset("s3://sea/x")])\n    BashOperator(task_id="u", inlets=[Asset("s3://sea/y")])', "dataset.unchecked"),
        ("BashOperator(task_id='t', inlets=unheard_of())\n    from x import unheard_of", "dag.untold"),
    ],
    ids=lambda value: value if "." in value and " " not in value else "",
)  # fmt: skip
def test_each_gap_is_found(dags: Path, text: str, rule: str) -> None:
    write(dags, f'\nwith DAG("d"):\n    {text}\n')

    assert rule in rules()


def test_what_an_ungated_ancestor_reads_counts_where_a_gated_task_comes_after(dags: Path) -> None:
    write(
        dags,
        """
        X, Y = Asset("s3://sea/x"), Asset("s3://sea/y")
        with DAG("d"):
            BashOperator(task_id="copy", inlets=[X], outlets=[Y])
            requires("model-training")(BashOperator(task_id="t", inlets=[Y]))
    """,
    )

    found = json.loads(run("--format", "json").stdout)

    assert [(f["rule"], f["subject"]) for f in found if f["level"] == "error"] == [
        ("dataset.undeclared", "s3://sea/x")
    ]


def test_a_gate_apart_is_a_warning_and_fails_only_when_strict(dags: Path) -> None:
    write(
        dags,
        f"""
        with DAG("d"):
            ProvenanceGateOperator(task_id="gate", purpose="model-training", {READS_PHOTOS})
            provenance(edge="train")(BashOperator(task_id="t", {READS_PHOTOS}))
    """,
    )

    assert rules() == ["training.gate-apart"]
    assert (run().exit_code, run("--strict").exit_code) == (0, 2)


POLICY = """\
version: 1
gates:
  - {task: "*fit*", purpose: model-training}
  - {writes: model, purpose: model-training}
  - {tag: sensitive}
  - {operator: EmptyOperator, purpose: model-training}
models: [s3://models/**]
"""


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        (f'BashOperator(task_id="refit", {READS_PHOTOS})', []),
        (f'provenance(edge="train")(BashOperator(task_id="t", {READS_PHOTOS}, outlets=[Asset("s3://models/x")]))', []),
        (f'provenance(edge="train")(BashOperator(task_id="t", {READS_PHOTOS}))', ["training.no-gate"]),
        (f'BashOperator(task_id="t", {READS_PHOTOS}, params={{}}, tags=("sensitive",))', ["purpose.missing"]),
        ('EmptyOperator(task_id="fit")', ["gate.bypassed"]),
    ],
    ids=["by its name", "by its model", "unmatched", "nobody says for what", "unattended"],
)  # fmt: skip
def test_gates_that_the_policy_asks_for_count(
    dags: Path, tmp_path: Path, task: str, expected: list[str]
) -> None:
    (tmp_path / "policy.yaml").write_text(POLICY)
    imported = "from airflow.providers.standard.operators.empty import EmptyOperator\n"
    write(dags, f'\n{imported}with DAG("d"):\n    {task}\n')

    assert [rule for rule in rules() if rule != "catalog.unused"] == expected


def test_an_entry_that_means_nothing_is_pointed_out_with_its_line(dags: Path) -> None:
    write(dags, '\nwith DAG("d"):\n    BashOperator(task_id="t", bash_command="b")\n')

    done = run()

    assert "provenance.yaml:4: warning [catalog.unused] 's3://lake/photos/**'" in done.stdout


def test_an_agreement_with_a_recipient_is_not_an_entry_that_means_nothing(
    dags: Path, tmp_path: Path
) -> None:
    recipients = "recipients:\n  Acme: {none: the contract was ended}\n"
    (tmp_path / "provenance.yaml").write_text(CATALOG + recipients)
    write(dags, '\nwith DAG("d"):\n    BashOperator(task_id="t", bash_command="b")\n')

    assert "recipient://" not in run().stdout


def test_every_mistake_in_catalog_policy_and_suites_is_reported(dags: Path, tmp_path: Path) -> None:
    (tmp_path / "provenance.yaml").write_text(CATALOG.replace("MIT", "MTI"))
    (tmp_path / "policy.yaml").write_text("version: 1\npurposes:\n  model-training: [mine]\n")
    (tmp_path / "expectations").mkdir()
    (tmp_path / "expectations" / "mine.json").write_text('{"name": "mine", "expectations": []}')
    write(dags, "", "broken.py")
    (dags / "broken.py").write_text("def (:\n")

    assert {"catalog.invalid", "suite.invalid", "dag.unreadable"} <= set(rules())


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00", b"\xff\xfe", b"x = 1" + b"\n" * (2 << 20), "# -*- coding: latin-1 -*-\n# é".encode("latin-1"), b"x = " + b"(" * 500 + b")" * 500],
    ids=["empty", "zero", "no text", "huge", "latin-1", "deep"],
)  # fmt: skip
def test_no_file_breaks_the_check(dags: Path, content: bytes) -> None:
    (dags / "a.py").write_bytes(content)

    done = run()

    assert done.exit_code in {0, 2}, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda file: file.symlink_to("/dev/zero")])
def test_what_is_no_file_does_not_hold_up_the_check(dags: Path, make: Any) -> None:
    make(dags / "no_file.py")

    assert run().stdout.endswith("0 files, 0 tasks: 0 errors, 1 warnings, 0 notes\n")


def test_a_pipe_that_is_named_is_no_file(dags: Path) -> None:
    os.mkfifo(dags / "no_file.py")

    assert rules("dags/no_file.py") == ["dag.unreadable", "catalog.unused"]


def test_a_list_that_grows_with_every_line_does_not_hold_up_the_check(dags: Path) -> None:
    grows = "".join(f"a{n + 1} = [*a{n}, *a{n}]\n" for n in range(64))
    task = "@task(inlets=a64)\ndef t(): ...\nwith DAG('d'): requires('model-training')(t)()\n"
    write(dags, f"a0 = [Asset('s3://lake/a')]\n{grows}{task}")

    assert "dag.untold" in rules()


def test_files_that_airflow_passes_over_are_passed_over(dags: Path) -> None:
    write(dags, '\nwith DAG("d"):\n    provenance(edge="train")(BashOperator(task_id="t"))\n')
    (dags / ".airflowignore").write_text("a.py\n")

    assert "0 files, 0 tasks" in run().stdout


def test_sarif_names_rule_place_and_level(dags: Path, tmp_path: Path) -> None:
    write(dags, '\nwith DAG("d"):\n    provenance(edge="train")(BashOperator(task_id="t"))\n')

    done = run("--format", "sarif", "-o", "out.sarif")
    log = json.loads((tmp_path / "out.sarif").read_text())

    assert (done.exit_code, done.stdout) == (2, "")
    result = next(r for r in log["runs"][0]["results"] if r["ruleId"] == "training.no-gate")
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "dags/a.py"}, "region": {"startLine": 6}}
    assert result["level"] == "error"
    described = [rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]]
    assert described[result["ruleIndex"]] == "training.no-gate"


def test_junit_has_a_case_for_each_file_and_fails_those_with_errors() -> None:
    found = [
        Finding("a.py", 3, "training.no-gate", "it \x1b trains <a> model"),
        Finding("b.py", 3, "training.likely", "it looks so"),
    ]

    suite = ET.fromstring(junit(found, checked=["a.py", "b.py", "c.py"]))  # noqa: S314 - ours

    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    assert [case.get("name") for case in suite if case.find("failure") is not None] == ["a.py"]


def test_every_rule_has_a_level_and_says_what_it_is_about() -> None:
    assert all(rule.about.endswith(".") for rule in RULES.values())
    assert {rule.level for rule in RULES.values()} == set(Level)
    assert json.loads(sarif([], version="1"))["runs"][0]["results"] == []


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("s3://lake/*/x", "s3://lake/a/x", True),
        ("s3://lake/*/x", "s3://lake/a/b/x", False),
        ("s3://lake/**/x", "s3://lake/x", True),
        ("s3://lake/**/x", "s3://lake/a/b/x", True),
        ("s3://lake/**", "s3://lakes/a", False),
        ("s3://lake/a?", f"s3://lake/{HOLE}", True),
        ("s3://lake/a", f"s3://{HOLE}/b", False),
        ("file://**/data/x", f"file://{HOLE}/x", True),
        ("**", HOLE, True),
        ("s3://lake/x", f"{HOLE}{HOLE}", True),
    ],
)
def test_a_pattern_may_mean_what_some_filling_of_the_holes_gives(
    pattern: str,
    name: str,
    expected: bool,  # noqa: FBT001 - pytest passes it
) -> None:
    assert may_mean(pattern, name) is expected
