"""What a streamed choice is still saying: a text, a tool call, or something spoken."""

from __future__ import annotations

import base64
from typing import NamedTuple, Protocol

from msgspec import Raw

from braid.node import Origin
from braid.wire.block import Block
from braid.wire.media import decode_base64
from braid.wire.native import BYTES, Marks, Members
from braid.wire.openai_chat.call import HOLDERS, read_call
from braid.wire.openai_chat.message import REASONING, read_said
from braid.wire.raw_json import (
    attrs_can_hold,
    find_fault,
    is_null,
    is_object,
    is_string,
    join_items,
    join_members,
    read_members,
    read_text,
    read_word,
    write_word,
)

_EMPTY = b'""'


class Growth(NamedTuple):
    """A string that one event made grow: the member it came in, and what is gathered of it."""

    name: str
    literal: Raw
    parts: list[bytes]


class Piece(Protocol):
    """A block that has begun and not ended."""

    def close(self, marks: Marks) -> list[Block]:
        """Read it as if it had come whole."""
        ...


def _join(parts: list[bytes]) -> Raw:
    # Joined as spelled: a surrogate pair may stand half in one delta, half in the next.
    return Raw(b'"%b"' % b"".join(parts))


def _join_base64(parts: list[bytes]) -> Raw | None:
    """Join pieces of which each is base64, padded by itself; None where that is not so."""
    decoded = [decode_base64(BYTES, read_word(_join([part]))) for part in parts]
    pieces = [piece.content for piece in decoded if piece is not None]
    if len(pieces) != len(parts):
        return None
    return write_word(base64.b64encode(b"".join(pieces)).decode())


class OpenText:
    """A text that grows under one name, reasoning perhaps under two at once."""

    __slots__ = ("_parts", "group")

    def __init__(self, group: str) -> None:
        self.group = group
        self._parts: dict[str, list[bytes]] = {}

    def add(self, name: str, literal: Raw) -> Growth:
        parts = self._parts.setdefault(name, [])
        parts.append(bytes(literal)[1:-1])
        return Growth(name, literal, parts)

    def close(self, marks: Marks) -> list[Block]:
        members = {name: _join(parts) for name, parts in self._parts.items()}
        return read_said(members, "assistant", Origin.PROVIDER, marks)


def group_of(name: str) -> str:
    """Give what tells one text from another: servers send reasoning under two names at once."""
    return REASONING[0] if name in REASONING else name


class OpenCall:
    """A tool call of which an event names the tool, and others bring the input."""

    __slots__ = ("_inner", "_members", "_parts", "_rest")

    def __init__(self) -> None:
        self._members: dict[str, Raw] = {}
        self._inner: dict[str, dict[str, Raw]] = {}
        self._parts: dict[str, list[bytes]] = {}
        self._rest: list[Raw] = []

    @property
    def id(self) -> bytes | None:
        known = self._members.get("id")
        return None if known is None else bytes(known)

    @property
    def is_whole(self) -> bool:
        """Whether its arguments are JSON that nothing can go on."""
        arguments, _ = read_text(_join(self._parts.get("function", [])))
        return arguments.lstrip()[:1] in (b"{", b"[") and find_fault(arguments) is None

    def add(self, fragment: Members) -> tuple[Growth | None, bool]:
        """Fold a fragment; give the input that grew, and whether anything else came."""
        rest: dict[str, Raw] = {}
        growth: Growth | None = None
        news = False
        holders = {holder.member: holder.input for holder in HOLDERS}
        for name, value in fragment.items():
            if name in holders and is_object(value):
                inner = read_members(value)
                literal = inner.pop(holders[name], None)
                left = self._settle(self._inner.setdefault(name, {}), inner)
                if literal is not None and is_string(literal):
                    growth = self._grow(name, holders[name], literal)
                elif literal is not None and not is_null(literal):
                    left |= self._settle(self._inner[name], {holders[name]: literal})
                if left:
                    rest[name] = join_members(left)
                news = news or len(inner) > 0
            elif name != "index":
                rest |= self._settle(self._members, {name: value})
                news = True
        if rest:
            self._rest.append(join_members(rest))
        return growth, news

    def close(self, marks: Marks) -> list[Block]:
        members = dict(self._members)
        for name, inner in self._inner.items():
            whole = dict(inner)
            for holder in HOLDERS:
                if holder.member == name and name in self._parts:
                    whole[holder.input] = _join(self._parts[name])
            members[name] = join_members(whole)
        extra = {"deltas": join_items(self._rest)} if self._rest else {}
        if not attrs_can_hold(extra):
            members, extra = {**members, **extra}, {}
        raw = join_members(members)
        return [read_call(raw, "assistant", Origin.PROVIDER, marks, members, extra)]

    def _grow(self, member: str, name: str, literal: Raw) -> Growth | None:
        parts = self._parts.setdefault(member, [])
        parts.append(bytes(literal)[1:-1])
        return Growth(name, literal, parts)

    @staticmethod
    def _settle(known: dict[str, Raw], members: Members) -> dict[str, Raw]:
        """Take over what is not known yet; give what is known otherwise."""
        other: dict[str, Raw] = {}
        for name, value in members.items():
            if is_null(value) or bytes(value) == _EMPTY:
                continue
            if bytes(known.setdefault(name, value)) != bytes(value):
                other[name] = value
        return other


class OpenAudio:
    """Speech of which data and transcript come in pieces."""

    __slots__ = ("_grown", "_members")

    def __init__(self) -> None:
        self._members: dict[str, Raw] = {}
        self._grown: dict[str, list[bytes]] = {}

    def add(self, fragment: Members) -> None:
        for name, value in fragment.items():
            if name in ("data", "transcript") and is_string(value):
                self._grown.setdefault(name, []).append(bytes(value)[1:-1])
            elif not is_null(value):
                self._members[name] = value

    def close(self, marks: Marks) -> list[Block]:
        members = {**self._members, **{name: _join(said) for name, said in self._grown.items()}}
        pieces = self._grown.get("data", [])
        if pieces and (data := _join_base64(pieces)) is not None:
            members["data"] = data
        whole = {"audio": join_members(members)}
        return read_said(whole, "assistant", Origin.PROVIDER, marks)
