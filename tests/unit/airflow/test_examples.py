"""The examples in docstrings; ``--doctest-modules`` passes over this package."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest

from lineage_plugin.airflow import decorators, source, wording


@pytest.mark.parametrize("module", [decorators, source, wording], ids=lambda m: m.__name__)
def test_examples_are_true(module: ModuleType) -> None:
    result = doctest.testmod(module)

    assert result.attempted > 0
    assert result.failed == 0
