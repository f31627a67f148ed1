"""What a purpose requires: the suites that the administrator bound to it, and their digest."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

import lineage_plugin
from lineage_plugin.catalog.policy_yaml import WaiverRules, load_policy
from lineage_plugin.codec import digest, encode
from lineage_plugin.errors import PolicyError
from lineage_plugin.gate.frame import FRAME_VERSION, VOLATILE
from lineage_plugin.gate.suite_file import Suite, find_suite, load_suite
from lineage_plugin.model import Problem
from lineage_plugin.policy import purposes as tree
from lineage_plugin.policy.purposes import Purposes
from lineage_plugin.settings import Settings


@dataclass(frozen=True, slots=True)
class Policy:
    """The suites that judge one purpose, in the order of their binding.

    ``parts`` names what ``digest`` is over, for people who ask why it is another one.
    """

    purposes: Purposes
    suites: tuple[Suite, ...]
    digest: str
    parts: tuple[str, ...]
    max_age_s: int
    waivers: WaiverRules

    @property
    def names_volatile_columns(self) -> bool:
        """Whether a suite looks at what changes with every run: then no decision holds twice."""
        return any(suite.columns & VOLATILE.keys() for suite in self.suites)

    def columns(self, relevant: Iterable[str], volatile: Iterable[str]) -> tuple[str, ...]:
        """Return the columns that the suites are shown: the relevant ones and what they name."""
        named = frozenset[str]().union(*(suite.columns for suite in self.suites))
        return (*relevant, *(column for column in volatile if column in named))


def load(settings: Settings, purpose: str, more_suites: Sequence[str] = ()) -> Policy:
    """Load what *purpose* requires.

    A purpose without a binding of its own is judged by those of the nearest bound purposes above
    it, all of them where it lies under several.  A DAG author can add suites, never leave one out.

    Raises:
        PolicyError: The purpose is unknown or nothing is bound to it, or the policy file is wrong.
        SuiteError: A suite is missing or cannot be trusted to judge.
    """
    written = load_policy(settings.policy, required=settings.required)
    purposes = tree.shipped().extended(written.purposes_added)
    if purpose not in purposes:
        meant = purposes.suggest(purpose)
        hint = f"did you mean {meant!r}?" if meant else f"add it to {settings.policy}"
        raise PolicyError((Problem(f"unknown purpose {purpose!r}", hint=hint),))
    bound = [
        suite
        for name in _nearest(purposes, purpose, written.bindings)
        for suite in written.bindings[name]
    ]
    if not bound:
        hint = f"bind one in {settings.policy}, below purposes: {purpose}: [suite]"
        raise PolicyError((Problem(f"no suite is bound to purpose {purpose!r}", hint=hint),))
    names = tuple(dict.fromkeys((*bound, *more_suites)))
    suites = tuple(
        load_suite(find_suite(name, settings.expectations, required=settings.required))
        for name in names
    )
    parts = [
        lineage_plugin.__version__,
        FRAME_VERSION,
        written.digest,
        [[suite.name, suite.digest] for suite in suites],
    ]
    told = (
        f"lineage-plugin {lineage_plugin.__version__}",
        f"frame {FRAME_VERSION}",
        f"policy {written.digest or 'none'}",
        f"license_through_train {settings.license_through_train}",
        f"waivers {digest(encode(written.waivers))}",
        *(f"suite {suite.name} {suite.digest}" for suite in suites),
    )
    return Policy(
        purposes, suites, digest(parts), told, settings.decision_max_age_s, written.waivers
    )


def _nearest(purposes: Purposes, purpose: str, bound: Container[str]) -> list[str]:
    """Return the bound ones of a purpose and those above it, unless one below them is bound too."""
    found = [name for name in purposes.ancestors(purpose) if name in bound]
    return [
        name
        for name in found
        if not any(name in purposes.ancestors(below) for below in found if below != name)
    ]
