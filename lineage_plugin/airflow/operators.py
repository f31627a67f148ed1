"""The gate as a task of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, BaseOperator

from lineage_plugin.airflow.hook import Requirement

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors.base import OperatorLineage
    from airflow.sdk import Context


class ProvenanceGateOperator(BaseOperator):
    """Let what comes after run only if datasets may be used for a purpose.

    It fails without retries unless the gate says ``ALLOWED``, and returns the decision's id,
    outcome and purpose.

    Args:
        purpose: A name of the tree of purposes.
        datasets: URIs (may be templates) or Assets; the inlets, if none are given.
        suites: Suites to ask besides those that the administrator bound to the purpose.
        recipient: To whom the datasets are to be given (may be a template).
        kwargs: See BaseOperator.
    """

    template_fields: Sequence[str] = ("purpose", "datasets", "suites", "recipient")
    ui_color = "#e8e0f5"

    def __init__(
        self,
        *,
        purpose: str,
        datasets: Sequence[str | Asset] | None = None,
        suites: Sequence[str] = (),
        recipient: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.purpose = purpose
        self.datasets = list(datasets or ())
        self.suites = list(suites)
        self.recipient = recipient
        assets = [dataset for dataset in self.datasets if isinstance(dataset, Asset)]
        self.inlets = [*self.inlets, *(asset for asset in assets if asset not in self.inlets)]

    def execute(self, context: Context) -> dict[str, str]:
        """Ask the gate.

        Raises:
            AirflowFailException: It did not say ``ALLOWED``.
        """
        from lineage_plugin.airflow.gate_task import pass_gates

        requirement = Requirement(
            self.purpose, tuple(self.suites), tuple(self.datasets), self.recipient.strip()
        )
        decision = pass_gates([requirement], context)[0]
        return {
            "decision": decision.id,
            "outcome": decision.outcome.value,
            "purpose": decision.purpose,
            "recipient": decision.recipient,
        }

    def get_openlineage_facets_on_start(self) -> OperatorLineage[Any, Any]:
        """Report the datasets as inputs, also those that have no converter."""
        from airflow.providers.openlineage.extractors.base import OperatorLineage
        from openlineage.client.event_v2 import InputDataset

        from lineage_plugin.airflow.inputs import reads_of

        requirement = Requirement(self.purpose, inputs=tuple(self.datasets))
        reads = reads_of({"task": self}, [requirement], ask_airflow=False)
        return OperatorLineage(
            inputs=[InputDataset(namespace=ref.namespace, name=ref.name) for ref in reads.refs]
        )
