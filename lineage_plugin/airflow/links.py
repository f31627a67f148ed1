"""The link on a task instance that leads to what blocked it; Airflow's API server asks for it."""

from __future__ import annotations

import logging
from typing import Any

from airflow.sdk import BaseOperatorLink

from lineage_plugin.airflow import addresses

log = logging.getLogger(__name__)


class BlockedLink(BaseOperatorLink):
    """Leads from a task instance that a gate blocked to the page that says why."""

    name = "Why was this blocked?"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address of the page; empty, which shows no button, if nothing blocked it."""
        try:
            return self._address(ti_key)
        except Exception:
            log.warning("lineage_plugin could not look for what blocked %s", ti_key, exc_info=True)
            return ""

    def _address(self, ti_key: Any) -> str:
        from lineage_plugin.airflow.web_pages import pages_here
        from lineage_plugin.model import Outcome, Subject

        asker = Subject(
            dag_id=ti_key.dag_id,
            task_id=ti_key.task_id,
            dag_run_id=ti_key.run_id,
            map_index=ti_key.map_index,
        )
        said = pages_here().said_to(asker)
        if all(decision.outcome is Outcome.ALLOWED for decision in said):
            return ""
        return addresses.of_task(ti_key.dag_id, ti_key.task_id, ti_key.run_id, ti_key.map_index)
