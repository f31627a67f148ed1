"""The data files: every row says where it comes from, and no row contradicts another."""

from __future__ import annotations

import re
import string

import pytest

from lineage_plugin.model import EdgeKind
from lineage_plugin.policy import (
    _tables,
    license_terms,
    licenses,
    purposes,
    spdx,
    verdicts,
    vocabulary,
)

FILES = ["vocabulary", "purposes", "licenses", "edges", "verdicts", "faults"]

#: What a sentence may speak of: columns of the provenance frame, and what callers hand in.
WORDS = {
    "dataset",
    "value",
    "purpose",
    "until",
    "since",
    "job",
    "categories",
    "source_issuer",
    "recipient",
    "license",
}


@pytest.mark.parametrize("file", FILES)
def test_every_row_names_its_standard_and_clause(file: str) -> None:
    silent = [
        (table, row)
        for table in _tables.tables(file)
        for row in _tables.rows(file, table)
        if not str(row.get("source", "")).strip()
    ]

    assert silent == []


@pytest.mark.parametrize("file", FILES)
def test_no_table_is_empty(file: str) -> None:
    assert all(_tables.rows(file, table) for table in _tables.tables(file))


@pytest.mark.parametrize("table", ["spellings", "families", "not_said"])
def test_every_spelling_is_in_the_form_in_which_it_is_looked_up(table: str) -> None:
    from lineage_plugin.policy import _spellings

    written = [row["spelling"] for row in _tables.rows("licenses", table)]

    assert [_spellings.key(text) for text in written] == written
    assert len(set(written)) == len(written)


def test_every_shipped_license_is_an_spdx_identifier_or_a_reference() -> None:
    ids = [name for row in _tables.rows("licenses", "licenses") for name in row["ids"]]

    assert len(set(ids)) == len(ids)
    assert [i for i in ids if i not in spdx.identifiers().values()] == [
        i for i in ids if i.startswith("LicenseRef-")
    ]


#: How SPDX names licences that were written for data, and those for documents that data carries.
DATA = re.compile(
    r"CC|ODbL|ODC-|PDDL|CDLA|C-UDA|O-UDA|OGL-|OGDL|NCGL|OPL-UK|etalab|NLOD|DL-DE|GFDL|OPUBL|LAL-"
    r"|NIST-PD|NCBI-PD|NTIA-PD|Unicode-(?:DFS|3)|JPL-image"
)


def test_every_data_license_that_spdx_lists_has_terms() -> None:
    listed = [name for name in set(spdx.identifiers().values()) if DATA.match(name)]

    assert [name for name in sorted(listed) if not licenses.has_terms(name)] == []
    assert len(listed) > 100


#: Software licences under which datasets are published on the Hugging Face Hub.
SOFTWARE = (
    "MIT Apache-2.0 BSD-2-Clause BSD-3-Clause BSD-3-Clause-Clear ISC GPL-2.0-only GPL-3.0-only "
    "GPL-3.0-or-later LGPL-2.1-only LGPL-3.0-only AGPL-3.0-only MPL-2.0 EPL-1.0 EPL-2.0 EUPL-1.1 "
    "EUPL-1.2 Artistic-2.0 AFL-3.0 WTFPL Zlib BSL-1.0 ECL-2.0 MS-PL OSL-3.0 NCSA PostgreSQL "
    "CECILL-2.1 LPPL-1.3c LGPLLR Unlicense 0BSD MIT-0 OFL-1.1 PolyForm-Noncommercial-1.0.0"
)

#: Terms of models and platforms under which data is made or collected.
MODELS = (
    "llama-1 llama-2 llama-3 llama-3.1 llama-3.2 llama-3.3 llama-4 gemma bigscience-bloom-rail-1.0 "
    "bigscience-openrail-m creativeml-openrail-m openrail-plus-plus bigcode-openrail-m "
    "terms-openai terms-anthropic terms-google terms-gemini-api terms-meta terms-x terms-reddit "
    "terms-flickr"
)


@pytest.mark.parametrize(
    "name", [*SOFTWARE.split(), *(f"LicenseRef-{name}" for name in MODELS.split())]
)
def test_what_datasets_really_carry_has_terms_a_title_and_an_address(name: str) -> None:
    known = license_terms.shipped()[name]

    assert known.title
    assert known.source
    assert known.url.startswith("https://")


def test_what_data_may_be_shared_under_are_licenses() -> None:
    known = {*spdx.identifiers().values(), *license_terms.shipped()}
    rows = _tables.rows("licenses", "licenses")

    assert {each for row in rows for each in row.get("adapt_under", ())} <= known
    assert {row["through_train"] for row in rows} == set(license_terms.FLOWS)


def test_share_alike_lets_be_shared_under_itself() -> None:
    asked = {n: t for n, t in license_terms.shipped().items() if t.adapt_under}

    assert [name for name, terms in asked.items() if name not in terms.adapt_under] == []


def test_every_license_that_a_spelling_or_address_leads_to_has_terms() -> None:
    ids = {row["id"] for table in ("spellings", "urls") for row in _tables.rows("licenses", table)}

    assert [i for i in sorted(ids) if not licenses.has_terms(i)] == []


def test_every_license_forbids_and_asks_for_what_has_a_row() -> None:
    actions = {row["name"] for row in _tables.rows("licenses", "actions")}
    duties = {row["name"] for row in _tables.rows("licenses", "duties")}
    rows = _tables.rows("licenses", "licenses")

    assert {name for row in rows for name in row["prohibits"]} <= actions
    assert {name for row in rows for name in row["duties"]} <= duties


def test_every_suggestion_can_be_taken() -> None:
    rows = [*_tables.rows("licenses", "not_said")]
    suggestions = {row["suggestion"] for row in rows if row["suggestion"]}
    suggestions |= {f"{r['id']}-{r['latest']}" for r in _tables.rows("licenses", "families")}

    assert {s for s in suggestions if licenses.normalise(s).expression != s} == set()


def test_every_edge_rule_speaks_of_known_kinds_and_categories() -> None:
    rows = _tables.rows("edges", "escalations")

    assert {row["edge"] for row in rows} <= {kind.value for kind in EdgeKind}
    assert {c for row in rows for c in (*row["when"], row["becomes"])} <= vocabulary.CATEGORIES


def test_every_purpose_maps_to_a_closed_code_of_oasis() -> None:
    codes = {
        "alignment", "evaluation", "other", "pre-training", "production", "quality-assurance",
        "research", "staging-testing", "synthetic-data-generation",
    }  # fmt: skip
    tree = purposes.shipped()

    assert {tree.oasis(name) for name in tree} <= codes
    assert all(tree.dpv(name) for name in tree)


def test_what_makes_data_special_must_be_consented_to_by_name() -> None:
    tree = purposes.shipped()

    assert [n for n in tree if tree.is_special(n) and tree.covers(["model-training"], n)] == []


def test_a_special_category_is_personal() -> None:
    special = [c for c in vocabulary.CATEGORIES if vocabulary.is_special(c)]

    assert [c for c in special if not vocabulary.is_personal(c)] == []


def test_every_sentence_speaks_only_of_what_a_caller_can_know() -> None:
    named = {
        field
        for row in _tables.rows("verdicts", "verdicts")
        for text in (row["why"], row["remedy"])
        for _, field, _, _ in string.Formatter().parse(text)
        if field
    }

    assert named <= WORDS


def test_no_prohibition_is_lighter_than_missing_knowledge() -> None:
    rows = _tables.rows("verdicts", "verdicts")
    passing = [row["severity"] for row in rows if row["passes_by_default"]]
    missing = [r["severity"] for r in rows if not r["passes_by_default"] and not r["is_definite"]]
    definite = [row["severity"] for row in rows if row["is_definite"]]

    assert max(passing) < min(missing) <= max(missing) < min(definite)


def test_what_passes_is_no_prohibition() -> None:
    rows = _tables.rows("verdicts", "verdicts")

    assert [r for r in rows if r["passes_by_default"] and r["is_definite"]] == []


def test_no_two_verdicts_of_an_area_are_equally_bad() -> None:
    ranks = [(area, verdicts.severity(area, verdict)) for area, verdict in verdicts.known()]

    assert len(set(ranks)) == len(ranks)
