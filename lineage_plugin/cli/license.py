"""``lineage-plugin license``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli import exits, purposes, record, tables
from lineage_plugin.errors import DeclarationError
from lineage_plugin.model import Outcome

if TYPE_CHECKING:
    from lineage_plugin.policy.licenses import Normalised, Terms
    from lineage_plugin.policy.purposes import Purposes
    from lineage_plugin.policy.verdicts import Explanation

#: Characters that are read from a pipe: more than any licence has, less than a machine minds.
_MOST_READ = 4_000_000

#: Characters of a text that are shown.
_MOST_SHOWN = 80


@click.command(
    "license", epilog=tables.example('lineage-plugin license "CC BY-NC 4.0" --for model-training')
)
@click.argument("words", metavar="TEXT...", nargs=-1, required=True)
@click.option("--for", "purpose", metavar="PURPOSE", default="", help="What it is to be used for.")
@tables.format_option
def command(words: tuple[str, ...], purpose: str, form: str) -> None:
    """Explain a license: what was recognised, what it permits, forbids and asks for.

    TEXT is an SPDX expression, a name as people write it, an address, or a name that a catalog
    file registers; - reads it from a pipe.

    Ends with 0 if the license is known (and permits the purpose), 2 if TEXT names none, 3 if it
    forbids the purpose, 4 if that cannot be told.
    """
    from lineage_plugin.policy import licenses

    settings = settings_file.load()
    tree = _tree(settings, purpose)
    custom = _registered()
    text = _text(words)
    found = licenses.normalise(text, custom=custom)
    row = _row(text, found, custom)
    if purpose:
        row |= _verdict(row["text"], found, purpose, tree, custom)
    if form == "table":
        _tell(row)
    else:
        tables.write_json(form, row)
    click.get_current_context().exit(_ended(found, row))


def _tree(settings: settings_file.Settings, purpose: str) -> Purposes:
    from lineage_plugin.policy import purposes as shipped

    known = purposes.checked(settings, purpose) if purpose else None
    return known or shipped.shipped()


def _text(words: tuple[str, ...]) -> str:
    return sys.stdin.read(_MOST_READ) if words == ("-",) else " ".join(words)


def _registered() -> Mapping[str, Terms]:
    """Return the terms that catalog files register; a catalog with mistakes registers none."""
    try:
        return record.compiled().licenses
    except DeclarationError as error:
        click.echo(
            f"the catalog has {len(error.problems)} mistakes, so that the licenses it registers "
            "are not known; run: lineage-plugin catalog check",
            err=True,
        )
        return {}


def _row(text: str, found: Normalised, custom: Mapping[str, Terms]) -> dict[str, Any]:
    from lineage_plugin.policy import license_terms, licenses

    return {
        "text": text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 3]}...",
        "expression": found.expression,
        "note": found.note,
        "suggestion": found.suggestion,
        "recognised": [
            {"text": part.text, "license": part.license, "how": part.how} for part in found.parts
        ],
        "permissions": list(licenses.permissions(found.expression, custom)),
        "prohibitions": list(licenses.prohibitions(found.expression, custom)),
        "duties": [
            {"duty": duty, "means": license_terms.meaning(duty)}
            for duty in licenses.duties(found.expression, custom)
        ],
        "licenses": [
            _single(name, license_terms.of(name, custom))
            for name in licenses.identifiers(found.expression)
        ],
    }


def _single(name: str, terms: Terms | None) -> dict[str, Any]:
    if terms is None:
        return {"license": name, "has_terms": False}
    return {
        "license": name,
        "has_terms": True,
        "title": terms.title,
        "issuer": terms.issuer,
        "url": terms.url,
        "permissions": list(terms.permits),
        "prohibitions": list(terms.prohibits),
        "duties": list(terms.duties),
        "share_under": list(terms.adapt_under or ((name,) if terms.is_share_alike else ())),
        "through_train": terms.through_train,
        "source": terms.source,
    }


def _verdict(
    text: str, found: Normalised, purpose: str, tree: Purposes, custom: Mapping[str, Terms]
) -> dict[str, Any]:
    from lineage_plugin.policy import licenses, verdicts

    verdict = found.says or licenses.verdict(found.expression, purpose, tree, custom)
    explain = partial(verdicts.explain, purpose=purpose, dataset="<the dataset>")
    told = explain("license", verdict, value=found.expression or text)
    conflict = _conflict(found.expression, explain, custom)
    warnings = []
    if conflict and told.passes and tree.is_sharing(purpose):
        verdict, told = "share-alike", conflict
    elif conflict:
        warnings.append(conflict.why)
    choice = licenses.alternatives(found.expression, purpose, tree, custom)
    return {
        "purpose": purpose,
        "verdict": verdict,
        "why": told.why,
        "remedy": told.remedy,
        "passes": told.passes,
        "is_definite": told.is_definite,
        "warnings": warnings,
        "alternatives": [
            {"license": each.expression, "verdict": each.verdict, "passes": _passes(each.verdict)}
            for each in choice
        ],
    }


def _conflict(
    expression: str, explain: Callable[..., Explanation], custom: Mapping[str, Terms]
) -> Explanation | None:
    """Say that the licences of one expression cannot be shared together, if they cannot."""
    from lineage_plugin.policy import combination

    bound = combination.Bound(expression)
    if not combination.conflicts([bound], custom):
        return None
    return explain("license_conflict", "share-alike", value=f"the others in {expression}")


def _passes(verdict: str) -> bool:
    from lineage_plugin.policy import verdicts

    return verdicts.passes("license", verdict)


def _ended(found: Normalised, row: Mapping[str, Any]) -> exits.ExitCode:
    if not (found.expression or found.says):
        return exits.ExitCode.WRONG_INPUT
    if not row.get("purpose"):
        known = all(each["has_terms"] for each in row["licenses"])
        return exits.ExitCode.DONE if known else exits.ExitCode.UNDECIDED
    if row["passes"]:
        return exits.ExitCode.DONE
    outcome = Outcome.DENIED if row["is_definite"] else Outcome.UNDECIDED
    return exits.OF_OUTCOME[outcome]


def _tell(row: Mapping[str, Any]) -> None:
    click.secho(tables.printable(row["expression"] or "no license was recognised"), bold=True)
    if row["note"]:
        click.echo(tables.printable(row["note"]))
    if row["suggestion"]:
        click.echo(tables.printable(f"did you mean {row['suggestion']!r}?"))
    if not row["expression"]:
        _tell_verdict(row)
        return
    click.echo("\nRecognised:")
    tables.write_table(
        [[each["text"], each["license"], each["how"]] for each in row["recognised"]],
        ["text", "license", "how"],
        indent=2,
    )
    is_known = all(each["has_terms"] for each in row["licenses"])
    none = "nothing" if is_known else "nothing that is known"
    click.echo(f"\nPermits:   {', '.join(row['permissions']) or none}")
    click.echo(f"Prohibits: {', '.join(row['prohibitions']) or none}")
    click.echo("Asks for:" if row["duties"] else f"Asks for:  {none}")
    tables.write_table([[d["duty"], d["means"]] for d in row["duties"]], ["", ""], indent=2)
    _tell_terms(row["licenses"])
    _tell_verdict(row)


def _tell_terms(found: list[dict[str, Any]]) -> None:
    click.echo("\nTerms:")
    for each in found:
        if not each["has_terms"]:
            click.echo(f"  {each['license']}: nobody wrote down its terms, so they are unknown")
            continue
        lines = [
            ["title", ", ".join(filter(None, (each["title"], each["issuer"])))],
            ["text", each["url"]],
            ["shared under", " or ".join(each["share_under"])],
            ["reaches a model", each["through_train"]],
            ["source", each["source"]],
        ]
        click.echo(f"  {each['license']}")
        tables.write_table([line for line in lines if line[1]], ["", ""], indent=4)


def _tell_verdict(row: Mapping[str, Any]) -> None:
    if not row.get("purpose"):
        return
    click.echo(f"\nFor {row['purpose']}: {row['verdict']}")
    click.echo(tables.printable(f"  {row['why']}"))
    if not row["passes"]:
        click.echo(tables.printable(f"  What to do: {row['remedy']}"))
    for warning in row["warnings"]:
        click.echo(tables.printable(f"  Warning: {warning}"))
    if row["alternatives"]:
        click.echo("\nWhoever uses the data chooses one:")
        tables.write_table(
            [[each["license"], each["verdict"]] for each in row["alternatives"]],
            ["license", "verdict"],
            indent=2,
        )
