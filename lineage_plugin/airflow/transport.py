"""Our transport as ``airflow.cfg`` names it: what it wraps may be kept in an Airflow connection.

::

    [openlineage]
    transport = {"type": "lineage_plugin.airflow.transport.AirflowProvenanceTransport",
                 "wraps": {"config_conn_id": "openlineage_default"}}
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lineage_plugin.errors import TransportError
from lineage_plugin.transport import transport
from lineage_plugin.transport.inner import ClientTransport, ProvenanceConfig, read_config
from lineage_plugin.transport.transport import ProvenanceTransport

if TYPE_CHECKING:
    from openlineage.client.transport.transport import Transport


def preload() -> None:
    """Load what the events of a task need, so that the forks that emit them need not."""
    import_module("lineage_plugin.airflow.run_facets")
    transport.preload()


class AirflowProvenanceTransport(ProvenanceTransport):
    """Resolves connections and ``airflow_connection_api_key`` as the OpenLineage provider does."""

    kind = "lineage_plugin_airflow"

    def __init__(self, config: ProvenanceConfig) -> None:
        super().__init__(config)
        self._wraps = config.wraps if isinstance(config.wraps, Mapping) else {}

    def build_inner(self) -> Transport:
        """Build the transport that events are forwarded to; called once, at the first event.

        Raises:
            TransportError: What is wrapped cannot be read.
        """
        conn_id, path = self._wraps.get("config_conn_id"), self._wraps.get("config_path")
        if conn_id:
            return _client(_of_connection(str(conn_id)), str(conn_id))
        if path and not self._wraps.get("environment"):
            return _client(read_config(str(path)), None)
        return super().build_inner()


def _client(config: dict[str, Any], conn_id: str | None) -> Transport:
    from airflow.providers.openlineage.token_provider import resolve_airflow_connection_auth
    from openlineage.client.client import OpenLineageClient

    try:
        resolve_airflow_connection_auth(config, config_conn_id=conn_id)
    except Exception as error:
        # Without its text: it may quote what it read.
        message = f"the key for OpenLineage cannot be read from its connection: {_kind(error)}"
        raise TransportError(message) from error
    return ClientTransport(OpenLineageClient(config=config))


def _of_connection(conn_id: str) -> dict[str, Any]:
    from airflow.providers.openlineage.token_provider import AirflowConnectionConfigProvider

    try:
        return AirflowConnectionConfigProvider(conn_id).get_config()
    except Exception as error:
        message = (
            f"connection {conn_id!r} cannot be read, or its extra is no configuration of "
            f"OpenLineage: {_kind(error)}"
        )
        raise TransportError(message) from error


def _kind(error: Exception) -> str:
    return type(error).__name__
