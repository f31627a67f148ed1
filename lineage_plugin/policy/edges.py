"""What a kind of transformation does to the categories of the data that passes through.  Pure.

So far it only adds: turning pictures of faces, or voices, into embeddings makes biometric data of
them.  No kind takes a category away: a claim that data became anonymous needs a recorded decision.

``unspecified`` is what every task is whose author said nothing.  It is not read as the worst of all
kinds, because then every undeclared copy of a photograph would need explicit consent, and people
would learn to look away.  It escalates images of faces only; what is made from other pictures or
voices is caught at the gate, where a purpose such as face-recognition makes any data special
(:meth:`lineage_plugin.policy.purposes.Purposes.is_special`).
"""

from __future__ import annotations

import functools

from lineage_plugin.model import EdgeKind
from lineage_plugin.policy import _tables
from lineage_plugin.propagation import Escalation


@functools.cache
def escalations(kind: EdgeKind) -> tuple[Escalation, ...]:
    """Return the rules by which categories grow on an edge of this kind.

    Source:
        ``data/edges.json``: Illinois BIPA s.10, GDPR Article 4(14) and recital 51.

    Example:
        >>> [rule.becomes for rule in escalations(EdgeKind.EMBED)]
        ['biometric']
        >>> escalations(EdgeKind.COPY)
        ()
    """
    return tuple(
        Escalation(when=frozenset(row["when"]), becomes=row["becomes"])
        for row in _tables.rows("edges", "escalations")
        if row["edge"] == kind.value
    )
