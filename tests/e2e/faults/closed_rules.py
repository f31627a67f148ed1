"""What can be wrong with suites, Great Expectations, catalog, policy and settings."""

from __future__ import annotations

import importlib.abc
import itertools
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.e2e.faults.house import DIES, House, obey_modes, table
from tests.support.gatehouse import CLEAN, RULE, roots

#: The type of an expectation that somebody wrote themselves, and that goes wrong.
NAME, TYPE = "ExpectColumnValuesToMisbehave", "expect_column_values_to_misbehave"

RULES: dict[str, Any] = {
    "type": TYPE,
    "kwargs": {"column": "license_verdict", "value_set": ["permitted", "inherited"]},
    "meta": {"rule": "house.rule"},
}


def misbehave(act: Callable[[], Any], severity: str = "critical") -> Callable[[House], None]:
    """Bind a suite with an expectation of the administrator's own, which does *act*."""

    def arrange(house: House) -> None:
        import great_expectations.expectations as gxe

        of: Any = gxe

        def _validate(self: Any, *_: Any, **__: Any) -> Any:
            return act()

        # Being made is being registered.
        made: Any = type(NAME, (of.ExpectColumnValuesToBeInSet,), {"_validate": _validate})
        assert made.expectation_type == TYPE
        house.suite(RULE, {**RULES, "severity": severity})

    return arrange


def _raise(error: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


def _sleep() -> None:
    time.sleep(3_600)


def _spin() -> None:
    all(itertools.repeat(1))  # in C, without a look at anything else


def hanging(act: Callable[[], Any]) -> Callable[[House], None]:
    """The same, with little patience."""

    def arrange(house: House) -> None:
        house.set("gate_timeout_s", 2)
        misbehave(act)(house)

    return arrange


def _terminated() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(30)


def _empty(house: House) -> None:
    house.suite()


def _missing(house: House) -> None:
    house.binds("ours")


def _malformed(house: House) -> None:
    house.suite_text('{"name": "ours", "expectations": [')


def _unknown(house: House) -> None:
    house.suite({**RULE, "type": "expect_column_values_to_be_in_sett"})


def _named_otherwise(house: House) -> None:
    house.suite_text(json.dumps({"name": "theirs", "expectations": [RULE]}))


def _unreadable_suite(house: House) -> None:
    house.suite(RULE)
    (house.home / "expectations" / "ours.json").chmod(0o000)
    obey_modes()


def _no_row_matches(house: House) -> None:
    nobody = {"type": "comparison", "operator": "==", "column": {"name": "role"}}
    condition = {**nobody, "parameter": "nobody"}
    house.suite({**RULE, "kwargs": {**RULE["kwargs"], "row_condition": condition}})


class _Blocked(importlib.abc.MetaPathFinder):
    """Finds no Great Expectations, as where it is not installed."""

    def find_spec(self, name: str, *_: Any) -> None:
        if name.partition(".")[0] == "great_expectations":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _not_installed(_: House) -> None:
    for name in [n for n in sys.modules if n.partition(".")[0] == "great_expectations"]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Blocked())


def _broken_installation(_: House) -> None:
    """Part of it is missing: another library that it needs."""
    for name in [n for n in sys.modules if n.partition(".")[0] == "great_expectations"]:
        del sys.modules[name]

    class Broken(importlib.abc.MetaPathFinder):
        def find_spec(self, name: str, *_: Any) -> None:
            if name.startswith("great_expectations.core"):
                raise ImportError("libhalf.so.1: cannot open shared object file")

    sys.meta_path.insert(0, Broken())


def _catalog_malformed(house: House) -> None:
    house.catalog.write_text("version: 1\ndatasets: [what")


def _catalog_unreadable(house: House) -> None:
    house.catalog.chmod(0o000)
    obey_modes()


def _catalog_missing(house: House) -> None:
    house.set("catalog", house.home / "declared.yaml")


def _catalog_changed(house: House) -> None:
    """What was fine when the run began is withdrawn before its last task."""
    worse = roots(maps=CLEAN.replace("CC-BY-4.0", "CC-BY-NC-4.0"))
    house.meanwhile(lambda: house.gates.catalog(worse))


def _policy_malformed(house: House) -> None:
    house.policy.write_text("version: 1\npurposes: {model-training: [")


def _policy_missing(house: House) -> None:
    house.set("policy", house.home / "rules.yaml")


def _unbound(house: House) -> None:
    house.policy.write_text("version: 1\npurposes:\n  model-training: []\n")


def _no_number(house: House) -> None:
    house.set("append_budget_ms", "soon")


def _cfg_malformed(house: House) -> None:
    (house.home / "airflow.cfg").write_text("[lineage_plugin\nstore_url\n")


def _says_nothing() -> dict[str, Any]:
    return {"success": True, "result": {}}


def _all_null() -> dict[str, Any]:
    return {"success": True, "result": {"element_count": 2, "missing_count": 2}}


def _no_rows() -> dict[str, Any]:
    return {"success": True, "result": {"element_count": 0}}


SUITE = table(
    "suite",
    ("suite-missing", "The suite is missing", "suite.invalid", _missing),
    ("suite-empty", "The suite has no expectation", "suite.invalid", _empty),
    ("suite-malformed", "The suite is no JSON", "suite.invalid", _malformed),
    ("suite-unknown", "It names an unknown expectation", "suite.not-evaluated", _unknown),
    ("suite-named-otherwise", "It has another name", "suite.invalid", _named_otherwise),
    ("suite-unreadable", "It may not be read", "suite.invalid", _unreadable_suite),
    (
        "suite-no-row-matches",
        "Its condition matches no row",
        "suite.not-evaluated",
        _no_row_matches,
    ),
    (
        "suite-silent",
        "An expectation succeeds without saying what it saw",
        "suite.not-evaluated",
        misbehave(_says_nothing),
    ),
    (
        "suite-no-rows",
        "An expectation succeeds and saw no row",
        "suite.not-evaluated",
        misbehave(_no_rows),
    ),
    (
        "suite-all-null",
        "An expectation succeeds because all cells are empty",
        "suite.not-evaluated",
        misbehave(_all_null),
    ),
    (
        "suite-raises",
        "An expectation raises",
        "suite.error",
        misbehave(_raise(ZeroDivisionError("by zero"))),
    ),
    (
        "suite-warning-raises",
        "An expectation that only warns raises",
        "suite.error",
        misbehave(_raise(ZeroDivisionError("by zero")), "warning"),
    ),
    (
        "suite-exits",
        "An expectation calls `sys.exit()`",
        "gate.error",
        misbehave(_raise(SystemExit(0))),
    ),
    (
        "suite-interrupts",
        "Somebody presses Ctrl-C while a suite runs",
        "gate.interrupted",
        misbehave(_raise(KeyboardInterrupt())),
    ),
    (
        "gate-terminated",
        "The task is told to end (SIGTERM) while a suite runs",
        "gate.interrupted",
        misbehave(_terminated),
    ),
    ("suite-hangs", "An expectation never ends", "gate.timeout", hanging(_sleep)),
    (
        "gx-not-installed",
        "Great Expectations is not installed",
        "gate.not-installed",
        _not_installed,
    ),
    ("gx-broken", "Great Expectations is half installed", "suite.error", _broken_installation),
    (
        "suite-hangs-in-c",
        "An expectation never ends, in C and without letting go of the interpreter",
        "Timeout",
        hanging(_spin),
        "judged",
        DIES,
    ),
)

RULE_FILES = table(
    "rules",
    ("catalog-malformed", "The catalog is no YAML", "catalog.invalid", _catalog_malformed),
    ("catalog-unreadable", "It may not be read", "catalog.invalid", _catalog_unreadable),
    ("catalog-missing", "It was named and is missing", "catalog.invalid", _catalog_missing),
    (
        "catalog-changed",
        "It changes while the run is under way",
        "license.non-commercial",
        _catalog_changed,
        "chained",
    ),
    ("policy-malformed", "The policy is no YAML", "policy.invalid", _policy_malformed),
    ("policy-missing", "It was named and is missing", "policy.invalid", _policy_missing),
    (
        "purpose-unknown",
        "Nobody knows the purpose that the task names",
        "policy.invalid",
        lambda house: None,
        "aimless",
    ),
    ("purpose-unbound", "No suite is bound to the purpose", "policy.invalid", _unbound),
    ("setting-no-number", "A setting is no number", "settings.invalid", _no_number),
    (
        "gates-unknown",
        "Whether a task must pass a gate cannot be told: `airflow.cfg` cannot be read",
        "settings.invalid",
        _cfg_malformed,
        "ungated",
    ),
    ("settings-malformed", "`airflow.cfg` cannot be read", "settings.invalid", _cfg_malformed),
)

FAULTS = SUITE + RULE_FILES
