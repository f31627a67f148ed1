"""What this machine saw of the record last, so that it is not exchanged for another unnoticed.

An empty record would make every derived dataset look like one that nobody ever wrote; beside a
broad declaration that is a clean root.  And a clock that was set back would bring to life again
what has ended: consents, waivers, licences.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from pathlib import Path

from lineage_plugin.errors import ClockError, StoreCorrupt
from lineage_plugin.model import SECOND_US, iso
from lineage_plugin.store.api import Store

log = logging.getLogger(__name__)

_NAME = "head.json"

#: A clock is set back by less than this (microseconds) while it is being kept right.
_SKEW_US = 60 * SECOND_US


def compare(store: Store, store_url: str, state_dir: Path, *, now_us: int) -> None:
    """Check that the record still holds the entry that was its last when it was seen last.

    Raises:
        StoreCorrupt: It does not, or what was seen cannot be read.
        ClockError: It was seen at a time that is still to come.
    """
    file = state_dir / _NAME
    try:
        seen = json.loads(file.read_text(encoding="utf-8"))
        url, seq, digest = str(seen["url"]), int(seen["seq"]), str(seen["digest"])
        at_us = int(seen.get("at_us", 0))
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreCorrupt(
            f"what was last seen of the record cannot be read: {error}",
            f"see that the record is whole (lineage-plugin verify), then remove {file}",
        ) from error
    if at_us > now_us + _SKEW_US:
        raise ClockError(
            f"here it is {iso(now_us)}, and the record was seen at {iso(at_us)}",
            f"set the clock of this machine (NTP); if it was ahead before, remove {file}",
        )
    if url == store_url and store.digest_at(seq) != digest:
        raise StoreCorrupt(
            f"the record is not the one seen before: entry {seq} is missing or another",
            f"put the record back; if it was begun anew on purpose, remove {file}",
        )


def remember(store: Store, store_url: str, state_dir: Path, *, now_us: int) -> None:
    """Keep the record's last entry for :func:`compare`; a full disk keeps the one before."""
    seq, digest = store.head()
    if seq == 0:
        return  # nothing that could be missed
    text = json.dumps({"url": store_url, "seq": seq, "digest": digest, "at_us": now_us})
    beside = state_dir / f"{_NAME}.{os.getpid()}"
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        beside.replace(state_dir / _NAME)
    except OSError as error:
        log.warning("what was seen of the record cannot be kept in %s: %s", state_dir, error)
        with contextlib.suppress(OSError):
            beside.unlink()
