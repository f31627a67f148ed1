"""What the package tells Airflow about itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from importlib.resources import files

import jsonschema
import pytest

from lineage_plugin.airflow.plugin import LineagePlugin
from lineage_plugin.airflow.provider import OPTIONS, get_provider_info
from lineage_plugin.settings import DEFAULTS


def test_airflow_understands_the_provider_info() -> None:
    schema = json.loads(files("airflow").joinpath("provider_info.schema.json").read_text())

    jsonschema.validate(get_provider_info(), schema)


def test_every_setting_is_described() -> None:
    assert OPTIONS.keys() == DEFAULTS.keys()
    assert get_provider_info()["config"]["lineage_plugin"]["options"].keys() == DEFAULTS.keys()


def test_the_decorator_that_airflow_is_told_of_exists() -> None:
    (told,) = get_provider_info()["task-decorators"]
    module, _, name = told["class-name"].rpartition(".")

    assert callable(getattr(import_module(module), name))


def test_the_plugin_has_no_listener() -> None:
    """A listener makes every DAG with end_from_trigger an import error."""
    assert LineagePlugin.name == "lineage_plugin"
    assert LineagePlugin.listeners == []


@pytest.mark.parametrize(
    "statement",
    [
        "from lineage_plugin import provenance, requires",
        "import lineage_plugin.airflow.plugin",
    ],
)
def test_a_dag_file_pays_for_nothing_else(statement: str) -> None:
    probe = (
        "import sys; from airflow.sdk import dag, task; import airflow.plugins_manager;"
        f"before = set(sys.modules); {statement};"
        "print(*sorted(set(sys.modules) - before))"
    )
    loaded = subprocess.check_output([sys.executable, "-c", probe], text=True, env=os.environ)

    assert set(loaded.split()) <= {
        "lineage_plugin",
        "lineage_plugin.airflow",
        "lineage_plugin.airflow.decorators",
        "lineage_plugin.airflow.hook",
        "lineage_plugin.airflow.plugin",
        # Where its pages and links lead; the pages themselves are made when they are asked for.
        "airflow.sdk.bases.operatorlink",
        "lineage_plugin.airflow.addresses",
        "lineage_plugin.airflow.lazy_app",
        "lineage_plugin.airflow.links",
    }
