"""What of a transport's configuration may be shown: only what is known to hold no secret.  Pure."""

from __future__ import annotations

import re
from typing import Any

#: What stands for a value that is not shown.
MASK = "***"

#: Keys whose values are shown; a list of secret ones would miss the next one that somebody invents.
_SHOWN = frozenset(
    {
        "type", "url", "endpoint", "timeout", "verify", "compression", "retry", "total", "connect",
        "read", "backoff_factor", "log_file_path", "append", "topic", "flush", "name", "priority",
        "continue_on_failure", "continue_on_success", "sort_transports", "transformer_class",
        "wraps", "config_path", "config_conn_id", "environment",
    }
)  # fmt: skip

#: Keys of transports inside transports; under the second, names are chosen by people.
_NESTED, _NAMED = "transport", "transports"

_USERINFO = re.compile(r"(?<=://)[^/@\s]*@")
_QUERY = re.compile(r"[?#].*", re.DOTALL)


def masked(config: Any) -> Any:
    """Return *config* with everything that may be secret replaced by ``***``.

    Example:
        >>> masked({"type": "http", "url": "https://me:pw@host/x?token=1", "auth": {"apiKey": "k"}})
        {'type': 'http', 'url': 'https://***@host/x?***', 'auth': '***'}
    """
    if isinstance(config, dict):
        return {key: _shown(key, value) for key, value in config.items()}
    if isinstance(config, list):
        return [masked(item) for item in config]
    return masked_url(config) if isinstance(config, str) else config


def masked_url(text: str) -> str:
    """Return a URL without the password and the query in it; other text unchanged."""
    if "://" not in text:
        return text
    return _QUERY.sub(f"?{MASK}", _USERINFO.sub(f"{MASK}@", text))


def _shown(key: str, value: Any) -> Any:
    if key == _NAMED and isinstance(value, dict):
        return {name: _inner(transport) for name, transport in value.items()}
    if key in (_NESTED, _NAMED):
        return _inner(value)
    return masked(value) if key in _SHOWN else MASK


def _inner(transport: Any) -> Any:
    """Return what may be shown of a transport; what has no keys may be anything."""
    return masked(transport) if isinstance(transport, (dict, list)) else MASK


def holds_secrets(config: Any) -> bool:
    """Whether something of *config* would not be shown."""
    return bool(masked(config) != config)
