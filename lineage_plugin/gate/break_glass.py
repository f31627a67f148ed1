"""Letting one run go on while the record cannot be reached: on a person's word, once, for hours.

A signed file in ``state_dir`` stands for the statement that the record cannot take yet.  It opens
nothing that a gate could judge: only a decision that says nothing but ``store.unavailable``, and
that itself could not be recorded, is overruled.  What was used is recorded as soon as the record is
back.

Whoever can act as Airflow's user on this machine can make such a file; it is kept from all others.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import logging
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from lineage_plugin.codec import canonical, decode, encode
from lineage_plugin.errors import StoreUnavailable
from lineage_plugin.model import (
    SECOND_US,
    Decision,
    Outcome,
    Statement,
    StatementKind,
    Subject,
)
from lineage_plugin.store.api import Store

log = logging.getLogger(__name__)

#: Nobody is on call for longer (hours).
MOST_HOURS = 24

#: The one reason that is overruled.
_OVERRULED = "store.unavailable"

_FOLDER = "break-glass"
_KEY = "key"
_KEY_BYTES = 32

#: A statement about one run; anything larger is none.
_MAX_BYTES = 65_536

#: Only Airflow's user.
_FILE_MODE, _FOLDER_MODE = 0o600, 0o700


def issue(statement: Statement, state_dir: Path) -> Path:
    """Write a statement of kind ``BREAK_GLASS`` where gates of this machine look for it.

    Raises:
        ValueError: It is not about one run, or lasts for too long.
        OSError: The file cannot be written.
    """
    if wrong := _problem(statement):
        raise ValueError(wrong)
    folder = state_dir / _FOLDER
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    key = _key(folder, create=True)
    file = folder / f"{statement.id}.json"
    _write_new(file, {"statement": encode(statement), "mac": _mac(statement, key)})
    return file


def used(decision: Decision, state_dir: Path) -> Decision:
    """Return *decision*, or that the run may go on, if somebody broke the glass for it.

    Never raises: what cannot be trusted opens nothing.
    """
    reasons = {reason.id for reason in decision.reasons}
    if decision.outcome is not Outcome.UNDECIDED or reasons != {_OVERRULED}:
        return decision
    if not decision.subject.dag_run_id:
        return decision
    folder = state_dir / _FOLDER
    try:
        for statement in _issued(folder):
            if not _is_about(statement.subject, decision.subject):
                continue
            if not statement.at_us <= decision.at_us < (statement.until_us or 0):
                log.warning("break-glass %s is not valid now", statement.id)
                continue
            opened = replace(
                decision,
                outcome=Outcome.ALLOWED,
                would_be=Outcome.UNDECIDED,
                owed=(*decision.owed, *decision.reasons),
                reasons=(),
                break_glass=statement.id,
            )
            if _claimed(folder, statement, opened):
                return opened
    except Exception:
        log.exception("%s cannot be trusted and opens nothing", folder)
    return decision


def bring_in(store: Store, state_dir: Path, *, recorded_us: int) -> None:
    """Record what was used, and what was issued and ran out, now that the record is there.

    Raises:
        StoreError: The record cannot take it.
    """
    folder = state_dir / _FOLDER
    if not any(folder.glob("*.json")):
        return
    try:
        issued = list(_issued(folder))
    except OSError as error:
        raise StoreUnavailable(
            f"what was let through by broken glass cannot be read: {error}",
            f"make {folder} Airflow's user's own again, mode 700",
        ) from error
    for statement in issued:
        decision = _claim_of(folder, statement)
        if decision is None:
            if recorded_us < (statement.until_us or 0):
                continue
            store.append_statement(statement, recorded_us=recorded_us)
        else:
            used_so = replace(statement, decision=decision.id, subject=decision.subject)
            store.append_decision(decision, recorded_us=recorded_us)
            store.append_statement(used_so, recorded_us=recorded_us)
        _put_away(folder, statement)


def _problem(statement: Statement) -> str:
    subject = statement.subject
    if statement.kind is not StatementKind.BREAK_GLASS:
        return "it is no statement of broken glass"
    if not (subject.dag_id and subject.task_id and subject.dag_run_id):
        return "name one task of one run: DAG, task and run"
    if not (statement.actor.strip() and statement.why.strip()):
        return "a person says why"
    if statement.until_us is None or statement.until_us <= statement.at_us:
        return "it ends at a time that is still to come"
    if statement.until_us - statement.at_us > MOST_HOURS * 3600 * SECOND_US:
        return f"it lasts at most {MOST_HOURS} hours"
    return ""


def _is_about(issued: Subject, asking: Subject) -> bool:
    return (issued.dag_id, issued.task_id, issued.dag_run_id, issued.map_index) == (
        asking.dag_id,
        asking.task_id,
        asking.dag_run_id,
        asking.map_index,
    )


def _issued(folder: Path) -> Iterator[Statement]:
    """Yield the statements that wait, as far as they can be trusted.

    Raises:
        OSError: The folder itself cannot be.
    """
    if not folder.is_dir():
        return
    _check_own(folder, os.lstat(folder))
    key = _key(folder, create=False)
    for file in sorted(folder.glob("*.json")):
        try:
            written = _read(file)
            statement = decode(Statement, written["statement"])
            if not hmac.compare_digest(str(written["mac"]), _mac(statement, key)):
                raise ValueError("its signature is not ours")  # noqa: TRY301 - told below
            if file.stem != statement.id or (wrong := _problem(statement)):
                raise ValueError(wrong or "its name is another's")  # noqa: TRY301
            if (folder / "recorded" / file.name).exists():
                raise ValueError("it was used before")  # noqa: TRY301
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("break-glass %s opens nothing: %s", file, error)
        else:
            yield statement


def _claimed(folder: Path, statement: Statement, opened: Decision) -> bool:
    """Use a statement up for one try of one task instance; asked again by it, say so again."""
    file = _claim_file(folder, statement)
    try:
        _write_new(file, {"decision": encode(opened)})
    except FileExistsError:
        known = _claim_of(folder, statement)
        if known is not None and known.subject.run_id == opened.subject.run_id:
            return True
        log.warning("break-glass %s was used before", statement.id)
        return False
    return True


def _claim_of(folder: Path, statement: Statement) -> Decision | None:
    file = _claim_file(folder, statement)
    with contextlib.suppress(FileNotFoundError):
        return decode(Decision, _read(file)["decision"])
    return None


def _claim_file(folder: Path, statement: Statement) -> Path:
    return folder / f"{statement.id}.used"


def _put_away(folder: Path, statement: Statement) -> None:
    """Keep the files, so that the same statement cannot be used a second time."""
    away = folder / "recorded"
    away.mkdir(mode=_FOLDER_MODE, exist_ok=True)
    for file in (_claim_file(folder, statement), folder / f"{statement.id}.json"):
        with contextlib.suppress(FileNotFoundError):
            file.rename(away / file.name)


def _key(folder: Path, *, create: bool) -> bytes:
    file = folder / _KEY
    if create and not file.exists():
        with contextlib.suppress(FileExistsError):
            _write_bytes(file, secrets.token_bytes(_KEY_BYTES))
    key = _read_bytes(file)
    if len(key) != _KEY_BYTES:
        message = f"{file} is no key; remove it, and issue anew"
        raise OSError(message)
    return key


def _mac(statement: Statement, key: bytes) -> str:
    text = canonical(encode(statement)).encode()
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def _read(file: Path) -> dict[str, Any]:
    found = json.loads(_read_bytes(file))
    if not isinstance(found, dict):
        raise ValueError("it is no statement")  # noqa: TRY004 - wrong data, not a wrong call
    return found


def _read_bytes(file: Path) -> bytes:
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), "rb") as opened:
        _check_own(file, os.fstat(opened.fileno()))
        return opened.read(_MAX_BYTES)


def _check_own(path: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        message = f"{path} is not for this user alone"
        raise PermissionError(message)


def _write_new(file: Path, content: dict[str, Any]) -> None:
    _write_bytes(file, canonical(content).encode())


def _write_bytes(file: Path, content: bytes) -> None:
    """Write a file that is not there yet, whole or not at all."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(file, flags, _FILE_MODE), "wb") as opened:
        try:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        except OSError:
            file.unlink(missing_ok=True)
            raise
