"""Our own expectations as Great Expectations knows them; registered when this is imported.

``gate/suite.py`` imports it, nothing else may.  Each is about the batch and has a metric of its
own: map expectations pass over nulls and hold for tables without rows.  What they ask is said in
:mod:`lineage_plugin.gate.custom_types`.
"""

# No `from __future__ import annotations`: pydantic and the registry of metrics read them here.

from typing import Any, ClassVar

from lineage_plugin._lazy import require
from lineage_plugin.gate.custom_types import CUSTOM_TYPES, judged, mistakes

_expectation: Any = require("great_expectations.expectations.expectation")
_metrics: Any = require("great_expectations.expectations.metrics.metric_provider")
_tables: Any = require("great_expectations.expectations.metrics.table_metric_provider")
_engines: Any = require("great_expectations.execution_engine")
_domains: Any = require("great_expectations.core.metric_domain_types")
_pydantic: Any = require("great_expectations.compatibility.pydantic")

#: The metric: the rows of the frame as they are, nulls included.
_ROWS = "table.lineage_plugin_rows"


class _Rows(_tables.TableMetricProvider):  # type: ignore[misc]
    metric_name = _ROWS

    @_metrics.metric_value(engine=_engines.PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(
        cls,  # noqa: N805
        execution_engine: Any,
        metric_domain_kwargs: Any,
        metric_value_kwargs: Any,  # noqa: ARG002
        metrics: Any,  # noqa: ARG002
        runtime_configuration: Any,  # noqa: ARG002
    ) -> list[dict[str, Any]]:
        frame, _, _ = execution_engine.get_compute_domain(
            metric_domain_kwargs, domain_type=_domains.MetricDomainTypes.TABLE
        )
        rows: list[dict[str, Any]] = frame.to_dict("records")
        return rows


class _OverRows(_expectation.BatchExpectation):  # type: ignore[misc]
    """Asks every row what :data:`CUSTOM_TYPES` says under the name of the subclass."""

    metric_dependencies: ClassVar[tuple[str, ...]] = (_ROWS,)
    except_for: list[str] | None = None

    @classmethod
    def is_abstract(cls) -> bool:
        """Keep this one out of the registry."""
        return cls.__name__ == "_OverRows"

    @_pydantic.root_validator(pre=True)  # type: ignore[untyped-decorator]
    def _makes_sense(cls, values: dict[str, Any]) -> dict[str, Any]:  # noqa: N805
        kind = CUSTOM_TYPES[cls.expectation_type]
        arguments = {name: value for name, value in values.items() if name not in _OF_ALL}
        wrong = [f"{message} ({hint})" for message, hint in mistakes(kind, arguments)]
        if wrong:
            raise ValueError("; ".join(wrong))
        return values

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: Any = None,  # noqa: ARG002
        execution_engine: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        kind = CUSTOM_TYPES[self.expectation_type]
        known = (*kind.required, *kind.optional)
        arguments = {name: getattr(self, name) for name in known}
        asked, offending = judged(kind, metrics[_ROWS], arguments)
        return {
            "success": bool(asked) and not offending,
            "result": {
                "element_count": asked,
                "missing_count": 0,
                "unexpected_count": len(offending),
                "unexpected_index_list": offending,
            },
        }


#: Fields that every expectation of Great Expectations has, and that are no arguments of ours.
_OF_ALL = frozenset(_expectation.Expectation.__fields__) | {"batch_id"}


class ExpectLicenseToPermitPurpose(_OverRows):
    """The license of every dataset permits the purpose."""

    allowed: list[str]
    at_least: str | None = None
    purpose: str | None = None


class ExpectConsentToCoverPurpose(_OverRows):
    """A legal basis covers the purpose, now and as long as asked."""

    allowed: list[str]
    at_least: str | None = None
    purpose: str | None = None
    valid_until: str | None = None


class ExpectCustodyToBeComplete(_OverRows):
    """Every hand-over is covered by an agreement."""

    allowed: list[str]
    at_least: str | None = None


class ExpectSourceToBeKnown(_OverRows):
    """It is known where every dataset comes from."""

    allowed: list[str]
    at_least: str | None = None


class ExpectAssuranceToBeAtLeast(_OverRows):
    """What is declared rests on at least this support."""

    at_least: str


class ExpectLineageToBeComplete(_OverRows):
    """Everything that the inputs were made from is recorded."""


class ExpectNoQuarantine(_OverRows):
    """Nobody holds back anything that the inputs were made from."""
