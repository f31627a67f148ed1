"""Laws of consent, custody and of giving data to somebody."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lineage_plugin.model import (
    AgreementTerms,
    Consent,
    ConsentEvent,
    Custody,
    DeclaredNone,
    Evidence,
    Transfer,
)
from lineage_plugin.policy import consent, custody, verdicts, vocabulary
from tests.property.strategies import SHIPPED

moments = st.integers(-20, 60)
names = st.sampled_from(["Acme", "Globex", "us", ""])
purposes = st.sampled_from(["model-training", "fine-tuning", "disclosure", "publication"])
states = st.sampled_from(sorted(vocabulary.STATUSES))
bases = st.lists(
    st.sampled_from(["eu-gdpr:A6-1-a", "eu-gdpr:A6-1-b", "eu-gdpr:A6-1-f", "eu-gdpr:A9-2-a"]),
    min_size=1,
    max_size=2,
    unique=True,
).map(tuple)


@st.composite
def events(draw: Any) -> ConsentEvent:
    at = draw(moments)
    until = draw(st.none() | st.integers(1, 20).map(lambda lasting: at + lasting))
    return ConsentEvent(draw(states), at, until)


consents = st.builds(
    Consent,
    bases=bases,
    status=st.just("dpv:ConsentGiven") | states,
    purposes=st.just(("model-training", "disclosure", "publication")),
    from_us=st.none() | moments,
    until_us=st.none() | moments,
    events=st.lists(events(), max_size=5).map(tuple),
    reconfirm_every_us=st.none() | st.integers(1, 30),
)
papers = st.builds(
    Evidence, uri=st.just("a.pdf"), sha256=st.just("a" * 64), until_us=st.none() | moments
)
terms = st.builds(
    AgreementTerms,
    from_us=st.none() | moments,
    purposes=st.sampled_from([(), ("model-training",), ("disclosure", "publication")]),
    onward_transfer=st.none() | st.booleans(),
    recipients=st.sampled_from([(), ("Acme",), ("us", "Globex")]),
    assignable=st.none() | st.booleans(),
)
transfers = st.builds(
    Transfer,
    event=st.sampled_from(sorted(vocabulary.EVENTS)),
    giver=names,
    receiver=names,
    at_us=st.none() | moments,
    agreement=st.none() | papers | st.just(DeclaredNone("no")),
    terms=terms,
)
chains = st.lists(transfers, min_size=1, max_size=4).map(tuple).map(Custody)


def allowed(said: Consent, at: int, purpose: str = "model-training") -> bool:
    found = consent.verdict(said, purpose=purpose, purposes=SHIPPED, categories=(), at_us=at)
    return verdicts.passes("consent", found)


def complete(said: Custody, purpose: str, at: int, recipient: str = "Acme") -> bool:
    found = custody.verdict(
        said, purpose=purpose, purposes=SHIPPED, at_us=at, recipient=recipient, confirmed_us=(5,)
    )
    return verdicts.passes("custody", found)


@given(consents, st.randoms(use_true_random=False), moments)
def test_the_order_in_which_events_are_written_down_is_nothing(
    said: Consent, random: Any, at: int
) -> None:
    shuffled = list(said.events)
    random.shuffle(shuffled)
    other = replace(said, events=tuple(shuffled))

    assert consent.state(other, at) == consent.state(said, at)
    assert allowed(other, at) == allowed(said, at)
    assert consent.ends_us(other, at) == consent.ends_us(said, at)


@given(
    consents,
    st.sampled_from(["Withdrawn", "Revoked", "Expired", "Refused", "Invalidated", "Unknown"]),
    moments,
    moments,
)
def test_an_event_that_takes_consent_away_never_allows_anything(
    said: Consent, kind: str, when: int, at: int
) -> None:
    event = ConsentEvent(f"dpv:Consent{kind}", when)
    after = replace(said, events=(*said.events, event))

    assert allowed(said, at) or not allowed(after, at)


@given(consents, moments, moments)
def test_a_withdrawal_says_nothing_about_what_was_before_it(
    said: Consent, when: int, at: int
) -> None:
    """Withdrawal does not affect the lawfulness of processing before it (GDPR 7(3))."""
    withdrawal = ConsentEvent("dpv:ConsentWithdrawn", when)
    after = replace(said, events=(*said.events, withdrawal))

    assert at >= when or allowed(after, at) == allowed(said, at)
    assert at != when or not allowed(after, at)


@given(consents, st.sampled_from(["Refused", "Invalidated"]), moments, moments)
def test_what_never_was_a_consent_is_none_at_any_moment(
    said: Consent, kind: str, when: int, at: int
) -> None:
    event = ConsentEvent(f"dpv:Consent{kind}", when)

    assert not allowed(replace(said, events=(*said.events, event)), at)


@given(consents)
def test_time_alone_changes_a_verdict_only_where_it_was_announced(said: Consent) -> None:
    announced = {-21}
    while (following := consent.changes_us(said, after_us=max(announced))) is not None:
        announced.add(following)
    found = {at: allowed(said, at) for at in range(-21, 130)}

    assert {later for at, later in pairwise(found) if found[at] != found[later]} <= announced


@given(consents, moments)
def test_once_the_last_event_is_over_nothing_comes_back(said: Consent, at: int) -> None:
    last = max((event.at_us for event in said.events), default=-20)
    if at >= max(last, last if said.from_us is None else said.from_us) and not allowed(said, at):
        assert not any(allowed(said, later) for later in range(at, 130))


def restricted() -> st.SearchStrategy[dict[str, Any]]:
    """Draw what an agreement may say against a use, in the place of what it said before."""
    return st.sampled_from(
        [
            {"onward_transfer": False},
            {"assignable": False},
            {"purposes": ("evaluation",)},
            {"recipients": ("nobody we know",)},
            {"from_us": 10_000},
        ]
    )


@given(chains, st.integers(0, 3), restricted(), purposes, moments)
def test_a_restriction_in_an_agreement_never_permits_more(
    said: Custody, index: int, change: dict[str, Any], purpose: str, at: int
) -> None:
    steps = list(said.transfers)
    index %= len(steps)
    steps[index] = replace(steps[index], terms=replace(steps[index].terms, **change))

    assert complete(said, purpose, at) or not complete(Custody(tuple(steps)), purpose, at)


@given(chains, st.integers(0, 4), transfers, purposes, moments)
def test_a_transfer_without_an_agreement_never_helps(
    said: Custody, index: int, added: Transfer, purpose: str, at: int
) -> None:
    if not vocabulary.needs_agreement(added.event):
        added = replace(added, event="partner-transfer")
    bare = replace(added, agreement=None)
    steps = (*said.transfers[:index], bare, *said.transfers[index:])

    assert not complete(Custody(steps), purpose, at)


@given(chains, purposes, moments, st.booleans())
def test_between_related_parties_the_same_is_asked(
    said: Custody,
    purpose: str,
    at: int,
    related: bool,  # noqa: FBT001 - Hypothesis passes it
) -> None:
    other = Custody(tuple(replace(step, related_party=related) for step in said.transfers))

    assert complete(other, purpose, at) == complete(said, purpose, at)
