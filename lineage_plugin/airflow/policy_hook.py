"""What Airflow's entry point ``airflow.policy`` loads: gates for tasks that never heard of us.

The scheduler, the DAG processor and every worker import this, so it imports nothing itself.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import Any

from airflow.policies import hookimpl

log = logging.getLogger(__name__)


@hookimpl(wrapper=True)
def task_policy(task: Any) -> Generator[None, object, object]:
    """Hang a gate on a task that ``policy.yaml`` asks one for.

    After all other policies, so that the pool, queue and hooks that they set are what rules see.
    """
    result = yield
    from lineage_plugin.airflow.enforcement import enforce

    enforce(task)
    return result


@hookimpl(wrapper=True)
def get_airflow_context_vars(context: Any) -> Generator[None, object, object]:
    """Run the gate of a task that comes here without one, and have its body watched.

    In ``dag.test()`` no task policy runs.

    Airflow asks this of every task right before its body, in whatever way it is run.  A wrapper,
    because the first plain policy that answers is the last one asked.
    """
    from lineage_plugin.airflow.enforcement import make_up

    make_up(context)
    result = yield
    _watch(context)
    return result


def _watch(context: Any) -> None:
    try:
        from lineage_plugin.airflow.capturing import surround

        surround(context)
    except Exception:
        log.warning("What this task touches cannot be captured", exc_info=True)
