"""What a task's author declared, what it touched and what its gate said, as run facets.

Set ``[openlineage] custom_run_facets = lineage_plugin.airflow.run_facets.declared``.  It runs in
the fork that the OpenLineage provider emits from, so it asks nobody and never raises.  A
declaration that cannot be read becomes "unknown" with the reason, which blocks; it is never left
out.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage_plugin.airflow.capturing import besides, touched_by
from lineage_plugin.airflow.hook import TaskHook, hook_of
from lineage_plugin.airflow.inputs import lineage_of, reads_of, ref_of, runtime_outlets, writes_of
from lineage_plugin.airflow.said import said_for
from lineage_plugin.errors import DeclarationError
from lineage_plugin.facets import codec, names
from lineage_plugin.facets.events import UNREADABLE
from lineage_plugin.model import (
    DatasetRef,
    Decision,
    Declaration,
    EdgeKind,
    Outcome,
    Unknown,
)

if TYPE_CHECKING:
    from openlineage.client.facet_v2 import RunFacet

log = logging.getLogger(__name__)

#: Keys of ``Asset.extra`` that declare provenance, beside ``provenance``, which holds them all.
PLAIN_KEYS = frozenset(
    {"source", "license", "consent", "custody", "use", "categories", "origin", "declassified"}
)

#: Which decision a run shows when it passed several gates: the one that kept it from running.
_WORST_FIRST = (Outcome.DENIED, Outcome.UNDECIDED, Outcome.ALLOWED)


def declared(task_instance: Any, state: Any) -> dict[str, RunFacet]:
    """Return the run facets of a task instance; ``state`` is why the provider asks.

    A state set by hand in the web interface comes without a task, and so without facets.
    """
    del state
    facets: dict[str, RunFacet] = {}
    if not hasattr(task_instance, "get_template_context"):
        return facets
    for name, build in ((names.TASK, _task_facet), (names.GATE, _gate_facet)):
        try:
            if (facet := build(task_instance)) is not None:
                facets[name] = facet
        except Exception:
            # Lineage never breaks a task; that a run lacks its facets keeps no gate from asking.
            log.warning("%s cannot be attached to this task's events", name, exc_info=True)
    return facets


def _gate_facet(task_instance: Any) -> RunFacet | None:
    decision = _shown(task_instance)
    return codec.gate_facet(decision) if decision else None


def _task_facet(task_instance: Any) -> RunFacet:
    context = task_instance.get_template_context()
    hook = hook_of(context["task"])
    writes, reads = writes_of(context), reads_of(context, hook.requirements, ask_airflow=False)
    seen = touched_by(task_instance)
    for what in writes.unresolved:
        log.warning("An outlet of this task names no dataset and is not recorded: %s", what)
    for what in reads.unresolved:
        log.warning("An input of this task names no dataset, so its outlets pass no gate: %s", what)
    lineage, wrong = lineage_of(context, hook, writes.refs)
    for what in wrong:
        log.warning("What this task says about lineage counts only in part: %s", what)
    # Nobody said what was made from what was read without being declared: all of it may be.
    more = besides(seen.reads, reads.refs)
    lineage = {output: (*made_from, *more) for output, made_from in lineage.items()}
    unreadable = [DatasetRef(UNREADABLE, str(task_instance.id)) for _ in reads.unresolved]
    return codec.task_facet(
        edge=EdgeKind(hook.edge),
        overwrites=writes.refs if hook.overwrites else (),
        declarations=declarations_of(context, hook, writes.refs),
        inputs=(*reads.refs, *more, *unreadable),
        outputs=(*writes.refs, *besides(seen.writes, writes.refs)),
        files=seen.files,
        lineage=lineage,
    )


def declarations_of(
    context: Any, hook: TaskHook, outlets: Iterable[DatasetRef]
) -> list[Declaration]:
    """Return what decorators and Assets of a task declare, one for each authority and dataset."""
    instance = context["ti"]
    said: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    entries = [
        *((ref, entry) for entry in hook.declarations for ref in outlets),
        *_of_assets(context),
    ]
    for ref, entry in entries:
        authority = _authority(entry, instance.dag_id)
        told = said.setdefault((authority, ref.uri), [])
        if entry not in told:
            told.append(entry)
    where = f"task {instance.task_id} of dag {instance.dag_id}"
    folder = Path(getattr(context.get("dag"), "fileloc", "") or "").parent
    return [
        _declaration(authority, uri, told, where, folder) for (authority, uri), told in said.items()
    ]


def _of_assets(context: Any) -> Iterator[tuple[DatasetRef, Mapping[str, Any]]]:
    from airflow.sdk import Asset

    task = context["task"]
    for asset in (*(task.inlets or ()), *(task.outlets or ()), *runtime_outlets(context)):
        if isinstance(asset, Asset) and (entry := _of_extra(asset.extra)):
            yield ref_of(asset), entry


def _of_extra(extra: Mapping[str, Any]) -> Mapping[str, Any]:
    plain = {key: extra[key] for key in sorted(PLAIN_KEYS & extra.keys())}
    if "provenance" not in extra:
        return plain
    whole = extra["provenance"]
    return {**plain, **whole} if isinstance(whole, Mapping) else {**plain, "provenance": whole}


def _authority(entry: Mapping[str, Any], dag_id: str) -> str:
    named = entry.get("authority")
    return named if isinstance(named, str) and named.strip() else f"dag:{dag_id}"


def _declaration(
    authority: str, uri: str, told: list[Mapping[str, Any]], where: str, folder: Path
) -> Declaration:
    try:
        from lineage_plugin.catalog.inline import declaration_from

        entry = _joined(told)
        return declaration_from(
            uri,
            entry,
            authority=authority,
            where=where,
            folder=folder,
            purposes=_added_purposes(entry),
            license_names=_registered_licenses(entry),
        )
    except DeclarationError as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, it was meant to bind
        reason = f"{type(error).__name__}: {error}"
    log.warning("What %s says about %s in %s cannot be read: %s", authority, uri, where, reason)
    unknown = Unknown(f"what was declared in {where} cannot be read: {reason}")
    return Declaration(
        authority=authority,
        pattern=uri,
        source=unknown,
        license=unknown,
        consent=unknown,
        custody=unknown,
        where=where,
    )


def _added_purposes(entry: Mapping[str, Any]) -> Collection[str]:
    """Return the purposes that the policy adds, if *entry* names any purpose."""
    if not {"consent", "use"} & entry.keys():
        return ()
    from lineage_plugin import settings
    from lineage_plugin.catalog.policy_yaml import load_policy

    return load_policy(settings.load().policy).purposes_added.keys()


def _registered_licenses(entry: Mapping[str, Any]) -> Collection[str]:
    """Return the names of licences that catalog files register, if *entry* may use one."""
    if "LicenseRef-" not in str(entry.get("license")):
        return ()
    from lineage_plugin import settings
    from lineage_plugin.catalog.compiled import refresh

    here = settings.load()
    found = refresh(here.catalog, here.state_dir, policy=here.policy, required=here.required)
    return found.licenses.keys()


def _joined(told: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Put together what one authority says in several places, which may not contradict itself."""
    whole: dict[str, Any] = {}
    for entry in told:
        for key, value in entry.items():
            if key != "authority" and whole.setdefault(key, value) != value:
                message = f"{key!r} is declared twice and differently"
                raise ValueError(message)
    return whole


def _shown(task_instance: Any) -> Decision | None:
    """Choose what the run's events say: a refusal there means that nothing of the body ran."""
    decisions = [
        said.decision
        for said in said_for(task_instance)
        if said.at_entry or said.decision.outcome is Outcome.ALLOWED
    ]
    return min(decisions, key=lambda d: _WORST_FIRST.index(d.outcome), default=None)
