"""What ``policy.yaml`` says, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_plugin.catalog.policy_yaml import SHIPPED, PolicyFile, load_policy
from lineage_plugin.errors import PolicyError
from lineage_plugin.policy import purposes


def load(tmp_path: Path, text: str) -> PolicyFile:
    """Load a policy of this text."""
    file = tmp_path / "policy.yaml"
    file.write_text(text, encoding="utf-8")
    return load_policy(file)


def test_without_a_file_the_shipped_bindings_hold(tmp_path: Path) -> None:
    assert load_policy(None).bindings == SHIPPED
    assert load_policy(tmp_path / "gone.yaml") == load_policy(None)
    assert load(tmp_path, "version: 1") == load_policy(None)
    assert load(tmp_path, "version: 1\npurposes:") == load_policy(None)


def test_every_shipped_binding_is_of_a_known_purpose() -> None:
    assert all(name in purposes.shipped() for name in SHIPPED)


def test_a_file_binds_suites_and_adds_purposes(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        """
version: 1
purposes:
  model-training: [model-training, house-rules]
  publication: publication-strict
  churn-model: {under: model-training, commercial: true, suites: [churn]}
  churn-test: {under: [churn-model, academic-research], specific: false}
""",
    )

    assert found.bindings == {
        "model-training": ("model-training", "house-rules"),
        "face-recognition": ("face-recognition",),
        "publication": ("publication-strict",),
        "disclosure": ("disclosure",),
        "churn-model": ("churn",),
    }
    assert found.purposes_added == {
        "churn-model": {"under": ["model-training"], "commercial": True},
        "churn-test": {"under": ["churn-model", "academic-research"], "specific": False},
    }
    tree = purposes.shipped().extended(found.purposes_added)
    assert "model-training" in tree.ancestors("churn-test")


def test_a_purpose_that_the_file_leaves_out_keeps_its_suites(tmp_path: Path) -> None:
    """Leaving a line out must not make face recognition judged like any other training."""
    found = load(tmp_path, "version: 1\npurposes: {model-training: [own]}")

    assert found.bindings["face-recognition"] == ("face-recognition",)


def test_the_digest_tells_what_was_decided_and_not_how_it_is_written(tmp_path: Path) -> None:
    one = load(tmp_path, "version: 1\npurposes: {publication: [a], model-training: [b]}")
    two = load(tmp_path, "# why\npurposes:\n  model-training: b\n  publication: a\nversion: 1")
    other = load(tmp_path, "version: 1\npurposes: {publication: [a, c], model-training: [b]}")

    assert one.digest == two.digest
    assert one.digest != other.digest


@pytest.mark.parametrize(
    ("row", "message", "hint"),
    [
        ("model-trainng: [a]", "unknown purpose 'model-trainng'", "did you mean 'model-training'?"),
        ("weather: [a]", "unknown purpose 'weather'", "a new purpose needs {under: <purpose>}"),
        ("weather: {suites: [a]}", "unknown purpose 'weather'", "a new purpose needs"),
        ("weather: {under: training}", "weather: under: unknown purpose", "did you mean"),
        ("publication: []", "publication: no suite is named", "name at least one"),
        ("publication: ", "publication: no suite is named", "name at least one"),
        ("publication: [1]", "publication: write a text, not 1", "put it in quotes"),
        ("publication: [../x]", "publication: '../x' is no name of a suite", "letters, digits"),
        ("publication: true", "publication: write a list, not True", ""),
        ("publication: {under: any}", "publication is a shipped purpose: its 'under'", ""),
        ("publication: {commercial: no}", "publication: commercial: write true or false", ""),
        ("publication: {suite: [a]}", "publication: unknown key 'suite'", "did you mean 'suites'?"),
        ("'a b': {under: any}", "'a b' is no name for a purpose", "letters and digits"),
        ("x: {under: y}\n  y: {under: x}", "purposes lie under each other: x, y", "put one"),
        ("x: {under: x}", "purposes lie under each other: x", "put one of them"),
    ],
)
def test_a_mistake_is_one_problem_that_says_what_to_do(
    tmp_path: Path, row: str, message: str, hint: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        load(tmp_path, f"version: 1\npurposes:\n  {row}\n")

    problems = [
        p for p in caught.value.problems if "commercial' cannot be changed" not in p.message
    ]
    (problem,) = problems
    assert problem.message.startswith(message)
    assert problem.hint.startswith(hint)
    assert problem.where == f"{tmp_path}/policy.yaml:3"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("[]", "the file: write a mapping, not a list"),
        ("purposes: {}", "the file: version is missing"),
        ("version: 2", "version 2 is not known"),
        ("version: 1\npurposes: [a]", "purposes: write a mapping, not a list"),
        ("version: 1\nsuites: {}", "the file: unknown key 'suites'"),
        ("version: [", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_policy_is_one_problem(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load(tmp_path, text)

    (problem,) = caught.value.problems
    assert problem.message.startswith(message)


def test_problems_come_together(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        load(tmp_path, "version: 2\npurposes:\n  model-trainng: [a]\n  publication: []\n")

    assert [p.where.rpartition(":")[2] for p in caught.value.problems] == ["1", "3", "4"]


def test_a_policy_that_cannot_be_read_is_not_the_shipped_one(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        load_policy(tmp_path)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("gates: [{pool: gpu, purpose: model-trainin}]", "gates[0]: purpose: unknown purpose"),
        ("gates: [{purpose: publication}]", "gates[0]: no condition says which tasks are meant"),
        ("gates: [{writes: table}]", "gates[0]: writes: unknown kind 'table'"),
        ("models: ['  ', photos]", "models is an empty text"),
        ("modes: [{dag: x}]", "modes[0]: mode is missing"),
        ("modes: [{mode: blok}]", "modes[0]: mode: unknown mode 'blok'"),
        ("modes: [{mode: warn, until: soon}]", "modes[0]: until: 'soon' is no date"),
        (
            "modes: [{mode: warn, from: 2027-01-02, until: 2027-01-01}]",
            "modes[0]: it ends before it begins",
        ),
        ("modes: [{mode: warn, severity: fatal}]", "modes[0]: severity: unknown severity 'fatal'"),
        ("modes: [{mode: warn, purpose: modeltraining}]", "modes[0]: purpose: unknown purpose"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_told(tmp_path: Path, text: str, wrong: str) -> None:
    with pytest.raises(PolicyError) as error:
        load(tmp_path, f"version: 1\n{text}")

    assert any(problem.message.startswith(wrong) for problem in error.value.problems), error.value


def test_modes_are_in_the_digest_and_gates_are_not(tmp_path: Path) -> None:
    plain = load(tmp_path, "version: 1").digest

    assert load(tmp_path, "version: 1\ngates: [{dag: x}]\nmodels: ['s3://m/**']").digest == plain
    assert load(tmp_path, "version: 1\nmodes: [{mode: warn, dag: x}]").digest != plain
    assert load(tmp_path, "version: 1\nmodes: []\ngates: []") == load_policy(None)
