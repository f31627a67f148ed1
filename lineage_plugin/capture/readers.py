"""Readers and writers whose native code opens files past Python: pyarrow and DuckDB.

pandas, Hugging Face datasets and others stand on these.
"""

from __future__ import annotations

import glob
import os
from typing import Any

from lineage_plugin.capture import sql
from lineage_plugin.capture.patches import after, before, derive
from lineage_plugin.capture.session import Session

#: Where the paths of pyarrow's filesystems lead; what fsspec opens is seen there.
_SCHEMES = {"local": "", "s3": "s3://", "gcs": "gs://", "hdfs": "hdfs://"}

#: Literals longer than this are data and no names.
_LONGEST = 4_096


def parquet(module: Any) -> None:
    """Note what ``pyarrow.parquet`` reads and writes."""
    before(
        module.ParquetFile,
        "__init__",
        lambda session, _self, source, *_, **how: _read(session, source, how.get("filesystem")),
    )
    before(
        module.ParquetWriter,
        "__init__",
        lambda session, _self, where, *_, **how: _wrote(session, where, how.get("filesystem")),
    )
    after(
        module.ParquetDataset,
        "__init__",
        lambda session, made: _read(session, list(made.files), made.filesystem),
    )
    for name in ("read_metadata", "read_schema"):
        before(
            module,
            name,
            lambda session, where, *_, **how: _read(session, where, how.get("filesystem")),
        )


def dataset(module: Any) -> None:
    """Note what ``pyarrow.dataset`` is made of, and writes."""
    after(module, "dataset", _dataset)
    before(
        module,
        "write_dataset",
        lambda session, _data, base_dir, *_, **how: _wrote(
            session, base_dir, how.get("filesystem")
        ),
    )


def single_files(module: Any) -> None:
    """Note the files that ``pyarrow.csv``, ``json``, ``feather`` and ``orc`` are given."""
    for name in ("read_csv", "open_csv", "read_json", "open_json", "read_table", "read_feather"):
        before(module, name, lambda session, source, *_, **__: _read(session, source))
    for name in ("write_csv", "write_feather", "write_table"):
        before(module, name, lambda session, _data, target, *_, **__: _wrote(session, target))
    derive(module, "CSVWriter", __init__=lambda session, sink, *_, **__: _wrote(session, sink))


def streams(module: Any) -> None:
    """Note what ``pyarrow`` itself opens."""
    before(module, "input_stream", lambda session, source, *_, **__: _read(session, source))
    before(module, "output_stream", lambda session, source, *_, **__: _wrote(session, source))
    before(module, "memory_map", _mapped)
    derive(module, "OSFile", __init__=_mapped)


def ipc(module: Any) -> None:
    """Note the files of ``pyarrow.ipc``."""
    for kind in ("File", "Stream"):
        for owner, note in (
            (f"RecordBatch{kind}Reader", _read),
            (f"RecordBatch{kind}Writer", _wrote),
        ):
            if (found := getattr(module, owner, None)) is not None:
                before(found, "__init__", _first(note))


def filesystems(module: Any) -> None:
    """Note what the filesystems of ``pyarrow.fs`` are asked to open."""
    notes = dict.fromkeys(("open_input_file", "open_input_stream"), _opened)
    notes |= dict.fromkeys(("open_output_stream", "open_append_stream"), _created)
    for owner in ("LocalFileSystem", "S3FileSystem", "GcsFileSystem", "HadoopFileSystem"):
        derive(module, owner, with_self=True, **notes)


def duckdb(module: Any) -> None:
    """Note the files that DuckDB's statements and functions name."""
    connection, relation = module.DuckDBPyConnection, module.DuckDBPyRelation
    for name in ("execute", "executemany", "sql", "query", "from_query"):
        before(connection, name, lambda session, _self, *given, **how: _asked(session, given, how))
        before(module, name, lambda session, *given, **how: _asked(session, given, how))
    for name in ("read_csv", "read_json", "read_parquet", "from_parquet", "from_csv_auto"):
        before(connection, name, _first(_globbed))
        before(module, name, lambda session, source, *_, **__: _globbed(session, source))
    for name in ("write_parquet", "to_parquet", "write_csv", "to_csv"):
        before(relation, name, _first(_wrote))
    before(module, "connect", _connected)


def _dataset(session: Session, made: Any) -> None:
    for child in getattr(made, "children", None) or [made]:
        files = getattr(child, "files", None)
        if files:
            _read(session, list(files), getattr(child, "filesystem", None))


def _read(session: Session, source: Any, filesystem: Any = None) -> None:
    session.reads_from(_located(source, filesystem))


def _wrote(session: Session, target: Any, filesystem: Any = None) -> None:
    session.writes_to(_located(target, filesystem))


def _first(note: Any) -> Any:
    return lambda session, _self, target, *_, **__: note(session, target)


def _opened(session: Session, filesystem: Any, path: Any, *_: Any, **__: Any) -> None:
    _read(session, path, filesystem)


def _created(session: Session, filesystem: Any, path: Any, *_: Any, **__: Any) -> None:
    _wrote(session, path, filesystem)


def _mapped(session: Session, path: Any, mode: str = "r", *_: Any, **__: Any) -> None:
    if "r" in mode:
        session.reads_from(path)
    if mode != "r":
        session.writes_to(path)


def _located(source: Any, filesystem: Any) -> Any:
    """Name what a filesystem of pyarrow would open; nothing for one that is seen elsewhere."""
    if filesystem is None:
        return source
    kind = str(getattr(filesystem, "type_name", ""))
    if kind == "subtree":
        inner, base = filesystem.base_fs, filesystem.base_path
        return _located(_each(source, lambda path: os.path.join(base, path)), inner)
    if kind not in _SCHEMES:
        return ()
    scheme = _SCHEMES[kind]
    return _each(source, lambda path: path if "://" in path else f"{scheme}{path}")


def _each(source: Any, change: Any) -> Any:
    if isinstance(source, (list, tuple)):
        return [_each(part, change) for part in source]
    return change(os.fspath(source)) if isinstance(source, (str, os.PathLike)) else source


def _asked(session: Session, given: tuple[Any, ...], how: dict[str, Any]) -> None:
    """Note what a statement (the first text) names, and its parameters (what comes after)."""
    statement, *parameters = [*given, *how.values()]
    found = sql.named(statement if isinstance(statement, str) else getattr(statement, "query", ""))
    _globbed(session, [*found.reads, *_strings(parameters)])
    session.writes_to(found.writes)


def _strings(values: Any) -> list[str]:
    if isinstance(values, (str, os.PathLike)):
        return [os.fspath(values)]
    if isinstance(values, dict):
        values = list(values.values())
    if isinstance(values, (list, tuple)):
        return [text for value in values for text in _strings(value)]
    return []


def _globbed(session: Session, source: Any) -> None:
    """Note files and addresses; text that names neither stands for nothing."""
    for text in _strings(source):
        if len(text) > _LONGEST or "\0" in text:
            continue
        if "://" in text:
            session.reads_from(text)
        elif any(mark in text for mark in "*?["):
            session.reads_from(glob.glob(text, recursive=True))
        elif os.path.isfile(text):
            if _is_database(text):
                session.connects_to(text)
            else:
                session.reads_from(text)


def _is_database(path: str) -> bool:
    return path.endswith((".db", ".duckdb", ".ddb", ".sqlite"))


def _connected(session: Session, database: Any = "", *_: Any, **__: Any) -> None:
    if os.fspath(database) not in ("", ":default:"):
        session.connects_to(database)
