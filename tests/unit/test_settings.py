"""Settings are those of the moment, however seldom their file is read."""

from __future__ import annotations

from pathlib import Path

from lineage_plugin import settings


def test_what_somebody_changes_in_airflow_cfg_holds_at_once(tmp_path: Path) -> None:
    cfg, env = tmp_path / "airflow.cfg", {"AIRFLOW_HOME": str(tmp_path)}
    assert settings.load(env).environment == ""

    cfg.write_text("[lineage_plugin]\nenvironment = staging\n")
    assert settings.load(env).environment == "staging"

    cfg.write_text("[lineage_plugin]\nenvironment = production\n")
    assert settings.load(env).environment == "production"

    cfg.unlink()
    assert settings.load(env).environment == ""
