"""The reference in docs/ says what the code says."""

from __future__ import annotations

import pytest

from scripts.reference import FOLDER, pages


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    return pages()


def test_no_page_is_missing_and_none_is_left_over(generated: dict[str, str]) -> None:
    assert {file.name for file in FOLDER.iterdir()} == set(generated)


def test_every_page_is_as_the_code_has_it(generated: dict[str, str]) -> None:
    stale = [name for name, text in generated.items() if (FOLDER / name).read_text("utf-8") != text]

    assert stale == [], "run: make docs"
