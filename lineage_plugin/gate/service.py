"""The gate: from inputs and a purpose to a decision that is recorded.

Fails closed: whatever goes wrong on the way is an ``UNDECIDED`` decision that says how to mend it,
and a decision that cannot be recorded is not ``ALLOWED``.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from lineage_plugin.catalog.compiled import CompiledCatalog
from lineage_plugin.catalog.policy_yaml import load_policy
from lineage_plugin.codec import digest, encode
from lineage_plugin.gate import (
    break_glass,
    decide,
    frame,
    grounds,
    leniency,
    limit,
    modes,
    quarantine,
    waivers,
)
from lineage_plugin.gate.faults import reason_for
from lineage_plugin.gate.frame import Frame
from lineage_plugin.gate.judging import judge
from lineage_plugin.gate.policy import Policy, load
from lineage_plugin.gate.receipts import Reported
from lineage_plugin.gate.sync import bring_up_to_date, current_catalog, lacking
from lineage_plugin.lineage.said import catalogs_then
from lineage_plugin.lineage.survey import Survey, survey
from lineage_plugin.model import (
    SECOND_US,
    DatasetRef,
    Decision,
    Declaration,
    Mode,
    Outcome,
    Reason,
    StatementKind,
    Subject,
    Waived,
    in_force,
)
from lineage_plugin.policy import parties, recipients
from lineage_plugin.policy.edges import Rules
from lineage_plugin.policy.recipients import Recipient
from lineage_plugin.settings import Settings
from lineage_plugin.store import open_store
from lineage_plugin.store.api import Store

#: What catalog files say about a dataset, by its URI.
_ByPattern = Callable[[str], Iterable[Declaration]]

#: How long to wait before looking again whether an upstream writer has closed, in seconds.
_POLL_S = 0.2


@contextlib.contextmanager
def open_gate(
    settings: Settings, *, now_us: Callable[[], int] | None = None, read_only: bool = False
) -> Iterator[Gate]:
    """Open the gate that these settings describe; nothing is touched until it is asked.

    A *read_only* one answers questions about what was known earlier, and records nothing.
    """
    gate = Gate(settings, now_us or (lambda: time.time_ns() // 1000), read_only=read_only)
    try:
        yield gate
    finally:
        gate.close()


@dataclass(frozen=True, slots=True)
class _Question:
    """What a gate is asked.

    ``known_seq`` is the last entry of the record that may be taken into account, if not all may.
    """

    inputs: tuple[DatasetRef, ...]
    purpose: str
    subject: Subject
    suites: tuple[str, ...]
    at_us: int
    is_now: bool
    known_seq: int | None = None
    recipient: str = ""
    at_least: Mode = Mode.OBSERVE
    records: bool = False
    reported: tuple[Reported, ...] = ()


class Gate:
    """Decides whether runs may proceed; one per process, asked as often as needed."""

    def __init__(
        self, settings: Settings, now_us: Callable[[], int], *, read_only: bool = False
    ) -> None:
        self._settings = settings
        self._now_us = now_us
        self._read_only = read_only
        self._opened: Store | None = None
        self._leniency = leniency.Leniency(settings, self._store)

    def close(self) -> None:
        """Let go of the record."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def decide(  # noqa: PLR0913 - one argument for each thing that can be asked
        self,
        inputs: Sequence[DatasetRef],
        purpose: str,
        *,
        subject: Subject = Subject(),  # noqa: B008 - an immutable value
        suites: Sequence[str] = (),
        obstacles: Sequence[Reason] = (),
        at_us: int | None = None,
        known_seq: int | None = None,
        record: bool = True,
        reported: Sequence[Reported] = (),
        recipient: str = "",
        at_least: Mode = Mode.OBSERVE,
    ) -> Decision:
        """Decide whether *inputs* may be used for *purpose*, and record the decision.

        For another moment, or with what was known earlier, it is not recorded: nothing was let
        through by that.

        Never raises: what goes wrong is an ``UNDECIDED`` decision.

        Args:
            inputs: The datasets to be read; what the record saw the subject read is added.
            purpose: A name in the tree of purposes.
            subject: The task that asks; empty for a person.
            suites: Names of suites besides those that the administrator bound to the purpose.
            obstacles: What the caller knows to stand in the way, whatever suites say.
            at_us: The moment to decide for; now, if not given.
            known_seq: The last entry of the record that counts: runs, declarations and what
                catalog files said as recorded then.  Policy and suites are those of today.
            record: Whether the decision is appended to the record.
            reported: Writes of the inputs of which Airflow knows; the record must know them too.
            recipient: To whom *purpose* gives the inputs, such as disclosure.
            at_least: How strict it is at least, where the policy is milder.
        """
        asked = _Question(
            tuple(dict.fromkeys(inputs)),
            purpose,
            subject,
            tuple(suites),
            self._now_us() if at_us is None else at_us,
            is_now=at_us is None,
            known_seq=known_seq,
            recipient=recipient.strip(),
            at_least=at_least,
            records=record and at_us is None and known_seq is None,
            reported=tuple(reported),
        )
        decision = self._answer(asked, obstacles)
        return self._recorded(decision, asked) if asked.records else decision

    def again(self, decision: Decision) -> Decision:
        """Make a recorded decision again from what was known then; nothing is recorded.

        Policy and suites are those of today.  Never raises, like :meth:`decide`.
        """
        return self._answer(
            _Question(
                decision.inputs,
                decision.purpose,
                decision.subject,
                decision.suites,
                decision.at_us,
                is_now=True,
                known_seq=decision.known_seq,
                recipient=decision.recipient,
                at_least=leniency.author_mode(decision),
            )
        )

    def _answer(self, asked: _Question, obstacles: Sequence[Reason] = ()) -> Decision:
        try:
            decision = limit.within(self._settings.gate_timeout_s, lambda: self._decide(asked))
        except (Exception, SystemExit, limit.Stopped) as error:  # noqa: BLE001 - the body must not run
            decision = _undecided(asked, reason_for(error))
        if obstacles:
            decision = _hindered(decision, obstacles)
        return self._leniency.weighed(decision, at_least=asked.at_least, known_seq=asked.known_seq)

    def _decide(self, asked: _Question) -> Decision:
        if not asked.purpose:
            load_policy(self._settings.policy, required=self._settings.required)
            return _undecided(asked, _NO_PURPOSE)
        policy = load(self._settings, asked.purpose, asked.suites)
        store = self._store()
        catalog, said = self._said(store, asked)
        asked = replace(asked, inputs=self._all_inputs(store, asked))
        if not asked.inputs:
            return _undecided(asked, _NO_INPUTS)
        asked, seen, late = self._settled(store, asked, said, catalog.edge_rules)
        recipient = recipients.judge(
            asked.recipient,
            said(parties.uri(asked.recipient)),
            purpose=asked.purpose,
            purposes=policy.purposes,
            at_us=asked.at_us,
        )
        table = frame.build(
            seen,
            purpose=asked.purpose,
            purposes=policy.purposes,
            at_us=asked.at_us,
            terms=catalog.licenses,
            license_through_train=self._settings.license_through_train,
            recipient=recipient,
            held=_held(store, asked, seen),
        )
        found = self._reused(store, asked, policy, table, seen)
        decision = replace(
            found or _judge(asked, policy, table, seen, recipient),
            known_seq=seen.seq,
            judged_by=(*policy.parts, *_terms(catalog)),
        )
        decision = self._grounded(_waived(store, decision, policy), policy, seen)
        if late:
            return _hindered(decision, late)
        if asked.records and (decision.valid_until_us or 0) > asked.at_us:
            judged = {version.uri for version in seen.ancestry.versions}
            leniency.pay(store, decision, judged, recorded_us=self._now_us())
        return decision

    def _store(self) -> Store:
        if self._opened is None:
            self._opened = open_store(
                self._settings.store_url,
                busy_timeout_ms=self._settings.append_budget_ms,
                read_only=self._read_only,
                create=not self._read_only,
            )
        return self._opened

    def _said(self, store: Store, asked: _Question) -> tuple[CompiledCatalog, _ByPattern]:
        """Return the catalog of today, and what catalog files say, or said, about a dataset."""
        if asked.known_seq is not None:
            return current_catalog(self._settings), catalogs_then(store, asked.known_seq)
        catalog = bring_up_to_date(store, self._settings, recorded_us=self._now_us())
        return catalog, catalog.declarations_for

    def _all_inputs(self, store: Store, asked: _Question) -> tuple[DatasetRef, ...]:
        """Add what the record saw this very task read, such as the tables of its SQL."""
        if not asked.subject.job_name:
            return asked.inputs
        read = store.inputs_of(asked.subject, known_seq=asked.known_seq)
        return tuple(dict.fromkeys((*asked.inputs, *read)))

    def _settled(
        self, store: Store, asked: _Question, said: _ByPattern, rules: Rules
    ) -> tuple[_Question, Survey, list[Reason]]:
        """Survey the inputs, and give upstream writers that just ended time to say so.

        What Airflow knows of and the record still does not is the last of what is returned.

        Airflow starts a task when the task before it has succeeded, while OpenLineage may still be
        sending the event that says it has.
        """
        waits = asked.is_now and asked.known_seq is None and bool(asked.subject.job_name)
        deadline = time.monotonic() + (self._settings.settle_wait_s if waits else 0)
        while True:
            seen = survey(
                store,
                asked.inputs,
                said,
                at_us=asked.at_us,
                is_now=asked.is_now,
                known_seq=asked.known_seq,
                reader=asked.subject,
                rules=rules,
            )
            late = lacking(store, asked.reported, seen)
            is_settled = not late and not any(version.is_open for version in seen.ancestry.versions)
            if is_settled or time.monotonic() >= deadline:
                return asked, seen, late
            time.sleep(_POLL_S)
            asked = replace(asked, at_us=self._now_us())

    def _reused(
        self, store: Store, asked: _Question, policy: Policy, table: Frame, seen: Survey
    ) -> Decision | None:
        """Say again what was said about the same frame under the same policy, if it still holds.

        What was known earlier is judged anew: who asks that wants to see it judged.
        """
        if policy.names_volatile_columns or asked.known_seq is not None:
            return None
        earlier = store.reusable_decision(
            table.digest, policy.digest, asked.purpose, at_us=asked.at_us
        )
        if earlier is None or earlier.recipient != asked.recipient:
            return None
        until = _valid_until(earlier.at_us, policy, table)
        if until <= asked.at_us:
            return None
        earlier = modes.without(earlier)
        found = decide.in_order(waivers.found_by(earlier), seen.ancestry)
        return replace(
            earlier,
            id=str(uuid.uuid4()),
            inputs=asked.inputs,
            subject=asked.subject,
            outcome=decide.outcome_of(found),
            reasons=found,
            waived=(),
            at_us=asked.at_us,
            valid_until_us=min(until, earlier.valid_until_us or until),
            reused_from=earlier.reused_from or earlier.id,
        )

    def _grounded(self, decision: Decision, policy: Policy, seen: Survey) -> Decision:
        """Add the ways that there are now, who said what, and what would change the verdict."""
        rules = policy.waivers
        setting = grounds.Setting(
            decision.purpose,
            decision.at_us,
            str(next(iter(self._settings.catalog), "provenance.yaml")),
            lambda reason_id: waivers.may_be_waived(reason_id, rules),
            rules.max_days,
        )
        waived = grounds.ground([each.reason for each in decision.waived], seen, setting)
        return replace(
            decision,
            reasons=grounds.ground(decision.reasons, seen, setting),
            warnings=grounds.ground(decision.warnings, seen, setting),
            waived=tuple(map(_with_reason, decision.waived, waived)),
        )

    def _recorded(self, decision: Decision, asked: _Question) -> Decision:
        try:
            self._store().append_decision(decision, recorded_us=self._now_us())
        except Exception as error:  # noqa: BLE001 - an unrecorded permission is none
            return self._unrecorded(decision, reason_for(error), asked)
        return decision

    def _unrecorded(self, decision: Decision, why: Reason, asked: _Question) -> Decision:
        """Return a decision that the record did not take: not ``ALLOWED``, unless modes say so."""
        # That the record was down says nothing about the frame, so it is never said again about it.
        plain = replace(modes.without(decision), frame_digest="")
        if why not in plain.reasons:
            undecided = decision.outcome is Outcome.ALLOWED
            outcome = Outcome.UNDECIDED if undecided else plain.outcome
            plain = replace(plain, outcome=outcome, reasons=(*plain.reasons, why))
        weighed = self._leniency.weighed(plain, at_least=asked.at_least)
        return break_glass.used(weighed, self._settings.state_dir)


def _judge(
    asked: _Question, policy: Policy, table: Frame, seen: Survey, recipient: Recipient
) -> Decision:
    columns = policy.columns(frame.RELEVANT, frame.VOLATILE)
    judged = table.distinct(columns)
    found = judge(
        policy.suites,
        judged,
        seen.ancestry,
        columns=columns,
        purpose=asked.purpose,
        recipient=recipient,
    )
    return Decision(
        id=str(uuid.uuid4()),
        outcome=found.outcome,
        purpose=asked.purpose,
        inputs=asked.inputs,
        subject=asked.subject,
        reasons=found.reasons,
        at_us=asked.at_us,
        valid_until_us=_valid_until(asked.at_us, policy, table) if found.holds else asked.at_us,
        frame_digest=table.digest,
        policy_digest=policy.digest,
        known_seq=seen.seq,
        suites=tuple(suite.name for suite in policy.suites),
        rows=len(judged),
        warnings=found.warnings,
        recipient=asked.recipient,
        agreements=recipient.agreements,
    )


def _held(store: Store, asked: _Question, seen: Survey) -> dict[int, str]:
    """Map the versions that are held back to the statements that hold them."""
    said = store.statements(kinds=(StatementKind.QUARANTINE,), known_seq=seen.seq)
    return quarantine.held(seen.ancestry, in_force(said, asked.at_us)) if said else {}


def _terms(catalog: CompiledCatalog) -> Iterator[str]:
    """Name the terms that catalog files give licences of their own: the record has them not."""
    if catalog.licenses:
        yield f"licenses {digest({name: encode(t) for name, t in catalog.licenses.items()})}"


def _waived(store: Store, decision: Decision, policy: Policy) -> Decision:
    """Let pass what somebody waived, as far as was known when the record was read."""
    if not decision.reasons:
        return decision
    held = store.statements(kinds=(StatementKind.WAIVER,), known_seq=decision.known_seq)
    return waivers.applied(decision, held, policy.waivers) if held else decision


def _with_reason(waived: Waived, reason: Reason) -> Waived:
    return replace(waived, reason=reason)


def _valid_until(at_us: int, policy: Policy, table: Frame) -> int:
    oldest = at_us + policy.max_age_s * SECOND_US
    return oldest if table.expires_us is None else min(oldest, table.expires_us)


_NO_INPUTS = decide.undecided(
    "gate.no-inputs",
    "nothing says which datasets this run reads",
    "give the task inlets, or name them: @requires(..., inputs=[...])",
)

_NO_PURPOSE = decide.undecided(
    "gate.no-purpose",
    "this task must pass a gate, and nobody says what for",
    'name the purpose: below gates: in policy.yaml, by a tag such as "purpose:model-training", or '
    'with @requires("model-training")',
)


def _hindered(decision: Decision, obstacles: Sequence[Reason]) -> Decision:
    """Add reasons that no suite has seen; what has them is never said again about its frame."""
    found = tuple(reason for reason in decision.reasons if reason is not _NO_INPUTS)
    denied = decision.outcome is Outcome.DENIED
    return replace(
        decision,
        outcome=Outcome.DENIED if denied else Outcome.UNDECIDED,
        reasons=(*found, *obstacles),
        frame_digest="",
    )


def _undecided(asked: _Question, reason: Reason) -> Decision:
    return Decision(
        id=str(uuid.uuid4()),
        outcome=Outcome.UNDECIDED,
        purpose=asked.purpose,
        inputs=asked.inputs,
        subject=asked.subject,
        reasons=(reason,),
        at_us=asked.at_us,
        valid_until_us=asked.at_us,
        frame_digest="",
        policy_digest="",
        known_seq=0,
        recipient=asked.recipient,
    )
