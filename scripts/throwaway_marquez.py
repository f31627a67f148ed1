"""A real Marquez on this machine only, for ``make e2e`` and to look around in.

PostgreSQL in a throw-away folder, reached by loopback, and the published server, which Maven
fetches once into its own cache.  Run as a script it stays up until Ctrl-C::

    python scripts/throwaway_marquez.py
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

_POM = Path(__file__).parent / "marquez" / "pom.xml"

#: A first fetch of some 150 libraries, or a JVM's cold start with eighty migrations, on two busy
#: cores (seconds).
FETCH_TIMEOUT_S, START_TIMEOUT_S = 420, 180

#: PostgreSQL refuses to be run by root; Debian's package makes this user.
_POSTGRES_USER = "postgres"

#: Never by way of a proxy that the environment names: the address is this machine's own.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))

_CONFIG = """\
server:
  applicationConnectors: [{{type: http, port: {port}, bindHost: 127.0.0.1}}]
  adminConnectors: [{{type: http, port: {admin}, bindHost: 127.0.0.1}}]
db:
  driverClass: org.postgresql.Driver
  url: jdbc:postgresql://127.0.0.1:{database}/marquez
  user: marquez
  password: marquez
migrateOnStartup: true
logging: {{level: WARN, appenders: [{{type: console}}]}}
"""


class MarquezFault(RuntimeError):
    """The throw-away Marquez could not be had; the message says of what it is for want."""


@dataclass
class ThrowawayMarquez:
    """A Marquez that lives as long as a ``with`` block.

    Args:
        say: Where progress is told.
        port: Where it listens; any that is free, if not given.

    Raises:
        MarquezFault: On entering, where a part of it is missing or does not start.
    """

    say: Callable[[str], None] = print
    port: int = 0
    url: str = field(init=False)
    _cleanup: contextlib.ExitStack = field(init=False, default_factory=contextlib.ExitStack)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="marquez-")))
            folder.chmod(0o755)  # PostgreSQL may be another user
            self.say("Marquez: fetching its libraries with Maven")
            libraries = _fetched(folder)
            self.say("Marquez: starting PostgreSQL")
            database = undo.enter_context(_postgres(folder))
            self.port = self.port or _unused_port()
            self.url = f"http://127.0.0.1:{self.port}"
            self.say("Marquez: starting")
            undo.enter_context(self._server(folder, libraries, database))
            self._cleanup = undo.pop_all()
        self.say(f"Marquez: ready at {self.url}")
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def get(self, *path: str, **query: str) -> Any:
        """Return what ``/api/v1/<path>`` answers, each part of the path quoted.

        Raises:
            urllib.error.HTTPError: It says no.
        """
        return _ask(self._address(path, query))

    def post(self, *path: str, body: Mapping[str, Any] | None = None) -> int:
        """Post, and return the status of the answer."""
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            self._address(path, {}),
            data=json.dumps(body or {}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with _DIRECT.open(request, timeout=30) as answer:
            return int(answer.status)

    def dataset(self, namespace: str, name: str) -> dict[str, Any]:
        """Return a dataset as its page shows it."""
        found: dict[str, Any] = self.get("namespaces", namespace, "datasets", name)
        return found

    def _address(self, path: Sequence[str], query: Mapping[str, str]) -> str:
        parts = "/".join(urllib.parse.quote(part, safe="") for part in path)
        asked = f"?{urllib.parse.urlencode(query)}" if query else ""
        return f"{self.url}/api/v1/{parts}{asked}"

    @contextlib.contextmanager
    def _server(self, folder: Path, libraries: Path, database: int) -> Iterator[None]:
        admin = _unused_port()
        config = folder / "marquez.yml"
        config.write_text(_CONFIG.format(port=self.port, admin=admin, database=database))
        log = folder / "marquez.log"
        command = [
            _program("java", "apt-get install -y openjdk-17-jre-headless"),
            "-Xmx512m",
            "-Duser.timezone=UTC",
            "-cp",
            f"{libraries}/*",
            "marquez.MarquezApp",
            "server",
            str(config),
        ]
        with (
            log.open("wb") as out,
            _ended(
                subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT)
            ) as server,
        ):
            _until(
                lambda: _answers(f"http://127.0.0.1:{admin}/ping"),
                lambda: server.poll() is None,
                "Marquez",
                log,
            )
            yield


def _fetched(folder: Path) -> Path:
    """Let Maven copy the class path of the server.

    Raises:
        MarquezFault: It is not to be had.
    """
    libraries = folder / "libraries"
    command = [
        _program("mvn", "apt-get install -y maven"),
        "--batch-mode",
        "--quiet",
        f"--file={_POM}",
        "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies",
        "-DincludeScope=runtime",
        f"-DoutputDirectory={libraries}",
    ]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=FETCH_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise MarquezFault(f"Maven took more than {FETCH_TIMEOUT_S} s") from error
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip().splitlines()
        why = next((line for line in said if "ERROR" in line), "no reason given")
        # The first line holds everything, with colours, and a pointer to a page on top.
        plain = re.sub(r"\x1b\[[0-9;]*m|\[ERROR\] |-> \[Help.*", "", why).strip()
        raise MarquezFault(f"Maven cannot fetch Marquez: {plain}")
    return libraries


@contextlib.contextmanager
def _postgres(folder: Path) -> Iterator[int]:
    """Run a PostgreSQL with an empty database for Marquez, and give its port."""
    programs = _postgres_programs()
    data, port = folder / "postgres", _unused_port()
    as_user: list[str] = []
    data.mkdir()
    if os.geteuid() == 0:
        shutil.chown(data, _POSTGRES_USER)
        as_user = ["setpriv", f"--reuid={_POSTGRES_USER}", "--clear-groups"]
    password = folder / "password"
    password.write_text("marquez")
    password.chmod(0o644)
    log = folder / "postgres.log"
    with log.open("wb") as out:
        quiet = {"stdout": out, "stderr": subprocess.STDOUT}
        made = [*as_user, str(programs / "initdb"), "-D", str(data), "-U", "marquez"]
        made += ["-A", "scram-sha-256", f"--pwfile={password}", "--no-sync", "--encoding=UTF8"]
        if subprocess.run(made, check=False, **quiet).returncode != 0:  # type: ignore[call-overload]
            raise MarquezFault(f"initdb failed\n{log.read_text()}")
        run = [*as_user, str(programs / "postgres"), "-D", str(data), "-p", str(port)]
        run += ["-h", "127.0.0.1", "-k", str(data), "-c", "fsync=off"]
        with _ended(subprocess.Popen(run, **quiet)) as server:  # type: ignore[call-overload]
            env = {**os.environ, "PGPASSWORD": "marquez"}
            reach = ["-h", "127.0.0.1", "-p", str(port), "-U", "marquez"]
            _until(
                lambda: _succeeds([str(programs / "pg_isready"), *reach], env),
                lambda: server.poll() is None,
                "PostgreSQL",
                log,
            )
            if not _succeeds([str(programs / "createdb"), *reach, "marquez"], env):
                raise MarquezFault(f"createdb failed\n{log.read_text()}")
            yield port


def _postgres_programs() -> Path:
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found and not folders:
        raise MarquezFault("PostgreSQL is missing; install it: apt-get install -y postgresql")
    return Path(found or folders[-1]).resolve().parent


def _program(name: str, install: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MarquezFault(f"{name} is missing; install it: {install}")
    return found


def _succeeds(command: Sequence[str], env: Mapping[str, str]) -> bool:
    return subprocess.run(command, env=env, capture_output=True, check=False).returncode == 0


def _answers(url: str) -> bool:
    try:
        with _DIRECT.open(url, timeout=2):
            return True
    except OSError:
        return False


def _ask(url: str) -> Any:
    with _DIRECT.open(url, timeout=60) as answer:
        return json.load(answer)


def _until(
    condition: Callable[[], bool], is_alive: Callable[[], bool], what: str, log: Path
) -> None:
    ends = time.monotonic() + START_TIMEOUT_S
    while not condition():
        if not is_alive() or time.monotonic() > ends:
            tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-30:])
            raise MarquezFault(f"{what} did not start\n{tail}")
        time.sleep(0.2)


@contextlib.contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """End a process when the block ends: asked first, forced after five seconds."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    """Keep a Marquez up until Ctrl-C; with ``--fetch`` only see whether Maven can get it."""
    try:
        if sys.argv[1:] == ["--fetch"]:
            with tempfile.TemporaryDirectory() as folder:
                _fetched(Path(folder))
            return 0
        with ThrowawayMarquez(port=5000) as marquez:
            print(f"lineage-plugin init --marquez-url {marquez.url}\nCtrl-C ends it.")
            with contextlib.suppress(KeyboardInterrupt):
                while True:
                    time.sleep(3600)
    except MarquezFault as fault:
        print(f"Marquez cannot be started: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
