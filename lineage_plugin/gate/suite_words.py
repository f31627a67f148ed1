"""A suite in plain words: what each expectation asks, of which column, by which rule.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lineage_plugin.gate.custom_types import ARGUMENTS, CUSTOM_TYPES
from lineage_plugin.gate.frame import COLUMNS
from lineage_plugin.gate.suite_file import Suite
from lineage_plugin.gate.suite_text import Expected
from lineage_plugin.policy import reasons

#: What a severity does.
DOES = {"critical": "blocks", "warning": "warns", "info": "is recorded"}

#: What an expectation of Great Expectations asks of each cell; the rest is told by its type.
_ASKS = {
    "expect_column_values_to_be_in_set": "{column} is one of: {value_set}",
    "expect_column_values_to_not_be_in_set": "{column} is none of: {value_set}",
    "expect_column_values_to_not_be_null": "{column} has a value",
    "expect_column_values_to_match_regex": "{column} matches {regex}",
    "expect_column_values_to_not_match_regex": "{column} does not match {regex}",
    "expect_column_values_to_match_regex_list": "{column} matches {regex_list}",
    "expect_column_distinct_values_to_be_in_set": "{column} is one of: {value_set}",
    "expect_column_values_to_be_between": "{column} is between {min_value} and {max_value}",
    "expect_column_pair_values_to_be_equal": "{column_A} is the same as {column_B}",
    "expect_table_row_count_to_be_between": "the frame has {min_value} to {max_value} rows",
    "expect_column_to_exist": "the frame has a column {column}",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One expectation for people; ``clause`` and ``source`` are of the rule of policy behind."""

    rule: str
    severity: str
    does: str
    why: str
    asks: str
    column: str
    holds: str
    clause: str
    source: str
    inherited_from: str
    where: str


def told(suite: Suite) -> Iterator[Told]:
    """Yield each expectation of a suite in words, in its order."""
    for expected in suite.expectations:
        area = expected.column.removesuffix("_verdict")
        clause, source = reasons.clause_of(area)
        yield Told(
            rule=expected.rule or f"suite.{suite.name}",
            severity=expected.severity,
            does=DOES[expected.severity],
            why=expected.description,
            asks=asked(expected),
            column=expected.column,
            holds=COLUMNS.get(expected.column, ""),
            clause=clause,
            source=source,
            inherited_from=expected.inherited_from,
            where=suite.where(expected),
        )


def asked(expected: Expected) -> str:
    """Return what an expectation asks."""
    kwargs = dict(expected.kwargs)
    if expected.type in CUSTOM_TYPES:
        kind = CUSTOM_TYPES[expected.type]
        given = [
            f"{name.replace('_', ' ')} {_words(kwargs[name])}"
            for name in ARGUMENTS
            if kwargs.get(name)
        ]
        return "; ".join([kind.about, *given])
    condition = kwargs.pop("row_condition", None)
    template = _ASKS.get(expected.type)
    if template is not None:
        asks = template.format_map(_Cells(kwargs))
    else:
        rest = ", ".join(f"{name} {_words(value)}" for name, value in kwargs.items())
        asks = " ".join(
            filter(None, (expected.type.replace("_", " "), f"({rest})" if rest else ""))
        )
    mostly = kwargs.get("mostly")
    most = f", for at least {mostly:.0%} of the rows" if isinstance(mostly, float) else ""
    return f"{asks}{most}{f', where {_condition(condition)}' if condition else ''}"


class _Cells(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "any" if name.endswith("_value") else f"<{name}>"

    def __getitem__(self, name: str) -> str:
        return _words(self.get(name)) if name in self else self.__missing__(name)


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _condition(condition: Any) -> str:
    """Return a condition in words; one of a form that nobody knows as it is written."""
    if not isinstance(condition, Mapping):
        return str(condition)
    kind, column = condition.get("type"), condition.get("column")
    name = column.get("name") if isinstance(column, Mapping) else column
    parts = condition.get("conditions")
    if kind == "comparison":
        return f"{name} {condition.get('operator')} {_words(condition.get('parameter'))}"
    if kind == "nullity":
        return f"{name} is {'' if condition.get('is_null') else 'not '}null"
    if kind in ("and", "or") and isinstance(parts, list):
        return f" {kind} ".join(map(_condition, parts))
    return str(dict(condition))
