"""What the command's exit codes mean.  They are public: never give one a second meaning."""

from __future__ import annotations

from enum import IntEnum

from lineage_plugin.errors import (
    ClockError,
    DeclarationError,
    GateDenied,
    LineagePluginError,
    MissingLibrary,
    SettingsError,
    StoreError,
    TransportError,
)
from lineage_plugin.model import Outcome


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    BUG = 1
    WRONG_INPUT = 2
    DENIED = 3
    UNDECIDED = 4
    UNAVAILABLE = 5


#: Which exit code an outcome has.
OF_OUTCOME = {
    Outcome.ALLOWED: ExitCode.DONE,
    Outcome.DENIED: ExitCode.DENIED,
    Outcome.UNDECIDED: ExitCode.UNDECIDED,
}

_OF_ERROR: tuple[tuple[type[LineagePluginError], ExitCode], ...] = (
    (DeclarationError, ExitCode.WRONG_INPUT),
    (SettingsError, ExitCode.WRONG_INPUT),
    (TransportError, ExitCode.WRONG_INPUT),
    (MissingLibrary, ExitCode.WRONG_INPUT),
    (StoreError, ExitCode.UNAVAILABLE),
    (ClockError, ExitCode.UNAVAILABLE),
)


def of_error(error: BaseException) -> ExitCode:
    """Return the exit code for an error; one that nobody raised on purpose is a bug."""
    if isinstance(error, GateDenied):
        return OF_OUTCOME[error.decision.outcome]
    return next((code for kind, code in _OF_ERROR if isinstance(error, kind)), ExitCode.BUG)
