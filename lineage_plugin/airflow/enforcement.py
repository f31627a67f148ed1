"""Gates by configuration: ``policy.yaml`` decides which tasks pass one, whoever wrote their DAG.

At parse time nothing here fails for the sake of a policy file that cannot be read: DAGs stay
visible, and every task is undecided when it runs.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from lineage_plugin.airflow.hook import Requirement, TaskHook, hook_of
from lineage_plugin.airflow.said import not_passed

if TYPE_CHECKING:
    from lineage_plugin.airflow.enforcement_facts import Rules

log = logging.getLogger(__name__)

#: What decides where the policy file is.
_VARIABLES = ("AIRFLOW_HOME", "AIRFLOW_CONFIG", "AIRFLOW__LINEAGE_PLUGIN__POLICY")

#: The gate of a task for which nobody can tell what it must pass; it is always undecided.
_ANY = (Requirement(""),)

Stamp = tuple[int, int, int] | None


class Ungateable(Exception):
    """A task must pass a gate, and is of a kind whose gate nobody would ask."""


class _Known(NamedTuple):
    """Rules, and the state of the world that they were read in."""

    variables: tuple[str | None, ...]
    path: str
    stamp: Stamp
    rules: Rules | None


_known: _Known | None = None


def enforce(task: Any) -> None:
    """Hang the gates on a task that rules ask of it.

    Raises:
        AirflowClusterPolicyViolation: It must pass a gate, and none would ever be asked.
    """
    from airflow.exceptions import AirflowClusterPolicyViolation

    try:
        if wanted := _wanted(task):
            from lineage_plugin.airflow.attach import hang

            hang(task, TaskHook(requirements=tuple(wanted)))
    except Ungateable as error:
        raise AirflowClusterPolicyViolation(str(error)) from error
    except Exception as error:
        log.exception("the gate of %s cannot be put before it", getattr(task, "task_id", task))
        message = f"policy.yaml: no gate can be put before this task: {error}"
        raise AirflowClusterPolicyViolation(message) from error


def make_up(context: Any) -> None:
    """Ask the gates that rules want for a task and that do not hang on it.

    Raises:
        AirflowFailException: They did not let it pass, or it is none that can be asked.
    """
    from airflow.sdk.exceptions import AirflowFailException

    if "task" not in context or "ti" not in context:
        return  # somebody asks for the variables of no task
    task = context["task"]
    try:
        wanted = _wanted(task)
    except Ungateable as error:
        raise AirflowFailException(str(error)) from error
    hook = getattr(task, "_pre_execute_hook", None)
    hangs = hook.requirements if isinstance(hook, TaskHook) else ()
    bare = [asked for asked in wanted if not any(has.covers(asked) for has in hangs)]
    if left := not_passed(bare, context):
        from lineage_plugin.airflow.gate_task import pass_gates

        log.info("No policy was applied when this DAG was parsed; its gate is asked here.")
        pass_gates(left, context)


def _wanted(task: Any) -> Sequence[Requirement]:
    """Return what a task must pass by the rules; whatever goes wrong, it must pass something."""
    try:
        rules = current()
        return rules.requirements(task, hook_of(task)) if rules is not None else ()
    except Ungateable:
        raise
    except Exception:
        log.exception("which gate %s must pass cannot be told", getattr(task, "task_id", task))
        return _ANY


def current() -> Rules | None:
    """Return the rules that hold, read anew only if the policy file changed; ``None`` without any.

    Units:
        A few microseconds where nothing changed.
    """
    global _known  # noqa: PLW0603 - what a process knows
    variables = tuple(map(os.environ.get, _VARIABLES))
    known = _known
    if known is None or known.variables != variables or _stamp(known.path) != known.stamp:
        known = _known = _read(variables)
    return known.rules


def _read(variables: tuple[str | None, ...]) -> _Known:
    from lineage_plugin.settings import load_policy_path

    path, is_required = load_policy_path()
    stamp = _stamp(str(path))
    if stamp is None and not is_required:
        return _Known(variables, str(path), stamp, None)
    from lineage_plugin.airflow.enforcement_facts import Rules
    from lineage_plugin.catalog.policy_yaml import load_gates

    gates = load_gates(path, required={path} if is_required else ())
    if gates.problems:
        log.error(
            "%s cannot tell which tasks must pass a gate, so every task will be UNDECIDED until it"
            " is mended (lineage-plugin catalog check): %s",
            path,
            gates.problems[0],
        )
    found = Rules(gates) if gates.rules or gates.problems else None
    return _Known(variables, str(path), stamp, found)


def _stamp(path: str) -> Stamp:
    try:
        found = os.stat(path)  # noqa: PTH116 - a Path costs more than the call
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
