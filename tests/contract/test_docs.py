"""The pages of docs/ that people wrote say what is so.

What Getting started shows is run by ``tests/e2e/test_getting_started.py``.
"""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml

from lineage_plugin.catalog.policy_yaml import load_policy
from lineage_plugin.catalog.provenance_yaml import load_catalog
from lineage_plugin.cli import COMMANDS
from lineage_plugin.cli.exits import ExitCode
from lineage_plugin.errors import CatalogError
from lineage_plugin.facets import names
from lineage_plugin.gate.suite import check_suite
from lineage_plugin.policy import purposes, reasons, verdicts
from lineage_plugin.settings import DEFAULTS
from tests.support.pages import DOCS, FENCED, PAGES, ROOT, machine, snippets

DECISIONS = sorted((DOCS / "adr").glob("*.md"))
ALL = "\n".join(PAGES.values())

#: Areas in which reasons have their ids.
_AREAS = (
    "lineage|source|license|consent|custody|use|recipient|assurance"
    "|gate|suite|store|catalog|policy|settings|input"
)


# --- files that pages show


@cache
def _python_of_pages() -> list[tuple[str, str]]:
    return [(page, s.text) for page in PAGES for s in snippets(page) if s.language == "python"]


def test_every_python_snippet_is_a_dag_file_without_errors(tmp_path: Path) -> None:
    folder = tmp_path / "dags"
    folder.mkdir()
    for number, (_, code) in enumerate(_python_of_pages()):
        (folder / f"snippet_{number}.py").write_text(code, encoding="utf-8")
    probe = (
        "import sys\n"
        "from pathlib import Path\n"
        "from airflow.dag_processing.dagbag import DagBag\n"
        "for path in sorted(Path(sys.argv[1]).glob('*.py')):\n"
        "    bag = DagBag(path, bundle_path=path.parent, bundle_name='dags-folder')\n"
        "    assert not bag.import_errors, bag.import_errors\n"
        "    tasks = [len(dag.tasks) for dag in bag.dags.values()]\n"
        "    print('ENDED', path.name, tasks)\n"
    )
    here = machine(tmp_path / "home")

    done = subprocess.run(
        [sys.executable, "-c", probe, str(folder)],
        env=here.env,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    ended = re.findall(r"^ENDED (\S+) \[3\]$", done.stdout, re.MULTILINE)
    assert len(ended) == len(_python_of_pages()) > 2, done.stdout


#: How files of pre-commit and of build servers begin.
_OF_OTHERS = ("repos:", "steps:")


def test_every_yaml_snippet_is_read_and_only_the_mistaken_one_has_mistakes(tmp_path: Path) -> None:
    shown = [s for page in PAGES for s in snippets(page) if s.language == "yaml"]
    mistakes = []
    for number, snippet in enumerate(shown):
        if snippet.text.startswith(_OF_OTHERS):
            continue
        path = tmp_path / f"{number}.yaml"
        path.write_text(snippet.text, encoding="utf-8")
        if re.search(r"^(purposes|gates|modes|jurisdictions|waivers):", snippet.text, re.MULTILINE):
            policy = load_policy(path)
            assert (
                "forecasting" in policy.bindings
                or policy.gates.rules
                or policy.modes
                or policy.edges.added
                or policy.waivers.by
            )
            continue
        try:
            assert load_catalog(path).declarations
        except CatalogError as error:
            mistakes.append([problem.message.partition(": ")[2] for problem in error.problems])

    assert len(shown) > 2
    assert mistakes == [["unknown key 'orign'", "unknown key 'licence'"]]


def test_every_suite_that_is_shown_can_be_trusted_to_judge(tmp_path: Path) -> None:
    # What the page on suites shows is run by test_suites_page.py.
    pages = PAGES.keys() - {"suites.md"}
    shown = [s for page in pages for s in snippets(page) if s.language == "json"]

    assert shown
    for snippet in shown:
        path = tmp_path / Path(snippet.file).name
        path.write_text(snippet.text, encoding="utf-8")
        check_suite(path)


def test_marquez_is_pointed_to_as_the_page_says(tmp_path: Path) -> None:
    (asked,) = [s.text for s in snippets("marquez.md") if "lineage-plugin init" in s.text]
    here = machine(tmp_path / "home")

    done = here.run(asked.removeprefix("$ "))

    assert done.returncode == 0, done.stderr
    written = (here.home / "airflow.cfg").read_text("utf-8")
    assert (
        '"url": "http://localhost:5000", "timeout": 2, "retry": {"total": 1, "connect": 1'
        in written
    )


def test_a_transport_that_is_there_keeps_the_url_from_being_used(tmp_path: Path) -> None:
    here = machine(tmp_path / "home")
    (here.home / "airflow.cfg").write_text('[openlineage]\ntransport = {"type": "console"}\n')

    done = here.run("lineage-plugin init --marquez-url http://localhost:5000")

    assert done.returncode == ExitCode.WRONG_INPUT
    assert '"transport": {"type": "console"}' in (here.home / "airflow.cfg").read_text("utf-8")
    assert (here.home / "airflow.cfg.before-lineage-plugin").exists()


def test_without_a_record_a_listing_ends_as_the_page_says(tmp_path: Path) -> None:
    done = machine(tmp_path / "home").run("lineage-plugin datasets")

    assert done.returncode == ExitCode.UNAVAILABLE
    assert "the first task that runs" in done.stderr


# --- names


def test_every_command_that_is_named_exists() -> None:
    named = set(re.findall(r"lineage-plugin (?!-)([a-z]+(?:-[a-z]+)*)\b", _without_prose(ALL)))

    assert named
    assert named <= set(COMMANDS)


def _without_prose(text: str) -> str:
    """Return what is code: inline code, and lines of consoles."""
    inline = re.findall(r"`([^`\n]+)`", FENCED.sub("", text))
    typed = [line for line in text.splitlines() if line.startswith("$ ")]
    return "\n".join([*inline, *typed])


def test_every_option_that_is_named_exists() -> None:
    reference = (DOCS / "reference" / "command.md").read_text("utf-8")
    named = set(re.findall(r"(?<=[\s`])(--[a-z-]+)", _without_prose(ALL))) - {"--upgrade"}

    assert named
    assert [option for option in sorted(named) if f"{option} " not in reference] == []


def test_every_reason_that_is_named_exists() -> None:
    named = set(re.findall(rf"`((?:{_AREAS})\.[a-z]+(?:-[a-z]+)*)`", ALL))
    judged = {f"{area}.{verdict}" for area, verdict in verdicts.known()} | {*reasons.known()}
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "lineage_plugin").rglob("*.py"))

    assert len(named) > 15
    assert [name for name in sorted(named - judged) if f'"{name}"' not in code] == []


def test_every_facet_that_is_named_exists() -> None:
    known = {*names.DECLARED, names.EFFECTIVE, names.GATE, names.TASK}
    text = ALL + "".join(path.read_text("utf-8") for path in DECISIONS)

    assert set(re.findall(r"lineagePlugin_\w+", text)) == known


def test_every_setting_that_is_named_exists() -> None:
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)*_(?:ms|s|url|dir))`", ALL))
    named |= {n.lower() for n in re.findall(r"AIRFLOW__LINEAGE_PLUGIN__([A-Z_]+)", ALL)}

    assert {"settle_wait_s", "decision_max_age_s", "store_url"} <= named
    assert named <= set(DEFAULTS)


def test_every_exit_code_that_is_named_exists() -> None:
    named = {int(code) for code in re.findall(r"exit code (\d+)", ALL)}

    assert named
    assert named <= set(ExitCode)


def test_every_purpose_that_a_snippet_asks_for_exists() -> None:
    asked = re.findall(r'requires\("([^"]+)"|provenance_gate\("([^"]+)"|purpose="([^"]+)"', ALL)
    named = {name for groups in asked for name in groups if name}
    named |= set(re.findall(r"--for ([\w-]+)", ALL)) - {"forecasting"}

    assert named
    assert all(name in purposes.shipped() for name in named)


# --- links


def _anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", [*sorted(DOCS.glob("*.md")), *DECISIONS], ids=lambda p: p.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", path.read_text("utf-8")):
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


def test_a_decision_has_a_number_of_its_own_and_four_parts() -> None:
    numbers = [path.name[:4] for path in DECISIONS]

    assert numbers == [f"{n:04}" for n in range(1, len(numbers) + 1)]
    for path in DECISIONS:
        text = path.read_text("utf-8")
        assert text.startswith(f"# {path.name[:4]}. ")
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequences"))
        assert len(text.splitlines()) <= 10


def test_the_composed_marquez_is_reached_from_this_machine_only() -> None:
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))

    ports = [port for each in composed["services"].values() for port in each.get("ports", ())]
    assert sorted(composed["services"]) == ["api", "db", "web"]
    assert ports == ["127.0.0.1:5000:5000", "127.0.0.1:3000:3000"]


def test_the_hook_that_the_page_names_is_the_one_there_is() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    (shown,) = [s.text for s in snippets("check.md") if s.text.startswith("repos:")]

    assert hook["id"] == yaml.safe_load(shown)["repos"][0]["hooks"][0]["id"]
    assert hook["entry"].split()[1] in COMMANDS
