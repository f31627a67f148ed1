"""How people spell licenses, and what is never guessed."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from lineage_plugin.policy import spdx
from lineage_plugin.policy.licenses import normalise

SPELLINGS = {
    "cc-by-4.0": "CC-BY-4.0",
    "CC BY-NC 4.0": "CC-BY-NC-4.0",
    "cc_by_nc_sa_3.0": "CC-BY-NC-SA-3.0",
    "CC BY v4.0": "CC-BY-4.0",
    "cc-by-nd-nc-1.0": "CC-BY-NC-ND-1.0",
    "CC0": "CC0-1.0",
    "Creative Commons Attribution 4.0 International": "CC-BY-4.0",
    "Creative Commons Attribution 4.0 International (CC BY 4.0)": "CC-BY-4.0",
    "Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International Public License": (
        "CC-BY-NC-SA-4.0"
    ),
    "Public Domain Mark 1.0": "CC-PDM-1.0",
    "ODbL": "ODbL-1.0",
    "Open Database License": "ODbL-1.0",
    "PDDL": "PDDL-1.0",
    "odc-by": "ODC-By-1.0",
    "c-uda": "C-UDA-1.0",
    "CDLA Permissive 2.0": "CDLA-Permissive-2.0",
    "Open Government Licence v3.0": "OGL-UK-3.0",
    "etalab-2.0": "etalab-2.0",
    "dl-de/by-2-0": "DL-DE-BY-2.0",
    "mit": "MIT",
    "The MIT License": "MIT",
    "Apache License, Version 2.0": "Apache-2.0",
    "apache-2.0": "Apache-2.0",
    "BSD 3-Clause": "BSD-3-Clause",
    "GPL-3.0": "GPL-3.0-only",
    "GPL-2.0+": "GPL-2.0-or-later",
    "afl-3.0": "AFL-3.0",
    "All rights reserved": "LicenseRef-all-rights-reserved",
    "https://creativecommons.org/licenses/by-nc/4.0/": "CC-BY-NC-4.0",
    "http://www.creativecommons.org/licenses/by-sa/3.0/de/deed.de": "CC-BY-SA-3.0-DE",
    "https://creativecommons.org/licenses/by/4.0/legalcode.txt#s3": "CC-BY-4.0",
    "https://creativecommons.org/publicdomain/zero/1.0/": "CC0-1.0",
    "https://creativecommons.org/publicdomain/mark/1.0/deed.en": "CC-PDM-1.0",
    "https://opendatacommons.org/licenses/odbl/1-0/": "ODbL-1.0",
    "https://opendatacommons.org/licenses/by/": "ODC-By-1.0",
    "https://spdx.org/licenses/MIT.html": "MIT",
    "https://spdx.org/licenses/AFL-3.0": "AFL-3.0",
    "mit or apache 2.0": "Apache-2.0 OR MIT",
    "MIT AND MIT": "MIT",
    "(CC BY 4.0 OR ODbL) AND MIT": "MIT AND (CC-BY-4.0 OR ODbL-1.0)",
    "apache-2.0 with llvm-exception": "Apache-2.0 WITH LLVM-exception",
    "  MIT\n": "MIT",
    "llama3.1": "LicenseRef-llama-3.1",
    "llama2": "LicenseRef-llama-2",
    "Llama 3.2 Community License": "LicenseRef-llama-3.2",
    "gemma": "LicenseRef-gemma",
    "creativeml-openrail-m": "LicenseRef-creativeml-openrail-m",
    "openrail++": "LicenseRef-openrail-plus-plus",
    "OpenAI Terms of Use": "LicenseRef-terms-openai",
    "Twitter terms of service": "LicenseRef-terms-x",
    "https://www.redditinc.com/policies/data-api-terms": "LicenseRef-terms-reddit",
    "lgpl-lr": "LGPLLR",
    "GNU General Public License v3.0": "GPL-3.0-only",
    "CC\u00a0BY\u2011NC\u00a04.0": "CC-BY-NC-4.0",
    "\ufeffCC BY\u20134.0\u200b": "CC-BY-4.0",
    "\uff23\uff23\uff0d\uff22\uff39\uff0d\uff14\uff0e\uff10": "CC-BY-4.0",
}


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_common_spelling_is_read(text: str) -> None:
    assert normalise(text).expression == SPELLINGS[text]


@pytest.mark.parametrize("expression", sorted(set(SPELLINGS.values())))
def test_a_canonical_expression_is_its_own_spelling(expression: str) -> None:
    assert normalise(expression).expression == expression
    assert normalise(expression).note == ""


@pytest.mark.parametrize(
    "text", ["", "  ", "unknown", "NOASSERTION", "other", "n/a", "?", "TBD", "see README"]
)
def test_saying_nothing_is_unknown(text: str) -> None:
    found = normalise(text)

    assert found.expression == ""
    assert "says that the license is unknown" in found.note
    assert found.suggestion == ""


@pytest.mark.parametrize(
    ("text", "note", "suggestion"),
    [
        ("NONE", "no license was given", ""),
        ("no license", "no license was given", ""),
        ("Public Domain", "names no instrument", "CC-PDM-1.0"),
        ("proprietary", "names no terms", ""),
        ("free to use", "names no license", ""),
        ("CC", "they differ in what they forbid", "CC-BY-4.0"),
        ("CC BY", "names no version", "CC-BY-4.0"),
        ("cc-by-nc-sa", "names no version", "CC-BY-NC-SA-4.0"),
        ("Apache", "names no version", "Apache-2.0"),
        ("BSD License", "they differ", "BSD-3-Clause"),
        ("GPL", "names no version", "GPL-3.0-only"),
        ("https://creativecommons.org/licenses/by-nd/", "names no version", "CC-BY-ND-4.0"),
        ("https://creativecommons.org/licenses/by/3.0/fr/", "SPDX does not list", "CC-BY-3.0"),
        ("https://evil.example/creativecommons.org/licenses/by/4.0/", "no SPDX license", ""),
        ("https://creativecommons.org.evil.example/licenses/by/4.0/", "no SPDX license", ""),
        ("MTI", "'MTI' is no SPDX license identifier", "MIT"),
        ("CC-BY-NC-5.0", "no SPDX license identifier", "CC-BY-NC-4.0"),
        ("CC-BY-4.0+", "no SPDX license identifier", "CC-BY-4.0"),
        ("MIT, CC-BY-4.0", "no SPDX license identifier", "MIT AND CC-BY-4.0"),
        ("CC BY 4.0 AND MTI", "'MTI' is no SPDX license identifier", "MIT"),
        ("MIT AND NONE", "no license was given", ""),
        ("MIT AND", "no SPDX expression", ""),
        ("(MIT", "no SPDX expression", ""),
        ("MIT (CC0)", "no SPDX expression", ""),
        ("Apache-2.0 WITH LLVM-exeption", "no SPDX license exception", "LLVM-exception"),
        ("LicenseRef-acme", "not registered", ""),
        ("MIT OR LicenseRef-acme", "not registered", ""),
    ],
    ids=str,
)
def test_what_names_no_license_is_told_and_never_guessed(
    text: str, note: str, suggestion: str
) -> None:
    found = normalise(text)

    assert found.expression == ""
    assert note in found.note
    assert found.suggestion == suggestion


def test_a_reference_counts_only_where_it_is_registered() -> None:
    custom = ("LicenseRef-acme",)

    assert normalise("LicenseRef-acme", custom=custom).expression == "LicenseRef-acme"
    assert (
        normalise("LicenseRef-acme and mit", custom=custom).expression == "LicenseRef-acme AND MIT"
    )
    assert normalise("LicenseRef-Acme", custom=custom).suggestion == "LicenseRef-acme"


def test_a_reference_that_the_library_takes_for_mit_is_not_mit() -> None:
    """license-expression lists ``LicenseRef-MIT-Bootstrap`` as another word for ``MIT``."""
    assert normalise("LicenseRef-MIT-Bootstrap").expression == ""
    assert normalise("LicenseRef-scancode-public-domain").expression == ""


@pytest.mark.parametrize(
    "text",
    [
        "(" * 500 + "MIT" + ")" * 499,
        "MIT OR (" * 120 + "MIT" + ")" * 120,
        "MIT " * 250,
        "x" * 1_000_000,
        "\x00",
        "🙂",
        "AND",
        "/" * 900,
    ],
    ids=["brackets", "nested", "words", "huge", "nul", "smile", "operator", "slashes"],
)
def test_a_hostile_text_is_refused_at_once(text: str) -> None:
    spdx.identifiers()
    started = time.monotonic()
    found = normalise(text)

    assert time.monotonic() - started < 1
    assert found.expression in ("", "MIT")
    assert len(found.note) < 500


def test_reading_one_identifier_of_ours_imports_no_library() -> None:
    code = (
        "import sys; from lineage_plugin.policy import licenses;"
        "from lineage_plugin.policy.purposes import Purposes;"
        "found = licenses.normalise('cc-by-nc 4.0').expression;"
        "print(found, licenses.verdict(found, 'model-training', Purposes.shipped()),"
        "'license_expression' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["CC-BY-NC-4.0", "non-commercial", "False"]


@pytest.mark.parametrize("text", ["", "MIT AND", "(", "( )", "( AND MIT", "MIT WITH a WITH b"])
def test_what_is_no_expression_has_no_tree(text: str) -> None:
    with pytest.raises(ValueError, match="no SPDX expression"):
        spdx.parse(text)


@pytest.mark.parametrize(
    ("text", "license_id", "how"),
    [
        ("MIT", "MIT", "the identifier"),
        ("afl-3.0", "AFL-3.0", "the identifier"),
        ("CC BY 4.0", "CC-BY-4.0", "its title and version"),
        ("gpl-3.0", "GPL-3.0-only", "a deprecated SPDX identifier"),
        ("llama3", "LicenseRef-llama-3", "a spelling of it (Hugging Face Hub"),
        ("https://cdla.dev/permissive-2-0/", "CDLA-Permissive-2.0", "an address of the license"),
        ("LicenseRef-acme", "LicenseRef-acme", "registered in a catalog"),
    ],
    ids=str,
)
def test_it_says_what_was_recognised_and_how(text: str, license_id: str, how: str) -> None:
    (part,) = normalise(text, custom=["LicenseRef-acme"]).parts

    assert (part.text, part.license) == (text, license_id)
    assert part.how.startswith(how)


def test_letters_of_another_alphabet_are_not_read_as_latin_ones() -> None:
    cyrillic = "\u0421\u0421-BY-4.0"

    assert normalise(cyrillic).expression == ""
    assert normalise("CC-BY-\u202eCN-4.0").expression == ""


@pytest.mark.parametrize(
    ("head", "suggestion"),
    [
        ("MIT License\n\nPermission is hereby granted", "MIT"),
        ("// SPDX-License-Identifier: CC-BY-NC-4.0\n", "CC-BY-NC-4.0"),
        ("Terms\n", ""),
    ],
    ids=["title", "tag", "neither"],
)
def test_a_megabyte_of_text_is_no_name_but_may_begin_with_one(head: str, suggestion: str) -> None:
    found = normalise(head + "y " * 500_000)

    assert (found.expression, found.suggestion) == ("", suggestion)
    assert "characters is no license identifier" in found.note
