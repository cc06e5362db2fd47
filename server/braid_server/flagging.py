"""What the detector says of an answer's blocks, found before they go to the writer (SPEC §6.4)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence

import msgspec

from braid.node import Kind, Origin
from braid.wire.block import Block
from braid_server.parts import PART_BYTES, parts_of
from braid_server.recording import CallOpening
from braid_verifier.leaks import Heard, TurnBlock, detect, position
from braid_verifier.leaks.flag import leak_flags, unsigned_thinking

_log = logging.getLogger("braid.recorder")

#: Answers larger than this are looked at beside the event loop: some milliseconds of work.
_IN_THREAD = 32 * 1024
_SPOKEN = (Kind.TEXT, Kind.TOOL_USE)
_QUOTED = (Kind.SYSTEM, Kind.PROMPT, Kind.TOOL_RESULT)

#: For each part of a block the contents of the flags about it.
Flags = tuple[tuple[bytes, ...], ...]


class Flagging:
    """The flags of one call's answer; blocks are numbered as they come, and looked at once."""

    def __init__(self, opening: CallOpening) -> None:
        self._opening = opening
        self._heard: Heard | None = None
        self._turns: dict[int, list[TurnBlock]] = {}
        self._found: list[Flags] = []

    async def flags(self, first: int, blocks: Sequence[Block]) -> tuple[Flags, ...]:
        """Give the flags of these blocks, of which the first has this number in the answer.

        Never raises: the record does not wait for the detector to be right.
        """
        try:
            if sum(len(block.content) for block in blocks) > _IN_THREAD:
                return await asyncio.to_thread(self._flags, first, blocks)
            return self._flags(first, blocks)
        except Exception as fault:  # noqa: BLE001 no fault of the detector's may cost the record
            # Its message could quote the conversation.
            _log.error("event=not_flagged fault=%s", type(fault).__name__)
            return ()

    def _flags(self, first: int, blocks: Iterable[Block]) -> tuple[Flags, ...]:
        said: list[Flags] = []
        for number, block in enumerate(blocks, first):
            if number == len(self._found):
                self._found.append(self._look(block))
            said.append(self._found[number])
        return tuple(said)

    def _look(self, block: Block) -> Flags:
        if block.origin is not Origin.PROVIDER:
            return ()
        if block.kind is Kind.THINKING:
            signed = _is_signed(block)
            self._turn(block).append(TurnBlock(Kind.THINKING, _text(block.content), signed))
            return () if signed else ((unsigned_thinking(),),)
        if block.kind not in _SPOKEN:
            return ()
        if len(block.content) <= PART_BYTES:
            return (self._of_part(block, block.content),)
        return tuple(self._of_part(block, part.content) for part in parts_of(block))

    def _of_part(self, block: Block, content: bytes) -> tuple[bytes, ...]:
        attrs = {name: _word(block.attrs.get(name)) for name in ("name", "type")}
        found = detect(block.kind, block.media, content, attrs)
        if found:
            found = detect(block.kind, block.media, content, attrs, self._quotable())
        if not found:
            return ()
        turn = [*self._turn(block), TurnBlock(block.kind, _text(content))]
        return leak_flags(found, position(turn, len(turn) - 1))

    def _turn(self, block: Block) -> list[TurnBlock]:
        return self._turns.setdefault(block.candidate, [])

    def _quotable(self) -> Heard:
        """Give what users and tools said in the request; only an answer with findings needs it."""
        if self._heard is None:
            self._heard = Heard()
            request = self._opening.request
            for block in (*request.system, *request.messages):
                if block.kind in _QUOTED:
                    self._heard.add(_text(block.content))
        return self._heard


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _word(value: object) -> str:
    """Give a string attr as it reads, "" for what is none; attrs may keep the provider's spelling."""
    if isinstance(value, msgspec.Raw):
        value = msgspec.json.decode(value)
    return value if isinstance(value, str) else ""


def _is_signed(block: Block) -> bool:
    """Tell whether the provider signed or encrypted this thinking."""
    return bool(_word(block.attrs.get("signature")) or block.attrs.get("redacted"))
