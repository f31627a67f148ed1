"""Names of organisations, as they are compared: whatever the case and the space between words."""

from __future__ import annotations

from collections.abc import Collection
from string import ascii_lowercase, ascii_uppercase, digits
from unicodedata import normalize

#: The scheme under which a catalog speaks about a recipient, as it speaks about datasets by URI.
SCHEME = "recipient"

#: What stands for itself in a URI.  Source: RFC 3986 s.2.3, unreserved characters.
_PLAIN = frozenset(f"{ascii_lowercase}{ascii_uppercase}{digits}-._~")


def key(name: str) -> str:
    """Return the one spelling of a name.

    Example:
        >>> key("Acme  GmbH") == key(" acme gmbh")
        True
    """
    return " ".join(normalize("NFC", name).split()).casefold()


def is_among(name: str, known: Collection[str]) -> bool:
    """Whether *name* is one of *known*; nobody is among none, and no name is anybody's."""
    return bool(key(name)) and key(name) in map(key, known)


def uri(name: str) -> str:
    """Return the URI under which agreements with somebody are declared.

    Example:
        >>> uri("Acme GmbH")
        'recipient://acme%20gmbh'
    """
    # Percent-encoding (RFC 3986) by hand: urllib also opens connections, which the core may not.
    octets = (chr(o) if chr(o) in _PLAIN else f"%{o:02X}" for o in key(name).encode())
    return f"{SCHEME}://{''.join(octets)}"


def is_recipient(pattern: str) -> bool:
    """Whether a declaration about *pattern* is about a recipient, and about no dataset."""
    return pattern.startswith(f"{SCHEME}://")
