"""What an answer of Anthropic's says around its blocks, streamed or not."""

from __future__ import annotations

from msgspec import Raw

from braid.node import Origin
from braid.wire.anthropic.block import keep_raw, read_block
from braid.wire.block import Block, Outcome
from braid.wire.envelope import Envelope
from braid.wire.raw_json import is_list, join_members, read_items

_TOLD = {"type": "message", "role": "assistant", "id": None, "model": None, "stop_reason": None}


class Message(Envelope):
    """The members of a message, and its blocks where they come with it."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(_TOLD)

    def read_blocks(self, content: Raw | None) -> list[Block]:
        """Read the blocks of a content list that came whole."""
        if content is None or not is_list(content):
            return []
        return [
            read_block(item, "assistant", Origin.PROVIDER, self.mark(place))
            for place, item in enumerate(read_items(content))
        ]

    def tell(self, *, complete: bool, error: bool) -> tuple[list[Block], Outcome]:
        """Give the outcome, and as a block what the message says that has no place in it."""
        left, outcome = self.end(
            complete=complete, error=error, stop_reason=self.word("stop_reason")
        )
        if not left:
            return [], outcome
        marks = {"type": "message"} | ({"id": outcome.id} if outcome.id else {})
        return [keep_raw(join_members(left), "", Origin.PROVIDER, marks)], outcome
