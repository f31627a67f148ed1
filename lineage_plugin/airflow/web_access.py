"""Who may see which page: Airflow's own login and permissions.

The only file that knows ``airflow.api_fastapi``.  Airflow mounts the apps of plugins without any
authentication, so every route of ours asks for a :func:`visit`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.core_api.security import get_user, requires_access_asset
from fastapi import Depends, HTTPException, Request

from lineage_plugin.airflow.web_pages import Visit


class _Dags:
    """The DAGs whose runs a user may see; asked once, and only if anybody wants to know."""

    def __init__(self, user: Any) -> None:
        self._user = user

    @cached_property
    def _ids(self) -> set[str]:
        found: set[str] = get_auth_manager().get_authorized_dag_ids(user=self._user, method="GET")
        return found

    def __call__(self, dag_id: str) -> bool:
        return dag_id in self._ids


#: What Airflow asks of whoever wants to see its assets; ours are the same datasets.
_may_see_assets = requires_access_asset(method="GET")


def visit(request: Request, user: Annotated[Any, Depends(get_user)]) -> Visit:
    """Return who looks at a page.

    Raises:
        HTTPException: 401 for whoever is not logged in, 403 for whoever may not see assets.
    """
    _may_see_assets(request, user)
    return Visit(base(request), _Dags(user))


def visit_dag(request: Request, user: Annotated[Any, Depends(get_user)], dag_id: str = "") -> Visit:
    """Return who looks at a page about a DAG.

    Raises:
        HTTPException: As for :func:`visit`, and 403 for whoever may not see the DAG.
    """
    found = visit(request, user)
    if not found.sees_dag(dag_id):
        raise HTTPException(403, "Forbidden")
    return found


def base(request: Request) -> str:
    """Return the path under which Airflow mounted us, without a slash at its end."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def login_url(request: Request) -> str:
    """Return where somebody logs in, to come back to this page."""
    url: str = get_auth_manager().get_url_login(next_url=str(request.url))
    return url
