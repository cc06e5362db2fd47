"""What is read from and written to the tables, in the nouns of the recorder."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from braid.certificate import Certificate
from braid.log_entry import EntryKind, LogEntry
from braid.node import Kind
from braid.strict_json import Json
from braid.transcript import Opened, StoredNode
from braid_server.store.engine import StoreUnavailable, driver
from braid_server.store.log_rows import CosignatureRow, LogReading
from braid_server.store.log_writer import LogWriter
from braid_server.store.schema import braids, calls, logs, marks, nodes


class BraidRow(msgspec.Struct, frozen=True):
    """A braid as the store knows it. `certificate` is its JSON as it stands in a transcript.

    `rotations` too, a list of them; `closure` too, of a braid that its root closed; it counts as sealed here: nothing is added to it.
    """

    number: int
    id: str
    tenant: str
    certificate: str
    created: str
    session: bytes | None
    wrapped_key: bytes | None
    sealed: bool
    closure: str | None = None
    rotations: str | None = None

    @property
    def proofs(self) -> list[Json]:
        """What stands in `proofs` of its transcript (SPEC §10.5)."""
        proofs: list[Json] = [] if self.rotations is None else msgspec.json.decode(self.rotations)
        return proofs if self.closure is None else [*proofs, msgspec.json.decode(self.closure)]


class NodeRow(msgspec.Struct, frozen=True):
    """A node with its index columns; `match` is the keyed digest it is recognised by."""

    seq: int
    kind: str
    node: StoredNode
    match: bytes | None = None


class Summary(msgspec.Struct, frozen=True):
    """What a list says of a braid; `last_header` is that of its newest node."""

    number: int
    id: str
    created: str
    sealed: bool
    closed: bool
    nodes: int
    calls: int
    open_calls: int
    last_header: str | None


class _Statement(msgspec.Struct):
    h: str
    s: str


_read_certificate = msgspec.json.Decoder(Certificate).decode
_read_statement = msgspec.json.Decoder(_Statement).decode
_BRAID_COLUMNS = tuple(BraidRow.__struct_fields__)


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
_BEGIN_LOG = "INSERT INTO log (key, begun, frozen, size, checkpoint) VALUES (?, ?, 0, 0, ?)"
_COSIGNED = (
    "INSERT INTO cosignature (log, size, witness, checkpoint, line) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT DO NOTHING"
)
_FORGET_COSIGNED = "DELETE FROM cosignature WHERE log = ? AND size = ?"
_ERASE_BSALT = "UPDATE node SET bsalt = NULL WHERE braid = ? AND seq = ?"


@functools.cache
def _marks_among(count: int) -> str:
    return f"SELECT value, braid, seq FROM mark WHERE value IN ({', '.join('?' * count)})"


_VALUES = 500  # values in one query, well below what any SQLite takes


def braid_row(row: sa.Row[Any]) -> BraidRow:
    return BraidRow(*(getattr(row, name) for name in _BRAID_COLUMNS))


def node_row(row: sa.Row[Any]) -> NodeRow:
    opened = None if row.salt is None else Opened(row.salt, row.content, row.attrs)
    node = StoredNode(row.h, row.s, opened, row.bsalt)
    return NodeRow(row.seq, row.kind, node, row.match)


class Transaction:
    """The writer's side of one commit: several jobs share it, their rows go in together.

    Where the store keeps a log, what has to be logged is, in the same commit (SPEC §13).

    destroys_key  a wrapped key goes with this commit, and must not stay in the log.
    erases        words go with it, and must stay neither in the log nor in free pages.
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
        if entry.raw not in LogReading(self._driver).statements(self._log.number):
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

    def add_cosignature(self, row: CosignatureRow) -> None:
        """Keep what a witness said, and let go of what a larger checkpoint says as well.

        That is every smaller one that no other witness cosigned than did the larger, on the same
        day: that a braid was seen long ago says more than that it was seen yesterday (SPEC §9.4).
        """
        self._driver.execute(_COSIGNED, msgspec.structs.astuple(row))
        by: dict[int, set[tuple[str, int]]] = {}
        for one in LogReading(self._driver).cosignatures(row.log):
            by.setdefault(one.size, set()).add((one.witness, one.day))
        for size, seen in by.items():
            if any(size < larger and seen <= by[larger] for larger in by):
                self._driver.execute(_FORGET_COSIGNED, (row.log, size))

    def erase(self, braid: int, words: Iterable[int], bsalts: Iterable[int]) -> None:
        """Drop the words of nodes and the body salts of others, by seq, and all marks of the braid.

        A mark is over a whole conversation: with a word of it, every mark behind that goes, and
        what is left would have clients accused of words that nobody can look up any more.
        """
        self.flush()
        self._driver.executemany(_ERASE_WORDS, [(braid, seq) for seq in words])
        self._driver.executemany(_ERASE_BSALT, [(braid, seq) for seq in bsalts])
        self._driver.execute("DELETE FROM mark WHERE braid = ?", (braid,))
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


class Reading:
    """Queries over one connection.

    Within a transaction `flush` sends what it buffers; `marked` are the marks among that, which
    are read where they are: every request asks for marks, and few groups need more.
    """

    def __init__(
        self,
        connection: sa.Connection,
        flush: Callable[[], None] | None = None,
        marked: Mapping[bytes, list[tuple[int, int]]] | None = None,
    ) -> None:
        self._unflushed = connection
        self._flush = flush
        self._marked = marked or {}

    @property
    def _connection(self) -> sa.Connection:
        if self._flush is not None:
            self._flush()
        return self._unflushed

    def check(self) -> None:
        """Raise SQLAlchemyError for a database that is no store, StoreUnavailable for an older one."""
        self._connection.execute(sa.select(braids.c.number).limit(1))
        found = sa.inspect(self._connection)
        there = {column["name"] for column in found.get_columns("braid")}
        if not there.issuperset(braids.columns.keys()) or not found.has_table(logs.name):
            raise StoreUnavailable(
                "store: was made by an older version of this program; "
                "braid serve brings it up to date"
            )

    @property
    def log(self) -> LogReading:
        """What there is of logs."""
        return LogReading(driver(self._connection))

    def braid(self, number: int) -> BraidRow | None:
        row = self._connection.execute(sa.select(braids).where(braids.c.number == number)).first()
        return None if row is None else braid_row(row)

    def braid_named(self, braid: str, tenant: str | None = None) -> BraidRow | None:
        query = sa.select(braids).where(braids.c.id == braid)
        if tenant is not None:
            query = query.where(braids.c.tenant == tenant)
        row = self._connection.execute(query).first()
        return None if row is None else braid_row(row)

    def braids_in_session(self, session: bytes) -> list[BraidRow]:
        """Give the braids of a session, newest first."""
        query = sa.select(braids).where(braids.c.session == session)
        query = query.order_by(braids.c.number.desc())
        return [braid_row(row) for row in self._connection.execute(query)]

    def summary(self, number: int) -> Summary:
        return _summary(self._connection.execute(_SUMMARY.where(braids.c.number == number)).one())

    def summaries(
        self, *, tenant: str | None, prefix: str, before: int | None, limit: int
    ) -> list[Summary]:
        """Say what there is of braids, newest first, from before a number on."""
        query = _SUMMARY.order_by(braids.c.number.desc()).limit(limit)
        if tenant is not None:
            query = query.where(braids.c.tenant == tenant)
        if prefix:
            # Not LIKE: ids hold `_`, and SQLite's LIKE ignores case. No id holds a tilde.
            query = query.where(braids.c.id >= prefix, braids.c.id < prefix + "~")
        if before is not None:
            query = query.where(braids.c.number < before)
        return [_summary(row) for row in self._connection.execute(query)]

    def marked(self, value: bytes) -> list[tuple[int, int]]:
        """Give the (braid, seq) that a mark leads to."""
        return self.marked_any((value,)).get(value, [])

    def marked_any(self, values: Sequence[bytes]) -> dict[bytes, list[tuple[int, int]]]:
        """Give the (braid, seq) that each of these marks leads to; nothing for one that is none."""
        found: dict[bytes, list[tuple[int, int]]] = {}
        for start in range(0, len(values), _VALUES):
            some = tuple(values[start : start + _VALUES])
            rows = driver(self._unflushed).execute(_marks_among(len(some)), some)
            for value, braid, seq in rows:
                found.setdefault(value, []).append((braid, seq))
        if self._marked:
            for value in dict.fromkeys(values):
                if value in self._marked:
                    found.setdefault(value, []).extend(self._marked[value])
        return found

    def nodes_of(self, braid: int, start: int = 0) -> Iterator[NodeRow]:
        """Walk a braid's nodes in seq order; one at a time is in memory."""
        query = sa.select(nodes).where(nodes.c.braid == braid, nodes.c.seq >= start)
        for row in self._connection.execute(query.order_by(nodes.c.seq)):
            yield node_row(row)

    def node(self, braid: int, seq: int) -> NodeRow | None:
        query = sa.select(nodes).where(nodes.c.braid == braid, nodes.c.seq == seq)
        row = self._connection.execute(query).first()
        return None if row is None else node_row(row)

    def header(self, braid: int, seq: int) -> str | None:
        query = sa.select(nodes.c.h).where(nodes.c.braid == braid, nodes.c.seq == seq)
        return self._connection.scalar(query)

    def signatures(self, braid: int) -> Iterator[str]:
        """Give the signatures of a braid's nodes in their order."""
        query = sa.select(nodes.c.s).where(nodes.c.braid == braid).order_by(nodes.c.seq)
        yield from self._connection.scalars(query)

    def open_braids(self) -> list[int]:
        """Give the numbers of the braids that are neither sealed nor closed."""
        query = sa.select(braids.c.number).where(~braids.c.sealed).order_by(braids.c.number)
        return list(self._connection.scalars(query))

    def last_signature(self, braid: int) -> str | None:
        query = sa.select(nodes.c.s).where(nodes.c.braid == braid)
        return self._connection.scalar(query.order_by(nodes.c.seq.desc()).limit(1))

    def resting(self) -> list[tuple[int, str]]:
        """Give number and newest header of the braids that are neither sealed nor in a call."""
        in_call = sa.exists().where(calls.c.braid == braids.c.number, calls.c.open)
        newest = sa.select(nodes.c.h).where(nodes.c.braid == braids.c.number)
        newest = newest.order_by(nodes.c.seq.desc()).limit(1)
        query = sa.select(braids.c.number, newest.scalar_subquery().label("h"))
        query = query.where(~braids.c.sealed, ~in_call).order_by(braids.c.number)
        return [(row.number, row.h) for row in self._connection.execute(query) if row.h]

    def open_calls(self, braid: int | None = None) -> list[tuple[int, int]]:
        """Give (braid, seq) of the calls that have no end yet."""
        query = sa.select(calls.c.braid, calls.c.seq).where(calls.c.open)
        if braid is not None:
            query = query.where(calls.c.braid == braid)
        query = query.order_by(calls.c.braid, calls.c.seq)
        return [(row.braid, row.seq) for row in self._connection.execute(query)]


def _summarising() -> sa.Select[Any]:
    of_nodes = sa.select(sa.func.max(nodes.c.seq) + 1).where(nodes.c.braid == braids.c.number)
    of_calls = sa.select(sa.func.count()).where(calls.c.braid == braids.c.number)
    last = sa.select(nodes.c.h).where(nodes.c.braid == braids.c.number)
    return sa.select(
        braids.c.number,
        braids.c.id,
        braids.c.created,
        braids.c.sealed,
        braids.c.closure.is_not(None).label("closed"),
        sa.func.coalesce(of_nodes.scalar_subquery(), 0).label("nodes"),
        of_calls.scalar_subquery().label("calls"),
        of_calls.where(calls.c.open).scalar_subquery().label("open_calls"),
        last.order_by(nodes.c.seq.desc()).limit(1).scalar_subquery().label("last_header"),
    )


_SUMMARY = _summarising()


def _summary(row: sa.Row[Any]) -> Summary:
    return Summary(**row._mapping)
