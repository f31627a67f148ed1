"""Provenance for the data that Airflow trains on: declared, carried by lineage, checked before."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineage_plugin.airflow.decorators import provenance as provenance
    from lineage_plugin.airflow.decorators import requires as requires
    from lineage_plugin.airflow.notifier import BlockedNotifier as BlockedNotifier
    from lineage_plugin.airflow.operators import ProvenanceGateOperator as ProvenanceGateOperator
    from lineage_plugin.errors import CatalogError as CatalogError
    from lineage_plugin.errors import GateDenied as GateDenied
    from lineage_plugin.errors import LineagePluginError as LineagePluginError
    from lineage_plugin.errors import PolicyError as PolicyError
    from lineage_plugin.errors import SettingsError as SettingsError
    from lineage_plugin.errors import StoreError as StoreError
    from lineage_plugin.errors import SuiteError as SuiteError
    from lineage_plugin.model import Assurance as Assurance
    from lineage_plugin.model import DatasetRef as DatasetRef
    from lineage_plugin.model import Decision as Decision
    from lineage_plugin.model import Declaration as Declaration
    from lineage_plugin.model import EdgeKind as EdgeKind
    from lineage_plugin.model import Outcome as Outcome
    from lineage_plugin.model import Reason as Reason
    from lineage_plugin.propagation import Label as Label
    from lineage_plugin.propagation import combine as combine
    from lineage_plugin.transport.transport import ProvenanceTransport as ProvenanceTransport

__version__ = "0.1.0"

#: Public name -> the module that defines it.  Nothing of it is imported before it is asked for:
#: this file runs whenever a DAG file is parsed.
_HOME = {
    "Assurance": "model",
    "BlockedNotifier": "airflow.notifier",
    "CatalogError": "errors",
    "DatasetRef": "model",
    "Decision": "model",
    "Declaration": "model",
    "EdgeKind": "model",
    "GateDenied": "errors",
    "Label": "propagation",
    "LineagePluginError": "errors",
    "Outcome": "model",
    "PolicyError": "errors",
    "ProvenanceGateOperator": "airflow.operators",
    "ProvenanceTransport": "transport.transport",
    "Reason": "model",
    "SettingsError": "errors",
    "StoreError": "errors",
    "SuiteError": "errors",
    "combine": "propagation",
    "provenance": "airflow.decorators",
    "requires": "airflow.decorators",
}

__all__ = sorted(_HOME)  # noqa: PLE0605 - one list instead of two


def __getattr__(name: str) -> object:
    try:
        home = _HOME[name]
    except KeyError:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message) from None
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value  # the next access is a plain lookup
    return value


def __dir__() -> list[str]:
    return __all__
