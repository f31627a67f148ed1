"""The compiled catalog: always what the files say, whoever else reads or writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage_plugin.catalog import compiled
from lineage_plugin.catalog.compiled import FILE, CompiledCatalog, current, refresh
from lineage_plugin.catalog.provenance_yaml import load_catalog
from lineage_plugin.errors import CatalogError
from lineage_plugin.model import License
from lineage_plugin.policy.licenses import Terms

ROOT = Path(__file__).parents[3]

#: Later than any file a test writes, so that stamps are trusted.
LATER_NS = time.time_ns() + 3_600 * 10**9


@pytest.fixture(autouse=True)
def _a_process_that_has_opened_nothing() -> Iterator[None]:
    compiled._open.clear()
    yield
    compiled._open.clear()


def catalog(*patterns: str, license_: str = "MIT", authority: str = "a", extra: str = "") -> str:
    """Return the text of a catalog of these patterns."""
    rows = "".join(f"  {pattern}: {{license: {license_}}}\n" for pattern in patterns)
    return f"version: 1\nauthority: {authority}\n{extra}\ndatasets:\n{rows}"


def licenses(found: CompiledCatalog, uri: str) -> list[str]:
    """Return the licences that bind *uri*."""
    said = [declaration.license for declaration in found.declarations_for(uri)]
    return [license_.declared for license_ in said if isinstance(license_, License)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A catalog file."""
    path = tmp_path / "provenance.yaml"
    path.write_text(catalog("s3://lake/a/**", "s3://lake/*/x", license_="MIT"))
    return path


def test_what_is_compiled_is_what_the_file_says(file: Path, tmp_path: Path) -> None:
    found = refresh([file], tmp_path / "state")

    said = load_catalog(file)
    assert tuple(found.all()) == said.declarations
    assert found.declarations_of(found.files[0]) == said.declarations
    assert found.declarations_for("s3://lake/a/x") == said.declarations
    assert found.declarations_for("s3://lake/b/x") == said.declarations[1:]
    assert found.declarations_for("s3://sea/x") == ()
    assert found.authorities == ("a",)
    assert [(f.name, f.authority, f.digest) for f in found.files] == [(str(file), "a", said.digest)]
    assert len(found) == 2


def test_a_second_process_opens_it_without_yaml_or_the_policy(file: Path, tmp_path: Path) -> None:
    refresh([file], tmp_path / "state")
    probe = (
        "import json, sys; from pathlib import Path\n"
        "from lineage_plugin.catalog.compiled import refresh\n"
        f"found = refresh([Path({str(file)!r})], Path({str(tmp_path / 'state')!r}))\n"
        "names = [d.pattern for d in found.declarations_for('s3://lake/a')]\n"
        "print(json.dumps([names, found.digest, sorted(sys.modules)]))"
    )
    names, digest, modules = json.loads(
        subprocess.check_output([sys.executable, "-c", probe], text=True, cwd=ROOT)
    )

    assert names == ["s3://lake/a/**"]
    assert digest == refresh([file], tmp_path / "state").digest
    assert {"yaml", "license_expression", "lineage_plugin.policy"}.isdisjoint(modules)


def test_a_changed_file_is_compiled_again(file: Path, tmp_path: Path) -> None:
    before = refresh([file], tmp_path / "state")
    file.write_text(catalog("s3://lake/a/**", license_="ISC"))
    after = refresh([file], tmp_path / "state")

    assert licenses(before, "s3://lake/a") == ["MIT"]
    assert licenses(after, "s3://lake/a") == ["ISC"]
    assert before.digest != after.digest


def test_a_change_that_the_clock_of_the_disk_misses_is_found(file: Path, tmp_path: Path) -> None:
    """Git calls such an index racy: same length, and the same time of change."""
    about = file.stat()
    refresh([file], tmp_path / "state", now_ns=about.st_mtime_ns)
    file.write_text(file.read_text().replace("MIT", "ISC"))
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))

    found = refresh([file], tmp_path / "state", now_ns=about.st_mtime_ns)
    assert licenses(found, "s3://lake/a") == ["ISC"]


def test_a_file_that_was_only_touched_is_not_compiled_again(file: Path, tmp_path: Path) -> None:
    refresh([file], tmp_path / "state", now_ns=LATER_NS)
    os.utime(file)
    touched = current([file], tmp_path / "state", now_ns=LATER_NS)
    compiled._open.clear()
    again = current([file], tmp_path / "state", now_ns=LATER_NS)

    assert touched is not None
    assert again is not None
    assert touched.data == again.data
    assert not list((tmp_path / "state").glob(f"{FILE}.*"))


def test_what_is_current_is_told_without_compiling(file: Path, tmp_path: Path) -> None:
    assert current([file], tmp_path / "state") is None
    refresh([file], tmp_path / "state")
    assert current([file], tmp_path / "state") is not None
    file.write_text(catalog("s3://lake/b"))
    assert current([file], tmp_path / "state") is None
    assert current([tmp_path / "other.yaml"], tmp_path / "state") is None


def test_a_process_reads_the_disk_again_when_another_compiled(file: Path, tmp_path: Path) -> None:
    refresh([file], tmp_path / "state")
    file.write_text(catalog("s3://lake/b", license_="ISC"))
    remembered = dict(compiled._open)
    theirs = refresh([file], tmp_path / "state")
    compiled._open.update(remembered)

    ours = current([file], tmp_path / "state")
    assert ours is not None
    assert ours.digest == theirs.digest


def test_evidence_that_changes_or_goes_is_noticed(tmp_path: Path) -> None:
    file, paper = tmp_path / "c.yaml", tmp_path / "paper.pdf"
    paper.write_text("signed")
    file.write_text("version: 1\nauthority: a\ndatasets: {s3://x/y: {evidence: paper.pdf}}")
    before = refresh([file], tmp_path / "state")

    paper.write_text("signed by somebody else")
    assert refresh([file], tmp_path / "state").digest != before.digest
    paper.unlink()
    with pytest.raises(CatalogError, match=r"'paper.pdf' does not exist"):
        refresh([file], tmp_path / "state")


def test_no_catalog_declares_nothing(tmp_path: Path) -> None:
    missing = [tmp_path / "gone.yaml", tmp_path / "gone" / "*.yaml", tmp_path / "gone" / "x.yaml"]
    found = refresh(missing, tmp_path / "state")

    assert (len(found), found.files, found.licenses) == (0, (), {})
    assert found.declarations_for("s3://lake/a") == ()
    assert found.digest == refresh([], tmp_path / "other").digest
    (tmp_path / "gone.yaml").write_text(catalog())
    assert refresh(missing, tmp_path / "state").digest != found.digest


def test_folders_and_patterns_of_names_stand_for_files(tmp_path: Path) -> None:
    folder = tmp_path / "catalogs"
    folder.mkdir()
    for name in ("b.yaml", "a.yml", ".hidden.yaml", "notes.txt"):
        (folder / name).write_text(catalog(f"s3://lake/{name.strip('.')}"))
    (folder / "folder.yaml").mkdir()
    state = tmp_path / "state"

    assert [Path(f.name).name for f in refresh([folder], state).files] == ["a.yml", "b.yaml"]
    both = refresh([folder / "*.yaml", folder / "a.yml", folder / "a.yml"], state)
    assert [Path(f.name).name for f in both.files] == ["b.yaml", "a.yml"]
    (folder / "c.yaml").write_text(catalog("s3://lake/c"))
    assert len(refresh([folder], state).files) == 3


def test_what_cannot_be_looked_at_is_not_an_empty_catalog(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="cannot be read: File name too long"):
        refresh([tmp_path / ("x" * 300)], tmp_path / "state")


def test_two_files_that_say_the_same_of_the_same_both_bind(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(catalog("s3://lake/x"))
    found = refresh([tmp_path / "a.yaml", tmp_path / "b.yaml"], tmp_path / "state")

    assert licenses(found, "s3://lake/x") == ["MIT", "MIT"]
    assert [len(found.declarations_of(file)) for file in found.files] == [1, 1]


def test_the_order_of_files_does_not_change_the_digest(tmp_path: Path) -> None:
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for number, path in enumerate(files):
        path.write_text(catalog(f"s3://lake/{number}"))

    one = refresh(files, tmp_path / "one")
    assert refresh(files[::-1], tmp_path / "two").digest == one.digest


def test_problems_of_all_files_come_together(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(catalog("s3://lake/x", license_="MTI"))
    with pytest.raises(CatalogError) as caught:
        refresh([tmp_path], tmp_path / "state")

    assert [p.where for p in caught.value.problems] == [
        f"{tmp_path}/a.yaml:5",
        f"{tmp_path}/b.yaml:5",
    ]
    assert not (tmp_path / "state").exists()


def test_registered_licenses_are_kept_and_may_not_mean_two_things(tmp_path: Path) -> None:
    row = "licenses: {LicenseRef-acme: {prohibits: [%s]}}"
    one, two = tmp_path / "a.yaml", tmp_path / "b.yaml"
    terms = Terms(("cc:CommercialUse",))
    one.write_text(catalog("s3://lake/x", extra=row % "cc:CommercialUse"))
    two.write_text(catalog("s3://lake/y", extra=row % "cc:CommercialUse"))

    assert refresh([one, two], tmp_path / "s").licenses == {"LicenseRef-acme": terms}
    two.write_text(catalog("s3://lake/y", extra=row % ""))
    with pytest.raises(CatalogError, match="LicenseRef-acme has other terms in another file"):
        refresh([one, two], tmp_path / "s")


def test_a_purpose_that_the_policy_adds_is_part_of_what_was_asked(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("version: 1\nauthority: a\ndatasets: {s3://x/y: {use: {purposes: [churn]}}}")

    policy = tmp_path / "policy.yaml"
    with pytest.raises(CatalogError, match="unknown purpose 'churn'"):
        refresh([file], tmp_path / "state", policy=policy)
    policy.write_text(
        "version: 1\npurposes: {churn: {under: model-training, suites: [model-training]}}"
    )

    assert len(refresh([file], tmp_path / "state", policy=policy)) == 1
    policy.unlink()
    with pytest.raises(CatalogError, match="unknown purpose 'churn'"):
        refresh([file], tmp_path / "state", policy=policy)


@pytest.mark.parametrize("place", [0, 20, 40, 60, 200, -200, -1])
def test_a_damaged_compiled_catalog_is_compiled_again(
    file: Path, tmp_path: Path, place: int
) -> None:
    state = tmp_path / "state"
    whole = refresh([file], state)
    data = bytearray(whole.data)
    data[place] ^= 0x40
    (state / FILE).write_bytes(data)
    compiled._open.clear()

    assert CompiledCatalog.load(state) is None
    assert licenses(refresh([file], state), "s3://lake/a") == ["MIT"]
    assert CompiledCatalog.load(state) is not None


@pytest.mark.parametrize("length", [0, 10, 40, 60, 500, -1])
def test_half_a_compiled_catalog_is_compiled_again(file: Path, tmp_path: Path, length: int) -> None:
    state = tmp_path / "state"
    data = refresh([file], state).data
    (state / FILE).write_bytes(data[:length])

    assert CompiledCatalog.load(state) is None
    assert refresh([file], state).digest


def test_a_compiled_catalog_of_another_release_is_compiled_again(
    file: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    data = refresh([file], state).data
    (state / FILE).write_bytes(data.replace(b"lineage-catalog 2 ", b"lineage-catalog 0 "))
    compiled._open.clear()

    assert CompiledCatalog.load(state) is None
    assert refresh([file], state).digest


def test_a_state_folder_that_cannot_be_written_only_costs_time(
    file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = tmp_path / "state"
    state.write_text("this is a file")

    assert licenses(refresh([file], state), "s3://lake/a") == ["MIT"]
    assert "each process compiles it for itself" in caplog.text
    assert current([file], state) is not None


def test_what_dead_processes_left_behind_is_removed(file: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    for name, age_s in ((f"{FILE}.dead", 7_200), (f"{FILE}.busy", 0)):
        (state / name).write_text("half")
        os.utime(state / name, (time.time() - age_s,) * 2)
    refresh([file], state)

    assert {path.name for path in state.iterdir()} == {FILE, f"{FILE}.busy"}


def test_many_may_refresh_at_once_while_files_change(tmp_path: Path) -> None:
    """Each reader sees whole files that were there together."""
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    stop = threading.Event()

    def write(license_: str) -> None:
        for path in files:
            text = catalog("s3://lake/x", license_=license_)
            path.with_suffix(".new").write_text(text)
            path.with_suffix(".new").replace(path)

    def keep_writing() -> None:
        while not stop.wait(0.02):
            write("MIT")
            write("ISC")

    write("MIT")
    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        for _ in range(40):
            try:
                found = refresh(files, tmp_path / "state")
            except CatalogError as error:
                assert "changed 5 times while it was read" in str(error)  # noqa: PT017
                continue
            said = licenses(found, "s3://lake/x")
            assert len(said) == 2
            assert CompiledCatalog.load(tmp_path / "state") is not None
    finally:
        stop.set()
        writer.join()

    write("MIT")
    assert licenses(refresh(files, tmp_path / "state"), "s3://lake/x") == ["MIT", "MIT"]


def test_a_file_that_never_stops_changing_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(catalog("s3://lake/x"))
    real = compiled._compiled

    def meanwhile(*args: object) -> bytes:
        data = real(*args)  # type: ignore[arg-type]
        file.write_text(file.read_text() + "# more\n")
        return data

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "_compiled", meanwhile)
        with pytest.raises(CatalogError, match="changed 5 times while it was read"):
            refresh([file], tmp_path / "state")


def test_what_a_process_remembers_of_uris_is_bounded(file: Path, tmp_path: Path) -> None:
    found = refresh([file], tmp_path / "state")
    for number in range(compiled._REMEMBERED + 10):
        found.declarations_for(f"s3://lake/a/{number}")

    assert len(found._by_uri) <= compiled._REMEMBERED
    assert licenses(found, "s3://lake/a/1") == ["MIT"]


def test_a_pipe_in_place_of_the_compiled_catalog_is_not_waited_for(
    file: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / FILE)

    assert CompiledCatalog.load(tmp_path) is None
    assert len(refresh([file], tmp_path)) == 2


def test_a_catalog_that_is_required_must_be_there_even_if_it_was_compiled_without(
    file: Path, tmp_path: Path
) -> None:
    gone = tmp_path / "share" / "legal.yaml"
    paths = [file, gone, tmp_path / "more-*.yaml"]
    assert len(refresh(paths, tmp_path / "state")) == 2

    with pytest.raises(CatalogError, match="the catalog is missing") as raised:
        refresh(paths, tmp_path / "state", required=paths)

    assert [problem.where for problem in raised.value.problems] == [str(gone)]


def test_yaml_files_of_a_folder_count_in_upper_case_too(tmp_path: Path) -> None:
    (tmp_path / "LEGAL.YAML").write_text(catalog("s3://lake/x"))

    assert len(refresh([tmp_path], tmp_path / "state")) == 1


def test_yaml_files_in_a_subfolder_are_a_mistake_and_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "legal" / "eu").mkdir(parents=True)
    (tmp_path / "legal" / "eu" / "faces.yml").write_text(catalog("s3://lake/x"))

    with pytest.raises(CatalogError) as raised:
        refresh([tmp_path], tmp_path / "state")

    assert [problem.where for problem in raised.value.problems] == [str(tmp_path / "legal")]


def test_a_subfolder_that_is_named_too_is_read(file: Path, tmp_path: Path) -> None:
    (tmp_path / "legal").mkdir()
    (tmp_path / "legal" / "faces.yaml").write_text(catalog("s3://lake/x"))

    found = refresh([file.parent, tmp_path / "legal"], tmp_path / "state")

    assert [Path(f.name).name for f in found.files] == ["provenance.yaml", "faces.yaml"]
