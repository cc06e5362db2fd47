"""The braids of a store as users see them: listed, read as transcripts, sealed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import msgspec

from braid.certificate import Certificate, read_certificate_header
from braid.errors import BraidError
from braid.node import read_header
from braid.transcript import Layout, StoredNode, write_transcript
from braid_server.keyring import KeyUnavailable
from braid_server.logbook import proofs_of
from braid_server.recorder import Recorder
from braid_server.revoking import Revoked
from braid_server.sealing import Sealed, StillOpen
from braid_server.store import BraidRow, Store, StoreUnavailable, Transaction
from braid_server.store.rows import Reading, Summary
from braid_verifier.erasure import plan

PAGE = 50
MAX_PAGE = 500
_POLL_SECONDS = 0.05
_READER_SECONDS = 10.0  # one who keeps the write-ahead log from being emptied is waited for
_AT_ONCE = 1024 * 1024  # bytes of content that a read of a transcript stops after
_NODES_AT_ONCE = 256


class NoSuchBraid(BraidError):
    """The tenant has no braid with this id."""


@dataclass(frozen=True, slots=True)
class BraidInfo:
    """One line about a braid. `state` is `open`, `sealed` or `closed`; times as in node headers."""

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


class NoSuchNode(BraidError):
    """The braid has no node with this number."""


@dataclass(frozen=True, slots=True)
class ErasureInfo:
    """What was erased: the numbers of nodes, how many body salts, and the braid that says so.

    left_in_journal  a reader keeps the write-ahead log from being emptied; the words may be in it.
    left_in_pages  the database is too large to be written anew while it is served: deleted words
                 are overwritten, but nothing was done about copies of pages.
    """

    braid: str
    nodes: tuple[int, ...]
    bsalts: int
    notice: str | None
    left_in_journal: bool
    left_in_pages: bool


class Library:
    """Reads a store, and seals through its recorder, if it has one. `tenant` None means all."""

    def __init__(
        self, store: Store, recorder: Recorder | None, revoked: Revoked | None = None
    ) -> None:
        """`revoked` is what transcripts say of keys that are to be trusted no more."""
        self._revoked = revoked or Revoked(None)
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
            found = reading.summaries(tenant=tenant, prefix=prefix, before=before, limit=limit + 1)
        infos = tuple(map(_info, found[:limit]))
        return Page(infos, infos[-1].id if len(found) > limit else None)

    def info(self, braid: str, tenant: str | None = None) -> BraidInfo:
        """Describe one braid; raises NoSuchBraid, StoreUnavailable."""
        with self._store.read() as reading:
            return _info(reading.summary(_named(reading, braid, tenant).number))

    def root_of(self, braid: str) -> str:
        """Give the root that certified a braid; raises NoSuchBraid, StoreUnavailable."""
        with self._store.read() as reading:
            return _certificate(_named(reading, braid, None))[1]

    def transcript(
        self, braid: str, tenant: str | None = None, *, layout: Layout = Layout.JSON
    ) -> Iterator[bytes]:
        """Write a braid's transcript in pieces, of one moment, however long it takes to read.

        Raises NoSuchBraid before the first piece, StoreUnavailable at any.
        """
        with self._store.read() as reading:
            row = _named(reading, braid, tenant)
            count = reading.summary(row.number).nodes
            logged = proofs_of(reading.log, row.number)
        certificate, root = _certificate(row)
        proofs = self._revoked.proofs(row.id, root, row.proofs)
        return write_transcript(
            row.id,
            certificate,
            self._nodes(row.number, count),
            [*proofs, *logged],
            layout=layout,
        )

    def _nodes(self, number: int, count: int) -> Iterator[StoredNode]:
        """Give a braid's first nodes, reading some at a time.

        No read stays open while whoever asked is slow, and no more than a few megabytes are
        in memory. That all are of one moment follows from their never
        changing, words that are erased meanwhile aside.
        """
        at = 0
        while at < count:
            some: list[StoredNode] = []
            size = 0
            with self._store.read() as reading:
                for row in reading.nodes_of(number, at):
                    some.append(row.node)
                    size += 0 if row.node.opened is None else len(row.node.opened.content)
                    at = row.seq + 1
                    if at == count or size > _AT_ONCE or len(some) == _NODES_AT_ONCE:
                        break
            yield from some

    async def seal(
        self,
        braid: str,
        tenant: str | None = None,
        *,
        wait: float = 0.0,
        interrupt: bool = False,
    ) -> SealInfo:
        """Seal a braid, waiting up to `wait` seconds for calls under way.

        Meanwhile no call begins on it: whoever would go on with it begins a new braid. Calls
        still under way then are recorded as interrupted, or StillOpen is raised and the
        braid goes on.
        Raises NoSuchBraid, StoreUnavailable, KeyUnavailable (of one that its root closed too).
        """
        ended = await self._end(braid, tenant, wait, interrupt)
        if ended.seal is None:
            raise KeyUnavailable(f"braid {braid}: closed by its root key, its own key is gone")
        return SealInfo(braid, ended.seal, ended.nodes)

    async def _end(self, braid: str, tenant: str | None, wait: float, interrupt: bool) -> Sealed:
        """Seal a braid, unless its root closed it: either way nothing is added to it any more."""
        if self._recorder is None:
            raise StoreUnavailable("store: opened for reading only")
        loop = asyncio.get_running_loop()
        until = loop.time() + wait
        while True:
            last = loop.time() >= until
            try:
                sealed = await self._recorder.seal(
                    braid, tenant, interrupt=interrupt and last, hold=not last
                )
            except StillOpen:
                if last:
                    raise
                await asyncio.sleep(_POLL_SECONDS)
                continue
            if sealed is None:
                raise NoSuchBraid("no such braid")
            return sealed

    async def erase(
        self,
        braid: str,
        nodes: Collection[int],
        tenant: str | None = None,
        *,
        reason: str | None = None,
        wait: float = 0.0,
    ) -> ErasureInfo:
        """Seal a braid as `seal` does, then drop the words of these nodes and all that goes with them.

        The store keeps nothing by which they could be guessed (SPEC §5.5); backups and exports are
        out of reach. Raises NoSuchBraid, NoSuchNode, StillOpen, StoreUnavailable, KeyUnavailable.
        """
        sealed = await self._end(braid, tenant, wait, interrupt=False)
        assert self._recorder is not None
        for seq in nodes:
            if not 0 <= seq < sealed.nodes:
                raise NoSuchNode(f"node {seq}: the braid has {sealed.nodes}")
        with self._store.read() as reading:
            row = _named(reading, braid, tenant)
        chosen = frozenset(nodes)
        # A sealed braid no longer grows, so what is planned here holds in the writer's thread.
        erasure = await asyncio.to_thread(
            lambda: plan(self._nodes(row.number, sealed.nodes), lambda seq, _, __: seq in chosen)
        )
        notice = await self._recorder.erase(row, erasure, reason)
        until = asyncio.get_running_loop().time() + _READER_SECONDS
        while self._store.left().journal and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(_POLL_SECONDS)
            await self._store.write(Transaction.prove)
        left = self._store.left()
        return ErasureInfo(
            braid, tuple(erasure.nodes), len(erasure.bsalts), notice, left.journal, left.pages
        )


def _named(reading: Reading, braid: str, tenant: str | None) -> BraidRow:
    row = reading.braid_named(braid, tenant)
    if row is None:
        raise NoSuchBraid("no such braid")
    return row


def _certificate(row: BraidRow) -> tuple[Certificate, str]:
    """Read a braid's certificate, and which root it is by."""
    certificate = msgspec.json.decode(row.certificate, type=Certificate)
    return certificate, read_certificate_header(certificate.h).root


def _info(found: Summary) -> BraidInfo:
    last = found.last_header
    return BraidInfo(
        id=found.id,
        created=found.created,
        updated=found.created if last is None else read_header(last).time,
        nodes=found.nodes,
        calls=found.calls,
        open_calls=found.open_calls,
        state="closed" if found.closed else "sealed" if found.sealed else "open",
    )


@contextlib.contextmanager
def reading(db: str, revoked: Revoked | None = None) -> Iterator[Library]:
    """Open a store that is there for reading alone, also beside a server that writes to it.

    Needs no key. Raises StoreUnavailable.
    """
    store = Store(db, writable=False)
    try:
        yield Library(store, None, revoked)
    finally:
        store.close()
