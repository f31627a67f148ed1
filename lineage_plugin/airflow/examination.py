"""What only Airflow itself can tell the doctor, as JSON: ``python -m`` this module.

In a process of its own, because importing Airflow takes seconds and starts what the command has no
need of.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

#: One finding: what, state, how, mend; :class:`lineage_plugin.checks.doctor.Examined` as JSON.
Finding = Mapping[str, str]

_OUR_POLICY = "lineage_plugin.airflow.policy_hook"


def examine() -> Iterator[Finding]:
    """Look at what this Airflow has loaded, and at settings that only it can read."""
    for what, test in _TESTS.items():
        try:
            yield from test()
        except Exception as error:  # noqa: BLE001 - the others still have their say
            yield _found(what, "warning", f"cannot be told: {type(error).__name__}: {error}")


def _found(what: str, state: str, how: str, mend: str = "") -> Finding:
    return {"what": what, "state": state, "how": how, "mend": mend}


def _plugin() -> Iterator[Finding]:
    from airflow import plugins_manager

    plugins, errors = plugins_manager._get_plugins()  # noqa: SLF001 - no other door
    if any(plugin.name == "lineage_plugin" for plugin in plugins):
        yield _found("plugin", "ok", "Airflow has loaded it")
    else:
        broken = next((e for name, e in errors.items() if "lineage_plugin" in name), "")
        how = f"Airflow has not loaded it{f': {broken}' if broken else ''}"
        yield _found("plugin", "fault", how, "pip install lineage-plugin where Airflow runs")


def _policy() -> Iterator[Finding]:
    from airflow import settings

    plugins = settings.get_policy_plugin_manager().get_plugins()
    loaded = {getattr(plugin, "__name__", "") for plugin in plugins}
    if os.environ.get("_AIRFLOW__AS_LIBRARY"):
        mend = "leave _AIRFLOW__AS_LIBRARY unset where tasks run"
        yield _found("policy hook", "fault", "Airflow runs as a library, without policies", mend)
    elif _OUR_POLICY in loaded:
        yield _found("policy hook", "ok", "rules of policy.yaml are applied to every task")
    else:
        mend = "pip install lineage-plugin again: its entry point airflow.policy is missing"
        yield _found(
            "policy hook", "fault", "Airflow does not apply the rules of policy.yaml", mend
        )


def _provider() -> Iterator[Finding]:
    from airflow.providers.openlineage import conf

    if conf.is_disabled():
        mend = "lineage-plugin init; and leave OPENLINEAGE_DISABLED unset"
        yield _found("OpenLineage", "fault", "its provider sends no events", mend)
    else:
        yield _found("OpenLineage", "ok", "its provider sends events")
    if conf.execution_timeout() < 2:  # noqa: PLR2004 - seconds; a slow disk takes one
        mend = "[openlineage] execution_timeout = 10"
        how = "events are given up after less than 2 s"
        yield _found("OpenLineage", "warning", how, mend)


def _spark() -> Iterator[Finding]:
    from airflow.configuration import conf

    names = ("spark_inject_transport_info", "spark_inject_parent_job_info")
    on = [name for name in names if conf.getboolean("openlineage", name, fallback=False)]
    if names[0] in on:
        how = (
            "[openlineage] spark_inject_transport_info does nothing for a transport that is not "
            "http: what Spark itself reads and writes will not reach the record"
        )
        mend = "give Spark's OpenLineage listener a transport of its own"
        yield _found("Spark", "warning", how, mend)
    else:
        yield _found("Spark", "ok", "nothing is injected that our transport would keep out")


def _converters() -> Iterator[Finding]:
    from airflow.providers_manager import ProvidersManager

    from lineage_plugin.airflow.provider import get_provider_info

    rows = get_provider_info().get("asset-uris", ())
    wanted = {scheme for row in rows for scheme in row["schemes"]}
    manager: Any = ProvidersManager()  # type: ignore[no-untyped-call]
    known = manager.asset_to_openlineage_converters
    missing = sorted(wanted - set(known))
    if missing:
        how = f"Assets of these schemes have no name in events: {', '.join(missing)}"
        yield _found("converters", "warning", how, "upgrade lineage-plugin beside this Airflow")
    else:
        yield _found("converters", "ok", f"Assets of {len(known)} schemes have a name in events")


_TESTS: Mapping[str, Callable[[], Iterator[Finding]]] = {
    "plugin": _plugin,
    "policy hook": _policy,
    "OpenLineage": _provider,
    "Spark": _spark,
    "converters": _converters,
}


def main() -> None:
    """Print the findings as one line of JSON, after whatever Airflow had to say."""
    found = list(examine())
    sys.stdout.write(f"\n{json.dumps(found)}\n")


if __name__ == "__main__":
    main()
