"""The transport that the user had before ours was put around it."""
# A door to OpenLineage: a transport is loaded by its client only.
# ruff: noqa: TID253

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attr
from openlineage.client.client import Event, OpenLineageClient
from openlineage.client.transport.noop import NoopConfig, NoopTransport
from openlineage.client.transport.transport import Config, Transport

from lineage_plugin.errors import TransportError


@attr.define
class ProvenanceConfig(Config):
    """What is written beside our transport's ``type``; it may hold secrets, so it is never shown.

    The client lays its own configuration (environment, YAML) under ours, key by key, so keys that
    mean nothing to us may come along: they are passed over.
    """

    transport: Any = attr.field(default=None, repr=False)
    """The transport to forward to, as OpenLineage writes it.  Without it: recorded only."""

    wraps: Any = attr.field(default=None, repr=False)
    """Where the user's own configuration is: ``{"config_path": ...}``, ``{"environment": true}``.
    Wins over ``transport``, which may have come along from the environment."""

    settings: Any = attr.field(default=None)
    """Settings of ``[lineage_plugin]`` that hold for this transport only."""

    @classmethod
    def from_dict(cls, params: dict[str, Any]) -> ProvenanceConfig:
        """Take what is ours; what is wrong with it shows when the first event is forwarded."""
        return cls(
            transport=params.get("transport"),
            wraps=params.get("wraps"),
            settings=params.get("settings"),
        )


class ClientTransport(Transport):
    """A whole client as a transport, so that its filters, tags and facets hold as before."""

    kind = "client"

    def __init__(self, client: OpenLineageClient) -> None:
        self._client = client

    def emit(self, event: Event) -> None:
        """Pass *event* through the client."""
        self._client.emit(event)

    def close(self, timeout: float = -1) -> bool:
        """Close the client."""
        return self._client.close(timeout)


def build(config: ProvenanceConfig) -> Transport:
    """Build the transport that events are forwarded to.

    Raises:
        TransportError: The configuration says nothing that can be built.
    """
    if config.wraps:
        return _wrapped(config.wraps)
    if not config.transport:
        return NoopTransport(NoopConfig())
    if not isinstance(config.transport, Mapping) or not config.transport.get("type"):
        raise TransportError('\'transport\' names no type; write it as {"type": "http", ...}')
    # A client, because it puts what the environment says beneath what is written, as it would
    # without us; only its transport, because its filters have seen the event already.
    return OpenLineageClient(config={"transport": copy.deepcopy(dict(config.transport))}).transport


def _wrapped(wraps: object) -> Transport:
    if isinstance(wraps, Mapping) and wraps.get("environment"):
        return ClientTransport(OpenLineageClient())
    if isinstance(wraps, Mapping) and wraps.get("config_path"):
        return ClientTransport(OpenLineageClient(config=read_config(str(wraps["config_path"]))))
    raise TransportError('\'wraps\' is neither {"environment": true} nor {"config_path": PATH}')


def read_config(path: str) -> dict[str, Any]:
    """Read a configuration file of the OpenLineage client.

    Raises:
        TransportError: It cannot be read, or is something else.
    """
    import yaml

    try:
        found = yaml.safe_load(Path(path).read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise TransportError(f"{path} cannot be read: {type(error).__name__}") from error
    if not isinstance(found, dict):
        raise TransportError(f"{path} is no configuration of OpenLineage")
    return found
