"""Bodies whose doings are captured, in a folder of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lineage_plugin import capture
from lineage_plugin.capture.touched import Rules, Touches, touches


class Body:
    """What a body touched, by the names it has below its folder; files in brackets if many."""

    def __init__(self, folder: Path, **rules: object) -> None:
        self.folder = folder
        self.rules = Rules(**rules)  # type: ignore[arg-type]
        self.touched = Touches()

    @contextmanager
    def runs(self) -> Iterator[None]:
        session = capture.begin()
        try:
            yield
        finally:
            capture.end()
            self.touched = touches(session, self.rules)

    @property
    def reads(self) -> dict[str, int]:
        return {self._short(found.ref.uri): found.files for found in self.touched.reads}

    @property
    def writes(self) -> dict[str, int]:
        return {self._short(found.ref.uri): found.files for found in self.touched.writes}

    def _short(self, uri: str) -> str:
        return uri.removeprefix(f"file://{self.folder}").removeprefix("/")


@pytest.fixture
def body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Body:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.csv").write_text("a,b\n1,2\n", "utf-8")
    return Body(tmp_path)
