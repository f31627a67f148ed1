"""The plugin that Airflow loads in every one of its processes: cheap, and without a listener.

A listener would make every DAG with ``end_from_trigger`` an import error (Airflow 3.3,
``dag_processing/dagbag.py``); what is sent needs none, because our transport sees every event.
"""

from __future__ import annotations

import logging
from typing import Any

from airflow.plugins_manager import AirflowPlugin

log = logging.getLogger(__name__)


class LineagePlugin(AirflowPlugin):
    """Makes the package known to Airflow."""

    name = "lineage_plugin"

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
