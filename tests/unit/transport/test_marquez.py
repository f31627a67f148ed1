"""Tags, as a server on this machine hears of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from openlineage.client import OpenLineageClient, event_v2

from lineage_plugin.facets import codec, names
from lineage_plugin.model import DatasetRef, Decision, Outcome, Reason, Subject
from lineage_plugin.transport import marquez
from tests.support.records import decision

if TYPE_CHECKING:
    from openlineage.client.facet_v2 import RunFacet

PHOTOS, MAPS = DatasetRef("s3://lake", "photos"), DatasetRef("s3://lake", "maps")
NO_AGREEMENT = Reason("custody.no-agreement", PHOTOS.uri, "no agreement", "ask", (PHOTOS.uri,))
TAG = "BLOCKED-face-recognition"
AT_PHOTOS = f"/api/v1/namespaces/s3%3A%2F%2Flake/datasets/photos/tags/{TAG}"
AT_MAPS = f"/api/v1/namespaces/s3%3A%2F%2Flake/datasets/maps/tags/{TAG}"


class Listener(ThreadingHTTPServer):
    """Notes what it is asked, and answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.status = 201
        self.wait_s = 0.0
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def answer(self) -> None:
        listener = self.server
        assert isinstance(listener, Listener)
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        listener.asked.append(f"{self.command} {self.path}")
        time.sleep(listener.wait_s)
        self.send_response(listener.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_PUT = do_POST = do_DELETE = answer  # noqa: N815 - http.server looks for these names

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Listener]:
    with Listener() as listener:
        threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True).start()
        yield listener
        listener.shutdown()


@pytest.fixture
def counted() -> list[str]:
    return []


def refused(**more: Any) -> Decision:
    return decision(inputs=(PHOTOS, MAPS), reasons=(NO_AGREEMENT,), **more)


def allowed() -> Decision:
    return decision(inputs=(PHOTOS, MAPS), outcome=Outcome.ALLOWED, reasons=())


def test_only_the_input_through_which_the_reason_comes_is_tagged(
    server: Listener, counted: list[str]
) -> None:
    marquez.mark(server.url, refused(), [PHOTOS, MAPS], count=counted.append)

    assert server.asked == [f"PUT /api/v1/tags/{TAG}", f"POST {AT_PHOTOS}"]
    assert counted == []


def test_an_allowed_run_takes_the_tag_of_its_purpose_off_what_was_judged(
    server: Listener, counted: list[str]
) -> None:
    other = DatasetRef("s3://lake", "never judged")

    marquez.mark(server.url + "/", allowed(), [PHOTOS, MAPS, other], count=counted.append)

    assert server.asked == [f"DELETE {AT_PHOTOS}", f"DELETE {AT_MAPS}"]


def test_taking_a_tag_off_what_marquez_does_not_know_is_no_failure(
    server: Listener, counted: list[str]
) -> None:
    server.status = 404

    marquez.mark(server.url, allowed(), [PHOTOS], count=counted.append)

    assert counted == []


@pytest.mark.parametrize("status", [302, 404, 500])
def test_what_a_server_refuses_is_counted_once(
    status: int, server: Listener, counted: list[str]
) -> None:
    server.status = status

    marquez.mark(server.url, refused(), [PHOTOS], count=counted.append)

    assert counted == [marquez.MARK_FAILED]


def test_a_server_that_hangs_is_waited_for_no_longer_than_the_budget(
    server: Listener, counted: list[str]
) -> None:
    server.wait_s = 0.6
    began = time.monotonic()

    marquez.mark(server.url, refused(), [PHOTOS], count=counted.append, budget_s=0.1)

    assert time.monotonic() - began < 0.5
    assert counted == [marquez.MARK_FAILED]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "not a url", "http://["])
def test_a_server_that_is_not_there_is_counted_and_breaks_nothing(
    url: str, counted: list[str]
) -> None:
    marquez.mark(url, refused(), [PHOTOS], count=counted.append)

    assert counted == [marquez.MARK_FAILED]


def test_more_inputs_than_anybody_looks_at_are_left_and_counted(
    server: Listener, counted: list[str]
) -> None:
    inputs = [DatasetRef("s3://lake", f"part-{n}") for n in range(marquez.MOST_MARKED + 1)]
    whole = Reason("gate.error", "", "the gate failed", "mend it")

    marquez.mark(
        server.url,
        decision(inputs=tuple(inputs), reasons=(whole,)),
        inputs,
        count=counted.append,
        budget_s=5,
    )

    assert len(server.asked) == 1 + marquez.MOST_MARKED
    assert counted == [marquez.MARK_FAILED]


def test_the_transport_tags_when_the_event_of_a_refused_run_has_left(
    server: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    client = OpenLineageClient(
        config={
            "transport": {
                "type": "lineage_plugin.transport.transport.ProvenanceTransport",
                "transport": {
                    "type": "file",
                    "log_file_path": str(tmp_path / "events"),
                    "append": True,
                },
                "settings": {"marquez_url": server.url},
            }
        }
    )
    said = refused(subject=Subject())
    run = "01890a5d-ac96-774b-bcce-b302099a8057"
    judged: dict[str, RunFacet] = {names.GATE: codec.gate_facet(said)}
    for state, facets in (("START", {}), ("FAIL", judged)):
        client.emit(
            event_v2.RunEvent(
                eventType=event_v2.RunState[state],
                eventTime="2026-05-03T10:00:00Z",
                run=event_v2.Run(run, facets),
                job=event_v2.Job("default", "train"),
                inputs=[event_v2.InputDataset("s3://lake", "photos")],
            )
        )

    assert server.asked == [f"PUT /api/v1/tags/{TAG}", f"POST {AT_PHOTOS}"]
    assert (tmp_path / "events").read_text().count("\n") == 2
