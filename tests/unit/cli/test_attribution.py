"""The attribution list that a user ships."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from lineage_plugin.policy.license_terms import meaning
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("recorded")

MODEL = "s3://models/faces"

CATALOG = """\
version: 1
authority: team-vision
datasets:
  s3://lake/photos:
    origin: external
    source: {issuer: "Acme [GmbH]"}
    license: {declared: CC-BY-SA-4.0, attribution: "Photographs (c) Acme | 2026"}
  s3://lake/faces:
    license: CDLA-Permissive-2.0
"""


@pytest.fixture
def known(recorded: Path) -> None:
    (recorded / "provenance.yaml").write_text(CATALOG, "utf-8")


@pytest.mark.usefixtures("known")
def test_every_ancestor_with_a_license_is_named(run: Run) -> None:
    done = run("attribution", MODEL)

    assert done.exit_code == 0, done.output
    assert (
        done.stdout
        == """\
Attribution for s3://models/faces

s3://lake/faces
  license: CDLA-Permissive-2.0
  license text: Community Data License Agreement - Permissive 2.0, https://cdla.dev/permissive-2-0/
  changes: train by airflow/faces.train
  asks for: nothing
  declared by: team-vision

s3://lake/photos
  by: Acme [GmbH]
  license: CC-BY-SA-4.0
  license text: Creative Commons Attribution-ShareAlike 4.0, {by_sa}
  notice: Photographs (c) Acme | 2026
  changes: embed by airflow/faces.embed; train by airflow/faces.train
  asks for: {duties}
  declared by: team-vision
""".format(
            by_sa="https://creativecommons.org/licenses/by-sa/4.0/",
            duties="; ".join(
                f"{duty} ({meaning(duty)})"
                for duty in ("cc:Attribution", "cc:Notice", "indicate-changes", "odrl:reviewPolicy")
            ),
        )
    )


@pytest.mark.usefixtures("known")
def test_share_alike_terms_are_told_where_data_is_given_on_as_data(run: Run) -> None:
    told = run("attribution", "s3://lake/faces").stdout

    assert "  shared under: CC-BY-SA-4.0 or GPL-3.0-only or LAL-1.3" in told


@pytest.mark.usefixtures("known")
def test_markdown_is_written_to_a_file_and_escapes_names(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "NOTICE.md"

    done = run("attribution", MODEL, "--format", "markdown", "--output", str(file))

    text = file.read_text("utf-8")
    assert (done.exit_code, done.stdout) == (0, "")
    assert text.startswith("# Attribution for s3://models/faces\n")
    assert "- **by:** Acme \\[GmbH\\]" in text
    assert "Acme \\| 2026" in text


@pytest.mark.usefixtures("known")
def test_json_has_the_same_content(run: Run) -> None:
    found = json.loads(run("attribution", MODEL, "--format", "json").stdout)

    assert [each["dataset"] for each in found["sources"]] == ["s3://lake/faces", "s3://lake/photos"]
    assert found["sources"][1]["notices"] == ["Photographs (c) Acme | 2026"]
    assert found["sources"][1]["changes"] == [
        "embed by airflow/faces.embed", "train by airflow/faces.train",
    ]  # fmt: skip


def test_a_source_whose_license_nobody_knows_makes_the_list_incomplete(
    run: Run, recorded: Path
) -> None:
    text = re.sub("license: {declared.*}", "license: {unknown: legal was asked}", CATALOG)
    (recorded / "provenance.yaml").write_text(text, "utf-8")

    done = run("attribution", MODEL)

    assert done.exit_code == 4
    assert "NOT KNOWN: its license is not known: legal was asked" in done.stdout
    assert "not complete: s3://lake/photos" in done.stderr


def test_a_file_that_cannot_be_written_is_wrong_input(run: Run, tmp_path: Path) -> None:
    done = run("attribution", MODEL, "--output", str(tmp_path / "nowhere" / "x"))

    assert done.exit_code == 2
    assert "cannot be written" in done.stderr


DISPUTED = """\
version: 1
authority: auditor
datasets:
  s3://lake/photos:
    license: {declared: MIT, concluded: ODbL-1.0}
"""


@pytest.mark.usefixtures("known")
def test_show_warns_of_contradicting_authorities_and_conflicts(run: Run, recorded: Path) -> None:
    (recorded / "audit.yaml").write_text(DISPUTED, "utf-8")
    env: dict[str, str | None] = {
        "AIRFLOW__LINEAGE_PLUGIN__CATALOG": f"{recorded}/provenance.yaml,{recorded}/audit.yaml"
    }

    told = run("show", "s3://lake/faces", env=env).stdout

    assert "License warnings:" in told
    assert "auditor: declared MIT, concluded ODbL-1.0; team-vision: declared CC-BY-SA-4.0" in told
    assert "license_concluded.disputed" in told
    assert "license_conflict.share-alike" in told
