"""The transparency log as its one writer grows it: entries, hashes, one checkpoint a commit (SPEC §13)."""

from __future__ import annotations

import sqlite3

from braid.checkpoint import Checkpoint, sign_checkpoint
from braid.log_entry import LogEntry
from braid.note import NoteSigner
from braid.tiles import HEIGHT
from braid.tree import CompactRange, hash_leaf
from braid_server.store.log_rows import LogReading

_INSERT_ENTRY = "INSERT INTO log_entry (log, number, kind, braid, raw) VALUES (?, ?, ?, ?, ?)"
_INSERT_HASH = "INSERT INTO log_hash (log, level, number, hash) VALUES (?, ?, ?, ?)"
_GROWN = "UPDATE log SET size = ?, checkpoint = ? WHERE number = ?"
_SIZE = "SELECT size FROM log WHERE number = ?"


class LogWriter:
    """A log that a store's writer adds to; belongs to the writer's thread.

    The tree is a cache of O(log n) hashes: what a failed transaction touched is forgotten, and read
    from the store again.
    """

    def __init__(self, number: int, signer: NoteSigner) -> None:
        self.number = number
        self._signer = signer
        self._tree: CompactRange | None = None
        self._entries: list[tuple[object, ...]] = []
        self._hashes: list[tuple[object, ...]] = []
        self._grown = False

    def append(self, driver: sqlite3.Connection, braid: int | None, entry: LogEntry) -> None:
        """Add an entry to the log; the next `flush` writes it."""
        raw = entry.raw
        tree = self._tree = self._tree or self._load(driver)
        index = tree.count
        self._entries.append((self.number, index, entry.kind.value, braid, raw))
        completed = tree.append_hash(hash_leaf(raw))
        for level in range(0, len(completed), HEIGHT):
            row = (self.number, level // HEIGHT, index >> level, completed[level])
            self._hashes.append(row)
        self._grown = True

    def flush(self, driver: sqlite3.Connection) -> None:
        """Write what was added since."""
        if self._entries:
            driver.executemany(_INSERT_ENTRY, self._entries)
            driver.executemany(_INSERT_HASH, self._hashes)
            self._entries.clear()
            self._hashes.clear()

    def finish(self, driver: sqlite3.Connection) -> None:
        """Write what was added, and the one checkpoint over it: the commit that follows publishes it."""
        self.flush(driver)
        if self._grown and self._tree is not None:
            head = Checkpoint(self._signer.public.name, self._tree.count, self._tree.head())
            note = sign_checkpoint(self._signer, head).raw.decode()
            driver.execute(_GROWN, (head.size, note, self.number))
            self._grown = False

    def forget(self) -> None:
        """Drop what was not committed."""
        self._tree = None
        self._entries.clear()
        self._hashes.clear()
        self._grown = False

    def _load(self, driver: sqlite3.Connection) -> CompactRange:
        (size,) = driver.execute(_SIZE, (self.number,)).fetchone()
        read = LogReading(driver).read_hash(self.number)
        peaks: list[bytes] = []
        start = 0
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                peaks.append(read(level, start >> level))
                start += 1 << level
        return CompactRange(size, peaks)
