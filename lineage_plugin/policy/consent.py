"""Whether people's data may be used for a purpose, at a moment.  Pure.

Every basis is judged for itself; bases are not put on one scale.  Not legal advice.

What became of a basis has a direction in time.  A withdrawal, a revocation, an expiry and an
objection block what comes after them; what was done before stays lawful.  An invalidation and a
refusal say that there never was a basis: they block at every moment, whatever else is said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from lineage_plugin.model import Compatibility, Consent, ConsentEvent, DeclaredNone, Unknown
from lineage_plugin.policy import parties, verdicts, vocabulary
from lineage_plugin.policy.purposes import Purposes

Said = Consent | DeclaredNone | Unknown | None


class State(NamedTuple):
    """What a basis is in at a moment: the verdict on it, DPV's name, and since when, if dated."""

    verdict: str
    name: str
    since_us: int | None = None


def verdict(
    consent: Said,
    *,
    purpose: str,
    purposes: Purposes,
    categories: Collection[str],
    at_us: int,
    recipient: str = "",
    declared: Collection[str] = (),
) -> str:
    """Judge what was said about the legal basis of a dataset.

    Args:
        consent: What was said; ``DeclaredNone`` says that there is no personal data.
        purpose: What the data is to be used for.
        purposes: The hierarchy in which *purpose* stands.
        categories: Kinds of data in the dataset, by declaration and by lineage.  None known is no
            proof that there are no people in it.
        at_us: The moment of use.
        recipient: To whom the data is to be given, if *purpose* gives it to anybody.
        declared: Kinds of data that the dataset is declared to be of, where it is.

    Returns:
        ``declassified`` (it was of people, and nothing of that arrives); ``valid``, ``compatible``
        (a recorded decision lets it be used for another purpose), ``not-personal``, ``absent``,
        ``unknown``, ``contradiction``; by state ``requested``, ``refused``, ``expired``,
        ``withdrawn``, ``revoked``, ``invalidated``, ``objected``; by time ``expired``,
        ``not-yet-valid``, ``reconfirmation-due``; by scope ``purpose-not-covered`` (consent),
        ``secondary-use`` (other bases), ``recipient-not-covered``, ``special-category``. Of several
        faults the first in this order.

    Source:
        GDPR Articles 5(1)(b), 6(1), 6(4), 7, 9 and 21; DPV 2.3 consent status.
    """
    found = _verdict(consent, purpose, purposes, categories, at_us, recipient)
    needless = not purposes.is_special(purpose) and _is_declassified(declared, categories)
    return "declassified" if needless and found not in _RETROACTIVE else found


#: What says that there never was a basis: it reaches what was made anonymous since, too.
_RETROACTIVE = frozenset({"refused", "invalidated"})


def _is_declassified(declared: Collection[str], arriving: Collection[str]) -> bool:
    """Whether data of people was on its way, and recorded decisions took all of that away."""
    return any(map(vocabulary.is_personal, declared)) and not any(
        map(vocabulary.is_personal, arriving)
    )


def _verdict(
    consent: Said,
    purpose: str,
    purposes: Purposes,
    categories: Collection[str],
    at_us: int,
    recipient: str,
) -> str:
    if consent is None:
        return "absent"
    if isinstance(consent, Unknown):
        return "unknown"
    if isinstance(consent, DeclaredNone):
        personal = any(vocabulary.is_personal(category) for category in categories)
        return "contradiction" if personal else "not-personal"
    found = _in_time(consent, at_us)
    if found == "valid":
        found = _reach(consent, purpose, purposes, at_us)
    if found in ("valid", "compatible"):
        found = _limits(consent, purpose, purposes, categories, recipient) or found
    return found


def state(consent: Consent, at_us: int) -> State:
    """Return the state that a basis is in at *at_us*, by its events and by what has no date.

    Consent and the objection to a legitimate interest are told apart: that nobody objected makes
    up for no withdrawn consent.  Of all that binds at once, the worst is the state.
    """
    always = [
        _judged(consent, event.state)
        for event in consent.events
        if vocabulary.timing(event.state) == "always"
    ]
    tracks = (_track(consent, about, at_us) for about in ("consent", "interest"))
    undated = _judged(consent, consent.status)
    dated = [found for found in tracks if found is not None]
    # What is declared without a date adds nothing to a track that speaks, unless it is worse.
    binding = [*always, *dated, *([undated] if undated.verdict != "valid" or not dated else [])]
    return max(binding, key=_gravity)


def compatibility(
    consent: Consent, *, purpose: str, purposes: Purposes, at_us: int
) -> Compatibility | None:
    """Return the decision in force that makes a secondary *purpose* compatible, if there is one.

    Where the basis is consent there is none: whoever asked for one purpose has to ask again for
    another.  A decision without its maker or its reason is none.

    Source:
        GDPR Article 6(4): not where processing is based on the data subject's consent.
    """
    if any(map(vocabulary.is_consent, consent.bases)):
        return None
    found = [
        decided
        for decided in consent.compatibility
        if purposes.covers([decided.purpose], purpose)
        and (decided.by.strip() and decided.reason.strip())
        and (decided.at_us is None or decided.at_us <= at_us)
        and (decided.until_us is None or at_us < decided.until_us)
    ]
    return min(found, key=lambda decided: (decided.by, decided.reason, str(decided)), default=None)


def since_us(consent: Consent, at_us: int) -> int | None:
    """Return since when the state at *at_us* is so, or when a basis begins that has not begun."""
    found = state(consent, at_us).since_us
    return consent.from_us if found is None else found


def ends_us(consent: Said, at_us: int) -> int | None:
    """Return when the basis that holds at *at_us* ends, or ended, as far as that is dated."""
    if not isinstance(consent, Consent):
        return None
    given = [e for e in consent.events if _begins(e) and e.at_us <= at_us]
    latest = max((event.at_us for event in given), default=None)
    ends = [event.until_us for event in given if event.at_us == latest]
    known = [end for end in (*ends, consent.until_us, _due_us(consent, at_us)) if end is not None]
    return min(known, default=None)


def changes_us(consent: Said, *, after_us: int) -> int | None:
    """Return the first moment after *after_us* at which time alone may change the verdict."""
    moments = _moments(consent) if isinstance(consent, Consent) else ()
    return min((moment for moment in moments if moment > after_us), default=None)


def confirmations_us(consent: Said) -> tuple[int, ...]:
    """Return when consent was given or given anew."""
    events = consent.events if isinstance(consent, Consent) else ()
    return tuple(sorted(event.at_us for event in events if _begins(event)))


def _begins(event: ConsentEvent) -> bool:
    return vocabulary.timing(event.state) == "begins" and vocabulary.about(event.state) == "consent"


def _judged(consent: Consent, name: str, since_us: int | None = None) -> State:
    """Judge a status; a basis that nobody knows, or none, says as little as no status.

    A status of consent also stands for a basis that needs none (contract, legal obligation), and
    for a legitimate interest to which nobody objected: objecting is what has to be stated (GDPR
    Article 21(1)).  The other way round, that nobody objected is no consent.
    """
    found = vocabulary.status(name)
    if found == "valid" and (
        not vocabulary.BASES.issuperset(consent.bases)
        or not consent.bases
        or (
            vocabulary.about(name) == "interest"
            and not any(map(vocabulary.is_objectable, consent.bases))
        )
    ):
        found = "unknown"
    return State(found, name, since_us)


def _track(consent: Consent, about: str, at_us: int) -> State | None:
    """Return what the last event about consent, or about objections, comes to; else nothing."""
    events = [event for event in consent.events if vocabulary.about(event.state) == about]
    past = [event for event in events if event.at_us <= at_us]
    if not past:
        begun = [event.at_us for event in events if vocabulary.timing(event.state) != "ends"]
        # A withdrawal presupposes a consent; the first request or consent, that there was none.
        if about == "consent" and begun:
            return State("not-yet-valid", "dpv:ConsentUnknown", min(begun))
        return None
    latest = max(event.at_us for event in past)
    return max(
        (_of_event(consent, event, at_us) for event in past if event.at_us == latest),
        key=_gravity,
    )


def _of_event(consent: Consent, event: ConsentEvent, at_us: int) -> State:
    found = _judged(consent, event.state, event.at_us)
    ended = event.until_us is not None and event.until_us <= at_us
    if found.verdict == "valid" and ended:
        return State("expired", "dpv:ConsentExpired", event.until_us)
    if found.verdict == "valid" and not vocabulary.may_be_consent(event.type):
        return State("unknown", "dpv:ConsentUnknown", event.at_us)
    return found


def _in_time(consent: Consent, at_us: int) -> str:
    found = state(consent, at_us).verdict
    if found != "valid":
        return found
    if consent.until_us is not None and consent.until_us <= at_us:
        return "expired"
    if consent.from_us is not None and at_us < consent.from_us:
        return "not-yet-valid"
    due = _due_us(consent, at_us)
    return "valid" if due is None or at_us < due else "reconfirmation-due"


def _due_us(consent: Consent, at_us: int) -> int | None:
    """Return when consent has to be confirmed again; long ago, if nobody knows when it was."""
    if consent.reconfirm_every_us is None:
        return None
    given = [moment for moment in confirmations_us(consent) if moment <= at_us]
    last = max(given) if given else consent.from_us
    return at_us if last is None else last + consent.reconfirm_every_us


def _reach(consent: Consent, purpose: str, purposes: Purposes, at_us: int) -> str:
    if purposes.covers(consent.purposes, purpose):
        return "valid"
    if any(map(vocabulary.is_consent, consent.bases)):
        return "purpose-not-covered"
    decided = compatibility(consent, purpose=purpose, purposes=purposes, at_us=at_us)
    return "secondary-use" if decided is None else "compatible"


def _limits(
    consent: Consent,
    purpose: str,
    purposes: Purposes,
    categories: Collection[str],
    recipient: str,
) -> str:
    limited = consent.recipients and purposes.is_sharing(purpose)
    # What is published is given to everybody, whom no list names.
    if limited and not parties.is_among(recipient, consent.recipients):
        return "recipient-not-covered"
    needs_more = purposes.is_special(purpose) or any(map(vocabulary.is_special, categories))
    if needs_more and not any(map(vocabulary.is_special_basis, consent.bases)):
        return "special-category"
    return ""


def _moments(consent: Consent) -> Iterator[int]:
    known = [consent.from_us, consent.until_us]
    for event in consent.events:
        known += [event.at_us, event.until_us]
    for decided in consent.compatibility:
        known += [decided.at_us, decided.until_us]
    if consent.reconfirm_every_us is not None:
        starts = [*confirmations_us(consent), consent.from_us]
        known += [at + consent.reconfirm_every_us for at in starts if at is not None]
    return (moment for moment in known if moment is not None)


def _gravity(found: State) -> tuple[int, str, str, int]:
    """Order states by how bad they are, and those that are equally bad in one way or another."""
    severity = verdicts.severity("consent", found.verdict)
    return (severity, found.verdict, found.name, found.since_us or 0)
