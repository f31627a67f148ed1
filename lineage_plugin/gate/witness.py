"""What this machine saw of the record last, so that it is not exchanged for another unnoticed.

An empty record would make every derived dataset look like one that nobody ever wrote; beside a
broad declaration that is a clean root.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from pathlib import Path

from lineage_plugin.errors import StoreCorrupt
from lineage_plugin.store.api import Store

log = logging.getLogger(__name__)

_NAME = "head.json"


def compare(store: Store, store_url: str, state_dir: Path) -> None:
    """Check that the record still holds the entry that was its last when it was seen last.

    Raises:
        StoreCorrupt: It does not, or what was seen cannot be read.
    """
    file = state_dir / _NAME
    try:
        seen = json.loads(file.read_text(encoding="utf-8"))
        url, seq, digest = str(seen["url"]), int(seen["seq"]), str(seen["digest"])
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreCorrupt(
            f"what was last seen of the record cannot be read: {error}",
            f"see that the record is whole (lineage-plugin verify), then remove {file}",
        ) from error
    if url == store_url and store.digest_at(seq) != digest:
        raise StoreCorrupt(
            f"the record is not the one seen before: entry {seq} is missing or another",
            f"put the record back; if it was begun anew on purpose, remove {file}",
        )


def remember(store: Store, store_url: str, state_dir: Path) -> None:
    """Keep the record's last entry for :func:`compare`; a full disk keeps the one before."""
    seq, digest = store.head()
    if seq == 0:
        return  # nothing that could be missed
    text = json.dumps({"url": store_url, "seq": seq, "digest": digest})
    beside = state_dir / f"{_NAME}.{os.getpid()}"
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        beside.replace(state_dir / _NAME)
    except OSError as error:
        log.warning("what was seen of the record cannot be kept in %s: %s", state_dir, error)
        with contextlib.suppress(OSError):
            beside.unlink()
