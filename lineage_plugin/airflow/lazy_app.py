"""A web app that every process of Airflow loads and only the API server builds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from functools import cached_property
from typing import Any

#: An application as ASGI 3 defines it.
App = Callable[[MutableMapping[str, Any], Callable[..., Any], Callable[..., Any]], Awaitable[None]]


class LazyApp:
    """An ASGI app that is built on its first request."""

    def __init__(self, build: Callable[[], App]) -> None:
        self._build = build

    def __repr__(self) -> str:
        return "the site of lineage_plugin"

    @cached_property
    def _app(self) -> App:
        return self._build()

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]
    ) -> None:
        """Serve a request."""
        await self._app(scope, receive, send)


def site() -> App:
    """Build the plugin's site."""
    from lineage_plugin.airflow import web

    return web.build()
