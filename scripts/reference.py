"""Write docs/reference from the code, so that it cannot say something else.

Usage: ``python scripts/reference.py``; tests/contract/test_reference.py fails where it differs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import click

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
#: As on a terminal of this width, whatever this one is.
_PLAIN: dict[str, Any] = {"terminal_width": 88, "help_option_names": ["-h", "--help"]}
_NOTE = "<!-- Written by `make docs`; change the code, not this file. -->"


def pages() -> dict[str, str]:
    """Return the text of every page by file name."""
    writers: dict[str, Callable[[], Iterable[str]]] = {
        "command.md": _command,
        "expectations.md": _expectations,
        "explanation.md": _explanation,
        "facets.md": _facets,
        "frame.md": _frame,
        "licenses.md": _licenses,
        "purposes.md": _purposes,
        "settings.md": _settings,
        "verdicts.md": _verdicts,
    }
    return {
        name: "\n".join([_NOTE, "", *write()]).rstrip() + "\n" for name, write in writers.items()
    }


def _command() -> Iterator[str]:
    from lineage_plugin.cli import command

    yield "# The command `lineage-plugin`"
    for context in _contexts(click.Context(command, info_name="lineage-plugin", **_PLAIN)):
        yield from ("", f"## `{context.command_path}`", "")
        yield from ("```text", context.get_help().rstrip(), "```")


def _contexts(context: click.Context) -> Iterator[click.Context]:
    yield context
    group = context.command
    if isinstance(group, click.Group):
        for name in group.list_commands(context):
            found = group.get_command(context, name)
            assert found is not None
            yield from _contexts(click.Context(found, parent=context, info_name=name))


def _expectations() -> Iterator[str]:
    from lineage_plugin.gate.custom_types import ARGUMENTS, CUSTOM_TYPES

    yield from ("# Expectations of our own", "", "A suite may use these beside all that Great")
    yield "Expectations has. Each asks every row of the [frame](frame.md); one that is asked of no"
    yield from ("row has not passed.", "")
    yield from _table(
        ("type", "holds if", "about", "arguments"),
        (
            (
                f"`{kind.type}`",
                kind.about,
                f"`{kind.column}`",
                ", ".join(
                    (*(f"**`{n}`**" for n in kind.required), *(f"`{n}`" for n in kind.optional))
                ),
            )
            for kind in CUSTOM_TYPES.values()
        ),
    )
    yield from ("", "## Arguments", "", "Those in bold have to be written.", "")
    yield from _table(("argument", "is"), ((f"`{n}`", told) for n, told in ARGUMENTS.items()))


def _facets() -> Iterator[str]:
    yield from ("# Facets", "", "What is added to OpenLineage events, by its JSON Schemas.")
    schemas = resources.files("lineage_plugin.facets") / "schemas"
    for name, schema in _documents(schemas):
        facet = name.removesuffix(".json")
        yield from ("", f"## {facet}", "", f"`{schema['$id']}`")
        for title, definition in schema["$defs"].items():
            fields = definition.get("properties") or _own_fields(definition)
            if fields:
                yield from ("", f"### {title}", "", definition.get("description", ""), "")
                yield from _table(
                    ("field", "meaning"),
                    ((f"`{key}`", each.get("description", "")) for key, each in fields.items()),
                )


def _own_fields(definition: dict[str, Any]) -> dict[str, Any]:
    """Return what a facet adds to the OpenLineage facet that it extends."""
    fields: dict[str, Any] = {}
    for part in definition.get("allOf", ()):
        fields |= part.get("properties", {})
    return fields


def _frame() -> Iterator[str]:
    from lineage_plugin.gate import frame

    yield "# The provenance frame"
    yield from ("", "What a suite sees: a row for each version that an input was made from.")
    yield from (f"Its columns are public API, version {frame.FRAME_VERSION}.", "")
    yield "A decision is made anew when one of these changes:"
    yield from ("", *_columns(frame.RELEVANT))
    yield from ("", "These change from run to run and count only where a suite names them:")
    yield from ("", *_columns(frame.VOLATILE))


def _columns(columns: Mapping[str, str]) -> Iterator[str]:
    yield from _table(
        ("column", "holds"), ((f"`{name}`", holds) for name, holds in columns.items())
    )


def _licenses() -> Iterator[str]:
    from lineage_plugin.policy import license_terms

    yield from ("# Licenses", "", "What the product knows of single licenses; not legal advice.")
    yield "`lineage-plugin license TEXT` explains one, or an expression of several."
    yield from ("", "## What may be forbidden", "")
    yield from _table(
        ("name", "verdict where it stands in the way", "stands in the way", "source"),
        (
            (f"`{n}`", f"`{row['verdict']}`", _WHEN[row["when"]], row["source"])
            for n, row in license_terms.actions().items()
        ),
    )
    yield from ("", "## Duties", "")
    yield from _table(
        ("duty", "means", "source"),
        (
            (f"`{row['name']}`", row["means"], row["source"])
            for row in _policy_table("duties", of="licenses")
        ),
    )
    yield from ("", "## Terms", "", "*Shared under*: under what may be shared what is made from")
    yield "the data, if not under any terms that keep what is passed on. *Model*: whether the terms"
    yield "reach a model that is trained on the data; `review` is for"
    yield from ("`[lineage_plugin] license_through_train` to decide.", "")
    yield from _table(
        ("license", "prohibits", "duties", "shared under", "model", "source"),
        (
            (
                f"`{name}`",
                ", ".join(terms.prohibits),
                ", ".join(terms.duties),
                ", ".join(terms.adapt_under),
                terms.through_train,
                terms.source,
            )
            for name, terms in sorted(license_terms.shipped().items())
        ),
    )
    yield from ("", "## What names no license", "")
    yield from _table(
        ("text", "because it", "perhaps meant"),
        (
            (f"`{row['spelling'] or ' '}`", row["note"], row["suggestion"])
            for row in _policy_table("not_said", of="licenses")
        ),
    )


#: When a prohibition counts, in words.
_WHEN = {
    "always": "whatever the purpose",
    "commercial": "if the purpose is commercial",
    "sharing": "if the purpose gives data to others",
    "training": "if the purpose trains a model",
}


def _purposes() -> Iterator[str]:
    rows = _policy_table("purposes")
    yield from ("# Purposes", "", "A purpose is allowed where one that it is under is allowed.", "")
    yield from _table(
        ("purpose", "under", "in DPV", "source"),
        (
            (f"`{row['name']}`", ", ".join(row["under"]), row.get("dpv", ""), row.get("source", ""))
            for row in rows
        ),
    )


def _settings() -> Iterator[str]:
    from lineage_plugin.airflow.provider import get_provider_info
    from lineage_plugin.settings import SECTION

    section = get_provider_info()["config"][SECTION]
    yield from (f"# Settings of `[{SECTION}]`", "")
    yield f"In `airflow.cfg`, or as `AIRFLOW__{SECTION.upper()}__<NAME>` in the environment."
    rows = (
        (f"`{name}`", f"`{option['default']}`", option["description"].strip())
        for name, option in section["options"].items()
    )
    yield from ("", *_table(("setting", "default", "meaning"), rows))


def _verdicts() -> Iterator[str]:
    yield from ("# Verdicts and reasons", "", "`area.verdict` is the id of a reason.")
    yield "Ids are public API: none is ever given a second meaning."
    rows = _policy_table("verdicts")
    clauses = {row["area"]: row["clause"] for row in _policy_table("areas", of="verdicts")}
    for area in dict.fromkeys(row["area"] for row in rows):
        yield from ("", f"## `{area}_verdict`", "", clauses.get(area, ""), "")
        yield "The values of the column, mildest first; those without an id pass."
        yield from ("", *_reasons(row for row in rows if row["area"] == area))
    yield from ("", "## Notes", "", "What blocks nothing and is shown with every decision.", "")
    yield from _table(
        ("id", "shown where", "means"),
        (
            (f"`{row['id']}`", f"`{row['column']}` is not `none`", row["why"])
            for row in _policy_table("notes", of="verdicts")
        ),
    )
    yield from ("", "## The gate itself", "")
    yield "Something that the gate needs is not there. Undecided, and never waived."
    faults = _policy_table("faults")
    yield from ("", *_table(
        ("reason", "means", "what to do", "source"),
        ((f"`{row['id']}`", row["means"], row["remedy"], row["source"]) for row in faults),
    ))  # fmt: skip
    yield from ("", "## Rules of the shipped suites", "")
    yield "The id where a suite refuses what passes elsewhere, or a column that is no verdict."
    yield "A suite of your own names its rules in `meta.rule`; one without a name is `suite.NAME`."
    yield from ("", *_table(("reason", "suites", "requires"), _rules()))


def _reasons(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield from _table(
        ("verdict", "reason", "means", "what to do", "source", "outcome", "waiver"),
        (
            (
                f"`{row['verdict']}`",
                "" if row["passes_by_default"] else f"`{row['area']}.{row['verdict']}`",
                row["why"],
                row["remedy"].replace("{{", "{").replace("}}", "}"),
                row["source"],
                _outcome(row),
                ""
                if row["passes_by_default"]
                else "possible"
                if row.get("is_waivable", True)
                else "never",
            )
            for row in rows
        ),
    )


def _outcome(row: dict[str, Any]) -> str:
    if row["passes_by_default"]:
        return "passes"
    return "`DENIED`" if row["is_definite"] else "`UNDECIDED`"


def _rules() -> Iterator[tuple[str, str, str]]:
    suites: dict[str, dict[str, str]] = {}
    for name, suite in _documents(resources.files("lineage_plugin.expectations")):
        for expectation in suite["expectations"]:
            rule = expectation["meta"]["rule"]
            suites.setdefault(rule, {})[name.removesuffix(".json")] = expectation["description"]
    for rule, found in sorted(suites.items()):
        yield f"`{rule}`", ", ".join(found), "; ".join(dict.fromkeys(found.values()))


def _explanation() -> Iterator[str]:
    schema = json.loads(explanation_schema().read_text("utf-8"))
    yield from ("# The JSON of `lineage-plugin explain`", "", schema["description"], "")
    yield from (f"`{schema['$id']}`", "", *_properties(schema, schema))
    for name, definition in schema["$defs"].items():
        yield from ("", f"## {name}", "", definition["description"], "")
        yield from _properties(schema, definition)


def explanation_schema() -> Traversable:
    """Return the JSON Schema of what ``explain`` prints."""
    return resources.files("lineage_plugin.cli") / "explanation.schema.json"


def _properties(schema: dict[str, Any], definition: dict[str, Any]) -> Iterator[str]:
    def meaning(field: dict[str, Any]) -> str:
        named = field.get("$ref") or field.get("items", {}).get("$ref", "")
        name = named.rpartition("/")[2]
        told = field.get("description") or schema["$defs"][name]["description"]
        return f"{told} See [{name}](#{name})." if name else str(told)

    fields = definition["properties"].items()
    yield from _table(("key", "holds"), ((f"`{key}`", meaning(field)) for key, field in fields))


def _policy_table(name: str, *, of: str = "") -> list[dict[str, Any]]:
    file = resources.files("lineage_plugin.policy") / "data" / f"{of or name}.json"
    rows: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))[name]
    return rows


def _documents(folder: Traversable) -> Iterator[tuple[str, dict[str, Any]]]:
    files = (file for file in folder.iterdir() if file.name.endswith(".json"))
    for file in sorted(files, key=lambda each: each.name):
        yield file.name, json.loads(file.read_text("utf-8"))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        cells = (cell.replace("|", r"\|") for cell in row)
        yield f"| {' | '.join(cells)} |"


def main() -> None:
    """Write all pages and remove what is no page any more."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for file in FOLDER.iterdir():
        if file.name not in wanted:
            file.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, "utf-8")
        print(f"docs/reference/{name}")


if __name__ == "__main__":
    main()
