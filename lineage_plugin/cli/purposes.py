"""The purposes that a person may name: those that are shipped and those of the policy file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lineage_plugin.errors import DeclarationError
from lineage_plugin.settings import Settings

if TYPE_CHECKING:
    from lineage_plugin.policy.purposes import Purposes


def checked(settings: Settings, purpose: str, recipient: str = "") -> Purposes | None:
    """Return the tree of purposes, ``None`` where the policy file has mistakes.

    A task that asks for what nobody knows is undecided, and that is recorded; a person mistyped.

    Raises:
        click.BadParameter: The tree has no such purpose, or it gives nothing to a *recipient*.
    """
    from lineage_plugin.catalog.policy_yaml import load_policy
    from lineage_plugin.policy import purposes

    try:
        known = purposes.shipped().extended(load_policy(settings.policy).purposes_added)
    except DeclarationError:
        return None
    if purpose not in known:
        meant = known.suggest(purpose)
        hint = f"did you mean {meant!r}?" if meant else f"{settings.policy} may add it"
        raise click.BadParameter(f"unknown purpose {purpose!r} ({hint})", param_hint="--for")
    if recipient.strip() and not known.is_sharing(purpose):
        message = f"{purpose} gives nothing to anybody; --for disclosure does"
        raise click.BadParameter(message, param_hint="--recipient")
    return known
