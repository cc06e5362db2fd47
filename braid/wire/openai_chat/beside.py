"""Members of an answer that make no block, gathered over its events."""

from __future__ import annotations

from msgspec import Raw

from braid.wire.native import Members
from braid.wire.raw_json import is_list, is_null, join_items, join_members, read_items


class Beside:
    """What came under each name: lists are joined, other values kept each time they change.

    Null says nothing, in an event or in a whole answer.
    """

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[str, list[Raw]] = {}

    def add(self, members: Members) -> bool:
        """Take members over; tell whether any of them said something."""
        said = False
        for name, value in members.items():
            if is_null(value):
                continue
            said = True
            values = self._values.setdefault(name, [])
            if is_list(value) or not values or bytes(values[-1]) != bytes(value):
                values.append(value)
        return said

    def members(self) -> dict[str, Raw]:
        """Give one value for each name; what came in several goes under `deltas`."""
        whole: dict[str, Raw] = {}
        deltas: dict[str, Raw] = {}
        for name, values in self._values.items():
            if len(values) == 1:
                whole[name] = values[0]
            elif all(map(is_list, values)):
                whole[name] = join_items(item for value in values for item in read_items(value))
            else:
                deltas[name] = join_items(values)
        if deltas:
            whole["deltas"] = join_members(deltas)
        return whole
