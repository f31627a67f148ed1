"""What keeps a gate from deciding, as reasons: everything that goes wrong has a name and a remedy.

Pure.
"""

from __future__ import annotations

from lineage_plugin.errors import (
    CatalogError,
    ClockError,
    DeclarationError,
    MissingLibrary,
    PolicyError,
    SettingsError,
    StoreCorrupt,
    StoreError,
    StoreTooNew,
    SuiteError,
)
from lineage_plugin.gate import decide, limit
from lineage_plugin.model import Reason

#: What to call the state of the world that an error stands for, most specific first.
_NAMES: tuple[tuple[type[BaseException], str], ...] = (
    (limit.TimedOut, "gate.timeout"),
    (limit.Interrupted, "gate.interrupted"),
    (StoreCorrupt, "store.corrupt"),
    (StoreTooNew, "store.too-new"),
    (StoreError, "store.unavailable"),
    (CatalogError, "catalog.invalid"),
    (SuiteError, "suite.invalid"),
    (PolicyError, "policy.invalid"),
    (ClockError, "gate.clock"),
    (SettingsError, "settings.invalid"),
    (MissingLibrary, "gate.not-installed"),
)


def reason_for(error: BaseException) -> Reason:
    """Return the reason that stands for what went wrong on the way to a decision."""
    name = next((name for kind, name in _NAMES if isinstance(error, kind)), "gate.error")
    if isinstance(error, StoreError | ClockError):
        return decide.undecided(name, error.what, error.remedy)
    if isinstance(error, DeclarationError):
        problems = error.problems
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        where = f" at {first.where}" if first.where else ""
        every = "run: lineage-plugin catalog check" if first.where else ""
        remedy = "; ".join(filter(None, (first.hint, every))) or "see what is declared"
        return decide.undecided(name, f"{first.message}{where}{more}", remedy)
    if isinstance(error, MissingLibrary):
        why, _, remedy = str(error).partition("; ")
        return decide.undecided(name, why, remedy)
    if isinstance(error, limit.Stopped):
        return decide.undecided(name, f"the gate was stopped: {error}")
    if isinstance(error, SettingsError):
        return decide.undecided(name, str(error), "correct it in airflow.cfg or the environment")
    return decide.undecided(
        name, f"{type(error).__name__}: {error}", "this is a defect; please report it"
    )
