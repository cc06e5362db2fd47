"""Turning calls into nodes: placed, signed and durable in one transaction each (SPEC §8)."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta

import msgspec

from braid.call import HistoryEntry, HistoryPolicy
from braid.content import BodyDigest
from braid.encoding import encode, write_time
from braid.revocation import Subject
from braid.transcript import MAX_NODES, MAX_TRANSCRIPT
from braid.wire.again import ReadBefore
from braid.wire.block import Block
from braid_server.answer_nodes import AnswerNodes, Append, attempts_at
from braid_server.call_record import CallRecord
from braid_server.closing import close_all
from braid_server.erasing import erase
from braid_server.fallback import MOST_BLOCKS, TOO_MANY, raw_request
from braid_server.keyring import Keyring, KeyUnavailable
from braid_server.lineage import Lineage
from braid_server.lineages import CACHED_NODES
from braid_server.loom import Loom
from braid_server.opening import IN_THREAD
from braid_server.placement import Placer, Wanted, want
from braid_server.recording import CallEnding, CallOpening, RecordingFailed, Unplaceable
from braid_server.references import References
from braid_server.request_nodes import RequestNodes, count_new
from braid_server.sealing import Sealed, Sealing
from braid_server.store import BraidRow, Store, StoreUnavailable, Transaction
from braid_verifier.erasure import Erasure

_log = logging.getLogger("braid.recorder")

# How long after a request the same one still counts as its repetition: longer than SDKs wait
# for an answer. Later, equal words may well be another conversation's.
_RETRIED_WITHIN = timedelta(hours=1)
# No call begins this late in a certificate's life: its answer could outlive it.
_LAST_CALLS = timedelta(days=1)
# A transcript that a verifier no longer reads is lost, so a braid this large is not gone on with.
# Far below the limits of SPEC §12, because calls under way may still add much.
BRAID_BYTES = MAX_TRANSCRIPT // 4
BRAID_NODES = MAX_NODES // 2
# A checkpoint comes behind the first end after so many nodes: one node in a thousand costs nothing.
CHECKPOINT_EVERY = 1000


class Recorder:
    """Records calls over a store; implements `Recording`.

    What takes a transaction runs in the store's writer thread, where alone lineages live.
    Such jobs change nothing outside but that cache, so that they may run again.
    `braid_bytes` and `braid_nodes` are how large a braid may be to be gone on with, `cached_nodes`
    is how much of braids stays in memory; after `checkpoint_every` nodes a checkpoint is signed.
    A call with history that `history` refuses is recorded with a `refusal`, and must not be sent
    (SPEC §8.4). `before` is what was read of requests, for whoever reads them; words that are
    erased leave it too.
    """

    def __init__(
        self,
        store: Store,
        keyring: Keyring,
        clock: Callable[[], datetime],
        braid_bytes: int = BRAID_BYTES,
        cached_nodes: int = CACHED_NODES,
        braid_nodes: int = BRAID_NODES,
        history: HistoryPolicy = HistoryPolicy.RECORD,
        checkpoint_every: int = CHECKPOINT_EVERY,
    ) -> None:
        self._store = store
        self._loom = Loom(keyring, clock, cached_nodes)
        self._answers = AnswerNodes(self._loom, braid_nodes, checkpoint_every)
        self._sealing = Sealing(store, self._loom, self._answers)
        self._braid_bytes = braid_bytes
        self._braid_nodes = braid_nodes
        self._refused = history.refused
        self._owed: deque[Append] = deque()
        self.before = ReadBefore()

    async def open(self, opening: CallOpening) -> CallRecord:
        """Make the request, its parameters and the call durable; raises RecordingFailed, Unplaceable."""
        self._pay()
        for attempt in _attempts(opening):
            try:
                wanted = await self._want(attempt)
                return await self._store.write(
                    functools.partial(self._open, opening=attempt, wanted=wanted)
                )
            except StoreUnavailable as fault:
                raise RecordingFailed(str(fault)) from fault
            except (Unplaceable, RecordingFailed):
                raise
            except Exception as fault:  # noqa: BLE001 whatever it is, what was sent must be kept
                # Its message could quote the conversation.
                _log.error("event=request_not_understood fault=%s", type(fault).__name__)
        raise RecordingFailed("the request could not be recorded")

    async def append(
        self,
        call: CallRecord,
        blocks: Sequence[Block],
        ending: CallEnding | None,
        body: BodyDigest | None,
    ) -> None:
        """Make blocks of an answer, and perhaps its end, durable; raises RecordingFailed.

        An end that the store does not take is owed: it is tried again before later calls.
        """
        opening = call.opening
        append = Append(
            number=call.number,
            call=call.seq,
            blocks=tuple(blocks),
            ending=ending,
            body=body,
            marks=self._loom.marks(opening.tenant),
            provider=opening.provider,
            flags=await call.flagging.flags(call.count, blocks),
            kept=opening.request.kept,
        )
        for attempt in attempts_at(append):
            try:
                return await self._store.write(
                    functools.partial(self._answers.append, append=attempt)
                )
            except RecordingFailed:
                raise
            except StoreUnavailable as fault:
                if ending is not None:
                    self._owed.append(append)
                raise RecordingFailed(str(fault)) from fault
            except Exception as fault:  # noqa: BLE001 whatever it is, what was said must be kept
                what = type(fault).__name__
                _log.error("event=answer_not_understood call=%s fault=%s", call.id, what)
        raise RecordingFailed("the answer could not be recorded")

    def recover(self) -> int:
        """Close the calls that a killed process left open, as interrupted; give their count.

        One that cannot be closed is left as it is, and said so. Raises StoreUnavailable.
        """
        with self._store.read() as reading:
            left = reading.open_calls()
        closing = [
            self._store.submit(functools.partial(self._interrupt, number=number, call=call))
            for number, call in left
        ]
        closed = 0
        for (number, call), future in zip(left, closing, strict=True):
            try:
                future.result()
                closed += 1
            except StoreUnavailable:
                raise
            except Exception as fault:  # noqa: BLE001 one broken braid must not keep the others shut
                what = type(fault).__name__
                _log.error("event=call_left_open number=%d seq=%d fault=%s", number, call, what)
        return closed

    def close_all(self) -> int:
        """Have the root close every open braid, as after a restore from a copy: see `closing`."""
        return close_all(self._store, self._loom)

    async def seal(
        self, braid: str, tenant: str | None, *, interrupt: bool, hold: bool = False
    ) -> Sealed | None:
        """Seal a braid, once the ends that are owed are queued: see `Sealing`."""
        self._pay()
        return await self._sealing.seal(braid, tenant, interrupt=interrupt, hold=hold)

    def seal_idle(self, after: timedelta) -> int:
        """Seal the braids in which nothing was signed for so long: see `Sealing`."""
        return self._sealing.seal_idle(after)

    async def erase(self, row: BraidRow, erasure: Erasure, reason: str | None) -> str | None:
        """Drop words of a sealed braid, and give the braid that says so, if any words went.

        Raises StoreUnavailable. Nothing of that braid is recognised from then on.
        """
        notice = await self._store.write(
            functools.partial(erase, loom=self._loom, row=row, erasure=erasure, reason=reason)
        )
        self.before.forget()
        return notice

    def _pay(self) -> None:
        """Queue the ends that are owed, ahead of what is queued next."""
        with contextlib.suppress(IndexError):
            while True:
                owed = self._owed.popleft()
                future = self._store.submit(functools.partial(self._answers.append, append=owed))
                future.add_done_callback(functools.partial(self._paid, owed))

    def _paid(self, owed: Append, done: Future[None]) -> None:
        if isinstance(done.exception(), StoreUnavailable):
            self._owed.append(owed)

    async def _want(self, opening: CallOpening) -> Wanted:
        """Compute what a request is recognised by, outside the writer's thread."""
        marks = self._loom.marks(opening.tenant)
        if len(opening.body) > IN_THREAD or len(opening.request.messages) > MOST_BLOCKS:
            return await asyncio.to_thread(want, marks, opening, self._since, self._loom.salts())
        return want(marks, opening, self._since, self._loom.salts())

    def _since(self) -> str:
        return write_time(self._loom.clock() - _RETRIED_WITHIN)

    # In the writer's thread.

    def _open_lineage(self, transaction: Transaction, row: BraidRow) -> Lineage | None:
        """Give the lineage of a braid that calls may be added to, None of another."""
        if row.sealed or self._sealing.holds(row.number):
            return None
        if self._loom.keyring.revoked.holds(row.id, Subject.BRAID):
            return None
        try:
            lineage = self._loom.lineages.get(transaction, row)
        except KeyUnavailable:
            return None
        if lineage.size > self._braid_bytes or len(lineage.nodes) > self._braid_nodes:
            return None
        ending = write_time(self._loom.clock() + _LAST_CALLS) > lineage.not_after
        return None if ending else lineage

    def _open(self, transaction: Transaction, opening: CallOpening, wanted: Wanted) -> CallRecord:
        def row_of(number: int) -> BraidRow | None:
            return self._loom.lineages.row(transaction, number)

        def readable(row: BraidRow) -> Lineage:
            return self._loom.lineages.readable(transaction, row)

        placer = Placer(
            lambda: transaction.reading,
            row_of,
            lambda name: transaction.reading.braid_named(name, opening.tenant),
            lambda row: self._open_lineage(transaction, row),
            readable,
        )
        references = References(
            wanted.marks, opening.provider, lambda: transaction.reading, row_of, readable
        )
        messages = references.resolved(wanted.messages)
        wanted = msgspec.structs.replace(
            wanted, messages=messages, referred=frozenset(references.braids)
        )
        place = placer.place(wanted)
        if count_new(place, wanted) > MOST_BLOCKS:
            raw = raw_request(opening.request, opening.body, TOO_MANY)
            opening = msgspec.structs.replace(opening, request=raw)
            wanted = wanted.saying(raw)
            place = placer.place(wanted)
        lineage = place.lineage or self._loom.begin(transaction, opening.tenant, wanted.session)
        weaving = self._loom.weaving(transaction, lineage)
        request_nodes = RequestNodes(weaving, lineage, place, wanted, lambda: transaction.reading)
        context, history, last = request_nodes.weave()
        params = weaving.add_params(opening, last, request_nodes.link_left)
        call_id = encode(self._loom.salts()[:16])
        call = weaving.add_call(
            opening,
            context,
            [params] if last is None else [last, params],
            call_id=call_id,
            by=place.by,
            history=history,
            repeats=place.repeats,
            body=wanted.body,
        )
        transaction.add_call(lineage.number, call)
        transaction.add_mark(wanted.body_mark, lineage.number, call)
        refusal = self._refusal(history)
        return CallRecord(
            self.append,
            opening,
            lineage.number,
            lineage.id,
            call,
            call_id,
            self._loom.salts(),
            refusal,
        )

    def _refusal(self, history: Sequence[HistoryEntry]) -> str | None:
        codes = dict.fromkeys(entry.code for entry in history if entry.code in self._refused)
        return ", ".join(codes) or None

    def _interrupt(self, transaction: Transaction, number: int, call: int) -> None:
        row = transaction.reading.braid(number)
        assert row is not None
        lineage = self._loom.lineages.get(transaction, row)
        self._answers.interrupt(transaction, lineage, call)


def _attempts(opening: CallOpening) -> Iterator[CallOpening]:
    """Give an opening, then what stays of it where a fault of ours must not stop the call."""
    yield opening
    raw = msgspec.structs.replace(
        opening, request=raw_request(opening.request, opening.body), retry=0
    )
    yield raw
    yield msgspec.structs.replace(raw, session=None)
