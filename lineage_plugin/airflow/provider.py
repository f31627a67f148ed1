"""What Airflow asks an installed package about itself."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from lineage_plugin.airflow.converters import asset_uris
from lineage_plugin.settings import DEFAULTS, SECTION

#: What each setting is, for Airflow's configuration reference and for ``airflow config list``.
OPTIONS = {
    "store_url": (
        "string",
        "Where the record is kept.",
    ),
    "catalog": (
        "string",
        "Files that declare where datasets come from and on what terms, separated by commas.",
    ),
    "policy": (
        "string",
        "File in which the administrator binds purposes to suites.",
    ),
    "expectations": (
        "string",
        "Folder of Great Expectations suites, looked at before those that the package ships.",
    ),
    "state_dir": (
        "string",
        "Folder for the compiled catalog, and for events that wait for the record.",
    ),
    "attach_budget_ms": (
        "integer",
        "How long enriching one OpenLineage event may take, in milliseconds.",
    ),
    "append_budget_ms": (
        "integer",
        "How long a gate waits for a locked record, in milliseconds; an event waits a quarter.",
    ),
    "decision_max_age_s": (
        "integer",
        "After how many seconds a decision is made anew even if nothing in it expires.",
    ),
    "settle_wait_s": (
        "integer",
        "How many seconds a gate waits for the event that says an upstream task has ended.",
    ),
    "gate_timeout_s": (
        "integer",
        "After how many seconds a gate that has not answered is undecided.",
    ),
    "license_through_train": (
        "string",
        "Whether licenses reach a trained model: yes, review (all but share-alike) or no.",
    ),
    "environment": (
        "string",
        "What rules of the policy call this installation, such as production.",
    ),
    "capture": (
        "string",
        "Whether what a task's body reads and writes is captured: on or off.",
    ),
    "capture_exclude": (
        "string",
        "Patterns of paths and URIs that capturing passes over, separated by commas.",
    ),
    "capture_folder_files": (
        "integer",
        "Of how many files of one folder, touched by one task, the folder is told instead.",
    ),
    "marquez_url": (
        "string",
        "Where Marquez is, for tags on what a gate blocks; if empty, nothing is tagged.",
    ),
}


def get_provider_info() -> dict[str, Any]:
    """Describe this package to Airflow's provider manager."""
    return {
        "package-name": "lineage-plugin",
        "name": "Lineage Plugin",
        "description": (
            "Attaches provenance to OpenLineage datasets and keeps tasks from running on data that "
            "may not be used for their purpose."
        ),
        "versions": [_version()],
        "task-decorators": [
            {
                "name": "provenance_gate",
                "class-name": "lineage_plugin.airflow.task_decorator.provenance_gate",
            }
        ],
        "asset-uris": asset_uris(),
        "config": {
            SECTION: {
                "description": "Provenance of datasets, and the gates that ask for it.",
                "options": {name: _option(name) for name in DEFAULTS},
            }
        },
    }


def _option(name: str) -> dict[str, Any]:
    kind, description = OPTIONS[name]
    return {
        "description": f"{description}\n",
        "version_added": "0.1.0",
        "type": kind,
        "example": None,
        "default": DEFAULTS[name].replace("{home}", "{AIRFLOW_HOME}"),
    }


def _version() -> str:
    try:
        return version("lineage-plugin")
    except PackageNotFoundError:  # run from a checkout
        return "0"
