"""Imports that wait until they are used."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from lineage_plugin.errors import MissingLibrary


def require(module: str) -> ModuleType:
    """Import a library that only some processes need.

    Raises:
        MissingLibrary: *module* is not installed (what is missing inside it is not hidden).
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise MissingLibrary(module) from error
