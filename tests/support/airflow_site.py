"""Airflow's own API server in this process, with users of its simple auth manager."""

from __future__ import annotations

from typing import Any

#: The people of these tests: a viewer may see, and someone without a role may not.
VIEWER, NOBODY = "viewer", None


def server() -> Any:
    """Return Airflow's core app, with its database made and our plugin mounted in it."""
    from airflow.api_fastapi.app import create_app
    from airflow.utils.db import initdb

    initdb()
    return create_app(apps="core")


def cookie_of(role: str | None) -> str:
    """Return the session of a user with this role."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    user = SimpleAuthManagerUser(username=f"someone-{role}", role=role)
    token: str = get_auth_manager().generate_jwt(user)
    return token


def known_dags(*dag_ids: str) -> None:
    """Make DAGs known to Airflow, as its DAG processor would."""
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session

    with create_session() as session:
        session.merge(DagBundleModel(name="testing"))
        session.flush()
        model: Any = DagModel
        for dag_id in dag_ids:
            session.merge(model(dag_id=dag_id, bundle_name="testing"))
