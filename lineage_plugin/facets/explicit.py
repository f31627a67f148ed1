"""What an event says beyond inputs and outputs: what was made from what, and other names.  Pure.

Explicit lineage may make data look cleaner, so it counts for an output only if all of it can be
read; whose word it is goes with it, for whoever asks to judge.

Source:
    https://openlineage.io/spec/facets/1-0-0/LineageFacet.json,
    https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json,
    https://openlineage.io/spec/facets/1-0-1/SymlinksDatasetFacet.json.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lineage_plugin.facets.loose import items, mapping, ref_of, text
from lineage_plugin.model import Alias, DatasetRef, ExplicitLineage

#: Facets of an output that say what it was made from.
_TOLD = frozenset({"lineage", "columnLineage"})

#: URI of an output -> what is said about it; ``None`` where some of it cannot be read.
_Words = dict[str, set[tuple[str, tuple[DatasetRef, ...]]] | None]


def lineage_of(
    event: Mapping[str, Any], task: Mapping[str, Any]
) -> dict[str, tuple[ExplicitLineage, ...]]:
    """Map the URI of each output to what the event says that it was made from.

    Args:
        event: A RunEvent as plain JSON data.
        task: What the author of the task said, in our own facet of the run.
    """
    words: _Words = {}
    job = mapping(mapping(event.get("job")).get("facets")).get("lineage")
    _add_entries(words, mapping(job).get("entries"), said_by=_producer(job))
    _add_entries(words, task.get("lineage"), said_by=_producer(task))
    for output in items(event.get("outputs")):
        facets = mapping(mapping(output).get("facets"))
        if not _TOLD & facets.keys() or (ref := ref_of(output)) is None:
            continue
        if (said := facets.get("lineage")) is not None:
            _add(words, ref.uri, _producer(said), _of_entry(mapping(said)))
        columns = facets.get("columnLineage")
        if (found := _of_columns(mapping(columns), mapping(facets.get("schema")))) is not None:
            _add(words, ref.uri, _producer(columns), found)
    return {
        uri: tuple(ExplicitLineage(inputs, said_by) for said_by, inputs in sorted(said))
        for uri, said in words.items()
        if said
    }


def aliases_of(event: Mapping[str, Any]) -> tuple[Alias, ...]:
    """Return the other names of datasets that the event knows; what is no name is none."""
    found: dict[Alias, None] = {}
    for dataset in (*items(event.get("inputs")), *items(event.get("outputs"))):
        said = mapping(mapping(mapping(dataset).get("facets")).get("symlinks"))
        ref = ref_of(dataset) if said else None
        for other in map(ref_of, items(said.get("identifiers"))):
            if ref is not None and other is not None and other.uri != ref.uri:
                found[Alias(ref, other, _producer(said))] = None
    return tuple(found)


def _add_entries(words: _Words, entries: object, *, said_by: str) -> None:
    """Add lineage entries of a job; one that cannot be read may have been about any output."""
    if entries is None:
        return
    found: list[tuple[str, tuple[DatasetRef, ...] | None]] = []
    for entry in items(entries) if isinstance(entries, list) else [None]:
        plain = mapping(entry)
        if plain.get("type") == "JOB":  # what feeds the job says nothing about its outputs
            continue
        ref = ref_of(plain)
        if ref is None:
            return
        found.append((ref.uri, _of_entry(plain)))
    for uri, inputs in found:
        _add(words, uri, said_by, inputs)


def _add(words: _Words, uri: str, said_by: str, inputs: tuple[DatasetRef, ...] | None) -> None:
    said = words.setdefault(uri, set())
    if inputs is None or said is None:
        words[uri] = None
    else:
        said.add((said_by, inputs))


def _of_entry(plain: Mapping[str, Any]) -> tuple[DatasetRef, ...] | None:
    """Return the datasets that an entry names as sources of its target as a whole and by field.

    ``None`` if it does not speak of the whole, as where only fields are told: filters and joins may
    be missing there.  Nor does what came from a job tell from which dataset.
    """
    if not isinstance(plain.get("inputs"), list):
        return None
    fields = plain.get("fields", {})
    if not isinstance(fields, Mapping):
        return None
    lists = [plain["inputs"], *(mapping(field).get("inputs") for field in fields.values())]
    return _all_of(item for found in lists for item in _whole(found))


def _of_columns(
    plain: Mapping[str, Any], schema: Mapping[str, Any]
) -> tuple[DatasetRef, ...] | None:
    """Return the datasets that column lineage names, if it is whole; else it says nothing.

    Whole: it lists what affects the dataset as a whole (filters, joins, grouping), even if that is
    nothing, and every column of the schema is told.
    """
    fields, columns = plain.get("fields"), items(schema.get("fields"))
    if not isinstance(fields, Mapping) or not isinstance(plain.get("dataset"), list):
        return None
    if not columns or any(text(mapping(c).get("name")) not in fields for c in columns):
        return None
    lists = [plain["dataset"], *(mapping(f).get("inputFields") for f in fields.values())]
    return _all_of(item for found in lists for item in _whole(found))


def _whole(found: object) -> Iterable[object]:
    return found if isinstance(found, list) else [None]


def _all_of(found: Iterable[object]) -> tuple[DatasetRef, ...] | None:
    """Return the datasets named, each once and in order; ``None`` if any is not one."""
    refs: dict[str, DatasetRef] = {}
    for item in found:
        ref = ref_of(item)
        if ref is None or mapping(item).get("type", "DATASET") != "DATASET":
            return None
        refs[ref.uri] = min(ref, refs.get(ref.uri, ref))
    return tuple(refs[uri] for uri in sorted(refs))


def _producer(facet: object) -> str:
    return text(mapping(facet).get("_producer"))
