"""What of this Airflow's own files is no data of a task."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lineage_plugin.capture.touched import Rules
from lineage_plugin.settings import Settings, airflow_cfg, airflow_home

#: Folders of Airflow: section and option, and where they are if nobody said.
_FOLDERS = (("logging", "base_log_folder", "logs"), ("core", "plugins_folder", "plugins"))

#: The API server that ``dag.test()`` runs inside the process.
_IN_PROCESS = "http://in-process.invalid*"


def rules_of(settings: Settings, context: Any) -> Rules:
    """Return what is not captured: Airflow's own files, the record, and what settings exclude."""
    import os

    from airflow.configuration import conf

    home = airflow_home(os.environ)
    folders = [str(settings.state_dir)]
    patterns = [_IN_PROCESS, str(airflow_cfg(os.environ)), *settings.capture_exclude]
    patterns += [str(path) for path in (*settings.catalog, settings.policy)]
    folders.append(str(settings.expectations))
    folders += [
        conf.get(section, name, fallback=str(home / usual)) for section, name, usual in _FOLDERS
    ]
    patterns += _databases(settings, home)
    for place in _dag_folders(conf, home, context):
        # Data may lie beside DAGs; DAGs are none.
        patterns += [f"{place}/*.py", f"{place}/*.pyc", f"{place}/.airflowignore"]
    return Rules(tuple(folders), tuple(patterns), settings.capture_folder_files)


def _databases(settings: Settings, home: Path) -> Iterator[str]:
    """Name the record and, where Airflow keeps it in a file, its own database."""
    yield f"{home}/airflow.db*"
    if settings.store_url.startswith("sqlite:///"):
        yield f"{settings.store_url.removeprefix('sqlite:///')}*"
    with contextlib.suppress(Exception):
        from airflow.configuration import conf

        url = conf.get("database", "sql_alchemy_conn", fallback="")
        if url.startswith("sqlite:///"):
            yield f"{url.removeprefix('sqlite:///')}*"


def _dag_folders(conf: Any, home: Path, context: Any) -> Iterator[str]:
    yield conf.get("core", "dags_folder", fallback=str(home / "dags"))
    if place := getattr(context.get("dag"), "fileloc", ""):
        yield str(Path(place).parent)
