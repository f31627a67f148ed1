"""What hangs on a task."""

from __future__ import annotations

import copy
import functools
import pickle
from typing import Any

import pytest

from lineage_plugin.airflow.decorators import EDGES
from lineage_plugin.airflow.hook import Requirement, TaskHook, find
from lineage_plugin.model import EdgeKind


def note(context: Any) -> None:
    context["noted"] = True


def wrapping(inner: Any) -> Any:
    """Wrap a hook as ``@task.run_if`` does."""

    def pre_execute(context: Any) -> None:
        for hook in (None, inner):
            if hook is not None:
                hook(context)

    return pre_execute


def needs(purpose: str, *suites: str) -> TaskHook:
    return TaskHook(requirements=(Requirement(purpose, suites),))


def test_the_names_of_edges_are_those_of_the_model() -> None:
    assert set(EDGES) == {kind.value for kind in EdgeKind}


def test_two_hooks_merge_into_one_that_says_both() -> None:
    merged = needs("a").merged(TaskHook(edge="copy", overwrites=True)).merged(needs("b"))

    assert [requirement.purpose for requirement in merged.requirements] == ["a", "b"]
    assert (merged.edge, merged.overwrites) == ("copy", True)


def test_the_same_purpose_twice_is_one_requirement_with_all_suites() -> None:
    merged = needs("a", "x").merged(needs("a", "y", "x"))

    assert merged.requirements == (Requirement("a", ("x", "y")),)


def test_a_task_has_one_kind_of_edge() -> None:
    with pytest.raises(TypeError, match="one kind of edge, not copy and join"):
        TaskHook(edge="copy").merged(TaskHook(edge="join"))


def test_a_hook_that_was_there_runs_after_the_gates() -> None:
    assert needs("a").around(note).then == (note,)


def test_our_own_hook_is_never_nested() -> None:
    hook = needs("b").around(needs("a").around(note))

    assert [requirement.purpose for requirement in hook.requirements] == ["a", "b"]
    assert hook.then == (note,)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda inner: functools.partial(note, inner),
        wrapping,
        lambda inner: TaskHook(then=(inner,)),
    ],
    ids=["partial", "closure", "ours"],
)
def test_a_hook_is_found_inside_what_wraps_it(wrap: Any) -> None:
    assert find(wrap(needs("a"))).requirements == needs("a").requirements


def test_contradictions_show_through_what_wraps_them() -> None:
    inner = TaskHook(edge="copy")
    with pytest.raises(TypeError, match="one kind of edge"):
        TaskHook(edge="join").around(wrapping(inner))


def test_nothing_is_found_in_nothing() -> None:
    assert find(None).requirements == ()
    assert find(note).declarations == ()


def test_a_gate_that_asked_for_more_covers_one_that_asks_for_less() -> None:
    assert Requirement("a", ("x", "y")).covers(Requirement("a", ("x",)))
    assert not Requirement("a", ("x",)).covers(Requirement("a", ("x", "y")))
    assert not Requirement("a").covers(Requirement("b"))


def test_hooks_survive_copying_and_pickling() -> None:
    hook = TaskHook(edge="copy", declarations=({"license": "MIT"},)).around(note)

    for other in (copy.deepcopy(hook), pickle.loads(pickle.dumps(hook))):  # noqa: S301 - ours
        assert vars(other) == vars(hook)


def test_two_recipients_are_two_questions() -> None:
    to = [TaskHook(requirements=(Requirement("disclosure", recipient=r),)) for r in ("A", "B", "A")]
    merged = to[0].merged(to[1]).merged(to[2])

    assert [found.recipient for found in merged.requirements] == ["A", "B"]
    assert not merged.requirements[0].covers(merged.requirements[1])


def test_a_rule_that_names_no_recipient_is_content_with_one_that_is_named() -> None:
    named = Requirement("disclosure", recipient="A")
    rule = Requirement("disclosure", ("house-rules",))
    merged = TaskHook(requirements=(rule,)).merged(TaskHook(requirements=(named,)))

    assert merged.requirements == (Requirement("disclosure", ("house-rules",), recipient="A"),)
    assert merged.requirements[0].covers(rule)
    assert not rule.covers(named)
