"""Settings of the section ``[lineage_plugin]``, read as Airflow reads them but without Airflow.

A task's fork, the command line and a later service have no time for ``import airflow``, so this is
the one place that knows where a setting comes from: the environment variable
``AIRFLOW__LINEAGE_PLUGIN__<NAME>``, else ``airflow.cfg``, else the default.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lineage_plugin.errors import SettingsError

SECTION = "lineage_plugin"

#: What a setting is when nobody set it; ``{home}`` is ``AIRFLOW_HOME``.
DEFAULTS = {
    "store_url": "sqlite:///{home}/lineage_plugin/record.db",
    "catalog": "{home}/provenance.yaml",
    "policy": "{home}/policy.yaml",
    "expectations": "{home}/expectations",
    "state_dir": "{home}/lineage_plugin",
    # Enriching an event may take this long (milliseconds); OpenLineage's fork is killed after 10 s.
    "attach_budget_ms": "250",
    # A gate waits this long (milliseconds) for a locked record; an event a quarter of it, before it
    # goes to the spool: a task waits for each of its events.
    "append_budget_ms": "2000",
    # A decision is made anew after this long (seconds), even if nothing in it expires.
    "decision_max_age_s": "86400",
    # A gate waits this long (seconds) for the event that says an upstream task has ended.
    "settle_wait_s": "15",
    # A gate that takes longer than this (seconds) is undecided: importing what judges takes some on
    # a busy machine, and a hundred thousand ancestors take about twenty.
    "gate_timeout_s": "300",
    # Whether licences reach a trained model where law has not settled it: yes, no, or review (all
    # but share-alike does).
    "license_through_train": "review",
    # What the rules below `modes:` in the policy call this installation.
    "environment": "",
    # Whether bodies are watched for what they read and write, what of it is no data (patterns of
    # paths and URIs, separated by commas), and of how many files of a folder the folder is told.
    "capture": "on",
    "capture_exclude": "",
    "capture_folder_files": "50",
    # Where datasets are tagged that a gate blocks; nowhere, if empty.
    "marquez_url": "",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and how long they may take.

    ``explicit`` names the settings that are other than their defaults.
    """

    store_url: str
    catalog: tuple[Path, ...]
    policy: Path
    expectations: Path
    state_dir: Path
    attach_budget_ms: int
    append_budget_ms: int
    decision_max_age_s: int
    settle_wait_s: int
    gate_timeout_s: int = 300
    marquez_url: str = ""
    license_through_train: str = "review"
    environment: str = ""
    capture: bool = True
    capture_exclude: tuple[str, ...] = ()
    capture_folder_files: int = 50
    explicit: frozenset[str] = frozenset()

    @property
    def required(self) -> frozenset[Path]:
        """The files and folders that somebody named: if one is missing, rules are missing."""
        named = {
            "catalog": self.catalog,
            "policy": (self.policy,),
            "expectations": (self.expectations,),
        }
        return frozenset(path for name in named.keys() & self.explicit for path in named[name])


def load(env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings that hold in this process.

    Raises:
        SettingsError: A value cannot be used, or ``airflow.cfg`` cannot be read.
    """
    text, expanded = _texts(os.environ if env is None else env)

    def path(name: str) -> Path:
        return Path(text(name)).expanduser()

    def number(name: str) -> int:
        try:
            value = int(text(name))
        except ValueError:
            value = 0
        if value <= 0:
            message = f"[{SECTION}] {name} = {text(name)!r}: write a whole number above 0"
            raise SettingsError(message)
        return value

    def choice(name: str, allowed: tuple[str, ...]) -> str:
        value = text(name).strip().lower()
        if value not in allowed:
            message = f"[{SECTION}] {name} = {value!r}: write one of {', '.join(allowed)}"
            raise SettingsError(message)
        return value

    return Settings(
        store_url=text("store_url"),
        catalog=tuple(
            Path(item.strip()).expanduser() for item in text("catalog").split(",") if item.strip()
        ),
        policy=path("policy"),
        expectations=path("expectations"),
        state_dir=path("state_dir"),
        attach_budget_ms=number("attach_budget_ms"),
        append_budget_ms=number("append_budget_ms"),
        decision_max_age_s=number("decision_max_age_s"),
        settle_wait_s=number("settle_wait_s"),
        gate_timeout_s=number("gate_timeout_s"),
        environment=text("environment").strip(),
        capture=choice("capture", ("on", "off")) == "on",
        capture_exclude=tuple(filter(None, map(str.strip, text("capture_exclude").split(",")))),
        capture_folder_files=number("capture_folder_files"),
        marquez_url=text("marquez_url"),
        license_through_train=choice("license_through_train", ("yes", "review", "no")),
        # Airflow writes defaults into the `airflow.cfg` that it generates: nobody asked for those.
        explicit=frozenset(n for n, value in DEFAULTS.items() if text(n) != expanded(value)),
    )


def load_policy_path(env: Mapping[str, str] | None = None) -> tuple[Path, bool]:
    """Return the policy file and whether somebody named it, whatever the other settings are.

    Raises:
        SettingsError: ``airflow.cfg`` cannot be read.
    """
    text, expanded = _texts(os.environ if env is None else env)
    found = text("policy")
    return Path(found).expanduser(), found != expanded(DEFAULTS["policy"])


def _texts(env: Mapping[str, str]) -> tuple[Callable[[str], str], Callable[[str], str]]:
    """Return what reads a setting, and what fills in the paths of a value."""
    home = airflow_home(env)
    written = _section(airflow_cfg(env))

    def expanded(value: str) -> str:
        return os.path.expandvars(
            value.replace("{home}", str(home)).replace("{AIRFLOW_HOME}", str(home))
        )

    def text(name: str) -> str:
        found = env.get(f"AIRFLOW__{SECTION.upper()}__{name.upper()}") or written.get(name)
        return expanded(found or DEFAULTS[name])

    return text, expanded


def airflow_home(env: Mapping[str, str]) -> Path:
    """Return the folder that Airflow would take as its home."""
    return Path(env.get("AIRFLOW_HOME") or "~/airflow").expanduser()


def airflow_cfg(env: Mapping[str, str]) -> Path:
    """Return the configuration file that Airflow would read."""
    return Path(env.get("AIRFLOW_CONFIG") or airflow_home(env) / "airflow.cfg").expanduser()


def _section(cfg: Path) -> Mapping[str, str]:
    try:
        found = cfg.stat()
    except OSError:
        return {}
    return _read(cfg, (found.st_mtime_ns, found.st_size, found.st_ino))


@lru_cache(maxsize=4)
def _read(cfg: Path, stamp: tuple[int, int, int]) -> Mapping[str, str]:
    """Read our section, once for each state of the file: Airflow writes thousands of lines."""
    del stamp
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read(cfg, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError) as error:
        message = f"{cfg} cannot be read: {error}"
        raise SettingsError(message) from error
    return dict(parser.items(SECTION)) if parser.has_section(SECTION) else {}
