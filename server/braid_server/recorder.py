"""Turning calls into nodes: placed, signed and durable in one transaction each (SPEC §8)."""

from __future__ import annotations

import dataclasses
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime

import msgspec

from braid.content import BodyDigest
from braid.encoding import encode, write_time
from braid.errors import BraidError
from braid.node import Kind, Origin
from braid.wire.block import Block, Request
from braid_server.call_record import CallRecord
from braid_server.keyring import Keyring, KeyUnavailable
from braid_server.lineage import Lineage, relearn
from braid_server.marks import Marks, match_blocks
from braid_server.placement import Placer, Wanted
from braid_server.recording import CallEnding, CallOpening, CallOutcome, RecordingFailed
from braid_server.request_nodes import RequestNodes
from braid_server.store import BraidRow, Store, StoreUnavailable, Transaction
from braid_server.weaving import Weaving

_log = logging.getLogger("braid.recorder")

CACHED_BRAIDS = 512


class StillOpen(BraidError):
    """A braid cannot be sealed yet: calls on it are under way."""

    def __init__(self, calls: int) -> None:
        super().__init__(f"{calls} calls of this braid are still under way")
        self.calls = calls


class Recorder:
    """Records calls over a store; implements `Recording`.

    Everything below `_` that takes a transaction runs in the store's writer thread, where
    alone lineages live. Jobs change nothing outside but the lineage cache, which is
    dropped when a commit fails, so that they may run again.
    """

    def __init__(self, store: Store, keyring: Keyring, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._keyring = keyring
        self._clock = clock
        self._lineages: OrderedDict[int, Lineage] = OrderedDict()
        self._sealing: set[int] = set()
        self._marks: dict[str, Marks] = {}
        store.on_failure(self._lineages.clear)

    async def open(self, opening: CallOpening) -> CallRecord:
        """Make the request, its parameters and the call durable; raises RecordingFailed."""
        try:
            return await self._store.write(lambda transaction: self._open(transaction, opening))
        except StoreUnavailable as fault:
            raise RecordingFailed(str(fault)) from fault
        except Exception as fault:  # noqa: BLE001 whatever it is, what was sent must be kept
            # Its message could quote the conversation.
            _log.error("event=request_not_understood fault=%s", type(fault).__name__)
        # A fault of ours must not stop the call: what was sent is kept, as it was sent.
        raw = dataclasses.replace(opening, request=_raw_request(opening.body))
        try:
            return await self._store.write(lambda transaction: self._open(transaction, raw))
        except Exception as fault:
            raise RecordingFailed("the request could not be recorded") from fault

    def recover(self) -> int:
        """Close the calls that a killed process left open, as interrupted; give their count.

        Raises StoreUnavailable.
        """
        return self._store.submit(self._recover).result()

    async def seal(self, braid: str, tenant: str | None, *, interrupt: bool) -> str | None:
        """Seal a braid and give the seal's signature, or None where there is no such braid.

        From now on a request that would go on here begins a new braid. Raises StillOpen
        while calls are under way, unless `interrupt` has them recorded as interrupted.
        """
        sealed = await self._store.write(
            lambda transaction: self._seal(transaction, braid, tenant, interrupt)
        )
        if isinstance(sealed, StillOpen):
            raise sealed
        return sealed

    # In the writer's thread.

    def _now(self) -> str:
        return write_time(self._clock())

    def _marks_of(self, tenant: str) -> Marks:
        if tenant not in self._marks:
            self._marks[tenant] = Marks(self._keyring.match_key(tenant))
        return self._marks[tenant]

    def _lineage(self, transaction: Transaction, number: int) -> Lineage:
        """Give a braid's lineage from the cache or the store; raises KeyUnavailable."""
        lineage = self._lineages.get(number)
        if lineage is not None:
            self._lineages.move_to_end(number)
            return lineage
        row = transaction.reading.braid(number)
        if row is None:
            raise KeyUnavailable(f"braid number {number}: not in the store")
        key = self._keyring.unwrap(row.tenant, row.id, row.wrapped_key)
        lineage = Lineage(number, row, key, _not_after(row))
        relearn(lineage, transaction.reading.nodes_of(number))
        self._keep(lineage)
        return lineage

    def _keep(self, lineage: Lineage) -> None:
        self._lineages[lineage.number] = lineage
        if len(self._lineages) > CACHED_BRAIDS:
            self._lineages.popitem(last=False)

    def _open_lineage(self, transaction: Transaction, row: BraidRow) -> Lineage | None:
        if row.sealed or row.number in self._sealing:
            return None
        try:
            lineage = self._lineage(transaction, row.number)
        except KeyUnavailable:
            return None
        return lineage if self._now() <= lineage.not_after else None

    def _any_lineage(self, transaction: Transaction, row: BraidRow) -> Lineage:
        try:
            return self._lineage(transaction, row.number)
        except KeyUnavailable:
            # Reading needs no key; nothing can be signed with this one.
            lineage = Lineage(row.number, row, self._keyring.no_key, "")
            relearn(lineage, transaction.reading.nodes_of(row.number))
            return lineage

    def _open(self, transaction: Transaction, opening: CallOpening) -> CallRecord:
        marks = self._marks_of(opening.tenant)
        request = opening.request
        messages = match_blocks(marks, request.messages)
        body_mark = marks.body(opening.body)
        session = None if opening.session is None else marks.session(opening.session)
        placer = Placer(
            lambda: transaction.reading,
            marks,
            lambda row: self._open_lineage(transaction, row),
            lambda row: self._any_lineage(transaction, row),
        )
        place = placer.place(
            Wanted(
                messages=messages,
                retry_of=body_mark if opening.retry > 0 else None,
                session=session,
                answer=None
                if request.continues is None
                else marks.answer(opening.provider, request.continues),
            )
        )
        if request.continues is not None and place.resumes is None and place.repeats is None:
            messages = match_blocks(marks, [_unseen(request.continues)]) + messages
        lineage = place.lineage or self._begin(transaction, opening.tenant, session)
        weaving = Weaving(transaction, lineage, self._now())
        request_nodes = RequestNodes(weaving, lineage, place, marks, request, messages)
        context, history, last = request_nodes.weave()
        params = weaving.add_params(opening, last, request_nodes.link_left)
        call_id = encode(secrets.token_bytes(16))
        call = weaving.add_call(
            opening,
            context,
            [params] if last is None else [last, params],
            call_id=call_id,
            partial=request_nodes.partial,
            by=place.by,
            history=history,
            repeats=place.repeats,
        )
        transaction.add_call(lineage.number, call)
        transaction.add_mark(body_mark, lineage.number, call)
        return CallRecord(self._queue, opening, lineage.number, lineage.id, call, call_id)

    def _begin(self, transaction: Transaction, tenant: str, session: bytes | None) -> Lineage:
        made = self._keyring.new_braid(tenant, self._clock())
        certificate = msgspec.json.encode(made.certificate).decode("ascii")
        row = BraidRow(
            number=0,
            id=made.header.braid,
            tenant=tenant,
            certificate=certificate,
            created=made.header.not_before,
            session=session,
            wrapped_key=made.wrapped,
            sealed=False,
        )
        number = transaction.add_braid(row)
        lineage = Lineage(number, row, made.key, made.header.not_after)
        self._keep(lineage)
        return lineage

    def _append(
        self,
        transaction: Transaction,
        call: CallRecord,
        blocks: Sequence[Block],
        ending: CallEnding | None,
        body: BodyDigest | None,
    ) -> None:
        lineage = self._lineage(transaction, call.number)
        if call.seq not in lineage.open_calls:
            raise RecordingFailed("the call was closed while its answer was under way")
        marks = self._marks_of(call.opening.tenant)
        weaving = Weaving(transaction, lineage, self._now())
        for block in blocks:
            # What stands beside the content has no role, and no client sends it back.
            match = marks.block(block) if block.role else None
            weaving.add_block(block, match, lineage.open_calls[call.seq])
        if ending is None:
            return
        end = self._end(transaction, lineage, marks, call.seq, ending, body)
        if ending.answer_id is not None:
            answer = marks.answer(call.opening.provider, ending.answer_id)
            transaction.add_mark(answer, lineage.number, end)

    def _end(
        self,
        transaction: Transaction,
        lineage: Lineage,
        marks: Marks,
        call: int,
        ending: CallEnding,
        body: BodyDigest | None,
    ) -> int:
        end = Weaving(transaction, lineage, self._now()).add_end(call, ending, body)
        transaction.close_call(lineage.number, call)
        if lineage.answer_of(call):
            prefix = lineage.prefix(lineage.conversation(call))
            transaction.add_mark(marks.words(prefix), lineage.number, end)
            transaction.add_mark(marks.anchors(prefix), lineage.number, end)
        return end

    def _recover(self, transaction: Transaction) -> int:
        closed = 0
        for number, call in transaction.reading.open_calls():
            closed += self._interrupt(transaction, number, call)
        return closed

    def _interrupt(self, transaction: Transaction, number: int, call: int) -> bool:
        row = transaction.reading.braid(number)
        if row is None:
            return False
        try:
            lineage = self._lineage(transaction, number)
        except KeyUnavailable:
            _log.warning("event=open_call_without_key braid=%s", row.id)
            return False
        ending = CallEnding(CallOutcome.INTERRUPTED)
        self._end(transaction, lineage, self._marks_of(row.tenant), call, ending, None)
        return True

    def _seal(
        self, transaction: Transaction, braid: str, tenant: str | None, interrupt: bool
    ) -> str | StillOpen | None:
        row = transaction.reading.braid_named(braid, tenant)
        if row is None:
            return None
        if row.sealed:
            last = transaction.reading.last_node(row.number)
            return None if last is None else last.node.s
        self._sealing.add(row.number)
        open_calls = transaction.reading.open_calls(row.number)
        if open_calls and not interrupt:
            return StillOpen(len(open_calls))
        for number, call in open_calls:
            self._interrupt(transaction, number, call)
        lineage = self._lineage(transaction, row.number)
        seal = Weaving(transaction, lineage, self._now()).add_seal()
        transaction.seal(row.number)
        self._lineages.pop(row.number, None)
        return lineage.text(seal)

    def _queue(
        self,
        call: CallRecord,
        blocks: Sequence[Block],
        ending: CallEnding | None,
        body: BodyDigest | None,
    ) -> Future[None]:
        return self._store.submit(
            lambda transaction: self._append(transaction, call, blocks, ending, body)
        )


def _raw_request(body: bytes) -> Request:
    reason = "could not be recorded as blocks"
    block = Block(
        Kind.OTHER, Origin.CLIENT, "application/octet-stream", body, {"ambiguous": reason}
    )
    return Request((), (), (block,), b"{}", ambiguous=reason)


def _unseen(answer: str) -> Block:
    """Stand for a conversation the provider holds and this proxy has not seen."""
    content = msgspec.json.encode({"continues": answer})
    return Block(
        Kind.OTHER, Origin.CLIENT, "application/json", content, {"type": "unseen"}, unseen=True
    )


def _not_after(row: BraidRow) -> str:
    certificate = msgspec.json.decode(row.certificate)
    header = msgspec.json.decode(certificate["h"])
    return str(header["not_after"])
