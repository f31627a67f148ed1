"""After ``lineage-plugin init``, Airflow's own OpenLineage provider builds our transport.

One process imports Airflow, which takes seconds, and forks a child for each case; the child reads
that case's ``airflow.cfg`` with Airflow's parser and asks the provider what it would use.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import lineage_plugin
from lineage_plugin.cli import airflow_cfg, command
from lineage_plugin.cli.openlineage_settings import RUN_FACETS, TRANSPORT

ROOT = Path(lineage_plugin.__file__).parents[1]
KEY = "hunter2hunter2"
HTTP = {"type": "http", "url": "http://marquez:5000", "auth": {"type": "api_key", "apiKey": KEY}}
FILE = {"transport": {"type": "file", "log_file_path": "events-%.jsonl"}}

ASK = r"""
import json, logging, os, sys, traceback
logging.disable(logging.CRITICAL)
from airflow.configuration import conf as core_conf
from airflow.providers.common.compat.sdk import conf
from airflow.providers.openlineage import conf as openlineage_conf
from airflow.providers.openlineage.api import emission_policy
from airflow.providers.openlineage.plugins.adapter import OpenLineageAdapter
from airflow.providers.openlineage.utils.emission_policy import resolve_task_emission_policy
from airflow.providers.standard.operators.empty import EmptyOperator

def answer():
    transport = OpenLineageAdapter().get_or_create_openlineage_client().transport
    inner = transport.build_inner() if hasattr(transport, "build_inner") else None
    inner = inner._client.transport if hasattr(inner, "_client") else inner
    config = getattr(inner, "config", None)
    task = EmptyOperator(task_id="t")
    task = emission_policy.extend_global_openlineage_emission_policy(task, emit=False)
    key = getattr(getattr(config, "auth", None), "api_key", "")
    return {
        "disabled": openlineage_conf.is_disabled(),
        "transport": f"{type(transport).__module__}.{type(transport).__qualname__}",
        "inner": getattr(inner, "kind", None),
        "url": str(getattr(config, "url", "")),
        "file": str(getattr(config, "log_file_path", "")),
        "key": str(key or ""),
        "emits": resolve_task_emission_policy(task, "d", "t").emit,
        "run_facets": sorted(openlineage_conf.custom_run_facets()),
        "fernet_key": conf.get("core", "fernet_key"),
    }

def child(case, out):
    for name in [n for n in os.environ if n.startswith(("AIRFLOW__", "OPENLINEAGE"))]:
        del os.environ[name]
    os.environ.update(case["env"])
    for parser in {id(c): c for c in (conf, core_conf)}.values():
        for section in parser.sections():
            parser.remove_section(section)
        parser.read(case["cfg"])
    try:
        found = answer()
    except BaseException:
        found = {"error": traceback.format_exc()}
    os.write(out, json.dumps(found).encode())

answers = []
for case in json.load(sys.stdin):
    r, w = os.pipe()
    if os.fork() == 0:
        os.close(r)
        child(case, w)
        os._exit(0)
    os.close(w)
    with os.fdopen(r) as file:
        answers.append(json.loads(file.read()))
    os.wait()
print("ANSWERS" + json.dumps(answers))
"""

DEFAULT_CFG = (
    "from airflow.configuration import write_default_airflow_configuration_if_needed as w; w()"
)


@dataclass(frozen=True)
class Case:
    """How somebody configured a transport, and which one that is."""

    id: str
    inner: str
    options: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    then_env: Mapping[str, str] | None = None
    url: str = ""
    file: str = ""
    key: str = ""
    code: int = 0


OL_YML = "{home}/ol.yml"
CONNECTION = json.dumps({"conn_type": "generic", "extra": json.dumps({"transport": HTTP})})
WRAPPED_BY_HAND = json.dumps({"type": TRANSPORT, "transport": HTTP})

CASES = (
    Case("nothing", "noop"),
    Case("marquez", "http", arguments=("--marquez-url", "http://m:5000"), url="http://m:5000"),
    Case(
        "inline",
        "http",
        {"transport": json.dumps(HTTP), "custom_run_facets": "json.dumps"},
        url="http://marquez:5000",
        key=KEY,
    ),
    Case(
        "inline-with-key-in-environment",
        "http",
        {"transport": '{"type": "http", "url": "http://marquez:5000"}'},
        env={"OPENLINEAGE__TRANSPORT__AUTH": json.dumps(HTTP["auth"])},
        url="http://marquez:5000",
        key=KEY,
    ),
    Case(
        "inline-file", "file", {"transport": json.dumps(FILE["transport"])}, file="events-%.jsonl"
    ),
    Case("path", "file", {"config_path": OL_YML}, file="events-%.jsonl"),
    Case("connection", "http", {"config_conn_id": "ol"}, url="http://marquez:5000", key=KEY),
    Case(
        "connection-beats-path",
        "http",
        {"config_conn_id": "ol", "config_path": OL_YML, "transport": '{"type": "console"}'},
        url="http://marquez:5000",
        key=KEY,
    ),
    Case(
        "url-variable",
        "http",
        env={"OPENLINEAGE_URL": "http://env:5000", "OPENLINEAGE_API_KEY": KEY},
        url="http://env:5000",
        key=KEY,
    ),
    Case("dynamic-variables", "console", env={"OPENLINEAGE__TRANSPORT__TYPE": "console"}),
    Case(
        "json-variable",
        "http",
        env={"OPENLINEAGE__TRANSPORT": json.dumps(HTTP)},
        url="http://marquez:5000",
        key=KEY,
    ),
    Case("client-config", "file", env={"OPENLINEAGE_CONFIG": OL_YML}, file="events-%.jsonl"),
    Case(
        "path-variable",
        "file",
        env={"AIRFLOW__OPENLINEAGE__CONFIG_PATH": OL_YML},
        then_env={},
        file="events-%.jsonl",
        code=2,
    ),
    Case(
        "connection-variable",
        "http",
        env={"AIRFLOW__OPENLINEAGE__CONFIG_CONN_ID": "ol"},
        then_env={},
        url="http://marquez:5000",
        key=KEY,
        code=2,
    ),
    Case(
        "transport-variable",
        "http",
        env={"AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(HTTP)},
        then_env={"AIRFLOW__OPENLINEAGE__TRANSPORT": WRAPPED_BY_HAND},
        url="http://marquez:5000",
        key=KEY,
        code=2,
    ),
    Case(
        "author-rules",
        "noop",
        {"emission_policy": '[{"scope": {}, "controls": {"emit": false}}]'},
    ),
)


@dataclass(frozen=True)
class Done:
    """What init did in one case, and what Airflow then answered."""

    exit_code: int
    output: str
    answer: Mapping[str, Any]


def environment(home: Path) -> dict[str, str]:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW", "OPENLINEAGE", "PYTEST"))
    }
    return {
        **clean,
        "AIRFLOW_HOME": str(home),
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "AIRFLOW_CONN_OL": CONNECTION,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }


def in_home(home: Path, values: Mapping[str, str]) -> dict[str, str]:
    return {key: value.replace("{home}", str(home)) for key, value in values.items()}


def prepared(case: Case, home: Path, default_cfg: str) -> None:
    """Write Airflow's own airflow.cfg with what somebody configured."""
    text = default_cfg
    for key, value in in_home(home, case.options).items():
        text = airflow_cfg.with_value(text, "openlineage", key, airflow_cfg.escape(value))
    home.mkdir()
    (home / "airflow.cfg").write_text(text, encoding="utf-8")
    (home / "ol.yml").write_text(json.dumps(FILE), encoding="utf-8")


@pytest.fixture(scope="session")
def default_cfg(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The airflow.cfg that Airflow writes by itself."""
    home = tmp_path_factory.mktemp("default")
    subprocess.run(
        [sys.executable, "-c", DEFAULT_CFG], env=environment(home), check=True, capture_output=True
    )
    return (home / "airflow.cfg").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory, default_cfg: str) -> dict[str, Done]:
    """Run init for every case, then ask one Airflow about all of them."""
    root = tmp_path_factory.mktemp("cases")
    results, questions = {}, []
    for case in CASES:
        home = root / case.id
        prepared(case, home, default_cfg)
        env: dict[str, str | None] = dict.fromkeys(
            name for name in os.environ if name.startswith(("AIRFLOW", "OPENLINEAGE"))
        )
        env |= {"AIRFLOW_HOME": str(home), "HOME": str(home), **in_home(home, case.env)}
        results[case.id] = CliRunner(env=env).invoke(command, ["init", *case.arguments])
        then = case.env if case.then_env is None else case.then_env
        questions.append({"cfg": str(home / "airflow.cfg"), "env": in_home(home, then)})
    asked = subprocess.run(
        [sys.executable, "-c", ASK],
        env=environment(root),
        input=json.dumps(questions),
        text=True,
        capture_output=True,
        check=False,
        timeout=240,
    )
    assert "ANSWERS" in asked.stdout, asked.stderr
    answers = json.loads(asked.stdout.partition("ANSWERS")[2])
    return {
        case.id: Done(results[case.id].exit_code, results[case.id].output, answer)
        for case, answer in zip(CASES, answers, strict=True)
    }


each = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


@each
def test_the_provider_builds_our_transport_around_the_one_there_was(
    done: dict[str, Done], case: Case
) -> None:
    answer = done[case.id].answer

    assert "error" not in answer, answer["error"]
    assert answer["transport"] == TRANSPORT
    assert (answer["inner"], answer["url"]) == (case.inner, case.url)
    assert (answer["file"], answer["key"]) == (case.file, case.key)
    assert answer["disabled"] is False


@each
def test_emission_is_locked_on_and_run_facets_are_ours(done: dict[str, Done], case: Case) -> None:
    answer = done[case.id].answer

    assert answer["emits"] is True
    assert RUN_FACETS in answer["run_facets"]
    assert ("json.dumps" in answer["run_facets"]) is (case.id == "inline")


@each
def test_init_ends_with_2_only_where_something_is_left_to_do(
    done: dict[str, Done], case: Case
) -> None:
    assert done[case.id].exit_code == case.code, done[case.id].output
    assert KEY not in done[case.id].output


def test_a_home_without_airflow_cfg_gets_one_that_airflow_starts_with(tmp_path: Path) -> None:
    home = tmp_path / "new"
    subprocess.run(
        [sys.executable, "-c", "from lineage_plugin.cli import main; main()", "init"],
        env=environment(home), check=True, capture_output=True,
    )  # fmt: skip
    before = (home / "airflow.cfg").read_bytes()
    probe = (
        f"{DEFAULT_CFG}\nfrom airflow.configuration import conf\nimport json\n"
        "print(json.dumps([conf.getjson('openlineage', 'transport')['type'],"
        " conf.get('core', 'fernet_key'), conf.get('api_auth', 'jwt_secret'),"
        " conf.get('core', 'executor')]))\n"
        "from cryptography.fernet import Fernet\nFernet(conf.get('core', 'fernet_key'))"
    )
    asked = subprocess.run(
        [sys.executable, "-c", probe],
        env=environment(home), check=True, capture_output=True, text=True,
    )  # fmt: skip

    transport, fernet, jwt, executor = json.loads(asked.stdout.splitlines()[-1])
    assert (transport, executor) == (TRANSPORT, "LocalExecutor")
    assert fernet
    assert jwt
    assert (home / "airflow.cfg").read_bytes() == before
    assert stat.S_IMODE((home / "airflow.cfg").stat().st_mode) == 0o600


def test_airflows_own_airflow_cfg_keeps_all_but_its_lines(default_cfg: str, tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text(default_cfg, encoding="utf-8")
    runner: Callable[..., Any] = CliRunner(env={"AIRFLOW_HOME": str(tmp_path)}).invoke
    assert runner(command, ["init"]).exit_code == 0
    after = (tmp_path / "airflow.cfg").read_text(encoding="utf-8")

    changed = [
        (old, new)
        for old, new in zip(default_cfg.splitlines(), after.splitlines(), strict=True)
        if old != new
    ]
    assert [old.partition(" ")[0] for old, _ in changed] == [
        "custom_run_facets",
        "emission_policy",
        "transport",
    ]
