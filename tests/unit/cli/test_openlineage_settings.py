"""Wherever the user's transport is configured, ours is put around it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from lineage_plugin.cli import airflow_cfg
from lineage_plugin.cli.openlineage_settings import (
    LOCK,
    RUN_FACETS,
    SHORT_BUDGET,
    TRANSPORT,
    Plan,
    Surroundings,
    plan,
)
from lineage_plugin.errors import SettingsError

HTTP = {
    "type": "http",
    "url": "http://marquez:5000",
    "auth": {"type": "api_key", "apiKey": "s3cr3t"},
}
PREFIX = "AIRFLOW__OPENLINEAGE__"


def section(**options: str) -> str:
    return "[openlineage]\n" + "".join(f"{key} = {value}\n" for key, value in options.items())


def planned(
    text: str = "",
    env: Mapping[str, str] | None = None,
    *,
    files: Mapping[str, Any] | None = None,
    found: str = "",
    marquez_url: str = "",
) -> Plan:
    around = Surroundings("airflow.cfg", env or {}, (files or {}).get, found)
    return plan(text, around, marquez_url=marquez_url)


def written(made: Plan, key: str = "transport") -> Any:
    value = airflow_cfg.values(made.text, "openlineage", "airflow.cfg")[key]
    return json.loads(value) if value.startswith(("{", "[")) else value


def everything_shown(made: Plan) -> str:
    return repr((made.changes, made.problems, made.warnings))


def action(made: Plan, key: str) -> str:
    return next(change.action for change in made.changes if change.key == key)


def test_without_a_transport_events_stay_in_the_record() -> None:
    made = planned()

    assert written(made) == {"type": TRANSPORT, "transport": {"type": "noop"}}
    assert made.problems == ()


def test_marquez_gets_a_short_budget() -> None:
    made = planned(marquez_url="http://marquez:5000")

    inner = {"type": "http", "url": "http://marquez:5000", **SHORT_BUDGET}
    tags = {"marquez_url": "http://marquez:5000"}
    assert written(made) == {"type": TRANSPORT, "transport": inner, "settings": tags}


def test_marquez_can_be_added_later() -> None:
    first = planned()
    made = planned(first.text, marquez_url="http://marquez:5000")

    assert written(made)["transport"]["url"] == "http://marquez:5000"
    assert planned(made.text, marquez_url="http://marquez:5000").problems == ()


def test_marquez_is_not_put_in_the_place_of_another_transport() -> None:
    made = planned(section(transport=json.dumps(HTTP)), marquez_url="http://other:5000")

    assert written(made)["transport"] == HTTP
    assert "--marquez-url was not used" in made.problems[0].message


def test_an_inline_transport_goes_inside() -> None:
    made = planned(section(transport=json.dumps(HTTP)))

    assert written(made) == {"type": TRANSPORT, "transport": HTTP}
    assert "s3cr3t" not in everything_shown(made)


def test_variables_and_percent_signs_of_an_inline_transport_stay_as_they_are() -> None:
    inner = '{"type": "http", "url": "$MARQUEZ", "custom_headers": {"x": "100%%"}}'
    made = planned(section(transport=inner), {"MARQUEZ": "http://marquez:5000"})

    assert inner in made.text
    assert written(made)["transport"]["url"] == "$MARQUEZ"
    assert written(made)["transport"]["custom_headers"] == {"x": "100%"}


def test_a_transport_that_is_a_variable_as_a_whole_goes_inside() -> None:
    made = planned(section(transport="$OL"), {"OL": json.dumps(HTTP)})

    assert f'{{"type": "{TRANSPORT}", "transport": $OL}}' in made.text
    assert "s3cr3t" not in made.text


def test_a_transport_over_several_lines_goes_inside() -> None:
    made = planned(section(transport='{\n  "type": "console"\n  }'))

    assert written(made) == {"type": TRANSPORT, "transport": {"type": "console"}}


def test_a_config_path_is_pointed_to_and_cleared() -> None:
    made = planned(section(config_path="/etc/ol.yml", transport="{}"), files={"/etc/ol.yml": {}})

    assert written(made) == {"type": TRANSPORT, "wraps": {"config_path": "/etc/ol.yml"}}
    assert written(made, "config_path") == ""
    assert action(made, "config_path") == "cleared"


def test_a_path_in_the_home_folder_still_leads_there() -> None:
    made = planned(section(config_path="~/ol%%20.yml"))

    assert written(made)["wraps"] == {"config_path": "$HOME/ol%20.yml"}


def test_a_connection_is_pointed_to_and_beats_the_path() -> None:
    made = planned(section(config_conn_id="ol", config_path="/etc/ol.yml"))

    assert written(made) == {"type": TRANSPORT, "wraps": {"config_conn_id": "ol"}}
    assert written(made, "config_conn_id") == written(made, "config_path") == ""


def test_a_transport_that_was_not_in_force_is_not_revived() -> None:
    made = planned(section(config_conn_id="ol", transport=json.dumps(HTTP)))

    assert written(made)["wraps"] == {"config_conn_id": "ol"}
    assert "was not in force" in made.warnings[0]


@pytest.mark.parametrize(
    "env",
    [
        {"OPENLINEAGE_URL": "http://marquez:5000", "OPENLINEAGE_API_KEY": "s3cr3t"},
        {"OPENLINEAGE_CONFIG": "/etc/ol.yml"},
        {"OPENLINEAGE__TRANSPORT": '{"type": "http", "auth": "s3cr3t"}'},
        {"OPENLINEAGE__TRANSPORT__TYPE": "console"},
    ],
    ids=["url", "config", "transport", "dynamic"],
)
def test_what_the_client_finds_in_the_environment_is_left_to_it(env: dict[str, str]) -> None:
    made = planned(env=env)

    assert written(made) == {"type": TRANSPORT, "wraps": {"environment": True}}
    assert made.problems == ()
    assert "s3cr3t" not in everything_shown(made) + made.text


def test_a_file_that_the_client_finds_by_itself_is_left_to_it() -> None:
    made = planned(found="/home/me/.openlineage/openlineage.yml")

    assert written(made) == {"type": TRANSPORT, "wraps": {"environment": True}}


@pytest.mark.parametrize(
    ("key", "value"), [("config_path", "/etc/ol.yml"), ("config_conn_id", "ol")], ids=str
)
def test_a_variable_that_points_somewhere_is_copied_and_has_to_go(key: str, value: str) -> None:
    made = planned(env={PREFIX + key.upper(): value}, files={"/etc/ol.yml": {}})

    assert written(made) == {"type": TRANSPORT, "wraps": {key: value}}
    assert [PREFIX + key.upper() in str(problem) for problem in made.problems] == [True]


def test_a_variable_without_secrets_is_copied_and_has_to_go() -> None:
    made = planned(env={PREFIX + "TRANSPORT": '{"type": "console"}'})

    assert written(made) == {"type": TRANSPORT, "transport": {"type": "console"}}
    assert "not in force yet" in made.problems[0].message


def test_a_variable_with_secrets_is_not_copied_and_says_what_to_put_around_it() -> None:
    made = planned(env={PREFIX + "TRANSPORT": json.dumps(HTTP)})

    assert "transport" not in airflow_cfg.values(made.text, "openlineage", "")
    assert "s3cr3t" not in made.text + everything_shown(made)
    assert TRANSPORT in made.problems[0].hint


def test_an_empty_variable_hides_what_airflow_cfg_says_and_has_to_go() -> None:
    made = planned(env={PREFIX + "TRANSPORT": ""})

    assert PREFIX + "TRANSPORT" in made.problems[0].message


def test_an_empty_pointer_variable_is_harmless() -> None:
    made = planned(section(config_path="/etc/ol.yml"), {PREFIX + "CONFIG_PATH": ""})

    assert written(made) == {"type": TRANSPORT, "transport": {"type": "noop"}}
    assert made.problems == ()


def test_our_transport_in_a_variable_is_in_force() -> None:
    ours = json.dumps({"type": TRANSPORT, "transport": HTTP})
    made = planned(env={PREFIX + "TRANSPORT": ours})

    assert action(made, "transport") == "kept"
    assert made.problems == ()
    assert "s3cr3t" not in everything_shown(made)


@pytest.mark.parametrize(
    "kind",
    [
        "lineage_plugin.transport.transport.ProvenanceTransport",
        "lineage_plugin.ProvenanceTransport",
    ],
)
def test_our_transport_by_its_other_names_is_in_force(kind: str) -> None:
    text = section(transport=json.dumps({"type": "composite", "transports": [{"type": kind}]}))

    assert action(planned(text), "transport") == "kept"


def test_our_transport_in_the_file_that_config_path_names_is_in_force() -> None:
    files = {"/etc/ol.yml": {"transport": {"type": TRANSPORT}}}
    made = planned(section(config_path="/etc/ol.yml"), files=files)

    assert action(made, "transport") == "kept"
    assert written(made, "config_path") == "/etc/ol.yml"


@pytest.mark.parametrize(
    "text",
    [
        "",
        section(transport=json.dumps(HTTP)),
        section(config_path="/etc/ol.yml"),
        section(config_conn_id="ol", custom_run_facets="a.b; c.d"),
        section(emission_policy='[{"scope": {"dag_id": "100%%"}, "controls": {"emit": true}}]'),
    ],
    ids=["nothing", "inline", "path", "connection", "policy"],
)
def test_a_second_run_changes_nothing(text: str) -> None:
    first = planned(text)
    second = planned(first.text)

    assert second.text == first.text
    assert {change.action for change in second.changes} == {"kept"}


def test_a_transport_that_the_user_changed_inside_ours_stays() -> None:
    text = section(transport=json.dumps({"type": TRANSPORT, "transport": {"type": "console"}}))

    assert written(planned(text)) == {"type": TRANSPORT, "transport": {"type": "console"}}


def test_a_path_set_after_ours_is_wrapped_anew() -> None:
    again = planned(planned().text + "config_path = /etc/ol.yml\n")

    assert written(again) == {"type": TRANSPORT, "wraps": {"config_path": "/etc/ol.yml"}}


def test_emission_is_locked_on() -> None:
    assert written(planned(), "emission_policy") == [LOCK]


def test_rules_of_the_user_stay_and_the_lock_comes_last() -> None:
    rule = {"scope": {"dag_id": "x"}, "controls": {"emit": False}}
    made = planned(section(emission_policy=json.dumps([rule])))

    assert written(made, "emission_policy") == [rule, LOCK]
    assert any("stay undecided" in warning for warning in made.warnings)


def test_a_rule_after_the_lock_that_takes_it_back_is_overruled_again() -> None:
    off = {"scope": {}, "controls": {"emit_task_events": False}}
    made = planned(section(emission_policy=json.dumps([LOCK, off])))

    assert written(made, "emission_policy") == [LOCK, off, LOCK]


def test_a_policy_that_is_no_list_is_reported_and_left_alone() -> None:
    made = planned(section(emission_policy="{broken"))

    assert written_raw(made, "emission_policy") == "{broken"
    assert "emission_policy is not a JSON list" in made.problems[0].message


def written_raw(made: Plan, key: str) -> str:
    return airflow_cfg.values(made.text, "openlineage", "airflow.cfg")[key]


def test_a_transport_that_is_no_json_is_reported_without_quoting_it() -> None:
    made = planned(section(transport='{"apiKey": "s3cr3t"'))

    assert written_raw(made, "transport") == '{"apiKey": "s3cr3t"'
    assert "s3cr3t" not in everything_shown(made)
    assert "transport is not a JSON object" in made.problems[0].message


def test_run_facets_of_the_user_stay() -> None:
    made = planned(section(custom_run_facets="my.facets.one; my.facets.two;"))

    assert written(made, "custom_run_facets") == f"my.facets.one; my.facets.two;{RUN_FACETS}"


@pytest.mark.parametrize("key", ["EMISSION_POLICY", "CUSTOM_RUN_FACETS"])
def test_a_variable_that_lacks_what_is_needed_is_named_with_what_it_should_be(key: str) -> None:
    made = planned(env={PREFIX + key: ""})

    assert len(made.problems) == 1
    assert PREFIX + key in made.problems[0].message
    assert (RUN_FACETS if "FACETS" in key else '"locked": true') in made.problems[0].hint


@pytest.mark.parametrize(
    ("text", "env"),
    [
        (section(disabled="True # for now"), {}),
        ("", {PREFIX + "DISABLED": "1"}),
        ("", {"OPENLINEAGE_DISABLED": "true"}),
    ],
    ids=["file", "variable", "legacy"],
)
def test_openlineage_switched_off_is_a_problem(text: str, env: dict[str, str]) -> None:
    made = planned(text, env)

    assert "switches OpenLineage off" in made.problems[0].message


def test_operators_without_emission_and_a_dead_switch_are_mentioned() -> None:
    made = planned(section(disabled_for_operators="a.B", selective_enable="true"))

    assert "a.B" in made.warnings[0]
    assert "selective_enable has no effect" in made.warnings[1]


@pytest.mark.parametrize(
    ("text", "env", "files"),
    [
        (section(transport='{"type": "async_http", "url": "http://m"}'), {}, {}),
        (
            section(transport='{"type": "composite", "transports": [{"type": "async_http"}]}'),
            {},
            {},
        ),
        (section(config_path="/ol.yml"), {}, {"/ol.yml": {"transport": {"type": "async_http"}}}),
        ("", {"OPENLINEAGE__TRANSPORT__TYPE": "async_http"}, {}),
        ("", {"OPENLINEAGE_CONFIG": "/ol.yml"}, {"/ol.yml": {"transport": {"type": "async_http"}}}),
    ],
    ids=["inline", "nested", "path", "dynamic", "client-file"],
)
def test_async_http_loses_task_events_and_that_is_said(
    text: str, env: dict[str, str], files: dict[str, Any]
) -> None:
    made = planned(text, env, files=files)

    assert any("async_http" in warning for warning in made.warnings)
    assert not planned(text, {**env, PREFIX + "EXECUTE_IN_THREAD": "1"}, files=files).warnings


def test_an_unreadable_openlineage_file_is_wrapped_all_the_same() -> None:
    made = planned(section(config_path="/gone.yml"))

    assert written(made)["wraps"] == {"config_path": "/gone.yml"}
    assert "/gone.yml cannot be read" in made.warnings[0]


def test_an_airflow_cfg_that_airflow_cannot_read_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"airflow\.cfg cannot be read"):
        planned("[openlineage]\ntransport = 100%\n")
