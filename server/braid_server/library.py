"""The braids of a store as users see them: listed, read as transcripts, sealed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from braid.certificate import Certificate
from braid.errors import BraidError
from braid.node import read_header
from braid.transcript import Layout, StoredNode, write_transcript
from braid_server.recorder import Recorder, StillOpen
from braid_server.store import BraidRow, Store, StoreUnavailable
from braid_server.store.rows import Reading

PAGE = 50
MAX_PAGE = 500
_POLL_SECONDS = 0.05


class NoSuchBraid(BraidError):
    """The tenant has no braid with this id."""


@dataclass(frozen=True, slots=True)
class BraidInfo:
    """One line about a braid. `state` is `open` or `sealed`; times as in node headers."""

    id: str
    created: str
    updated: str
    nodes: int
    calls: int
    open_calls: int
    state: str


@dataclass(frozen=True, slots=True)
class Page:
    """Braids, newest first; `next` is the id to list on from, None at the end."""

    braids: tuple[BraidInfo, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class SealInfo:
    """A sealed braid: the seal's signature, and how many nodes there are with it."""

    braid: str
    seal: str
    nodes: int


class Library:
    """Reads a store, and seals through its recorder, if it has one. `tenant` None means all."""

    def __init__(self, store: Store, recorder: Recorder | None) -> None:
        self._store = store
        self._recorder = recorder

    def braids(
        self,
        tenant: str | None = None,
        *,
        prefix: str = "",
        after: str | None = None,
        limit: int = PAGE,
    ) -> Page:
        """List braids whose id begins with `prefix`, newest first, from behind `after` on.

        Raises NoSuchBraid for an `after` that is none, StoreUnavailable.
        """
        limit = max(1, min(limit, MAX_PAGE))
        with self._store.read() as reading:
            before = None if after is None else _named(reading, after, tenant).number
            rows = reading.list_braids(tenant=tenant, prefix=prefix, before=before, limit=limit + 1)
            infos = tuple(_info(reading, row) for row in rows[:limit])
        return Page(infos, infos[-1].id if len(rows) > limit else None)

    def info(self, braid: str, tenant: str | None = None) -> BraidInfo:
        """Describe one braid; raises NoSuchBraid, StoreUnavailable."""
        with self._store.read() as reading:
            return _info(reading, _named(reading, braid, tenant))

    def transcript(
        self, braid: str, tenant: str | None = None, *, layout: Layout = Layout.JSON
    ) -> Iterator[bytes]:
        """Write a braid's transcript in pieces, of one moment, however long it takes to read.

        Raises NoSuchBraid before the first piece, StoreUnavailable at any.
        """
        with self._store.read() as reading:
            row = _named(reading, braid, tenant)
        return self._pieces(row, layout)

    def _pieces(self, row: BraidRow, layout: Layout) -> Iterator[bytes]:
        certificate = msgspec.json.decode(row.certificate, type=Certificate)
        with self._store.read() as reading:
            nodes: Iterator[StoredNode] = (found.node for found in reading.nodes_of(row.number))
            yield from write_transcript(row.id, certificate, nodes, layout=layout)

    async def seal(
        self,
        braid: str,
        tenant: str | None = None,
        *,
        wait: float = 0.0,
        interrupt: bool = False,
    ) -> SealInfo:
        """Seal a braid, waiting up to `wait` seconds for calls under way.

        Calls still under way then are recorded as interrupted, or StillOpen is raised.
        Raises NoSuchBraid, StoreUnavailable, KeyUnavailable.
        """
        if self._recorder is None:
            raise StoreUnavailable("store: opened for reading only")
        loop = asyncio.get_running_loop()
        until = loop.time() + wait
        while True:
            last_try = loop.time() >= until
            try:
                seal = await self._recorder.seal(braid, tenant, interrupt=interrupt and last_try)
            except StillOpen:
                if last_try:
                    raise
                await asyncio.sleep(_POLL_SECONDS)
                continue
            if seal is None:
                raise NoSuchBraid("no such braid")
            return SealInfo(braid, seal, self.info(braid, tenant).nodes)


def _named(reading: Reading, braid: str, tenant: str | None) -> BraidRow:
    row = reading.braid_named(braid, tenant)
    if row is None:
        raise NoSuchBraid("no such braid")
    return row


def _info(reading: Reading, row: BraidRow) -> BraidInfo:
    nodes, calls, open_calls = reading.counts(row.number)
    last = reading.last_node(row.number)
    return BraidInfo(
        id=row.id,
        created=row.created,
        updated=row.created if last is None else read_header(last.node.h).time,
        nodes=nodes,
        calls=calls,
        open_calls=open_calls,
        state="sealed" if row.sealed else "open",
    )
