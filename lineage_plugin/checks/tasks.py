"""The tasks of a DAG file, found in its text.  Nothing is imported and nothing is run.

What only a run would tell (a DAG made from a database, say) stays untold and is listed as such, so
that silence never passes for a clean bill.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lineage_plugin.checks.constants import (
    HOLE,
    UNTOLD,
    AssetValue,
    Function,
    Imported,
    Scope,
    bind,
    dotted,
    items_of,
    text_of,
    value_of,
)

#: Where ``task``, ``dag`` and their like may be imported from.
_AIRFLOW = ("airflow.sdk.", "airflow.decorators.", "airflow.models.", "airflow.")
_OURS = ("lineage_plugin.", "lineage_plugin.airflow.decorators.")

#: What ``@task.provenance_gate`` is called.
_GATE = "provenance_gate"

#: Kinds of edge that make a model.
TRAINING_EDGES = frozenset({"train", "fine-tune"})

#: What people call a task that trains, as a word of its name.
_TRAINS = re.compile(r"(?:^|[_\W])(?:re)?(?:train(?:ing|er)?|fit|fine_?tun(?:e|ing))(?:$|[_\W\d])")

#: Calls that fit a model: scikit-learn, Keras, XGBoost, transformers, Lightning.
_FITS = frozenset({"fit", "partial_fit", "fit_generator", "train_on_batch", "train", "Trainer"})

#: Blocks inside blocks that are followed.
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class TaskSeen:
    """One task as the text of its file shows it.

    ``inlets`` and ``outlets`` are names of datasets, with holes where they are told in part;
    ``declared_external`` are those of which the file itself says that they come from outside.
    ``untold`` says what of it only a run would tell.  ``signs`` are why it looks as if it trains a
    model, and ``trains`` whether its author says so.
    """

    path: str
    line: int
    dag_id: str
    task_id: str
    operators: frozenset[str]
    tags: frozenset[str] = frozenset()
    pool: str = "default_pool"
    queue: str = "default"
    purposes: tuple[str, ...] = ()
    edge: str = ""
    inlets: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    declared_external: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    trains: bool = False

    @property
    def name(self) -> str:
        """DAG and task, as people and OpenLineage write them."""
        return f"{self.dag_id}.{self.task_id}"


@dataclass(frozen=True, slots=True)
class _Dag:
    dag_id: str
    tags: frozenset[str] = frozenset()
    defaults: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class _Draft:
    """A task that more may yet be said about, by a call or a decorator around it."""

    line: int
    dag: _Dag
    task_id: str
    operators: frozenset[str]
    arguments: dict[str, Any] = field(default_factory=dict)
    said: list[Mapping[str, Any]] = field(default_factory=list)
    purposes: list[str] = field(default_factory=list)
    given: list[AssetValue] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    fits: bool = False

    def read(self, values: Any) -> None:
        """Note that Assets, or texts that name them, are given to the task."""
        for each in values if isinstance(values, tuple) else (values,):
            if isinstance(each, AssetValue):
                self.given.append(each)

    def seen(self, path: str) -> TaskSeen:
        untold = list(self.untold)
        inlets = [*self._assets("inlets", untold), *self.given]
        outlets = self._assets("outlets", untold)
        external = [each for each in (*inlets, *outlets) if _is_external(each.extra)]
        external += outlets if any(s.get("external") is True for s in self.said) else []
        edge = next((str(s["edge"]) for s in self.said if isinstance(s.get("edge"), str)), "")
        signs = list(self._signs(edge))
        tags = self.arguments.get("tags")
        return TaskSeen(
            path,
            self.line,
            self.dag.dag_id,
            self.task_id,
            self.operators,
            self.dag.tags | (_texts(tags) if isinstance(tags, tuple) else frozenset()),
            str(self._argument("pool", "default_pool")),
            str(self._argument("queue", "default")),
            tuple(dict.fromkeys(self.purposes)),
            edge,
            _names(inlets),
            _names(outlets),
            _names(external),
            tuple(dict.fromkeys(untold)),
            tuple(signs),
            edge in TRAINING_EDGES or any("Training" in name for name in self.operators),
        )

    def _argument(self, name: str, default: str) -> Any:
        value = self.arguments.get(name, self.dag.defaults.get(name, default))
        return value if isinstance(value, str) else default

    def _assets(self, side: str, untold: list[str]) -> list[AssetValue]:
        value = self.arguments.get(side, self.dag.defaults.get(side, ()))
        items = value if isinstance(value, tuple) else (value,)
        found = [each for each in items if isinstance(each, AssetValue)]
        if len(found) < len(items) and value is not None:
            untold.append(side)
        return found

    def _signs(self, edge: str) -> Iterator[str]:
        if edge in TRAINING_EDGES:
            yield f"its edge is {edge!r}"
        training = sorted(name for name in self.operators if "Training" in name)
        if training:
            yield f"it is a {training[0]}"
        if _TRAINS.search(self.task_id.lower()):
            yield "of its name"
        if self.fits:
            yield "its body fits something"


_AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef

#: Gives the scope of a module that lies beside the file, by its dotted name; ``None`` for others.
Modules = Callable[[str], Scope | None]


def tasks_of(path: str, tree: ast.Module, modules: Modules) -> list[TaskSeen]:
    """Return the tasks that the text of a file makes, in its order.

    Args:
        path: The file, for messages.
        tree: Its text, parsed.
        modules: Finds modules that lie beside it.
    """
    walk = _Walk(modules)
    walk.module(tree, Scope())
    return list(dict.fromkeys(draft.seen(path) for draft in walk.drafts))


def scope_of(tree: ast.Module, modules: Modules) -> Scope:
    """Return what the names of a module stand for."""
    scope = Scope()
    _Walk(modules).module(tree, scope)
    return scope


class _At(NamedTuple):
    """A place in the file: the names that hold there, and the DAG that is open."""

    scope: Scope
    dag: _Dag | None = None
    depth: int = 0

    def within(self, dag: _Dag | None, scope: Scope | None = None) -> _At:
        return _At(scope or self.scope, dag, self.depth + 1)


class _Walk:
    """Goes through the statements of one file."""

    def __init__(self, modules: Modules) -> None:
        self.drafts: list[_Draft] = []
        self._made: dict[ast.AST, _Draft] = {}
        self._modules = modules

    def module(self, tree: ast.Module, scope: Scope) -> None:
        """Go through a whole file."""
        self._block(tree.body, _At(scope))

    def _block(self, statements: Sequence[ast.stmt], at: _At) -> None:
        if at.depth > _DEEPEST:
            return
        for statement in statements:
            if at.scope.is_spent():
                return
            self._statement(statement, at)

    def _statement(self, node: ast.stmt, at: _At) -> None:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            self._imports(node, at.scope)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self._function(node, at)
        elif isinstance(node, ast.ClassDef):
            at.scope.names[node.name] = Imported(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            value = self._expression(node.value, at)
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                bind(target, value, at.scope.names)
        elif isinstance(node, (ast.Expr, ast.Return)):
            self._expression(node.value, at)
        else:
            self._compound(node, at)

    def _compound(self, node: ast.stmt, at: _At) -> None:
        if isinstance(node, (ast.With, ast.AsyncWith)):
            opened = [self._dag_of(item.context_expr, at.scope) for item in node.items]
            for item in node.items:
                self._expression(item.context_expr, at)
            self._block(node.body, at.within(next(filter(None, opened), at.dag)))
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            for item in items_of(node.iter, at.scope):
                bind(node.target, item, at.scope.names)
                self._block(node.body, at.within(at.dag))
        else:  # both sides of a condition, all ways through a try
            for name in ("body", "orelse", "handlers", "finalbody", "cases"):
                for inner in getattr(node, name, ()):
                    stuff = [inner] if isinstance(inner, ast.stmt) else inner.body
                    self._block(stuff, at.within(at.dag))

    def _imports(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        for alias in node.names:
            if isinstance(node, ast.Import):
                whole = alias.name if alias.asname else alias.name.partition(".")[0]
                scope.names[alias.asname or whole] = Imported(whole)
                continue
            beside = self._modules(node.module) if node.module else None
            found = UNTOLD if beside is None else beside[alias.name]
            path = Imported(f"{node.module or ''}.{alias.name}")
            scope.names[alias.asname or alias.name] = path if found is UNTOLD else found

    def _function(self, node: _AnyFunction, at: _At) -> None:
        roles = {_role(dotted(_called(d), at.scope)): d for d in node.decorator_list}
        if "task" in roles:
            at.scope.names[node.name] = self._task_function(node, roles["task"], at)
            return
        plain = isinstance(node, ast.FunctionDef) and not node.decorator_list
        at.scope.names[node.name] = Function(node, at.scope) if plain else UNTOLD
        dag = at.dag
        if "dag" in roles:
            call = roles["dag"]
            named = _keywords(call, at.scope) if isinstance(call, ast.Call) else {}
            dag = _dag(named, node.name)
        inside = Scope(at.scope, **dict.fromkeys(_parameters(node.args), UNTOLD))
        self._block(node.body, at.within(dag, inside))

    def _task_function(self, node: _AnyFunction, made_by: ast.expr, at: _At) -> _Draft:
        kind = dotted(_called(made_by), at.scope).rpartition("task")[2].strip(".")
        draft = _Draft(
            made_by.lineno,
            at.dag or _Dag(HOLE),
            node.name,
            _taskflow(kind),
            fits=any(map(_is_fit, ast.walk(node))),
        )
        if isinstance(made_by, ast.Call):
            draft.arguments |= _keywords(made_by, at.scope)
        self._keep(draft)
        for decorator in node.decorator_list:
            self._say(draft, decorator, at.scope)
        return draft

    def _keep(self, draft: _Draft) -> None:
        named = draft.arguments.get("task_id")
        if named is not None:
            draft.task_id = text_of(named)
        self.drafts.append(draft)

    def _say(self, draft: _Draft, decorator: ast.expr, scope: Scope) -> None:
        """Add what one of our decorators says about a task."""
        path = dotted(_called(decorator), scope)
        if not isinstance(decorator, ast.Call):
            return
        named = _keywords(decorator, scope)
        ours = path.startswith(_OURS)
        if ours and path.endswith(".provenance"):
            draft.said.append(named)
        elif (ours and path.endswith(".requires")) or path.endswith(f".{_GATE}"):
            first = decorator.args[0] if decorator.args else None
            draft.purposes.append(text_of(named.get("purpose", value_of(first, scope))))
            draft.read(_as_assets(named.get("inputs", ())))

    def _expression(self, node: ast.expr | None, at: _At) -> Any:
        """Return what an expression stands for, and keep the tasks that it makes."""
        if node is None:
            return None
        made = None
        for inner in _calls(node):
            found = self._made_by(inner, at)
            made = found if inner is node else made
        return value_of(node, at.scope) if made is None else made

    def _made_by(self, call: ast.Call, at: _At) -> _Draft | None:
        if isinstance(call.func, ast.Call):  # requires("...")(task)
            around = self._draft_at(call.args[0] if call.args else None, at.scope)
            if around is not None:
                self._say(around, call.func, at.scope)
            return around
        known = at.scope[call.func.id] if isinstance(call.func, ast.Name) else None
        if isinstance(known, _Draft):
            given = (*call.args, *(each.value for each in call.keywords))
            known.read(tuple(value_of(each, at.scope) for each in given))
            return known
        return self._operator(call, at)

    def _operator(self, call: ast.Call, at: _At) -> _Draft | None:
        path = dotted(call.func, at.scope).removesuffix(".partial")
        name = path.rpartition(".")[2]
        named = _keywords(call, at.scope)
        if path.endswith("()") or not path:
            return None
        if "task_id" not in named and not (name.endswith(("Operator", "Sensor")) and named):
            return None
        given = next((each.value for each in call.keywords if each.arg == "dag"), None)
        dag = (given and self._dag_of(given, at.scope)) or at.dag or _Dag(HOLE)
        draft = _Draft(call.lineno, dag, HOLE, frozenset({name, path}), named)
        if name == "ProvenanceGateOperator":
            draft.purposes.append(text_of(named.get("purpose", UNTOLD)))
        self._keep(draft)
        self._made[call] = draft
        return draft

    def _draft_at(self, node: ast.expr | None, scope: Scope) -> _Draft | None:
        """Return the task that an expression is about."""
        while node is not None:
            if node in self._made:
                return self._made[node]
            if isinstance(node, ast.Name):
                found = scope[node.id]
                return found if isinstance(found, _Draft) else None
            inner: ast.expr | None = None
            if isinstance(node, ast.Call):
                inner = node.args[:1][0] if isinstance(node.func, ast.Call) else node.func
            elif isinstance(node, ast.Attribute):
                inner = node.value
            node = inner
        return None

    def _dag_of(self, node: ast.expr, scope: Scope) -> _Dag | None:
        """Return the DAG that a ``with`` statement opens."""
        if not isinstance(node, ast.Call) or _role(dotted(node.func, scope)) != "DAG":
            return None
        named = _keywords(node, scope)
        if node.args:
            named.setdefault("dag_id", value_of(node.args[0], scope))
        return _dag(named, HOLE)


def _role(path: str) -> str:
    """Return what a name of Airflow is for: ``task``, ``dag``, ``DAG``, else ``""``."""
    for prefix in _AIRFLOW:
        if path.startswith(prefix):
            rest = path.removeprefix(prefix)
            if rest.split(".")[0] == "task" and not rest.endswith(_GATE):
                return "task"
            if rest in {"dag", "DAG", "dag.DAG"}:
                return rest.rpartition(".")[2]
    return ""


def _called(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node


def _calls(node: ast.expr) -> list[ast.Call]:
    """Return the calls in an expression, inner ones first."""
    found = [inner for inner in ast.walk(node) if isinstance(inner, ast.Call)]
    return found[::-1]


def _as_assets(values: Any) -> Any:
    listed = values if isinstance(values, tuple) else (values,)
    return tuple(AssetValue(each) if isinstance(each, str) else each for each in listed)


def _names(assets: Sequence[AssetValue]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.uri for each in assets))


def _is_external(extra: Any) -> bool:
    """Whether an Asset's ``extra`` declares that it comes from outside."""
    if not isinstance(extra, dict):
        return False
    inner = extra.get("provenance")
    return "external" in (extra.get("origin"), isinstance(inner, dict) and inner.get("origin"))


def _keywords(call: ast.Call, scope: Scope) -> dict[str, Any]:
    return {each.arg: value_of(each.value, scope) for each in call.keywords if each.arg}


def _dag(named: Mapping[str, Any], default_id: str) -> _Dag:
    tags, defaults = named.get("tags", ()), named.get("default_args", {})
    return _Dag(
        text_of(named["dag_id"]) if "dag_id" in named else default_id,
        _texts(tags) if isinstance(tags, tuple) else frozenset(),
        defaults if isinstance(defaults, dict) else {},
    )


def _texts(values: Sequence[Any]) -> frozenset[str]:
    return frozenset(each for each in values if isinstance(each, str))


def _taskflow(kind: str) -> frozenset[str]:
    """Return how the operator of ``@task.<kind>`` may be called in a rule."""
    word = "".join(part.capitalize() for part in (kind or "python").split("_"))
    return frozenset({f"@task.{kind}" if kind else "@task", f"{word}Operator"})


def _parameters(arguments: ast.arguments) -> list[str]:
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    return [each.arg for each in every]


def _is_fit(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    func = node.func
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    return name in _FITS and isinstance(func, ast.Attribute | ast.Name)
