"""The recorder's copy of an answer: decoded, read into blocks, and never in the relay's way.

Whatever goes wrong here is recorded as raw bytes and does not reach the client.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator

from braid.node import Kind, Origin
from braid.wire.block import AnswerReader, Block, Fed, Outcome, Request
from braid_server.decoding import MAX_DECODED, Decoder, Undecodable
from braid_server.headers import Header, codings, first
from braid_server.provider import WireFormat

_log = logging.getLogger(__name__)

_NOTHING = Fed()


class AnswerCopy:
    """A fold over the body of an answer as it came.

    size   bytes fed so far; `grown` after decoding.
    whole  set by the relay when nothing is missing: the terminal event came, or the body
           ended as its framing promised, or with its connection.
    bare_end  set by the relay where nothing but the end of the connection says `whole`.
    goes_on  what `Fed.goes_on` says of this provider.
    """

    __slots__ = (
        "_decoder",
        "_fault",
        "_limit",
        "_pieces",
        "_provider",
        "_raw",
        "_reader",
        "_stream",
        "bare_end",
        "goes_on",
        "grown",
        "size",
        "whole",
    )

    def __init__(
        self,
        provider: str,
        form: WireFormat,
        request: Request,
        status: int,
        headers: list[Header],
        limit: int = MAX_DECODED,
    ) -> None:
        self._provider = provider
        self._limit = limit
        self._raw: list[bytes] = []
        self.whole = False
        self.bare_end = False
        self.goes_on = False
        self.size = 0
        self.grown = 0
        self._pieces: Iterator[bytes] | None = None
        self._fault: str | None = None
        self._decoder: Decoder | None = None
        self._reader: AnswerReader | None = None
        media = (first(headers, b"content-type") or b"").decode("latin-1")
        self._stream = request.stream or media.lower().startswith("text/event-stream")
        applied = codings(headers)
        try:
            if applied:
                self._decoder = Decoder(applied, limit)
            self._reader = form.read_answer(status, media, request)
        except Undecodable as fault:
            self._fault = str(fault)
        except Exception as fault:  # noqa: BLE001 - a bug in a reader must not stop the relay
            self._failed(fault)

    @property
    def behind(self) -> bool:
        """Whether bytes that were fed are still to be read, by `catch_up`."""
        return self._pieces is not None

    def feed(self, chunk: bytes, budget: int | None = None) -> Fed:
        """Read the next bytes; `hold` is an offset in them as they came.

        Coded bytes can stand for thousands of times as many: past `budget` decoded ones the
        rest is left for `catch_up`.
        """
        self.size += len(chunk)
        # Kept whole in case the copy turns out unreadable (SPEC §5.4).
        if self.size <= self._limit:
            self._raw.append(chunk)
        if self._reader is None or self._fault is not None:
            return _NOTHING
        if self._decoder is not None:
            self._pieces = self._decoder.pieces(chunk)
            return self.catch_up(budget)
        self.grown = self.size
        try:
            if self.size > self._limit:
                raise Undecodable("answer: grows beyond the limit")
            fed = self._reader.feed(chunk)
            self.goes_on = fed.goes_on
            return fed
        except Undecodable as fault:
            self._unreadable(str(fault))
        except Exception as fault:  # noqa: BLE001 - a bug in a reader must not stop the relay
            self._failed(fault)
        return _NOTHING

    def catch_up(self, budget: int | None = None) -> Fed:
        """Read what `feed` has left."""
        blocks: list[Block] = []
        hold: int | None = None
        most = None if budget is None else self.grown + budget
        try:
            while self._pieces is not None and self._reader is not None:
                if most is not None and self.grown >= most:
                    break
                piece = next(self._pieces, None)
                if piece is None:
                    self._pieces = None
                    break
                self.grown += len(piece)
                fed = self._reader.feed(piece)
                blocks += fed.blocks
                self.goes_on = fed.goes_on
                if fed.hold is not None:
                    # No offset in coded bytes says where the event begins: the chunk waits.
                    hold = 0
        except Undecodable as fault:
            self._unreadable(str(fault))
        except Exception as fault:  # noqa: BLE001 - a bug in a reader must not stop the relay
            self._failed(fault)
        return Fed(tuple(blocks), hold)

    def close(self) -> tuple[tuple[Block, ...], Outcome]:
        """Give the blocks that are left, and how the answer ended by its own bytes."""
        if self._fault is None and self._reader is not None:
            try:
                return self._doubted(*self._reader.close())
            except Exception as fault:  # noqa: BLE001 - as above
                self._failed(fault)
        # A body that is no stream is complete if it came whole (SPEC §6.3).
        return self._doubted((self._unread(),), Outcome(complete=not self._stream))

    def _doubted(
        self, blocks: tuple[Block, ...], said: Outcome
    ) -> tuple[tuple[Block, ...], Outcome]:
        """Take `complete` from a body that might have gone on, but for the end of its connection.

        A JSON document that was read says itself that it is whole.
        """
        if said.complete and self.bare_end:
            unread = not self.size or any("ambiguous" in block.attrs for block in blocks)
            said = dataclasses.replace(said, complete=not (self._stream or unread))
        return blocks, said

    def _failed(self, fault: Exception) -> None:
        # The message of an unexpected fault could quote the conversation.
        self._unreadable("the reader failed")
        _log.error("event=answer_unread provider=%s fault=%s", self._provider, type(fault).__name__)

    def _unreadable(self, why: str) -> None:
        self._fault = why
        # Whatever they hold of it is not needed any more.
        self._reader = self._decoder = self._pieces = None

    def _unread(self) -> Block:
        attrs: dict[str, object] = {"provider": self._provider, "ambiguous": self._fault}
        if self.size > self._limit:
            attrs["cut"] = True
        return Block(
            kind=Kind.OTHER,
            origin=Origin.PROVIDER,
            media="application/octet-stream",
            content=b"".join(self._raw),
            attrs=attrs,
        )
