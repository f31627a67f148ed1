"""Gates by configuration, on tasks whose DAG does not mention us."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow import settings
from airflow.exceptions import AirflowClusterPolicyViolation
from airflow.policies import hookimpl
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, Asset, task
from airflow.sdk.exceptions import AirflowFailException

from lineage_plugin.airflow import enforcement, policy_hook
from lineage_plugin.airflow.decorators import provenance, requires
from lineage_plugin.airflow.hook import TaskHook, hook_of
from lineage_plugin.airflow.operators import ProvenanceGateOperator
from tests.support.airflow_context import context_of

GPU = "gates: [{pool: gpu, purpose: model-training}]"

NUMBERS = itertools.count()

Write = Callable[[str], Path]


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a policy file; without one there is none."""
    file = tmp_path / "policy.yaml"
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))

    def write(text: str) -> Path:
        file.write_text(f"version: 1\n{text}\n", "utf-8")
        return file

    return write


@pytest.fixture
def dag() -> Iterator[DAG]:
    with DAG("faces_eu", schedule=None, tags=["prod"]) as dag:
        yield dag


def nothing() -> None:
    pass


def python(**more: Any) -> PythonOperator:
    return PythonOperator(task_id=f"fit_{next(NUMBERS)}", python_callable=nothing, **more)


def operator_of(made: Any) -> Any:
    """Return the operator behind what calling a task returns."""
    return made.operator


def ask(operator: Any) -> None:
    """Do what a worker does before the body."""
    operator._pre_execute_hook(context_of(operator))


def purposes(operator: Any) -> list[str]:
    enforcement.enforce(operator)
    return [requirement.purpose for requirement in hook_of(operator).requirements]


@pytest.mark.usefixtures("dag")
def test_without_a_policy_no_task_is_touched(policy: Write) -> None:
    operator = python(pool="gpu")
    enforcement.enforce(operator)

    assert operator._pre_execute_hook is None
    policy("purposes:")
    enforcement.enforce(operator)
    assert operator._pre_execute_hook is None


@pytest.mark.usefixtures("dag")
def test_tasks_of_every_kind_get_their_gate(policy: Write) -> None:
    policy(GPU)

    @task(pool="gpu")
    def simple() -> None: ...

    @task.virtualenv(pool="gpu")
    def elsewhere() -> None: ...

    @task(pool="gpu")
    def many(x: int) -> None: ...

    mapped = BashOperator.partial(task_id="m", pool="gpu").expand(bash_command=["a", "b"])
    tasks: list[Any] = [
        python(pool="gpu"),
        BashOperator(task_id="sh", bash_command="true", pool="gpu"),
        operator_of(simple()),
        operator_of(elsewhere()),
        operator_of(many.expand(x=[1, 2])),
        mapped,
        operator_of(simple.override(task_id="up")()).as_setup(),
        operator_of(simple.override(task_id="down")()).as_teardown(),
    ]

    assert [purposes(each) for each in tasks] == [["model-training"]] * len(tasks)
    assert purposes(BashOperator(task_id="cpu", bash_command="true")) == []


@pytest.mark.usefixtures("dag")
@pytest.mark.parametrize(
    "rule",
    [
        "{dag: faces_*}",
        "{tag: prod}",
        "{task: 'f?t_*'}",
        "{operator: PythonOperator}",
        "{operator: BaseOperator}",
        "{operator: 'airflow.providers.standard.operators.python.*'}",
        "{queue: [none, default]}",
        "{tag: own}",
        "{writes: model}",
    ],
)
def test_every_condition_finds_its_task(policy: Write, rule: str) -> None:
    policy(f"gates: [{rule[:-1]}, purpose: publication}}]\nmodels: ['s3://models/**']")
    operator = python(outlets=[Asset("s3://models/faces/v1")], params={"tags": ["own"]})

    assert purposes(operator) == ["publication"]


@pytest.mark.usefixtures("dag")
def test_a_model_is_what_pattern_asset_or_catalog_call_one(policy: Write, tmp_path: Path) -> None:
    policy("gates: [{writes: model, purpose: publication}]")
    (tmp_path / "provenance.yaml").write_text(
        "version: 1\nauthority: us\ndatasets:\n  s3://lake/weights/**: {kind: model}\n"
    )
    said = [
        Asset("s3://lake/x", extra={"kind": "model"}),
        Asset("s3://lake/x", extra={"provenance": {"kind": "model"}}),
        Asset("s3://lake/weights/7"),
    ]

    assert [purposes(python(outlets=[asset])) for asset in said] == [["publication"]] * 3
    assert purposes(python(outlets=[Asset("s3://lake/x")])) == []


@pytest.mark.usefixtures("dag")
def test_an_authors_purpose_is_kept_and_never_replaces_the_administrators(policy: Write) -> None:
    policy("gates: [{pool: gpu, purpose: model-training}, {pool: cpu}]")

    @requires("publication")
    @provenance(edge="train")
    @task(pool="gpu")
    def above() -> None: ...

    @task(pool="cpu")
    @requires("publication")
    def below(x: int) -> None: ...

    trained = operator_of(above())
    assert sorted(purposes(trained)) == ["model-training", "publication"]
    assert hook_of(trained).edge == "train"
    assert purposes(operator_of(below(1))) == ["publication"]
    assert purposes(operator_of(below.expand(x=[1]))) == ["publication"]
    assert purposes(python(pool="cpu")) == [""]


@pytest.mark.usefixtures("dag")
def test_ours_runs_before_the_hook_that_the_task_had(policy: Write) -> None:
    policy(GPU)
    operator = python(pool="gpu", pre_execute=print)
    enforcement.enforce(operator)
    enforcement.enforce(operator)  # as when a file is parsed again in one process

    hook = operator._pre_execute_hook
    assert isinstance(hook, TaskHook)
    assert hook.then == (print,)
    assert len(hook.requirements) == 1


@pytest.mark.usefixtures("dag")
def test_a_task_does_not_start_in_the_triggerer(policy: Write) -> None:
    policy(GPU)
    plain = python(pool="gpu")
    plain.start_from_trigger = True
    mapped = BashOperator.partial(task_id="m", pool="gpu").expand(bash_command=["a"])
    mapped.start_from_trigger = True
    enforcement.enforce(plain)
    enforcement.enforce(mapped)

    assert (plain.start_from_trigger, mapped.start_from_trigger) == (False, False)


def test_a_task_whose_gate_nobody_asks_is_refused_where_a_rule_singles_it_out(
    policy: Write, dag: DAG
) -> None:
    policy("gates: [{dag: faces_*, purpose: publication}]")
    end = EmptyOperator(task_id="end")
    assert purposes(end) == []
    assert purposes(EmptyOperator(task_id="seen", outlets=[Asset("s3://x/y")])) == ["publication"]

    policy("gates: [{operator: EmptyOperator, purpose: publication}]")
    with pytest.raises(AirflowClusterPolicyViolation, match=r"faces_eu.end must pass.*policy.yaml"):
        enforcement.enforce(end)


@pytest.mark.usefixtures("dag")
def test_a_stub_passes_only_behind_a_gate(policy: Write) -> None:
    policy("gates: [{dag: '*', purpose: publication}]")

    @task.stub(queue="java")
    def train() -> None: ...

    alone, behind = operator_of(train()), operator_of(train.override(task_id="behind")())
    ProvenanceGateOperator(task_id="gate", purpose="publication") >> behind

    with pytest.raises(
        AirflowClusterPolicyViolation, match="put a ProvenanceGateOperator for each"
    ):
        enforcement.enforce(alone)
    enforcement.enforce(behind)


@pytest.mark.usefixtures("dag")
def test_a_stub_does_not_pass_behind_a_gate_for_something_else(policy: Write) -> None:
    policy("gates: [{dag: '*', purpose: [face-recognition, model-training]}]")

    @task.stub(queue="java")
    def train() -> None: ...

    behind = operator_of(train())
    ProvenanceGateOperator(task_id="research", purpose="scientific-research") >> behind
    with pytest.raises(AirflowClusterPolicyViolation):
        enforcement.enforce(behind)
    ProvenanceGateOperator(task_id="training", purpose="model-training") >> behind
    with pytest.raises(AirflowClusterPolicyViolation):
        enforcement.enforce(behind)
    ProvenanceGateOperator(task_id="faces", purpose="face-recognition") >> behind
    enforcement.enforce(behind)


@pytest.mark.usefixtures("dag")
def test_a_gate_needs_no_gate(policy: Write) -> None:
    policy("gates: [{dag: '*'}]")

    assert purposes(ProvenanceGateOperator(task_id="gate", purpose="publication")) == []


class TrainsBehindItsGate(ProvenanceGateOperator):
    """Inherits from a gate, and does something else."""

    def execute(self, context: Any) -> dict[str, str]:
        return {}


class NamedGate(ProvenanceGateOperator):
    """A gate with another colour."""

    ui_color = "#ffffff"


@pytest.mark.usefixtures("dag")
def test_a_gate_is_what_does_what_a_gate_does_not_what_inherits_from_one(policy: Write) -> None:
    policy("gates: [{dag: '*', purpose: model-training}]")

    assert purposes(NamedGate(task_id="gate", purpose="publication")) == []
    assert purposes(TrainsBehindItsGate(task_id="fit", purpose="publication")) == ["model-training"]


@pytest.mark.usefixtures("dag")
@pytest.mark.parametrize(
    "text", ["gates: [", "gate: []", "gates: [{pol: gpu}]", "gates: [{purpose: x}]", "gates: 7"]
)
def test_while_nobody_can_tell_who_is_meant_every_task_is_undecided(
    policy: Write, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    policy(text)
    operator = python()

    assert purposes(operator) == [""]
    assert "every task will be UNDECIDED" in caplog.text
    with pytest.raises(AirflowFailException, match=r"UNDECIDED.*\[policy.invalid\]"):
        ask(operator)
    assert purposes(EmptyOperator(task_id="end")) == []


@pytest.mark.usefixtures("dag")
def test_a_mistake_elsewhere_in_the_file_stops_only_those_who_are_meant(policy: Write) -> None:
    policy(f"{GPU}\npurposes: {{model-training: [no/suite]}}")

    assert purposes(python()) == []
    assert purposes(python(pool="gpu")) == ["model-training"]


@pytest.mark.usefixtures("dag")
def test_a_policy_file_that_somebody_named_must_be_there(
    policy: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW__LINEAGE_PLUGIN__POLICY", str(tmp_path / "gone.yaml"))

    assert purposes(python()) == [""]


@pytest.mark.usefixtures("dag")
def test_what_makes_rules_fail_makes_every_task_undecided(policy: Write, tmp_path: Path) -> None:
    policy(GPU)
    (tmp_path / "airflow.cfg").write_text("no section\n")
    enforcement._known = None

    assert purposes(python()) == [""]


@pytest.mark.usefixtures("dag")
def test_a_task_without_a_purpose_is_undecided_for_that_reason(policy: Write) -> None:
    policy("gates: [{pool: gpu}]")
    operator = python(pool="gpu")
    enforcement.enforce(operator)

    with pytest.raises(AirflowFailException, match=r"nobody says what for \[gate.no-purpose\]"):
        ask(operator)


@pytest.mark.usefixtures("dag")
def test_where_no_policy_was_applied_the_gate_is_asked_before_the_body(policy: Write) -> None:
    policy(GPU)
    bare, hung = python(pool="gpu", pre_execute=print), python(pool="gpu")
    enforcement.enforce(hung)

    with pytest.raises(AirflowFailException, match=r"UNDECIDED for model-training.*gate.no-inputs"):
        enforcement.make_up(context_of(bare))
    enforcement.make_up(context_of(hung))  # its hook will ask
    enforcement.make_up(context_of(python()))
    enforcement.make_up({"ds": "2026-01-01"})


@pytest.mark.usefixtures("dag")
def test_a_user_policy_comes_first_and_its_answer_does_not_hide_us(policy: Write) -> None:
    policy(GPU)

    class Theirs:
        @staticmethod
        @hookimpl
        def task_policy(task: Any) -> None:
            task.pool = "gpu"

        @staticmethod
        @hookimpl(tryfirst=True)
        def get_airflow_context_vars(context: Any) -> dict[str, str]:
            return {"team": "theirs"}

    asked: Any = settings
    manager = settings.get_policy_plugin_manager()
    ours = manager.is_registered(policy_hook) or manager.register(policy_hook)
    theirs = Theirs()
    manager.register(theirs)
    try:
        operator, bare = python(), python(pool="gpu")
        asked.task_policy(operator)

        assert [r.purpose for r in hook_of(operator).requirements] == ["model-training"]
        with pytest.raises(AirflowFailException):
            asked.get_airflow_context_vars(context_of(bare))
        assert asked.get_airflow_context_vars(context_of(operator)) == {"team": "theirs"}
    finally:
        manager.unregister(theirs)
        if ours is not True:
            manager.unregister(policy_hook)
