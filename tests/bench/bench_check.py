"""Checking 500 DAG files beside parsing their text, the least that any check must do."""

from __future__ import annotations

import ast
import tempfile
import time
from pathlib import Path

from lineage_plugin import settings
from lineage_plugin.checks.project import check

_FILES = 500

_DAG = """\
from airflow.sdk import Asset, dag, task
from airflow.providers.standard.operators.bash import BashOperator
from lineage_plugin import provenance, requires

LAKE = "s3://lake-{n}"
RAW, CLEAN, MODEL = (Asset(f"{{LAKE}}/{{name}}") for name in ("raw", "clean", "model"))


@dag(schedule=None, tags=["team-{n}"])
def pipeline_{n}():
    @provenance(edge="filter", overwrite=True)
    @task(inlets=[RAW], outlets=[CLEAN])
    def clean():
        import pandas as pd

        frame = pd.read_parquet("s3://lake-{n}/raw")
        frame[frame["kept"]].to_parquet("s3://lake-{n}/clean")

    @requires("model-training")
    @provenance(edge="train", overwrite=True)
    @task(inlets=[CLEAN], outlets=[MODEL])
    def train():
        from sklearn.svm import SVC

        return SVC().fit([[0], [1]], [0, 1])

    for region in ("eu", "us", "ap"):
        BashOperator(
            task_id=f"ship_{{region}}",
            bash_command="ship",
            inlets=[MODEL],
            outlets=[Asset(f"s3://out-{{region}}/{n}")],
        )
    clean() >> train()


pipeline_{n}()
"""


def rows() -> list[tuple[str, float, float | None, str]]:
    """Check 500 files, with and without Great Expectations."""
    with tempfile.TemporaryDirectory() as folder:
        dags = Path(folder) / "dags"
        dags.mkdir()
        for n in range(_FILES):
            (dags / f"pipeline_{n}.py").write_text(_DAG.format(n=n))
        here = settings.load({"AIRFLOW_HOME": folder})
        began = time.perf_counter()
        for file in dags.glob("*.py"):
            ast.parse(file.read_text())
        parsed_s = time.perf_counter() - began
        began = time.perf_counter()
        found = check([dags], here, quick=True)
        quick_s = time.perf_counter() - began
        began = time.perf_counter()
        check([dags], here)
        whole_s = time.perf_counter() - began
    what = f"check {_FILES} DAG files, {found.tasks} tasks"
    return [
        (
            f"{what}, --quick",
            quick_s,
            parsed_s,
            "s, beside ast.parse of the same files; asked: 10 s",
        ),
        (f"{what}, with Great Expectations", whole_s, parsed_s, "s, its import included"),
    ]
