"""What a kind of transformation lets through, and whose word on lineage counts.  Pure.

Every kind lets every claim through.  Categories may grow: turning pictures of faces, or voices,
into embeddings makes biometric data of them, in the jurisdictions that say so.  They may shrink on
two kinds only, and only by a recorded :class:`~lineage_plugin.model.Declassified`.

``unspecified`` is what every task is whose author said nothing.  It is not read as the worst of all
kinds, because then every undeclared copy of a photograph would need explicit consent, and people
would learn to look away.  It escalates images of faces only; what is made from other pictures or
voices is caught at the gate, where a purpose such as face-recognition makes any data special
(:meth:`lineage_plugin.policy.purposes.Purposes.is_special`).
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass

from lineage_plugin.model import EdgeKind
from lineage_plugin.policy import _tables
from lineage_plugin.propagation import Escalation

#: The kinds on which a recorded declassification may take categories away.
SHRINKING = frozenset({EdgeKind.AGGREGATE, EdgeKind.ANONYMISE})

#: Whose explicit lineage and aliases count besides our own decorators', if nobody says otherwise:
#: what the extractors of Airflow's OpenLineage provider found out.
PROVIDER = "https://github.com/apache/airflow/tree/providers-openlineage"


@dataclass(frozen=True, slots=True)
class Row:
    """One escalation: on an edge of kind ``edge``, data of any category ``when`` is ``becomes``."""

    edge: EdgeKind
    when: tuple[str, ...]
    becomes: str
    jurisdiction: str
    source: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What an administrator decided about edges.

    ``jurisdictions`` choose among the shipped escalations; all of them, if ``None``.  ``added`` are
    escalations besides.  ``trusted`` are producers whose word counts where it makes data look
    cleaner, as prefixes of their URIs; our own always counts.
    """

    jurisdictions: tuple[str, ...] | None = None
    added: tuple[Row, ...] = ()
    trusted: tuple[str, ...] = (PROVIDER,)

    def escalations(self, kind: EdgeKind) -> tuple[Escalation, ...]:
        """Return the rules by which categories grow on an edge of this kind.

        Example:
            >>> sorted({rule.becomes for rule in Rules().escalations(EdgeKind.EMBED)})
            ['biometric']
            >>> Rules().escalations(EdgeKind.COPY)
            ()
        """
        return _escalations(self, kind)

    def trusts(self, producer: str) -> bool:
        """Whether the word of this producer counts where it makes data look cleaner.

        Example:
            >>> Rules().trusts(f"{PROVIDER}/2.20.3"), Rules().trusts("https://example.com/etl")
            (True, False)
        """
        known = (_OURS, *self.trusted)
        return any(producer == name or producer.startswith(f"{name}/") for name in known)


#: The ``_producer`` of our own facets (:data:`lineage_plugin.facets.names.PRODUCER`).
_OURS = "https://w3id.org/lineage-plugin"


@functools.cache
def shipped() -> tuple[Row, ...]:
    """Return the escalations of ``data/edges.json``, one for each jurisdiction that demands it."""
    return tuple(
        Row(
            EdgeKind(row["edge"]),
            tuple(row["when"]),
            row["becomes"],
            row["jurisdiction"],
            row["source"],
        )
        for row in _tables.rows("edges", "escalations")
    )


def jurisdictions() -> tuple[str, ...]:
    """Return the jurisdictions of the shipped escalations, sorted."""
    return tuple(sorted({row.jurisdiction for row in shipped()}))


def may_shrink(kinds: Collection[EdgeKind]) -> bool:
    """Whether a recorded declassification may take categories away in a step of these kinds.

    Where several are told of one step, all of them have to be of those that allow it.
    """
    return bool(kinds) and SHRINKING.issuperset(kinds)


@functools.lru_cache(maxsize=256)
def _escalations(rules: Rules, kind: EdgeKind) -> tuple[Escalation, ...]:
    chosen = jurisdictions() if rules.jurisdictions is None else rules.jurisdictions
    rows = (*(row for row in shipped() if row.jurisdiction in chosen), *rules.added)
    found = (Escalation(frozenset(row.when), row.becomes) for row in rows if row.edge is kind)
    return tuple(dict.fromkeys(found))
