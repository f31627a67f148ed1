"""What our decorators hang on a task: one hook that Airflow calls before the body.

A DAG file pays for importing this on every parse, so it knows nothing but the standard library, and
no dataclasses either: making one takes as long as importing all the rest.
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

log = logging.getLogger(__name__)

#: The attribute under which a decorated function carries its hook (decorators below ``@task``).
CARRIED = "__lineage_plugin__"

#: What an edge is when nobody said; the value of ``EdgeKind.UNSPECIFIED``.
UNSPECIFIED = "unspecified"

#: What an author may ask for at least, mildest first: values of ``Mode``, none for none.
MODES = ("", "observe", "warn", "block")

#: Other decorators wrap hooks in hooks; deeper than this nobody nests them.
_DEEPEST = 8


class Requirement(NamedTuple):
    """A purpose that a task serves, the suites its author adds, and inputs named by hand.

    ``recipient`` is to whom the purpose gives the inputs.  ``mode`` is what its author asks for at
    least: the value of a ``Mode``, or nothing.
    """

    purpose: str
    suites: tuple[str, ...] = ()
    inputs: tuple[Any, ...] = ()
    recipient: str = ""
    mode: str = ""

    def also(self, other: Requirement) -> Requirement:
        """Return this requirement with what *other* adds for the same purpose and recipient."""
        return Requirement(
            self.purpose,
            self.suites + tuple(s for s in other.suites if s not in self.suites),
            self.inputs + tuple(i for i in other.inputs if i not in self.inputs),
            self.recipient,
            max(self.mode, other.mode, key=MODES.index),
        )

    def covers(self, other: Requirement) -> bool:
        """Whether a gate that passed this requirement has passed *other* too."""
        return self.aims_at(other) and self.also(other) == self

    def aims_at(self, other: Requirement) -> bool:
        """Whether this names what *other* asks for: its purpose, and its recipient if it has one.

        Two recipients are two questions; a rule that names none is content with any.
        """
        return self.purpose == other.purpose and other.recipient in ("", self.recipient)


class TaskHook:
    """A ``pre_execute`` hook: what a task declares and requires, and the hooks it had already.

    It is never changed: tasks made from one another share it.

    Airflow serialises a hook as the source of ``__call__``: editing that method gives every
    decorated DAG a new version once.
    """

    def __init__(
        self,
        *,
        edge: str = UNSPECIFIED,
        overwrites: bool = False,
        declarations: tuple[Mapping[str, Any], ...] = (),
        requirements: tuple[Requirement, ...] = (),
        lineage: tuple[tuple[Any, tuple[Any, ...]], ...] = (),
        then: tuple[Callable[..., Any], ...] = (),
    ) -> None:
        self.edge = edge
        self.overwrites = overwrites
        self.declarations = declarations
        self.requirements = requirements
        self.lineage = lineage
        self.then = then

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"TaskHook({told})"

    def __call__(self, context: Any) -> None:
        """Run the gates, then the hooks that the task had."""
        from lineage_plugin.airflow.gate_task import enter

        enter(self, context)

    def merged(self, other: TaskHook) -> TaskHook:
        """Return one hook that declares and requires what both do.

        Raises:
            TypeError: They name two kinds of edge.
        """
        edges = {self.edge, other.edge} - {UNSPECIFIED}
        if len(edges) > 1:
            message = (
                f"provenance: one task has one kind of edge, not {' and '.join(sorted(edges))}"
            )
            raise TypeError(message)
        return TaskHook(
            edge=edges.pop() if edges else UNSPECIFIED,
            overwrites=self.overwrites or other.overwrites,
            declarations=self.declarations
            + tuple(said for said in other.declarations if said not in self.declarations),
            requirements=_joined(self.requirements + other.requirements),
            lineage=self.lineage + tuple(x for x in other.lineage if x not in self.lineage),
            then=self.then + tuple(hook for hook in other.then if hook not in self.then),
        )

    def around(self, present: Callable[..., Any] | None) -> TaskHook:
        """Return this hook with *present*, the hook that the task has, merged or chained.

        Raises:
            TypeError: They name two kinds of edge.
        """
        if present is None:
            return self
        if isinstance(present, TaskHook):
            return present.merged(self)
        find(present).merged(self)  # raises where a hook of ours inside another contradicts
        return self.merged(TaskHook(then=(present,)))


def find(hook: object) -> TaskHook:
    """Return what our decorators said in *hook*, also where another decorator wraps it."""
    found = TaskHook()
    for inner in _ours(hook, _DEEPEST):
        found = found.merged(inner)
    found.then = ()
    return found


def carried(function: object) -> TaskHook:
    """Return what a function carries that was decorated below ``@task``."""
    hook = getattr(function, CARRIED, None)
    return hook if isinstance(hook, TaskHook) else TaskHook()


def hook_of(task: Any) -> TaskHook:
    """Return everything that our decorators said about an operator, mapped or not."""
    partial = getattr(task, "partial_kwargs", None) or {}
    hook = partial.get("pre_execute") or getattr(task, "_pre_execute_hook", None)
    function = getattr(task, "python_callable", None) or partial.get("python_callable")
    return find(hook).merged(carried(function))


def call_hook(hook: Callable[..., Any], context: Any, *result: Any) -> None:
    """Call a hook as Airflow would: a generator's values are metadata of outlets."""
    if not inspect.isgeneratorfunction(hook):
        hook(context, *result)
        return
    from airflow.sdk.execution_time.callback_runner import create_executable_runner
    from airflow.sdk.execution_time.context import context_get_outlet_events

    create_executable_runner(hook, context_get_outlet_events(context), logger=log).run(
        context, *result
    )


def _joined(requirements: tuple[Requirement, ...]) -> tuple[Requirement, ...]:
    aims: dict[tuple[str, str], Requirement] = {}
    # Stable: those with a recipient first, for what names none to be added to.
    for requirement in sorted(requirements, key=lambda asked: not asked.recipient):
        same = [aim for aim, known in aims.items() if known.aims_at(requirement)]
        for aim in same:
            aims[aim] = aims[aim].also(requirement)
        if not same:
            aims[requirement.purpose, requirement.recipient] = requirement
    order = [requirement.purpose for requirement in requirements]
    return tuple(sorted(aims.values(), key=lambda asked: order.index(asked.purpose)))


def _ours(hook: object, depth: int) -> Iterator[TaskHook]:
    """Walk through partials and closures, as ``@task.run_if`` and friends make them."""
    if isinstance(hook, TaskHook):
        yield hook
    if depth == 0 or hook is None:
        return
    if isinstance(hook, TaskHook):
        yield from _ours(hook.then, depth - 1)
    elif isinstance(hook, (tuple, list)):
        for item in hook:
            yield from _ours(item, depth - 1)
    elif isinstance(hook, functools.partial):
        yield from _ours((hook.func, *hook.args), depth - 1)
    else:
        for cell in getattr(hook, "__closure__", None) or ():
            yield from _ours(_content(cell), depth - 1)


def _content(cell: Any) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not bound yet
        return None
