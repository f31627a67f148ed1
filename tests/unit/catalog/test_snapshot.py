"""Files as they were while they were read."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from lineage_plugin.catalog import snapshot
from lineage_plugin.catalog.snapshot import Snapshot, same_content


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of more than one chunk."""
    path = tmp_path / "evidence.bin"
    path.write_bytes(b"x" * (snapshot._CHUNK_BYTES + 1))
    return path


def test_a_file_is_digested_as_a_whole_and_once(file: Path) -> None:
    seen = Snapshot()
    digest = seen.sha256(file)
    file.write_bytes(b"other")

    assert digest == hashlib.sha256(b"x" * (snapshot._CHUNK_BYTES + 1)).hexdigest()
    assert seen.sha256(file) == digest
    assert not seen.holds()


def test_a_file_that_is_gone_no_longer_looks_the_same(file: Path) -> None:
    seen = Snapshot()
    seen.read(file)
    assert seen.holds()
    file.unlink()

    assert not seen.holds()
    assert same_content(seen.stamps[0]) is None


def test_a_file_with_the_same_content_gets_a_new_stamp(file: Path) -> None:
    seen = Snapshot()
    seen.read(file)
    os.utime(file, (0, 0))
    renewed = same_content(seen.stamps[0])

    assert renewed is not None
    assert renewed != seen.stamps[0]
    assert renewed.looks_same()
    file.write_bytes(b"other")
    assert same_content(seen.stamps[0]) is None


def test_a_file_that_is_too_large_is_not_read(file: Path) -> None:
    with pytest.raises(OSError, match="larger than 1,000 bytes"):
        Snapshot().read(file, max_bytes=1_000)


def test_a_device_is_not_read() -> None:
    with pytest.raises(OSError, match="not an ordinary file"):
        Snapshot().sha256(Path("/dev/zero"))


def test_what_is_refused_is_closed_again(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        with pytest.raises(IsADirectoryError):
            Snapshot().read(tmp_path)

    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1
