"""What a task reads and writes, under the names that its OpenLineage events use.

Where the OpenLineage provider has a converter for an Asset its answer is taken, so that gate and
events agree; where it has none it drops the Asset from its events, and the URI itself is taken.
An Asset without a URI is named in the namespace ``airflow``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from lineage_plugin.airflow.converters import plain_uri
from lineage_plugin.airflow.hook import Requirement, TaskHook, hook_of
from lineage_plugin.model import DatasetRef

#: Namespace of Assets that have a name and no URI.
ASSET_NAMESPACE = "airflow"

#: What carries values of a task's arguments; anything else is looked at whole.
_CONTAINERS = (list, tuple, set, frozenset, dict)


@dataclass(frozen=True, slots=True)
class Touched:
    """Datasets, in the order they were found, and what could not be turned into one and why."""

    refs: tuple[DatasetRef, ...]
    unresolved: tuple[str, ...] = ()


class Named(NamedTuple):
    """An Asset as Airflow finds it, by either name, and the dataset that it stands for."""

    name: str | None
    uri: str | None
    ref: DatasetRef


def reads_of(
    context: Any, requirements: Iterable[Requirement] = (), *, ask_airflow: bool = True
) -> Touched:
    """Find what a task reads: inlets, Assets among its arguments, inputs that decorators name.

    Args:
        context: The task's context, templates rendered.
        requirements: Those of the task.
        ask_airflow: Whether aliases and names may be looked up; a fork must not, because it
            shares the connection to the supervisor with the task.
    """
    found = _Finder(context, ask_airflow)
    for thing in _read_by(context, requirements):
        found.add(thing)
    return found.touched()


def assets_of(context: Any, requirements: Iterable[Requirement] = ()) -> list[Named]:
    """List the Assets that a task reads, those behind aliases too.

    What cannot be resolved is for :func:`reads_of` to tell.
    """
    found = _Finder(context, ask_airflow=True)
    for thing in _read_by(context, requirements):
        found.add(thing)
    return list(found.assets)


def writes_of(context: Any) -> Touched:
    """Find what a task writes: its outlets, and Assets that it named while it ran."""
    found = _Finder(context, ask_airflow=False)
    for outlet in context["task"].outlets or ():
        found.add(outlet)
    for asset in runtime_outlets(context):
        found.add(asset)
    return found.touched()


def lineage_of(
    context: Any, hook: TaskHook, outlets: Iterable[DatasetRef]
) -> tuple[dict[DatasetRef, tuple[DatasetRef, ...]], list[str]]:
    """Find which inputs a task's author says that each of its outlets was made from.

    Returns:
        That, and what is wrong with the rest: of an outlet of which all cannot be resolved, nothing
        is said, so that everything flows into it.
    """
    known = {ref.uri: ref for ref in outlets}
    found: dict[DatasetRef, tuple[DatasetRef, ...]] = {}
    wrong: list[str] = []
    void: set[str] = set()
    for output, inputs in hook.lineage:
        target, sources = (
            _Finder(context, ask_airflow=False).all_of(things) for things in ([output], inputs)
        )
        wrong += [*target.unresolved, *sources.unresolved]
        for uri in (ref.uri for ref in target.refs):
            if uri not in known:
                wrong.append(f"{uri} is no outlet of this task")
            elif sources.unresolved:
                void.add(uri)
            else:
                found[known[uri]] = (*found.get(known[uri], ()), *sources.refs)
    return {ref: said for ref, said in found.items() if ref.uri not in void}, wrong


def runtime_outlets(context: Any) -> list[Any]:
    """Return the Assets that a task gave ``outlet_events`` for while it ran."""
    from airflow.providers.openlineage.utils.utils import get_runtime_outlet_assets

    return [asset for asset, _ in get_runtime_outlet_assets(context["ti"])]


def ref_of(asset: Any) -> DatasetRef:
    """Return the name under which the OpenLineage provider reports an Asset, or would."""
    from airflow.providers.openlineage.utils.utils import translate_airflow_asset

    if (dataset := translate_airflow_asset(asset, None)) is not None:
        return DatasetRef(dataset.namespace, dataset.name)
    if "://" in asset.uri:
        return DatasetRef.parse(plain_uri(asset.uri))
    return DatasetRef(ASSET_NAMESPACE, asset.uri)


def _read_by(context: Any, requirements: Iterable[Requirement]) -> Iterator[Any]:
    """List inlets, datasets among arguments, and what ``requires`` names."""
    task = context["task"]
    yield from task.inlets or ()
    for name in task.template_fields:
        yield from filter(_is_dataset, _leaves(getattr(task, name, None)))
    named = [value for requirement in requirements for value in requirement.inputs]
    named += [value for _, inputs in hook_of(task).lineage for value in inputs]
    for value in named:
        yield _rendered(value, task, context)


class _Finder:
    """Collects datasets and tells what it could not make one of."""

    def __init__(self, context: Any, ask_airflow: bool) -> None:  # noqa: FBT001
        self._context = context
        self._ask_airflow = ask_airflow
        self.assets: dict[Named, None] = {}
        self._refs: dict[DatasetRef, None] = {}
        self._unresolved: dict[str, None] = {}

    def all_of(self, things: Iterable[Any]) -> Touched:
        for thing in things:
            self.add(_rendered(thing, self._context["task"], self._context))
        return self.touched()

    def touched(self) -> Touched:
        return Touched(tuple(self._refs), tuple(self._unresolved))

    def add(self, thing: Any) -> None:
        try:
            refs = list(self._refs_of(thing))
        except Exception as error:  # noqa: BLE001 - whatever it is, the gate must hear of it
            self._unresolved[f"{_short(thing)}: {str(error) or type(error).__name__}"] = None
        else:
            self._refs.update(dict.fromkeys(refs))

    def _refs_of(self, thing: Any) -> Iterator[DatasetRef]:
        from airflow.sdk import Asset, AssetAlias, AssetAll, AssetAny
        from airflow.sdk.definitions.asset import AssetRef

        if isinstance(thing, str):
            yield DatasetRef.parse(thing)
        elif isinstance(thing, DatasetRef):
            yield thing
        elif isinstance(thing, Asset):
            yield self._known(thing)
        elif isinstance(thing, (AssetAny, AssetAll)):
            for part in thing.objects:
                yield from self._refs_of(part)
        elif isinstance(thing, AssetRef):
            yield self._looked_up(thing)
        elif isinstance(thing, AssetAlias):
            yield from self._aliased(thing)
        else:
            yield _converted(thing)

    def _looked_up(self, ref: Any) -> DatasetRef:
        from airflow.sdk.execution_time.context import OutletEventAccessors

        if uri := getattr(ref, "uri", ""):
            found = DatasetRef.parse(uri)
            self.assets[Named(None, uri, found)] = None
            return found
        self._must_ask()
        return self._known(OutletEventAccessors._get_asset_from_db(name=ref.name))  # noqa: SLF001

    def _aliased(self, alias: Any) -> Iterator[DatasetRef]:
        from airflow.sdk import Asset

        self._must_ask()
        events = list(self._context["inlet_events"][alias])
        if not events:
            message = "no Asset was ever reported under this alias"
            raise LookupError(message)
        for event in events:
            yield self._known(Asset(name=event.asset.name, uri=event.asset.uri))

    def _known(self, asset: Any) -> DatasetRef:
        ref = ref_of(asset)
        self.assets[Named(asset.name, asset.uri, ref)] = None
        return ref

    def _must_ask(self) -> None:
        if not self._ask_airflow:
            message = "only the task itself can look this up"
            raise LookupError(message)


def _converted(thing: Any) -> DatasetRef:
    from airflow.providers.openlineage.extractors.manager import ExtractorManager

    dataset = ExtractorManager.convert_to_ol_dataset(thing)
    if dataset is None:
        message = f"a {type(thing).__name__} names no dataset; use an Asset or a URI"
        raise LookupError(message)
    return DatasetRef(dataset.namespace, dataset.name)


def _is_dataset(value: Any) -> bool:
    from airflow.sdk.definitions.asset import BaseAsset

    kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(value).__mro__}
    return isinstance(value, (BaseAsset, DatasetRef)) or any(
        kind.startswith("openlineage.client.") and kind.endswith(".Dataset") for kind in kinds
    )


def _leaves(value: Any) -> Iterator[Any]:
    """Walk through the plain containers in *value*, each once."""
    waiting, seen = [value], set()
    while waiting:
        value = waiting.pop()
        if not isinstance(value, _CONTAINERS):
            yield value
        elif id(value) not in seen:
            seen.add(id(value))
            waiting.extend(value.values() if isinstance(value, dict) else value)


def _rendered(value: Any, task: Any, context: Any) -> Any:
    if isinstance(value, str) and "{{" in value:
        return task.render_template(value, context)
    return value


def _short(thing: Any) -> str:
    return f"{type(thing).__name__} {getattr(thing, 'name', None) or thing!s:.120}"
