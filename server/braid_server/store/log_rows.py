"""The transparency log's rows: what a reader of the store finds of it (SPEC §13)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import msgspec

from braid.checkpoint import SignedCheckpoint, cosignature_time, read_checkpoint
from braid.log_entry import EntryKind
from braid.note import SignatureType, VerifierKey, read_verifier_key
from braid.tiles import ENTRIES, FULL, HEIGHT, Tile, tile_width, write_bundle, write_tile
from braid.tree import ReadHash, hash_pair


class LogRow(msgspec.Struct, frozen=True):
    """A log: how others know it, how many entries it has, the checkpoint that it signed last."""

    number: int
    key: str
    begun: str
    frozen: bool
    size: int
    checkpoint: str

    @property
    def verifier(self) -> VerifierKey:
        return read_verifier_key(self.key, SignatureType.NOTE)

    @property
    def signed(self) -> SignedCheckpoint:
        return read_checkpoint(self.checkpoint.encode())


class Logged(msgspec.Struct, frozen=True):
    """Where something stands in which log."""

    log: int
    number: int
    kind: EntryKind


class CosignatureRow(msgspec.Struct, frozen=True):
    """What a witness said of a checkpoint: that note, and the line below it."""

    log: int
    size: int
    witness: str
    checkpoint: str
    line: str

    @property
    def day(self) -> int:
        """Which day of the witness's clock it was, counted from 1970."""
        return cosignature_time(self.line) // 86_400


_LOGS = "SELECT number, key, begun, frozen, size, checkpoint FROM log ORDER BY number"
_OF_BRAID = "SELECT log, number, kind FROM log_entry WHERE braid = ? ORDER BY log, number"
_STATEMENTS = "SELECT raw FROM log_entry WHERE braid IS NULL AND log = ? ORDER BY number"
_ENTRIES = "SELECT raw FROM log_entry WHERE log = ? AND number >= ? AND number < ? ORDER BY number"
_COUNTS = "SELECT kind, count(*) FROM log_entry WHERE log = ? GROUP BY kind"
_HASHES = (
    "SELECT hash FROM log_hash WHERE log = ? AND level = ? AND number >= ? AND number < ? "
    "ORDER BY number"
)
_COSIGNATURES = (
    "SELECT log, size, witness, checkpoint, line FROM cosignature WHERE log = ?{} "
    "ORDER BY size, witness"
)
_ALL_COSIGNATURES = _COSIGNATURES.format("")
_COSIGNATURES_OF = _COSIGNATURES.format(" AND size = ?")
_COSIGNATURES_FROM = _COSIGNATURES.format(" AND size >= ?")
# Out of the rows' keys alone: one a witness a day is kept for good.
_BEST_COSIGNED = (
    "SELECT size FROM cosignature WHERE log = ? AND size > ? "
    "GROUP BY size ORDER BY count(*) DESC, size LIMIT 1"
)


class LogReading:
    """Queries about the store's logs over one connection of the driver's."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._driver = connection

    def logs(self) -> list[LogRow]:
        """Give all logs, oldest first."""
        return [
            LogRow(number, key, begun, bool(frozen), size, checkpoint)
            for number, key, begun, frozen, size, checkpoint in self._driver.execute(_LOGS)
        ]

    def active(self) -> LogRow | None:
        """Give the log that goes on, None in a store that has none."""
        return next((row for row in reversed(self.logs()) if not row.frozen), None)

    def of_braid(self, braid: int) -> list[Logged]:
        """Say where what there is to be logged of a braid stands."""
        rows = self._driver.execute(_OF_BRAID, (braid,))
        return [Logged(log, number, EntryKind(kind)) for log, number, kind in rows]

    def said_by_roots(self, log: int) -> Iterator[bytes]:
        """Give the entries that are about no braid: what roots said of their keys."""
        for (raw,) in self._driver.execute(_STATEMENTS, (log,)):
            yield raw

    def counts(self, log: int) -> dict[str, int]:
        """Say how many entries of each kind a log has."""
        return dict(self._driver.execute(_COUNTS, (log,)))

    def cosignatures(self, log: int) -> list[CosignatureRow]:
        """Give what is kept of cosignatures, of small checkpoints first."""
        return [CosignatureRow(*row) for row in self._driver.execute(_ALL_COSIGNATURES, (log,))]

    def cosignatures_of(self, log: int, size: int) -> list[CosignatureRow]:
        """Give what is kept of cosignatures of the checkpoint of one size."""
        rows = self._driver.execute(_COSIGNATURES_OF, (log, size))
        return [CosignatureRow(*row) for row in rows]

    def cosignatures_from(self, log: int, size: int) -> Iterator[CosignatureRow]:
        """Give what is kept of cosignatures from the checkpoint of a size on, small ones first."""
        for row in self._driver.execute(_COSIGNATURES_FROM, (log, size)):
            yield CosignatureRow(*row)

    def best_cosigned(self, log: int, index: int) -> int | None:
        """Give the size of the checkpoint over an entry that most cosigned, of those the smallest."""
        row = self._driver.execute(_BEST_COSIGNED, (log, index)).fetchone()
        return None if row is None else int(row[0])

    def read_hash(self, log: int) -> ReadHash:
        """Read a log's hashes: of a level between two of tiles, out of at most 128 rows."""

        def read(level: int, index: int) -> bytes:
            count = 1 << level % HEIGHT
            row = self._hashes(log, level // HEIGHT, index * count, count)
            while len(row) > 1:
                row = [hash_pair(*row[at : at + 2]) for at in range(0, len(row), 2)]
            return row[0]

        return read

    def tile(self, log: LogRow, tile: Tile) -> bytes | None:
        """Give the bytes of a tile; None for one that is not there or narrower."""
        if not 0 < tile.width <= tile_width(tile.level, tile.index, log.size):
            return None
        start = tile.index * FULL
        if tile.level != ENTRIES:
            return write_tile(self._hashes(log.number, tile.level, start, tile.width))
        entries = self._driver.execute(_ENTRIES, (log.number, start, start + tile.width))
        return write_bundle(raw for (raw,) in entries)

    def _hashes(self, log: int, level: int, start: int, count: int) -> list[bytes]:
        rows = self._driver.execute(_HASHES, (log, level, start, start + count))
        found = [hash for (hash,) in rows]
        # A store that lost some must fail here, and not serve another tree.
        if len(found) != count:
            raise sqlite3.DatabaseError("hashes of the log are missing")
        return found
