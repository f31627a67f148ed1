"""``policy.yaml``: what judges a purpose, which tasks must pass a gate, and how much it weighs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lineage_plugin import codec
from lineage_plugin.catalog import edge_rules, lines
from lineage_plugin.catalog.lines import Node
from lineage_plugin.catalog.policy_rules import RulesReader
from lineage_plugin.catalog.reading import meant, shown
from lineage_plugin.catalog.snapshot import Snapshot
from lineage_plugin.errors import PolicyError
from lineage_plugin.model import Problem
from lineage_plugin.policy import purposes, reasons
from lineage_plugin.policy.edges import Rules
from lineage_plugin.policy.enforcement import GateRule, ModeRule
from lineage_plugin.policy.vocabulary import suggest

#: What judges a purpose that the file does not name.
SHIPPED: Mapping[str, tuple[str, ...]] = {
    "model-training": ("model-training",),
    "face-recognition": ("face-recognition",),
    "publication": ("publication",),
    "disclosure": ("disclosure",),
}

#: The name of a purpose, and that of a suite, which is part of a file's name.
_PURPOSE = re.compile(r"[A-Za-z0-9]+([-:_.][A-Za-z0-9]+)*")
_SUITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")

#: A waiver that lasts for years is a change of policy.
_MOST_DAYS = 3_660


@dataclass(frozen=True, slots=True)
class WaiverRules:
    """What may be waived, for how long and by whom.

    ``never`` are reason ids, or ``area.*``, besides those that nobody can waive.  ``by`` are names
    and teams; empty means: whoever can write to the record.
    """

    never: tuple[str, ...] = ()
    max_days: int = 90
    by: tuple[str, ...] = ()


#: What holds about edges where the file does not speak of them.
SHIPPED_EDGES = Rules()

#: The keys of the file.
_KEYS = ("version", "purposes", "gates", "models", "modes", "waivers", *edge_rules.KEYS)


@dataclass(frozen=True, slots=True)
class Gates:
    """Which tasks must pass a gate; ``problems`` is why nobody can tell, and then all must.

    ``models`` are patterns of URIs: what fits is a model.
    """

    rules: tuple[GateRule, ...] = ()
    models: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """What an administrator decided.

    ``bindings`` names the suites of each purpose: those of the file, and the shipped ones of
    purposes that it does not name, so that leaving a line out never makes a gate laxer.
    ``purposes_added`` is what :meth:`Purposes.extended` takes.  ``digest`` depends on these and on
    ``modes``, and not on order of keys, lines or comments; what ``waivers`` says is asked anew by
    every decision.
    """

    bindings: Mapping[str, tuple[str, ...]]
    purposes_added: Mapping[str, Mapping[str, Any]]
    digest: str
    waivers: WaiverRules = WaiverRules()
    gates: Gates = Gates()
    modes: tuple[ModeRule, ...] = ()
    edges: Rules = SHIPPED_EDGES


def load_policy(path: Path | None, *, required: Collection[Path] = ()) -> PolicyFile:
    """Read a policy file; without one, the shipped bindings hold.

    Args:
        path: The file.
        required: Files that must exist, :attr:`Settings.required`.

    Raises:
        PolicyError: Something in it is wrong; ``problems`` lists everything that is.
    """
    read = _read(path, required)
    if read is None:
        return _policy({}, {})
    file, root = read
    policy = file.policy(root)
    if file.problems:
        raise PolicyError(tuple(dict.fromkeys(file.problems)))
    return policy


def load_gates(path: Path, *, required: Collection[Path] = ()) -> Gates:
    """Read from a policy file which tasks must pass a gate, whatever else is wrong with it.

    Never raises: while nobody can tell which tasks are meant, ``problems`` says why.
    """
    try:
        read = _read(path, required)
    except PolicyError as error:
        return Gates(problems=error.problems)
    if read is None:
        return Gates()
    file, root = read
    return file.only_gates(root)


def _read(path: Path | None, required: Collection[Path]) -> tuple[_File, Node] | None:
    """Return the file's root, ``None`` if there is no file and nobody asked for one."""
    if path is None:
        return None
    try:
        data = Snapshot().read(path, max_bytes=lines.MAX_BYTES)
        root, problems = lines.parse(data, str(path))
    except OSError as error:
        if isinstance(error, FileNotFoundError) and path not in required:
            return None
        problem = Problem(f"the file cannot be read: {error.strerror or error}", str(path))
        raise PolicyError((problem,)) from error
    except lines.Unreadable as error:
        raise PolicyError((error.problem,)) from error
    file = _File(str(path))
    file.problems += problems
    return file, root


def _policy(
    bound: Mapping[str, tuple[str, ...]],
    added: Mapping[str, Mapping[str, Any]],
    modes: tuple[ModeRule, ...] = (),
) -> PolicyFile:
    bindings = {**SHIPPED, **bound}
    plain: dict[str, Any] = {
        "bindings": {name: list(suites) for name, suites in bindings.items()},
        "purposes": dict(added),
    }
    if modes:
        # In any order, because the strictest counts, and wherever in the file they stand.
        rules = (codec.encode(replace(rule, where="")) for rule in modes)
        plain["modes"] = sorted(rules, key=codec.canonical)
    return PolicyFile(bindings, dict(added), codec.digest(plain), modes=modes)


def _with_edges(policy: PolicyFile, rules: Rules) -> PolicyFile:
    if rules == SHIPPED_EDGES:
        return policy
    return replace(policy, edges=rules, digest=codec.digest([policy.digest, codec.encode(rules)]))


class _File(RulesReader):
    """One policy file while it is read."""

    def policy(self, root: Node) -> PolicyFile:
        """Read the whole file."""
        if root.value is None:
            self.wrong("the file is empty", 1, "start with: version: 1")
            return _policy({}, {})
        found = self._sections(root)
        node = found.get("purposes", Node({}, 1))
        if not isinstance(node.value, dict):
            self.fields(node, "purposes", ())
            node = Node({}, 1)
        bound, added = self._purposes(node)
        known = {*purposes.shipped(), *added}
        gates = self._gates(found, known)
        modes = self.mode_rules(found.get("modes"), known)
        policy = _with_edges(_policy(bound, added, modes), edge_rules.edge_rules_of(self, found))
        return replace(policy, gates=gates, waivers=self._waivers(found))

    def only_gates(self, root: Node) -> Gates:
        """Read what :func:`load_gates` is asked for; a key that nobody knows may have meant it."""
        if root.value is None:
            self.wrong("the file is empty", 1, "start with: version: 1")
            return Gates(problems=tuple(self.problems))
        gates = self._gates(self._sections(root), None)
        return Gates(problems=tuple(self.problems)) if self.problems else gates

    def _sections(self, root: Node) -> dict[str, Node]:
        if isinstance(root.value, dict) and (named := root.value.get("purposes")) is not None:
            named.value = {} if named.value is None else named.value
        found = self.fields(root, "the file", _KEYS, needed=("version",)) or {}
        self.version(found.get("version"))
        return found

    def _gates(self, found: Mapping[str, Node], known: Collection[str] | None) -> Gates:
        rules = self.gate_rules(found.get("gates"), known)
        return Gates(rules, self.model_patterns(found.get("models")))

    def _waivers(self, written: Mapping[str, Node]) -> WaiverRules:
        """Read what may be waived, for how long and by whom."""
        node = written.get("waivers")
        if node is None:
            return WaiverRules()
        found = self.fields(node, "waivers", ("never", "max_days", "by")) or {}
        return WaiverRules(
            tuple(self._never(found.get("never"))),
            self._days(found.get("max_days")),
            tuple(
                dict.fromkeys(
                    name
                    for item in self.items(found.get("by"), "waivers: by")
                    if (name := self.text(item, "waivers: by"))
                )
            ),
        )

    def _never(self, node: Node | None) -> Iterator[str]:
        """Read reason ids; one that policy gives must be spelt right, one of a suite is free."""
        known = {*reasons.known(), *(f"{area}.*" for area in reasons.areas())}
        for item in self.items(node, "waivers: never"):
            text = self.text(item, "waivers: never")
            if not text:
                continue
            if not reasons.FORM.fullmatch(text.removesuffix("*") + "x" * text.endswith("*")):
                hint = "such as license.non-commercial, or license.* for all of an area"
                self.wrong(f"waivers: never: {shown(text)} is no reason id", item.line, hint)
            elif text not in known and (near := suggest(text, known)):
                message = f"waivers: never: unknown reason id {shown(text)}"
                self.wrong(message, item.line, f"did you mean {near!r}?")
            else:
                yield text

    def _days(self, node: Node | None) -> int:
        if node is None:
            return WaiverRules().max_days
        days = node.value
        if isinstance(days, bool) or not isinstance(days, int) or not 0 < days <= _MOST_DAYS:
            hint = f"1 to {_MOST_DAYS}"
            self.wrong("waivers: max_days: write a whole number of days", node.line, hint)
            return WaiverRules().max_days
        return days

    def _purposes(
        self, node: Node
    ) -> tuple[dict[str, tuple[str, ...]], dict[str, Mapping[str, Any]]]:
        shipped = purposes.shipped()
        own = {name for name, body in node.value.items() if _adds(body) and name not in shipped}
        known = {*shipped, *own}
        bound: dict[str, tuple[str, ...]] = {}
        added: dict[str, Mapping[str, Any]] = {}
        for name, body in node.value.items():
            line = node.key_lines[name]
            if name not in known:
                hint = meant(name, known) or "a new purpose needs {under: <purpose>}"
                self.wrong(f"unknown purpose {shown(name)}", line, hint)
            elif not _PURPOSE.fullmatch(name):
                hint = "letters and digits, joined by '-', ':', '_' or '.'"
                self.wrong(f"{shown(name)} is no name for a purpose", line, hint)
            if isinstance(body.value, dict):
                row, suites = self._row(name, body, known, is_new=name in own)
                if row:
                    added[name] = row
            else:
                suites = self._suites(body, name)
            if suites:
                bound[name] = suites
        self._report_circles(node, added, shipped)
        return bound, added

    def _row(
        self, name: str, node: Node, known: Collection[str], *, is_new: bool
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Read the long form of a purpose."""
        found = self.fields(node, name, ("under", "suites", "commercial", "specific")) or {}
        suites = self._suites(found["suites"], f"{name}: suites") if "suites" in found else ()
        row: dict[str, Any] = {}
        if is_new:
            parents = self.words(found.get("under"), f"{name}: under", "purpose", known)
            row = {"under": list(parents)} if parents else {}
        for key in ("commercial", "specific"):
            value = self.truth(found.get(key), f"{name}: {key}")
            if value is not None and is_new:
                row[key] = value
        for key in ("under", "commercial", "specific"):
            if key in found and not is_new and name in known:
                message = f"{name} is a shipped purpose: its {key!r} cannot be changed"
                self.wrong(message, node.key_lines[key])
        return (row if "under" in row else {}), suites

    def _suites(self, node: Node, what: str) -> tuple[str, ...]:
        if node.value is None or node.value == []:
            hint = "name at least one, or leave the purpose out"
            self.wrong(f"{what}: no suite is named", node.line, hint)
            return ()
        found: list[str] = []
        for item in self.items(node, what):
            text = self.text(item, what)
            if text and not _SUITE.fullmatch(text):
                hint = "letters, digits, '-', '_' and '.'; no folder"
                self.wrong(f"{what}: {shown(text)} is no name of a suite", item.line, hint)
            elif text:
                found.append(text)
        return tuple(dict.fromkeys(found))

    def _report_circles(
        self, node: Node, added: Mapping[str, Mapping[str, Any]], shipped: Collection[str]
    ) -> None:
        """Report purposes that lie under each other, once for each circle."""
        reported: set[str] = set()
        for name in added:
            above = _above(name, added)
            if name in above and name not in reported:
                circle = sorted(other for other in above if name in _above(other, added))
                reported.update(circle)
                message = f"purposes lie under each other: {', '.join(circle)}"
                hint = f"put one of them under a shipped purpose, such as {min(shipped)}"
                self.wrong(message, node.key_lines[name], hint)


def _adds(body: Node) -> bool:
    return isinstance(body.value, dict) and "under" in body.value


def _above(name: str, added: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return the purposes above one of the *added*, as far as those lead."""
    found: set[str] = set()
    waiting = list(added[name]["under"]) if name in added else []
    while waiting:
        parent = waiting.pop()
        if parent not in found:
            found.add(parent)
            waiting.extend(added[parent]["under"] if parent in added else ())
    return found
