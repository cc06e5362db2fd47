"""The recorder's copy of an answer: decoded, read into blocks, and never in the relay's way.

Whatever goes wrong here is recorded as raw bytes and does not reach the client.
"""

from __future__ import annotations

import logging

from braid.node import Kind, Origin
from braid.wire.block import AnswerReader, Block, Fed, Outcome
from braid_server.decoding import MAX_DECODED, Decoder, Undecodable
from braid_server.headers import Header, codings, first
from braid_server.provider import Provider

_log = logging.getLogger(__name__)

_NOTHING = Fed()


class AnswerCopy:
    """A fold over the body of an answer as it came.

    size   bytes fed so far.
    whole  set by the relay when nothing is missing: the terminal event came, or the body
           ended as its framing promised.
    """

    __slots__ = (
        "_decoder",
        "_fault",
        "_limit",
        "_provider",
        "_raw",
        "_reader",
        "_stream",
        "size",
        "whole",
    )

    def __init__(
        self, provider: Provider, status: int, headers: list[Header], limit: int = MAX_DECODED
    ) -> None:
        self._provider = provider
        self._limit = limit
        self._raw: list[bytes] = []
        self.whole = False
        self.size = 0
        self._fault: str | None = None
        self._decoder: Decoder | None = None
        self._reader: AnswerReader | None = None
        media = (first(headers, b"content-type") or b"").decode("latin-1")
        self._stream = media.lower().startswith("text/event-stream")
        applied = codings(headers)
        try:
            if applied:
                self._decoder = Decoder(applied, limit)
            self._reader = provider.read_answer(status, media)
        except Undecodable as fault:
            self._fault = str(fault)
        except Exception as fault:  # noqa: BLE001 - a bug in a reader must not stop the relay
            self._failed(fault)

    def feed(self, chunk: bytes) -> Fed:
        """Read the next bytes; `hold` is an offset in them as they came."""
        self.size += len(chunk)
        # Kept whole in case the copy turns out unreadable (SPEC §5.4).
        if self.size <= self._limit:
            self._raw.append(chunk)
        if self._reader is None or self._fault is not None:
            return _NOTHING
        try:
            if self._decoder is None:
                if self.size > self._limit:
                    raise Undecodable("answer: grows beyond the limit")
                return self._reader.feed(chunk)
            fed = self._reader.feed(self._decoder.feed(chunk))
            # No offset in coded bytes says where the event begins, so the whole chunk waits.
            return fed if fed.hold is None else Fed(fed.blocks, 0)
        except Undecodable as fault:
            self._fault = str(fault)
        except Exception as fault:  # noqa: BLE001 - a bug in a reader must not stop the relay
            self._failed(fault)
        return _NOTHING

    def close(self) -> tuple[tuple[Block, ...], Outcome]:
        """Give the blocks that are left, and how the answer ended by its own bytes."""
        if self._fault is None and self._reader is not None:
            try:
                return self._reader.close()
            except Exception as fault:  # noqa: BLE001 - as above
                self._failed(fault)
        # A body that is no stream is complete if it came whole (SPEC §6.3).
        return (self._unread(),), Outcome(complete=not self._stream)

    def _failed(self, fault: Exception) -> None:
        # The message of an unexpected fault could quote the conversation.
        self._fault = "the reader failed"
        _log.error(
            "event=answer_unread provider=%s fault=%s", self._provider.name, type(fault).__name__
        )

    def _unread(self) -> Block:
        attrs: dict[str, object] = {"provider": self._provider.name, "ambiguous": self._fault}
        if self.size > self._limit:
            attrs["cut"] = True
        return Block(
            kind=Kind.OTHER,
            origin=Origin.PROVIDER,
            media="application/octet-stream",
            content=b"".join(self._raw),
            attrs=attrs,
        )
