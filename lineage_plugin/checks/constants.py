"""What an expression of a DAG file stands for, as far as its text tells.  Nothing is run.  Pure.

Told are constants, texts, tuples and dicts put together from what is told, Assets, loops over known
items, and functions that return one expression.  A text that is told in part has a :data:`HOLE`
where only a run would tell; everything else is :data:`UNTOLD`, never a guess.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final


class Untold:
    """Something that only running the file would tell."""

    def __repr__(self) -> str:
        return "UNTOLD"


UNTOLD: Final = Untold()

#: Stands in a text for a part that only running the file would tell.
HOLE: Final = "\ufffc"

#: Items of a loop that are followed; a file that makes more tasks than that shows its pattern.
MOST_ITEMS = 1_000

#: Characters of a text that are put together: nobody's URI is longer, and no file may cost more.
MOST_CHARS = 10_000

#: Expressions inside expressions that are followed.
DEEPEST = 60

#: Expressions of one file that are followed, so that loops in loops come to an end.
MOST_STEPS = 200_000

#: Paths of classes that are Assets.
ASSETS = frozenset(
    {
        "airflow.sdk.Asset",
        "airflow.sdk.definitions.asset.Asset",
        "airflow.Dataset",
        "airflow.datasets.Dataset",
    }
)


@dataclass(frozen=True, slots=True)
class AssetValue:
    """An Asset: its URI, or its name where it has no URI.  ``extra`` as far as it is told."""

    uri: str
    extra: Any = None


@dataclass(frozen=True, slots=True)
class Imported:
    """Something of another module, by its dotted path; ``()`` stands for a call of it."""

    path: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function of this file, or of one beside it."""

    node: ast.FunctionDef | ast.AsyncFunctionDef
    scope: Scope


class Scope:
    """Names and what they stand for; an inner scope sees the outer ones."""

    __slots__ = ("names", "outer", "steps")

    def __init__(self, outer: Scope | None = None, **names: Any) -> None:
        self.names: dict[str, Any] = names
        self.outer = outer
        self.steps: list[int] = [0] if outer is None else outer.steps

    def __getitem__(self, name: str) -> Any:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return UNTOLD

    def is_spent(self) -> bool:
        """Count a step, and tell whether there were too many."""
        self.steps[0] += 1
        return self.steps[0] > MOST_STEPS


def value_of(node: ast.expr | None, scope: Scope, depth: int = 0) -> Any:
    """Return what *node* stands for, or :data:`UNTOLD`."""
    if node is None or depth > DEEPEST or scope.is_spent():
        return UNTOLD
    read = _READERS.get(type(node))
    return UNTOLD if read is None else read(node, scope, depth + 1)


def dotted(node: ast.expr, scope: Scope) -> str:
    """Return the dotted path of something of another module, else ``""``."""
    value = value_of(node, scope)
    return value.path if isinstance(value, Imported) else ""


def items_of(node: ast.expr, scope: Scope) -> Sequence[Any]:
    """Return what a loop over *node* goes through; one :data:`UNTOLD` where that is not told."""
    value = value_of(node, scope)
    return list(value)[:MOST_ITEMS] if isinstance(value, (tuple, dict)) else [UNTOLD]


def bind(target: ast.expr, value: Any, names: dict[str, Any]) -> None:
    """Let the names of an assignment's left side stand for their part of *value*."""
    if isinstance(target, ast.Name):
        names[target.id] = value
    elif isinstance(target, (ast.Tuple, ast.List)):
        parts = value if isinstance(value, tuple) and len(value) == len(target.elts) else None
        for place, part in enumerate(target.elts):
            bind(part, UNTOLD if parts is None else parts[place], names)
    elif isinstance(target, ast.Starred):
        bind(target.value, UNTOLD, names)


def text_of(value: Any) -> str:
    """Return *value* as part of a text; a hole, if it is not told."""
    if isinstance(value, AssetValue):
        return value.uri
    return str(value) if isinstance(value, (str, int)) else HOLE


def _bounded(text: str) -> Any:
    return text if len(text) <= MOST_CHARS else UNTOLD


def _constant(node: ast.Constant, _scope: Scope, _depth: int) -> Any:
    return node.value


def _name(node: ast.Name, scope: Scope, _depth: int) -> Any:
    return scope[node.id]


def _attribute(node: ast.Attribute, scope: Scope, depth: int) -> Any:
    inside = value_of(node.value, scope, depth)
    if isinstance(inside, Imported):
        return Imported(f"{inside.path}.{node.attr}")
    return inside.uri if isinstance(inside, AssetValue) and node.attr == "uri" else UNTOLD


def _sequence(node: ast.Tuple | ast.List | ast.Set, scope: Scope, depth: int) -> Any:
    found: list[Any] = []
    for item in node.elts[:MOST_ITEMS]:
        value = value_of(item.value if isinstance(item, ast.Starred) else item, scope, depth)
        if not isinstance(item, ast.Starred):
            found.append(value)
        elif isinstance(value, tuple) and len(found) + len(value) <= MOST_ITEMS:
            found += value
        else:
            return UNTOLD
    return tuple(found)


def _dict(node: ast.Dict, scope: Scope, depth: int) -> Any:
    found: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        name = value_of(key, scope, depth)
        if not isinstance(name, (str, int)):
            return UNTOLD
        found[name] = value_of(value, scope, depth)
    return found


def _joined(node: ast.JoinedStr, scope: Scope, depth: int) -> Any:
    text = ""
    for part in node.values:
        if not isinstance(part, ast.FormattedValue):
            text += text_of(value_of(part, scope, depth))
        elif part.format_spec is not None or part.conversion not in {-1, ord("s")}:
            text += HOLE
        else:
            text += text_of(value_of(part.value, scope, depth))
        if len(text) > MOST_CHARS:
            return UNTOLD
    return text


def _operation(node: ast.BinOp, scope: Scope, depth: int) -> Any:
    left, right = value_of(node.left, scope, depth), value_of(node.right, scope, depth)
    sides = (left, right)
    if isinstance(node.op, ast.Add):
        if all(isinstance(side, tuple) for side in sides):
            return (left + right)[:MOST_ITEMS]
        if any(isinstance(side, str) for side in sides):
            return _bounded(text_of(left) + text_of(right))
    # A path: nobody divides by a text.
    if isinstance(node.op, ast.Div) and any(isinstance(side, str) for side in sides):
        return _bounded(f"{text_of(left).rstrip('/')}/{text_of(right)}")
    return UNTOLD


def _subscript(node: ast.Subscript, scope: Scope, depth: int) -> Any:
    inside, place = value_of(node.value, scope, depth), value_of(node.slice, scope, depth)
    if not isinstance(inside, (tuple, dict)) or not isinstance(place, (str, int)):
        return UNTOLD
    try:
        return inside[place]  # type: ignore[index]
    except (LookupError, TypeError):
        return UNTOLD


def _call(node: ast.Call, scope: Scope, depth: int) -> Any:
    called = value_of(node.func, scope, depth)
    if isinstance(called, Function):
        return _returned(called, node, scope, depth)
    if isinstance(called, Imported):
        is_asset = called.path in ASSETS
        return _asset(node, scope, depth) if is_asset else Imported(f"{called.path}()")
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name == "map" and len(node.args) == 2:  # noqa: PLR2004 - what, and over what
        return _mapped(value_of(node.args[0], scope, depth), value_of(node.args[1], scope, depth))
    if name in {"list", "tuple", "str"} and len(node.args) == 1 and not node.keywords:
        inner = value_of(node.args[0], scope, depth)
        return text_of(inner) if name == "str" else inner
    return UNTOLD


def _asset(node: ast.Call, scope: Scope, depth: int) -> Any:
    named = {each.arg: value_of(each.value, scope, depth) for each in node.keywords}
    given = [value_of(each, scope, depth) for each in node.args]
    name = named.get("name", given[0] if given else None)
    uri = named.get("uri", given[1] if len(given) > 1 else None)
    found = name if uri is None else uri
    return AssetValue(found, named.get("extra")) if isinstance(found, str) else UNTOLD


def _mapped(called: Any, inner: Any) -> Any:
    if not isinstance(called, Imported) or called.path not in ASSETS:
        return UNTOLD
    if not isinstance(inner, tuple):
        return UNTOLD
    return tuple(AssetValue(each) if isinstance(each, str) else UNTOLD for each in inner)


def _returned(called: Function, node: ast.Call, scope: Scope, depth: int) -> Any:
    """Follow a function that does nothing but name things and return."""
    inside = Scope(called.scope)
    _bind_arguments(called.node.args, node, scope, inside, depth)
    for statement in called.node.body:
        if isinstance(statement, ast.Return):
            return value_of(statement.value, inside, depth)
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            bind(statement.targets[0], value_of(statement.value, inside, depth), inside.names)
        elif not isinstance(statement, ast.Expr):
            return UNTOLD
    return None


def _bind_arguments(
    wanted: ast.arguments, node: ast.Call, scope: Scope, inside: Scope, depth: int
) -> None:
    names = [each.arg for each in (*wanted.posonlyargs, *wanted.args)]
    for name, default in zip(reversed(names), reversed(wanted.defaults), strict=False):
        inside.names[name] = value_of(default, inside.outer or inside, depth)
    for name, given in zip(names, node.args, strict=False):
        starred = isinstance(given, ast.Starred)
        inside.names[name] = UNTOLD if starred else value_of(given, scope, depth)
    for keyword in node.keywords:
        if keyword.arg is not None:
            inside.names[keyword.arg] = value_of(keyword.value, scope, depth)


def _comprehension(
    node: ast.ListComp | ast.GeneratorExp | ast.SetComp, scope: Scope, depth: int
) -> Any:
    loop = node.generators[0]
    inner = value_of(loop.iter, scope, depth)
    if len(node.generators) > 1 or loop.ifs or not isinstance(inner, (tuple, dict)):
        return UNTOLD
    return tuple(islice(_each(node.elt, loop.target, list(inner), scope, depth), MOST_ITEMS))


def _each(
    what: ast.expr, target: ast.expr, items: Sequence[Any], scope: Scope, depth: int
) -> Iterator[Any]:
    for item in items:
        inside = Scope(scope)
        bind(target, item, inside.names)
        yield value_of(what, inside, depth)


_READERS: Mapping[type, Callable[[Any, Scope, int], Any]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Tuple: _sequence,
    ast.List: _sequence,
    ast.Set: _sequence,
    ast.Dict: _dict,
    ast.JoinedStr: _joined,
    ast.BinOp: _operation,
    ast.Subscript: _subscript,
    ast.Call: _call,
    ast.ListComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.SetComp: _comprehension,
}
