"""The chain of digests that makes a record checkable.  Pure.

Each entry's digest covers the one before it, so whoever changes, drops or reorders an entry must
recompute every later one, and a head that was noted elsewhere no longer fits.  A payload takes part
by its digest only, so that its bytes can be erased without breaking the chain.

Source:
    SHA-256 is FIPS 180-4.  Salted, because a payload that can be guessed could otherwise be
    confirmed by its digest after it was erased.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from lineage_plugin.codec import canonical

#: Stands for the entry before the first.
GENESIS = bytes(32)

#: Bytes of a digest.
DIGEST_SIZE = 32

#: Bytes of salt: as many as make guessing hopeless (NIST SP 800-132 asks for at least 16).
SALT_SIZE = 16


def payload_digest(salt: bytes, body: str) -> bytes:
    """Return SHA-256 of *salt* and the UTF-8 bytes of *body*."""
    return hashlib.sha256(salt + body.encode()).digest()


@dataclass(frozen=True, slots=True)
class Header:
    """What an entry's digest covers.

    ``seq`` counts from 1, ``facts`` is canonical JSON, ``payload`` the digest of the payload, if
    there is one.
    """

    seq: int
    kind: str
    effective_us: int
    recorded_us: int
    facts: str
    payload: bytes | None = None


def link(previous: bytes, header: Header) -> bytes:
    """Return the digest of an entry that follows the entry with the digest *previous*.

    Example:
        >>> link(GENESIS, Header(1, "run", 0, 0, "{}")).hex()[:16]
        'd89e898d73ed539e'
    """
    plain = {
        "effective_us": header.effective_us,
        "facts": hashlib.sha256(header.facts.encode()).hexdigest(),
        "kind": header.kind,
        "payload": header.payload.hex() if header.payload is not None else None,
        "recorded_us": header.recorded_us,
        "seq": header.seq,
    }
    return hashlib.sha256(previous + canonical(plain).encode()).digest()
