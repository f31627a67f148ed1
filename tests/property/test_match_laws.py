"""Matching agrees with a reference that tries everything, whatever else is in the index."""

from __future__ import annotations

import functools

from hypothesis import given
from hypothesis import strategies as st

from lineage_plugin.catalog.match import Matcher, normalised

# Few letters, so that patterns match, overlap and nearly match.
_names = st.text("ab.", min_size=1, max_size=3)
_globs = st.text("ab*?", min_size=1, max_size=5)
_segments = st.one_of(_names, _globs, st.just("**"))
patterns = st.lists(_segments, min_size=1, max_size=5).map(lambda s: "s3://lake/" + "/".join(s))
uris = st.lists(_names, min_size=0, max_size=6).map(lambda s: "/".join(["s3://lake", *s]))
anywhere = st.one_of(patterns, st.sampled_from(["**", "**/a", "s3://**/b", "*://*/a"]))


def matches(pattern: str, uri: str) -> bool:
    """Whether *pattern* matches *uri*, by trying every way."""
    wanted, given_ = normalised(pattern).split("/"), uri.split("/")

    @functools.cache
    def whole(i: int, j: int) -> bool:
        if i == len(wanted):
            return j == len(given_)
        if wanted[i] == "**":
            return whole(i + 1, j) or (j < len(given_) and whole(i, j + 1))
        return j < len(given_) and within(wanted[i], given_[j]) and whole(i + 1, j + 1)

    return whole(0, 0)


@functools.cache
def within(glob: str, name: str) -> bool:
    """Whether a segment matches, by trying every way."""
    if not glob:
        return not name
    if glob[0] == "*":
        return within(glob[1:], name) or (bool(name) and within(glob, name[1:]))
    return bool(name) and glob[0] in ("?", name[0]) and within(glob[1:], name[1:])


@given(st.lists(anywhere, max_size=12), uris)
def test_the_index_finds_what_trying_everything_finds(indexed: list[str], uri: str) -> None:
    expected = tuple(n for n, pattern in enumerate(indexed) if matches(pattern, uri))

    assert Matcher(indexed).match(uri) == expected


@given(st.lists(anywhere, max_size=12), uris, st.data())
def test_the_order_of_patterns_changes_nothing(
    indexed: list[str], uri: str, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(indexed))

    found = sorted(indexed[n] for n in Matcher(indexed).match(uri))
    assert sorted(shuffled[n] for n in Matcher(shuffled).match(uri)) == found


@given(patterns)
def test_normalising_twice_is_normalising_once(pattern: str) -> None:
    assert normalised(normalised(pattern)) == normalised(pattern)


@given(patterns, uris)
def test_a_pattern_and_all_below_it_matches_at_least_the_same(pattern: str, uri: str) -> None:
    if Matcher([pattern]).match(uri):
        assert Matcher([f"{pattern}/**"]).match(uri)
        assert Matcher([f"{pattern}/**"]).match(f"{uri}/more")
