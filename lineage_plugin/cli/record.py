"""How commands reach the record, and the datasets that people name."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli.moments import KnownAt
from lineage_plugin.errors import LineagePluginError
from lineage_plugin.model import DatasetRef, EffectiveSummary
from lineage_plugin.store.api import Store

if TYPE_CHECKING:
    from lineage_plugin.catalog.compiled import CompiledCatalog
    from lineage_plugin.lineage.survey import Survey
    from lineage_plugin.policy.licenses import Terms

#: A listing that no terminal shows is a mistake; programs may ask for more.
LIMIT = 50

#: How many known names are compared with a misspelt one.
_CANDIDATES = 20_000


@contextlib.contextmanager
def opened(*, read_only: bool = True) -> Iterator[Store]:
    """Open the record, for reading unless more is asked for.

    Raises:
        SettingsError: It is not said, or not well, where it is.
        StoreError: It cannot be read.
    """
    from lineage_plugin.store import open_store

    settings = settings_file.load()
    store = open_store(
        settings.store_url,
        busy_timeout_ms=settings.append_budget_ms,
        read_only=read_only,
        create=False,
    )
    try:
        yield store
    finally:
        store.close()


@dataclass(frozen=True, slots=True)
class Seen:
    """All that is known about one dataset; ``ref`` is spelt as the record spells it.

    ``licenses`` are the terms that catalog files register.
    """

    ref: DatasetRef
    survey: Survey
    effective: EffectiveSummary
    licenses: Mapping[str, Terms]


def surveyed(ref: DatasetRef, *, at_us: int | None = None, known: KnownAt | None = None) -> Seen:
    """Work out what is declared about a dataset and what it inherits; writes nothing.

    Now, or at *at_us*; with what is known now, or was *known* then.

    Raises:
        click.UsageError: Neither the record nor the catalog knows the dataset.
        CatalogError: A catalog file is wrong.
    """
    from lineage_plugin.lineage import effective
    from lineage_plugin.lineage.said import catalogs_then
    from lineage_plugin.lineage.survey import survey

    catalog = compiled()
    moment_us = time.time_ns() // 1000 if at_us is None else at_us
    with opened() as store:
        seq = None if known is None else known.entry(store)
        said = catalog.declarations_for if seq is None else catalogs_then(store, seq)
        found = store.find(ref.uri, known_seq=seq)
        if found is None and not said(ref.uri):
            raise _unknown(store, ref, then="" if known is None else f" as known at {known.text}")
        ref = found or ref
        seen = survey(
            store,
            [ref],
            said,
            at_us=moment_us,
            is_now=at_us is None,
            known_seq=seq,
            rules=catalog.edge_rules,
        )
    terms = catalog.licenses
    unsettled = settings_file.load().license_through_train
    summaries = effective.of(seen, moment_us, terms, unsettled)
    return Seen(ref, seen, summaries[ref.uri], terms)


def surveyed_all(refs: Collection[DatasetRef]) -> Survey:
    """Work out how many datasets came to be and what is declared about them, now.

    Raises:
        CatalogError: A catalog file is wrong.
    """
    from lineage_plugin.lineage.survey import survey

    catalog = compiled()
    with opened() as store:
        return survey(
            store,
            refs,
            catalog.declarations_for,
            at_us=time.time_ns() // 1000,
            rules=catalog.edge_rules,
        )


def compiled() -> CompiledCatalog:
    """Compile what catalog files declare, unless that is done already.

    Raises:
        CatalogError: One of them is wrong.
    """
    from lineage_plugin.catalog.compiled import refresh

    settings = settings_file.load()
    return refresh(
        settings.catalog,
        settings.state_dir,
        policy=settings.policy,
        required=settings.required,
    )


def parsed(_ctx: click.Context, _param: click.Parameter, value: str | None) -> DatasetRef | None:
    """Read a dataset in any spelling: a URI, or a namespace and a name with a slash between."""
    return None if value is None else parse(value)


def parsed_all(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> tuple[DatasetRef, ...]:
    """Read several datasets."""
    return tuple(parse(value) for value in values)


def parse(text: str) -> DatasetRef:
    """Read one dataset as a person types it."""
    try:
        return DatasetRef.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def known(store: Store, ref: DatasetRef) -> DatasetRef:
    """Return the dataset as the record knows it.

    Raises:
        click.UsageError: The record does not know it; the message names one that it may have meant.
    """
    found = store.find(ref.uri)
    if found is not None:
        return found
    raise _unknown(store, ref)


def _unknown(store: Store, ref: DatasetRef, *, then: str = "") -> click.UsageError:
    meant = "" if then and store.find(ref.uri) else _meant(store, ref)
    return click.UsageError(f"the record knows no dataset {ref.uri}{then}{meant}")


def _meant(store: Store, ref: DatasetRef) -> str:
    """Return a did-you-mean among the datasets that the record knows, or what to do without."""
    close = _close(_names(store), ref)
    return (
        f" (did you mean {close}?)" if close else "; lineage-plugin datasets lists those it knows"
    )


def near_misses(refs: Collection[DatasetRef]) -> dict[DatasetRef, str]:
    """Map datasets that the record does not know to what may have been meant; never raises."""
    with contextlib.suppress(LineagePluginError), opened() as store:
        unknown = [ref for ref in refs if store.find(ref.uri) is None]
        uris = _names(store) if unknown else []
        beside = _neighbours(uris) if len(unknown) > 1 else {}
        return {
            ref: close
            for ref in unknown
            if (close := _close(beside.get(_folder(ref.uri), []) if beside else uris, ref))
        }
    return {}


def _neighbours(uris: Sequence[str]) -> dict[str, list[str]]:
    """Sort names by folder: comparing many with all of them would take minutes."""
    found: dict[str, list[str]] = {}
    for uri in uris:
        found.setdefault(_folder(uri), []).append(uri)
    return found


def _folder(uri: str) -> str:
    return uri.rpartition("/")[0]


def _names(store: Store) -> list[str]:
    return [summary.ref.uri for summary in store.datasets(limit=_CANDIDATES)]


def _close(uris: Sequence[str], ref: DatasetRef) -> str:
    name = ref.name.strip("/")
    close = get_close_matches(ref.uri, uris, n=1)
    close += [uri for uri in uris if name and uri.endswith(f"/{name}")]
    return close[0] if close else ""
