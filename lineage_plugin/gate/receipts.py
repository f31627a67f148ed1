"""Whether the record knows of the writes that Airflow knows of.  Pure.

An event that gets lost on its way would leave a gate with the state of before.  Airflow keeps asset
events in its own database, and ours leave a receipt in them; what they tell of and the record does
not know makes a gate undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lineage_plugin.gate import decide
from lineage_plugin.lineage.ancestry import Ancestry
from lineage_plugin.model import SECOND_US, DatasetRef, Reason, iso
from lineage_plugin.store.api import Activity, History

#: Clocks of workers and of Airflow's API server may differ by this much, and a run may end this
#: much before its event tells so, without being taken for another (microseconds).
SKEW_US = 300 * SECOND_US


@dataclass(frozen=True, slots=True)
class Reported:
    """A write of which Airflow knows, by an asset event.

    ``job_name`` and ``airflow_run`` are empty where no task is behind it, but a person or a
    watcher.  ``run_id`` is the run of the receipt, ``seq`` and ``head`` are what the last entry of
    the record was then; empty and 0 without one.
    """

    ref: DatasetRef
    at_us: int
    job_name: str = ""
    airflow_run: str = ""
    run_id: str = ""
    seq: int = 0
    head: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """Who wrote a dataset, as the record knows it, and who of them replaced all of it."""

    by: tuple[Activity, ...]
    replaced_by: frozenset[int] = frozenset()


#: Of what the record does not know at all.
_NOBODY = Written(())


def written(history: History, uris: Iterable[str]) -> dict[str, Written]:
    """Collect the writers of datasets, of what contains them and of what they contain."""
    wanted = set(uris)
    found: dict[str, Written] = {}
    for dataset, ref in history.datasets.items():
        if ref.uri not in wanted:
            continue
        touching = {dataset, *history.related.get(dataset, ())}
        writes = [(a, d, o) for a, d, o in history.writes if d in touching]
        ids = dict.fromkeys(a for a, _, _ in writes)
        found[ref.uri] = Written(
            tuple(history.activities[a] for a in ids),
            frozenset(a for a, d, overwrites in writes if overwrites and d == dataset),
        )
    return found


def surveyed(ancestry: Ancestry, uris: Iterable[str]) -> dict[str, Written]:
    """Collect the writers of what a gate looks at anyway: of the versions that there are now."""
    found: dict[str, Written] = {}
    for uri in dict.fromkeys(uris):
        writers = {
            version.activity.id: version.activity
            for version in ancestry.versions
            if version.activity is not None and _touches(version.uri, uri)
        }
        found[uri] = Written(tuple(writers.values()))
    return found


def missing(
    reported: Sequence[Reported],
    known: Mapping[str, Written],
    is_root: Callable[[str], bool],
) -> list[Reported]:
    """Return the writes that Airflow reported and the record does not know.

    Args:
        reported: What Airflow's last asset events tell.
        known: The writers of each dataset in the record.
        is_root: Whether somebody declared that a dataset comes from outside.
    """
    return [
        each
        for each in reported
        if not _is_known(each, known.get(each.ref.uri, _NOBODY), outside=is_root(each.ref.uri))
    ]


def rewritten(reported: Iterable[Reported], digest_at: Callable[[int], str]) -> list[Reported]:
    """Return those whose receipt names an entry that the record does not have, or another one."""
    return [each for each in reported if each.seq > 0 and digest_at(each.seq) != each.head]


def reasons(lacking: Iterable[Reported], changed: Iterable[Reported]) -> list[Reason]:
    """Say which runs are missing, and what to do; once for each dataset and run."""
    found = {(each.ref.uri, each.job_name, each.airflow_run): _missing(each) for each in lacking}
    for each in changed:
        found.setdefault((each.ref.uri, "", "rewritten"), _rewritten(each))
    return list(found.values())


def _is_known(event: Reported, known: Written, *, outside: bool) -> bool:
    if event.run_id:
        return any(
            event.run_id in writer.runs and event.at_us <= _ends_us(writer) + SKEW_US
            for writer in known.by
        ) or _is_replaced(event, known)
    if event.job_name:
        if any(_is_by(event, writer) for writer in known.by):
            return True
    elif outside:
        return True  # nobody expects the record to know how data from outside changes
    # One of before this was installed says nothing about what was written since.
    return any(event.at_us <= _ended_us(writer) for writer in known.by)


def _is_by(event: Reported, writer: Activity) -> bool:
    began = writer.started_us - SKEW_US <= event.at_us
    return writer.job_name == event.job_name and began and event.at_us <= _ends_us(writer) + SKEW_US


def _is_replaced(event: Reported, known: Written) -> bool:
    """Whether nothing can be left of what was reported: a later run replaced all of it."""
    return any(
        writer.id in known.replaced_by and writer.started_us > event.at_us + SKEW_US
        for writer in known.by
    )


def _ends_us(writer: Activity) -> int:
    """When it ended; one that has not may have written at any moment."""
    return 1 << 62 if writer.ended_us is None else writer.ended_us


def _ended_us(writer: Activity) -> int:
    return writer.started_us if writer.ended_us is None else writer.ended_us


def _touches(uri: str, other: str) -> bool:
    """Whether one of two datasets is the other or contains it."""
    return uri == other or uri.startswith(f"{other}/") or other.startswith(f"{uri}/")


def _missing(event: Reported) -> Reason:
    when = iso(event.at_us // SECOND_US * SECOND_US)
    if event.job_name:
        who = f"task {event.job_name} in run {event.airflow_run}"
        return decide.undecided(
            "record.run-missing",
            f"Airflow knows that {who} wrote it ({when}), and the record does not",
            f"bring back the events of that worker (its spool), or clear {event.job_name} in"
            f" {event.airflow_run}, so that it runs again",
            dataset=event.ref.uri,
        )
    return decide.undecided(
        "record.run-missing",
        f"somebody reported in Airflow that it changed ({when}), and the record knows no run that"
        " wrote it since",
        "let a task write it that is recorded, or, if it comes from outside, add in"
        f" provenance.yaml, under '{event.ref.uri}': origin: external",
        dataset=event.ref.uri,
    )


def _rewritten(event: Reported) -> Reason:
    who = f"task {event.job_name} in run {event.airflow_run}"
    return decide.undecided(
        "record.rewritten",
        f"{who} left a receipt for entry {event.seq} of the record, which is missing or another",
        "put the record back from a copy and run: lineage-plugin verify; if it was begun anew on"
        f" purpose, clear {event.job_name} in {event.airflow_run}, so that it runs again",
        dataset=event.ref.uri,
    )
