"""What is read from the tables, in the nouns of the recorder."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from braid.strict_json import Json
from braid.transcript import Opened, StoredNode
from braid_server.store.engine import StoreUnavailable, driver
from braid_server.store.log_rows import LogReading
from braid_server.store.schema import braids, calls, logs, nodes


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


_BRAID_COLUMNS = tuple(BraidRow.__struct_fields__)


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
