"""What one commit writes to the tables, and what it logs of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from braid.certificate import Certificate
from braid.log_entry import EntryKind, LogEntry
from braid.node import Kind
from braid_server.store.engine import driver
from braid_server.store.log_rows import CosignatureRow, LogReading
from braid_server.store.log_writer import LogWriter
from braid_server.store.rows import BraidRow, NodeRow, Reading
from braid_server.store.schema import braids, calls, marks, nodes


class _Statement(msgspec.Struct):
    h: str
    s: str


_read_certificate = msgspec.json.Decoder(Certificate).decode
_read_statement = msgspec.json.Decoder(_Statement).decode


def _sql(statement: sa.Insert | sa.Update) -> str:
    return str(statement.compile(dialect=sqlite.dialect()))


# As text, for rows as tuples in column order: Core's work on each value costs more than the insert.
_INSERT_BRAID = _sql(sa.insert(braids))
_INSERT_NODE = _sql(sa.insert(nodes))
_INSERT_CALL = _sql(sa.insert(calls))
_INSERT_MARK = _sql(sa.insert(marks))
_CLOSE_CALL = _sql(
    sa.update(calls)
    .where(calls.c.braid == sa.bindparam("in_braid"), calls.c.seq == sa.bindparam("at"))
    .values(open=sa.false())
)

_ERASE_WORDS = (
    "UPDATE node SET salt = NULL, attrs = NULL, content = NULL, match = NULL "
    "WHERE braid = ? AND seq = ?"
)
_ERASE_BSALT = "UPDATE node SET bsalt = NULL WHERE braid = ? AND seq = ?"
_BEGIN_LOG = "INSERT INTO log (key, begun, frozen, size, checkpoint) VALUES (?, ?, 0, 0, ?)"
_COSIGNED = (
    "INSERT INTO cosignature (log, size, witness, checkpoint, line) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT DO NOTHING"
)
_FORGET_COSIGNED = "DELETE FROM cosignature WHERE log = ? AND size = ?"


class Transaction:
    """The writer's side of one commit: several jobs share it, their rows go in together.

    Where the store keeps a log, what has to be logged is, in the same commit (SPEC §13).

    destroys_key  a wrapped key goes with this commit, and must not stay in the write-ahead log.
    erases        words go with it, and must stay neither in that log nor in free pages.
    """

    def __init__(self, connection: sa.Connection, log: LogWriter | None = None) -> None:
        self._connection = connection
        self._driver = driver(connection)
        self._log = log
        self.destroys_key = False
        self.erases = False
        self._undo: list[Callable[[], None]] = []
        self._last_number: int | None = None
        self._braids: list[tuple[object, ...]] = []
        self._nodes: list[tuple[object, ...]] = []
        self._calls: list[tuple[object, ...]] = []
        self._closed: list[tuple[object, ...]] = []
        self._marks: list[tuple[bytes, int, int]] = []
        self._marked: dict[bytes, list[tuple[int, int]]] = {}

    def on_failure(self, undo: Callable[[], None]) -> None:
        """Have something undone outside the database if this is not committed."""
        self._undo.append(undo)

    def fail(self) -> None:
        """Undo what jobs did outside the database."""
        for undo in self._undo:
            undo()

    def add_braid(self, row: BraidRow) -> int:
        """Insert a braid and give its number; the number of the row handed in does not count.

        Its certificate is logged, before anything is signed with the key that it names.
        """
        if self._last_number is None:
            # This transaction holds the write lock, so no other can take the numbers after it.
            (last,) = self._driver.execute("SELECT max(number) FROM braid").fetchone()
            self._last_number = last or 0
        self._last_number += 1
        self._braids.append((self._last_number, *msgspec.structs.astuple(row)[1:]))
        if self._log is not None:
            said = _read_certificate(row.certificate)
            entry = LogEntry(EntryKind.CERTIFICATE, said.h, said.s, said.pop)
            self._log.append(self._driver, self._last_number, entry)
        return self._last_number

    def add_node(self, braid: int, row: NodeRow) -> None:
        """Insert a node; a seal is logged."""
        node = row.node
        if self._log is not None and row.kind == Kind.SEAL:
            self._log.append(self._driver, braid, LogEntry(EntryKind.SEAL, node.h, node.s))
        opened = node.opened
        salt, attrs, content = (
            (opened.salt, opened.attrs, opened.content) if opened else (None, None, None)
        )
        self._nodes.append(
            (braid, row.seq, row.kind, node.h, node.s, salt, attrs, content, node.bsalt, row.match)
        )

    def add_call(self, braid: int, seq: int) -> None:
        self._calls.append((braid, seq, True))

    def close_call(self, braid: int, seq: int) -> None:
        self._closed.append((braid, seq))

    def add_mark(self, value: bytes, braid: int, seq: int) -> None:
        self._marks.append((value, braid, seq))
        self._marked.setdefault(value, []).append((braid, seq))

    def seal(self, braid: int) -> None:
        """Mark a braid sealed and destroy its wrapped key."""
        self.flush()
        self._connection.execute(
            sa.update(braids).where(braids.c.number == braid).values(sealed=True, wrapped_key=None)
        )
        self.destroys_key = True

    def close(self, braid: int, closure: str, rotations: str | None = None) -> None:
        """Mark a braid closed by its root, its calls too, and destroy its wrapped key.

        `rotations` take the place of those it has, where they lead on to the root that closed it.
        What its root signed of it is logged.
        """
        self.seal(braid)
        values = (
            {"closure": closure}
            if rotations is None
            else {"closure": closure, "rotations": rotations}
        )
        closed = sa.update(braids).where(braids.c.number == braid).values(values)
        self._connection.execute(closed)
        of_it = sa.update(calls).where(calls.c.braid == braid)
        self._connection.execute(of_it.values(open=sa.false()))
        if self._log is not None:
            said = _read_statement(closure)
            self._log.append(self._driver, braid, LogEntry(EntryKind.CLOSURE, said.h, said.s))

    def log_statement(self, entry: LogEntry) -> None:
        """Log what a root said of its keys, once; nothing where the store keeps no log."""
        if self._log is None:
            return
        self._log.flush(self._driver)
        if entry.raw not in LogReading(self._driver).said_by_roots(self._log.number):
            self._log.append(self._driver, None, entry)

    def begin_log(self, key: str, begun: str, checkpoint: str) -> int:
        """Begin a log with the checkpoint of an empty one, and give its number."""
        return self._driver.execute(_BEGIN_LOG, (key, begun, checkpoint)).lastrowid or 0

    def freeze_log(self, number: int) -> None:
        """Have a log never grow again; one that nothing was logged in is dropped."""
        gone = self._driver.execute("DELETE FROM log WHERE number = ? AND size = 0", (number,))
        if gone.rowcount:
            # Its number may be another's next.
            self._driver.execute("DELETE FROM cosignature WHERE log = ?", (number,))
        self._driver.execute("UPDATE log SET frozen = 1 WHERE number = ?", (number,))

    def add_cosignatures(self, rows: Sequence[CosignatureRow]) -> None:
        """Keep what witnesses said of one checkpoint; let go of what a larger one says as well.

        That is every one that no other witness cosigned than did a larger, on the same day: that a
        braid was seen long ago says more than that it was seen yesterday (SPEC §9.4). Of others than
        this checkpoint nothing changed, so they are held against it alone.
        """
        self._driver.executemany(_COSIGNED, map(msgspec.structs.astuple, rows))
        log, size = rows[0].log, rows[0].size
        by: dict[int, set[tuple[str, int]]] = {}
        for one in LogReading(self._driver).cosignatures(log):
            by.setdefault(one.size, set()).add((one.witness, one.day))
        here = by[size]
        gone = [less for less, seen in by.items() if less < size and seen <= here]
        if any(more > size and here <= seen for more, seen in by.items()):
            gone.append(size)
        self._driver.executemany(_FORGET_COSIGNED, [(log, one) for one in gone])

    def erase(self, braid: int, words: Iterable[int], bsalts: Iterable[int]) -> None:
        """Drop words of nodes and body salts of others, by seq; all marks of the braid, its session.

        A mark is over a whole conversation: with a word of it, every mark behind that goes, and
        what is left would have clients accused of words that nobody can look up any more. The name
        of a session can be guessed as words can.
        """
        self.flush()
        self._driver.executemany(_ERASE_WORDS, [(braid, seq) for seq in words])
        self._driver.executemany(_ERASE_BSALT, [(braid, seq) for seq in bsalts])
        self._driver.execute("DELETE FROM mark WHERE braid = ?", (braid,))
        self._driver.execute("UPDATE braid SET session = NULL WHERE number = ?", (braid,))
        self.erases = True

    def prove(self) -> None:
        """Change a page, so that this commit has to reach the disk."""
        version = self._connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        self._connection.exec_driver_sql(f"PRAGMA user_version={(version + 1) % 1024}")

    def flush(self) -> None:
        """Send the buffered rows, so that reads of this transaction see them."""
        buffered: tuple[tuple[str, list[Any]], ...] = (
            (_INSERT_BRAID, self._braids),
            (_INSERT_NODE, self._nodes),
            (_INSERT_CALL, self._calls),
            (_CLOSE_CALL, self._closed),
            (_INSERT_MARK, self._marks),
        )
        for statement, rows in buffered:
            if rows:
                self._driver.executemany(statement, rows)
                rows.clear()
        self._marked.clear()
        if self._log is not None:
            self._log.flush(self._driver)

    def finish(self) -> None:
        """Send what is left, and the checkpoint of a log that grew: nothing may follow but the commit."""
        self.flush()
        if self._log is not None:
            self._log.finish(self._driver)

    @property
    def reading(self) -> Reading:
        """Reads that see what this transaction wrote."""
        return Reading(self._connection, self.flush, self._marked)
