"""All that a project says about its DAGs, read together: catalog, policy, suites, DAG files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from lineage_plugin.catalog.policy_yaml import Gates, load_policy
from lineage_plugin.catalog.provenance_yaml import load_catalog
from lineage_plugin.checks.findings import Finding
from lineage_plugin.checks.folder import read_dags
from lineage_plugin.checks.review import Rules, review
from lineage_plugin.errors import DeclarationError, MissingLibrary
from lineage_plugin.gate.suite_file import find_suite, load_suite
from lineage_plugin.model import Declaration, Problem
from lineage_plugin.policy import purposes as tree
from lineage_plugin.settings import Settings

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at and what was found."""

    files: tuple[str, ...]
    tasks: int
    findings: tuple[Finding, ...]


def check(
    paths: Sequence[Path],
    settings: Settings,
    *,
    quick: bool = False,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> Checked:
    """Check DAG files against what is declared and required; nothing of them is run.

    Args:
        paths: DAG files and folders of them.
        settings: Where catalog, policy and suites are.
        quick: Whether Great Expectations, which takes seconds to start, is left out.
        tell: Told how many files are done, of how many.
    """
    findings: list[Finding] = []
    policy = _gathered(findings, "policy.invalid", partial(load_policy, settings.policy))
    purposes = tree.shipped()
    if policy is not None:
        purposes = purposes.extended(policy.purposes_added)
    bindings = policy.bindings if policy is not None else {}
    declarations = list(_declarations(findings, settings, tuple(purposes)))
    names = {name for bound in bindings.values() for name in bound}
    for name in sorted(names):
        _gathered(findings, "suite.invalid", partial(_suite, name, settings, quick=quick))
    read = read_dags(paths, tell=tell)
    rules = Rules(
        declarations,
        purposes=frozenset(purposes),
        suggest=purposes.suggest,
        gates=policy.gates if policy is not None else Gates(),
        # What is wrong with the policy is said once, not once for each task.
        bound=lambda purpose: (
            policy is None or any(each in bindings for each in purposes.ancestors(purpose))
        ),
    )
    findings += [*read.findings, *review(read.tasks, rules)]
    return Checked(read.files, len(read.tasks), tuple(findings))


def _declarations(
    findings: list[Finding], settings: Settings, purposes: Sequence[str]
) -> Iterator[Declaration]:
    for path in settings.catalog:
        if not path.exists() and path not in settings.required:
            continue
        read = partial(load_catalog, path, purposes=purposes)
        catalog = _gathered(findings, "catalog.invalid", read)
        yield from catalog.declarations if catalog is not None else ()


def _suite(name: str, settings: Settings, *, quick: bool) -> object:
    file = find_suite(name, settings.expectations, required=settings.required)
    if quick:
        return load_suite(file)
    from lineage_plugin.gate.suite import check_suite

    return check_suite(file)


def _gathered(findings: list[Finding], rule: str, read: Callable[[], _T]) -> _T | None:
    """Return what *read* returns, or ``None`` and keep its problems."""
    try:
        return read()
    except MissingLibrary as error:
        findings.append(Finding("", 0, rule, str(error), "or leave it out: --quick"))
    except DeclarationError as error:
        findings.extend(_finding(rule, problem) for problem in error.problems)
    return None


def _finding(rule: str, problem: Problem) -> Finding:
    path, _, line = problem.where.rpartition(":")
    if not line.isdigit():
        return Finding(problem.where, 0, rule, problem.message, problem.hint)
    return Finding(path, int(line), rule, problem.message, problem.hint)
