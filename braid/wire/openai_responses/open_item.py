"""An item that a stream is still putting together, for when its end never comes.

The event that ends an item brings it whole. What came before is only held against that.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Raw

from braid.wire.native import Members
from braid.wire.raw_json import (
    is_list,
    is_object,
    is_string,
    join_items,
    join_members,
    read_items,
    read_members,
    read_text,
    write_word,
)

_LISTS = ("summary", "content")


class Growth(NamedTuple):
    """Where the text goes that one kind of event brings.

    member  the string that grows, of the item or of the part at `place` in its list.
    item    the type of the item, and `part` that of the part.
    """

    member: str
    item: str
    list: str | None = None
    place: str | None = None
    part: str | None = None


class Place(NamedTuple):
    """A part of an item, or with no list the item itself."""

    list: str | None
    at: int = 0


class OpenItem:
    """An item whose `response.output_item.done` has not come."""

    __slots__ = ("_lists", "_members", "_parts", "_repeated", "_rest", "_texts", "_told", "_types")

    def __init__(self, members: Members) -> None:
        self._members = dict(members)
        self._parts: dict[Place, dict[str, Raw]] = {}
        self._types: dict[Place, str] = {}
        self._texts: dict[tuple[Place, str], list[bytes]] = {}
        self._told: dict[tuple[Place, str], Raw] = {}
        self._lists: dict[tuple[Place, str], list[Raw]] = {}
        self._rest: list[Raw] = []
        self._repeated: list[Raw] = []
        for name in _LISTS:
            for at, part in enumerate(_parts_of(members, name)):
                self.put_part(Place(name, at), part)

    def put_part(self, place: Place, part: Raw) -> None:
        """Take a part as it stands, begun or whole."""
        self._parts[place] = read_members(part) if is_object(part) else {}

    def grow(self, place: Place, growth: Growth, literal: Raw) -> list[bytes]:
        """Add to a text; gives what is gathered of it."""
        if growth.part is not None:
            self._types[place] = growth.part
        parts = self._texts.setdefault((place, growth.member), [])
        parts.append(bytes(literal)[1:-1])
        return parts

    def tell(self, place: Place, growth: Growth, literal: Raw) -> None:
        """Take a text that came whole."""
        if growth.part is not None:
            self._types[place] = growth.part
        self._told[place, growth.member] = literal

    def gather(self, place: Place, name: str, items: list[Raw]) -> None:
        """Add to a list."""
        self._lists.setdefault((place, name), []).extend(items)

    def keep(self, event: Raw, *, repeated: bool = False) -> None:
        """Keep what does not fold; `repeated` is what the whole item will say again."""
        (self._repeated if repeated else self._rest).append(event)

    def rest(self, *, cut: bool) -> list[Raw]:
        """Give what did not fold."""
        return [*self._rest, *self._repeated] if cut else self._rest

    @property
    def said(self) -> bool:
        """Whether any text of it came."""
        return bool(self._texts or self._told)

    def close(self) -> Raw:
        """Put the item together from its pieces."""
        whole = dict(self._members)
        parts = {place: dict(part) for place, part in self._parts.items()}
        for (place, name), literal in self._said().items():
            (whole if place.list is None else parts.setdefault(place, {}))[name] = literal
        for (place, name), items in self._lists.items():
            parts.setdefault(place, {})[name] = join_items(items)
        for place, native in self._types.items():
            parts[place].setdefault("type", write_word(native))
        for name in _LISTS:
            listed = [part for place, part in sorted(parts.items()) if place.list == name]
            if listed:
                whole[name] = join_items(map(join_members, listed))
        return join_members(whole)

    def contradicts(self, item: Members) -> bool:
        """Say whether the whole item says otherwise than its pieces did."""
        parts = {name: _parts_of(item, name) for name in _LISTS}
        for (place, name), literal in self._said().items():
            listed = [] if place.list is None else parts[place.list]
            holder = item if place.list is None else _members_at(listed, place.at)
            said = holder.get(name)
            if said is None or not is_string(said) or read_text(said) != read_text(literal):
                return True
        return False

    def _said(self) -> dict[tuple[Place, str], Raw]:
        # Joined as spelled: a surrogate pair may stand half in one delta, half in the next.
        grown = {at: Raw(b'"%b"' % b"".join(parts)) for at, parts in self._texts.items()}
        return {**self._told, **grown}


def _parts_of(item: Members, name: str) -> list[Raw]:
    value = item.get(name)
    return read_items(value) if value is not None and is_list(value) else []


def _members_at(parts: list[Raw], at: int) -> Members:
    return read_members(parts[at]) if at < len(parts) and is_object(parts[at]) else {}
