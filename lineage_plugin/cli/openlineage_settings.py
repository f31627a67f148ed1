"""How the section ``[openlineage]`` becomes ours, around the transport that the user has.  Pure.

The OpenLineage provider looks for a transport in this order and stops at the first (its
``plugins/adapter.py``): ``config_conn_id``, ``config_path``, ``transport``, then whatever the
OpenLineage client finds in its own variables and files.  Each of the three may come from a variable
``AIRFLOW__OPENLINEAGE__*``, which beats ``airflow.cfg``.  Ours is written to ``transport``, with
what was in force inside, so the two keys before it are cleared.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lineage_plugin.cli import airflow_cfg
from lineage_plugin.cli.masking import MASK, holds_secrets, masked
from lineage_plugin.errors import SettingsError
from lineage_plugin.model import Problem

SECTION = "openlineage"

#: Our transport and our run facets, as the provider imports them.
TRANSPORT = "lineage_plugin.airflow.transport.AirflowProvenanceTransport"
RUN_FACETS = "lineage_plugin.airflow.run_facets.declared"

#: Emission stays on whatever a DAG's author says: what is not recorded cannot be judged.
LOCK: dict[str, Any] = {
    "scope": {},
    "controls": {"emit": True, "extract_operator_metadata": True, "hook_lineage": True},
    "locked": True,
}

#: One short try: by default a dead server costs each task event nine seconds.
SHORT_BUDGET: dict[str, Any] = {
    "timeout": 2,
    "retry": {"total": 1, "connect": 1, "read": 0, "backoff_factor": 0.1},
}

_TRUE = frozenset({"true", "t", "1"})


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one setting; ``now`` may be shown to anybody."""

    key: str
    action: str
    now: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The text that ``airflow.cfg`` gets and what there is to say about it."""

    text: str
    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What decides besides ``airflow.cfg``.

    ``load_yaml`` returns what a configuration file of OpenLineage holds, ``None`` if it cannot be
    read; ``openlineage_yml`` is the file that the client finds by itself, if there is one.
    """

    cfg: str
    env: Mapping[str, str]
    load_yaml: Callable[[str], Any]
    openlineage_yml: str = ""


@dataclass(frozen=True, slots=True)
class _View:
    """Settings as Airflow sees them."""

    text: str
    around: Surroundings

    def get(self, key: str) -> str:
        """Return a setting, empty if nobody set it."""
        found = self.around.env.get(variable(key))
        if found is None:
            found = airflow_cfg.values(self.text, SECTION, self.around.cfg).get(key, "")
        return airflow_cfg.expand(found, self.around.env)

    def is_true(self, key: str) -> bool:
        """Whether a setting is on, as Airflow reads it."""
        return self.get(key).partition("#")[0].strip().lower() in _TRUE

    def is_set_outside(self, key: str) -> bool:
        """Whether the environment decides a setting, so that ``airflow.cfg`` does not."""
        return variable(key) in self.around.env

    def json(self, key: str, kind: type, what: str) -> Any:
        """Return a setting that is JSON; empty if nobody set it.

        Raises:
            SettingsError: It is not what the provider expects.
        """
        try:
            found = json.loads(self.get(key) or "null")
        except ValueError:
            found = MASK
        if found is None:
            return kind()
        if isinstance(found, kind):
            return found
        where = variable(key) if self.is_set_outside(key) else f"[{SECTION}] {key}"
        raise SettingsError(f"{where} is not a JSON {what}: the OpenLineage provider ignores it")


def variable(key: str) -> str:
    """Return the environment variable that beats ``airflow.cfg``."""
    return f"AIRFLOW__{SECTION.upper()}__{key.upper()}"


def plan(text: str, around: Surroundings, *, marquez_url: str = "") -> Plan:
    """Work out what ``airflow.cfg`` has to say for our transport to see every event.

    Raises:
        SettingsError: ``airflow.cfg`` cannot be read or changed.
    """
    done = Plan(text)
    steps: tuple[Callable[[_View], Plan], ...] = (
        lambda view: _transport(view, marquez_url),
        _emission_policy,
        _run_facets,
        _disabled,
    )
    for step in steps:
        found = step(_View(done.text, around))
        done = Plan(
            found.text,
            done.changes + found.changes,
            done.problems + found.problems,
            done.warnings + found.warnings,
        )
    return done


def _transport(view: _View, marquez_url: str) -> Plan:
    try:
        inline = view.json("transport", dict, "object")
    except SettingsError as error:
        return _unreadable(view, "transport", error)
    conn, path = view.get("config_conn_id"), view.get("config_path")
    shadowed = _shadowed(inline, "config_conn_id" if conn else "config_path")
    if conn:
        return _wrapped(view, "config_conn_id", marquez_url, shadowed)
    if path:
        return _wrapped_file(view, path, marquez_url, shadowed)
    if inline:
        found = _ours_already if names_ours(inline) else _wrapped_inline
        return found(view, inline, marquez_url)
    if reason := _client_finds(view.around):
        raw = _config({"wraps": {"environment": True}})
        why = f"around what the OpenLineage client finds: {reason}"
        return _put(view, raw, why, _async_in_environment(view), marquez_url)
    inner = (
        {"type": "http", "url": marquez_url, **SHORT_BUDGET} if marquez_url else {"type": "noop"}
    )
    config: dict[str, Any] = {"transport": inner}
    if marquez_url:
        config["settings"] = {"marquez_url": marquez_url}
    return _put(view, _config(config), "no transport was configured")


def names_ours(config: Any) -> bool:
    """Whether a transport's configuration is ours or has ours somewhere inside."""
    if isinstance(config, list):
        return any(names_ours(item) for item in config)
    if not isinstance(config, dict):
        return False
    kind = str(config.get("type", ""))
    # Also without Airflow's connections, and by its short name.
    if kind.startswith("lineage_plugin.") and kind.endswith("ProvenanceTransport"):
        return True
    return any(names_ours(item) for item in config.values())


def _shadowed(inline: dict[str, Any], by: str) -> tuple[str, ...]:
    if not inline or names_ours(inline):
        return ()
    said = f"[{SECTION}] transport was not in force, because {by} beats it; "
    return (said + "what it said is only in the backup now",)


def _config(rest: dict[str, Any]) -> str:
    return airflow_cfg.escape(json.dumps({"type": TRANSPORT, **rest}))


def _wrapped(view: _View, key: str, marquez_url: str, warnings: tuple[str, ...] = ()) -> Plan:
    """Wrap what *key* points to, without looking inside."""
    outside = view.around.env.get(variable(key))
    raw = airflow_cfg.raw_value(view.text, SECTION, key) if outside is None else None
    found = airflow_cfg.escape(outside or "") if raw is None else raw
    # Airflow expands a tilde only where a value begins, and variables everywhere.
    pointer = json.dumps(f"$HOME{found[1:]}" if found.startswith("~/") else found)
    config = f'{{"type": "{TRANSPORT}", "wraps": {{"{key}": {pointer}}}}}'
    return _put(view, config, f"around [{SECTION}] {key}", warnings, marquez_url)


def _wrapped_file(view: _View, path: str, marquez_url: str, warnings: tuple[str, ...]) -> Plan:
    found = view.around.load_yaml(path)
    transport = found.get("transport") if isinstance(found, dict) else None
    if names_ours(transport):
        return _kept(view, masked(transport), f"set in {path}", marquez_url)
    warnings += _async_warning(view, transport)
    if not isinstance(found, dict):
        warnings += (f"{path} cannot be read here; OpenLineage needs it to send events on",)
    return _wrapped(view, "config_path", marquez_url, warnings)


def _wrapped_inline(view: _View, inline: dict[str, Any], marquez_url: str) -> Plan:
    warnings = _async_warning(view, inline)
    why = f"around the transport of type {masked(inline).get('type', MASK)!r} that was there"
    if not view.is_set_outside("transport"):
        raw = airflow_cfg.raw_value(view.text, SECTION, "transport") or "{}"
        config = f'{{"type": "{TRANSPORT}", "transport": {raw}}}'
        return _put(view, config, why, warnings, marquez_url)
    if not holds_secrets(inline):
        return _put(view, _config({"transport": inline}), why, warnings, marquez_url)
    name = variable("transport")
    problem = Problem(
        f"{name} decides the transport and holds what must not be copied into airflow.cfg",
        hint=f'where it is set, put around its value: {{"type": "{TRANSPORT}", "transport": ...}}',
    )
    change = Change("transport", "problem", _shown(inline), f"set by {name}")
    return Plan(view.text, (change,), (problem,), warnings)


def _ours_already(view: _View, inline: dict[str, Any], marquez_url: str) -> Plan:
    inner = inline.get("transport")
    warnings = _async_warning(view, inline)
    if marquez_url and inner == {"type": "noop"} and not view.is_set_outside("transport"):
        config = _config({"transport": {"type": "http", "url": marquez_url, **SHORT_BUDGET}})
        return _put(view, config, "Marquez was added")
    same = isinstance(inner, dict) and inner.get("url") == marquez_url
    kept = _kept(view, masked(inline), "in force already", "" if same else marquez_url)
    return replace(kept, warnings=kept.warnings + warnings)


def _kept(view: _View, config: Any, why: str, marquez_url: str) -> Plan:
    change = Change("transport", "kept", _shown(config), why)
    return Plan(view.text, (change,), _unused_url(marquez_url))


def _put(
    view: _View,
    raw: str,
    why: str,
    warnings: tuple[str, ...] = (),
    unused_url: str = "",
) -> Plan:
    """Write our transport, clear what would beat it, and name the variables that still do."""
    was = airflow_cfg.raw_value(view.text, SECTION, "transport") or ""
    text, changes = view.text, []
    if was.split() != raw.split():
        text = airflow_cfg.with_value(text, SECTION, "transport", raw)
    action = "kept" if text == view.text else "changed" if was else "written"
    changes.append(Change("transport", action, _shown_transport(text, view), why))
    for key in ("config_conn_id", "config_path"):
        if airflow_cfg.raw_value(text, SECTION, key):
            text = airflow_cfg.with_value(text, SECTION, key, "")
            changes.append(Change(key, "cleared", "", "it would beat transport"))
    problems = _unused_url(unused_url) + _beaten_by(_View(text, view.around))
    return Plan(text, tuple(changes), problems, warnings)


def _unused_url(url: str) -> tuple[Problem, ...]:
    if not url:
        return ()
    hint = "add it there: a composite transport sends to several"
    return (Problem("--marquez-url was not used, because a transport is configured", hint=hint),)


def _beaten_by(view: _View) -> tuple[Problem, ...]:
    """Name the variables that keep our transport from being in force."""
    names = [key for key in ("config_conn_id", "config_path") if view.get(key)]
    if view.is_set_outside("transport") and not names_ours(_json_or_none(view.get("transport"))):
        names.append("transport")
    return tuple(
        Problem(
            f"{variable(name)} is set and beats airflow.cfg, so our transport is not in force yet",
            hint="remove it where Airflow's processes get it; airflow.cfg says what is needed",
        )
        for name in names
    )


def _client_finds(around: Surroundings) -> str:
    """Say where the OpenLineage client itself would find a transport; empty if nowhere."""
    for name in ("OPENLINEAGE_CONFIG", "OPENLINEAGE_URL"):
        if around.env.get(name):
            return name
    dynamic = sorted(
        n for n, v in around.env.items() if n.startswith("OPENLINEAGE__TRANSPORT") and v
    )
    return dynamic[0] if dynamic else around.openlineage_yml


def _async_in_environment(view: _View) -> tuple[str, ...]:
    env, found = view.around.env, []
    path = env.get("OPENLINEAGE_CONFIG") or view.around.openlineage_yml
    if path:
        found.append(view.around.load_yaml(path))
    for name, value in env.items():
        if name.startswith("OPENLINEAGE__TRANSPORT"):
            found.append({"type": value} if name.endswith("__TYPE") else _json_or_none(value))
    return _async_warning(view, found)


def _json_or_none(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _async_warning(view: _View, config: Any) -> tuple[str, ...]:
    if not _uses_async(config) or view.is_true("execute_in_thread"):
        return ()
    advice = json.dumps({"type": "http", "url": "...", **SHORT_BUDGET})
    said = "the transport inside is async_http: Airflow sends task events from a forked process "
    return (said + f"that ends before they leave, so each of them is lost; use {advice}",)


def _uses_async(config: Any) -> bool:
    if isinstance(config, list):
        return any(_uses_async(item) for item in config)
    if not isinstance(config, dict):
        return False
    return config.get("type") == "async_http" or any(_uses_async(item) for item in config.values())


def _shown(config: Any) -> str:
    return json.dumps(masked(config))


def _shown_transport(text: str, view: _View) -> str:
    written = airflow_cfg.values(text, SECTION, view.around.cfg).get("transport", "")
    return _shown(_json_or_none(airflow_cfg.expand(written, view.around.env)))


def _unreadable(view: _View, key: str, error: SettingsError) -> Plan:
    problem = Problem(str(error), hint="correct it and run this again")
    return Plan(view.text, (Change(key, "problem", MASK, "not readable"),), (problem,))


def _emission_policy(view: _View) -> Plan:
    key = "emission_policy"
    try:
        rules = view.json(key, list, "list")
    except SettingsError as error:
        return _unreadable(view, key, error)
    warnings = tuple(_weaker(view, rules))
    if _is_locked(rules):
        change = Change(key, "kept", json.dumps(rules), "emission is locked on")
        return Plan(view.text, (change,), warnings=warnings)
    written = json.dumps([*rules, LOCK])
    if view.is_set_outside(key):
        return _outside(view, key, written)
    # Interpolated and not expanded: a variable in the user's own rules stays one.
    own = _json_or_none(airflow_cfg.values(view.text, SECTION, view.around.cfg).get(key, ""))
    rules = own if isinstance(own, list) else []
    text = airflow_cfg.with_value(
        view.text, SECTION, key, airflow_cfg.escape(json.dumps([*rules, LOCK]))
    )
    why = "no author of a DAG can switch emission off"
    change = Change(key, "changed" if rules else "written", written, why)
    return Plan(text, (change,), warnings=warnings)


def _is_locked(rules: list[Any]) -> bool:
    """Whether our rule is there and no rule after it takes back what it says."""
    if LOCK not in rules:
        return False
    after = rules[len(rules) - rules[::-1].index(LOCK) :]
    return not any(_is_global(rule) and _switches_off(rule) for rule in after)


def _is_global(rule: Any) -> bool:
    return isinstance(rule, dict) and not rule.get("scope")


def _switches_off(rule: Any) -> bool:
    controls = rule.get("controls") if isinstance(rule, dict) else None
    if not isinstance(controls, dict):
        return False
    names = {*LOCK["controls"], "emit_task_events", "emit_dag_events"}
    return any(controls.get(name) is False for name in names)


def _weaker(view: _View, rules: list[Any]) -> list[str]:
    """Name what still switches emission off for some: narrower rules win over ours."""
    found = [
        f"[{SECTION}] emission_policy switches emission off for {json.dumps(rule.get('scope'))}: "
        "what those tasks read and write is not recorded, and gates downstream stay undecided"
        for rule in rules
        if _switches_off(rule) and not _is_global(rule)
    ]
    if operators := view.get("disabled_for_operators").strip():
        found.append(
            f"[{SECTION}] disabled_for_operators switches emission off for {operators}: gates "
            "downstream of them stay undecided"
        )
    if view.is_true("selective_enable"):
        found.append(
            f"[{SECTION}] selective_enable has no effect any more: emission is on for every task; "
            "remove it"
        )
    return found


def _run_facets(view: _View) -> Plan:
    key = "custom_run_facets"
    present = [name.strip() for name in view.get(key).split(";") if name.strip()]
    if RUN_FACETS in present:
        return Plan(view.text, (Change(key, "kept", ";".join(present)),))
    written = ";".join([*present, RUN_FACETS])
    if view.is_set_outside(key):
        return _outside(view, key, written)
    raw = (airflow_cfg.raw_value(view.text, SECTION, key) or "").rstrip(" ;")
    joined = f"{raw};{RUN_FACETS}" if raw else RUN_FACETS
    text = airflow_cfg.with_value(view.text, SECTION, key, joined)
    return Plan(text, (Change(key, "changed" if raw else "written", written),))


def _outside(view: _View, key: str, wanted: str) -> Plan:
    name = variable(key)
    problem = Problem(
        f"{name} beats airflow.cfg and lacks what is needed",
        hint=f"where it is set, make it: {wanted}",
    )
    return Plan(view.text, (Change(key, "problem", wanted, f"set by {name}"),), (problem,))


def _disabled(view: _View) -> Plan:
    found = []
    if view.is_true("disabled"):
        outside = view.is_set_outside("disabled")
        found.append(variable("disabled") if outside else f"[{SECTION}] disabled in airflow.cfg")
    if view.around.env.get("OPENLINEAGE_DISABLED", "").strip().lower() in _TRUE:
        found.append("OPENLINEAGE_DISABLED")
    return Plan(
        view.text,
        tuple(Change("disabled", "problem", "True", where) for where in found),
        tuple(
            Problem(f"{where} switches OpenLineage off, so nothing is recorded", hint="remove it")
            for where in found
        ),
    )
