"""``provenance`` and ``requires``: what a task declares about what it writes, and what it needs.

Both go above or below ``@task``, above ``@task.<kind>``, and around what classic operators, their
``partial``s and mapped tasks are.  Put them above a kind that ships source elsewhere
(``@task.virtualenv``, ``@task.docker``): below it they would have to be importable there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Never, Protocol, TypeVar

from lineage_plugin.airflow.hook import MODES, UNSPECIFIED, Requirement, TaskHook

_T = TypeVar("_T")

#: The values of ``lineage_plugin.model.EdgeKind``, which costs too much to import at parse time.
EDGES = (
    "unspecified",
    "copy",
    "filter",
    "join",
    "aggregate",
    "anonymise",
    "embed",
    "train",
    "fine-tune",
    "generate",
)


class Decorator(Protocol):
    """Takes a task in any form and returns it in the same form."""

    def __call__(self, task: _T, /) -> _T:
        """Hang what the decorator says on *task*, and return *task*."""


def provenance(  # noqa: PLR0913 - one argument for each thing that can be said
    *,
    edge: str = UNSPECIFIED,
    overwrite: bool = False,
    lineage: Mapping[Any, Sequence[Any]] | None = None,
    external: bool = False,
    source: Mapping[str, Any] | str | None = None,
    license: Mapping[str, Any] | str | None = None,  # noqa: A002 - SPDX's spelling, as in the file
    consent: Mapping[str, Any] | str | None = None,
    custody: Sequence[Mapping[str, Any]] | Mapping[str, Any] | None = None,
    use: Mapping[str, Any] | Sequence[str] | None = None,
    categories: Sequence[str] = (),
    declassified: Mapping[str, Any] | None = None,
    valid_from: object = None,
    valid_until: object = None,
    assurance: str | None = None,
    evidence: Sequence[Any] | str | None = None,
    authority: str | None = None,
    **unknown: Never,
) -> Decorator:
    """Declare what a task does to its inputs and what is true of everything it writes.

    Args:
        edge: What the task is; decides what flows from its inputs to its outlets.
        overwrite: The task replaces its outlets wholly; without it a write is an append and what
            was true of the old content stays true.
        lineage: Which inputs each output was made from, as Assets or URIs (may be templates).  An
            input that is listed nowhere flows into every output; so does every input into an
            output that is not listed.
        external: The outlets come from outside, so that they need no inputs.
        source: Shapes from here on are those of an entry in ``provenance.yaml``.
        license: See *source*.
        consent: See *source*.
        custody: See *source*.
        use: See *source*.
        categories: Kinds of data, DPV names.
        declassified: The recorded decision that kinds of data which go in do not come out; only
            with *edge* ``anonymise`` or ``aggregate``.
        valid_from: When the declaration begins to hold.
        valid_until: When it ends.
        assurance: How well it is supported.
        evidence: Documents that support it.
        authority: Who says so; ``dag:<dag_id>`` if nobody is named.
        unknown: Nothing; a mistyped name gets a suggestion.

    Raises:
        TypeError: An argument or the decorated thing is of the wrong kind.
        ValueError: *edge* is no kind of edge.

    Example:
        >>> provenance(edge="copi")
        Traceback (most recent call last):
            ...
        ValueError: provenance: unknown edge 'copi'  (did you mean 'copy'?)
    """
    said = {
        "origin": "external" if external else None,
        "source": source,
        "license": license,
        "consent": consent,
        "custody": custody,
        "use": use,
        "categories": categories or None,
        "declassified": declassified,
        "valid_from": valid_from,
        "valid_until": valid_until,
        "assurance": assurance,
        "evidence": evidence,
        "authority": authority,
    }
    if unknown:
        name = min(unknown)
        names = ("edge", "overwrite", "lineage", "external", *said)
        message = f"provenance: unknown argument {name!r}{_suggestion(name, names)}"
        raise TypeError(message)
    if edge not in EDGES:
        message = f"provenance: unknown edge {edge!r}{_suggestion(edge, EDGES)}"
        raise ValueError(message)
    flags: dict[str, object] = {"overwrite": overwrite, "external": external}
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            message = f"provenance: {name} is True or False, not {flag!r}"
            raise TypeError(message)
    entry = {name: value for name, value in said.items() if value is not None}
    spoken = bool(entry.keys() - {"authority"})
    hook = TaskHook(
        edge=edge,
        overwrites=overwrite,
        declarations=(entry,) if spoken else (),
        lineage=_pairs(lineage),
    )
    return _decorator("provenance", hook)


def requires(
    purpose: str,
    *,
    suites: Sequence[str] = (),
    inputs: Sequence[Any] | None = None,
    recipient: str = "",
    mode: str = "",
) -> Decorator:
    """Let the body run only if everything it reads may be used for *purpose*.

    What is read is found from inlets, arguments and template fields; *inputs* adds to it.

    Args:
        purpose: A name of the tree of purposes; a gate refuses names that it does not know.
        suites: Suites to ask besides those that the administrator bound to the purpose.
        inputs: URIs (may be templates) or Assets that the task reads besides.
        recipient: To whom the task gives what it reads, where the purpose is such as disclosure.
        mode: ``warn`` or ``block``: at least so strict, where the administrator is milder.

    Raises:
        TypeError: An argument or the decorated thing is of the wrong kind.
        ValueError: *mode* is no mode.
    """
    named: object = purpose
    if not isinstance(named, str) or not named.strip():
        message = f'requires: name a purpose, as in @requires("model-training"), not {named!r}'
        raise TypeError(message)
    lists: dict[str, object] = {"suites": suites, "inputs": inputs or ()}
    for name, value in lists.items():
        if not isinstance(value, (list, tuple)):
            message = f"requires: {name} is a list, not {value!r}"
            raise TypeError(message)
    names: Sequence[object] = suites
    for suite in names:
        if not isinstance(suite, str):
            message = f"requires: a suite is named by a string, not {suite!r}"
            raise TypeError(message)
    whom: object = recipient
    if not isinstance(whom, str):
        message = f"requires: the recipient is named by a string, not {whom!r}"
        raise TypeError(message)
    if mode not in MODES:
        message = f"requires: unknown mode {mode!r}{_suggestion(str(mode), MODES[1:])}"
        raise ValueError(message)
    requirement = Requirement(
        purpose.strip(), tuple(suites), tuple(inputs or ()), recipient.strip(), mode
    )
    return _decorator(f"requires({purpose!r})", TaskHook(requirements=(requirement,)))


def _pairs(lineage: object) -> tuple[tuple[Any, tuple[Any, ...]], ...]:
    if lineage is None:
        return ()
    if not isinstance(lineage, Mapping):
        message = f"provenance: lineage maps each output to a list of inputs, not {lineage!r}"
        raise TypeError(message)
    for output, inputs in lineage.items():
        if not isinstance(inputs, (list, tuple)):
            message = f"provenance: lineage of {output!r} is a list of inputs, not {inputs!r}"
            raise TypeError(message)
    return tuple((output, tuple(inputs)) for output, inputs in lineage.items())


def _decorator(name: str, hook: TaskHook) -> Decorator:
    def decorate(task: _T, /) -> _T:
        from lineage_plugin.airflow.attach import attach

        return attach(task, hook, name)

    return decorate


def _suggestion(name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, names, n=1)
    return f"  (did you mean {close[0]!r}?)" if close else f"; one of {', '.join(names)}"
