"""OpenLineage's JSON Schemas and ours, as one offline validator.

OpenLineage's lie outside the project; ``OPENLINEAGE_SPEC`` names their folder.
"""

from __future__ import annotations

import functools
import json
import os
import re
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

#: RFC 3339: a date, a time and a zone.  (jsonschema checks times only with one more library.)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")

_FORMATS = FormatChecker()

CORE = "https://openlineage.io/spec/2-0-2/OpenLineage.json"


@_FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    datetime.fromisoformat(value)
    return bool(_RFC3339.fullmatch(value))


def our_schemas() -> dict[str, dict[str, Any]]:
    """Return our schemas by the name of the class that each describes."""
    found = {}
    for file in (files("lineage_plugin") / "facets" / "schemas").iterdir():
        if file.name.endswith(".json"):
            found[file.name.removesuffix(".json")] = json.loads(file.read_text("utf-8"))
    return found


def spec_folder() -> Path:
    """Return the folder of OpenLineage's schemas, or skip the test and say what is missing."""
    folder = os.environ.get("OPENLINEAGE_SPEC", "")
    if not folder:
        pytest.skip("OPENLINEAGE_SPEC is not set; it names the folder spec/ of OpenLineage")
    path = Path(folder)
    if not (path / "OpenLineage.json").is_file():
        pytest.fail(f"OPENLINEAGE_SPEC={folder} has no OpenLineage.json")
    return path


@functools.cache
def _registry(folder: Path) -> Registry[Any]:
    paths = [folder / "OpenLineage.json", *sorted((folder / "facets").glob("*.json"))]
    schemas = [json.loads(path.read_text("utf-8")) for path in paths]
    resources = [Resource.from_contents(s) for s in (*schemas, *our_schemas().values())]
    return Registry[Any]().with_resources((str(r.id()), r) for r in resources)


def problems(instance: object, schema_url: str) -> list[str]:
    """Return what is wrong with *instance* by the schema at *schema_url*."""
    validator = Draft202012Validator(
        {"$ref": schema_url}, registry=_registry(spec_folder()), format_checker=_FORMATS
    )
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(instance)]


def event_problems(event: dict[str, Any]) -> list[str]:
    """Return what is wrong with an event by OpenLineage's schema, each facet by its own too."""
    found = problems(event, CORE)
    for place, facet in _facets(event):
        url = str(facet.get("_schemaURL", ""))
        known = url.partition("#")[0] in _registry(spec_folder())
        if known:
            found += [f"{place}: {problem}" for problem in problems(facet, url)]
        elif "lineage-plugin" in url:
            found.append(f"{place}: no schema of ours is at {url}")
    return found


def _facets(event: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    holders = [event.get("run"), event.get("job"), event.get("dataset")]
    holders += [*event.get("inputs", ()), *event.get("outputs", ())]
    return [
        (name, facet)
        for holder in holders
        if holder
        for kind in ("facets", "inputFacets", "outputFacets")
        for name, facet in (holder.get(kind) or {}).items()
    ]
