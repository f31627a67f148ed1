"""Who a task instance is in OpenLineage: the names under which the record knows its run."""

from __future__ import annotations

from typing import Any

from lineage_plugin.model import Subject


def subject_of(context: Any) -> Subject:
    """Name a task instance exactly as the OpenLineage provider does in its events."""
    from airflow.providers.openlineage import conf
    from airflow.providers.openlineage.utils.utils import (
        build_dag_run_ol_run_id,
        build_task_instance_ol_run_id,
        get_job_name,
    )

    instance, dag_run = context["ti"], context["dag_run"]
    moment = dag_run.logical_date or dag_run.run_after
    return Subject(
        job_namespace=conf.namespace(),
        job_name=get_job_name(instance),
        group=build_dag_run_ol_run_id(
            dag_id=instance.dag_id,
            logical_date=moment,
            clear_number=getattr(dag_run, "clear_number", 0),
        ),
        run_id=build_task_instance_ol_run_id(
            dag_id=instance.dag_id,
            task_id=instance.task_id,
            try_number=instance.try_number,
            logical_date=moment,
            map_index=instance.map_index,
        ),
        dag_id=instance.dag_id,
        task_id=instance.task_id,
        dag_run_id=getattr(dag_run, "run_id", "") or "",
        map_index=instance.map_index,
    )
