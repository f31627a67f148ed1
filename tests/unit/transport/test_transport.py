"""Our transport among real parts: the client, a file transport, a record on disk, a catalog."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import attr
import pytest
from openlineage.client import OpenLineageClient, event_v2
from openlineage.client.facet_v2 import RunFacet
from openlineage.client.transport.transport import Config, Transport

from lineage_plugin import settings
from lineage_plugin.errors import StoreUnavailable, TransportError
from lineage_plugin.facets import codec, names
from lineage_plugin.model import (
    DatasetRef,
    Decision,
    Declaration,
    License,
    Outcome,
    Reason,
    Subject,
)
from lineage_plugin.store import open_store
from lineage_plugin.store.spool import LOST, Spool
from lineage_plugin.transport.recording import APPEND_FAILED, ATTACH_FAILED, Recorder
from lineage_plugin.transport.transport import ProvenanceTransport

TYPE = "lineage_plugin.transport.transport.ProvenanceTransport"
CATALOG = """\
version: 1
authority: team-vision
datasets:
  s3://lake/photos/**:
    origin: external
    source: {issuer: Acme GmbH, method: user-generated-content}
    license: CC-BY-4.0
    consent: {none: no people shown}
    custody: [{from: Acme GmbH, event: licensed, agreement: {none: a handshake}}]
"""
PHOTOS, FACES = DatasetRef("s3://lake", "photos"), DatasetRef("s3://lake", "faces")
WHEN = "2026-05-03T10:00:00Z"


ODD = ["nested", "circular", "long"]


@attr.define
class Odd(RunFacet):
    """What some integration may put into an event."""

    tree: object = None


def nested(depth: int) -> object:
    found: object = None
    for _ in range(depth):
        found = [found]
    return found


def circular() -> object:
    found: dict[str, object] = {}
    found["me"] = found
    return found


@pytest.fixture(autouse=True)
def _nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The client looks into the environment and the working directory; so do settings."""
    for name in [n for n in os.environ if n.startswith(("OPENLINEAGE", "AIRFLOW_"))]:
        if name != "OPENLINEAGE_SPEC":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a catalog; the record is made by the first event."""
    folder = tmp_path / "airflow"
    folder.mkdir()
    (folder / "provenance.yaml").write_text(CATALOG)
    return folder


def record(home: Path) -> Any:
    return closing(open_store(f"sqlite:///{home}/lineage_plugin/record.db"))


def to_file(home: Path) -> dict[str, Any]:
    return {"type": "file", "log_file_path": str(home / "events.jsonl"), "append": True}


def sent(home: Path) -> list[dict[str, Any]]:
    path = home / "events.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def client(home: Path, **config: Any) -> OpenLineageClient:
    config = {"transport": to_file(home), "settings": {"attach_budget_ms": 5_000}, **config}
    return OpenLineageClient(config={"transport": {"type": TYPE, **config}})


def run_event(
    number: int = 1,
    state: event_v2.RunState = event_v2.RunState.COMPLETE,
    facets: dict[str, Any] | None = None,
    inputs: tuple[DatasetRef, ...] = (PHOTOS,),
) -> event_v2.RunEvent:
    return event_v2.RunEvent(
        eventTime=WHEN,
        eventType=state,
        run=event_v2.Run(f"01900000-0000-7000-8000-{number:012}", facets=facets or {}),
        job=event_v2.Job("airflow", f"dag.task{number}"),
        inputs=[event_v2.InputDataset(ref.namespace, ref.name) for ref in inputs],
        outputs=[event_v2.OutputDataset(FACES.namespace, FACES.name)],
    )


def facet(dataset: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = dataset["facets"][name]
    return found


def test_an_event_is_recorded_given_its_facets_and_forwarded(home: Path) -> None:
    client(home).emit(run_event())

    (event,) = sent(home)
    photos, faces = event["inputs"][0], event["outputs"][0]
    assert facet(photos, names.LICENSE)["statements"][0]["declared"] == "CC-BY-4.0"
    assert facet(faces, names.LICENSE)["state"] == "absent"
    effective = facet(faces, names.EFFECTIVE)
    assert effective["resolution"] == "resolved", effective
    assert effective["licenses"] == ["CC-BY-4.0"]
    assert effective["derivedFrom"] == [PHOTOS.uri]
    with record(home) as store:
        assert [summary.ref for summary in store.datasets()] == [FACES, PHOTOS]
        assert store.verify().faults == ()


def test_what_is_recorded_is_what_came_in(home: Path) -> None:
    """Facets that we attached are no evidence of anything."""
    client(home).emit(run_event())

    with closing(sqlite3.connect(home / "lineage_plugin" / "record.db")) as rows:
        text = "".join(rows.iterdump())
    assert "dag.task1" in text
    assert names.EFFECTIVE not in text


def test_what_a_decorator_declared_elsewhere_is_known_here(home: Path) -> None:
    said = Declaration("dag:photos", FACES.uri, license=License("MIT"))
    task = codec.task_facet(declarations=[said])

    client(home).emit(run_event(1, facets={names.TASK: task}))
    client(home).emit(run_event(2, inputs=(FACES,)))

    for dataset in (sent(home)[0]["outputs"][0], sent(home)[1]["inputs"][0]):
        (statement,) = facet(dataset, names.LICENSE)["statements"]
        assert (statement["assertedBy"], statement["declared"]) == ("dag:photos", "MIT")


def test_what_a_gate_said_stands_on_the_input(home: Path) -> None:
    why = Reason("consent.absent", "s3://web", "nobody knows a legal basis", "ask", (PHOTOS.uri,))
    decision = Decision(
        id="d1",
        outcome=Outcome.DENIED,
        purpose="face-recognition",
        inputs=(PHOTOS,),
        subject=Subject(),
        reasons=(why,),
        at_us=0,
        valid_until_us=None,
        frame_digest="",
        policy_digest="",
        known_seq=0,
    )
    gate = {names.GATE: codec.gate_facet(decision)}

    client(home).emit(run_event(state=event_v2.RunState.FAIL, facets=gate))

    (event,) = sent(home)
    (assertion,) = event["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert assertion["success"] is False
    assert assertion["assertion"].startswith("BLOCKED for face-recognition: nobody knows a legal")


def test_a_strangers_gate_marks_nothing(home: Path) -> None:
    forged = codec.task_facet(producer="https://example.org")

    client(home).emit(run_event(facets={names.GATE: forged}))

    assert (
        "inputFacets" not in sent(home)[0]["inputs"][0]
        or not sent(home)[0]["inputs"][0]["inputFacets"]
    )


def test_static_events_pass_with_facets_and_are_not_recorded(home: Path) -> None:
    emit = client(home).emit
    emit(
        event_v2.DatasetEvent(eventTime=WHEN, dataset=event_v2.StaticDataset("s3://lake", "photos"))
    )
    emit(
        event_v2.JobEvent(
            eventTime=WHEN,
            job=event_v2.Job("a", "b"),
            inputs=[event_v2.InputDataset("s3://lake", "photos")],
        )
    )

    static, job = sent(home)
    for dataset in (static["dataset"], job["inputs"][0]):
        assert facet(dataset, names.LICENSE)["state"] == "declared"
    with record(home) as store:
        assert store.datasets() == []


def test_events_of_the_clients_first_model_pass_too(home: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from openlineage.client import run as v1
    event = v1.RunEvent(
        eventType=v1.RunState.START,
        eventTime=WHEN,
        run=v1.Run("01900000-0000-7000-8000-000000000001"),
        job=v1.Job("a", "b"),
        producer="https://example.org",
        inputs=[v1.InputDataset("s3://lake", "photos")],
    )

    client(home).emit(event)

    assert facet(sent(home)[0]["inputs"][0], names.LICENSE)["state"] == "declared"
    with record(home) as store:
        assert [summary.ref for summary in store.datasets()] == [PHOTOS]


class Failing(Transport):
    """A transport that is down."""

    kind = "failing"

    def emit(self, event: Any) -> Any:
        raise ConnectionError("Marquez is down")

    def close(self, timeout: float = -1) -> bool:
        return False


class TestInner:
    """The transport that ours was put around."""

    def test_what_it_raises_is_raised_and_the_record_has_the_event(self, home: Path) -> None:
        class AroundFailing(ProvenanceTransport):
            def build_inner(self) -> Transport:
                return Failing()

        down = OpenLineageClient(transport=AroundFailing(ProvenanceTransport.config_class()))

        with pytest.raises(ConnectionError, match="Marquez is down"):
            down.emit(run_event())

        with record(home) as store:
            assert len(store.datasets()) == 2
        assert down.close(3) is False

    @pytest.mark.parametrize(
        ("config", "complaint"),
        [
            ({"transport": {"url": "http://x"}}, "names no type"),
            ({"transport": "http"}, "names no type"),
            ({"wraps": {"conn_id": "x"}}, "neither"),
            ({"wraps": {"config_path": "not-there.yml"}}, "cannot be read"),
        ],
        ids=str,
    )
    def test_one_that_cannot_be_built_costs_no_record(
        self, home: Path, config: dict[str, Any], complaint: str
    ) -> None:
        broken = client(home, **config)

        with pytest.raises(TransportError, match=complaint):
            broken.emit(run_event())

        with record(home) as store:
            assert len(store.datasets()) == 2

    def test_without_one_events_are_recorded_only(self, home: Path) -> None:
        only = client(home, transport=None)

        only.emit(run_event())

        assert only.close() is True
        with record(home) as store:
            assert len(store.datasets()) == 2

    def test_the_environment_is_wrapped_as_the_client_would_read_it(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The client lays the environment under our configuration too; that must not confuse us."""
        monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "file")
        monkeypatch.setenv("OPENLINEAGE__TRANSPORT__LOG_FILE_PATH", str(home / "events.jsonl"))
        monkeypatch.setenv("OPENLINEAGE__TRANSPORT__APPEND", "true")
        monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TRANSPORT", '{"type": "http"}')
        monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:1")
        wrapping = client(home, transport=None, wraps={"environment": True})

        wrapping.emit(run_event())

        assert len(sent(home)) == 1
        assert wrapping.close() is True

    def test_a_configuration_file_is_wrapped_with_its_filters(self, home: Path) -> None:
        path = home / "openlineage.yml"
        path.write_text(
            json.dumps(
                {"transport": to_file(home), "filters": [{"type": "exact", "match": "dag.task2"}]}
            )
        )
        wrapping = client(home, transport=None, wraps={"config_path": str(path)})

        wrapping.emit(run_event(1))
        wrapping.emit(run_event(2))

        assert [event["job"]["name"] for event in sent(home)] == ["dag.task1"]
        with record(home) as store:
            assert len(store.datasets()) == 2

    def test_one_that_wraps_itself_is_told_so(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(
            "OPENLINEAGE__TRANSPORT", json.dumps({"type": TYPE, "wraps": {"environment": True}})
        )

        with pytest.raises(TransportError, match="wraps itself"):
            OpenLineageClient().emit(run_event())

    def test_nothing_of_its_configuration_is_shown(self, home: Path) -> None:
        config = {
            "transport": {"type": "http", "auth": {"apiKey": "hunter2"}},
            "wraps": {"x": "s3cr"},
        }
        transport = ProvenanceTransport(ProvenanceTransport.config_class.from_dict(config))

        assert "hunter2" not in f"{transport} {transport!r} {transport._config!r}"
        assert "s3cr" not in f"{transport._config!r}"


class TestTrouble:
    """Whatever is wrong on our side, the event goes on, and what was not recorded waits."""

    def emitted(self, home: Path, **config: Any) -> dict[str, Any]:
        client(home, **config).emit(run_event())
        return sent(home)[-1]

    def spool(self, home: Path) -> Spool:
        return Spool(home / "lineage_plugin")

    def test_a_locked_record_costs_its_budget_and_the_event_waits_in_the_spool(
        self, home: Path
    ) -> None:
        quick = {"append_budget_ms": 100, "attach_budget_ms": 5_000}
        client(home).emit(run_event(9))
        with closing(sqlite3.connect(home / "lineage_plugin" / "record.db")) as other:
            other.execute("BEGIN EXCLUSIVE")
            began = time.monotonic()
            event = self.emitted(home, settings=quick)
            took_s = time.monotonic() - began

        assert took_s < 3
        effective = facet(event["outputs"][0], names.EFFECTIVE)
        assert effective["resolution"] == "unresolved"
        assert "the record cannot be written" in effective["reason"]
        assert self.spool(home).pending() == 1
        assert self.spool(home).counts()[APPEND_FAILED] == 1

        client(home).emit(run_event(2))

        assert self.spool(home).pending() == 0
        with record(home) as store:
            jobs = {name for s in store.datasets() for name in [s.last_job]}
            assert store.datasets()[0].writes == 3, jobs

    def test_without_the_record_the_catalog_still_speaks_but_nothing_is_called_absent(
        self, home: Path
    ) -> None:
        """A decorator elsewhere may have said something; only the record knows."""
        (home / "lineage_plugin").mkdir()
        (home / "lineage_plugin" / "record.db").write_bytes(b"no database" * 1_000)

        event = self.emitted(home)

        assert facet(event["inputs"][0], names.LICENSE)["state"] == "declared"
        assert names.USE not in event["inputs"][0]["facets"]
        assert set(event["outputs"][0]["facets"]) == {names.EFFECTIVE}
        assert self.spool(home).pending() == 1

    @pytest.mark.parametrize(
        "spoil",
        [
            pytest.param(lambda path: path.mkdir(parents=True), id="a folder in its place"),
            pytest.param(
                lambda path: (path.parent.mkdir(), path.write_bytes(b"x" * 10_000)), id="corrupt"
            ),
        ],
    )
    def test_a_record_that_is_none_loses_nothing(
        self, home: Path, spoil: Callable[[Path], object]
    ) -> None:
        spoil(home / "lineage_plugin" / "record.db")

        event = self.emitted(home)

        assert facet(event["outputs"][0], names.EFFECTIVE)["resolution"] == "unresolved"
        assert self.spool(home).pending() == 1

    def test_a_record_of_a_newer_release_is_left_alone(self, home: Path) -> None:
        client(home).emit(run_event(9))
        path = home / "lineage_plugin" / "record.db"
        with closing(sqlite3.connect(path)) as newer:
            newer.execute("PRAGMA user_version = 1000")

        event = self.emitted(home)

        assert facet(event["outputs"][0], names.EFFECTIVE)["resolution"] == "unresolved"
        assert self.spool(home).pending() == 1

    def test_where_nothing_can_be_written_the_event_still_goes_on(self, home: Path) -> None:
        (home / "lineage_plugin").write_text("a file where the folder should be")

        event = self.emitted(home)

        assert facet(event["outputs"][0], names.EFFECTIVE)["resolution"] == "unresolved"

    def test_settings_that_cannot_be_read_send_the_event_to_the_spool(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        event = self.emitted(home, settings={"append_budget_ms": "soon"})

        assert "SettingsError" in facet(event["outputs"][0], names.EFFECTIVE)["reason"]
        assert self.spool(home).pending() == 1

    def test_one_broken_number_does_not_move_the_spool_from_where_gates_look(
        self, home: Path, tmp_path: Path
    ) -> None:
        broken = {"append_budget_ms": "2s", "state_dir": str(tmp_path / "state")}

        self.emitted(home, settings=broken)

        assert Spool(tmp_path / "state").pending() == 1

    def test_a_catalog_with_mistakes_serves_as_it_was_before_them(self, home: Path) -> None:
        self.emitted(home)
        (home / "provenance.yaml").write_text("version: 1\nauthority: [\n")

        event = self.emitted(home)

        assert facet(event["inputs"][0], names.LICENSE)["state"] == "declared"
        effective = facet(event["inputs"][0], names.EFFECTIVE)
        assert effective["resolution"] == "resolved"
        assert "before its files changed; now they have mistakes" in effective["reason"]

    def test_a_large_catalog_serves_as_it_was_until_another_process_has_compiled_it(
        self, home: Path
    ) -> None:
        self.emitted(home)
        entries = [CATALOG.replace("CC-BY-4.0", "MIT")]
        entries += [f"  s3://x/{n}: {{origin: external}}\n" for n in range(5_000)]
        (home / "provenance.yaml").write_text("".join(entries))
        budget = {"attach_budget_ms": 400}

        event = self.emitted(home, settings=budget)

        effective = facet(event["inputs"][0], names.EFFECTIVE)
        assert effective["resolution"] == "resolved", effective
        assert effective["reason"].endswith("now they are not compiled yet")
        assert facet(event["inputs"][0], names.LICENSE)["statements"][0]["declared"] == "CC-BY-4.0"

        mark = home / "lineage_plugin" / "catalog.compiling"
        for _ in range(600):
            if not mark.exists():
                break
            time.sleep(0.1)
        event = self.emitted(home, settings=budget)

        assert "reason" not in facet(event["inputs"][0], names.EFFECTIVE)
        assert facet(event["inputs"][0], names.LICENSE)["statements"][0]["declared"] == "MIT"

    def test_a_catalog_that_never_was_right_leaves_datasets_unresolved(self, home: Path) -> None:
        (home / "provenance.yaml").write_text("version: 1\nauthority: [\n")

        event = self.emitted(home)

        assert set(event["inputs"][0]["facets"]) == {names.EFFECTIVE}
        assert facet(event["inputs"][0], names.EFFECTIVE)["resolution"] == "unresolved"
        assert self.spool(home).counts()[ATTACH_FAILED] == 1
        with record(home) as store:
            assert len(store.datasets()) == 2

    def test_an_event_that_nobody_understands_goes_on_as_it_is(self, home: Path) -> None:
        odd = run_event()
        odd.inputs = 7  # type: ignore[assignment]

        client(home).emit(odd)

        assert sent(home)[0]["inputs"] == 7

    @pytest.mark.parametrize("tree", [nested(5_000), circular(), 10**5_000], ids=ODD)
    def test_a_facet_that_json_has_no_form_for_keeps_no_event_from_the_record(
        self, home: Path, tree: object
    ) -> None:
        only = client(home, transport=None)

        event = run_event(facets={"odd": Odd(tree=tree)})
        event.outputs = tuple(event.outputs)  # type: ignore[assignment,arg-type]

        only.emit(event)

        with record(home) as store:
            assert [summary.ref for summary in store.datasets()] == [FACES, PHOTOS]

    def test_an_event_too_large_to_be_looked_through_is_counted_as_lost(self, home: Path) -> None:
        many: list[object] = []
        many += [many] * 100
        only = client(home, transport=None)

        only.emit(run_event(facets={"odd": Odd(tree=many)}))

        assert self.spool(home).missing() == 1

    def test_names_that_are_none_stop_nothing(self, home: Path) -> None:
        odd = run_event()
        odd.inputs = [event_v2.InputDataset("s3://l\ud800", "x\0"), PHOTOS]  # type: ignore[list-item]

        client(home).emit(odd)

        assert len(sent(home)) == 1


class TestBound:
    """However long the record takes, the event goes on in time."""

    @pytest.fixture
    def never(self) -> Iterator[threading.Event]:
        event = threading.Event()
        yield event
        event.set()

    def recorder(self, home: Path, *, append_ms: int = 50, **parts: Any) -> Recorder:
        tight = {
            "AIRFLOW__LINEAGE_PLUGIN__ATTACH_BUDGET_MS": "50",
            "AIRFLOW__LINEAGE_PLUGIN__APPEND_BUDGET_MS": str(append_ms),
        }
        found = settings.load({"AIRFLOW_HOME": str(home), **tight})
        real = {
            "open_store": lambda: open_store(found.store_url),
            "load_catalog": lambda: (Silent(), ""),
            "now_us": lambda: 1,
        }
        return Recorder(found, **{**real, **parts})

    def test_a_record_that_hangs_is_not_waited_for(
        self, home: Path, never: threading.Event
    ) -> None:
        def hang() -> Any:
            never.wait()
            raise OSError("too late")

        began = time.monotonic()
        known = self.recorder(home, open_store=hang).take(facts(), "{}", [PHOTOS])

        assert time.monotonic() - began < 2
        assert "it took too long" in known.trouble
        assert known.declared == {PHOTOS.uri: ()}
        assert Spool(home / "lineage_plugin").pending() == 1

    def test_an_event_waits_for_a_record_a_quarter_as_long_as_a_gate(
        self, home: Path, never: threading.Event
    ) -> None:
        def hang() -> Any:
            never.wait()
            raise OSError("too late")

        began = time.monotonic()
        self.recorder(home, append_ms=8_000, open_store=hang).take(facts(), "{}", [PHOTOS])

        assert 2 < time.monotonic() - began < 5

    def test_a_slow_disk_under_a_locked_record_leaves_a_trace_of_the_event(
        self, home: Path, monkeypatch: pytest.MonkeyPatch, never: threading.Event
    ) -> None:
        def locked() -> Any:
            raise StoreUnavailable("locked", "wait")

        monkeypatch.setattr(os, "fsync", lambda _: never.wait(20))

        self.recorder(home, open_store=locked).take(facts(), "{}", [PHOTOS])

        assert Spool(home / "lineage_plugin").pending() == 1

    def test_a_catalog_that_hangs_is_not_waited_for(
        self, home: Path, never: threading.Event
    ) -> None:
        def hang() -> Any:
            never.wait()
            raise OSError("too late")

        began = time.monotonic()
        known = self.recorder(home, load_catalog=hang).take(facts(), "{}", [PHOTOS])

        assert time.monotonic() - began < 2
        assert known.declared == {}
        assert known.trouble
        assert Spool(home / "lineage_plugin").pending() == 0, "the event is in the record"

    def test_a_process_that_can_start_no_thread_still_forwards(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(threading.Thread, "start", refuse)

        client(home).emit(run_event())

        assert facet(sent(home)[0]["inputs"][0], names.EFFECTIVE)["resolution"] == "unresolved"
        assert Spool(home / "lineage_plugin").pending() == 1


class Silent:
    """A catalog in which nobody says anything."""

    def declarations_for(self, uri: str) -> tuple[Declaration, ...]:
        return ()


def facts() -> Any:
    from openlineage.client.serde import Serde

    from lineage_plugin.facets.events import facts_of

    return facts_of(Serde.to_dict(run_event()))


FORKING = f"""
import os
from openlineage.client import OpenLineageClient, event_v2

def emit(number):
    client.emit(event_v2.RunEvent(
        eventTime="2026-05-03T10:00:00Z",
        eventType=event_v2.RunState.COMPLETE,
        run=event_v2.Run(f"01900000-0000-7000-8000-{{number:012}}"),
        job=event_v2.Job("airflow", f"dag.task{{number}}"),
        inputs=[event_v2.InputDataset("s3://lake", "photos")],
        outputs=[],
    ))

client = OpenLineageClient(config={{"transport": {{"type": "{TYPE}", "settings": {{
    "attach_budget_ms": 5_000
}}}}}})
emit(1)
for number in (2, 3):
    if os.fork() == 0:
        emit(number)
        os._exit(0)
    assert os.wait()[1] == 0
"""


def run_python(program: str, home: Path) -> str:
    env = {
        "AIRFLOW_HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    return subprocess.check_output([sys.executable, "-c", program], text=True, env=env, timeout=60)


def test_a_forked_child_that_is_cut_short_has_recorded_before_that(home: Path) -> None:
    """As the OpenLineage provider does it: fork, emit, ``os._exit``."""
    run_python(FORKING, home)

    assert Spool(home / "lineage_plugin").counts() == {}
    with record(home) as store:
        assert store.datasets()[0].reads == 3


def test_many_threads_may_share_one_transport(home: Path) -> None:
    emitting = client(home)
    threads = [
        threading.Thread(target=emitting.emit, args=(run_event(number),)) for number in range(1, 9)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with record(home) as store:
        assert store.datasets()[0].writes == 8
    assert LOST not in Spool(home / "lineage_plugin").counts()


def test_nothing_heavy_is_imported_for_an_event(home: Path) -> None:
    """Each event of a task is sent from a fresh fork, so whatever is imported is paid for often."""
    program = (
        "import sys\n"
        "from openlineage.client import OpenLineageClient, event_v2\n"
        "before = set(sys.modules)\n"
        f"client = OpenLineageClient(config={{'transport': {{'type': {TYPE!r}}}}})\n"
        "ref = event_v2.InputDataset('s3://lake', 'photos')\n"
        "event = event_v2.RunEvent(eventTime='2026-05-03T10:00:00Z', inputs=[ref], outputs=[],\n"
        "    run=event_v2.Run('01900000-0000-7000-8000-000000000001'),\n"
        "    job=event_v2.Job('a', 'b'), eventType=event_v2.RunState.START)\n"
        "client.emit(event)\n"
        "client.emit(event)\n"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})\n"
    )

    loaded = run_python(program, home).split()

    heavy = {"airflow", "great_expectations", "pandas", "pyarrow", "numpy", "sqlalchemy", "click"}
    assert "lineage_plugin" in loaded
    assert heavy.isdisjoint(loaded)
    with record(home) as store:
        assert len(store.datasets()) == 1


def test_the_transport_is_what_openlineage_expects() -> None:
    assert issubclass(ProvenanceTransport, Transport)
    assert issubclass(ProvenanceTransport.config_class, Config)
    assert attr.has(ProvenanceTransport.config_class)
