"""The RFC 6962 tree head over a braid's signatures (SPEC §11.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


class SignatureTree:
    """A tree that grows by one signature at a time and keeps only O(log n) hashes."""

    def __init__(self, signatures: Iterable[bytes] = ()) -> None:
        self._peaks: list[bytes] = []
        self.count = 0
        for signature in signatures:
            self.append(signature)

    def append(self, signature: bytes) -> None:
        """Add the 64 bytes of the next signature in seq order."""
        here = hashlib.sha256(b"\x00" + signature).digest()
        size = self.count
        # Each one-bit at the low end of the count is a full subtree that now pairs up.
        while size & 1:
            here = hashlib.sha256(b"\x01" + self._peaks.pop() + here).digest()
            size >>= 1
        self._peaks.append(here)
        self.count += 1

    def head(self) -> bytes:
        """Give the 32-byte tree head; of no signatures, the SHA-256 of nothing."""
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        head = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            head = hashlib.sha256(b"\x01" + peak + head).digest()
        return head
