"""The words of the product."""

from __future__ import annotations

import pytest

from lineage_plugin.model import DatasetRef, Statement, StatementKind, in_force


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (DatasetRef("s3://lake", "photos/"), DatasetRef("s3://lake", "/photos")),
        (DatasetRef("file", "/data/public/../private/x"), DatasetRef("file", "/data/private/x")),
        (DatasetRef("file", "/data//x"), DatasetRef("file://", "data/./x")),
        (DatasetRef("s3a://lake", "x"), DatasetRef("s3://lake", "x")),
        (DatasetRef("s3://lake", "caf\u00e9"), DatasetRef("s3://lake", "cafe\u0301")),
    ],
    ids=["slashes", "parent folder", "same folder", "s3a", "accents"],
)
def test_two_spellings_of_one_dataset_are_one_dataset(one: DatasetRef, other: DatasetRef) -> None:
    assert one.uri == other.uri


def test_object_stores_keep_what_only_looks_like_a_folder() -> None:
    """A key may hold two slashes or dots in a row; it is another object then."""
    assert DatasetRef("s3://lake", "a//b").uri != DatasetRef("s3://lake", "a/b").uri


def test_a_path_is_a_file() -> None:
    assert DatasetRef.parse("/data/x.csv") == DatasetRef("file", "/data/x.csv")


@pytest.mark.parametrize("text", ["", "/", "lonely", "s3://"])
def test_what_names_no_dataset_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="names no dataset"):
        DatasetRef.parse(text)


def test_a_statement_holds_from_its_beginning_to_its_end() -> None:
    waiver = Statement("w", StatementKind.WAIVER, "Ada", "until the letter is here", 10, 20)

    assert [len(in_force([waiver], at)) for at in (9, 10, 19, 20)] == [0, 1, 1, 0]
