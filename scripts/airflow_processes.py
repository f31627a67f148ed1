"""Create Airflow's database and run its components, importing Airflow once for all of them.

The components are the ordinary commands (``airflow scheduler`` and so on), forked from one process
that has done their imports while the database was being created: measured on two cores, that
halves the time to a healthy Airflow.  Used by :mod:`scripts.throwaway_airflow` only.

Usage: ``python airflow_processes.py LOG_FOLDER COMMAND ...``, a command being what follows
``airflow`` as one argument: ``"scheduler --skip-serve-logs"``
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import NoReturn

#: What the components import; done before forking, while the other core creates the database.
SHARED_IMPORTS = (
    "airflow.api_fastapi.core_api.app",
    "airflow.api_fastapi.core_api.routes.public",
    "airflow.api_fastapi.core_api.routes.ui",
    "airflow.api_fastapi.execution_api.app",
    "airflow.api_fastapi.execution_api.routes",
    "airflow.dag_processing.manager",
    "airflow.executors.local_executor",
    "airflow.jobs.scheduler_job_runner",
)


def main(logs: Path, commands: list[str]) -> int:
    """Run all *commands* until one of them ends or this process is told to."""
    import_module("airflow.cli.cli_parser")
    migration = _fork(logs, "db migrate")
    for module in SHARED_IMPORTS:
        import_module(module)
    _, status = os.waitpid(migration, 0)
    if status:
        return os.waitstatus_to_exitcode(status)
    running = {_fork(logs, command): command for command in commands}

    def end_all(*_: object) -> None:
        for pid in running:
            os.kill(pid, signal.SIGTERM)

    signal.signal(signal.SIGTERM, end_all)
    first, status = os.wait()
    print(f"{running.pop(first)} ended with {status}", flush=True)
    end_all()
    while running:
        running.pop(os.wait()[0])
    return os.waitstatus_to_exitcode(status)


def _fork(logs: Path, command: str) -> int:
    pid = os.fork()
    if pid == 0:
        _become(logs, command)
    return pid


def _become(logs: Path, command: str) -> NoReturn:
    name, *_ = command.split()
    log = os.open(logs / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    sys.argv = ["airflow", *command.split()]
    run = import_module("airflow.__main__").main
    code = 1
    try:
        run()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001 - what a process does with it at its end
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
