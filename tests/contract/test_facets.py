"""Our facets: classes and schemas agree; schemas accept what we say and refuse what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import attr
import pytest
from jsonschema import Draft202012Validator
from openlineage.client.facet_v2 import DatasetFacet, RunFacet
from openlineage.client.serde import Serde

from lineage_plugin.facets import classes, codec, names
from lineage_plugin.facets.events import micros_of
from lineage_plugin.model import (
    AgreementTerms,
    Assurance,
    Compatibility,
    Consent,
    ConsentEvent,
    Custody,
    DatasetRef,
    Decision,
    Declaration,
    DeclaredNone,
    Declassification,
    Declassified,
    EdgeKind,
    EffectiveSummary,
    Evidence,
    Gap,
    License,
    Outcome,
    Part,
    Reason,
    Source,
    Subject,
    Transfer,
    Unknown,
    Use,
    Waived,
)
from tests.support.openlineage_spec import our_schemas, problems

SCHEMAS = our_schemas()

#: Parts of field names that Airflow's redactor takes for secrets.
SECRETIVE = re.compile(
    "access_key|access_token|api_key|apikey|auth_header|authorization|bearer|connection_string|dsn"
    "|passphrase|passwd|password|private_key|proxy|proxies|secret|service_account|service_key|token"
    "|keyfile_dict|webhook_url"
)

EVERYTHING = Declaration(
    authority="team-vision",
    pattern="s3://lake/photos",
    external=True,
    valid_from_us=-1,
    valid_until_us=10**18,
    source=Source("Acme GmbH", "user-generated-content", "dating site", "DE", "photos"),
    license=License("CC-BY-4.0", "CC-BY-NC-4.0", "https://example.org/terms", "(c) Acme"),
    consent=Consent(
        ("eu-gdpr:A6-1-f",),
        purposes=("face-recognition",),
        from_us=0,
        until_us=1,
        notice="n.html",
        events=(ConsentEvent("dpv:ConsentGiven", 0, 1, "data subjects", "dpv:InformedConsent"),),
        reconfirm_every_us=90_000_000,
        compatibility=(
            Compatibility("evaluation", "privacy board", "same", 0, 1, (Evidence("d.pdf"),)),
        ),
        recipients=("Acme GmbH",),
    ),
    custody=Custody(
        (
            Transfer(
                "licensed",
                "Acme",
                "us",
                5,
                Evidence("a.pdf", "a" * 64, 7),
                related_party=True,
                terms=AgreementTerms(
                    from_us=1,
                    purposes=("model-training",),
                    onward_transfer=True,
                    recipients=("Globex",),
                    assignable=False,
                ),
            ),
            Transfer("purchased", agreement=DeclaredNone("an e-mail was thought to do")),
            Transfer("collected"),
        )
    ),
    use=Use(("model-training",), ("face-recognition",), ("Globex",)),
    categories=("personal",),
    assurance=Assurance.VENDOR_ATTESTED,
    evidence=(Evidence("b.pdf", "b" * 64, 9),),
)
NOBODY_KNOWS = Declaration(
    authority="audit",
    pattern="s3://lake/photos",
    source=Unknown("lost"),
    license=Unknown("asked on 3 March"),
    consent=DeclaredNone("no people shown", (Evidence("audit.pdf", "c" * 64),)),
    custody=Unknown("lost"),
)
DECISION = Decision(
    id="d1",
    outcome=Outcome.DENIED,
    purpose="model-training",
    inputs=(DatasetRef("s3://lake", "faces"), DatasetRef("file", "/x")),
    subject=Subject(),
    reasons=(
        Reason(
            "license.non-commercial",
            "s3://raw/web",
            "CC-BY-NC-4.0 forbids commercial use",
            "ask for another license",
            ("s3://lake/faces", "s3://raw/web"),
            said_by="audit",
            clause="The terms permit it.",
            source="CC legal code 4.0",
        ),
    ),
    at_us=1_700_000_000_000_000,
    valid_until_us=1_700_000_001_000_000,
    frame_digest="f" * 64,
    policy_digest="p" * 64,
    known_seq=17,
    suites=("model-training",),
    rows=3,
    reused_from="d0",
    warnings=(Reason("w.x", "", "look", "there", is_definite=False, severity="warning"),),
    recipient="Acme GmbH",
    agreements=("a" * 64,),
    waived=(
        Waived(
            Reason("use.excluded", "s3://raw/web", "excluded", "leave it out"),
            "w1",
            "Ada Lovelace (legal)",
            "the owner is asked",
            1_700_000_001_000_000,
        ),
    ),
)
SUMMARY = EffectiveSummary(
    resolved=True,
    as_of_us=1,
    categories=("personal",),
    licenses=("CC-BY-4.0",),
    duties=("attribution",),
    consent_statuses=("dpv:ConsentGiven",),
    legal_bases=("eu-gdpr:A6-1-a",),
    gaps=tuple(Gap(f"s3://raw/{n}", Part.LICENSE, "absent") for n in range(300)),
    gap_count=5_000,
    roots=tuple(f"s3://raw/{n}" for n in range(300)),
    earliest_expiry_us=2,
    assurance=Assurance.DOCUMENTED,
    declassifications=(
        Declassification(
            "s3://lake/counts",
            Declassified(
                ("personal",), "k-anonymity", "team-privacy", "k is 20", 3, (Evidence("dpia.pdf"),)
            ),
        ),
    ),
)


def wire(value: object) -> Any:
    """Return what leaves the process."""
    return json.loads(Serde.to_json(value))


def all_facets() -> Iterator[tuple[str, str, Any]]:
    for case, said in {
        "everything": [EVERYTHING],
        "nothing": [],
        "unknown": [NOBODY_KNOWS],
        "two authorities": [EVERYTHING, NOBODY_KNOWS],
        "only external": [Declaration("a", "p", external=True)],
        "junk": [Declaration("", "p", evidence=(Evidence("u", "no digest"),), source=Source(""))],
    }.items():
        for name, facet in codec.declared_facets(said).items():
            yield case, name, facet
    for case, summary in {
        "resolved": SUMMARY,
        "empty": EffectiveSummary(resolved=True),
        "unresolved": EffectiveSummary(resolved=False, reason="too late", as_of_us=5),
    }.items():
        yield case, names.EFFECTIVE, codec.effective_facet(summary)
    yield "denied", names.GATE, codec.gate_facet(DECISION)
    ref = DatasetRef("s3://lake", "faces")
    task = codec.task_facet(
        edge=EdgeKind.EMBED,
        overwrites=[ref],
        declarations=[EVERYTHING],
        inputs=[ref],
        outputs=[ref],
        lineage={ref: [ref]},
        files={ref.uri: 3_000},
    )
    yield "full", names.TASK, task
    yield "empty", names.TASK, codec.task_facet()


CASES = [pytest.param(name, facet, id=f"{name} {case}") for case, name, facet in all_facets()]


def fields_of(cls: type[Any]) -> set[str]:
    names_of = [field.name for field in attr.fields(cls)] if attr.has(cls) else cls.__annotations__
    return {name for name in names_of if not name.startswith("_")}


def properties_of(definition: dict[str, Any]) -> set[str]:
    parts = [definition, *definition.get("allOf", ())]
    return {name for part in parts for name in part.get("properties", {})}


def definitions(name: str) -> list[tuple[str, dict[str, Any]]]:
    return [(file, s["$defs"][name]) for file, s in SCHEMAS.items() if name in s["$defs"]]


@pytest.mark.parametrize(("name", "cls"), classes.FACETS.items(), ids=classes.FACETS)
def test_a_facet_class_has_the_fields_of_its_schema(name: str, cls: type[Any]) -> None:
    schema = SCHEMAS[cls.__name__]

    assert fields_of(cls) == properties_of(schema["$defs"][cls.__name__])
    assert list(schema["properties"]) == [name]
    assert schema["properties"][name] == {"$ref": f"#/$defs/{cls.__name__}"}


@pytest.mark.parametrize("cls", classes.VALUES, ids=lambda cls: cls.__name__)
def test_a_value_class_has_the_fields_of_its_definition(cls: type[Any]) -> None:
    found = definitions(cls.__name__)

    assert found, f"{cls.__name__} is in no schema"
    for file, definition in found:
        assert fields_of(cls) == properties_of(definition), file


def test_no_schema_describes_what_has_no_class() -> None:
    known = {cls.__name__ for cls in (*classes.VALUES, *classes.FACETS.values())}

    assert {name for schema in SCHEMAS.values() for name in schema["$defs"]} == known


@pytest.mark.parametrize(("name", "cls"), classes.FACETS.items(), ids=classes.FACETS)
def test_a_facet_follows_openlineages_rules_for_custom_facets(name: str, cls: type[Any]) -> None:
    schema = SCHEMAS[cls.__name__]
    prefix, _, rest = name.partition("_")
    entity, base = ("Run", RunFacet) if issubclass(cls, RunFacet) else ("Dataset", DatasetFacet)

    assert cls.__name__ == f"{prefix[0].upper()}{prefix[1:]}{rest.capitalize()}{entity}Facet"
    assert issubclass(cls, base)
    assert schema["$id"] == names.schema_id(cls.__name__)
    assert schema["$defs"][cls.__name__]["allOf"][0]["$ref"].endswith(f"#/$defs/{entity}Facet")
    assert cls._get_schema() == f"{schema['$id']}#/$defs/{cls.__name__}"
    assert "_get_schema" in vars(cls), "it would advertise the schema of its base class"
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("cls", classes.FACETS.values(), ids=lambda cls: cls.__name__)
def test_airflows_redactor_masks_no_field_of_ours(cls: type[Any]) -> None:
    skipped = set(cls._additional_skip_redact)
    inner = {field for value in classes.VALUES for field in fields_of(value)}

    assert fields_of(cls) <= skipped
    assert not [field for field in (*skipped, *inner) if SECRETIVE.search(field.lower())]


@pytest.mark.parametrize(("name", "facet"), CASES)
def test_what_we_say_follows_our_schema(name: str, facet: Any) -> None:
    plain = wire(facet)

    assert not problems(plain, plain["_schemaURL"])
    assert plain["_producer"] == names.PRODUCER


@pytest.mark.parametrize(
    ("name", "change", "complaint"),
    [
        pytest.param(names.LICENSE, {"state": "maybe"}, "maybe", id="a state nobody knows"),
        pytest.param(names.LICENSE, {"assertedBy": "team"}, "team", id="authority is no list"),
        pytest.param(names.LICENSE, {"statements": [{}]}, "state", id="empty statement"),
        pytest.param(
            names.LICENSE,
            {"statements": [{"state": "declared", "assertedBy": "a", "assurance": "asserted"}]},
            "'declared' is a required property",
            id="declared without a license",
        ),
        pytest.param(
            names.CONSENT,
            {"statements": [{"state": "none", "assertedBy": "a", "assurance": "asserted"}]},
            "'reason' is a required property",
            id="none without a reason",
        ),
        pytest.param(names.EFFECTIVE, {"resolution": "unresolved"}, "reason", id="unresolved"),
        pytest.param(names.EFFECTIVE, {"asOf": "soon"}, "soon", id="no time"),
        pytest.param(names.EFFECTIVE, {"licenses": None}, "None", id="no list"),
        pytest.param(names.GATE, {"outcome": "MAYBE"}, "MAYBE", id="a fourth outcome"),
        pytest.param(names.TASK, {"declarations": [{}]}, "authority", id="nobody declares"),
        pytest.param(names.USE, {"_producer": None}, "None", id="no producer"),
    ],
)
def test_a_schema_refuses_what_is_wrong(name: str, change: dict[str, Any], complaint: str) -> None:
    """A schema that accepts everything would pass every other test here."""
    good = next(facet for case, n, facet in all_facets() if n == name and case != "nothing")
    plain = {**wire(good), **change}

    found = problems(plain, plain["_schemaURL"])

    assert any(complaint in problem for problem in found), found


def test_times_are_checked_as_times() -> None:
    """Formats are annotations only unless a checker for them is installed."""
    cls = "LineagePluginEffectiveDatasetFacet"
    plain = wire(codec.effective_facet(SUMMARY)) | {"asOf": "2026-99-99T00:00:00Z"}

    assert problems(plain, f"{names.schema_id(cls)}#/$defs/{cls}")


@pytest.mark.parametrize("at_us", [0, -1, -(10**16), 10**17, -(10**30), 10**30])
def test_every_moment_can_be_written(at_us: int) -> None:
    summary = EffectiveSummary(resolved=True, as_of_us=at_us, earliest_expiry_us=at_us)
    plain = wire(codec.effective_facet(summary))

    assert not problems(plain, plain["_schemaURL"])
    assert abs(at_us) > 10**17 or micros_of(plain["asOf"]) == at_us


def test_a_full_facet_fills_every_field_of_its_objects() -> None:
    """What lies inside a facet is a dictionary, in which no class would notice a wrong name."""
    seen: dict[str, set[str]] = {}
    for _, name, facet in all_facets():
        schema = SCHEMAS[type(facet).__name__]["$defs"]
        for kind, found in objects_in(schema, schema[type(facet).__name__], wire(facet), name):
            seen.setdefault(kind, set()).update(found)

    for cls in classes.VALUES:
        # Of use nobody can say that there is none or that it is unknown: no reason is given.
        never = {"reason"} if cls is classes.UseStatement else set()
        assert seen[cls.__name__] == fields_of(cls) - never, cls.__name__


def objects_in(
    defs: dict[str, Any], definition: dict[str, Any], plain: Any, kind: str
) -> Iterator[tuple[str, set[str]]]:
    """Follow the ``$ref`` of a schema through *plain*: each object with the name of its kind."""
    if isinstance(plain, list):
        for item in plain:
            yield from objects_in(defs, definition.get("items", {}), item, kind)
        return
    kind = definition.get("$ref", kind).rpartition("/")[2]
    definition = defs.get(kind, definition)
    if isinstance(plain, dict):
        yield kind, set(plain)
        for part in [definition, *definition.get("allOf", ())]:
            for name, inner in part.get("properties", {}).items():
                if name in plain:
                    yield from objects_in(defs, inner, plain[name], name)


def test_a_decision_comes_back_from_its_facet() -> None:
    assert codec.decision_of(wire(codec.gate_facet(DECISION))) == DECISION
