"""What ``provenance.yaml`` says, and what is wrong with it."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from lineage_plugin.catalog.provenance_yaml import Catalog, load_catalog
from lineage_plugin.catalog.reading import moment_us
from lineage_plugin.errors import CatalogError
from lineage_plugin.model import (
    AgreementTerms,
    Assurance,
    Compatibility,
    Consent,
    ConsentEvent,
    Custody,
    Declaration,
    DeclaredNone,
    Evidence,
    License,
    Problem,
    Source,
    Transfer,
    Unknown,
    Use,
)
from lineage_plugin.policy.licenses import Terms

AGREEMENT = b"%PDF-1.7 signed"
SHA256 = hashlib.sha256(AGREEMENT).hexdigest()

PHOTOS = """
version: 1
authority: team-vision
datasets:
  s3://lake/photos/**:
    origin: external
    valid_from: 2026-01-10
    source: {issuer: Acme GmbH, method: user-generated-content}
    license: CC-BY-4.0
    consent: {basis: eu-gdpr:A6-1-a, purposes: [face-recognition], until: 2027-01-10}
    custody: [{from: Acme, event: licensed, agreement: evidence/acme.pdf}]
    categories: [personal]
  s3://lake/maps/**:
    origin: external
    license: {unknown: legal was asked on 3 March}
    consent: {none: no people shown}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an agreement in it."""
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "acme.pdf").write_bytes(AGREEMENT)
    return tmp_path


def load(folder: Path, text: str) -> Catalog:
    """Load a catalog of this text."""
    file = folder / "provenance.yaml"
    file.write_text(dedent(text), encoding="utf-8")
    return load_catalog(file)


def declared(folder: Path, entry: str, *, top: str = "") -> Declaration:
    """Return what is declared by one entry."""
    text = f"version: 1\nauthority: a\n{top}\ndatasets:\n  s3://lake/x: {entry}\n"
    return load(folder, text).declarations[0]


def wrong(folder: Path, text: str) -> list[Problem]:
    """Return what is wrong with a catalog of this text."""
    with pytest.raises(CatalogError) as caught:
        load(folder, text)
    return list(caught.value.problems)


def the_problem(folder: Path, entry: str, *, top: str = "") -> Problem:
    """Return the only problem of one entry."""
    text = f"version: 1\nauthority: a\n{top}\ndatasets:\n  s3://lake/x: {entry}\n"
    (found,) = wrong(folder, text)
    return found


def test_the_sketch_of_the_design_is_read(folder: Path) -> None:
    catalog = load(folder, PHOTOS)

    agreement = Evidence("evidence/acme.pdf", SHA256)
    assert catalog.authority == "team-vision"
    assert catalog.declarations == (
        Declaration(
            "team-vision",
            "s3://lake/photos/**",
            external=True,
            valid_from_us=moment_us("2026-01-10"),
            source=Source("Acme GmbH", "user-generated-content"),
            license=License("CC-BY-4.0"),
            consent=Consent(
                ("eu-gdpr:A6-1-a",),
                purposes=("face-recognition",),
                until_us=moment_us("2027-01-10"),
            ),
            custody=Custody((Transfer("licensed", "Acme", agreement=agreement),)),
            categories=("personal",),
            assurance=Assurance.DOCUMENTED,
            where=f"{folder}/provenance.yaml:5",
        ),
        Declaration(
            "team-vision",
            "s3://lake/maps/**",
            external=True,
            license=Unknown("legal was asked on 3 March"),
            consent=DeclaredNone("no people shown"),
            where=f"{folder}/provenance.yaml:13",
        ),
    )


def test_every_form_is_read(folder: Path) -> None:
    top = """
licenses:
  LicenseRef-acme:
    permits: [cc:Distribution]
    prohibits: [cc:CommercialUse]
    duties: [cc:Attribution]
    source: section 3
"""
    entry = f"""
    origin: derived
    valid_from: 2026-01-10T12:00+01:00
    valid_until: 2027-01-10
    source: {{issuer: A, origin: B, geography: NO, description: D}}
    license: {{declared: cc by 4.0, concluded: MIT OR LicenseRef-acme, url: "https://x.example"}}
    consent:
      basis: [eu-gdpr:A6-1-a, eu-gdpr:A9-2-a]
      status: dpv:ConsentWithdrawn
      purposes: model-training
      from: 2025-01-01
      notice: https://x.example/notice
    custody:
      - {{event: collected, to: A, at: 2025-01-01}}
      - {{from: A, to: B, event: licensed, agreement: {{none: oral}}, related_party: true}}
      - event: licensed
        agreement: {{uri: "s3://papers/1", sha256: {SHA256}, until: 2030-01-01}}
    use: {{purposes: [model-training], excluded: publication}}
    categories: [health, dpv-pd:Gait]
    assurance: vendor-attested
    evidence: [evidence/acme.pdf, "doi:10.1/x", {{uri: "http://x.example"}}]
"""
    found = replace(declared(folder, entry, top=top), where="")

    assert found == Declaration(
        "a",
        "s3://lake/x",
        valid_from_us=moment_us("2026-01-10T11:00Z"),
        valid_until_us=moment_us("2027-01-10"),
        source=Source("A", "", "B", "NO", "D"),
        license=License("CC-BY-4.0", "LicenseRef-acme OR MIT", "https://x.example"),
        consent=Consent(
            ("eu-gdpr:A6-1-a", "eu-gdpr:A9-2-a"),
            "dpv:ConsentWithdrawn",
            ("model-training",),
            moment_us("2025-01-01"),
            notice="https://x.example/notice",
        ),
        custody=Custody(
            (
                Transfer("collected", receiver="A", at_us=moment_us("2025-01-01")),
                Transfer("licensed", "A", "B", None, DeclaredNone("oral"), related_party=True),
                Transfer(
                    "licensed",
                    agreement=Evidence("s3://papers/1", SHA256, moment_us("2030-01-01")),
                ),
            )
        ),
        use=Use(("model-training",), ("publication",)),
        categories=("health", "dpv-pd:Gait"),
        assurance=Assurance.VENDOR_ATTESTED,
        evidence=(
            Evidence("evidence/acme.pdf", SHA256),
            Evidence("doi:10.1/x"),
            Evidence("http://x.example"),
        ),
    )


def test_terms_of_licenses_that_spdx_does_not_list_are_read(folder: Path) -> None:
    text = """
    version: 1
    authority: a
    licenses:
      LicenseRef-acme: {prohibits: [cc:CommercialUse], duties: [cc:Attribution]}
      LicenseRef-free: {prohibits: []}
      LicenseRef-some: {permits: [cc:Distribution]}
      LicenseRef-odd: {source: a letter}
    datasets:
    """

    found = load(folder, text).licenses
    assert found["LicenseRef-acme"] == Terms(("cc:CommercialUse",), ("cc:Attribution",))
    assert found["LicenseRef-free"] == Terms()
    assert "cc:DerivativeWorks" in found["LicenseRef-some"].prohibits
    assert "cc:Distribution" not in found["LicenseRef-some"].prohibits
    assert "cc:Distribution" in found["LicenseRef-odd"].prohibits


@pytest.mark.parametrize("word", ["unknown", "NOASSERTION", "other", "Unknown"])
def test_a_license_that_says_nothing_is_unknown(folder: Path, word: str) -> None:
    assert isinstance(declared(folder, f"{{license: {word}}}").license, Unknown)
    assert isinstance(declared(folder, f"{{license: {{declared: {word}}}}}").license, Unknown)


def test_a_conclusion_that_nobody_drew_is_none(folder: Path) -> None:
    found = declared(folder, "{license: {declared: MIT, concluded: NOASSERTION}}")

    assert found.license == License("MIT")


@pytest.mark.parametrize(
    ("entry", "level"),
    [
        ("{origin: external}", Assurance.ASSERTED),
        ("{evidence: 'https://x.example'}", Assurance.ASSERTED),
        ("{evidence: evidence/acme.pdf}", Assurance.DOCUMENTED),
        ("{custody: [{event: licensed, agreement: evidence/acme.pdf}]}", Assurance.DOCUMENTED),
        ("{evidence: evidence/acme.pdf, assurance: asserted}", Assurance.ASSERTED),
        ("{origin: external, assurance: verified}", Assurance.VERIFIED),
    ],
)
def test_a_declaration_with_a_digest_is_documented(
    folder: Path, entry: str, level: Assurance
) -> None:
    assert declared(folder, entry).assurance is level


def test_a_document_may_be_named_absolutely_and_with_its_digest(folder: Path) -> None:
    uri = (folder / "evidence/acme.pdf").as_uri()
    found = declared(folder, f"{{evidence: [{{uri: '{uri}', sha256: {SHA256.upper()}}}]}}")

    assert found.evidence == (Evidence(uri, SHA256),)


def test_a_purpose_that_the_policy_adds_is_known(folder: Path) -> None:
    file = folder / "provenance.yaml"
    file.write_text(
        "version: 1\nauthority: a\ndatasets: {s3://x/y: {use: {purposes: [churn-model]}}}"
    )

    found = load_catalog(file, purposes=["churn-model"])
    assert found.declarations[0].use == Use(("churn-model",))
    with pytest.raises(CatalogError, match="unknown purpose 'churn-model'"):
        load_catalog(file)


def test_the_digest_tells_what_is_declared_and_not_how_it_is_written(folder: Path) -> None:
    turned = """
    # written by another hand
    datasets:
      s3://lake/maps/**:
        consent: {"none": no people shown}
        license: {unknown: legal was asked on 3 March}
        origin: external
      s3://lake/photos/**/:
        categories: personal
        custody: [{event: licensed, from: Acme, agreement: evidence/acme.pdf}]
        consent: {until: 2027-01-10T00:00Z, basis: eu-gdpr:A6-1-a, purposes: face-recognition}
        license: cc-by-4.0
        source: {method: user-generated-content, issuer: Acme GmbH}
        valid_from: 2026-01-10
        origin: external
    authority: team-vision
    version: 1
    """

    digest = load(folder, PHOTOS).digest
    assert load(folder, turned).digest == digest
    assert load(folder, PHOTOS.replace("CC-BY-4.0", "CC-BY-3.0")).digest != digest
    (folder / "evidence/acme.pdf").write_bytes(b"another agreement")
    assert load(folder, PHOTOS).digest != digest


FORTY = """\
version: 2
autority: team-vision
licenses:
  Acme-1.0: {prohibits: []}
  LicenseRef-research-only: {prohibits: []}
  LicenseRef-a: {prohibits: [cc:ComercialUse]}
  LicenseRef-b: {prohibits: [], duties: [cc:Atribution]}
  LicenseRef-c: {}
  LicenseRef-d: {permits: [cc:Distribution], prohibits: [cc:Distribution]}
datasets:
  photos: {origin: external}
  s3://lake/a:
    orgin: external
  s3://lake/b: {origin: outside}
  s3://lake/b/: {origin: external}
  s3://lake/c:
  s3://lake/d: {valid_from: 2026-02-30}
  s3://lake/e: {valid_from: 2026-02-03, valid_until: 2026-02-03}
  s3://lake/f: {source: Acme}
  s3://lake/g: {source: {method: feeds}}
  s3://lake/h: {source: {issuer: Acme, method: scraping}}
  s3://lake/i: {source: {none: nobody}}
  s3://lake/j: {license: MTI}
  s3://lake/k: {license: none}
  s3://lake/l: {license: {concluded: MIT}}
  s3://lake/m: {license: 4.0}
  s3://lake/n: {license: LicenseRef-nobody}
  s3://lake/o: {consent: yes}
  s3://lake/p: {consent: {purposes: [model-training]}}
  s3://lake/q: {consent: {basis: eu-gdpr:A6-1-x}}
  s3://lake/r: {consent: {basis: dpv:Consent, status: ConsentGivn}}
  s3://lake/s: {consent: {basis: dpv:Consent, purposes: [model-trainng]}}
  s3://lake/t: {consent: {basis: dpv:Consent, from: 2027-01-01, until: 2026-01-01}}
  s3://lake/u: {consent: {unknwon: nobody asked}}
  s3://lake/v: {consent: {none: }}
  s3://lake/w: {custody: Acme}
  s3://lake/x: {custody: [{from: Acme}]}
  s3://lake/y: {custody: [{event: stolen}]}
  s3://lake/z: {custody: [{event: licensed, agreement: evidence/gone.pdf}]}
  s3://lake/A: {custody: [{event: licensed, agreement: {none: ""}}]}
  s3://lake/B: {custody: [{event: licensed, related_party: maybe}]}
  s3://lake/C: {use: {purposes: [publication], excluded: [publication]}}
  s3://lake/D: {categories: [biometrc]}
  s3://lake/E: {assurance: sworn}
  s3://lake/F: {evidence: [{uri: evidence/acme.pdf, sha256: abc}]}
  s3://lake/G: {categories: []}
  s3://lake/H: {origin: external, origin: derived}
"""


def test_every_mistake_is_one_problem_on_its_line(folder: Path) -> None:
    found = wrong(folder, FORTY)

    rows = FORTY.splitlines()
    right = [number for number, row in enumerate(rows, 1) if row.endswith(":") and row[0] != " "]
    right.append(rows.index("  s3://lake/a:") + 1)
    places = [int(problem.where.rpartition(":")[2]) for problem in found]
    assert places == [number for number in range(1, len(rows) + 1) if number not in right]


def test_a_catalog_with_forty_mistakes_has_forty_problems(folder: Path) -> None:
    rows = FORTY.splitlines()
    forty = "\n".join(rows[:-4])

    found = wrong(folder, forty)
    assert len(found) == 40
    assert len({problem.message for problem in found}) == 40
    with pytest.raises(CatalogError) as caught:
        load(folder, forty)
    assert str(caught.value).count("provenance.yaml:") == 40


@pytest.mark.parametrize(
    ("entry", "message", "hint"),
    [
        ("{orgin: external}", "s3://lake/x: unknown key 'orgin'", "did you mean 'origin'?"),
        ("{license: MTI}", "license: unknown license 'MTI'", "did you mean 'MIT'?"),
        ("{license: CC-BY}", "license: unknown license 'CC-BY'", "did you mean 'CC-BY-4.0'?"),
        ("{license: none}", "license: unknown license 'none'", "write {none: why}"),
        (
            "{use: {purposes: [model-trainng]}}",
            "use: purposes: unknown purpose 'model-trainng'",
            "did you mean 'model-training'?",
        ),
        ("{categories: biometrc}", "categories: unknown cat", "did you mean 'biometric'?"),
        ("{source: {issuer: A, method: feed}}", "source: method: unk", "did you mean 'feeds'?"),
        ("{custody: [{event: licenced}]}", "custody: event: unk", "did you mean 'licensed'?"),
        (
            "{consent: {basis: A6-1-a}}",
            "consent: basis: unknown legal basis 'A6-1-a'",
            "did you mean 'eu-gdpr:A6-1-a'?",
        ),
        (
            "{consent: {basis: dpv:Consent, status: ConsentGiven}}",
            "consent: status: unknown status",
            "did you mean 'dpv:ConsentGiven'?",
        ),
        ("{consent: {unknwon: x}}", "consent: unknown key", "did you mean 'unknown'?"),
        ("{origin: outside}", "origin: unknown origin 'outside'", "one of: derived, external"),
        ("{assurance: absent}", "assurance: unknown level", "one of: asserted, documented"),
        ("{valid_from: 10.1.2026}", "valid_from: '10.1.2026' is no date", "write a date such as"),
        ("{source: Acme}", "source: write a mapping", "source: {issuer: Acme}"),
        ("{license: 4.0}", "license: write a mapping, not 4.0", ""),
        ("{categories: [1]}", "categories: write a text, not 1", "put it in quotes"),
        ("{license: }", "s3://lake/x: license is empty", "write a value or leave the key out"),
        ("[]", "s3://lake/x: write a mapping, not a list", ""),
        ("{}", "'s3://lake/x' declares nothing", "say at least its origin"),
        ("{evidence: gone.pdf}", "evidence: the file 'gone.pdf' does not exist", "paths are rel"),
        (
            "{evidence: evidence}",
            "evidence: the file 'evidence' cannot be read: Is a directory",
            "",
        ),
        ("{evidence: 'file:///gone'}", "evidence: the file 'file:///gone' does not exist", ""),
        (
            "{custody: [{event: licensed, at: 2026-01-02}, {event: licensed, at: 2026-01-01}]}",
            "custody: a step is earlier than the one before",
            "oldest first",
        ),
        ("{source: {}}", "source: issuer is missing", ""),
        ("{custody: [Acme]}", "custody: write a mapping, not 'Acme'", ""),
        ("{custody: [{}]}", "custody: event is missing", ""),
        ("{evidence: [7]}", "evidence: write a mapping, not 7", ""),
        ("{custody: []}", "custody is an empty list", "leave the key out"),
        (
            "{consent: {basis: dpv:Consent, purposes: [fine-tunning]}}",
            "consent: purposes: unknown purpose 'fine-tunning'",
            "did you mean 'fine-tuning'?",
        ),
        (
            "{consent: {basis: dpv:Consent, events: [{state: ConsentGiven, at: 2026-01-01}]}}",
            "consent: events: state: unknown status 'ConsentGiven'",
            "did you mean 'dpv:ConsentGiven'?",
        ),
        (
            "{consent: {basis: dpv:Consent, events: [{state: 'dpv:ConsentGiven'}]}}",
            "consent: events: at is missing",
            "",
        ),
        (
            (
                "{consent: {basis: dpv:Consent, events: [{state: 'dpv:ConsentGiven', at:"
                " 2026-01-02,"
                " until: 2026-01-01}]}}"
            ),
            "consent: events: until is not after at",
            "",
        ),
        (
            (
                "{consent: {basis: dpv:Consent, events: [{state: 'dpv:ConsentGiven', at:"
                " 2026-01-02,"
                " validity_duration: 1 year}]}}"
            ),
            "consent: events: validity_duration: '1 year' is no duration",
            "write a duration such as P1Y or P90D",
        ),
        (
            (
                "{consent: {basis: dpv:Consent, events: [{state: 'dpv:ConsentWithdrawn',"
                " at: 2026-01-02, until: 2026-02-01}]}}"
            ),
            "consent: events: dpv:ConsentWithdrawn does not end",
            "only what was given can end",
        ),
        (
            (
                "{consent: {basis: dpv:Consent, events: [{state: 'dpv:ConsentGiven', at:"
                " 2026-01-02,"
                " event_time: 2026-01-03}]}}"
            ),
            "consent: events: at and event_time say the same",
            "",
        ),
        (
            (
                "{consent: {basis: dpv:Consent, status: 'dpv:ConsentGiven',"
                " events: [{state: 'dpv:ConsentGiven', at: 2026-01-02}]}}"
            ),
            "consent: both a status and events",
            "write what has a date as events",
        ),
        (
            "{consent: {basis: dpv:Consent, reconfirm_every: P1Y}}",
            "consent: reconfirm_every counts from no date",
            "add from: <date>",
        ),
        (
            (
                "{consent: {basis: 'eu-gdpr:A6-1-a', compatibility: [{purpose: analytics, by: b,"
                " reason: r}]}}"
            ),
            "consent: compatibility cannot widen what people consented to",
            "ask anew",
        ),
        (
            "{consent: {basis: 'eu-gdpr:A6-1-f', compatibility: [{purpose: analytics, by: b}]}}",
            "consent: compatibility: reason is missing",
            "",
        ),
        (
            "{custody: [{event: licensed, agreement: {uri: 'https://x', recipients: [Acme]}}]}",
            "custody: agreement: recipients of what may not be passed on",
            "write onward_transfer: true",
        ),
        (
            (
                "{custody: [{event: licensed, agreement: {uri: 'https://x', from: 2026-01-02,"
                " until: 2026-01-01}}]}"
            ),
            "custody: agreement: until is not after from",
            "",
        ),
        (
            "{custody: [{event: licensed, agreement: {uri: 'https://x', purposes: [anny]}}]}",
            "custody: agreement: purposes: unknown purpose 'anny'",
            "did you mean 'any'?",
        ),
        ("{consent: {none: x, basis: dpv:Consent}}", "consent: none: unknown key 'basis'", ""),
    ],
)
def test_a_mistake_says_what_to_do(folder: Path, entry: str, message: str, hint: str) -> None:
    found = the_problem(folder, entry)

    assert found.message.startswith(message)
    assert found.hint.startswith(hint)
    assert found.where == f"{folder}/provenance.yaml:5"


def test_a_document_that_is_not_the_one_named_is_reported(folder: Path) -> None:
    found = the_problem(folder, f"{{evidence: [{{uri: evidence/acme.pdf, sha256: {'0' * 64}}}]}}")

    assert found.message == "evidence: 'evidence/acme.pdf' is not the file that sha256 names"
    assert found.hint == f"the file's is {SHA256}"


def test_a_pipe_is_no_evidence_and_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe")

    assert "not an ordinary file" in the_problem(folder, "{evidence: pipe}").message


def test_a_wrong_license_of_ones_own_is_no_second_mistake_where_it_is_named(folder: Path) -> None:
    top = "licenses: {LicenseRef-a: {prohibits: [nonsense]}}"
    found = the_problem(folder, "{license: LicenseRef-a}", top=top)

    assert found.message.startswith("licenses: LicenseRef-a: prohibits: unknown 'nonsense'")


def test_what_an_alias_repeats_is_wrong_once(folder: Path) -> None:
    text = """
    version: 1
    authority: a
    datasets:
      s3://lake/x: {consent: &c {basis: nonsense}}
      s3://lake/y: {consent: *c}
    """

    assert len(wrong(folder, text)) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("# nothing", "the file is empty"),
        ("- a", "the file: write a mapping, not a list"),
        ("version: 1\nauthority: a", "the file: datasets is missing"),
        ("version: 1\nauthority: a\ndatasets: [x]", "datasets: write a mapping, not a list"),
        ("version: 1\nauthority: ''\ndatasets:", "authority is an empty text"),
        ("version: true\nauthority: a\ndatasets:", "version True is not known"),
        ("version: {}\nauthority: a\ndatasets:", "version a mapping is not known"),
        ("version: 1\nauthority: a\nlicenses: x\ndatasets:", "licenses: write a mapping, not 'x'"),
        ("version: 1\nauthority: [a\n", "not valid YAML"),
        (
            f"authority: a\nversion: 1\ndatasets:\n ? s3://x/{'y' * 2_000}\n : origin: derived",
            "pattern 's3://x/yyy",
        ),
    ],
)
def test_a_file_that_is_no_catalog_is_one_problem(folder: Path, text: str, message: str) -> None:
    (found,) = wrong(folder, text)

    assert found.message.startswith(message)


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"cannot be read: No such file"):
        load_catalog(tmp_path / "gone.yaml")
    with pytest.raises(CatalogError, match=r"cannot be read: Is a directory"):
        load_catalog(tmp_path)


@pytest.mark.parametrize(
    "pattern",
    ["s3://lake/[fF]aces/**", "s3://lake/{x,y}/*", "s3://lake/**.jpg", "s3://lake/a**/b"],
)
def test_a_pattern_that_cannot_match_as_it_is_meant_is_a_mistake(
    folder: Path, pattern: str
) -> None:
    text = f"version: 1\nauthority: a\ndatasets:\n  '{pattern}': {{license: MIT}}\n"
    (folder / "provenance.yaml").write_text(text)

    with pytest.raises(CatalogError) as raised:
        load_catalog(folder / "provenance.yaml")

    (problem,) = raised.value.problems
    assert "does not work here as it is meant" in problem.message
    assert problem.where.endswith("provenance.yaml:4")
    assert problem.hint


def test_terms_say_under_what_may_be_shared_and_what_reaches_a_model(folder: Path) -> None:
    text = """
    version: 1
    authority: t
    datasets:
    licenses:
      LicenseRef-ours:
        prohibits: []
        duties: [cc:ShareAlike]
        adapt_under: [cc by-sa 4.0, LicenseRef-later]
        through_train: no
        url: https://acme.example/terms
        issuer: Acme GmbH
        source: contract 7
      LicenseRef-later: {prohibits: [], through_train: review}
    """
    found = load(folder, text).licenses

    ours = found["LicenseRef-ours"]
    assert ours.adapt_under == ("CC-BY-SA-4.0", "LicenseRef-later")
    assert (ours.through_train, ours.url, ours.issuer) == (
        "no", "https://acme.example/terms", "Acme GmbH",
    )  # fmt: skip
    assert found["LicenseRef-later"].through_train == "review"


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ("{prohibits: [], adapt_under: [MIT OR ISC]}", "name one license each"),
        ("{prohibits: [], adapt_under: [MTI]}", "no SPDX license identifier"),
        ("{prohibits: [], through_train: sometimes}", "through_train: unknown answer"),
    ],
    ids=str,
)
def test_terms_that_cannot_be_followed_are_mistakes(folder: Path, terms: str, message: str) -> None:
    text = f"version: 1\nauthority: t\nlicenses:\n  LicenseRef-x: {terms}\ndatasets: {{}}\n"

    (problem,) = wrong(folder, text)

    assert message in problem.message


def test_a_license_keeps_the_notice_that_its_licensor_asks_for(folder: Path) -> None:
    entry = "{license: {declared: MIT, attribution: Photographs (c) Acme GmbH}}"

    assert declared(folder, entry).license == License(
        "MIT", attribution="Photographs (c) Acme GmbH"
    )


def test_a_megabyte_of_license_text_is_one_short_mistake(folder: Path) -> None:
    started = time.monotonic()
    problem = the_problem(folder, f'{{license: "MIT License {"y" * 1_000_000}"}}')

    assert "characters is no license identifier" in problem.message
    assert len(str(problem)) < 500
    assert time.monotonic() - started < 5


def test_what_became_of_a_consent_is_read_in_both_spellings(folder: Path) -> None:
    entry = """
    consent:
      basis: eu-gdpr:A6-1-f
      purposes: [service-provision]
      reconfirm_every: P1Y
      recipients: [Acme GmbH, Globex]
      events:
        - {at: 1969-12-31T23:00:00-01:00, state: "dpv:ConsentGiven", until: 1970-01-02, by: them}
        - event_time: 1970-01-03
          event_state: dpv:RenewedConsentGiven
          validity_duration: P1D
          entity_id: data subjects
          event_type: dpv:InformedConsent
        - {at: 2999-01-01, state: "dpv:ConsentWithdrawn", entity: a guardian}
      compatibility:
        - {purpose: [analytics, evaluation], by: privacy board, reason: same, until: 2027-01-01}
    """
    said = declared(folder, entry).consent
    day = 86_400_000_000

    assert isinstance(said, Consent)
    assert said.events == (
        ConsentEvent("dpv:ConsentGiven", 0, day, "them"),
        ConsentEvent(
            "dpv:RenewedConsentGiven", 2 * day, 3 * day, "data subjects", "dpv:InformedConsent"
        ),
        ConsentEvent("dpv:ConsentWithdrawn", moment_us("2999-01-01"), by="a guardian"),
    )
    assert said.reconfirm_every_us == 365 * day
    assert said.recipients == ("Acme GmbH", "Globex")
    assert said.compatibility == tuple(
        Compatibility(purpose, "privacy board", "same", None, moment_us("2027-01-01"))
        for purpose in ("analytics", "evaluation")
    )


def test_that_there_are_no_people_is_a_claim_with_papers_of_its_own(folder: Path) -> None:
    said = declared(folder, "{consent: {none: only maps, evidence: evidence/acme.pdf}}")

    assert said.consent == DeclaredNone("only maps", (Evidence("evidence/acme.pdf", SHA256),))
    assert said.assurance is Assurance.DOCUMENTED


def test_what_an_agreement_says_is_read(folder: Path) -> None:
    entry = """
    custody:
      - event: licensed
        agreement:
          uri: evidence/acme.pdf
          from: 1970-01-01
          until: 1970-01-02
          purposes: [model-training]
          onward_transfer: true
          recipients: [Globex]
          assignable: false
    """
    said = declared(folder, entry).custody

    assert isinstance(said, Custody)
    assert said.transfers[0].agreement == Evidence("evidence/acme.pdf", SHA256, 86_400_000_000)
    assert said.transfers[0].terms == AgreementTerms(
        0, ("model-training",), onward_transfer=True, recipients=("Globex",), assignable=False
    )


def test_recipients_are_declared_by_the_authority_of_the_file(folder: Path) -> None:
    top = """
recipients:
  Acme GmbH: {uri: evidence/acme.pdf, purposes: [disclosure], related_party: true}
  Globex: {none: the contract was ended}
  Initech: {unknown: nobody found the contract}
"""
    text = f"version: 1\nauthority: legal\n{top}\ndatasets:\n  s3://lake/x: {{origin: external}}\n"
    _, acme, globex, initech = load(folder, text).declarations

    assert (acme.authority, acme.pattern) == ("legal", "recipient://acme%20gmbh")
    assert acme.assurance is Assurance.DOCUMENTED
    assert acme.custody == Custody(
        (
            Transfer(
                "partner-transfer",
                receiver="Acme GmbH",
                agreement=Evidence("evidence/acme.pdf", SHA256),
                related_party=True,
                terms=AgreementTerms(purposes=("disclosure",)),
            ),
        )
    )
    assert globex.custody == DeclaredNone("the contract was ended")
    assert initech.custody == Unknown("nobody found the contract")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{Acme: [{uri: 'https://x', purposes: [disclosure]}]}", "the agreement is not pinned"),
        ("{Acme: evidence/acme.pdf}", "nothing says what the agreement covers"),
        ("{Acme: [{purposes: [disclosure]}]}", "uri is missing"),
        ("{Acme: []}", "is an empty list"),
        ("[Acme]", "recipients: write a mapping"),
        (
            "{Acme: {none: x}, acme: {none: y}}",
            "recipients: 'acme' is the same as another",
        ),
    ],
)
def test_a_mistake_about_a_recipient_is_told(folder: Path, body: str, message: str) -> None:
    found = the_problem(folder, "{origin: external}", top=f"recipients: {body}")

    assert message in found.message
