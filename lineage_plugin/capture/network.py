"""What arrives over HTTP, and what filesystems of fsspec open.

``http.client`` carries urllib, requests, urllib3 and the clients of cloud services that stand on
them.  httpx and aiohttp bring their own.
"""

from __future__ import annotations

import functools
from typing import Any
from urllib.parse import urljoin

from lineage_plugin.capture.audit import is_on, tell
from lineage_plugin.capture.patches import before, replace
from lineage_plugin.capture.session import REDIRECTS, Session

#: Where a connection keeps what it asked for until the answer comes.
_ASKED = "_lineage_plugin_asked"

_PORTS = {"http": 80, "https": 443}


def http_client(module: Any) -> None:
    """Note what the requests of ``http.client`` ask for, once it is answered."""
    replace(module.HTTPConnection, "putrequest", _asking)
    replace(module.HTTPConnection, "getresponse", _answering)


def httpx(module: Any) -> None:
    """Note the requests of httpx."""
    replace(module.Client, "send", _sending)
    replace(module.AsyncClient, "send", _sending_later)


def aiohttp(module: Any) -> None:
    """Note the requests of aiohttp."""
    replace(module.ClientSession, "_request", _requesting)


def fsspec(module: Any) -> None:
    """Note what filesystems other than the local one open, whole or in part."""
    base = module.AbstractFileSystem
    before(base, "open", _opened)
    for name in ("cat_file", "get_file"):
        before(base, name, lambda session, fs, path, *_, **__: _touched(session, fs, path, "r"))
    before(base, "pipe_file", lambda session, fs, path, *_, **__: _touched(session, fs, path, "w"))
    before(
        base,
        "put_file",
        lambda session, fs, _local, path, *_, **__: _touched(session, fs, path, "w"),
    )


def _asking(putrequest: Any) -> Any:
    @functools.wraps(putrequest)
    def asking(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        if is_on():
            setattr(self, _ASKED, (method, url))
        return putrequest(self, method, url, *args, **kwargs)

    return asking


def _answering(getresponse: Any) -> Any:
    @functools.wraps(getresponse)
    def answering(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = getresponse(self, *args, **kwargs)
        if is_on() and hasattr(self, _ASKED):
            tell(lambda session: _answered(session, self, answer))
        return answer

    return answering


def _answered(session: Session, connection: Any, answer: Any) -> None:
    method, target = getattr(connection, _ASKED)
    delattr(connection, _ASKED)
    url = target if "://" in target else f"{_origin(connection)}{target}"
    session.answered(method, url, answer.status, _leads(url, answer.status, answer.getheader))


def _origin(connection: Any) -> str:
    """Return scheme and host as somebody would write them, behind a proxy too."""
    secure = connection.default_port == _PORTS["https"] or hasattr(connection.sock, "getpeercert")
    scheme = "https" if secure else "http"
    host, port = connection.host, connection.port
    if tunnelled := getattr(connection, "_tunnel_host", None):
        host, port = tunnelled, connection._tunnel_port  # noqa: SLF001 - no other door
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" if port in (None, _PORTS[scheme]) else f"{scheme}://{shown}:{port}"


def _leads(url: str, status: int, header: Any) -> str:
    return urljoin(url, header("Location") or "") if status in REDIRECTS else ""


def _sending(send: Any) -> Any:
    @functools.wraps(send)
    def sending(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        answer = send(self, request, *args, **kwargs)
        _httpx_answered(request, answer)
        return answer

    return sending


def _sending_later(send: Any) -> Any:
    @functools.wraps(send)
    async def sending(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        answer = await send(self, request, *args, **kwargs)
        _httpx_answered(request, answer)
        return answer

    return sending


def _httpx_answered(request: Any, answer: Any) -> None:
    # Redirects are followed inside: the data is known by the name it was asked by.
    tell(lambda session: session.answered(request.method, str(request.url), answer.status_code))


def _requesting(request: Any) -> Any:
    @functools.wraps(request)
    async def requesting(self: Any, method: str, url: Any, *args: Any, **kwargs: Any) -> Any:
        answer = await request(self, method, url, *args, **kwargs)
        base = getattr(self, "_base_url", None)
        asked = urljoin(str(base), str(url)) if base else str(url)
        tell(lambda session: session.answered(method, asked, answer.status))
        return answer

    return requesting


def _opened(session: Session, fs: Any, path: Any, mode: str = "rb", *_: Any, **__: Any) -> None:
    _touched(session, fs, path, mode)


def _touched(session: Session, fs: Any, path: Any, mode: str) -> None:
    protocol = fs.protocol if isinstance(fs.protocol, str) else fs.protocol[0]
    if protocol in {"file", "local", "memory"}:
        return  # the one is seen where Python opens it, the other ends with the process
    name = str(fs.unstrip_protocol(str(path)))
    if "r" in mode or "+" in mode:
        session.reads_from(name)
    if mode[:1] in {"w", "a", "x"} or "+" in mode:
        session.writes_to(name)
