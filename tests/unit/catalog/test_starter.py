"""The files that a new user starts from."""

from __future__ import annotations

import re
from pathlib import Path

from lineage_plugin.catalog import starter
from lineage_plugin.catalog.policy_yaml import load_policy
from lineage_plugin.catalog.provenance_yaml import load_catalog


def uncommented(text: str) -> str:
    """Return *text* with what it shows in comments switched on."""
    rows = text.splitlines()
    start = rows.index("datasets:")
    return "\n".join([*rows[:start], *(row.replace("#", "", 1) for row in rows[start:])])


def test_the_starter_files_have_no_problems_and_declare_nothing(tmp_path: Path) -> None:
    catalog, policy = tmp_path / "provenance.yaml", tmp_path / "policy.yaml"
    catalog.write_text(starter.PROVENANCE_YAML)
    policy.write_text(starter.POLICY_YAML)

    assert load_catalog(catalog).declarations == ()
    assert load_policy(policy) == load_policy(None)


def test_what_the_starter_catalog_shows_is_valid_too(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    for name in ("acme.pdf", "acme-attestation.pdf"):
        (tmp_path / "evidence" / name).write_text("signed")
    text = uncommented(starter.PROVENANCE_YAML)
    licenses = text[text.index("# licenses:") : text.index("\n# Datasets by URI")]
    shown = "\n".join(row.removeprefix("# ") for row in licenses.splitlines())
    (tmp_path / "provenance.yaml").write_text(text.replace(licenses, shown))

    found = load_catalog(tmp_path / "provenance.yaml")
    assert [d.pattern for d in found.declarations] == [
        "s3://lake/photos/**",
        "s3://lake/maps/**",
        "recipient://acme%20gmbh",
    ]
    assert set(found.licenses) == {"LicenseRef-acme-2026"}


def test_what_the_starter_policy_shows_is_valid_too(tmp_path: Path) -> None:
    start, shown = starter.POLICY_YAML.split("  # A purpose of your own")
    keys = ("# models:", "# gates:", "# modes:", "# waivers:", "#   ")
    rows = [row[2:] if row.startswith(keys) else row for row in shown.splitlines()[1:]]
    rows = [re.sub("^  # ", "  ", row) for row in rows]
    (tmp_path / "policy.yaml").write_text("\n".join([start, *rows]))

    found = load_policy(tmp_path / "policy.yaml")
    assert "churn-model" in found.purposes_added
    assert (len(found.gates.rules), len(found.modes), found.waivers.max_days) == (2, 1, 30)
