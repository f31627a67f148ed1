"""What lets a run go on although something stands in the way: modes, and what is owed.

Only what was judged is weighed here, so nothing in here can hide a reason; and what cannot be read
makes nothing milder.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from lineage_plugin.catalog.policy_yaml import load_policy
from lineage_plugin.errors import LineagePluginError
from lineage_plugin.gate import baseline, modes
from lineage_plugin.gate.modes import Circumstances, Debt
from lineage_plugin.model import Decision, Mode, StatementKind
from lineage_plugin.policy.enforcement import ModeRule
from lineage_plugin.settings import Settings
from lineage_plugin.store.api import Store

log = logging.getLogger(__name__)

#: How parts of ``Decision.judged_by`` begin that name what modes depend on.
_ENVIRONMENT, _AUTHOR = "environment", "author-mode"


@dataclass(frozen=True, slots=True)
class Leniency:
    """Weighs decisions under the modes of one installation."""

    settings: Settings
    store: Callable[[], Store]

    def weighed(
        self, decision: Decision, *, at_least: Mode = Mode.OBSERVE, known_seq: int | None = None
    ) -> Decision:
        """Return a decision as it is under the modes that hold for who asked."""
        if not (decision.reasons or decision.warnings or decision.owed):
            return decision
        rules = self._rules()
        there = Circumstances(
            rules,
            self.settings.environment,
            decision.subject.dag_id,
            decision.purpose,
            decision.at_us,
            at_least,
        )
        # As with waivers: what was put on record after the record was read does not count.
        known_seq = known_seq or decision.known_seq or None
        weighed = modes.applied(decision, there, self._debts(decision, known_seq))
        return replace(weighed, judged_by=(*weighed.judged_by, *_parts(there, weighed.judged_by)))

    def _rules(self) -> tuple[ModeRule, ...]:
        try:
            return load_policy(self.settings.policy, required=self.settings.required).modes
        except LineagePluginError:
            return ()  # the gate has said so, and everything blocks

    def _debts(self, decision: Decision, known_seq: int | None) -> dict[Debt, str]:
        found = baseline.found_by(decision)
        about = {reason.dataset for reason in found if reason.dataset}
        if not about:
            return {}
        try:
            said = self.store().statements(
                kinds=(StatementKind.BASELINE,), about=about, known_seq=known_seq
            )
        except LineagePluginError as error:
            log.warning("what is owed cannot be looked up, so it blocks: %s", error)
            return {}
        owed = baseline.debts(said, decision.purpose, decision.at_us)
        return {debt: statement.id for debt, statement in owed.items()}


def pay(store: Store, decision: Decision, judged: Collection[str], *, recorded_us: int) -> None:
    """Put on record which debts about *judged* datasets a decision found paid.

    Raises:
        StoreError: The record cannot be read or written.
    """
    said = store.statements(kinds=(StatementKind.BASELINE,), about=judged)
    owed = baseline.debts(said, decision.purpose, decision.at_us).values()
    for paid in baseline.settled(owed, judged, decision):
        store.append_statement(
            baseline.ended(paid, decision, str(uuid.uuid4())), recorded_us=recorded_us
        )


def author_mode(decision: Decision) -> Mode:
    """Return the mode that the author of the DAG asked for when a decision was made."""
    said = dict(part.partition(" ")[::2] for part in decision.judged_by)
    return Mode(said.get(_AUTHOR, Mode.OBSERVE.value))


def _parts(there: Circumstances, known: Collection[str]) -> list[str]:
    """Name what the weight of reasons depends on besides the policy's own digest."""
    parts = []
    if any(rule.environment for rule in there.rules):
        parts.append(f"{_ENVIRONMENT} {there.environment or '-'}")
    if there.at_least is not Mode.OBSERVE:
        parts.append(f"{_AUTHOR} {there.at_least.value}")
    return [part for part in parts if part not in known]
