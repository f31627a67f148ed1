"""Values as canonical JSON: the bytes that digests and the chain are made of."""

from __future__ import annotations

import json

import pytest

from lineage_plugin import codec
from lineage_plugin.model import (
    Assurance,
    Consent,
    Custody,
    DatasetRef,
    Declaration,
    DeclaredNone,
    EdgeKind,
    Evidence,
    License,
    Output,
    RunFacts,
    RunState,
    Source,
    Transfer,
    Unknown,
    Use,
)

FULL = Declaration(
    authority="team-vision",
    pattern="s3://lake/photos/**",
    external=True,
    valid_from_us=-1,
    source=Source("Acme GmbH", method="user-generated-content"),
    license=License("CC-BY-4.0"),
    consent=Consent(("eu-gdpr:A6-1-a",), purposes=("face-recognition",), until_us=5),
    custody=Custody((Transfer("licensed", agreement=Evidence("acme.pdf", "00")),)),
    use=Use(excluded=("publication",)),
    categories=("personal",),
    assurance=Assurance.DOCUMENTED,
    evidence=(Evidence("a.pdf"),),
)
BARE = Declaration(authority="a", pattern="s3://b/**")
UNKNOWING = Declaration(
    "a", "s3://b/**", license=Unknown("asked"), consent=DeclaredNone("no people")
)
RUN = RunFacts(
    run_id="r",
    job_namespace="n",
    job_name="dag.task",
    state=RunState.COMPLETE,
    at_us=7,
    group="g",
    inputs=(DatasetRef("s3://lake", "a"),),
    outputs=(Output(DatasetRef("s3://lake", "b"), overwrites=True),),
    edge=EdgeKind.TRAIN,
    declarations=(FULL, BARE, UNKNOWING),
)


@pytest.mark.parametrize(
    "value", [FULL, BARE, UNKNOWING, RUN], ids=["full", "bare", "unknowing", "run"]
)
def test_what_was_written_is_read_back(value: object) -> None:
    plain = codec.encode(value)

    assert codec.decode(type(value), plain) == value
    assert codec.decode(type(value), json.loads(codec.canonical(plain))) == value


def test_what_holds_its_default_is_left_out() -> None:
    """A field that is added later must not change the digest of what was written before."""
    assert codec.encode(BARE) == {"authority": "a", "pattern": "s3://b/**"}


def test_nobody_said_there_is_none_and_they_do_not_know_stay_three_things() -> None:
    assert codec.encode(BARE).get("license") is None
    assert codec.encode(UNKNOWING)["license"] == {"unknown": "asked"}
    assert codec.encode(UNKNOWING)["consent"] == {"none": "no people"}


def test_the_order_of_keys_does_not_change_a_digest() -> None:
    assert codec.digest({"a": 1, "b": 2}) == codec.digest({"b": 2, "a": 1})


def test_a_digest_is_the_sha256_of_the_canonical_text() -> None:
    assert codec.digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize(
    ("plain", "complaint"),
    [
        ([], "expected an object for Declaration"),
        ({}, "missing 2 required positional arguments"),
        ({"authority": "a", "pattern": "p", "surprise": 1}, "has no field 'surprise'"),
        ({"authority": 1, "pattern": "p"}, "expected str, got 1"),
        ({"authority": "a", "pattern": "p", "external": 1}, "expected bool, got 1"),
        ({"authority": "a", "pattern": "p", "valid_from_us": True}, "expected int, got True"),
        ({"authority": "a", "pattern": "p", "categories": "x"}, "expected a list, got 'x'"),
        ({"authority": "a", "pattern": "p", "assurance": 9}, "9 is not a valid Assurance"),
        ({"authority": "a", "pattern": "p", "license": "MIT"}, "expected an object for License"),
        ({"authority": "a", "pattern": "p", "license": {"unknown": 3}}, "expected str, got 3"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_forged_data_is_refused(plain: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        codec.decode(Declaration, plain)


def test_nothing_is_looked_up_any_more_for_a_class_that_was_prepared() -> None:
    codec.prepare(RunFacts)
    known = codec._fields.cache_info().misses

    plain = codec.encode(
        RunFacts("r", "a", "j", RunState.START, 1, "g", outputs=(Output(DatasetRef("n", "d")),))
    )

    assert codec.decode(RunFacts, plain).outputs[0].ref == DatasetRef("n", "d")
    assert codec._fields.cache_info().misses == known
