"""What a few tests need of the machine that a package index does not carry.

A test that lacks it fails and says how to install it: nothing passes unseen.
Who cannot install it names it in ``LINEAGE_PLUGIN_E2E_WITHOUT`` (with commas between several); then
its tests are skipped, and say so.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass

import pytest

#: Names what is known to be missing.
WITHOUT = "LINEAGE_PLUGIN_E2E_WITHOUT"


@dataclass(frozen=True)
class Tool:
    """A program, under any of the names that it has."""

    commands: tuple[str, ...]
    install: str


#: What may be needed, by the name that ``LINEAGE_PLUGIN_E2E_WITHOUT`` gives it.
TOOLS = {
    "browser": Tool(
        ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"),
        "apt-get update && apt-get install -y chromium",
    ),
}


def skip_without(name: str) -> None:
    """Skip the test if whoever runs it named *name* as missing."""
    if name in os.environ.get(WITHOUT, "").replace(" ", "").split(","):
        pytest.skip(f"{WITHOUT} names {name}")


def needed(name: str) -> str:
    """Return the path of a tool, or end the test: failed, or skipped where that was asked for."""
    tool = TOOLS[name]
    skip_without(name)
    found = next(filter(None, map(shutil.which, tool.commands)), None)
    if found is None:
        pytest.fail(
            f"this test needs a {name} ({' or '.join(tool.commands)}), and none is on the PATH; "
            f"install one: {tool.install}; or skip what needs it: {WITHOUT}={name} make e2e",
            pytrace=False,
        )
    return found
