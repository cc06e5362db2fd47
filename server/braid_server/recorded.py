"""One recorded call: what goes upstream, what comes back, and how it ended.

Every opened call is closed exactly once, whatever breaks: the client, the upstream, the
record or this code.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from time import monotonic
from typing import Any

from braid.call import CallOutcome
from braid.wire.block import Fed, Outcome
from braid_server.answer import AnswerCopy
from braid_server.asgi import Send, body, start, tell
from braid_server.exchange import Exchange, Stopped
from braid_server.headers import Header, downward, first
from braid_server.opening import IN_THREAD
from braid_server.provider import Provider, WireFormat
from braid_server.recording import CallEnding, CallOpening, OpenCall, RecordingFailed
from braid_server.upstream import Answer, Broken, NotSent, Upstream

_log = logging.getLogger(__name__)


# So much of a coded chunk is read at once; what is beyond it, in a thread.
_ON_LOOP = 256 * 1024


class RecordedCall:
    """Carries one call that is open in the record, and closes it."""

    __slots__ = (
        "_began",
        "_call",
        "_exchange",
        "_form",
        "_marks",
        "_opening",
        "_provider",
        "_send",
    )

    def __init__(
        self,
        provider: Provider,
        form: WireFormat,
        opening: CallOpening,
        call: OpenCall,
        exchange: Exchange,
        send: Send,
    ) -> None:
        self._provider = provider
        self._form = form
        self._opening = opening
        self._call = call
        self._exchange = exchange
        self._send = send
        self._began = monotonic()
        self._marks: list[Header] = [
            (b"x-braid-id", call.braid.encode()),
            (b"x-braid-call", call.id.encode()),
        ]

    async def carry(
        self, upstream: Upstream, method: str, target: str, headers: list[tuple[str, str]]
    ) -> None:
        """Send the request and bring the answer down; returns early to cut the connection."""
        if self._call.refusal is not None:
            message = f"the history of this request is not what was recorded: {self._call.refusal}"
            await self._give_up(CallOutcome.REFUSED, 400, message)
            return
        address = self._provider.address
        # A GET that had no body gets none: an empty one would have a length.
        sent = self._opening.body or (None if method == "GET" else b"")
        try:
            answer = await self._exchange.network(
                upstream.send(address, method, target, headers, sent)
            )
        except NotSent as fault:
            _log.warning('event=not_sent call=%s why="%s"', self._call.id, fault)
            message = f"the upstream cannot be reached: {fault}"
            await self._give_up(CallOutcome.NOT_SENT, 502, message)
        except Broken as fault:
            _log.warning('event=no_answer call=%s why="%s"', self._call.id, fault)
            message = f"the upstream sent no answer: {fault}"
            await self._give_up(CallOutcome.UPSTREAM_CUT, 502, message)
        except Stopped:
            await self._give_up(self._stopped_by(), 503, "this server is shutting down")
        except Exception as fault:  # noqa: BLE001 - an opened call is closed, come what may
            self._failed(fault)
            await self._give_up(CallOutcome.INTERRUPTED, 502, "the relay failed")
        else:
            try:
                await self._bring_down(answer)
            finally:
                answer.close()

    async def _bring_down(self, answer: Answer) -> None:
        crossing = downward(answer.headers, answer.status)
        copy = AnswerCopy(
            self._provider.name, self._form, self._opening.request, answer.status, crossing
        )
        otherwise: CallOutcome | None = None
        held, ended = b"", False
        try:
            held, ended = await self._exchange.network(self._until_end(answer, crossing, copy))
        except Broken:
            otherwise = CallOutcome.UPSTREAM_CUT
        except Stopped:
            otherwise = self._stopped_by()
        except Exception as fault:  # noqa: BLE001 - an opened call is closed, come what may
            self._failed(fault)
            otherwise = CallOutcome.INTERRUPTED
        if otherwise is not None:
            answer.close()
        if not await self._recorded(self._settle(answer, crossing, copy, otherwise)):
            return
        if otherwise is None:
            try:
                await self._exchange.network(self._finish(answer, held, ended))
            except (Broken, Stopped):
                _log.info("event=end_cut call=%s", self._call.id)

    async def _until_end(
        self, answer: Answer, crossing: list[Header], copy: AnswerCopy
    ) -> tuple[bytes, bool]:
        """Bring down all but the end: the bytes held back, and whether they are the last."""
        send, received, length = self._send, self._call.received, answer.length
        held: bytes | None = None  # what may be the end, of an answer that may yet go on
        await send(start(answer.status, crossing + self._marks))
        while chunk := await self._next(answer, held):
            fed = copy.feed(chunk, _ON_LOOP)
            received(chunk, fed.blocks)
            hold = fed.hold
            if copy.behind:
                later = await self._catch_up(copy)
                hold = later if hold is None else hold
            ended = copy.size == length
            if ended and hold is None and held is None:
                hold = len(chunk) - 1
            if hold is None and held is None:
                await send(body(chunk))
                continue
            copy.whole = True
            if hold is None:
                held = (held or b"") + chunk
            else:
                if before := (held or b"") + chunk[:hold]:
                    await send(body(before))
                held = chunk[hold:]
            if ended or not copy.goes_on:
                return held, ended
        copy.whole = True
        copy.bare_end = held is None and not answer.framed
        return held or b"", chunk is not None

    async def _next(self, answer: Answer, held: bytes | None) -> bytes | None:
        """Read on; None where it breaks off after what was the end, as it now turns out."""
        try:
            return await answer.read()
        except Broken:
            if held is None:
                raise
            return None

    async def _catch_up(self, copy: AnswerCopy) -> int | None:
        """Read the rest of a chunk in a thread, to its end although the exchange is stopped."""
        reading = asyncio.create_task(asyncio.to_thread(copy.catch_up))
        try:
            await asyncio.wait((reading,))
        except asyncio.CancelledError:
            # The thread goes on, and nobody else may touch the copy before it is done.
            await self._exchange.durable(_done(reading))
            self._call.received(b"", reading.result().blocks)
            raise
        self._call.received(b"", reading.result().blocks)
        return reading.result().hold

    async def _finish(self, answer: Answer, held: bytes, ended: bool) -> None:
        """Bring down the end, and what an upstream may send after it."""
        await self._send(body(held, more=not ended))
        if not ended:
            while chunk := await answer.read():
                await self._send(body(chunk))
            await self._send(body(b"", more=False))

    async def _settle(
        self,
        answer: Answer,
        crossing: list[Header],
        copy: AnswerCopy,
        otherwise: CallOutcome | None,
    ) -> None:
        if max(copy.size, copy.grown) > IN_THREAD:
            blocks, said = await asyncio.to_thread(copy.close)
        else:
            blocks, said = copy.close()
        request_id = first(crossing, self._provider.request_id)
        ending = CallEnding(
            outcome=_outcome(answer.status, said, copy.whole, otherwise),
            status=answer.status,
            request_id=request_id.decode("latin-1") if request_id is not None else None,
            answer_id=said.id,
            aliases=said.aliases,
            model=said.model,
            stop_reason=said.stop_reason,
            usage=said.usage,
        )
        await self._call.close(ending, blocks)
        self._log_end(ending)

    async def _give_up(self, outcome: CallOutcome, status: int, message: str) -> None:
        """Close a call that has no answer, and say so to a client that is still there."""
        ending = CallEnding(outcome)
        if not await self._recorded(self._close(ending)):
            status, message = 503, "the record could not be made durable"
        if outcome is CallOutcome.CLIENT_GONE:
            return
        text = self._provider.error(status, f"braid: {message}")
        await tell(self._send, status, text, self._marks)

    async def _close(self, ending: CallEnding) -> None:
        await self._call.close(ending)
        self._log_end(ending)

    async def _recorded(self, write: Coroutine[Any, Any, None]) -> bool:
        """Make the end durable; False says that the client must not be told of an end."""
        try:
            await self._exchange.durable(write)
        except RecordingFailed:
            _log.error("event=end_not_recorded call=%s", self._call.id)
        except Exception as fault:  # noqa: BLE001 - an opened call is closed, come what may
            self._failed(fault)
        else:
            return True
        return False

    def _stopped_by(self) -> CallOutcome:
        return self._exchange.why or CallOutcome.INTERRUPTED

    def _failed(self, fault: Exception) -> None:
        # The message of an unexpected fault could quote the conversation.
        _log.error("event=call_failed call=%s fault=%s", self._call.id, type(fault).__name__)

    def _log_end(self, ending: CallEnding) -> None:
        if _log.isEnabledFor(logging.INFO):
            _log.info(
                "event=call_ended braid=%s call=%s outcome=%s status=%s ms=%d",
                self._call.braid,
                self._call.id,
                ending.outcome,
                ending.status,
                (monotonic() - self._began) * 1000,
            )


async def _done(work: asyncio.Task[Fed]) -> None:
    await asyncio.wait((work,))


def _outcome(status: int, said: Outcome, whole: bool, otherwise: CallOutcome | None) -> CallOutcome:
    """SPEC §6.3. `otherwise` is what ended the answer if it did not end by itself."""
    if said.error or (whole and not 200 <= status < 300):
        return CallOutcome.ERROR
    if said.complete and whole:
        return CallOutcome.COMPLETE
    return otherwise or CallOutcome.UPSTREAM_CUT
