"""The items under way in a stream, and the events that bring their pieces."""

from __future__ import annotations

import re
from typing import NamedTuple

from msgspec import Raw

from braid.wire.native import Members
from braid.wire.openai_responses.events import ADDRESS, GROWTHS
from braid.wire.openai_responses.open_item import Growth, OpenItem, Place
from braid.wire.raw_json import (
    attrs_can_hold,
    is_list,
    is_null,
    is_object,
    is_string,
    join_members,
    read_items,
    read_members,
    write_word,
)

NOT_STRICT = "what attrs cannot hold"

_NONE = Raw(b"null")

_is_index = re.compile(rb"0|[1-9]\d{0,8}").fullmatch


class Grown(NamedTuple):
    """A text that grew, and nothing else: what it grew by, and what is gathered of it."""

    literal: Raw
    parts: list[bytes]


class OpenItems:
    """Items by their place in the output.

    The methods that take an event say why if it does not fold, and then nothing has changed.
    """

    __slots__ = ("_ended", "_items")

    def __init__(self) -> None:
        self._items: dict[int, OpenItem] = {}
        self._ended: set[int] = set()

    def begin(self, place: int, raw: Raw) -> OpenItem:
        """Begin an item; the one that stood there must have been ended."""
        item = self._items[place] = OpenItem(read_members(raw))
        return item

    def end(self, place: int) -> OpenItem | None:
        """Take out an item, if one is under way there."""
        self._ended.add(place)
        return self._items.pop(place, None)

    def drain(self) -> list[tuple[int, OpenItem]]:
        """Take out all items, in order."""
        left = sorted(self._items.items())
        self._items.clear()
        return left

    def take_part(self, growth: Growth, kind: str, members: dict[str, Raw]) -> str | None:
        """Take a part as it stands, begun or whole."""
        part = members.pop("part", None)
        if part is None or not is_object(part):
            return "no part"
        at = self._place(growth, kind, members)
        if isinstance(at, str):
            return at
        item, place = at
        item.put_part(place, part)
        return None

    def take_annotation(self, kind: str, members: dict[str, Raw]) -> str | None:
        """Take what a text is annotated with."""
        annotation = members.pop("annotation", None)
        if annotation is None:
            return "no annotation"
        members.pop("annotation_index", None)
        at = self._place(GROWTHS["response.output_text"], kind, members)
        if isinstance(at, str):
            return at
        item, place = at
        item.gather(place, "annotations", [annotation])
        return None

    def take_whole_text(self, growth: Growth, kind: str, members: dict[str, Raw]) -> str | None:
        """Take a text that comes whole."""
        literal = members.pop(growth.member, None)
        if literal is None or not is_string(literal):
            return f"no {growth.member}"
        tool: Raw | None = None
        if growth.list is not None:
            _pop_logprobs(members)  # its pieces had them
        elif is_string(members.get("name", _NONE)):
            tool = members.pop("name")
        at = self._place(growth, kind, members)
        if isinstance(at, str):
            return at
        item, place = at
        item.tell(place, growth, literal)
        if tool is not None:
            item.tell(place, growth._replace(member="name"), tool)
        return None

    def take_delta(self, growth: Growth, kind: str, members: dict[str, Raw]) -> Grown | str | None:
        """Take a piece of a text."""
        literal = members.pop("delta", None)
        if literal is None or not is_string(literal):
            return "no delta"
        logprobs = [] if growth.list is None else _pop_logprobs(members)
        at = self._place(growth, kind, members)
        if isinstance(at, str):
            return at
        item, place = at
        parts = item.grow(place, growth, literal)
        if logprobs:
            item.gather(place, "logprobs", logprobs)
        elif not rest_of(members, growth.place):
            return Grown(literal, parts)
        return None

    def keep_repeated(self, event: Raw, members: Members) -> bool:
        """Keep an event that the end of its item repeats; False where no such item is open."""
        place = index_of(members, "output_index")
        item = None if place is None else self._items.get(place)
        if item is not None:
            item.keep(event, repeated=True)
        return item is not None

    def _place(self, growth: Growth, kind: str, members: Members) -> tuple[OpenItem, Place] | str:
        """Find the item that an event belongs to and the place in it, or say what is missing.

        What else the event says stays beside the item. A stream that was taken up in the
        middle may go on with an item it did not begin.
        """
        index = index_of(members, "output_index")
        if index is None:
            return "no output_index"
        place = Place(None)
        if growth.list is not None and growth.place is not None:
            at = index_of(members, growth.place)
            if at is None:
                return f"no {growth.place}"
            place = Place(growth.list, at)
        rest = rest_of(members, growth.place)
        if not attrs_can_hold(rest):
            return NOT_STRICT
        item = self._items.get(index)
        if item is None:
            if index in self._ended:
                return "its item has ended"
            item = self._items[index] = OpenItem(_begun(growth, members))
        if rest:
            item.keep(join_members({"type": write_word(kind), **rest}))
        return item, place


def _pop_logprobs(members: dict[str, Raw]) -> list[Raw]:
    value = members.get("logprobs")
    return read_items(members.pop("logprobs")) if value is not None and is_list(value) else []


def _begun(growth: Growth, members: Members) -> dict[str, Raw]:
    begun = {"type": write_word(growth.item)}
    if growth.item == "message":
        begun["role"] = write_word("assistant")
    if (name := members.get("item_id")) is not None:
        begun["id"] = name
    return begun


def index_of(members: Members, name: str) -> int | None:
    """Read an index."""
    index = bytes(members.get(name, b""))
    return int(index) if _is_index(index) else None


def rest_of(members: Members, place: str | None = None) -> dict[str, Raw]:
    """Give what an event says beside its text and its address."""
    return {
        name: value
        for name, value in members.items()
        if name not in ADDRESS and name != place and not is_null(value)
    }
