"""RFC 6962 §2.1 as it stands there, over lists of leaves: what proofs are compared with."""

from __future__ import annotations

import hashlib


def left(count: int) -> int:
    """The largest power of two smaller than this."""
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def head(leaves: list[bytes]) -> bytes:
    """MTH."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = left(len(leaves))
    return hashlib.sha256(b"\x01" + head(leaves[:k]) + head(leaves[k:])).digest()


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH, the audit path."""
    if len(leaves) == 1:
        return []
    k = left(len(leaves))
    if index < k:
        return [*path(index, leaves[:k]), head(leaves[k:])]
    return [*path(index - k, leaves[k:]), head(leaves[:k])]


def proof(old: int, leaves: list[bytes]) -> list[bytes]:
    """PROOF, of consistency."""
    return subproof(old, leaves, True)


def subproof(old: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [head(leaves)]
    k = left(len(leaves))
    if old <= k:
        return [*subproof(old, leaves[:k], whole), head(leaves[k:])]
    return [*subproof(old - k, leaves[k:], False), head(leaves[:k])]
