"""Assets of schemes that no other package converts."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.openlineage.utils.utils import translate_airflow_asset
from airflow.sdk import Asset

from lineage_plugin.airflow import converters
from lineage_plugin.airflow.inputs import ref_of
from lineage_plugin.model import DatasetRef


@pytest.mark.parametrize(
    ("uri", "namespace", "name"),
    [
        ("hf://datasets/rajpurkar/squad", "hf://datasets", "rajpurkar/squad"),
        ("https://example.org/a.csv", "https://example.org", "a.csv"),
        ("abfss://c@acc.dfs.core.windows.net/a", "abfss://c@acc.dfs.core.windows.net", "a"),
        ("hdfs://node:8020/a/b", "hdfs://node:8020", "a/b"),
    ],
)
def test_an_asset_is_named_by_its_uri(uri: str, namespace: str, name: str) -> None:
    found = converters.to_openlineage(Asset(name="x", uri=uri), None)

    assert (found.namespace, found.name) == (namespace, name)
    assert DatasetRef(namespace, name) == DatasetRef.parse(uri)


def test_an_address_of_the_web_loses_what_may_be_secret() -> None:
    class Secret:
        uri = "https://ada:pw@example.org/a.csv?sig=s3cret#x"

    found = converters.to_openlineage(Secret, None)

    assert f"{found.namespace}/{found.name}" == "https://example.org/a.csv"


def test_what_another_package_converts_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converters, "_taken", lambda: frozenset({"hf", "https"}))

    (told,) = converters.asset_uris()

    assert {"hf", "https"}.isdisjoint(told["schemes"])
    assert "hdfs" in told["schemes"]


def test_packages_that_are_installed_keep_their_schemes() -> None:
    assert "file" in converters._taken()
    assert converters._taken().isdisjoint(converters.asset_uris()[0]["schemes"])


def test_an_asset_without_uri_has_a_name_all_the_same() -> None:
    asset: Any = Asset("faces")

    assert translate_airflow_asset(asset, None) is None
    assert ref_of(asset) == DatasetRef("airflow", "faces")
