"""The names under which our facets travel.  Public API: never reused for something else."""

from __future__ import annotations

#: Who says so, in ``_producer``.  Release numbers may follow after a slash.
PRODUCER = "https://w3id.org/lineage-plugin"

#: Where the schemas of this release live (SchemaVer: model, revision, addition).
SCHEMA_BASE = "https://w3id.org/lineage-plugin/spec/facets/1-0-0"

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
