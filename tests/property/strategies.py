"""One strategy for each value that laws are stated about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from lineage_plugin.policy.purposes import Purposes

#: One license for each way to permit, forbid or be unknown.
LICENSES = (
    "CC0-1.0",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC-BY-NC-4.0",
    "CC-BY-ND-4.0",
    "CC-BY-NC-ND-3.0",
    "ODbL-1.0",
    "MIT",
    "Apache-2.0",
    "Glide",
    "LicenseRef-internal",
    "LicenseRef-all-rights-reserved",
    "LicenseRef-nobody-registered",
)

SHIPPED = Purposes.shipped()

#: Names of purposes, and one that is none.
purposes = st.sampled_from([*SHIPPED, "no-such-purpose"])
allowed = st.frozensets(purposes, max_size=4)


def _joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from([" AND ", " OR "])
    return st.builds(
        lambda parts, operator: f"({operator.join(parts)})",
        st.lists(inner, min_size=2, max_size=3),
        operators,
    )


#: SPDX expressions, most of them small; every compound one stands in brackets.
expressions = st.recursive(st.sampled_from(LICENSES), _joined, max_leaves=6)


@st.composite
def trees(draw: Callable[[Any], Any]) -> Purposes:
    """Draw a hierarchy of purposes: the shipped ones and up to five more below them."""
    known = list(SHIPPED)
    added: dict[str, dict[str, Any]] = {}
    for index in range(draw(st.integers(0, 5))):
        row: dict[str, Any] = {
            "under": draw(st.lists(st.sampled_from(known), min_size=1, max_size=2, unique=True)),
            "specific": draw(st.booleans()),
        }
        if draw(st.booleans()):
            row["commercial"] = draw(st.booleans())
        added[f"added-{index}"] = row
        known.append(f"added-{index}")
    return SHIPPED.extended(added)
