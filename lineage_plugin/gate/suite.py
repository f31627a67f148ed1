"""The only door to Great Expectations: suites judge a provenance frame.

``result.success`` alone is never trusted.  Great Expectations passes what it dropped, what had no
rows, what was null and what a condition left out; here whatever was not evaluated has not passed.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from lineage_plugin._lazy import require
from lineage_plugin.errors import MissingLibrary, SuiteError
from lineage_plugin.gate.suite_file import (
    SEVERITIES,
    Expected,
    Suite,
    find_suite,
    load_suite,
    shipped_folder,
)
from lineage_plugin.model import Problem
from lineage_plugin.policy.vocabulary import suggest

__all__ = [
    "Expected",
    "Failure",
    "Suite",
    "SuiteRun",
    "check_suite",
    "find_suite",
    "load_suite",
    "run_suites",
    "shipped_folder",
]

#: Where a result says which expectation it answers: results come in another order than the suite.
_POSITION = "lineage_plugin.position"
#: ... or of which expectation it tells whether its condition matches any row at all.
_CONDITION_OF = "lineage_plugin.condition_of"
#: The one type that says nothing but yes or no.
_WORDLESS = "expect_column_to_exist"
#: Characters of a foreign message; GX quotes whole tracebacks and value sets.
_MESSAGE_MAX = 300
#: Different cells that a failure quotes.
_QUOTED_MAX = 5

#: One run at a time: what has to be set for the whole process is set and put back under it.
_lock = threading.RLock()


@dataclass(frozen=True, slots=True)
class Failure:
    """One expectation that did not hold, or that nobody can say held.

    ``kind`` is ``failed``, ``not-evaluated`` or ``error``; the last two block at any severity.
    ``rows`` are the offending rows, all of them where the expectation is about the table.
    """

    suite: str
    expectation: str
    column: str
    severity: str
    rule: str
    rows: tuple[int, ...]
    observed: str
    kind: str
    message: str
    where: str

    @property
    def blocks(self) -> bool:
        """Whether this keeps the body from running."""
        return self.kind != "failed" or self.severity == "critical"


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """What the suites said; ``evaluated`` counts the expectations that got an answer."""

    failures: tuple[Failure, ...]
    evaluated: int

    @property
    def passed(self) -> bool:
        """Whether something was evaluated and nothing blocks."""
        return self.evaluated > 0 and not any(failure.blocks for failure in self.failures)


def check_suite(path: Path) -> Suite:
    """Load a suite and let Great Expectations look at every type and argument.

    Raises:
        SuiteError: It cannot be trusted; lists everything that is wrong.
        MissingLibrary: Great Expectations is not installed.
    """
    suite = load_suite(path)
    with _lock, _quiet():
        gx = _great_expectations()
        problems = _build(gx, suite)[1]
    if problems:
        raise SuiteError(tuple(problem for _, problem in problems))
    return suite


def run_suites(
    suites: Sequence[Suite], rows: Sequence[Mapping[str, object]], *, columns: Sequence[str]
) -> SuiteRun:
    """Let *suites* judge a frame.

    Args:
        suites: What judges; without any, nothing has passed.
        rows: The frame; each cell a string, a whole number or a truth value.
        columns: The columns that the suites are shown.

    Raises:
        MissingLibrary: Great Expectations or pandas is not installed.
    """
    unfit = _unfit(suites, rows, columns)
    if unfit:
        return SuiteRun(unfit, 0)
    try:
        with _lock, _quiet():
            return _run(suites, rows, columns)
    except MissingLibrary:
        raise
    except Exception as error:  # noqa: BLE001  # whatever Great Expectations does, nothing passes
        every = tuple(range(len(rows)))
        return SuiteRun(tuple(_whole(suite, "error", _told(error), every) for suite in suites), 0)


def _unfit(
    suites: Sequence[Suite], rows: Sequence[Mapping[str, object]], columns: Sequence[str]
) -> tuple[Failure, ...]:
    """Find what Great Expectations would pass unseen: no suite, no rule, no row, no value."""
    if not suites:
        nobody = Suite("", "", "", frozenset(), ())
        return (_whole(nobody, "not-evaluated", "no suite judges"),)
    if not rows:
        return tuple(_whole(suite, "not-evaluated", "the frame has no rows") for suite in suites)
    for column in columns:
        bad = tuple(i for i, row in enumerate(rows) if not isinstance(row.get(column), str | int))
        if bad:
            cell = repr(rows[bad[0]].get(column))
            message = f"column {column!r} holds {cell:.60}, which nothing can judge"
            return tuple(_whole(suite, "not-evaluated", message, bad, column) for suite in suites)
    return tuple(
        _whole(suite, "not-evaluated", "the suite is empty")
        for suite in suites
        if not suite.expectations
    )


def _run(
    suites: Sequence[Suite], rows: Sequence[Mapping[str, object]], columns: Sequence[str]
) -> SuiteRun:
    failures: list[Failure] = []
    evaluated = 0
    gx = _great_expectations()
    with _context() as context:
        batch = _batch(context, _table(rows, columns))
        for suite in suites:
            try:
                found = _judge(gx, batch, suite, rows)
            except Exception as error:  # noqa: BLE001  # the other suites still have their say
                every = tuple(range(len(rows)))
                failures.append(_whole(suite, "error", _told(error), every))
                continue
            failures.extend(found)
            evaluated += len(suite.expectations) - sum(f.kind != "failed" for f in found)
    return SuiteRun(tuple(failures), evaluated)


def _judge(
    gx: ModuleType, batch: Any, suite: Suite, rows: Sequence[Mapping[str, object]]
) -> list[Failure]:
    """Return what does not hold, in the order of the suite."""
    built, problems = _build(gx, suite)
    answers: dict[int, list[Any]] = {}
    conditions: dict[int, list[Any]] = {}
    if built:
        asked = gx.ExpectationSuite(name=suite.name, expectations=built)
        for result in batch.validate(asked, result_format="COMPLETE").results:
            meta = result.expectation_config.meta
            into, key = (answers, _POSITION) if _POSITION in meta else (conditions, _CONDITION_OF)
            into.setdefault(meta[key], []).append(result)
    refused = dict(problems)
    found = []
    verdict: _Verdict | None
    for position, expected in enumerate(suite.expectations):
        if position in refused:
            problem = refused[position]
            verdict = _Verdict("not-evaluated", f"{problem.message}  {problem.hint}")
        else:
            verdict = _verdict(expected, answers.get(position, []), conditions.get(position, []))
        if verdict is not None:
            found.append(_failure(suite, expected, verdict, rows))
    return found


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Why one expectation has not passed; ``rows`` is ``None`` where it is about the table."""

    kind: str
    message: str
    rows: tuple[int, ...] | None = None
    observed: str = ""


def _verdict(
    expected: Expected, answers: Sequence[Any], conditions: Sequence[Any]
) -> _Verdict | None:
    """Return why *expected* has not passed, or ``None`` if it was evaluated and holds."""
    if len(answers) != 1:
        return _Verdict("not-evaluated", f"Great Expectations gave {len(answers)} answers to it")
    answer = answers[0]
    said = answer.result or {}
    raised = _raised(answer.exception_info)
    if raised is not None:
        return _Verdict("error", raised)
    if not said and expected.type != _WORDLESS:
        return _Verdict("not-evaluated", "Great Expectations did not say what it looked at")
    if not answer.success and said.get("element_count") == 0:
        return _Verdict("not-evaluated", "it looked at no row")
    if not answer.success:
        message = f"expected: {expected.description or expected.type}"
        observed = said.get("observed_value")
        return _Verdict("failed", message, _rows(said), "" if observed is None else str(observed))
    return _vacuous(expected, said, conditions)


def _vacuous(
    expected: Expected, said: Mapping[str, Any], conditions: Sequence[Any]
) -> _Verdict | None:
    """Return why a success says nothing, or ``None``."""
    if expected.kwargs.get("row_condition") is not None and not (
        len(conditions) == 1 and conditions[0].success
    ):
        return _Verdict("not-evaluated", "no row matches its condition")
    if said.get("element_count") == 0:
        return _Verdict("not-evaluated", "it looked at no row")
    if said.get("missing_count"):
        return _Verdict("not-evaluated", f"it passed over {said['missing_count']} empty rows")
    if said.get("unexpected_count") and expected.severity == "critical":
        message = "expected: it holds for every row, and it does for most only"
        return _Verdict("failed", message, _rows(said))
    return None


def _rows(said: Mapping[str, Any]) -> tuple[int, ...] | None:
    return tuple(said.get("unexpected_index_list") or ()) or None


def _raised(info: Any) -> str | None:
    """Return what went wrong inside Great Expectations, if anything did or that is not told.

    The information is about the expectation, or a mapping from metrics to the like.
    """
    if not isinstance(info, Mapping) or not info:
        return "Great Expectations does not say whether it met an error"
    if "raised_exception" in info:
        told = info.get("exception_message") or "an exception without a message"
        return _short(str(told)) if info["raised_exception"] is not False else None
    first = next(iter(info.values()))
    told = first.get("exception_message") if isinstance(first, Mapping) else first
    return _short(str(told))


def _failure(
    suite: Suite, expected: Expected, verdict: _Verdict, rows: Sequence[Mapping[str, object]]
) -> Failure:
    offending = verdict.rows
    if offending is None or not all(type(i) is int and 0 <= i < len(rows) for i in offending):
        offending = tuple(range(len(rows)))
    observed = verdict.observed
    if not observed and verdict.kind == "failed" and expected.column:
        observed = _quoted(rows[index].get(expected.column) for index in offending)
    return Failure(
        suite.name,
        expected.type,
        expected.column,
        expected.severity,
        expected.rule,
        tuple(sorted(set(offending))),
        _short(observed),
        verdict.kind,
        _short(verdict.message),
        suite.where(expected),
    )


def _whole(
    suite: Suite, kind: str, message: str, rows: tuple[int, ...] = (), column: str = ""
) -> Failure:
    """Return the failure of a suite as such."""
    return Failure(suite.name, "", column, "critical", "", rows, "", kind, message, suite.path)


def _quoted(cells: Iterable[object]) -> str:
    different = list(dict.fromkeys(str(cell) for cell in cells))
    more = f" and {len(different) - _QUOTED_MAX} more" if len(different) > _QUOTED_MAX else ""
    return ", ".join(different[:_QUOTED_MAX]) + more


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MESSAGE_MAX else f"{line[: _MESSAGE_MAX - 3]}..."


def _told(error: BaseException) -> str:
    return _short(f"{type(error).__name__}: {error}")


def _build(gx: ModuleType, suite: Suite) -> tuple[list[Any], list[tuple[int, Problem]]]:
    """Make Great Expectations' own objects, and say which expectations it has none for.

    Not by way of ``ExpectationSuite(**json)``, which logs what it cannot make and drops it.
    """
    _register(suite)
    registry = gx.expectations.registry
    known = frozenset(registry.list_registered_expectation_implementations())
    genuine = _genuine()
    built: list[Any] = []
    problems: list[tuple[int, Problem]] = []
    for position, expected in enumerate(suite.expectations):
        message, hint = "", ""
        if expected.type not in known:
            near = suggest(expected.type, known)
            message = f"unknown expectation {expected.type!r}"
            hint = f"did you mean {near!r}?" if near else "import the module that defines it"
        elif expected.severity not in SEVERITIES:
            message = f"unknown severity {expected.severity!r}"
        elif (found := registry.get_expectation_impl(expected.type)) is not genuine.get(
            expected.type, found
        ):
            message = f"{expected.type} was defined anew by {found.__module__}"
            hint = "give the class there another name"
        else:
            try:
                built.extend(_make(registry, position, expected))
            except Exception as error:  # noqa: BLE001  # pydantic's, and whatever validators raise
                message = _told(error)
        if message:
            problems.append((position, Problem(message, suite.where(expected), hint)))
    return built, problems


#: Modules of somebody's own that this process imported, each with the digest it had then.
_imported: dict[str, str] = {}


def _register(suite: Suite) -> None:
    """Define our own expectations and those of the modules that a suite names.

    Raises:
        SuiteError: A module cannot be imported, or is another than the one that was imported.
    """
    import_module("lineage_plugin.gate.custom_expectations")
    for module in suite.modules:
        try:
            import_module(module.name)
        except (Exception, SystemExit) as error:
            message = f"module {module.name!r} cannot be imported: {_told(error)}"
            hint = "mend it: it defines expectations of this suite"
            raise SuiteError((Problem(message, suite.path, hint),)) from error
        if _imported.setdefault(module.name, module.digest) != module.digest:
            message = f"module {module.name!r} changed after it was imported"
            raise SuiteError((Problem(message, suite.path, "start the process anew"),))


def _genuine() -> dict[str, Any]:
    """Map the types of Great Expectations and ours to their classes.

    Whoever defines one of that name replaces it for the whole process, and nobody is told.
    """
    found: dict[str, Any] = {}
    for name in ("great_expectations.expectations.core", f"{__package__}.custom_expectations"):
        for each in vars(import_module(name)).values():
            kind = getattr(each, "expectation_type", "")
            if isinstance(kind, str) and kind:
                found[kind] = each
    return found


def _make(registry: ModuleType, position: int, expected: Expected) -> Iterator[Any]:
    """Make an expectation, and one more that asks whether its condition matches any row."""
    kwargs = copy.deepcopy(dict(expected.kwargs))
    condition = kwargs.get("row_condition")
    implementation = registry.get_expectation_impl(expected.type)
    yield implementation(**kwargs, severity=expected.severity, meta={_POSITION: position})
    if condition is not None:
        counts = registry.get_expectation_impl("expect_table_row_count_to_be_between")
        yield counts(min_value=1, row_condition=condition, meta={_CONDITION_OF: position})


def _great_expectations() -> ModuleType:
    """Import Great Expectations; its own import warns of its own imports."""
    require("pandas")
    if "great_expectations" in sys.modules:
        return require("great_expectations")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return require("great_expectations")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Great Expectations out of the user's log: what it has to say becomes failures.

    Importing it writes some two hundred lines at level INFO.
    """
    logger = logging.getLogger("great_expectations")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        if logger.level == logging.CRITICAL:
            logger.setLevel(before)


@contextlib.contextmanager
def _context() -> Iterator[Any]:
    """Make a context of our own, beside the one that the process may be using.

    ``get_context`` would make ours the current one of the whole process.  Great Expectations needs
    some current one, so where there is none ours is lent for the time.
    """
    contexts = require("great_expectations.data_context")
    factory = require("great_expectations.data_context.data_context.context_factory")
    types = require("great_expectations.data_context.types.base")
    config = types.DataContextConfig(
        store_backend_defaults=types.InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=types.ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    ours = contexts.EphemeralDataContext(project_config=config)
    if _current(factory) is not None:
        yield ours
        return
    factory.set_context(ours)
    try:
        yield ours
    finally:
        if _current(factory) is ours:
            factory.set_context(None)


def _current(factory: ModuleType) -> Any:
    errors = require("great_expectations.exceptions.exceptions")
    try:
        return factory.project_manager.get_current_project()
    except errors.DataContextRequiredError:
        return None


def _batch(context: Any, table: Any) -> Any:
    source = context.data_sources.add_pandas("provenance")
    asset = source.add_dataframe_asset("frame")
    whole = asset.add_batch_definition_whole_dataframe("whole")
    return whole.get_batch(batch_parameters={"dataframe": table})


def _table(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> Any:
    """Lay the rows out for pandas; text stays text, whatever pandas makes of it by default."""
    pandas = require("pandas")
    plain = {int: "int64", bool: "bool"}
    table = {}
    for column in columns:
        cells = [row[column] for row in rows]
        kinds = {type(cell) for cell in cells}
        dtype = plain.get(kinds.pop(), "object") if len(kinds) == 1 else "object"
        table[column] = pandas.Series(cells, dtype=dtype)
    return pandas.DataFrame(table)
