"""Documents that carry all they need, with a policy (CSP) that lets nothing else in.

The only file that knows Jinja.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from lineage_plugin._lazy import require


class Document(NamedTuple):
    """A document of HTML, and the content security policy that it needs.

    A server sends ``policy`` as a header; a document that is a file carries it inside.
    """

    text: str
    policy: str


def document(
    template: str,
    *,
    styles: Sequence[str],
    script: str = "",
    is_file: bool = True,
    **values: Any,
) -> Document:
    """Fill in a template of ``assets/``; what stands in *values* is escaped.

    Args:
        template: The file of the template.
        styles: The files of its style sheet.
        script: The file of its script, if it has one.
        is_file: Whether it is to carry its own policy, and may not send forms.
        values: What the template asks for.

    Raises:
        MissingLibrary: Jinja is not installed.
    """
    style = "".join(map(_asset, styles))
    code = _asset(script) if script else ""
    policy = _policy(style, code, is_file=is_file)
    text: str = _template(template).render(
        policy=policy if is_file else "", style=safe(style), script=safe(code), **values
    )
    return Document(text, policy)


def safe(markup: str) -> Any:
    """Mark what is markup already."""
    return require("markupsafe").Markup(markup)


def _policy(style: str, script: str, *, is_file: bool) -> str:
    """Return a content security policy that lets these two in and nothing else."""
    rules = [
        "default-src 'none'",
        f"style-src {_source(style)}",
        f"script-src {_source(script) if script else _NOTHING}",
        "base-uri 'none'",
    ]
    # A document cannot say by itself who may frame it; a server can.
    rules += (
        [f"form-action {_NOTHING}"] if is_file else ["form-action 'self'", "frame-ancestors 'self'"]
    )
    return "; ".join(rules)


_NOTHING = "'none'"


def _source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


@cache
def _asset(name: str) -> str:
    return (resources.files(__package__) / "assets" / name).read_text("utf-8")


@cache
def _environment() -> Any:
    jinja = require("jinja2")
    return jinja.Environment(
        autoescape=True,
        undefined=jinja.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja.FunctionLoader(_asset),
    )


@cache
def _template(name: str) -> Any:
    return _environment().get_template(name)
