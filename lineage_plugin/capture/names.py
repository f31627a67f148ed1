"""What data that was fetched is called: no secrets, and one name whatever way it came.  Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

#: Buckets of object stores in addresses of the web: (host, path) -> (scheme://bucket, key).
#: Source: the addressing of Amazon S3, Google Cloud Storage, Azure Blob Storage, Hugging Face Hub.
_STORES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?P<b>[^/]+)\.s3[.-][^/]*amazonaws\.com(?::\d+)?/(?P<k>.*)"), "s3://{b}/{k}"),
    (re.compile(r"s3[.-][^/]*amazonaws\.com(?::\d+)?/(?P<b>[^/]+)/?(?P<k>.*)"), "s3://{b}/{k}"),
    (
        re.compile(r"storage\.googleapis\.com/(?:download/)?storage/v1/b/(?P<b>[^/]+)/o/(?P<k>.*)"),
        "gs://{b}/{k}",
    ),
    (re.compile(r"storage\.googleapis\.com/(?P<b>[^/]+)/(?P<k>.*)"), "gs://{b}/{k}"),
    (re.compile(r"(?P<b>[^/]+)\.storage\.googleapis\.com/(?P<k>.*)"), "gs://{b}/{k}"),
    (
        re.compile(r"(?P<a>[^/]+)\.(?:blob|dfs)\.core\.windows\.net/(?P<b>[^/]+)/?(?P<k>.*)"),
        "abfss://{b}@{a}.dfs.core.windows.net/{k}",
    ),
    (
        re.compile(
            r"(?:www\.)?huggingface\.co/datasets/(?P<b>[^/]+/[^/]+)/(?:resolve|raw)/[^/]+/(?P<k>.*)"
        ),
        "hf://datasets/{b}/{k}",
    ),
    (
        re.compile(
            r"(?:www\.)?huggingface\.co/(?!api/)(?P<b>[^/]+/[^/]+)/(?:resolve|raw)/[^/]+/(?P<k>.*)"
        ),
        "hf://{b}/{k}",
    ),
)

#: Services whose answers are about data and are none: lists of buckets, tokens, metadata.
_SERVICES = re.compile(
    r"(?:[^/]+\.)?(?:amazonaws\.com|googleapis\.com|core\.windows\.net|login\.microsoftonline\.com)"
    r"(?::\d+)?/|(?:www\.)?huggingface\.co/api/|169\.254\.169\.254/|metadata\.google\.internal/"
)

#: Schemes of addresses such as ``abfss://container@account.dfs.core.windows.net/path``.
_CONTAINED = frozenset({"abfs", "abfss", "wasb", "wasbs"})


def of_uri(uri: str) -> str:
    """Return the name of what *uri* leads to; nothing if that is no data of its own.

    Query, fragment and user go: they hold tokens and names of people.

    Example:
        >>> of_uri("https://me:pw@example.org/a%20b.csv?token=s3cret#x")
        'https://example.org/a b.csv'
        >>> of_uri("https://lake.s3.eu-west-1.amazonaws.com/photos/1.jpg?X-Amz-Signature=1")
        's3://lake/photos/1.jpg'
        >>> of_uri("https://sts.amazonaws.com/")
        ''
    """
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    scheme = parts.scheme
    if scheme == "file":
        return unquote(parts.path)
    if scheme in {"http", "https"}:
        return _of_web(scheme, f"{host}{port}", unquote(parts.path))
    # A container of Azure stands where others have a user.
    authority = parts.netloc if scheme in _CONTAINED else parts.netloc.rpartition("@")[2]
    return f"{scheme}://{authority}{unquote(parts.path)}" if authority or parts.path else ""


def _of_web(scheme: str, host: str, path: str) -> str:
    address = f"{host}{path or '/'}"
    for pattern, name in _STORES:
        if (found := pattern.fullmatch(address)) is not None:
            return name.format(**found.groupdict()) if found["k"] else ""
    if not host or _SERVICES.match(address):
        return ""
    return f"{scheme}://{address}"
