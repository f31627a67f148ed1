"""Which tasks must pass a gate, for which purposes, and what gets past every gate.  Pure.

The administrator writes rules; an author can make a task match more of them, never fewer of the
purposes that a matching rule names.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import translate
from typing import NamedTuple

from lineage_plugin.model import Mode

#: A tag that begins so names a purpose.
PURPOSE_TAG = "purpose:"

#: Stands for the purpose of a task that must pass a gate although nobody says what for.
NO_PURPOSE = ""


class TaskFacts(NamedTuple):
    """What rules look at in a task, whoever found it out.

    ``tags`` are those of the task and of its DAG, ``operators`` the classes that it is an instance
    of, by name and by dotted name.  ``is_unattended`` says that the scheduler itself marks it as
    done, without running it, and ``python`` that a Python worker runs it.
    """

    dag_id: str
    task_id: str
    tags: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()
    pool: str = "default_pool"
    queue: str = "default"
    writes_model: bool = False
    is_unattended: bool = False
    is_python: bool = True
    starts_in_trigger: bool = False


@dataclass(frozen=True, slots=True)
class GateRule:
    """Which tasks a gate stands before: those that meet every condition that is set.

    Each condition is met by any one of its patterns, in which ``*``, ``?`` and ``[...]`` mean what
    they mean in a shell.  ``where`` is the file and line, for messages.
    """

    purposes: tuple[str, ...] = ()
    dag: tuple[str, ...] = ()
    task: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    operator: tuple[str, ...] = ()
    pool: tuple[str, ...] = ()
    queue: tuple[str, ...] = ()
    writes_model: bool = False
    where: str = ""

    @property
    def singles_out(self) -> bool:
        """Whether it speaks of tasks, and not of all that a DAG, pool or queue happens to hold."""
        return bool(self.task or self.operator or self.writes_model)

    def matches(self, facts: TaskFacts) -> bool:
        """Whether a task meets every condition."""
        return (
            fits(self.dag, facts.dag_id)
            and fits(self.task, facts.task_id)
            and fits(self.pool, facts.pool)
            and fits(self.queue, facts.queue)
            and _any_meets(self.tag, facts.tags)
            and _any_meets(self.operator, facts.operators)
            and (facts.writes_model or not self.writes_model)
        )


@dataclass(frozen=True, slots=True)
class ModeRule:
    """What a reason weighs where every condition that is set is met, from one moment to another.

    Patterns as in :class:`GateRule`; ``rule`` is about ids of reasons.
    """

    mode: Mode
    rule: tuple[str, ...] = ()
    suite: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    purpose: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    dag: tuple[str, ...] = ()
    from_us: int | None = None
    until_us: int | None = None
    where: str = ""

    def holds(self, at_us: int) -> bool:
        """Whether *at_us* is in its time: from the first moment on, before the last."""
        return (self.from_us is None or self.from_us <= at_us) and (
            self.until_us is None or at_us < self.until_us
        )


class Bypass(NamedTuple):
    """One way in which a task's body runs although no gate let it pass, and what to do instead."""

    id: str
    why: str
    instead: str


def matching(facts: TaskFacts, rules: Iterable[GateRule]) -> list[GateRule]:
    """Return the rules that a task matches."""
    return [rule for rule in rules if rule.matches(facts)]


def purposes_of(facts: TaskFacts, matched: Iterable[GateRule], named: Iterable[str]) -> list[str]:
    """Return for which purposes a task must pass a gate because of the rules that it matches.

    All that anybody names bind together; :data:`NO_PURPOSE` stands alone, where nobody names any.

    Args:
        facts: The task.
        matched: The rules that it matches; without any, nothing is asked.
        named: What its author named in a decorator.

    Example:
        >>> rule = GateRule(dag=("faces_*",), purposes=("model-training",))
        >>> facts = TaskFacts("faces_eu", "fit", frozenset({"purpose:face-recognition"}))
        >>> purposes_of(facts, matching(facts, [rule]), ())
        ['face-recognition', 'model-training']
        >>> purposes_of(facts, [], ["publication"])
        []
    """
    matched = list(matched)
    if not matched:
        return []
    found = {purpose for rule in matched for purpose in rule.purposes}
    found |= {
        purpose
        for tag in facts.tags
        if tag.startswith(PURPOSE_TAG) and (purpose := tag.removeprefix(PURPOSE_TAG).strip())
    }
    return sorted(found) or ([] if any(named) else [NO_PURPOSE])


def fits(patterns: tuple[str, ...], value: str) -> bool:
    """Whether *value* fits any of the patterns; without patterns everything fits.

    Example:
        >>> fits(("license.*",), "license.absent"), fits((), "x"), fits(("a", "b"), "c")
        (True, True, False)
    """
    return not patterns or _matcher(patterns)(value) is not None


def bypasses(facts: TaskFacts) -> list[Bypass]:
    """Return how a task that must pass a gate gets by without one, as far as its facts tell."""
    return list(_bypasses(facts))


#: What gets past the gate of any task whatever, which no fact of a task tells.
ALWAYS = (
    Bypass(
        "mark-success",
        "somebody may mark the task as success in Airflow's pages: its body does not run",
        "restrict who may edit task instances; Airflow's audit log names who did",
    ),
    Bypass(
        "as-library",
        "a process with _AIRFLOW__AS_LIBRARY=1 loads no cluster policy",
        "leave it unset where tasks run",
    ),
    Bypass(
        "author",
        "code of the DAG's author runs in the process of the gate, and can do what the gate can",
        "review DAGs; this keeps honest people from mistakes, it is no sandbox",
    ),
)


def _bypasses(facts: TaskFacts) -> Iterator[Bypass]:
    if not facts.is_python:
        yield Bypass(
            "not-python",
            "no Python worker runs this task (@task.stub, or a queue of another coordinator), and "
            "a gate is Python",
            "put a ProvenanceGateOperator for each purpose before it, with the default trigger "
            "rule between them",
        )
    if facts.is_unattended:
        yield Bypass(
            "unattended",
            "the scheduler marks this EmptyOperator as done without running it",
            "it has no body to keep from running; put the gate on the task that has",
        )
    if facts.starts_in_trigger:
        yield Bypass(
            "dag-test-trigger",
            "it starts in the triggerer; the policy switches that off in workers, but dag.test() "
            "applies no policy and runs the trigger before the gate",
            "leave start_from_trigger off",
        )


def _any_meets(patterns: tuple[str, ...], values: frozenset[str]) -> bool:
    if not patterns:
        return True
    match = _matcher(patterns)
    return any(match(value) is not None for value in values)


@functools.lru_cache(maxsize=1024)
def _matcher(patterns: tuple[str, ...]) -> Callable[[str], object]:
    return re.compile("|".join(map(translate, patterns))).match
