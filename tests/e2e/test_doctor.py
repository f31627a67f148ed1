"""The doctor asks a real Airflow what it has loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e


def test_after_init_everything_that_airflow_can_tell_is_fine(tmp_path: Path) -> None:
    command = str(Path(sys.executable).with_name("lineage-plugin"))
    foreign = ("AIRFLOW", "OPENLINEAGE", "PYTEST")
    env = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    env["AIRFLOW_HOME"] = str(tmp_path)
    subprocess.run([command, "init"], env=env, check=True, capture_output=True)

    done = subprocess.run(
        [command, "doctor", "--format", "json"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    found = {row["what"]: row["state"] for row in json.loads(done.stdout)}
    asked = ("plugin", "policy hook", "OpenLineage", "Spark", "converters")
    assert {what: found[what] for what in asked} == dict.fromkeys(asked, "ok")
