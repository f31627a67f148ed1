"""The consent of one entry: its basis, what became of it in time, and what else it reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lineage_plugin.catalog.documents import DocumentReader
from lineage_plugin.catalog.lines import Node
from lineage_plugin.catalog.reading import Reader
from lineage_plugin.model import Compatibility, Consent, ConsentEvent
from lineage_plugin.policy import vocabulary

#: How a part says that nobody knows, or that there is none.
NOT_SAID = ("unknown", "none")

_FIELDS = (
    "basis",
    "status",
    "purposes",
    "from",
    "until",
    "notice",
    "events",
    "reconfirm_every",
    "compatibility",
    "recipients",
)
_COMPATIBILITY = ("purpose", "by", "reason", "at", "until", "evidence")

#: Fields of an event, and what ISO/IEC TS 27560 calls the same.
_EVENT = {"at": "event_time", "state": "event_state", "by": "entity_id", "type": "event_type"}
_EVENT_FIELDS = (*_EVENT, *_EVENT.values(), "until", "validity_duration", "entity")


def consent_of(reader: DocumentReader, node: Node) -> Consent | None:
    """Read a consent; what is wrong with it is told to *reader*."""
    found = reader.fields(node, "consent", _FIELDS, needed=("basis",), instead=NOT_SAID)
    if not found:
        return None
    # One letter is another law: A6-1-a is consent, A6-1-f legitimate interest.
    bases = reader.words(
        found.get("basis"), "consent: basis", "legal basis", vocabulary.BASES, guess=False
    )
    status = reader.word(found.get("status"), "consent: status", "status", vocabulary.STATUSES)
    start, end = reader.period(found, "from", "until", "consent: ")
    events = (_event(reader, item) for item in reader.items(found.get("events"), "consent: events"))
    consent = Consent(
        bases=bases,
        purposes=reader.uses(found.get("purposes"), "consent: purposes"),
        from_us=start,
        until_us=end,
        notice=reader.text(found.get("notice"), "consent: notice"),
        events=tuple(event for event in events if event is not None),
        reconfirm_every_us=reader.duration(
            found.get("reconfirm_every"), "consent: reconfirm_every"
        ),
        compatibility=_compatibility(reader, found.get("compatibility")),
        recipients=reader.names(found.get("recipients"), "consent: recipients"),
    )
    _agree(reader, found, consent)
    return replace(consent, status=status) if status else consent


def _agree(reader: Reader, found: Mapping[str, Node], consent: Consent) -> None:
    """Report what is well-formed and cannot be meant together."""
    if "status" in found and "events" in found:
        hint = "write what has a date as events, and leave the status out"
        reader.wrong("consent: both a status and events", found["status"].line, hint)
    if "compatibility" in found and any(map(vocabulary.is_consent, consent.bases)):
        hint = "ask anew and add the purpose, with an event dpv:RenewedConsentGiven"
        message = "consent: compatibility cannot widen what people consented to"
        reader.wrong(message, found["compatibility"].line, hint)
    given = any(vocabulary.timing(event.state) == "begins" for event in consent.events)
    if "reconfirm_every" in found and consent.from_us is None and not given:
        hint = "add from: <date>, or the event dpv:ConsentGiven"
        message = "consent: reconfirm_every counts from no date"
        reader.wrong(message, found["reconfirm_every"].line, hint)


def _event(reader: DocumentReader, node: Node) -> ConsentEvent | None:
    what = "consent: events"
    found = reader.fields(node, what, _EVENT_FIELDS)
    if not found:
        return None
    fields = dict(found)
    for name, other in (*_EVENT.items(), ("by", "entity"), ("until", "validity_duration")):
        if name in fields and other in fields:
            reader.wrong(f"{what}: {name} and {other} say the same", fields[other].line)
        elif other in fields and name != "until":
            fields[name] = fields.pop(other)
    for name in ("at", "state"):
        if name not in fields:
            reader.wrong(f"{what}: {name} is missing", node.line)
    at = reader.moment(fields.get("at"), f"{what}: at")
    state = reader.word(fields.get("state"), f"{what}: state", "status", vocabulary.STATUSES)
    end = reader.moment(fields.get("until"), f"{what}: until")
    lasting = reader.duration(fields.get("validity_duration"), f"{what}: validity_duration")
    if at is not None and lasting is not None and end is None:
        end = at + lasting
    if at is not None and end is not None and end <= at:
        reader.wrong(f"{what}: until is not after at", fields["until"].line)
    if state and end is not None and vocabulary.timing(state) != "begins":
        hint = "only what was given can end; write the next state as an event of its own"
        reader.wrong(f"{what}: {state} does not end", node.line, hint)
    kind = reader.word(fields.get("type"), f"{what}: type", "type", vocabulary.CONSENT_TYPES)
    by = reader.text(fields.get("by"), f"{what}: by")
    return ConsentEvent(state, at, end, by, kind) if state and at is not None else None


def _compatibility(reader: DocumentReader, node: Node | None) -> tuple[Compatibility, ...]:
    what = "consent: compatibility"
    decisions: list[Compatibility] = []
    for item in reader.items(node, what):
        found = reader.fields(item, what, _COMPATIBILITY, needed=("purpose", "by", "reason"))
        if not found:
            continue
        start, end = reader.period(found, "at", "until", f"{what}: ")
        purposes = reader.uses(found.get("purpose"), f"{what}: purpose")
        decisions += [
            Compatibility(
                purpose=purpose,
                by=reader.text(found.get("by"), f"{what}: by"),
                reason=reader.text(found.get("reason"), f"{what}: reason"),
                at_us=start,
                until_us=end,
                evidence=reader.evidence(found.get("evidence"), f"{what}: evidence"),
            )
            for purpose in purposes
        ]
    return tuple(decisions)
