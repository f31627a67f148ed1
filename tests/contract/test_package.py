"""What people install: the wheel, its entry points, and the versions it says it fits."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "lineage_plugin"

#: What a build reads.
_SOURCES = ("setup.cfg", "pyproject.toml", "LICENSE", "README.md", "lineage_plugin", "expectations")


@pytest.fixture(scope="module")
def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, so that the build leaves nothing in the tree."""
    copy = tmp_path_factory.mktemp("source")
    for name in _SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, copy / name)
    # Beside what the wheel takes, what it must not take.
    for name in ("tests", "dags", "scripts"):
        (copy / name).mkdir()
        (copy / name / "module.py").touch()
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    done = subprocess.run([*build, str(copy)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def _relative(files: list[Path], below: Path, prefix: str) -> set[str]:
    return {f"{prefix}/{file.relative_to(below).as_posix()}" for file in files}


def test_the_wheel_holds_every_module_of_the_package(names: set[str]) -> None:
    assert _relative(list(PACKAGE.rglob("*.py")), PACKAGE, "lineage_plugin") <= names


def test_the_wheel_holds_every_data_file_of_the_package(names: set[str]) -> None:
    data = [
        file for file in PACKAGE.rglob("*") if file.is_file() and file.suffix not in {".py", ".pyc"}
    ]

    assert PACKAGE / "py.typed" in data
    assert _relative(data, PACKAGE, "lineage_plugin") <= names


def test_the_wheel_holds_the_shipped_suites(names: set[str]) -> None:
    suites = list((ROOT / "expectations").glob("*.json"))

    assert suites
    assert _relative(suites, ROOT / "expectations", "lineage_plugin/expectations") <= names


def test_the_wheel_holds_nothing_else(names: set[str]) -> None:
    assert {name.partition("/")[0] for name in names} == {
        "lineage_plugin",
        "lineage_plugin-0.1.0.dist-info",
    }


def test_every_folder_of_the_package_is_named_in_setup_cfg(
    setup_cfg: configparser.ConfigParser,
) -> None:
    folders = {init.parent.relative_to(ROOT) for init in PACKAGE.rglob("__init__.py")}
    named = set(setup_cfg["options"]["packages"].split())

    assert named == {".".join(folder.parts) for folder in folders} | {"lineage_plugin.expectations"}


def test_an_installed_wheel_finds_its_own_files(wheel: Path, tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(tmp_path), str(wheel)], check=True)
    probe = (
        "import json, lineage_plugin\n"
        "from importlib.resources import files\n"
        "at = [p for n in ('lineage_plugin', 'lineage_plugin.expectations',"
        " 'lineage_plugin.facets') for p in [files(n)]]\n"
        "print(json.dumps([[str(p), sorted(f.name for f in p.iterdir())] for p in at]))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", probe],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    (package, _), (suites, shipped), (facets, inside) = json.loads(answer.stdout)

    assert package == str(tmp_path / "lineage_plugin")
    assert suites == str(tmp_path / "lineage_plugin" / "expectations")
    assert facets == str(tmp_path / "lineage_plugin" / "facets")
    assert {file.name for file in (ROOT / "expectations").glob("*.json")} <= set(shipped)
    assert "schemas" in inside


def test_the_entry_points_lead_somewhere(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read("lineage_plugin-0.1.0.dist-info/entry_points.txt").decode()
    points = configparser.ConfigParser()
    points.read_string(text)
    found = {group: dict(points[group]) for group in points.sections()}

    assert found == {
        "airflow.plugins": {"lineage_plugin": "lineage_plugin.airflow.plugin:LineagePlugin"},
        "airflow.policy": {"lineage_plugin": "lineage_plugin.airflow.policy_hook"},
        "apache_airflow_provider": {
            "provider_info": "lineage_plugin.airflow.provider:get_provider_info"
        },
        "console_scripts": {"lineage-plugin": "lineage_plugin.cli:main"},
    }
    for target in (value for group in found.values() for value in group.values()):
        module, _, attribute = target.partition(":")
        found_there = f"importlib.import_module({module!r})"
        found_there = f"getattr({found_there}, {attribute!r})" if attribute else found_there
        probe = f"import importlib; {found_there}"
        subprocess.run([sys.executable, "-W", "ignore", "-c", probe], check=True)


def test_the_named_python_versions_are_those_that_are_allowed(
    setup_cfg: configparser.ConfigParser,
) -> None:
    classifiers = setup_cfg["metadata"]["classifiers"]
    minors = [int(minor) for minor in re.findall(r"Python :: 3\.(\d+)", classifiers)]
    allowed = setup_cfg["options"]["python_requires"]

    assert allowed == f">=3.{min(minors)},<3.{max(minors) + 1}"
    assert minors == list(range(min(minors), max(minors) + 1))
    assert sys.version_info.minor in minors


def test_constraints_are_plain_and_hold_the_airflow_that_is_required() -> None:
    """Nothing in them that names a machine, a file or an address."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]

    assert [pin for pin in pins if not re.fullmatch(r"[a-z0-9._-]+==[A-Za-z0-9.+!]+", pin)] == []
    assert any(pin.startswith("apache-airflow==3.3.") for pin in pins)
