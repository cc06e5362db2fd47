"""A call under way: what came back is gathered and handed to the writer in good time."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from braid.content import BodyDigest
from braid.wire.block import Block
from braid_server.recording import CallEnding, CallOpening, RecordingFailed

_log = logging.getLogger("braid.recorder")

# Well inside the second that SPEC §8.2 allows a completed block, and long enough that a
# short answer is committed once.
FLUSH_SECONDS = 0.3

Append = Callable[
    ["CallRecord", Sequence[Block], CallEnding | None, BodyDigest | None], Future[None]
]


class CallRecord:
    """A call under way; implements `OpenCall`. Belongs to one event loop."""

    def __init__(
        self,
        append: Append,
        opening: CallOpening,
        number: int,
        braid: str,
        seq: int,
        call_id: str,
    ) -> None:
        self.opening = opening
        self.number = number
        self.braid = braid
        self.seq = seq
        self.id = call_id
        self._append = append
        self._body = BodyDigest(secrets.token_bytes(32))
        self._heard = False
        self._waiting: list[Block] = []
        self._timer: asyncio.TimerHandle | None = None
        self._queued: Future[None] | None = None

    def received(self, chunk: bytes, blocks: tuple[Block, ...]) -> None:
        """Note bytes of the answer and the blocks they completed; never waits."""
        self._heard = True
        self._body.update(chunk)
        if blocks:
            self._waiting.extend(blocks)
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush)

    def _flush(self) -> None:
        self._timer = None
        blocks, self._waiting = self._waiting, []
        if blocks:
            self._queued = self._append(self, blocks, None, None)

    async def close(self, ending: CallEnding, blocks: tuple[Block, ...] = ()) -> None:
        """Make the rest of the answer and its end durable; raises RecordingFailed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        rest = (*self._waiting, *blocks)
        self._waiting = []
        body = self._body if self._heard else None
        try:
            if self._queued is not None:
                await asyncio.wrap_future(self._queued)
            await asyncio.wrap_future(self._append(self, rest, ending, body))
        except RecordingFailed:
            raise
        except Exception as fault:
            _log.error("event=answer_not_recorded braid=%s call=%s", self.braid, self.id)
            raise RecordingFailed("the answer could not be recorded") from fault
