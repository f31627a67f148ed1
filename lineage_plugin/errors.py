"""Errors, grouped by who must act, because that decides message, exit code and retry.

::

    LineagePluginError
    ├── DeclarationError (ValueError)   who wrote the YAML file, suite or decorator
    │   ├── CatalogError
    │   ├── PolicyError
    │   ├── SuiteError
    │   └── FacetError
    ├── GateDenied                      nobody: a decision, not a defect
    ├── StoreError                      whoever is on call
    │   ├── StoreUnavailable
    │   ├── StoreCorrupt
    │   ├── StoreConflict
    │   └── StoreTooNew
    ├── ClockError                      whoever is on call
    ├── TransportError                  whoever is on call
    ├── SettingsError (ValueError)      who configured Airflow
    └── MissingLibrary (ImportError)    who builds the image

Every argument goes to ``super().__init__``, so that errors survive pickling between Airflow's
processes; ``__str__`` makes the sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineage_plugin.model import Decision, Problem


class LineagePluginError(Exception):
    """Everything that this package raises on purpose."""

    #: Whether the same call may succeed later without anybody's help.
    retryable: bool = False


class DeclarationError(LineagePluginError, ValueError):
    """What people wrote is wrong; ``problems`` lists everything that is wrong with it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class CatalogError(DeclarationError):
    """A catalog file cannot be used."""


class PolicyError(DeclarationError):
    """A policy file, purpose or binding cannot be used."""


class SuiteError(DeclarationError):
    """A Great Expectations suite cannot be trusted to judge."""


class FacetError(DeclarationError):
    """A facet does not follow its schema."""


class GateDenied(LineagePluginError):
    """A gate did not let a run proceed; ``decision`` says why."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision)
        self.decision = decision

    def __str__(self) -> str:
        return str(self.decision)


class StoreError(LineagePluginError):
    """The record cannot do what was asked; the message says how to repair it."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}"


class StoreUnavailable(StoreError):
    """The record is locked, missing, unreadable, read-only or on a full disk."""

    retryable = True


class StoreCorrupt(StoreError):
    """The record's bytes or its chain of digests are not what was written."""


class StoreConflict(StoreError):
    """The same identity was recorded before with other content."""


class StoreTooNew(StoreError):
    """The record was written by a newer release."""


class ClockError(LineagePluginError):
    """What time it is cannot be told; the message says how to mend it."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}"


class TransportError(LineagePluginError):
    """The transport that events pass through cannot be built."""


class SettingsError(LineagePluginError, ValueError):
    """A setting of the section ``[lineage_plugin]`` cannot be used."""


class MissingLibrary(LineagePluginError, ImportError):
    """A library that this needs is not installed; the message says what to install."""

    def __init__(self, module: str) -> None:
        super().__init__(module)
        self.module = module

    def __str__(self) -> str:
        distribution = self.module.partition(".")[0].replace("_", "-")
        return f"{self.module} is not installed; run: pip install {distribution}"
