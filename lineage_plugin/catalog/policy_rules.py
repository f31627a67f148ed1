"""The rules of ``policy.yaml``: which tasks must pass a gate (``gates:``), and ``modes:``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from lineage_plugin.catalog import match
from lineage_plugin.catalog.lines import Node
from lineage_plugin.catalog.reading import Reader
from lineage_plugin.model import Mode
from lineage_plugin.policy.enforcement import GateRule, ModeRule

#: Conditions that are patterns, in the order of the documentation.
_OF_TASKS = ("dag", "task", "tag", "operator", "pool", "queue")
_OF_REASONS = ("rule", "suite", "severity", "purpose", "environment", "dag")

_MODES = {mode.value: mode for mode in Mode}
_SEVERITIES = ("critical", "warning", "info")


class RulesReader(Reader):
    """Reads lists of rules; what is wrong is reported once, and the rule left out."""

    def gate_rules(self, node: Node | None, known: Collection[str] | None) -> tuple[GateRule, ...]:
        """Read ``gates:``.

        Args:
            node: What was written.
            known: The purposes that there are; not looked at, if not given.
        """
        found = (self._gate_rule(item, f"gates[{i}]", known) for i, item in self._rules(node))
        return tuple(rule for rule in found if rule is not None)

    def mode_rules(self, node: Node | None, known: Collection[str]) -> tuple[ModeRule, ...]:
        """Read ``modes:``."""
        found = (self._mode_rule(item, f"modes[{i}]", known) for i, item in self._rules(node))
        return tuple(rule for rule in found if rule is not None)

    def model_patterns(self, node: Node | None) -> tuple[str, ...]:
        """Read ``models:``, patterns of the URIs of models."""
        found: list[str] = []
        for item in self.items(node, "models"):
            text = self.text(item, "models")
            try:
                found += [match.normalised(text)] if text else []
            except ValueError as error:
                self.wrong(f"models: {error}", item.line)
        return tuple(dict.fromkeys(found))

    def _rules(self, node: Node | None) -> Iterator[tuple[int, Node]]:
        if node is not None and node.value != []:
            yield from enumerate(self.items(node, "rules"))

    def _gate_rule(self, node: Node, what: str, known: Collection[str] | None) -> GateRule | None:
        found = self.fields(node, what, ("purpose", *_OF_TASKS, "writes"))
        if found is None:
            return None
        writes = self.word(found.get("writes"), f"{what}: writes", "kind", ("model",))
        patterns = self._patterns(found, _OF_TASKS, what)
        if not (writes or any(patterns.values())):
            hint = "if every task is meant, write: dag: '*'"
            self.wrong(f"{what}: no condition says which tasks are meant", node.line, hint)
        purposes = self._purposes_in(found.get("purpose"), f"{what}: purpose", known)
        return GateRule(
            purposes, **patterns, writes_model=writes == "model", where=self.at(node.line)
        )

    def _mode_rule(self, node: Node, what: str, known: Collection[str]) -> ModeRule | None:
        found = self.fields(node, what, ("mode", *_OF_REASONS, "from", "until"), needed=("mode",))
        if found is None:
            return None
        mode = self.word(found.get("mode"), f"{what}: mode", "mode", tuple(_MODES))
        self._purposes_in(found.get("purpose"), f"{what}: purpose", known, patterns=True)
        self.words(found.get("severity"), f"{what}: severity", "severity", _SEVERITIES)
        start = self.moment(found.get("from"), f"{what}: from")
        end = self.moment(found.get("until"), f"{what}: until")
        if start is not None and end is not None and start >= end:
            self.wrong(f"{what}: it ends before it begins", node.line, "exchange from and until")
        if not mode:
            return None
        patterns = self._patterns(found, _OF_REASONS, what)
        return ModeRule(
            _MODES[mode], **patterns, from_us=start, until_us=end, where=self.at(node.line)
        )

    def _patterns(
        self, found: Mapping[str, Node], names: Collection[str], what: str
    ) -> dict[str, tuple[str, ...]]:
        return {
            name: tuple(
                dict.fromkeys(
                    text
                    for item in self.items(found.get(name), f"{what}: {name}")
                    if (text := self.text(item, f"{what}: {name}"))
                )
            )
            for name in names
        }

    def _purposes_in(
        self,
        node: Node | None,
        what: str,
        known: Collection[str] | None,
        *,
        patterns: bool = False,
    ) -> tuple[str, ...]:
        if known is None:
            return tuple(text for i in self.items(node, what) if (text := self.text(i, what)))
        if patterns:
            plain = [i for i in self.items(node, what) if not _is_pattern(i)]
            node = Node(plain, node.line) if node is not None and plain else None
        return self.words(node, what, "purpose", known)


def _is_pattern(node: Node) -> bool:
    return isinstance(node.value, str) and any(sign in node.value for sign in "*?[")
