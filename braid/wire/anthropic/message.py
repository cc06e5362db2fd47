"""What an answer says about itself around its blocks, streamed or not."""

from __future__ import annotations

from msgspec import Raw

from braid.node import Origin
from braid.wire.anthropic.block import Members, keep_raw, read_block
from braid.wire.block import Block, Outcome
from braid.wire.raw_json import (
    has_lone_surrogate,
    is_list,
    is_object,
    join_members,
    read_items,
    read_members,
    read_word,
)

_NULL = b"null"
_TOLD = {"type": "message", "role": "assistant", "id": None, "model": None, "stop_reason": None}


class Message:
    """The members of the message, of which a stream sends some in its last events.

    Null says nothing: it neither overwrites nor is kept.
    """

    __slots__ = ("_members", "_model", "_usage")

    def __init__(self) -> None:
        self._model: str | None = None
        self._members: dict[str, Raw] = {}
        self._usage: dict[str, Raw] = {}

    def update(self, members: Members) -> None:
        """Take over members; usage is overwritten value by value, anything else whole."""
        for name, value in members.items():
            if bytes(value) == _NULL:
                continue
            if name == "usage" and is_object(value):
                for item, count in read_members(value).items():
                    if bytes(count) != _NULL or item not in self._usage:
                        self._usage[item] = count
            else:
                self._members[name] = value
        self._model = self._read("model")

    def read_blocks(self, content: Raw | None) -> tuple[Block, ...]:
        """Read the blocks of a content list that came whole."""
        if content is None or not is_list(content):
            return ()
        return tuple(
            read_block(item, "assistant", Origin.PROVIDER, self.mark(place))
            for place, item in enumerate(read_items(content))
        )

    def mark(self, index: int) -> dict[str, object]:
        """Give the attrs of a block that say where in which message it stands."""
        if self._model is None:
            return {"index": index}
        return {"index": index, "model": self._model}

    def end(self, *, complete: bool, error: bool) -> tuple[tuple[Block, ...], Outcome]:
        """Give the outcome, and as a block what the message says that has no place in it."""
        usage = join_members(self._usage) if self._usage else None
        left = {name: value for name, value in self._members.items() if not self._is_told(name)}
        if usage is not None and has_lone_surrogate(usage):
            left["usage"], usage = usage, None
        outcome = Outcome(
            complete=complete,
            error=error,
            id=self._read("id"),
            model=self._model,
            stop_reason=self._read("stop_reason"),
            usage=None if usage is None else bytes(usage),
        )
        if not left:
            return (), outcome
        marks = {"type": "message"} | ({"id": outcome.id} if outcome.id else {})
        return (keep_raw(join_members(left), "", Origin.PROVIDER, marks),), outcome

    def _is_told(self, name: str) -> bool:
        """Say whether the outcome has this member, or it is the same in every message."""
        if name not in _TOLD:
            return False
        word = self._read(name)
        return word is not None and _TOLD[name] in (None, word)

    def _read(self, name: str) -> str | None:
        return read_word(self._members.get(name))
