"""The plugin that Airflow loads in every one of its processes: cheap, and without a listener.

A listener would make every DAG with ``end_from_trigger`` an import error (Airflow 3.3,
``dag_processing/dagbag.py``); what is sent needs none, because our transport sees every event.
"""

from __future__ import annotations

import logging
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from lineage_plugin.airflow import addresses, lazy_app
from lineage_plugin.airflow.links import BlockedLink

log = logging.getLogger(__name__)


def _view(destination: str, name: str, route: str, page: str) -> dict[str, str]:
    """Describe a page of ours that Airflow shows in a frame of its own."""
    href = f"{addresses.site(is_absolute=False)}/{page}"
    return {"name": name, "href": href, "destination": destination, "url_route": route}


class LineagePlugin(AirflowPlugin):
    """Makes the package known to Airflow."""

    name = "lineage_plugin"
    fastapi_apps = [
        {
            "name": "Provenance",
            "app": lazy_app.LazyApp(lazy_app.site),
            "url_prefix": addresses.MOUNTED,
        }
    ]
    external_views = [
        _view("nav", "Provenance", "provenance", ""),
        _view("dag", "Provenance", "dag-provenance", "decisions?dag_id={DAG_ID}"),
        _view(
            "dag_run",
            "Provenance",
            "run-provenance",
            "decisions?dag_id={DAG_ID}&run_id={RUN_ID}",
        ),
        _view(
            "task", "Provenance", "task-provenance", "decisions?dag_id={DAG_ID}&task_id={TASK_ID}"
        ),
        _view(
            "task_instance",
            "Why was this blocked?",
            "why-blocked",
            "task?dag_id={DAG_ID}&task_id={TASK_ID}&run_id={RUN_ID}&map_index={MAP_INDEX}",
        ),
    ]
    global_operator_extra_links = [BlockedLink()]

    @classmethod
    def on_load(cls, *args: Any, **kwargs: Any) -> None:
        """Import what every event needs here, once, instead of in each fork that sends one."""
        from airflow.configuration import conf

        try:
            if "lineage_plugin." in conf.get("openlineage", "transport", fallback=""):
                from lineage_plugin.airflow import transport

                transport.preload()
        except Exception:
            log.warning("lineage_plugin could not load its transport", exc_info=True)
