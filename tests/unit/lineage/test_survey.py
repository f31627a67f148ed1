"""A survey of a record, and what it leaves behind."""

from __future__ import annotations

import gc
from contextlib import closing
from pathlib import Path

import pytest

from lineage_plugin.errors import StoreError
from lineage_plugin.lineage.survey import survey
from lineage_plugin.model import DatasetRef
from lineage_plugin.store import open_store

PHOTOS = DatasetRef("s3://lake", "photos")


def test_what_no_record_knows_has_an_unknown_producer(tmp_path: Path) -> None:
    with closing(open_store(f"sqlite:///{tmp_path}/record.db")) as store:
        seen = survey(store, [PHOTOS], lambda _: (), at_us=1)

    assert [version.uri for version in seen.ancestry.versions] == [PHOTOS.uri]
    assert seen.lineage_verdict(0) == "unknown-producer"


def test_the_garbage_collector_runs_again_after_a_survey_that_failed(tmp_path: Path) -> None:
    with (
        closing(open_store(f"sqlite:///{tmp_path}/none.db", create=False)) as store,
        pytest.raises(StoreError),
    ):
        survey(store, [PHOTOS], lambda _: (), at_us=1)

    assert gc.isenabled()


def test_a_garbage_collector_that_somebody_stopped_stays_stopped(tmp_path: Path) -> None:
    gc.disable()
    try:
        with closing(open_store(f"sqlite:///{tmp_path}/record.db")) as store:
            survey(store, [PHOTOS], lambda _: (), at_us=1)

        assert not gc.isenabled()
    finally:
        gc.enable()
