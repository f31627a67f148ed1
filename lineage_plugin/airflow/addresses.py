"""Where the plugin's pages are, seen from outside: for logs, links and Airflow's menus.

A task's worker reads nothing for it but Airflow's configuration.
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

#: The path, below Airflow's own, under which the site is mounted.
MOUNTED = "/provenance"


def site(*, is_absolute: bool = True) -> str:
    """Return the address of the site, by ``[api] base_url``; empty if that says no host.

    With ``is_absolute=False`` it is the path on Airflow's own host.
    """
    from airflow.configuration import conf

    url = conf.get("api", "base_url", fallback="") or ""
    parts = urlsplit(url)
    path = f"{parts.path.rstrip('/')}{MOUNTED}"
    if not is_absolute:
        return path
    return f"{parts.scheme}://{parts.netloc}{path}" if parts.scheme and parts.netloc else ""


def of_decision(decision_id: str) -> str:
    """Return the address of the page about a decision, empty if nobody said where Airflow is."""
    found = site()
    return f"{found}/decisions/{decision_id}" if found else ""


def of_task(dag_id: str, task_id: str, run_id: str, map_index: int) -> str:
    """Return the address of the page about what a gate said to a task instance."""
    asked = {"dag_id": dag_id, "task_id": task_id, "run_id": run_id, "map_index": str(map_index)}
    return f"{site() or site(is_absolute=False)}/task?{urlencode(asked)}"
