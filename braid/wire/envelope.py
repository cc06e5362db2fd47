"""What an answer says about itself around its blocks, streamed or not."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Raw

from braid.wire.block import Outcome
from braid.wire.native import Members
from braid.wire.raw_json import (
    has_lone_surrogate,
    is_null,
    is_object,
    join_members,
    read_members,
    read_word,
)


class Envelope:
    """The members of an answer, of which a stream sends some in its last events.

    `told` are those that need no keeping: the outcome has them, or they are the same in
    every answer and then given with that value. Null says nothing: it neither overwrites
    nor is kept.
    """

    __slots__ = ("_members", "_told", "_usage", "id", "model")

    def __init__(self, told: Mapping[str, str | None]) -> None:
        self._told = told
        self._members: dict[str, Raw] = {}
        self._usage: dict[str, Raw] = {}
        self.id: str | None = None
        self.model: str | None = None

    def update(self, members: Members) -> None:
        """Take over members; usage is overwritten value by value, anything else whole."""
        for name, value in members.items():
            if is_null(value):
                continue
            if name == "usage" and is_object(value):
                for item, count in read_members(value).items():
                    if not is_null(count) or item not in self._usage:
                        self._usage[item] = count
            else:
                self._members[name] = value
        self.id = self.word("id")
        self.model = self.word("model")

    def mark(self, index: int) -> dict[str, object]:
        """Give the attrs of a block that say where in which answer it stands."""
        if self.model is None:
            return {"index": index}
        return {"index": index, "model": self.model}

    def word(self, name: str) -> str | None:
        return read_word(self._members.get(name))

    def peek(self, name: str) -> Raw | None:
        """Give a member, as it came last."""
        return self._members.get(name)

    def pop(self, name: str) -> Raw | None:
        """Take a member out, as it came last."""
        return self._members.pop(name, None)

    def end(
        self, *, complete: bool, error: bool, stop_reason: str | None
    ) -> tuple[dict[str, Raw], Outcome]:
        """Give what the answer says that has no place in the outcome, and that."""
        usage = join_members(self._usage) if self._usage else None
        left = {name: value for name, value in self._members.items() if not self._is_told(name)}
        if usage is not None and has_lone_surrogate(usage):
            left["usage"], usage = usage, None
        outcome = Outcome(
            complete=complete,
            error=error,
            id=self.id,
            model=self.model,
            stop_reason=stop_reason,
            usage=None if usage is None else bytes(usage),
        )
        return left, outcome

    def _is_told(self, name: str) -> bool:
        if name not in self._told:
            return False
        word = self.word(name)
        return word is not None and self._told[name] in (None, word)
