"""A call under way: what came back is gathered and handed to the writer in good time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from braid.content import BodyDigest
from braid.wire.block import Block
from braid_server.fallback import MOST_BLOCKS, gathered
from braid_server.flagging import Flagging
from braid_server.recording import CallEnding, CallOpening, RecordingFailed

_log = logging.getLogger("braid.recorder")

# Well inside the second that SPEC §8.2 allows a completed block, and long enough that a
# short answer is committed once.
FLUSH_SECONDS = 0.3

Append = Callable[
    ["CallRecord", Sequence[Block], CallEnding | None, BodyDigest | None], Awaitable[None]
]


class CallRecord:
    """A call under way; implements `OpenCall`. Belongs to one event loop.

    `append` makes blocks durable, and with an ending the end, or raises RecordingFailed.
    """

    def __init__(
        self,
        append: Append,
        opening: CallOpening,
        number: int,
        braid: str,
        seq: int,
        call_id: str,
        bsalt: bytes,
        refusal: str | None = None,
    ) -> None:
        self.opening = opening
        self.flagging = Flagging(opening)
        self.number = number
        self.braid = braid
        self.seq = seq
        self.id = call_id
        self.refusal = refusal
        self._append = append
        self._body = BodyDigest(bsalt)
        self._heard = False
        self._closed = False
        self._waiting: list[Block] = []
        self.count = 0  # blocks that are durable
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Task[None] | None = None

    def received(self, chunk: bytes, blocks: tuple[Block, ...]) -> None:
        """Note bytes of the answer and the blocks they completed; never waits."""
        self._heard = True
        self._body.update(chunk)
        if blocks:
            self._waiting.extend(blocks)
            self._flush_soon()

    def _flush_soon(self) -> None:
        if self._timer is None and self._flushing is None and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._start_flush)

    def _start_flush(self) -> None:
        self._timer = None
        self._flushing = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        blocks, self._waiting = self._waiting, []
        try:
            await self._append(self, self._bounded(blocks), None, None)
            self.count += len(blocks)
        except RecordingFailed:
            # They keep their place before what came since, and are tried again with it.
            self._waiting = blocks + self._waiting
        self._flushing = None
        if self._waiting:
            self._flush_soon()

    def _bounded(self, blocks: Sequence[Block]) -> Sequence[Block]:
        """Give blocks with those beyond what one answer may have as one (SPEC §5.4)."""
        room = max(MOST_BLOCKS - self.count, 0)
        if len(blocks) <= room:
            return blocks
        return (*blocks[:room], *gathered(self.opening.provider, blocks[room:]))

    async def close(self, ending: CallEnding, blocks: tuple[Block, ...] = ()) -> None:
        """Make the rest of the answer and its end durable; raises RecordingFailed."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._flushing is not None:
            await self._flushing
        rest = (*self._waiting, *blocks)
        self._waiting = []
        try:
            body = self._body if self._heard else None
            await self._append(self, self._bounded(rest), ending, body)
        except RecordingFailed:
            _log.error("event=answer_not_recorded braid=%s call=%s", self.braid, self.id)
            raise
