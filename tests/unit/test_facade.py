"""What a DAG file pays for, and what it gets, by importing the public names."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import lineage_plugin

#: What costs from 0.1 s to 10 s to import, or opens something.
HEAVY = frozenset(
    {
        "great_expectations",
        "jsonschema",
        "license_expression",
        "numpy",
        "openlineage",
        "pandas",
        "pyarrow",
        "requests",
        "rich",
        "scipy",
        "sklearn",
        "sqlite3",
        "yaml",
    }
)

_FACADE = Path(lineage_plugin.__file__)


def _loaded_on_top_of(before: str, statement: str) -> set[str]:
    """Return the modules that *statement* loads in a fresh process that has run *before*."""
    probe = (
        f"import sys\n{before}\nbefore = set(sys.modules)\n{statement}\n"
        "print('\\n'.join(set(sys.modules) - before))"
    )
    answer = subprocess.check_output([sys.executable, "-c", probe], text=True)
    return set(answer.splitlines())


def _tops(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_a_dag_file_pays_for_nothing_heavy() -> None:
    loaded = _loaded_on_top_of(
        "from airflow.sdk import dag, task", "from lineage_plugin import provenance, requires"
    )

    assert HEAVY.isdisjoint(_tops(loaded))
    assert "airflow.providers.openlineage" not in loaded
    assert {name for name in loaded if name.startswith("lineage_plugin")} <= {
        "lineage_plugin",
        "lineage_plugin.airflow",
        "lineage_plugin.airflow.decorators",
        "lineage_plugin.airflow.hook",
    }


def test_the_package_by_itself_loads_one_module() -> None:
    loaded = _loaded_on_top_of("import typing, __future__", "import lineage_plugin")

    assert loaded == {"lineage_plugin"}


def test_the_gate_operator_loads_nothing_heavy() -> None:
    loaded = _loaded_on_top_of(
        "from airflow.sdk import dag, task, BaseOperator, Asset",
        "from lineage_plugin import ProvenanceGateOperator",
    )

    assert HEAVY.isdisjoint(_tops(loaded))


@pytest.mark.parametrize("name", lineage_plugin.__all__)
def test_every_public_name_is_there(name: str) -> None:
    home = import_module(f"lineage_plugin.{lineage_plugin._HOME[name]}")

    assert getattr(lineage_plugin, name) is getattr(home, name)


def test_an_unknown_name_is_refused_by_its_name() -> None:
    with pytest.raises(AttributeError, match="module 'lineage_plugin' has no attribute 'nonsense'"):
        getattr(lineage_plugin, "nonsense")  # noqa: B009 - type checkers would refuse the plain form


def test_completion_offers_the_public_names() -> None:
    assert dir(lineage_plugin) == sorted(lineage_plugin._HOME)


def test_type_checkers_and_the_interpreter_see_the_same_names() -> None:
    tree = ast.parse(_FACADE.read_text("utf-8"))
    (guarded,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.asname: str(node.module).removeprefix("lineage_plugin.")
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert seen == lineage_plugin._HOME


def test_no_public_name_is_also_the_name_of_a_module() -> None:
    """Once ``lineage_plugin.gate`` is imported, that attribute is the module, whatever we say."""
    modules = {path.stem for path in _FACADE.parent.iterdir()}

    assert modules.isdisjoint(lineage_plugin.__all__)
