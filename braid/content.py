"""The commitment that binds content and attrs to a header, and salted body digests (SPEC §5.1)."""

from __future__ import annotations

import hashlib

from braid.encoding import encode
from braid.strict_json import Json, dumps

SALT_BYTES = 32
MAX_CONTENT = 32 * 1024 * 1024  # content and attrs of one node together, SPEC §12
_PURPOSE = b"braid/1 content\n"


def commitment(salt: bytes, content: bytes, attrs: bytes) -> str:
    """Commit to content and attrs under a salt of 32 random bytes; 43 characters."""
    size, attrs_size = len(content).to_bytes(8, "big"), len(attrs).to_bytes(8, "big")
    return encode(
        hashlib.sha256(b"".join((_PURPOSE, salt, size, content, attrs_size, attrs))).digest()
    )


class BodyDigest:
    """The salted digest of a body that arrives in pieces (SPEC §5.5).

    The salt stands beside the node and goes with the words: without it, a digest of a
    short body would let anyone guess what was erased.
    """

    def __init__(self, bsalt: bytes) -> None:
        self._bsalt = bsalt
        self._hash = hashlib.sha256(bsalt)
        self._size = 0

    @property
    def bsalt(self) -> bytes:
        return self._bsalt

    def update(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        self._size += len(chunk)

    def claims(self) -> tuple[int, str, str]:
        """Give what a call or an end says of its body: its bytes, its digest, and of the salt."""
        salt = hashlib.sha256(self._bsalt).digest()
        return self._size, encode(self._hash.digest()), encode(salt)

    def claim(self) -> dict[str, Json]:
        """Say that as the content does: `{bytes, digest, salt}`."""
        size, digest, salt = self.claims()
        return {"bytes": size, "digest": digest, "salt": salt}


def write_attrs(attrs: dict[str, Json]) -> bytes:
    """Write attrs as the JSON bytes that are committed."""
    return dumps(attrs).encode("utf-8")
