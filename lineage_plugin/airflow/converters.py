"""Names of Assets whose schemes no installed provider can turn into OpenLineage datasets.

Without a converter the OpenLineage provider leaves an Asset out of its events without a word.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from lineage_plugin.model import DatasetRef

if TYPE_CHECKING:
    from openlineage.client.event_v2 import Dataset

#: Schemes of data for which provider packages register nothing, as far as is known.
SCHEMES = (
    "abfs",
    "abfss",
    "adl",
    "az",
    "dbfs",
    "hdfs",
    "hf",
    "http",
    "https",
    "wasb",
    "wasbs",
    "webhdfs",
)

#: Addresses whose query and user are no part of what data is called, and may be secret.
_WEB = frozenset({"http", "https"})

#: The entry points by which provider packages describe themselves.
_GROUP = "apache_airflow_provider"

_OURS = "lineage-plugin"


def to_openlineage(asset: Any, lineage_context: Any) -> Dataset:
    """Name an Asset by its URI; the web address of one loses what may be secret."""
    from openlineage.client.event_v2 import Dataset

    del lineage_context
    ref = DatasetRef.parse(plain_uri(asset.uri))
    return Dataset(namespace=ref.namespace, name=ref.name)


def asset_uris() -> list[dict[str, Any]]:
    """Describe our converter to Airflow, for the schemes that no other package has taken.

    Airflow lets the last package in the order of the alphabet win; we must not take anything away.
    """
    free = sorted(set(SCHEMES) - _taken())
    place = f"{__name__}.{to_openlineage.__name__}"
    return [{"schemes": free, "handler": None, "to_openlineage_converter": place}] if free else []


def plain_uri(uri: str) -> str:
    """Return *uri* without user, query and fragment, if it is an address of the web."""
    from urllib.parse import urlsplit

    parts = urlsplit(uri)
    if parts.scheme not in _WEB:
        return uri
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@cache
def _taken() -> frozenset[str]:
    """Return the schemes that other provider packages describe; a broken one describes none."""
    found: set[str] = set()
    for point in entry_points(group=_GROUP):
        if point.dist is not None and point.dist.name == _OURS:
            continue
        try:
            described = point.load()().get("asset-uris", ())
            found.update(scheme for each in described for scheme in each.get("schemes", ()))
        except Exception:  # noqa: BLE001, S112 - Airflow tells whose it is
            continue
    return frozenset(found)
