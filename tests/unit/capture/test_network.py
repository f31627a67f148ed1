"""What arrives over HTTP, from a server on this machine."""

from __future__ import annotations

import http.server
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import httpx
import pytest
import requests

from lineage_plugin.capture.names import of_uri
from tests.unit.capture.conftest import Body


class Files(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", "/data.csv?signature=s3cret")
        else:
            self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_PUT = do_POST = do_HEAD = do_GET  # noqa: N815 - as the standard library calls them

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()


def _urllib(url: str) -> None:
    with urllib.request.urlopen(url):  # noqa: S310 - our own server
        pass


def _httpx_async(url: str) -> None:
    import asyncio

    async def get() -> None:
        async with httpx.AsyncClient(follow_redirects=True) as client:
            await client.get(url)

    asyncio.run(get())


CLIENTS: dict[str, Any] = {
    "urllib": _urllib,
    "requests": requests.get,
    "httpx": lambda url: httpx.get(url, follow_redirects=True),
    "httpx async": _httpx_async,
}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_download_is_seen_without_what_is_secret_in_its_address(
    body: Body, server: str, client: str
) -> None:
    with body.runs():
        CLIENTS[client](f"{server}/data.csv?token=s3cret#ada@example.org")

    assert body.reads == {f"{server}/data.csv": 1}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_download_is_known_by_the_name_it_was_asked_by(
    body: Body, server: str, client: str
) -> None:
    with body.runs():
        CLIENTS[client](f"{server}/moved")

    assert body.reads == {f"{server}/moved": 1}


def test_what_is_not_there_was_not_read(body: Body, server: str) -> None:
    with body.runs():
        requests.get(f"{server}/missing", timeout=9)
        with pytest.raises(urllib.error.HTTPError):
            _urllib(f"{server}/missing")
        with pytest.raises(requests.ConnectionError):
            requests.get("http://127.0.0.1:9/x", timeout=9)

    assert body.reads == {}


def test_what_is_put_somewhere_is_written_and_what_is_posted_is_neither(
    body: Body, server: str
) -> None:
    with body.runs():
        requests.put(f"{server}/out.csv", data=b"x", timeout=9)
        requests.post(f"{server}/form", data=b"x", timeout=9)
        requests.head(f"{server}/data.csv", timeout=9)

    assert (body.reads, body.writes) == ({}, {f"{server}/out.csv": 1})


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("https://s3.amazonaws.com/lake/photos/1.jpg", "s3://lake/photos/1.jpg"),
        ("https://lake.s3.amazonaws.com/?list-type=2", ""),
        ("https://storage.googleapis.com/lake/a/b", "gs://lake/a/b"),
        (
            "https://storage.googleapis.com/download/storage/v1/b/lake/o/a%2Fb?alt=media",
            "gs://lake/a/b",
        ),
        ("https://acc.blob.core.windows.net/lake/a", "abfss://lake@acc.dfs.core.windows.net/a"),
        ("wasbs://lake@acc.blob.core.windows.net/a", "wasbs://lake@acc.blob.core.windows.net/a"),
        (
            "https://huggingface.co/datasets/rajpurkar/squad/resolve/main/train.parquet",
            "hf://datasets/rajpurkar/squad/train.parquet",
        ),
        ("https://huggingface.co/api/datasets/squad", ""),
        ("https://bigquery.googleapis.com/v2/projects", ""),
        ("http://169.254.169.254/latest/meta-data/", ""),
        ("s3://key:secret@lake/x", "s3://lake/x"),
        ("file:///data/a%20b", "/data/a b"),
        ("http://[bad", ""),
        ("https://u:p@h:8443/x?y#z", "https://h:8443/x"),
    ],
)
def test_data_has_one_name_whatever_way_it_came(uri: str, name: str) -> None:
    assert of_uri(uri) == name


def test_what_fsspec_opens_elsewhere_is_seen(body: Body) -> None:
    fsspec: Any = import_module("fsspec")
    memory: Any = import_module("fsspec.implementations.memory")

    class Elsewhere(memory.MemoryFileSystem):  # type: ignore[misc]
        protocol = "elsewhere"

    fsspec.register_implementation("elsewhere", Elsewhere, clobber=True)
    with body.runs():
        with fsspec.open("elsewhere://bucket/out.txt", "w") as file:
            file.write("x")
        with fsspec.open("elsewhere://bucket/other.txt", "w") as file:
            file.write("x")
    with body.runs(), fsspec.open("elsewhere://bucket/out.txt") as file:
        file.read()

    assert list(body.reads) == ["elsewhere://bucket/out.txt"]
