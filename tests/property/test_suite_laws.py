"""What suites that extend others obey, whatever they ask and whatever is judged."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_plugin.errors import SuiteError
from lineage_plugin.gate.custom_types import CUSTOM_TYPES, judged
from lineage_plugin.gate.frame_file import example, examples
from lineage_plugin.gate.suite_file import Suite, load_suite

FRAMES = [example(name).rows for name in examples()]

#: What each may allow, from narrow to wide.
SETS = {
    "expect_license_to_permit_purpose": (["permitted"], ["permitted", "inherited", "absent"]),
    "expect_consent_to_cover_purpose": (["valid"], ["valid", "inherited", "absent", "expired"]),
    "expect_custody_to_be_complete": (["complete"], ["complete", "inherited", "no-agreement"]),
}


@st.composite
def _expectations(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(sorted(SETS)))
    return {
        "type": kind,
        "kwargs": {"allowed": draw(st.sampled_from(SETS[kind]))},
        "severity": draw(st.sampled_from(["critical", "warning", "info"])),
        "meta": {"rule": draw(st.sampled_from(["r.a", "r.b", "r.c"]))},
    }


#: Suites by number; each extends some of those before it.
_suites = st.lists(
    st.tuples(
        st.lists(_expectations(), min_size=1, max_size=3), st.lists(st.integers(0, 4), max_size=3)
    ),
    min_size=2,
    max_size=5,
)


def written(folder: Path, number: int, asked: list[dict[str, Any]], extends: list[int]) -> Path:
    name = f"s{number}"
    # One that can block, so that each is a suite by itself.
    lineage = {"type": "expect_lineage_to_be_complete", "meta": {"rule": "lineage"}}
    meta = {"extends": [f"s{other}" for other in extends]}
    (folder / f"{name}.json").write_text(
        json.dumps({"name": name, "meta": meta, "expectations": [lineage, *asked]})
    )
    return folder / f"{name}.json"


def found(suite: Suite, rows: Any) -> set[tuple[str, str, int]]:
    """Return what does not hold: rule, severity, row."""
    return {
        (e.rule, e.severity, at)
        for e in suite.expectations
        for at in judged(CUSTOM_TYPES[e.type], rows, e.kwargs)[1]
    }


def blocked(suite: Suite, rows: Any) -> set[int]:
    return {at for _, severity, at in found(suite, rows) if severity == "critical"}


@settings(max_examples=60, deadline=None)
@given(_suites, st.randoms(use_true_random=False))
def test_extending_lets_nothing_pass_that_is_blocked_and_order_does_not_matter(
    raw: list[tuple[list[dict[str, Any]], list[int]]], random: Any
) -> None:
    with TemporaryDirectory() as home:
        folder = Path(home)
        loaded: dict[int, Suite] = {}
        for number, (asked, others) in enumerate(raw):
            extends = sorted({other for other in others if other in loaded})
            file = written(folder, number, asked, extends)
            try:
                loaded[number] = load_suite(file)
            except SuiteError as error:
                assert all("an extending suite may raise" in str(p) for p in error.problems)  # noqa: PT017
                continue
            random.shuffle(extends)
            again = load_suite(written(folder, number, asked, extends))
            assert again.expectations == loaded[number].expectations
            for rows in FRAMES:
                for other in extends:
                    below, above = loaded[other], loaded[number]
                    assert blocked(below, rows) <= blocked(above, rows)
                    assert {at for *_, at in found(below, rows)} <= {
                        at for *_, at in found(above, rows)
                    }
