"""Files that commands write: whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click


def check_target(target: Path) -> None:
    """Refuse before the work what could not be written after it."""
    if str(target) != "-" and not os.access(target.absolute().parent, os.W_OK):
        raise click.BadParameter(
            f"{target.absolute().parent} is no folder that can be written to", param_hint="-o"
        )


def replace(target: Path, text: str) -> None:
    """Put *text* where *target* is, whole or not at all."""
    folder = target.absolute().parent
    try:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=f".{target.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).chmod(0o666 & ~_umask())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise click.BadParameter(f"{target} cannot be written: {error}", param_hint="-o") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
