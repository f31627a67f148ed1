"""Which tasks rules mean."""

from __future__ import annotations

import pytest

from lineage_plugin.policy.enforcement import (
    ALWAYS,
    GateRule,
    TaskFacts,
    bypasses,
    matching,
    purposes_of,
)

FIT = TaskFacts(
    "faces_eu",
    "group.fit",
    tags=frozenset({"prod", "purpose:face-recognition"}),
    operators=frozenset({"PythonOperator", "airflow.providers.standard.PythonOperator"}),
    pool="gpu",
    queue="big",
    writes_model=True,
)


@pytest.mark.parametrize(
    "rule",
    [
        GateRule(dag=("faces_*",)),
        GateRule(task=("other", "*.fit")),
        GateRule(tag=("purpose:*",)),
        GateRule(operator=("PythonOperator",)),
        GateRule(operator=("airflow.providers.*",)),
        GateRule(pool=("gpu",)),
        GateRule(queue=("b?g",)),
        GateRule(writes_model=True),
        GateRule(dag=("faces_*",), pool=("gpu",), writes_model=True),
    ],
    ids=repr,
)
def test_a_task_that_meets_every_condition_is_meant(rule: GateRule) -> None:
    assert rule.matches(FIT)


@pytest.mark.parametrize(
    "rule",
    [
        GateRule(dag=("faces",)),
        GateRule(task=("fit",)),
        GateRule(tag=("Prod",)),
        GateRule(operator=("Python",)),
        GateRule(dag=("faces_*",), pool=("cpu",)),
    ],
    ids=repr,
)
def test_a_task_that_misses_one_condition_is_not(rule: GateRule) -> None:
    assert not rule.matches(FIT)


def test_only_a_rule_about_models_asks_for_a_model() -> None:
    assert not GateRule(writes_model=True).matches(FIT._replace(writes_model=False))
    assert GateRule(pool=("gpu",)).matches(FIT._replace(writes_model=False))


def test_all_who_name_a_purpose_are_heard() -> None:
    rules = [
        GateRule(pool=("gpu",), purposes=("model-training",)),
        GateRule(queue=("big",), purposes=("publication", "model-training")),
    ]

    assert purposes_of(FIT, matching(FIT, rules), ["fine-tuning"]) == [
        "face-recognition",
        "model-training",
        "publication",
    ]


def test_a_task_that_is_meant_and_has_no_purpose_is_not_forgotten() -> None:
    plain, rule = FIT._replace(tags=frozenset({"purpose: "})), GateRule(pool=("gpu",))

    assert purposes_of(plain, [rule], []) == [""]
    assert purposes_of(plain, [rule], ["publication"]) == []
    assert purposes_of(plain, [], []) == []


def test_a_tag_asks_for_no_gate_by_itself() -> None:
    assert purposes_of(FIT, [], []) == []


def test_what_gets_by_without_a_gate_is_told_with_what_to_do() -> None:
    assert bypasses(FIT) == []
    odd = FIT._replace(is_python=False, is_unattended=True, starts_in_trigger=True)
    found = [*bypasses(odd), *ALWAYS]

    assert len({each.id for each in found}) == len(found) == 6
    assert all(each.why and each.instead for each in found)
