"""Decorators keep what they decorate: checked by mypy, never run."""

from __future__ import annotations

from typing import assert_type

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import task

from lineage_plugin import provenance, requires


@requires("model-training", suites=["ours"], inputs=["s3://lake/x"])
@provenance(edge="train", overwrite=True, license="MIT")
def plain(shard: int, *, name: str = "") -> dict[str, int]:
    return {name: shard}


assert_type(plain(1, name="x"), dict[str, int])
plain("1")  # type: ignore[arg-type]


@requires("model-training")
@task
def above(shard: int) -> str:
    return str(shard)


assert_type(above.function(1), str)
above.function("1")  # type: ignore[arg-type]
above.expand(shard=[1, 2])


@task
@requires("model-training")
def below(shard: int) -> str:
    return str(shard)


assert_type(below.function(1), str)

operator = requires("model-training")(BashOperator(task_id="t", bash_command="true"))
assert_type(operator, BashOperator)

provenance(licence="MIT")  # type: ignore[arg-type]
provenance(overwrite="no")  # type: ignore[arg-type]
requires()  # type: ignore[call-arg]
