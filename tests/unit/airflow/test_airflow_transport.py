"""Our transport around one that is kept in an Airflow connection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openlineage.client import OpenLineageClient

from lineage_plugin.airflow.transport import AirflowProvenanceTransport
from lineage_plugin.errors import TransportError
from lineage_plugin.transport.inner import ProvenanceConfig

DOTTED = "lineage_plugin.airflow.transport.AirflowProvenanceTransport"


def inner_of(wraps: Any) -> Any:
    transport: Any = AirflowProvenanceTransport(ProvenanceConfig(wraps=wraps)).build_inner()
    return transport._client.transport


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Any:
    def make(extra: dict[str, Any], password: str = "") -> str:
        described = {"conn_type": "generic", "extra": extra, "password": password}
        monkeypatch.setenv("AIRFLOW_CONN_LINEAGE", json.dumps(described))
        return "lineage"

    return make


def test_what_the_connection_holds_is_wrapped(connection: Any, tmp_path: Path) -> None:
    file = {"type": "file", "log_file_path": str(tmp_path / "events"), "append": True}

    assert inner_of({"config_conn_id": connection({"transport": file})}).kind == "file"


def test_a_key_may_be_kept_in_the_connection(connection: Any) -> None:
    http = {
        "type": "http",
        "url": "http://localhost:1",
        "auth": {"type": "airflow_connection_api_key"},
    }

    inner = inner_of({"config_conn_id": connection({"transport": http}, "s3cret")})
    assert inner.config.auth.get_bearer() == "Bearer s3cret"


def test_a_file_may_name_a_connection_for_its_key(connection: Any, tmp_path: Path) -> None:
    conn_id = connection({}, "s3cret")
    path = tmp_path / "openlineage.yml"
    path.write_text(
        "transport: {type: http, url: 'http://localhost:1',"
        f" auth: {{type: airflow_connection_api_key, conn_id: {conn_id}}}}}"
    )

    inner = inner_of({"config_path": str(path)})
    assert inner.config.auth.get_bearer() == "Bearer s3cret"


@pytest.mark.parametrize(
    ("wraps", "message"),
    [
        ({"config_conn_id": "lineage"}, "connection 'lineage' cannot be read"),
        ({"config_path": "/no/such/file"}, "/no/such/file cannot be read"),
        ({"elsewhere": 1}, "'wraps' is neither"),
    ],
    ids=["no connection", "no file", "nothing known"],
)
def test_what_cannot_be_read_is_told(wraps: Any, message: str) -> None:
    with pytest.raises(TransportError, match=message):
        inner_of(wraps)


def test_a_secret_is_never_in_a_message(connection: Any) -> None:
    conn_id = connection({"token": "s3cret"}, "s3cret")

    with pytest.raises(TransportError) as caught:
        inner_of({"config_conn_id": conn_id})
    assert "s3cret" not in str(caught.value)


def test_the_client_finds_it_by_its_dotted_path() -> None:
    client = OpenLineageClient(config={"transport": {"type": DOTTED, "wraps": {}}})

    assert client.transport.kind == "lineage_plugin_airflow"
