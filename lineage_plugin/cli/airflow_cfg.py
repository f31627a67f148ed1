"""``airflow.cfg`` as text: settings are changed line by line, everything else keeps its bytes.

Airflow's own writer, and :mod:`configparser`'s, would drop comments and layout.  So lines are found
here by the rules of :mod:`configparser`, and after each change the result is read back with the
real thing: what would differ in anything but the setting that was asked for is refused.
"""

from __future__ import annotations

import configparser
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lineage_plugin.errors import SettingsError

#: The rules of configparser for a section header and for an option; Airflow keeps its defaults.
_HEADER = re.compile(r"\[(?P<header>.+)\]")
_OPTION = re.compile(r"(?P<option>.*?)\s*(?:(?P<delimiter>[=:])\s*(?P<value>.*))$")
_COMMENTS = ("#", ";")
_VARIABLE = re.compile(r"\$(\w+|\{[^}]*\})", re.ASCII)

#: Airflow expands until nothing changes; a variable that names itself would never end.
_EXPANSIONS = 10

#: Readable by its owner only: the file may hold passwords, and Airflow creates it like that.
PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class _Option:
    """Where an option stands: its lines, and its value from ``column`` of the first."""

    section: str
    name: str
    first: int
    last: int
    column: int


@dataclass(frozen=True, slots=True)
class _Map:
    """Where everything stands."""

    headers: Mapping[str, int]
    options: tuple[_Option, ...]

    def option(self, section: str, name: str) -> _Option | None:
        """Return where an option stands."""
        return next((o for o in self.options if (o.section, o.name) == (section, name)), None)


def escape(value: str) -> str:
    """Write *value* so that Airflow's interpolation reads it back unchanged."""
    return value.replace("%", "%%")


def expand(value: str, env: Mapping[str, str]) -> str:
    """Expand variables and a leading tilde as Airflow does to each value that it reads."""
    for _ in range(_EXPANSIONS):
        found = os.path.expanduser(_VARIABLE.sub(lambda m: env.get(m[1].strip("{}"), m[0]), value))  # noqa: PTH111
        if found == value:
            break
        value = found
    return value


def raw_value(text: str, section: str, name: str) -> str | None:
    """Return the value of an option as it stands in the file, inner lines and comments included."""
    option = _survey(text).option(section, name)
    if option is None:
        return None
    lines = _lines(text)[option.first : option.last + 1]
    return "".join(lines)[option.column :].rstrip()


def values(text: str, section: str, where: str) -> dict[str, str]:
    """Return the options of a section as Airflow reads them, before variables are expanded.

    Raises:
        SettingsError: Airflow could not read this text either.
    """
    parser = _parser(interpolation=configparser.BasicInterpolation())
    try:
        parser.read_string(text)
        return dict(parser.items(section)) if parser.has_section(section) else {}
    except configparser.Error as error:
        raise SettingsError(
            f"{where} cannot be read, neither by Airflow: {_first_line(error)}"
        ) from error


def with_value(text: str, section: str, name: str, raw: str) -> str:
    """Return *text* with an option set to *raw*, which is written as it is.

    Raises:
        SettingsError: *text* is laid out in a way that this cannot be done without touching more.
    """
    found = _survey(text)
    end = "\r\n" if "\r\n" in text else "\n"
    lines = _lines(text)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += end
    option = found.option(section, name)
    if option is not None:
        head = lines[option.first][: option.column].rstrip()
        lines[option.first : option.last + 1] = [f"{head} {raw}".rstrip() + end]
    elif section in found.headers:
        at, indent = _place(lines, found, section, name)
        lines[at:at] = [f"{indent}{name} = {raw}".rstrip() + end]
    else:
        lines += [end] * bool(lines) + [f"[{section}]{end}", f"{name} = {raw}".rstrip() + end]
    edited = "".join(lines)
    _refuse_other_changes(text, edited, section, name, raw)
    return edited


def _lines(text: str) -> list[str]:
    """Split as configparser does: at line feeds only, and keep them."""
    return [line for line in re.split(r"(?<=\n)", text) if line]


def _survey(text: str) -> _Map:
    """Find sections and options as :meth:`configparser.RawConfigParser._read` does."""
    headers: dict[str, int] = {}
    options: list[_Option] = []
    section: str | None = None
    open_option = False
    indent = 0
    for number, line in enumerate(_lines(text)):
        value = line.strip()
        if not value or value.startswith(_COMMENTS):
            continue
        here = len(line) - len(line.lstrip())
        if section is not None and open_option and here > indent:
            last = options.pop()
            options.append(_Option(last.section, last.name, last.first, number, last.column))
            continue
        indent = here
        if header := _HEADER.match(value):
            section, open_option = header["header"], False
            headers.setdefault(section, number)
        elif section is not None and (match := _OPTION.match(value)):
            options.append(
                _Option(section, match["option"], number, number, here + match.start("value"))
            )
            open_option = True
    return _Map(headers, tuple(options))


def _place(lines: list[str], found: _Map, section: str, name: str) -> tuple[int, str]:
    """Return before which line a new option goes, and how far it is indented.

    After the commented-out default, where Airflow's own file has one; else after the last option.
    """
    header = found.headers[section]
    options = [option for option in found.options if option.section == section]
    after = [line for line in found.headers.values() if line > header]
    end = min(after, default=len(lines))
    first = lines[options[0].first] if options else ""
    indent = first[: len(first) - len(first.lstrip())]
    default = re.compile(rf"\s*[#;]\s*{re.escape(name)}\s*[=:]")
    inside = {n for option in options for n in range(option.first, option.last)}
    for number in range(header + 1, end):
        if default.match(lines[number]) and number not in inside:
            return number + 1, indent
    return (options[-1].last if options else header) + 1, indent


def _refuse_other_changes(before: str, after: str, section: str, name: str, raw: str) -> None:
    was, now = _plain(before), _plain(after)
    now_here = now.get(section, {}).pop(name, None)
    was.get(section, {}).pop(name, None)
    if not was.get(section) and not now.get(section):
        was.pop(section, None)
        now.pop(section, None)
    if was != now or now_here is None or _words(now_here) != _words(raw):
        raise SettingsError(
            f"[{section}] {name} cannot be set without touching other lines of airflow.cfg; "
            "set it by hand"
        )


def _words(value: str) -> list[str]:
    """Return *value* without what a reader drops: comment lines and the space around lines."""
    lines = (line.strip() for line in value.splitlines())
    return [line for line in lines if line and not line.startswith(_COMMENTS)]


def _plain(text: str) -> dict[str, dict[str, str]]:
    parser = _parser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise SettingsError(f"airflow.cfg cannot be read: {_first_line(error)}") from error
    return {name: dict(parser.items(name)) for name in parser.sections()}


def _parser(interpolation: configparser.Interpolation | None) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=interpolation)
    # Airflow tells Transport from transport: only the lower-case spelling counts.
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    return parser


def _first_line(error: configparser.Error) -> str:
    """Return what is wrong without the offending line itself, which may hold a password."""
    if isinstance(error, configparser.DuplicateOptionError):
        return f"line {error.lineno} sets {error.option} of [{error.section}] a second time"
    if isinstance(error, configparser.DuplicateSectionError):
        return f"line {error.lineno} opens [{error.section}] a second time"
    if isinstance(error, configparser.MissingSectionHeaderError):
        return f"line {error.lineno} stands before the first [section]"
    if isinstance(error, configparser.ParsingError):
        lines = ", ".join(str(number) for number, _ in error.errors)
        return f"line {lines} is neither a section nor a setting"
    if isinstance(error, configparser.InterpolationError):
        return f"{error.option} of [{error.section}] has a % that is not written %%"
    return type(error).__name__


def read_text(path: Path) -> str | None:
    """Return what *path* holds, or ``None`` if it is not there.

    Raises:
        SettingsError: It is there and cannot be read.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error


def replace(path: Path, text: str, *, before: str | None) -> Path | None:
    """Write *text* to *path* in one step, after a backup; returns the backup.

    A symbolic link keeps pointing where it points; mode and owner stay.

    Raises:
        SettingsError: It cannot be written, or it is no longer *before*.
    """
    target = Path(os.path.realpath(path))
    if read_text(target) != before:
        raise SettingsError(f"{path} was changed by somebody else meanwhile; run again")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        backup = _back_up(target, before) if before is not None else None
        _write_through(target, text)
    except OSError as error:
        raise SettingsError(
            f"{target} cannot be written: {error.strerror or error}; run as the user who owns it, "
            "or set by hand what --dry-run shows"
        ) from error
    return backup


def _back_up(target: Path, text: str) -> Path:
    number = 0
    while True:
        suffix = f".{number}" if number else ""
        backup = target.with_name(f"{target.name}.before-lineage-plugin{suffix}")
        try:
            descriptor = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        except FileExistsError:
            number += 1
            continue
        _fill(descriptor, text, lambda fd: _own_like(fd, target))
        return backup


def _write_through(target: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")

    def like_before(fd: int) -> None:
        if target.exists():
            _own_like(fd, target)
            os.fchmod(fd, target.stat().st_mode & 0o7777)

    try:
        _fill(descriptor, text, like_before)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _fill(descriptor: int, text: str, prepare: Callable[[int], None]) -> None:
    with os.fdopen(descriptor, "wb") as file:
        prepare(descriptor)
        file.write(text.encode("utf-8"))
        file.flush()
        os.fsync(descriptor)


def _own_like(descriptor: int, target: Path) -> None:
    wanted, is_ours = target.stat(), os.fstat(descriptor)
    if (wanted.st_uid, wanted.st_gid) != (is_ours.st_uid, is_ours.st_gid):
        os.fchown(descriptor, wanted.st_uid, wanted.st_gid)
