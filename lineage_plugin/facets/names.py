"""The names under which our facets travel.  Public API: never reused for something else."""

from __future__ import annotations

#: Who says so, in ``_producer``.  Release numbers may follow after a slash.
PRODUCER = "https://w3id.org/lineage-plugin"

#: Where schemas live, each in the folder of its version (SchemaVer: model, revision, addition).
SCHEMA_BASE = "https://w3id.org/lineage-plugin/spec/facets"

#: The version of each schema that is not at its first, 1-0-0.
VERSIONS = {
    "LineagePluginConsentDatasetFacet": "1-0-1",
    "LineagePluginCustodyDatasetFacet": "1-0-1",
    "LineagePluginUseDatasetFacet": "1-0-1",
    "LineagePluginGateRunFacet": "1-0-1",
}

SOURCE = "lineagePlugin_source"
LICENSE = "lineagePlugin_license"
CONSENT = "lineagePlugin_consent"
CUSTODY = "lineagePlugin_custody"
USE = "lineagePlugin_use"
EFFECTIVE = "lineagePlugin_effective"

#: What is said about a dataset by people and documents.
DECLARED = (SOURCE, LICENSE, CONSENT, CUSTODY, USE)

#: Run facet: what a gate said.
GATE = "lineagePlugin_gate"

#: Run facet: what the DAG's author said about the task.
TASK = "lineagePlugin_task"


def schema_id(name: str) -> str:
    """Return the ``$id`` of a schema by the name of its facet.

    Example:
        >>> schema_id("LineagePluginTaskRunFacet")
        'https://w3id.org/lineage-plugin/spec/facets/1-0-0/LineagePluginTaskRunFacet.json'
    """
    return f"{SCHEMA_BASE}/{VERSIONS.get(name, '1-0-0')}/{name}.json"


def is_ours(producer: object) -> bool:
    """Whether a ``_producer`` is this package, in any release.

    Example:
        >>> is_ours("https://w3id.org/lineage-plugin/0.1.0")
        True
        >>> is_ours("https://w3id.org/lineage-pluginish")
        False
    """
    return isinstance(producer, str) and (
        producer == PRODUCER or producer.startswith(f"{PRODUCER}/")
    )
