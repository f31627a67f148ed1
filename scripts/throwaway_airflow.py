"""A real Airflow in a throw-away home, for ``make demo`` and the end-to-end tests.

Scheduler with LocalExecutor, DAG processor and API server as processes of their own, SQLite below,
nothing reachable from outside the machine; all of it is gone when the ``with`` block ends.
"""

from __future__ import annotations

import base64
import configparser
import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil

#: Settings by section, as in airflow.cfg.
Config = Mapping[str, Mapping[str, str]]

#: A cold start on two busy cores was seen to take 50 s; three times that is a fault.
START_TIMEOUT_S = 150
#: The scheduler hands its last events to OpenLineage after SIGTERM; then patience ends.
STOP_TIMEOUT_S = 5
#: States after which a DAG run or a task changes no more by itself.
FINAL = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})

_OUR_ENVIRONMENT = re.compile(r"AIRFLOW_|OPENLINEAGE_|MARQUEZ_")


class AirflowFault(RuntimeError):
    """The throw-away Airflow did not do in time what was asked; the message ends with its log."""


@dataclass
class ThrowawayAirflow:
    """An Airflow that lives as long as a ``with`` block.

    The home exists inside the block and its processes from :meth:`start` on, so that files can be
    put there and commands run in between.

    Args:
        dags: The folder of DAG files.
        config: Settings on top of the least that is needed.
        env: Environment variables of all its processes, on top of this process's own (without what
            that says about another Airflow).
        triggerer: Whether to run a triggerer too, for deferred tasks.
        say: Where progress is told.

    Example::

        with ThrowawayAirflow(Path("dags")) as airflow:
            airflow.start()
            run_id = airflow.trigger("faces")
            assert airflow.wait("faces", run_id) == "success"
    """

    dags: Path
    config: Config = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    triggerer: bool = False
    say: Callable[[str], None] = print

    home: Path = field(init=False)
    url: str = field(init=False)
    _processes: subprocess.Popen[bytes] | None = field(init=False, default=None)
    _cleanup: contextlib.ExitStack = field(init=False, default_factory=contextlib.ExitStack)

    def __enter__(self) -> Self:
        self._cleanup.enter_context(_ended_by_signals())
        self.home = Path(tempfile.mkdtemp(prefix="throwaway-airflow-"))
        self._cleanup.callback(shutil.rmtree, self.home, ignore_errors=True)
        self._cleanup.callback(self.stop)
        port = _unused_port()
        self.url = f"http://127.0.0.1:{port}"
        parser = configparser.RawConfigParser()
        parser.read_dict(_least_config(self.home, self.dags.resolve(), port))
        for section, settings in self.config.items():
            parser.read_dict({section: {k: v.replace("%", "%%") for k, v in settings.items()}})
        cfg = self.home / "airflow.cfg"
        cfg.touch(mode=0o600)
        with cfg.open("w", encoding="utf-8") as file:
            parser.write(file)
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    @property
    def environment(self) -> dict[str, str]:
        """The environment that every process of this Airflow gets."""
        ours = {k: v for k, v in os.environ.items() if not _OUR_ENVIRONMENT.match(k)}
        path = f"{Path(sys.executable).parent}{os.pathsep}{ours.get('PATH', '')}"
        return {**ours, "PATH": path, "AIRFLOW_HOME": str(self.home), **self.env}

    def run(self, *command: str, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a command beside this Airflow, in its environment, whatever its exit code."""
        return subprocess.run(
            [_beside_python(command[0]), *command[1:]],
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def start(self) -> None:
        """Create the database, start the processes and wait until all of them are healthy.

        Raises:
            AirflowFault: A process ended, or the time was up.
        """
        began = time.monotonic()
        self.say("Airflow: creating its database, starting its processes")
        # The DAG processor has the most to do before the first task can run, so it starts first.
        commands = ["dag-processor", "api-server", "scheduler --skip-serve-logs"]
        if self.triggerer:
            commands.append("triggerer --skip-serve-logs")
        with (self.home / "processes.log").open("wb") as log:
            self._processes = subprocess.Popen(
                [sys.executable, str(_PROCESSES), str(self.home), *commands],
                cwd=self.home,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of their own: Ctrl-C reaches this process, which then ends them in order.
                start_new_session=True,
            )
        self._until(self._is_healthy, "waiting for API server, DAG processor and scheduler")
        self.say(f"Airflow: ready after {time.monotonic() - began:.0f} s at {self.url}")

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> str:
        """Start a run of a DAG, as soon as its file is parsed, and return the run's id.

        Raises:
            AirflowFault: The DAG did not turn up, or its file cannot be imported.
        """
        self._until(lambda: self._knows(dag_id), f"waiting for the DAG {dag_id!r}")
        body = {"logical_date": None, "conf": dict(conf or {})}
        return str(self.api(f"dags/{_quoted(dag_id)}/dagRuns", body)["dag_run_id"])

    def wait(self, dag_id: str, run_id: str, *, timeout_s: float = 300) -> str:
        """Wait until a run is over and return its state.

        Raises:
            AirflowFault: The time was up.
        """
        run = f"dags/{_quoted(dag_id)}/dagRuns/{_quoted(run_id)}"
        state = ""

        def is_over() -> bool:
            nonlocal state
            state = str(self.api(run)["state"])
            return state in FINAL

        self._until(is_over, f"waiting for {dag_id} {run_id}", timeout_s=timeout_s)
        return state

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return what Airflow's REST API says about each task of a run, mapped ones one by one."""
        run = f"dags/{_quoted(dag_id)}/dagRuns/{_quoted(run_id)}"
        found: list[dict[str, Any]] = self.api(f"{run}/taskInstances?limit=100")["task_instances"]
        return found

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str]:
        """Map ``task_id``, or ``task_id[map index]``, to the state of the task."""
        return {
            _task_name(task["task_id"], task["map_index"]): str(task["state"])
            for task in self.task_instances(dag_id, run_id)
        }

    def task_log(
        self, dag_id: str, run_id: str, task_id: str, *, map_index: int = -1, attempt: int = 1
    ) -> str:
        """Return the log of one try of a task, one message per line; empty if there is none."""
        folder = self.home / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}" / f"task_id={task_id}"
        if map_index >= 0:
            folder /= f"map_index={map_index}"
        log = folder / f"attempt={attempt}.log"
        if not log.exists():
            return ""
        return "\n".join(_message(line) for line in log.read_text("utf-8").splitlines())

    def api(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask Airflow's REST API: GET, or POST where there is a *body*.

        Raises:
            urllib.error.URLError: It cannot be reached, or says no.
        """
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            f"{self.url}/api/v2/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with _DIRECT.open(request, timeout=30) as answer:
            return json.load(answer)

    def stop(self) -> None:
        """End every process of this Airflow: asked first, forced after :data:`STOP_TIMEOUT_S`."""
        if self._processes is None:
            return
        # Tasks are in process groups of their own and outlive the scheduler: hold on to the whole
        # tree before its root goes.
        tree = _tree([self._processes.pid])
        self._processes.terminate()
        _, alive = psutil.wait_procs(tree, timeout=STOP_TIMEOUT_S)
        for survivor in {*alive, *_tree(process.pid for process in alive)}:
            with contextlib.suppress(psutil.NoSuchProcess):
                survivor.kill()
        self._processes.wait(timeout=STOP_TIMEOUT_S)
        self._processes = None

    def _until(
        self, condition: Callable[[], bool], doing: str, *, timeout_s: float = START_TIMEOUT_S
    ) -> None:
        began = told = time.monotonic()
        while not condition():
            now = time.monotonic()
            if self._processes is None or self._processes.poll() is not None:
                raise AirflowFault(f"Airflow ended while {doing}\n{self._log_tails()}")
            if now - began > timeout_s:
                raise AirflowFault(f"{doing} took more than {timeout_s:.0f} s\n{self._log_tails()}")
            if now - told >= 10:
                told = now
                self.say(f"Airflow: still {doing} ({now - began:.0f} s)")
            time.sleep(0.2)

    def _is_healthy(self) -> bool:
        try:
            health = self.api("monitor/health")
            # The API that tasks talk to builds itself on its first request, which takes longer than
            # the 5 s that a task's first request waits.  This one is that first request.
            with _DIRECT.open(f"{self.url}/execution/health", timeout=60) as answer:
                answer.read()
        except OSError:  # nobody listens yet, or it is too busy to answer
            return False
        needed = ["scheduler", "dag_processor"] + ["triggerer"] * self.triggerer
        return all(health[name]["status"] == "healthy" for name in needed)

    def _knows(self, dag_id: str) -> bool:
        try:
            self.api(f"dags/{_quoted(dag_id)}")
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            broken = self.api("importErrors")["import_errors"]
            if broken:
                traces = "\n".join(f"{each['filename']}\n{each['stack_trace']}" for each in broken)
                raise AirflowFault(f"no DAG {dag_id!r}; DAG files are broken\n{traces}") from None
            return False
        return True

    def _log_tails(self) -> str:
        tails = []
        for log in sorted(self.home.glob("*.log")):
            lines = log.read_text("utf-8", "replace").splitlines()
            tails += [f"--- {log.name} ends:", *lines[-25:]]
        return "\n".join(tails)


#: Beside this file, run by the same Python.
_PROCESSES = Path(__file__).with_name("airflow_processes.py")

#: Never by way of a proxy that the environment names: the address is this machine's own.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _least_config(home: Path, dags: Path, port: int) -> dict[str, dict[str, str]]:
    url = f"http://127.0.0.1:{port}"
    plain: dict[str, dict[str, object]] = {
        "core": {
            "dags_folder": dags,
            "load_examples": False,
            "executor": "LocalExecutor",
            "parallelism": 2,
            "dags_are_paused_at_creation": False,
            "simple_auth_manager_all_admins": True,
            "execution_api_server_url": f"{url}/execution/",
            "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        },
        "database": {"sql_alchemy_conn": f"sqlite:///{home}/airflow.db"},
        "api": {
            "host": "127.0.0.1",
            "port": port,
            "base_url": url,
            "secret_key": secrets.token_hex(32),
        },
        "api_auth": {"jwt_secret": secrets.token_hex(32)},
        "logging": {"colored_console_log": False},
        "scheduler": {"scheduler_idle_sleep_time": 0.2, "scheduler_heartbeat_sec": 2},
        "dag_processor": {
            "dag_bundle_storage_path": home / "bundles",
            "refresh_interval": 3,
            "bundle_refresh_check_interval": 1,
        },
    }
    return {
        section: {name: str(value).replace("%", "%%") for name, value in settings.items()}
        for section, settings in plain.items()
    }


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into SystemExit, so that ``with`` blocks end as after Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, _: object) -> None:
        sys.exit(128 + number)

    before = {each: signal.signal(each, leave) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _tree(roots: Iterable[int]) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for pid in roots:
        with contextlib.suppress(psutil.NoSuchProcess):
            root = psutil.Process(pid)
            found += [root, *root.children(recursive=True)]
    return found


def _unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _beside_python(command: str) -> str:
    own = Path(sys.executable).with_name(command)
    return str(own) if own.exists() else command


def _quoted(part: str) -> str:
    return urllib.parse.quote(part, safe="")


def _task_name(task_id: str, map_index: int) -> str:
    return task_id if map_index < 0 else f"{task_id}[{map_index}]"


def _message(line: str) -> str:
    """Return what one line of a task's log says; Airflow writes JSON, crashes write anything."""
    try:
        entry = json.loads(line)
        said = f"{entry.get('level', '')}: {entry['event']}"
    except (ValueError, KeyError, AttributeError, TypeError):
        return line
    errors: Sequence[Mapping[str, Any]] = entry.get("error_detail") or ()
    return "\n".join([said, *(f"{e.get('exc_type')}: {e.get('exc_value')}" for e in errors)])
