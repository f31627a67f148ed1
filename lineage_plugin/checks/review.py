"""What stands in the way of the tasks of DAG files, as far as their text tells.  Pure.

A gate knows what really ran; this knows what would run, before it does.  A dataset is known if a
catalog entry means it, if its task declares it, or if a task of these files writes it from known
ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from lineage_plugin.catalog.match import Matcher, normalised
from lineage_plugin.catalog.policy_yaml import Gates
from lineage_plugin.checks.constants import HOLE
from lineage_plugin.checks.findings import Finding
from lineage_plugin.checks.overlap import may_mean
from lineage_plugin.checks.tasks import TaskSeen
from lineage_plugin.model import DatasetRef, Declaration
from lineage_plugin.policy import parties
from lineage_plugin.policy.enforcement import TaskFacts, bypasses, matching, purposes_of

#: What an entry of the catalog calls a dataset that is a model.
_MODEL = "model"

#: Entries that a name with holes is compared with; each takes some 50 us.
_MOST_COMPARED = 2_000


@dataclass(frozen=True)
class Rules:
    """What tasks are measured against.

    ``suggest`` finds the purpose that was meant, ``bound`` tells whether suites judge a purpose.
    """

    declarations: Sequence[Declaration]
    purposes: Collection[str]
    suggest: Callable[[str], str]
    bound: Callable[[str], bool]
    gates: Gates


def review(tasks: Sequence[TaskSeen], rules: Rules) -> list[Finding]:
    """Return what stands in the way of *tasks*, and what nobody will notice otherwise."""
    return list(dict.fromkeys(_Review(tasks, rules).findings()))


class _Review:
    def __init__(self, tasks: Sequence[TaskSeen], rules: Rules) -> None:
        self.tasks = tasks
        self.rules = rules
        self.known = _Known([normalised(d.pattern) for d in rules.declarations])
        self.models = _Known(
            [
                *rules.gates.models,
                *(normalised(d.pattern) for d in rules.declarations if d.kind == _MODEL),
            ]
        )
        self.facts = {task: self._facts(task) for task in tasks}
        self.purposes = {task: self._asked(task) for task in tasks}
        self.writers: Mapping[str, list[TaskSeen]] = defaultdict(list)
        for task in tasks:
            for name in task.outlets:
                self.writers[_spelled(name)].append(task)
        self.external = {_spelled(name) for task in tasks for name in task.declared_external}
        self.gates: Mapping[str, list[TaskSeen]] = defaultdict(list)
        for task in tasks:
            if "ProvenanceGateOperator" in task.operators:
                self.gates[task.dag_id].append(task)

    def _facts(self, task: TaskSeen) -> TaskFacts:
        return TaskFacts(
            dag_id=task.dag_id,
            task_id=task.task_id,
            tags=task.tags,
            operators=task.operators,
            pool=task.pool,
            queue=task.queue,
            writes_model=any(self.models.means(_spelled(name)) for name in task.outlets),
            is_unattended="EmptyOperator" in task.operators and not (task.inlets or task.outlets),
            is_python="@task.stub" not in task.operators,
        )

    def _asked(self, task: TaskSeen) -> tuple[str, ...]:
        """Return for what a task must pass a gate, because its author or the policy says so."""
        if "ProvenanceGateOperator" in task.operators:
            return task.purposes
        facts = self.facts[task]
        matched = matching(facts, self.rules.gates.rules)
        if facts.is_unattended and not any(rule.singles_out for rule in matched):
            matched = []
        return tuple(dict.fromkeys((*task.purposes, *purposes_of(facts, matched, task.purposes))))

    def findings(self) -> Iterator[Finding]:
        for task in self.tasks:
            yield from self._gate(task)
            yield from self._purposes(task)
            if task.untold:
                sides = " and ".join(task.untold)
                yield _about(task, "dag.untold", f"its {sides} show only when it runs", "")
        yield from self._datasets()
        yield from self._unused()

    def _gate(self, task: TaskSeen) -> Iterator[Finding]:
        if self.purposes[task]:
            for bypass in bypasses(self.facts[task]):
                yield _about(task, "gate.bypassed", bypass.why, bypass.instead)
            return
        if not (task.trains or task.signs):
            return
        why = " and ".join(task.signs) or "its operator says so"
        hint = 'put @requires("<purpose>") on it, or let policy.yaml match it under gates:'
        before = [gate for gate in self.gates[task.dag_id] if set(task.inlets) <= set(gate.inlets)]
        if before and task.inlets:
            message = f"only {before[0].task_id!r}, a task of its own, stands before this training"
            yield _about(task, "training.gate-apart", message, hint)
        elif task.trains:
            yield _about(
                task, "training.no-gate", f"it trains a model ({why}) without a gate", hint
            )
        else:
            message = f"it looks as if it trains a model, because {why}, and has no gate"
            yield _about(task, "training.likely", message, hint)

    def _purposes(self, task: TaskSeen) -> Iterator[Finding]:
        for purpose in self.purposes[task]:
            if HOLE in purpose:
                yield _about(task, "dag.untold", "its purpose shows only when it runs", "")
            elif not purpose:
                hint = 'name one: @requires("<purpose>"), a tag purpose:<purpose>, or policy.yaml'
                message = "it must pass a gate, and nobody says for which purpose"
                yield _about(task, "purpose.missing", message, hint)
            elif purpose not in self.rules.purposes:
                meant = self.rules.suggest(purpose)
                hint = f"did you mean {meant!r}?" if meant else "policy.yaml may add it"
                yield _about(task, "purpose.unknown", f"unknown purpose {purpose!r}", hint)
            elif not self.rules.bound(purpose):
                message = f"no suite is bound to purpose {purpose!r}"
                hint = f"bind one in policy.yaml, below purposes: {purpose}: [suite]"
                yield _about(task, "purpose.unbound", message, hint)

    def _datasets(self) -> Iterator[Finding]:
        """Report roots that nobody declared, worse where a gated task is made from them."""
        gated = self._above([task for task in self.tasks if self.purposes[task] or task.trains])
        told: set[str] = set()
        for task in self.tasks:
            for name, why in self._unknown(task):
                if name in told:
                    continue
                told.add(name)
                rule = "dataset.undeclared" if name in gated else "dataset.unchecked"
                hint = (
                    f"declare it in provenance.yaml, under {_shown(name)!r}: origin: external, "
                    "source, license, consent, custody; or name what it is made from as inlets"
                )
                message = f"{_shown(name)} {why}, and no entry of the catalog is about it"
                yield _about(task, rule, message, hint, subject=_shown(name))

    def _unknown(self, task: TaskSeen) -> Iterator[tuple[str, str]]:
        for name in map(_spelled, task.inlets):
            is_written = name in self.writers or self._is_written_in_part(name)
            if not (is_written or name in self.external or self.known.means(name)):
                yield name, "is read, and no task of these DAGs writes it"
        if task.inlets or "inlets" in task.untold:
            return
        for name in map(_spelled, task.outlets):
            if not (name in self.external or self.known.means(name)):
                yield name, "is written by a task without inlets"

    @cache  # noqa: B019 - lives as long as one review
    def _is_written_in_part(self, name: str) -> bool:
        """Whether a task writes the folder that holds a dataset, or a part of it."""
        parts = name.split("/")
        folders = {"/".join(parts[:n]) for n in range(3, len(parts))}
        return not folders.isdisjoint(self.writers) or any(
            written.startswith(f"{name}/") for written in self.writers
        )

    def _above(self, tasks: Iterable[TaskSeen]) -> set[str]:
        """Return the names of everything that *tasks* read, and of what that is made from."""
        found: set[str] = set()
        waiting = [name for task in tasks for name in map(_spelled, task.inlets)]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                writers = self.writers.get(name, ())
                waiting += [_spelled(read) for writer in writers for read in writer.inlets]
        return found

    def _unused(self) -> Iterator[Finding]:
        names = {_spelled(n) for task in self.tasks for n in (*task.inlets, *task.outlets)}
        if any(set(task.untold) & {"inlets", "outlets"} for task in self.tasks):
            return  # what they touch might be just that
        for place in self.known.unused(names):
            declaration = self.rules.declarations[place]
            if parties.is_recipient(declaration.pattern):
                continue
            path, _, line = declaration.where.rpartition(":")
            message = f"{declaration.pattern!r} means no dataset that these DAGs name"
            hint = "correct it, or leave it out if nothing uses it"
            number = int(line) if line.isdigit() else 0
            yield Finding(
                path or declaration.where,
                number,
                "catalog.unused",
                message,
                hint,
                declaration.pattern,
            )


class _Known:
    """Patterns, by what they mean."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = patterns
        self._matcher = Matcher(patterns)
        self._found: dict[str, tuple[int, ...]] = {}

    def means(self, name: str) -> bool:
        """Whether a pattern means a dataset, or may."""
        return bool(self._meaning(name))

    def unused(self, names: Iterable[str]) -> list[int]:
        """Return the places of the patterns that mean none of *names*."""
        used = {place for name in names for place in self._meaning(name)}
        # An entry for a part also speaks of the folder that is read as a whole.
        return [
            place
            for place, pattern in enumerate(self._patterns)
            if place not in used and not any(_is_inside(pattern, name) for name in names)
        ]

    def _meaning(self, name: str) -> tuple[int, ...]:
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = (
                tuple(
                    place
                    for place, pattern in enumerate(self._patterns[:_MOST_COMPARED])
                    if may_mean(pattern, name)
                )
                if HOLE in name
                else self._matcher.match(name)
            )
        return found


def _is_inside(pattern: str, name: str) -> bool:
    """Whether what a pattern means lies in the folder *name*."""
    return HOLE not in name and pattern.startswith(f"{name}/")


@cache
def _spelled(name: str) -> str:
    """Return the one spelling of a name; one that is no dataset's stays as it is."""
    if "://" not in name:
        return f"airflow/{name}"
    try:
        return DatasetRef.parse(name).uri
    except ValueError:
        return name


def _shown(name: str) -> str:
    return name.replace(HOLE, "…")


def _about(task: TaskSeen, rule: str, message: str, hint: str, *, subject: str = "") -> Finding:
    named = _shown(task.name)
    return Finding(task.path, task.line, rule, f"{named}: {message}", hint, subject or named)
