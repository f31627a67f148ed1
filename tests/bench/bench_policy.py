"""What the cluster policy costs at DAG parsing: 1,000 tasks bagged with it and without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

TASKS = 1_000

#: Fresh processes per row.
_RUNS = 5

_POLICY = """\
version: 1
models: ["s3://models/**", "file:///models/**"]
gates:
  - {operator: [BashOperator, KubernetesPodOperator], pool: gpu, purpose: model-training}
  - {tag: "purpose:*"}
  - {task: ["*train*", "*fit*"], purpose: model-training}
  - {writes: model, purpose: model-training}
"""

_DAG = """
from airflow.sdk import DAG, Asset
from airflow.providers.standard.operators.python import PythonOperator
def nothing(): pass
with DAG("thousand", schedule=None, tags={tags}) as dag:
    for n in range({tasks}):
        PythonOperator(task_id=f"step_{{n}}", python_callable=nothing, outlets=[Asset(f"s3://lake/{{n}}")])
"""

_PROBE = """
import json, logging, sys, time
logging.disable(logging.CRITICAL)
import airflow
from airflow import settings
settings.initialize()
from lineage_plugin.airflow import policy_hook
manager = settings.get_policy_plugin_manager()
from airflow.dag_processing.dagbag import DagBag
file, ours = json.loads(sys.argv[1])
if ours != manager.is_registered(policy_hook):
    manager.register(policy_hook) if ours else manager.unregister(policy_hook)
began = time.perf_counter()
bag = DagBag(file, bundle_path=None, collect_dags=True)
took = time.perf_counter() - began
assert not bag.import_errors, bag.import_errors
hung = sum(t._pre_execute_hook is not None for t in bag.dags["thousand"].tasks)
print(json.dumps([took * 1000, hung]))
"""


def rows() -> list[tuple[str, float, float | None, str]]:
    """Parse a DAG of 1,000 tasks in fresh processes; the least of each, for others only add."""
    none, hit = _measure(tags=[]), _measure(tags=["purpose:model-training"])
    return [
        (f"parse {TASKS} tasks, none gated (beside no policy)", *none, "ms"),
        (f"parse {TASKS} tasks, all gated (beside no policy)", *hit, "ms"),
        ("policy, per task that is not gated (limit 0.2)", (none[0] - none[1]) / TASKS, 0.2, "ms"),
        ("policy, per task that is gated (limit 0.2)", (hit[0] - hit[1]) / TASKS, 0.2, "ms"),
    ]


def _measure(tags: list[str]) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "policy.yaml").write_text(_POLICY)
        file = home / "thousand.py"
        file.write_text(_DAG.format(tags=tags, tasks=TASKS))
        with_us, without = [], []
        for _ in range(_RUNS):
            with_us.append(_once(home, file, ours=True, hung=TASKS if tags else 0))
            without.append(_once(home, file, ours=False, hung=0))
    return min(with_us), min(without)


def _once(home: Path, file: Path, *, ours: bool, hung: int) -> float:
    env = {**os.environ, "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    probe = [sys.executable, "-c", _PROBE, json.dumps([str(file), ours])]
    took, found = json.loads(subprocess.check_output(probe, env=env, text=True).splitlines()[-1])
    assert found == hung, f"{found} gates hang, not {hung}"
    return float(took)
