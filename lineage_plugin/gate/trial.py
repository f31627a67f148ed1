"""Suites tried on frames in files, before they judge anything that matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lineage_plugin.gate.frame import COLUMNS
from lineage_plugin.gate.frame_file import FrameFile
from lineage_plugin.gate.judging import Judgement, judge
from lineage_plugin.gate.suite_file import Suite
from lineage_plugin.lineage.ancestry import Ancestry, Version
from lineage_plugin.model import EdgeKind
from lineage_plugin.store.api import Activity


@dataclass(frozen=True, slots=True)
class Trial:
    """What suites said of one frame; ``unmet`` is what was expected and is not so."""

    frame: FrameFile
    purpose: str
    judgement: Judgement
    unmet: tuple[str, ...]

    @property
    def is_told(self) -> bool:
        """Whether the frame says what is expected."""
        return self.frame.outcome is not None


def tried(suites: Sequence[Suite], frame: FrameFile, purpose: str = "") -> Trial:
    """Let *suites* judge a frame.

    Args:
        suites: What judges.
        frame: The rows, and what is expected.
        purpose: What the inputs are to be used for, if not what the rows say.
    """
    asked = {"purpose": purpose} if purpose else {}
    rows = [{**row, **asked} for row in frame.rows]
    for_what = str(rows[0]["purpose"]) if rows else purpose
    found = judge(
        suites,
        list(zip(rows, range(len(rows)), strict=True)),
        _ancestry(rows),
        columns=tuple(COLUMNS),
        purpose=for_what,
    )
    return Trial(frame, for_what, found, tuple(_unmet(frame, found)))


def _unmet(frame: FrameFile, found: Judgement) -> list[str]:
    if frame.outcome is None:
        return []
    unmet = []
    if found.outcome is not frame.outcome:
        unmet.append(f"expected {frame.outcome.value}, and it is {found.outcome.value}")
    given = {reason.id for reason in found.reasons}
    unmet += [f"no reason {missing}" for missing in frame.reasons if missing not in given]
    return unmet


def _ancestry(rows: Sequence[dict[str, object]]) -> Ancestry:
    """Return versions that say of themselves what the rows say; no way leads between them."""
    count = len(rows)
    return Ancestry(
        versions=[_version(number, row) for number, row in enumerate(rows)],
        current={},
        made_from=[()] * count,
        kept=[()] * count,
        toward=[-1] * count,
        depth=[_whole(row["depth"]) for row in rows],
        inputs_known=[True] * count,
    )


def _version(number: int, row: dict[str, object]) -> Version:
    namespace, slash, job = str(row["job"]).partition("/")
    kinds = {kind.value: kind for kind in EdgeKind}
    edges = frozenset(kinds[word] for word in str(row["edge"]).split() if word in kinds)
    writer = Activity(
        id=number + 1,
        job_namespace=namespace,
        job_name=job,
        group=str(row["version"]),
        started_us=0,
        ended_us=0,
        refused=False,
        edges=edges,
        runs=(),
    )
    return Version(number, str(row["dataset"]), writer if slash else None, is_open=False)


def _whole(cell: object) -> int:
    return cell if isinstance(cell, int) else 0
