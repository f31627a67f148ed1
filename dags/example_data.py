"""Where the example DAGs keep their data, and where it comes from: inside ordinary packages.

Nothing is downloaded.  Heavy imports wait until a task runs, so that parsing a DAG costs nothing.
"""

from __future__ import annotations

import os
from importlib.metadata import distribution
from pathlib import Path

from airflow.sdk import Asset

#: Everything the examples write lands below this folder.
FOLDER = Path(
    os.environ.get("LINEAGE_PLUGIN_EXAMPLES")
    or Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / "example_data"
)


def asset(name: str) -> Asset:
    """Return the asset for a file or folder below :data:`FOLDER`."""
    return Asset(name=f"examples/{name}", uri=f"file://{FOLDER / name}")


def path(name: str) -> Path:
    """Return where a file below :data:`FOLDER` is, and make sure its folder exists."""
    found = FOLDER / name
    found.parent.mkdir(parents=True, exist_ok=True)
    return found


def packaged(package: str, file: str) -> Path:
    """Return a data file that an installed package carries, without importing the package."""
    return Path(str(distribution(package).locate_file(file)))
