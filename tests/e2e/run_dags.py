"""Run every DAG of a file with ``dag.test()`` and print how its task instances ended, as JSON.

A script of its own, because ``AIRFLOW_HOME`` must be set before Airflow is imported.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main(path: Path) -> None:
    """Run the DAGs in *path*, in the order of their names."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.collection import update_dag_parsing_results_in_db
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import LazyDeserializedDAG
    from airflow.utils.session import create_session

    bag = DagBag(path, bundle_path=path.parent, bundle_name="dags-folder")
    bundles: Any = DagBundlesManager
    ended: dict[str, dict[str, Any]] = {"import errors": dict(bag.import_errors)}
    for dag_id, dag in sorted(bag.dags.items()):
        with create_session() as session:
            bundles().sync_bundles_to_db(session=session)
            session.commit()
            update_dag_parsing_results_in_db(
                "dags-folder",
                None,
                [LazyDeserializedDAG.from_dag(dag)],
                {},
                None,
                set(),
                session=session,
            )
            session.commit()
        run = dag.test()
        ended[dag_id] = {
            f"{ti.task_id}[{ti.map_index}]" if ti.map_index >= 0 else ti.task_id: {
                "state": str(ti.state),
                "tries": ti.try_number,
                "run_id": ti.run_id,
            }
            for ti in run.get_task_instances()
        }
    sys.stdout.write(f"\nENDED {json.dumps(ended)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
