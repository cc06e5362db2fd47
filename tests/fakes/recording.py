"""A recording in memory, which can fail and can be held up."""

from __future__ import annotations

import asyncio
import threading

from braid.wire.block import Block
from braid_server.recording import CallEnding, CallOpening, RecordingFailed
from fakes.upstream import PATIENCE


class MemoryCall:
    """A call that remembers all it was told."""

    braid = "B" * 43
    refusal: str | None = None

    def __init__(self, recording: MemoryRecording, opening: CallOpening) -> None:
        self._recording = recording
        self.id = f"call-{len(recording.calls)}"
        self.opening = opening
        self.raw = b""
        self.blocks: list[Block] = []
        self.endings: list[CallEnding] = []

    @property
    def ending(self) -> CallEnding:
        (ending,) = self.endings
        return ending

    def received(self, chunk: bytes, blocks: tuple[Block, ...]) -> None:
        assert not self.endings
        if self._recording.fail_received is not None:
            raise self._recording.fail_received
        self.raw += chunk
        self.blocks += blocks

    async def close(self, ending: CallEnding, blocks: tuple[Block, ...] = ()) -> None:
        recording = self._recording
        recording.closing.set()
        if recording.hold_close is not None:
            assert await asyncio.to_thread(recording.hold_close.wait, PATIENCE)
        if recording.fail_close is not None:
            recording.note_end()
            raise recording.fail_close
        self.blocks += blocks
        self.endings.append(ending)
        recording.note_end()


class MemoryRecording:
    """Set `fail_…` to an exception to fail, `hold_…` to an event to wait for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._ended = 0
        self.calls: list[MemoryCall] = []
        self.opening = threading.Event()
        self.closing = threading.Event()
        self.fail_open: Exception | None = None
        self.fail_close: Exception | None = None
        self.fail_received: Exception | None = None
        self.hold_open: threading.Event | None = None
        self.hold_close: threading.Event | None = None

    async def open(self, opening: CallOpening) -> MemoryCall:
        self.opening.set()
        if self.hold_open is not None:
            assert await asyncio.to_thread(self.hold_open.wait, PATIENCE)
        if self.fail_open is not None:
            raise self.fail_open
        call = MemoryCall(self, opening)
        self.calls.append(call)
        return call

    def note_end(self) -> None:
        with self._changed:
            self._ended += 1
            self._changed.notify_all()

    def ended(self, count: int = 1) -> MemoryCall:
        """Wait until so many calls were closed, or failed to close; give the last opened."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._ended >= count, PATIENCE)
        return self.calls[-1]


def unrecordable() -> RecordingFailed:
    return RecordingFailed("disk full")
