"""airflow.cfg changes where it must and nowhere else."""

from __future__ import annotations

import configparser
import itertools
import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_plugin.cli import airflow_cfg
from lineage_plugin.errors import SettingsError

CFG = """\
# A comment before everything.
[core]
fernet_key = abc%%def
executor: LocalExecutor

[openlineage]
# transport of last year:
#   transport = {"type": "console"}
transport =
    {"type": "http",
    # the internal one
     "url": "http://marquez:5000"}

config_path =
; disabled = True

[smtp]
smtp_host = localhost
"""


def read(text: str, section: str = "openlineage") -> dict[str, str]:
    return airflow_cfg.values(text, section, "airflow.cfg")


def test_a_changed_value_leaves_every_other_line_alone() -> None:
    edited = airflow_cfg.with_value(CFG, "core", "executor", "CeleryExecutor")

    assert edited == CFG.replace("executor: LocalExecutor", "executor: CeleryExecutor")


def test_a_value_of_several_lines_is_replaced_whole() -> None:
    edited = airflow_cfg.with_value(CFG, "openlineage", "transport", "{}")

    assert read(edited)["transport"] == "{}"
    assert "marquez" not in edited
    assert "# A comment before everything." in edited


def test_a_value_of_several_lines_can_be_wrapped_as_it_stands() -> None:
    raw = airflow_cfg.raw_value(CFG, "openlineage", "transport")
    edited = airflow_cfg.with_value(CFG, "openlineage", "transport", f'{{"inner": {raw}}}')

    assert json.loads(read(edited)["transport"]) == {
        "inner": {"type": "http", "url": "http://marquez:5000"}
    }
    assert "    # the internal one\n" in edited


def test_a_new_option_goes_below_its_commented_out_default() -> None:
    edited = airflow_cfg.with_value(CFG, "openlineage", "disabled", "False")

    assert "; disabled = True\ndisabled = False\n" in edited


def test_a_new_option_without_default_goes_after_the_last_one() -> None:
    edited = airflow_cfg.with_value(CFG, "openlineage", "emission_policy", "[]")

    assert "config_path =\nemission_policy = []\n" in edited


def test_a_new_section_goes_to_the_end() -> None:
    edited = airflow_cfg.with_value("[core]\nx = 1", "openlineage", "transport", "{}")

    assert edited == "[core]\nx = 1\n\n[openlineage]\ntransport = {}\n"


def test_a_section_with_nothing_in_it_is_used() -> None:
    edited = airflow_cfg.with_value("[openlineage]\n[core]\nx = 1\n", "openlineage", "a", "b")

    assert edited == "[openlineage]\na = b\n[core]\nx = 1\n"


def test_an_empty_file_becomes_the_section() -> None:
    assert airflow_cfg.with_value("", "s", "k", "v") == "[s]\nk = v\n"


def test_windows_line_ends_stay() -> None:
    edited = airflow_cfg.with_value("[s]\r\na = 1\r\n", "s", "b", "2")

    assert edited == "[s]\r\na = 1\r\nb = 2\r\n"


def test_indented_options_do_not_swallow_a_new_one() -> None:
    text = "[s]\n  # b = default\n  a = 1\n  c = 3\n"
    edited = airflow_cfg.with_value(text, "s", "b", "2")

    assert read(edited, "s") == {"a": "1", "b": "2", "c": "3"}


def test_upper_case_is_another_option_as_it_is_for_airflow() -> None:
    edited = airflow_cfg.with_value("[s]\nKey = 1\n", "s", "key", "2")

    assert read(edited, "s") == {"Key": "1", "key": "2"}


def test_a_form_feed_in_a_comment_is_no_line_end() -> None:
    text = "[s]\n# page\x0cbreak\u2028here\na = 1\n"

    assert airflow_cfg.with_value(text, "s", "a", "2") == text.replace("a = 1", "a = 2")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[s]\na = 1\na = 2\n", "line 3 sets a of \\[s\\] a second time"),
        ("[s]\na = 1\n[s]\n", "line 3 opens \\[s\\] a second time"),
        ("a = 1\n", "line 1 stands before the first"),
        ("[s]\npassword\n", "line 2 is neither a section nor a setting"),
        ("[s]\na = 50%\n", "a of \\[s\\] has a % that is not written %%"),
    ],
    ids=["option-twice", "section-twice", "no-section", "no-value", "percent"],
)
def test_what_airflow_cannot_read_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        airflow_cfg.values(text, "s", "airflow.cfg")


def test_a_refusal_does_not_quote_the_line_because_it_may_hold_a_password() -> None:
    with pytest.raises(SettingsError) as caught:
        airflow_cfg.values("[s]\nhunter2\n", "s", "airflow.cfg")

    assert "hunter2" not in str(caught.value)


def test_a_value_that_would_open_another_section_is_refused() -> None:
    with pytest.raises(SettingsError, match="set it by hand"):
        airflow_cfg.with_value("[s]\na = 1\n", "s", "a", "1\n[other]\nb = 2")


_words = st.text("abcdef", min_size=1, max_size=5)
_values = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=8)
_files = st.dictionaries(_words, st.dictionaries(_words, _values, max_size=4), max_size=4)


@given(_files, _words, _words, _values.filter(lambda v: not v.startswith(("#", ";"))))
def test_setting_a_value_reads_back_and_changes_nothing_else(
    content: dict[str, dict[str, str]], section: str, name: str, value: str
) -> None:
    text = "".join(
        f"[{s}]\n# note\n"
        + "".join(f"{k} = {airflow_cfg.escape(v)}\n\n" for k, v in options.items())
        for s, options in content.items()
    )
    edited = airflow_cfg.with_value(text, section, name, airflow_cfg.escape(value))

    wanted = {s: dict(o) for s, o in content.items()}
    wanted.setdefault(section, {})[name] = value
    parser = configparser.ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(edited)
    assert {s: dict(parser.items(s)) for s in parser.sections()} == wanted
    assert airflow_cfg.with_value(edited, section, name, airflow_cfg.escape(value)) == edited


def test_variables_are_expanded_until_nothing_changes() -> None:
    env = {"A": "$B/x", "B": "y", "LOOP": "$LOOP."}

    assert airflow_cfg.expand("${A} $C", env) == "y/x $C"
    assert airflow_cfg.expand("$LOOP", env).endswith(".")


def test_the_file_keeps_its_mode_and_a_private_backup_lies_beside_it(tmp_path: Path) -> None:
    cfg = tmp_path / "airflow.cfg"
    cfg.write_text("[s]\na = 1\n", encoding="utf-8")
    cfg.chmod(0o640)

    backup = airflow_cfg.replace(cfg, "[s]\na = 2\n", before="[s]\na = 1\n")

    assert cfg.read_text(encoding="utf-8") == "[s]\na = 2\n"
    assert stat.S_IMODE(cfg.stat().st_mode) == 0o640
    assert backup == tmp_path / "airflow.cfg.before-lineage-plugin"
    assert backup.read_text(encoding="utf-8") == "[s]\na = 1\n"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_an_older_backup_is_never_overwritten(tmp_path: Path) -> None:
    cfg = tmp_path / "airflow.cfg"
    texts = ["[s]\na = 1\n", "[s]\na = 2\n", "[s]\na = 3\n"]
    cfg.write_text(texts[0], encoding="utf-8")
    backups = [
        airflow_cfg.replace(cfg, after, before=before)
        for before, after in itertools.pairwise(texts)
    ]

    assert [b.read_text(encoding="utf-8") for b in backups if b] == texts[:2]


def test_a_link_keeps_pointing_where_it_pointed(tmp_path: Path) -> None:
    real = tmp_path / "etc" / "real.cfg"
    real.parent.mkdir()
    real.write_text("[s]\n", encoding="utf-8")
    link = tmp_path / "airflow.cfg"
    link.symlink_to(Path("etc") / "real.cfg")

    airflow_cfg.replace(link, "[s]\na = 1\n", before="[s]\n")

    assert link.is_symlink()
    assert real.read_text(encoding="utf-8") == "[s]\na = 1\n"
    assert sorted(p.name for p in real.parent.iterdir()) == [
        "real.cfg",
        "real.cfg.before-lineage-plugin",
    ]


def test_a_new_file_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    cfg = tmp_path / "home" / "airflow.cfg"

    assert airflow_cfg.replace(cfg, "[s]\n", before=None) is None
    assert stat.S_IMODE(cfg.stat().st_mode) == 0o600


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    cfg = tmp_path / "airflow.cfg"
    cfg.write_text("[s]\na = theirs\n", encoding="utf-8")

    with pytest.raises(SettingsError, match="changed by somebody else"):
        airflow_cfg.replace(cfg, "[s]\na = ours\n", before="[s]\n")
    assert cfg.read_text(encoding="utf-8") == "[s]\na = theirs\n"


def test_a_folder_that_cannot_be_written_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    cfg = tmp_path / "airflow.cfg"
    cfg.write_text("[s]\n", encoding="utf-8")
    tmp_path.chmod(0o500)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("this user may write everywhere")
        with pytest.raises(SettingsError, match="--dry-run"):
            airflow_cfg.replace(cfg, "[s]\na = 1\n", before="[s]\n")
    finally:
        tmp_path.chmod(0o700)
    assert cfg.read_text(encoding="utf-8") == "[s]\n"


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    cfg = tmp_path / "airflow.cfg"
    cfg.write_bytes(b"\xff\xfe")

    with pytest.raises(SettingsError, match="cannot be read"):
        airflow_cfg.read_text(cfg)
