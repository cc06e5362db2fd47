"""Tiles: a log's hashes and entries as files that never change (SPEC §13.5; C2SP tlog-tiles)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from braid.errors import Malformed
from braid.tree import (
    HASH_BYTES,
    ReadHash,
    hash_pair,
    prove_consistency,
    prove_inclusion,
    tree_head,
)

HEIGHT = 8
FULL = 1 << HEIGHT
ENTRIES = -1
MAX_ENTRY = 2**16 - 1
_MAX_LEVEL = 63
# Enough for every index of a log of 2^53 − 1 entries.
_PATH = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """`width` hashes (or entries, at level −1) from `index`·256 on, at a level of 8 tree levels."""

    level: int
    index: int
    width: int = FULL

    @property
    def path(self) -> str:
        """Where it stands below the log's address."""
        digits = f"{self.index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        number = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == FULL else f".p/{self.width}"
        return f"tile/{level}/{number}{partial}"


def read_tile_path(path: str) -> Tile:
    """Read a tile's path in its one spelling; raises Malformed (E_PROOF)."""
    match = _PATH.fullmatch(path)
    if match is not None:
        level = ENTRIES if match[1] == "entries" else int(match[1])
        number = int(match[2].replace("/", "").replace("x", ""))
        tile = Tile(level, number, int(match[3] or FULL))
        if level <= _MAX_LEVEL and tile.width <= FULL and tile.path == path:
            return tile
    raise Malformed("E_PROOF", "tile: expected tile/<level>/<number> with perhaps .p/<width>")


def tile_width(level: int, index: int, size: int) -> int:
    """Give how wide a tile of a log of `size` entries is: 256, less at its edge, 0 if not there."""
    there = size >> (HEIGHT * max(level, 0))
    return max(0, min(FULL, there - index * FULL))


def tiles_of(size: int, since: int = 0) -> Iterator[Tile]:
    """Give the tiles, entries too, of a log of `size` entries that one of `since` had not."""
    for level in range(ENTRIES, _MAX_LEVEL + 1):
        shift = HEIGHT * max(level, 0)
        if size >> shift == 0:
            return
        if size >> shift == since >> shift:
            continue
        for index in range((since >> shift) // FULL, -(-(size >> shift) // FULL)):
            yield Tile(level, index, tile_width(level, index, size))


def write_bundle(entries: Iterable[bytes]) -> bytes:
    """Write the entries of a tile; raises ValueError for one of more than 65,535 bytes."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise ValueError(f"a log entry is at most {MAX_ENTRY} bytes")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def read_bundle(raw: bytes) -> list[bytes]:
    """Read the entries of a tile; raises Malformed (E_PROOF) where the last is cut."""
    entries: list[bytes] = []
    at = 0
    while at < len(raw):
        start = at + 2
        at = start + int.from_bytes(raw[at:start], "big")
        if at > len(raw) or start > len(raw):
            raise Malformed("E_PROOF", "tile of entries: the last entry is cut")
        entries.append(raw[start:at])
    return entries


def write_tile(hashes: Sequence[bytes]) -> bytes:
    """Write 1 to 256 hashes as a tile."""
    return b"".join(hashes)


def tiles_for(size: int, wanted: Callable[[ReadHash], object]) -> list[Tile]:
    """Give the tiles of a log of `size` entries that `wanted` reads hashes from.

    `wanted` is called once with a `ReadHash` that gives zeros: which hashes a proof reads depends on
    sizes alone.
    """
    found: set[Tile] = set()

    def read(level: int, index: int) -> bytes:
        tile_level, index = _place(level, index)
        number = index // FULL
        found.add(Tile(tile_level, number, tile_width(tile_level, number, size)))
        return bytes(HASH_BYTES)

    wanted(read)
    return sorted(found)


def tiles_for_inclusion(index: int, size: int) -> list[Tile]:
    """Give the tiles that a proof of inclusion needs."""
    return tiles_for(size, lambda read: prove_inclusion(read, index, size))


def tiles_for_consistency(old: int, new: int) -> list[Tile]:
    """Give the tiles of the newer tree that a proof of consistency needs."""
    return tiles_for(new, lambda read: prove_consistency(read, old, new))


def tiles_for_head(size: int) -> list[Tile]:
    """Give the tiles that the head of the whole log needs."""
    return tiles_for(size, lambda read: tree_head(read, size))


def read_from(tiles: Mapping[Tile, bytes]) -> ReadHash:
    """Read a tree's hashes out of fetched tiles, by whatever width they were fetched in.

    The function raises Malformed (E_PROOF) for a hash that no tile has, and for a tile that is not
    as long as its width says.
    """
    by_place: dict[tuple[int, int], bytes] = {}
    for tile, raw in sorted(tiles.items()):
        if len(raw) != tile.width * HASH_BYTES:
            raise Malformed(
                "E_PROOF", f"{tile.path}: expected {tile.width} hashes, got {len(raw)} bytes"
            )
        by_place[tile.level, tile.index] = raw  # the widest comes last

    def read(level: int, index: int) -> bytes:
        tile_level, first = _place(level, index)
        raw = by_place.get((tile_level, first // FULL), b"")
        count = 1 << (level - tile_level * HEIGHT)
        start = first % FULL * HASH_BYTES
        end = start + count * HASH_BYTES
        if end > len(raw):
            raise Malformed("E_PROOF", f"no tile has the hash {index} of level {level}")
        row = [raw[at : at + HASH_BYTES] for at in range(start, end, HASH_BYTES)]
        while len(row) > 1:
            row = [hash_pair(*row[at : at + 2]) for at in range(0, len(row), 2)]
        return row[0]

    return read


def _place(level: int, index: int) -> tuple[int, int]:
    """Give the level of tiles where a subtree's hash is found, and the first hash there below it."""
    return level // HEIGHT, index << level % HEIGHT
