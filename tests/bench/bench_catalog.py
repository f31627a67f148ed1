"""The compiled catalog of 10,000 patterns beside the obvious ways."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lineage_plugin import codec
from lineage_plugin.catalog.compiled import CompiledCatalog, refresh
from lineage_plugin.catalog.match import Matcher

_PATTERNS = 10_000

_ENTRY = """\
  s3://lake-{a}/team-{b}/table_{n:05d}/**:
    origin: external
    valid_from: 2026-01-10
    source: {{issuer: Vendor {n}, method: user-generated-content}}
    license: CC-BY-4.0
    consent: {{basis: eu-gdpr:A6-1-a, purposes: [face-recognition], until: 2027-01-10}}
    custody: [{{from: Vendor {n}, event: licensed, agreement: "https://papers.example/{n}"}}]
    categories: [personal]
"""

#: What each process of ours has loaded anyway, because Airflow, the transport or the gate need it.
_BEFORE = "import array, hashlib, json, pathlib, struct, zlib, lineage_plugin.codec"

_PROBE = """
import sys, time
{before}
began = time.perf_counter()
{statement}
print(time.perf_counter() - began)
"""

_OURS = """
from pathlib import Path
from lineage_plugin.catalog.compiled import refresh
refresh([Path({yaml!r})], Path({state!r}))
"""
_JSON = "json.loads(pathlib.Path({json!r}).read_bytes())"
_YAML = """
import yaml
yaml.load(pathlib.Path({yaml!r}).read_bytes(), Loader=getattr(yaml, 'CSafeLoader', yaml.SafeLoader))
"""


def rows() -> list[tuple[str, float, float | None, str]]:
    """Compile 10,000 patterns, open them in fresh processes, and match."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        catalog, state, plain = home / "provenance.yaml", home / "state", home / "plain.json"
        catalog.write_text(_text())
        compile_s = _seconds(lambda: refresh([catalog], state), runs=1)
        found = CompiledCatalog.load(state)
        assert found is not None
        plain.write_text(json.dumps([codec.encode(d) for d in found.all()]))
        # Right after a write the files' stamps are not trusted yet: renew them.
        refresh([catalog], state, now_ns=time.time_ns() + 10**10)
        names: dict[str, Any] = {"yaml": str(catalog), "state": str(state), "json": str(plain)}
        open_s = _fresh(_OURS.format(**names), runs=7)
        json_s = _fresh(_JSON.format(**names), runs=7)
        yaml_s = _fresh(_YAML.format(**names), runs=1)
        return [
            ("catalog: compile 10,000 (beside yaml.load)", compile_s, yaml_s, "s"),
            ("catalog: fresh process, open (beside json.load)", open_s * 1e3, json_s * 1e3, "ms"),
            ("catalog: fresh process, open (beside yaml.load)", open_s * 1e3, yaml_s * 1e3, "ms"),
            *_matching(found),
        ]


def _matching(found: CompiledCatalog) -> list[tuple[str, float, float | None, str]]:
    patterns = [declaration.pattern for declaration in found.all()]
    expressions = [re.compile(_expression(pattern)) for pattern in patterns]
    uris = [pattern.replace("**", "day=7/part-0001") for pattern in patterns[:: _PATTERNS // 100]]
    matcher = Matcher(patterns)

    def loop(uri: str) -> tuple[int, ...]:
        return tuple(n for n, one in enumerate(expressions) if one.fullmatch(uri))

    assert [loop(uri) for uri in uris[:5]] == [matcher.match(uri) for uri in uris[:5]]
    ours = _each(matcher.match, uris * 50)
    reference = _each(loop, uris[:20])
    known = _each(found.declarations_for, uris * 50)
    return [
        ("catalog: match 1 of 10,000 (beside a loop of regexes)", ours, reference, "us"),
        ("catalog: declarations of a URI seen before", known, reference, "us"),
    ]


def _text() -> str:
    entries = (_ENTRY.format(a=n % 40, b=n % 400, n=n) for n in range(_PATTERNS))
    return "version: 1\nauthority: team\ndatasets:\n" + "".join(entries)


def _expression(pattern: str) -> str:
    return re.escape(pattern).replace(r"/\*\*", "(?:/.*)?").replace(r"\*", "[^/]*")


def _each(call: Callable[[str], object], uris: list[str]) -> float:
    """Return microseconds for one call."""
    return _seconds(lambda: [call(uri) for uri in uris], runs=3) / len(uris) * 1e6


def _seconds(call: Callable[[], object], *, runs: int) -> float:
    """Return the least of some runs, because what the rest of the machine does can only add."""
    found: list[float] = []
    for _ in range(runs):
        began = time.perf_counter()
        call()
        found.append(time.perf_counter() - began)
    return min(found)


def _fresh(statement: str, *, runs: int) -> float:
    probe = _PROBE.format(before=_BEFORE, statement=statement)
    return min(
        float(subprocess.check_output([sys.executable, "-c", probe], text=True))
        for _ in range(runs)
    )
