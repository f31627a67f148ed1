"""What rules look at, found in Airflow's operators, mapped ones too."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lineage_plugin.airflow.enforcement import Ungateable
from lineage_plugin.airflow.hook import Requirement, TaskHook
from lineage_plugin.catalog.match import Matcher
from lineage_plugin.catalog.policy_yaml import Gates
from lineage_plugin.model import DatasetRef
from lineage_plugin.policy.enforcement import (
    NO_PURPOSE,
    TaskFacts,
    bypasses,
    matching,
    purposes_of,
)

#: What an Asset's ``extra``, or its ``provenance``, says of a model under the key ``kind``.
MODEL = "model"

#: A task of this class is a gate.
_GATE = "lineage_plugin.airflow.operators.ProvenanceGateOperator"


class Rules:
    """The rules of one policy file, as long as it does not change."""

    def __init__(self, gates: Gates) -> None:
        self._gates = gates
        self._looks_at_outlets = any(rule.writes_model for rule in gates.rules)
        self._models = Matcher(gates.models)

    def requirements(self, task: Any, hook: TaskHook) -> list[Requirement]:
        """Return what a task must pass besides what *hook*, its author's, says.

        Raises:
            Ungateable: It must pass a gate, and none can be put before it.
        """
        facts = self.facts_of(task)
        if _is_gate(_kind_of(task)):
            return []
        if self._gates.problems:
            # Of an unattended task nothing runs; a gate that is there is undecided already.
            is_shut = facts.is_unattended or hook.requirements
            return [] if is_shut else [Requirement(NO_PURPOSE)]
        matched = matching(facts, self._gates.rules)
        if not matched:
            return []
        if facts.is_unattended:
            if not any(rule.singles_out for rule in matched):
                return []
            raise Ungateable(_told(facts, matched[0].where))
        named = [requirement.purpose for requirement in hook.requirements]
        before = frozenset[str]() if facts.is_python else _purposes_before(task)
        wanted = purposes_of(facts, matched, (*named, *before))
        if not facts.is_python and not (before and before.issuperset((*named, *wanted))):
            raise Ungateable(_told(facts, matched[0].where))
        return [Requirement(purpose) for purpose in wanted]

    def facts_of(self, task: Any) -> TaskFacts:
        """Return what rules look at in an operator."""
        kind = _kind_of(task)
        dag = task.dag
        return TaskFacts(
            dag_id=dag.dag_id,
            task_id=task.task_id,
            tags=frozenset(dag.tags or ()) | _tags_of(task),
            operators=_names_of(kind),
            pool=task.pool or "",
            queue=task.queue or "",
            writes_model=self._looks_at_outlets and self._writes_model(task.outlets or ()),
            is_unattended=task.inherits_from_empty_operator and not _is_attended(task),
            is_python=not getattr(kind, "is_stub", False) and task.queue not in _other_queues(),
            starts_in_trigger=bool(getattr(task, "start_from_trigger", False)),
        )

    def _writes_model(self, outlets: Iterable[Any]) -> bool:
        return any(_says_model(outlet) or self._is_model(uri) for outlet, uri in _uris(outlets))

    def _is_model(self, uri: str) -> bool:
        if self._models.match(uri):
            return True
        catalog = self._catalog
        # A catalog with mistakes: the gate says which, so it must be asked.
        return catalog is None or any(said.kind == MODEL for said in catalog.declarations_for(uri))

    @functools.cached_property
    def _catalog(self) -> Any:
        from lineage_plugin import settings
        from lineage_plugin.catalog.compiled import refresh
        from lineage_plugin.errors import LineagePluginError

        try:
            here = settings.load()
            return refresh(here.catalog, here.state_dir, policy=here.policy, required=here.required)
        except (LineagePluginError, OSError):
            return None


def _told(facts: TaskFacts, where: str) -> str:
    found = bypasses(facts)[0]
    return (
        f"{facts.dag_id}.{facts.task_id} must pass a gate ({where}), but {found.why}; "
        f"{found.instead}"
    )


def _kind_of(task: Any) -> Any:
    return getattr(task, "operator_class", None) or type(task)


@functools.cache
def _names_of(kind: type) -> frozenset[str]:
    names = {
        name for c in kind.__mro__ for name in (c.__name__, f"{c.__module__}.{c.__qualname__}")
    }
    own = getattr(kind, "custom_operator_name", "")
    return frozenset(names | {own} if isinstance(own, str) and own else names) - {"object"}


@functools.cache
def _other_queues() -> frozenset[str]:
    """Return the queues whose tasks a coordinator runs that is not Python."""
    from airflow.configuration import conf

    found: Any = conf.getjson("sdk", "queue_to_coordinator", fallback={})
    return frozenset(found or ())


def _tags_of(task: Any) -> frozenset[str]:
    """Return a task's own tags.  Airflow knows none, so they are a param of the task."""
    params = task.params
    tags = params.get("tags", ())
    tags = (tags,) if isinstance(tags, str) else tags
    return frozenset(str(tag) for tag in tags if isinstance(tags, (list, tuple, set, frozenset)))


def _is_attended(task: Any) -> bool:
    """Whether the scheduler sends an EmptyOperator to a worker, as ``schedule_tis`` decides."""
    return bool(
        task.has_on_execute_callback or task.has_on_success_callback or task.outlets or task.inlets
    )


@functools.cache
def _is_gate(kind: type) -> bool:
    """Whether a class does what a gate does, and nothing instead of it."""
    gates: list[Any] = [c for c in kind.__mro__ if f"{c.__module__}.{c.__qualname__}" == _GATE]
    return any(getattr(kind, "execute", None) is gate.execute for gate in gates)


def _purposes_before(task: Any) -> frozenset[str]:
    """Return for which purposes gates have let pass whatever comes before *task*."""
    rule = getattr(task.trigger_rule, "value", task.trigger_rule)
    if str(rule) != "all_success":
        return frozenset()
    kinds: list[tuple[Any, Any]] = [(above, type(above)) for above in task.upstream_list]
    return frozenset(above.purpose for above, kind in kinds if _is_gate(kind))


def _uris(outlets: Iterable[Any]) -> Iterator[tuple[Any, str]]:
    for outlet in outlets:
        try:
            yield outlet, DatasetRef.parse(str(getattr(outlet, "uri", ""))).uri
        except ValueError:
            yield outlet, ""


def _says_model(outlet: Any) -> bool:
    extra = getattr(outlet, "extra", None)
    if not isinstance(extra, Mapping):
        return False
    inner = extra.get("provenance")
    return extra.get("kind") == MODEL or (isinstance(inner, Mapping) and inner.get("kind") == MODEL)
