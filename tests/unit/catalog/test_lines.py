"""YAML as people write it, and as somebody writes it who means harm."""

from __future__ import annotations

import pytest

from lineage_plugin.catalog import lines
from lineage_plugin.catalog.lines import Node, Unreadable, parse
from lineage_plugin.model import Problem


def plain(node: Node) -> object:
    """Return what *node* stands for, without lines."""
    if isinstance(node.value, dict):
        return {key: plain(value) for key, value in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    return node.value


def read(text: str) -> object:
    """Return what *text* stands for; it has no problems."""
    node, problems = parse(text.encode(), "f.yaml")
    assert problems == []
    return plain(node)


def refused(data: bytes) -> Problem:
    """Return why *data* is not read at all."""
    with pytest.raises(Unreadable) as caught:
        parse(data, "f.yaml")
    return caught.value.problem


def test_every_value_knows_its_line() -> None:
    node, _ = parse(b"a: 1\nb:\n  c: x\n  d:\n    - y\n", "f.yaml")

    assert node.key_lines == {"a": 1, "b": 2}
    assert node.value["b"].key_lines == {"c": 3, "d": 4}
    assert node.value["b"].value["d"].value[0].line == 5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("none", "none"),
        ("2026-01-10", "2026-01-10"),
        ("12:30:00", "12:30:00"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("17", 17),
        ("-3", -3),
        ("1.5", 1.5),
        ("4.0.1", "4.0.1"),
        ("'17'", "17"),
        ("'true'", "true"),
        ("!!str 17", "17"),
        ("99999999999999999999999", "99999999999999999999999"),
    ],
)
def test_only_json_like_values_are_more_than_text(text: str, value: object) -> None:
    assert read(f"a: {text}") == {"a": value}


def test_keys_are_texts() -> None:
    assert read("{none: a, 2026: b, true: c}") == {"none": "a", "2026": "b", "true": "c"}


def test_an_empty_file_is_nothing_on_its_first_line() -> None:
    assert parse(b"# only a comment\n", "f.yaml") == (Node(None, 1), [])


def test_a_byte_order_mark_is_not_part_of_the_first_key() -> None:
    assert plain(parse(b"\xef\xbb\xbfa: b", "f.yaml")[0]) == {"a": "b"}


def test_a_key_that_is_there_twice_is_reported_and_the_first_stays() -> None:
    node, problems = parse(b"a: 1\nb: 2\na: 3\n", "f.yaml")

    assert plain(node) == {"a": 1, "b": 2}
    assert problems == [Problem("'a' is there twice", "f.yaml:3", "first on line 1")]


def test_aliases_and_merged_mappings_stand_for_what_they_name() -> None:
    text = """
    base: &base {license: MIT, origin: external}
    more: &more {license: CC0-1.0, use: x}
    one: {<<: *base, license: 0BSD}
    two: {<<: [*base, *more]}
    list: [*base]
    """

    base = {"license": "MIT", "origin": "external"}
    assert read(text) == {
        "base": base,
        "more": {"license": "CC0-1.0", "use": "x"},
        "one": {"license": "0BSD", "origin": "external"},
        "two": {"license": "MIT", "origin": "external", "use": "x"},
        "list": [base],
    }


def test_a_text_that_could_fool_a_terminal_is_reported() -> None:
    _, problems = parse(b'a: "\\e[2J"\nb: "x\\u202Ey"\n', "f.yaml")

    assert [(p.where, p.message) for p in problems] == [
        ("f.yaml:1", "character 0x1b is not allowed in a text"),
        ("f.yaml:2", "character 0x202e is not allowed in a text"),
    ]


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"a: 1\nb: [1\n", 3, "not valid YAML: did not find expected ',' or ']'"),
        (b"a: 1\n\tb: 2\n", 2, "not valid YAML: found a tab character"),
        (b"\ta: 1\n", 1, "not valid YAML: found character that cannot start any token"),
        (b"a: b: c\n", 1, "not valid YAML: mapping values are not allowed"),
        (b"a: 'x\n", 2, "not valid YAML: found unexpected end of stream"),
        (b"a: 1\nb: \xff\xfe\n", 2, "byte 0xff is not UTF-8"),
        ("a: 1\nb: é\n".encode("utf-16"), 1, "byte 0xff is not UTF-8"),
        (b"a: 1\nb: \x00\n", 2, "character 0x00 is not allowed in YAML"),
        (b"a: 1\n---\nb: 2\n", 2, "a second document starts"),
        (b"a: *x\n", 1, "*x stands for nothing"),
        (b"a: &x\n  b: *x\n", 2, "*x stands for something that contains it"),
        (b"? [a]\n: b\n", 1, "a list or mapping cannot be a key"),
        (b"a: &x [1]\n? *x\n: b\n", 2, "a list or mapping cannot be a key"),
        (
            b"a: 1\nb: !!python/object/apply:os.system [ls]\n",
            2,
            "the tag 'tag:yaml.org,2002:python",
        ),
        (b"a: !secret x\n", 1, "the tag '!secret' is not allowed"),
        (b"<<: 7\n", 1, "'<<' stands before something that is not a mapping"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_one_problem_with_its_line(
    data: bytes, line: int, message: str
) -> None:
    problem = refused(data)

    assert problem.where == f"f.yaml:{line}"
    assert problem.message.startswith(message)


def test_a_billion_laughs_are_not_laughed() -> None:
    rows = [b"a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    rows += [b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 10)]

    assert refused(b"\n".join(rows)).message == "the file comes to more than 4,000,000 values"


@pytest.mark.parametrize("opening", [b"[", b"{a: ", b"- "])
def test_lists_in_lists_without_end_are_refused(opening: bytes) -> None:
    assert refused(opening * 100_000).message == "lists and mappings lie more than 32 deep"


def test_a_file_without_end_is_refused() -> None:
    assert refused(b"#" * (lines.MAX_BYTES + 1)).message == "the file is larger than 32 MiB"
