"""DAGs of somebody who has never heard of provenance; each body leaves a mark that it ran."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import DAG, Asset, BaseOperator, task, task_group

RAN = Path(os.environ["BODIES_RAN"])
STRANGE = Asset("s3://lake/strange/")
MAPS = Asset("s3://lake/maps/")


def ran(name: str) -> None:
    (RAN / name).touch()


class ContainerOperator(BaseOperator):
    """Asks for a container, as operators do whose body runs elsewhere."""

    def execute(self, context: Any) -> None:
        ran("container-asked-for")


class PatientOperator(BaseOperator):
    """Defers as soon as it runs."""

    def execute(self, context: Any) -> None:
        ran("deferred")
        from datetime import timedelta

        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=1)), method_name="resume")

    def resume(self, context: Any, event: Any = None) -> None:
        ran("resumed")


SHARED: dict[str, Any] = {"retries": 3, "inlets": [STRANGE]}

with DAG("unaware", schedule=None, tags=["purpose:model-training"], default_args=SHARED) as dag:

    @task
    def train() -> None:
        ran("train")

    @task
    def train_each(x: int) -> None:
        ran("train_each")

    @task.virtualenv(system_site_packages=True)
    def train_in_venv() -> None:
        import os
        from pathlib import Path

        (Path(os.environ["BODIES_RAN"]) / "train_in_venv").touch()

    @task.external_python(python="/usr/bin/python3")
    def train_outside() -> None:
        import os
        from pathlib import Path

        (Path(os.environ["BODIES_RAN"]) / "train_outside").touch()

    @task_group
    def group() -> None:
        train.override(task_id="train_in_group")()

    train()
    train.override(task_id="train_overridden", pre_execute=lambda _: ran("their_override"))()
    train_each.expand(x=[1, 2])
    train_in_venv()
    train_outside()
    group()
    prepared: Any = train.override(task_id="train_setup")()
    prepared.operator.as_setup()
    PythonOperator(task_id="train_classic", python_callable=ran, op_args=["train_classic"])
    BashOperator(task_id="train_sh", bash_command=f"touch {RAN}/train_sh")
    for n in range(2):
        BashOperator(task_id=f"train_dynamic_{n}", bash_command=f"touch {RAN}/dynamic")
    BashOperator.partial(task_id="train_mapped").expand(bash_command=[f"touch {RAN}/mapped"])
    ContainerOperator(task_id="train_container")
    PatientOperator(task_id="train_patiently")
    train.override(task_id="train_on_maps", inlets=[MAPS])()
    PythonOperator(task_id="report", python_callable=ran, op_args=["report"])
    EmptyOperator(task_id="end", inlets=[])

if __name__ == "__main__":
    for instance in dag.test().get_task_instances():
        sys.stdout.write(f"ENDED {instance.task_id} {instance.state}\n")
