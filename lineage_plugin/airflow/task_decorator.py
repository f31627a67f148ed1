"""``@task.provenance_gate(purpose)``: ``requires`` under a name that Airflow puts on ``@task``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lineage_plugin.airflow.decorators import Decorator, requires


def provenance_gate(
    purpose: str,
    *,
    suites: Sequence[str] = (),
    inputs: Sequence[Any] | None = None,
    recipient: str = "",
) -> Decorator:
    """Do what :func:`~lineage_plugin.airflow.decorators.requires` does.

    Raises:
        TypeError: An argument or the decorated thing is of the wrong kind.
    """
    return requires(purpose, suites=suites, inputs=inputs, recipient=recipient)
