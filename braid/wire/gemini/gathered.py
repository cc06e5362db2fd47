"""Members that chunk after chunk may bring again: each is kept, and what repeats kept once."""

from __future__ import annotations

from msgspec import Raw

from braid.node import Origin
from braid.wire.block import Block
from braid.wire.gemini.names import PROVIDER
from braid.wire.native import Members, keep_raw
from braid.wire.raw_json import is_null, join_items, join_members


class Gathered:
    """What stands beside the words of an answer, with all values that it had one after the other.

    Null says nothing and is not kept.
    """

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[str, list[Raw]] = {}

    def add(self, members: Members) -> None:
        for name, value in members.items():
            if is_null(value):
                continue
            values = self._values.setdefault(name, [])
            if not values or bytes(values[-1]) != bytes(value):
                values.append(value)

    def all_of(self, name: str) -> list[Raw]:
        return self._values.get(name, [])

    def pop_only(self, name: str) -> Raw | None:
        """Take out a member that had one value; None for any other."""
        values = self._values.get(name, [])
        return self._values.pop(name)[0] if len(values) == 1 else None

    def tell(self, marks: dict[str, object]) -> list[Block]:
        """Give what was gathered as a block, if anything.

        A member that had several values is a list of them, and `several` names it.
        """
        if not self._values:
            return []
        several = [name for name, values in self._values.items() if len(values) > 1]
        content = join_members(
            {
                name: join_items(values) if len(values) > 1 else values[0]
                for name, values in self._values.items()
            }
        )
        if several:
            marks = {**marks, "several": several}
        return [keep_raw(PROVIDER, content, "", Origin.PROVIDER, marks)]
