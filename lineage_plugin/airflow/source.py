"""The source of a function as operators ship it to another interpreter, without our decorators.

``@task.virtualenv``, ``@task.docker`` and their like cut Airflow's own decorators off a function's
text; ours would be unknown names where it arrives.
"""

from __future__ import annotations

import ast
from typing import Any

#: Last part of the names under which our decorators stand in a DAG file.
_OURS = frozenset({"provenance", "requires", "provenance_gate"})


def ship_without_decorators(task: Any) -> None:
    """Make an operator that ships source leave our decorators out of it."""
    ship = getattr(task, "get_python_source", None)
    if ship is not None:
        task.get_python_source = lambda: without_decorators(ship())


def without_decorators(source: str) -> str:
    r"""Cut our decorators off the function in *source*, not off functions inside it.

    Text that does not parse stays as it is.

    Example:
        >>> without_decorators('@requires("x")\ndef f():\n    return 1\n')
        'def f():\n    return 1\n'
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    lines: list[str | None] = [*source.splitlines(keepends=True)]
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for decorator in node.decorator_list:
                if _last_name(decorator) in _OURS:
                    count = (decorator.end_lineno or decorator.lineno) - decorator.lineno + 1
                    lines[decorator.lineno - 1 : decorator.lineno - 1 + count] = [None] * count
    return "".join(line for line in lines if line is not None)


def _last_name(decorator: ast.expr) -> str:
    named = decorator.func if isinstance(decorator, ast.Call) else decorator
    return str(getattr(named, "attr", "") or getattr(named, "id", ""))
