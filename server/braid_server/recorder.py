"""Turning calls into nodes: placed, signed and durable in one transaction each (SPEC §8)."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta

import msgspec

from braid.call import REFUSED_HISTORY, CallOutcome, HistoryEntry
from braid.closure import Reason
from braid.content import BodyDigest
from braid.encoding import encode, write_time
from braid.errors import BraidError
from braid.node import Kind, Origin, read_header
from braid.transcript import MAX_NODES, MAX_TRANSCRIPT
from braid.wire.block import Block
from braid_server.call_record import CallRecord
from braid_server.closing import close
from braid_server.erasing import erase
from braid_server.fallback import (
    MOST_BLOCKS,
    TOO_MANY,
    bare,
    gathered,
    raw_block,
    raw_request,
    shortened,
)
from braid_server.flagging import Flags
from braid_server.keyring import Keyring, KeyUnavailable
from braid_server.lineage import Lineage, Prefix
from braid_server.lineages import CACHED_NODES, Lineages, new_row
from braid_server.marks import Marks
from braid_server.opening import IN_THREAD
from braid_server.placement import Placer, Wanted, want
from braid_server.recording import CallEnding, CallOpening, RecordingFailed, Unplaceable
from braid_server.request_nodes import RequestNodes, count_new
from braid_server.salts import Salts
from braid_server.store import BraidRow, Store, StoreUnavailable, Transaction
from braid_server.weaving import Weaving
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
# Times as many nodes, and answers take one node each, when they end.
_CROWDED = 1.8


class StillOpen(BraidError):
    """A braid cannot be sealed yet: calls on it are under way."""

    def __init__(self, calls: int) -> None:
        what = "1 call is" if calls == 1 else f"{calls} calls are"
        super().__init__(f"{what} still under way on this braid")
        self.calls = calls


@dataclasses.dataclass(frozen=True, slots=True)
class Sealed:
    """The seal's signature, and how many nodes the braid has with it.

    Where its root closed it, there is no seal.
    """

    seal: str | None
    nodes: int


@dataclasses.dataclass(frozen=True, slots=True)
class _Append:
    """What is to be added to the call at a seq of a braid."""

    number: int
    call: int
    blocks: tuple[Block, ...]
    ending: CallEnding | None
    body: BodyDigest | None
    marks: Marks
    provider: str
    flags: tuple[Flags, ...]


class Recorder:
    """Records calls over a store; implements `Recording`.

    What takes a transaction runs in the store's writer thread, where alone lineages live.
    Such jobs change nothing outside but that cache, so that they may run again.
    `braid_bytes` and `braid_nodes` are how large a braid may be to be gone on with, `cached_nodes`
    is how much of braids stays in memory; after `checkpoint_every` nodes a checkpoint is signed.
    With `reject_history` a call whose history is false is recorded with a `refusal`, and must not
    be sent (SPEC §8.4).
    """

    def __init__(
        self,
        store: Store,
        keyring: Keyring,
        clock: Callable[[], datetime],
        braid_bytes: int = BRAID_BYTES,
        cached_nodes: int = CACHED_NODES,
        braid_nodes: int = BRAID_NODES,
        reject_history: bool = False,
        checkpoint_every: int = CHECKPOINT_EVERY,
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._clock = clock
        self._braid_bytes = braid_bytes
        self._braid_nodes = braid_nodes
        self._checkpoint_every = checkpoint_every
        self._reject_history = reject_history
        self._lineages = Lineages(keyring, cached_nodes)
        self._salts = Salts()
        self._sealing: set[int] = set()
        self._unsealable: set[int] = set()  # said once, and not tried again
        self._marks: dict[str, Marks] = {}
        self._owed: deque[_Append] = deque()

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
            except Unplaceable:
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
        append = _Append(
            number=call.number,
            call=call.seq,
            blocks=tuple(blocks),
            ending=ending,
            body=body,
            marks=self._marks_of(opening.tenant),
            provider=opening.provider,
            flags=await call.flagging.flags(call.count, blocks),
        )
        for attempt in _attempts_at(append):
            try:
                return await self._store.write(functools.partial(self._append, append=attempt))
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
        """Have the root close every open braid, as after a restore from a copy (SPEC §11.7).

        Gives their count. One that another root certified is left as it is, and that is said.
        Blocks until all of it is durable; raises StoreUnavailable.
        """
        with self._store.read() as reading:
            numbers = reading.open_braids()
        closing = [
            (number, self._store.submit(functools.partial(self._close, number=number)))
            for number in numbers
        ]
        closed = 0
        for number, future in closing:
            if future.result():
                closed += 1
            else:
                _log.error(
                    "event=braid_not_closed number=%d reason=certified_by_another_root", number
                )
        return closed

    async def seal(
        self, braid: str, tenant: str | None, *, interrupt: bool, hold: bool = False
    ) -> Sealed | None:
        """Seal a braid, or give None where there is no such braid.

        Raises KeyUnavailable, StoreUnavailable, and StillOpen while calls are under way, unless
        `interrupt` has them recorded as interrupted. With `hold` the braid then takes no new
        call, and whoever would go on with it begins a new one, until another try without.
        """
        self._pay()
        sealed = await self._store.write(
            functools.partial(
                self._seal, braid=braid, tenant=tenant, interrupt=interrupt, hold=hold
            )
        )
        if isinstance(sealed, StillOpen):
            raise sealed
        return sealed

    def seal_idle(self, after: timedelta) -> int:
        """Seal the braids in which nothing was signed for so long, and give their count.

        A braid with a call under way is not idle. One that cannot be sealed is left as it is, and
        that is said. Blocks until all of it is durable; raises StoreUnavailable.
        """
        before = write_time(self._clock() - after)
        with self._store.read() as reading:
            idle = [number for number, h in reading.resting() if read_header(h).time <= before]
        sealing = [
            (
                number,
                self._store.submit(
                    functools.partial(self._seal_idle, number=number, before=before)
                ),
            )
            for number in idle
            if number not in self._unsealable
        ]
        sealed = 0
        for number, future in sealing:
            try:
                sealed += future.result()
            except StoreUnavailable:
                raise
            except Exception as fault:  # noqa: BLE001 one broken braid must not keep the others open
                self._unsealable.add(number)
                what = type(fault).__name__
                _log.error("event=braid_not_sealed number=%d fault=%s", number, what)
        return sealed

    async def erase(self, row: BraidRow, erasure: Erasure, reason: str | None) -> str | None:
        """Drop words of a sealed braid, and give the braid that says so, if any words went.

        Raises StoreUnavailable. Nothing of that braid is recognised from then on.
        """
        return await self._store.write(
            functools.partial(self._erase, row=row, erasure=erasure, reason=reason)
        )

    def _pay(self) -> None:
        """Queue the ends that are owed, ahead of what is queued next."""
        with contextlib.suppress(IndexError):
            while True:
                owed = self._owed.popleft()
                future = self._store.submit(functools.partial(self._append, append=owed))
                future.add_done_callback(functools.partial(self._paid, owed))

    def _paid(self, owed: _Append, done: Future[None]) -> None:
        if isinstance(done.exception(), StoreUnavailable):
            self._owed.append(owed)

    async def _want(self, opening: CallOpening) -> Wanted:
        """Compute what a request is recognised by, outside the writer's thread."""
        marks = self._marks_of(opening.tenant)
        since = write_time(self._clock() - _RETRIED_WITHIN)
        if len(opening.body) > IN_THREAD or len(opening.request.messages) > MOST_BLOCKS:
            return await asyncio.to_thread(want, marks, opening, since, self._salts())
        return want(marks, opening, since, self._salts())

    def _marks_of(self, tenant: str) -> Marks:
        if tenant not in self._marks:
            self._marks[tenant] = Marks(self._keyring.match_key(tenant))
        return self._marks[tenant]

    # In the writer's thread.

    def _weaving(self, transaction: Transaction, lineage: Lineage) -> Weaving:
        return Weaving(transaction, lineage, write_time(self._clock()), self._salts)

    def _open_lineage(self, transaction: Transaction, row: BraidRow) -> Lineage | None:
        """Give the lineage of a braid that calls may be added to, None of another."""
        if row.sealed or row.number in self._sealing:
            return None
        try:
            lineage = self._lineages.get(transaction, row)
        except KeyUnavailable:
            return None
        if lineage.size > self._braid_bytes or len(lineage.nodes) > self._braid_nodes:
            return None
        return lineage if write_time(self._clock() + _LAST_CALLS) <= lineage.not_after else None

    def _open(self, transaction: Transaction, opening: CallOpening, wanted: Wanted) -> CallRecord:
        placer = Placer(
            lambda: transaction.reading,
            lambda number: self._lineages.row(transaction, number),
            lambda name: transaction.reading.braid_named(name, opening.tenant),
            lambda row: self._open_lineage(transaction, row),
            lambda row: self._lineages.readable(transaction, row),
        )
        place = placer.place(wanted)
        if count_new(place, wanted) > MOST_BLOCKS:
            raw = raw_request(opening.request, opening.body, TOO_MANY)
            opening = dataclasses.replace(opening, request=raw)
            wanted = wanted.saying(raw)
            place = placer.place(wanted)
        lineage = place.lineage or self._begin(transaction, opening.tenant, wanted.session)
        weaving = self._weaving(transaction, lineage)
        request_nodes = RequestNodes(weaving, lineage, place, wanted, lambda: transaction.reading)
        context, history, last = request_nodes.weave()
        params = weaving.add_params(opening, last, request_nodes.link_left)
        call_id = encode(self._salts()[:16])
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
            self._salts(),
            refusal,
        )

    def _refusal(self, history: Sequence[HistoryEntry]) -> str | None:
        if not self._reject_history:
            return None
        codes = dict.fromkeys(entry.code for entry in history if entry.code in REFUSED_HISTORY)
        return ", ".join(codes) or None

    def _begin(self, transaction: Transaction, tenant: str, session: bytes | None) -> Lineage:
        made = self._keyring.new_braid(tenant, self._clock())
        row = new_row(tenant, session, made)
        row = msgspec.structs.replace(row, number=transaction.add_braid(row))
        lineage = Lineage(row.number, row, made.key, made.header.not_after)
        self._lineages.keep(transaction, lineage)
        return lineage

    def _append(self, transaction: Transaction, append: _Append) -> None:
        lineage = self._lineages.cached(transaction, append.number)
        if lineage is None:
            row = transaction.reading.braid(append.number)
            if row is None or row.sealed:
                raise RecordingFailed(_CLOSED)
            lineage = self._lineages.get(transaction, row)
        if append.call not in lineage.open_calls:
            raise RecordingFailed(_CLOSED)
        marks, ending, blocks = append.marks, append.ending, append.blocks
        if len(lineage.nodes) > self._braid_nodes * _CROWDED:
            # What room is left is for the ends of the calls under way.
            if ending is None:
                raise RecordingFailed("the braid is nearly full")
            blocks = gathered(append.provider, blocks) if blocks else ()
            append = dataclasses.replace(append, flags=())
        weaving = self._weaving(transaction, lineage)
        if ending is not None:
            ending, rest = shortened(append.provider, ending)
            blocks = blocks if rest is None else (*blocks, rest)
        for number, block in enumerate(blocks):
            flags = append.flags[number] if number < len(append.flags) else ()
            self._append_block(weaving, lineage, marks, append.call, block, flags)
        if ending is None or append.ending is None:
            return
        end = self._end(transaction, lineage, weaving, marks, append.call, ending, append.body)
        for name in dict.fromkeys((append.ending.answer_id, *append.ending.aliases)):
            if name is not None:
                transaction.add_mark(marks.answer(append.provider, name), lineage.number, end)

    def _append_block(
        self,
        weaving: Weaving,
        lineage: Lineage,
        marks: Marks,
        call: int,
        block: Block,
        flags: Flags,
    ) -> None:
        if block.origin is Origin.CLIENT:
            # What an answer repeats of its request is nobody's answer (SPEC §3.3).
            weaving.add_block(block, None, call)
            return
        # What stands beside the content has no role, and no client sends it back.
        match = marks.block(block) if block.role else None
        if match is not None and lineage.heard_again(call, block, match):
            return
        extra = {"candidate": block.candidate} if block.candidate else None
        after = lineage.open_calls[call].of(block.candidate)
        is_result = block.kind is Kind.TOOL_RESULT
        asked = lineage.last_use(call, block.candidate) if is_result else None
        seqs = weaving.add_block(block, match, after, extra, asked=asked)
        for seq, contents in zip(seqs, flags, strict=False):
            weaving.add_flags(seq, contents)
        evidence = None if match is None else marks.evidence(block, match)
        if evidence is not None:
            weaving.mark(evidence, seqs[0])

    def _end(
        self,
        transaction: Transaction,
        lineage: Lineage,
        weaving: Weaving,
        marks: Marks,
        call: int,
        ending: CallEnding,
        body: BodyDigest | None,
    ) -> int:
        end = weaving.add_end(call, ending, body)
        transaction.close_call(lineage.number, call)
        if end - lineage.last_checkpoint >= self._checkpoint_every:
            weaving.add_checkpoint(end)
        shown: Prefix | None = None
        values: dict[bytes, None] = {}
        for answer in lineage.answers_of(call):
            shown = shown or lineage.prefix(lineage.context_of(call).messages)
            prefix = lineage.prefix(answer, shown)
            values |= dict.fromkeys((marks.words(prefix.words), marks.outline(prefix.outline)))
        for value in values:
            transaction.add_mark(value, lineage.number, end)
        return end

    def _interrupt(self, transaction: Transaction, number: int, call: int) -> None:
        row = transaction.reading.braid(number)
        assert row is not None
        lineage = self._lineages.get(transaction, row)
        ending = CallEnding(CallOutcome.INTERRUPTED)
        weaving, marks = self._weaving(transaction, lineage), self._marks_of(row.tenant)
        self._end(transaction, lineage, weaving, marks, call, ending, None)

    def _seal(
        self, transaction: Transaction, braid: str, tenant: str | None, interrupt: bool, hold: bool
    ) -> Sealed | StillOpen | None:
        row = transaction.reading.braid_named(braid, tenant)
        if row is None:
            return None
        if row.closure is not None:
            return Sealed(None, transaction.reading.summary(row.number).nodes)
        if row.sealed:
            last = transaction.reading.last_signature(row.number)
            assert last is not None
            return Sealed(last, transaction.reading.summary(row.number).nodes)
        self._sealing.discard(row.number)
        lineage = self._lineages.get(transaction, row)
        if lineage.open_calls and not interrupt:
            if hold:
                self._sealing.add(row.number)
            return StillOpen(len(lineage.open_calls))
        for call in sorted(lineage.open_calls):
            self._interrupt(transaction, row.number, call)
        return self._seal_lineage(transaction, lineage)

    def _seal_idle(self, transaction: Transaction, number: int, before: str) -> bool:
        row = transaction.reading.braid(number)
        if row is None or row.sealed or number in self._sealing:
            return False
        lineage = self._lineages.get(transaction, row)
        # It may have gone on since it was found.
        if lineage.open_calls or lineage.last_time > before:
            return False
        self._seal_lineage(transaction, lineage)
        return True

    def _seal_lineage(self, transaction: Transaction, lineage: Lineage) -> Sealed:
        seal = self._weaving(transaction, lineage).add_seal()
        transaction.seal(lineage.number)
        self._lineages.drop(lineage.number)
        return Sealed(lineage.text(seal), len(lineage.nodes))

    def _close(self, transaction: Transaction, number: int) -> bool:
        row = transaction.reading.braid(number)
        assert row is not None
        try:
            self._keyring.unwrap(row.tenant, row.id, row.wrapped_key)
            reason = Reason.RESTORED
        except KeyUnavailable:
            reason = Reason.LOST
        self._lineages.drop(number)
        return close(transaction, row, self._keyring.signer, reason, write_time(self._clock()))

    def _erase(
        self, transaction: Transaction, row: BraidRow, erasure: Erasure, reason: str | None
    ) -> str | None:
        self._lineages.drop(row.number)
        return erase(transaction, self._keyring, self._clock(), self._salts, row, erasure, reason)


def _attempts(opening: CallOpening) -> Iterator[CallOpening]:
    """Give an opening, then what stays of it where a fault of ours must not stop the call."""
    yield opening
    raw = dataclasses.replace(opening, request=raw_request(opening.request, opening.body), retry=0)
    yield raw
    yield dataclasses.replace(raw, session=None)


def _attempts_at(append: _Append) -> Iterator[_Append]:
    """Give what is to be added, then its raw bytes where the first is not understood."""
    yield append
    raw = dataclasses.replace(append, blocks=tuple(map(raw_block, append.blocks)), flags=())
    yield raw
    if append.ending is not None:
        yield dataclasses.replace(raw, ending=bare(append.ending))


_CLOSED = "the call was closed while its answer was under way"
