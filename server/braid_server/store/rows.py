"""What is read from and written to the tables, in the nouns of the recorder."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import msgspec
import sqlalchemy as sa

from braid.transcript import Opened, StoredNode
from braid_server.store.schema import braids, calls, marks, nodes


class BraidRow(msgspec.Struct, frozen=True):
    """A braid as the store knows it. `certificate` is its JSON as it stands in a transcript."""

    number: int
    id: str
    tenant: str
    certificate: str
    created: str
    session: bytes | None
    wrapped_key: bytes | None
    sealed: bool


class NodeRow(msgspec.Struct, frozen=True):
    """A node with its index columns; `match` is the keyed digest it is recognised by."""

    seq: int
    kind: str
    node: StoredNode
    match: bytes | None = None


_INSERT_NODE = sa.insert(nodes)
_INSERT_CALL = sa.insert(calls)
_INSERT_MARK = sa.insert(marks)
_INSERT_BRAID = sa.insert(braids)
_CLOSE_CALL = (
    sa.update(calls)
    .where(calls.c.braid == sa.bindparam("in_braid"), calls.c.seq == sa.bindparam("at"))
    .values(open=sa.false())
)
_BRAID_COLUMNS = tuple(BraidRow.__struct_fields__)


@functools.cache
def _sql(statement: sa.Insert | sa.Update, dialect: sa.Dialect) -> str:
    return str(statement.compile(dialect=dialect))


def braid_row(row: sa.Row[Any]) -> BraidRow:
    return BraidRow(*(getattr(row, name) for name in _BRAID_COLUMNS))


def node_row(row: sa.Row[Any]) -> NodeRow:
    opened = None if row.salt is None else Opened(row.salt, row.content, row.attrs)
    node = StoredNode(row.h, row.s, opened, row.bsalt)
    return NodeRow(row.seq, row.kind, node, row.match)


class Transaction:
    """The writer's side of one commit: several jobs share it, their rows go in together."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._nodes: list[tuple[object, ...]] = []
        self._calls: list[tuple[object, ...]] = []
        self._closed: list[tuple[object, ...]] = []
        self._marks: list[tuple[object, ...]] = []

    def add_braid(self, row: BraidRow) -> int:
        """Insert a braid and give its number; the number of the row handed in does not count."""
        values = {name: getattr(row, name) for name in _BRAID_COLUMNS if name != "number"}
        key = self._connection.execute(_INSERT_BRAID, values).inserted_primary_key
        assert key is not None
        return int(key[0])

    def add_node(self, braid: int, row: NodeRow) -> None:
        node = row.node
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

    def seal(self, braid: int) -> None:
        """Mark a braid sealed and destroy its wrapped key."""
        self.flush()
        self._connection.execute(
            sa.update(braids).where(braids.c.number == braid).values(sealed=True, wrapped_key=None)
        )

    def flush(self) -> None:
        """Send the buffered rows, so that reads of this transaction see them."""
        for statement, rows in (
            (_INSERT_NODE, self._nodes),
            (_INSERT_CALL, self._calls),
            (_CLOSE_CALL, self._closed),
            (_INSERT_MARK, self._marks),
        ):
            if rows:
                # As tuples in column order: Core's work on each value costs more than the insert.
                sql = _sql(statement, self._connection.dialect)
                self._connection.exec_driver_sql(sql, rows)
                rows.clear()

    @property
    def reading(self) -> Reading:
        """Reads that see what this transaction wrote."""
        self.flush()
        return Reading(self._connection)


class Reading:
    """Queries over one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

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

    def list_braids(
        self, *, tenant: str | None, prefix: str, before: int | None, limit: int
    ) -> list[BraidRow]:
        """Give braids, newest first, from before a number on."""
        query = sa.select(braids).order_by(braids.c.number.desc()).limit(limit)
        if tenant is not None:
            query = query.where(braids.c.tenant == tenant)
        if prefix:
            # Not LIKE: ids hold `_`, and SQLite's LIKE ignores case.
            query = query.where(sa.func.substr(braids.c.id, 1, len(prefix)) == prefix)
        if before is not None:
            query = query.where(braids.c.number < before)
        return [braid_row(row) for row in self._connection.execute(query)]

    def marked(self, value: bytes) -> list[tuple[int, int]]:
        """Give the (braid, seq) that a mark leads to."""
        query = sa.select(marks.c.braid, marks.c.seq).where(marks.c.value == value)
        return [(row.braid, row.seq) for row in self._connection.execute(query)]

    def nodes_of(self, braid: int) -> Iterator[NodeRow]:
        """Walk a braid's nodes in seq order."""
        query = sa.select(nodes).where(nodes.c.braid == braid).order_by(nodes.c.seq)
        for row in self._connection.execute(query.execution_options(yield_per=256)):
            yield node_row(row)

    def node(self, braid: int, seq: int) -> NodeRow | None:
        query = sa.select(nodes).where(nodes.c.braid == braid, nodes.c.seq == seq)
        row = self._connection.execute(query).first()
        return None if row is None else node_row(row)

    def counts(self, braid: int) -> tuple[int, int, int]:
        """Give how many nodes, calls, and open calls a braid has."""
        of_nodes = sa.select(sa.func.count()).select_from(nodes).where(nodes.c.braid == braid)
        of_calls = sa.select(sa.func.count()).select_from(calls).where(calls.c.braid == braid)
        of_open = of_calls.where(calls.c.open)
        scalar = self._connection.scalar
        return scalar(of_nodes) or 0, scalar(of_calls) or 0, scalar(of_open) or 0

    def last_node(self, braid: int) -> NodeRow | None:
        query = sa.select(nodes).where(nodes.c.braid == braid)
        row = self._connection.execute(query.order_by(nodes.c.seq.desc()).limit(1)).first()
        return None if row is None else node_row(row)

    def open_calls(self, braid: int | None = None) -> list[tuple[int, int]]:
        """Give (braid, seq) of the calls that have no end yet."""
        query = sa.select(calls.c.braid, calls.c.seq).where(calls.c.open)
        if braid is not None:
            query = query.where(calls.c.braid == braid)
        query = query.order_by(calls.c.braid, calls.c.seq)
        return [(row.braid, row.seq) for row in self._connection.execute(query)]
