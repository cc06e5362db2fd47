"""What a log keeps of its tree."""

from __future__ import annotations

from braid.tree import CompactRange, hash_leaf


class Stored(dict[tuple[int, int], bytes]):
    """What a log keeps: each hash that an append completes, and nothing else."""

    def __init__(self, leaves: list[bytes]) -> None:
        super().__init__()
        self.range = CompactRange()
        for leaf in leaves:
            index = self.range.count
            for level, value in enumerate(self.range.append_hash(hash_leaf(leaf))):
                assert (level, index >> level) not in self
                self[level, index >> level] = value

    def read(self, level: int, index: int) -> bytes:
        return self[level, index]
