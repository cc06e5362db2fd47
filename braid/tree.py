"""The Merkle tree of RFC 6962: heads of signatures, and proofs of a log (SPEC §11.1, §13.1).

A tree's hashes are asked for through a `ReadHash`: (level, index) names the head of the full
subtree over the leaves index·2^level … (index+1)·2^level − 1; level 0 are the leaf hashes. Such a
hash never changes once it exists, so a store keeps it for good.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from braid.errors import Malformed

HASH_BYTES = 32
EMPTY_HEAD = hashlib.sha256(b"").digest()
ReadHash = Callable[[int, int], bytes]


def hash_leaf(leaf: bytes) -> bytes:
    """Hash the bytes of one leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def hash_pair(left: bytes, right: bytes) -> bytes:
    """Hash two heads into the one above them."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class CompactRange:
    """A tree that grows by one leaf at a time and keeps only O(log n) hashes.

    `count` is how many leaves it has, `peaks` the heads of its full subtrees, widest first: what a
    store keeps to go on from.
    """

    __slots__ = ("_peaks", "count")

    def __init__(self, count: int = 0, peaks: Iterable[bytes] = ()) -> None:
        """Go on from a count and its peaks; raises ValueError where they do not belong together."""
        self._peaks = list(peaks)
        self.count = count
        if count < 0 or len(self._peaks) != count.bit_count():
            raise ValueError(f"{count} leaves: expected {count.bit_count()} peaks")

    @property
    def peaks(self) -> tuple[bytes, ...]:
        return tuple(self._peaks)

    def append_hash(self, leaf_hash: bytes) -> list[bytes]:
        """Add the hash of the next leaf; gives the heads of the subtrees that it completes.

        The first is the leaf's own, the n-th has level n; the index of each is the leaf's index
        shifted right by its level. These are the hashes that a store has to add.
        """
        completed = [leaf_hash]
        size = self.count
        # Each one-bit at the low end of the count is a full subtree that now pairs up.
        while size & 1:
            completed.append(hash_pair(self._peaks.pop(), completed[-1]))
            size >>= 1
        self._peaks.append(completed[-1])
        self.count += 1
        return completed

    def head(self) -> bytes:
        """Give the 32-byte tree head; of no leaves, the SHA-256 of nothing."""
        if not self._peaks:
            return EMPTY_HEAD
        head = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            head = hash_pair(peak, head)
        return head


class SignatureTree(CompactRange):
    """The tree over a braid's signatures (SPEC §11.1)."""

    __slots__ = ()

    def __init__(self, signatures: Iterable[bytes] = ()) -> None:
        super().__init__()
        for signature in signatures:
            self.append(signature)

    def append(self, signature: bytes) -> None:
        """Add the 64 bytes of the next signature in seq order."""
        self.append_hash(hash_leaf(signature))


def tree_head(read: ReadHash, size: int) -> bytes:
    """Give the head of the first `size` leaves from stored hashes."""
    return _head(read, 0, size) if size else EMPTY_HEAD


def prove_inclusion(read: ReadHash, index: int, size: int) -> tuple[bytes, ...]:
    """Give the path from a leaf to the head of the first `size` leaves, lowest first.

    Reads O(log n) hashes. Raises ValueError where the leaf is not among them.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} among {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _left(end - start)
        if index < middle:
            path.append(_head(read, middle, end))
            end = middle
        else:
            path.append(_head(read, start, middle))
            start = middle
    return tuple(reversed(path))


def prove_consistency(read: ReadHash, old: int, new: int) -> tuple[bytes, ...]:
    """Give the proof that the first `old` leaves of `new` are as they were.

    Reads O(log n) hashes. Raises ValueError for sizes that have no such proof: `old` is at least 1
    (of nothing everything goes on, and a proof would say nothing), at most `new`.
    """
    if not 0 < old <= new:
        raise ValueError(f"no proof from {old} to {new} leaves")
    path: list[bytes] = []
    start, end = 0, new
    while old != end:
        middle = start + _left(end - start)
        if old <= middle:
            path.append(_head(read, middle, end))
            end = middle
        else:
            path.append(_head(read, start, middle))
            start = middle
    if start:
        # Else the part that did not change is the old tree itself, whose head is known.
        path.append(_head(read, start, end))
    return tuple(reversed(path))


def _left(count: int) -> int:
    """Give how many of at least two leaves stand left: the largest power of two below."""
    return 1 << (count - 1).bit_length() - 1


def _head(read: ReadHash, start: int, end: int) -> bytes:
    count = end - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return read(level, start >> level)
    middle = start + _left(count)
    return hash_pair(_head(read, start, middle), _head(read, middle, end))


def check_inclusion(
    leaf_hash: bytes, index: int, size: int, root: bytes, path: Sequence[bytes]
) -> None:
    """Check that a leaf stands at this place in the tree with this head (RFC 9162 §2.1.3.2).

    Raises Malformed (E_PROOF): an index that is not below the size, a path that is too short or too
    long, another head.
    """
    if not 0 <= index < size:
        raise Malformed("E_PROOF", f"index: expected a number below the tree size {size}")
    _check_lengths((leaf_hash, root, *path))
    here, place, last = leaf_hash, index, size - 1
    for step in path:
        if last == 0:
            raise Malformed("E_PROOF", f"path: {len(path)} hashes are too many for {size} leaves")
        if place & 1 or place == last:
            here = hash_pair(step, here)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            here = hash_pair(here, step)
        place, last = place >> 1, last >> 1
    if last:
        raise Malformed("E_PROOF", f"path: {len(path)} hashes are too few for {size} leaves")
    if here != root:
        raise Malformed("E_PROOF", "path: leads to another root hash than the checkpoint's")


def check_consistency(
    old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]
) -> None:
    """Check that a tree only grew from one head to the other (RFC 9162 §2.1.4.2).

    Raises Malformed (E_PROOF). A tree without leaves is refused on either side: everything is
    consistent with it, so whoever has seen nothing yet has nothing to check (SPEC §13.1).
    """
    if not 0 < old <= new:
        raise Malformed("E_PROOF", f"consistency: no proof leads from {old} to {new} leaves")
    _check_lengths(path)
    if old == new:
        if path or old_root != new_root:
            raise Malformed("E_PROOF", "consistency: of one size two root hashes, or a proof")
        return
    steps = list(path) if old & (old - 1) else [old_root, *path]
    if not path:
        raise Malformed("E_PROOF", "consistency: the proof is empty")
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise Malformed("E_PROOF", "consistency: the proof is too long")
        if place & 1 or place == last:
            before, after = hash_pair(step, before), hash_pair(step, after)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            after = hash_pair(after, step)
        place, last = place >> 1, last >> 1
    if last:
        raise Malformed("E_PROOF", "consistency: the proof is too short")
    if before != old_root or after != new_root:
        raise Malformed("E_PROOF", "consistency: the proof leads to other root hashes")


def _check_lengths(path: Sequence[bytes]) -> None:
    for step in path:
        if len(step) != HASH_BYTES:
            raise Malformed("E_PROOF", f"hash: expected {HASH_BYTES} bytes, got {len(step)}")
