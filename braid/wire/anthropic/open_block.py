"""A block that a stream is still putting together."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Raw

from braid.node import Origin
from braid.wire.anthropic.block import read_block
from braid.wire.block import Block
from braid.wire.native import Members
from braid.wire.raw_json import (
    attrs_can_hold,
    is_list,
    is_string,
    join_items,
    join_members,
    read_items,
    read_members,
    read_text,
    read_word,
)


class _Growth(NamedTuple):
    """The delta that makes a block grow, its member with the text, and where that goes."""

    delta: str
    part: str
    member: str

    @property
    def spelling(self) -> bytes:
        return f'{self.delta}","{self.part}'.encode()


_INPUT = _Growth("input_json_delta", "partial_json", "input")
_GROWTH = {
    "text": _Growth("text_delta", "text", "text"),
    "thinking": _Growth("thinking_delta", "thinking", "thinking"),
    "tool_use": _INPUT,
    "server_tool_use": _INPUT,
    "mcp_tool_use": _INPUT,
}


class OpenBlock:
    """A block whose `content_block_stop` has not come."""

    __slots__ = ("_citations", "_growth", "_members", "_raw", "_rest", "_type", "parts", "spelling")

    def __init__(self, raw: Raw) -> None:
        self._raw = raw
        self._members = read_members(raw)
        native = read_word(self._members.get("type"))
        self._growth = _find_growth(native, self._members)
        # Deltas of a block that is kept raw would be lost in its members.
        self._type = native if self._growth or native == "compaction" else None
        if self._growth and self._growth is not _INPUT:
            self._members.setdefault(self._growth.member, Raw(b'""'))
        self._citations: list[Raw] = []
        self._rest: list[Raw] = []
        self.parts: list[bytes] = []
        self.spelling = self._growth.spelling if self._growth else b""

    def add(self, delta: dict[str, Raw]) -> bool:
        """Fold one delta; False if attrs cannot hold it, and then nothing has changed."""
        kind = read_word(delta.get("type"))
        growth = self._growth
        left = dict(delta)
        part = left.pop(growth.part, None) if growth and kind == growth.delta else None
        if part is not None and not is_string(part):
            part, left = None, dict(delta)
        if not attrs_can_hold(left):
            return False
        folded = True
        if part is not None:
            self.parts.append(bytes(part)[1:-1])
        elif (self._type, kind) == ("thinking", "signature_delta") and "signature" in left:
            self._members["signature"] = left.pop("signature")
        elif (self._type, kind) == ("text", "citations_delta") and "citation" in left:
            self._citations.append(left.pop("citation"))
        elif (self._type, kind) == ("compaction", "compaction_delta"):
            replaced = {name: left.pop(name) for name in delta if name != "type"}
            self._members |= replaced
            self._raw = join_members(self._members)
        else:
            folded = False
        if not folded or len(left) > 1:
            self.keep(left)
        return True

    def keep(self, rest: Members) -> None:
        """Keep what came for this block and does not fold."""
        self._rest.append(join_members(rest))

    def close(self, marks: dict[str, object]) -> Block:
        """Read the block as if it had come whole."""
        members = self._members
        if self._growth is not None and self.parts:
            self._grow(self._growth.member)
        if self._type == "thinking" and bytes(members.get("signature", b"")) == b'""':
            del members["signature"]  # the place kept for a signature that did not come
        if self._citations:
            first = members.get("citations")
            known = read_items(first) if first is not None and is_list(first) else []
            members["citations"] = join_items(known + self._citations)
        extra = {"deltas": join_items(self._rest)} if self._rest else {}
        return read_block(self._raw, "assistant", Origin.PROVIDER, marks, extra, members)

    def _grow(self, name: str) -> None:
        # Joined as spelled: a surrogate pair may stand half in one delta, half in the next.
        said = b"".join(self.parts)
        if name != "input":
            start = bytes(self._members[name])[1:-1]
            self._members[name] = Raw(b'"%b%b"' % (start, said))
        elif said:
            self._members[name] = Raw(read_text(Raw(b'"%b"' % said))[0])


def _find_growth(native: str | None, members: Members) -> _Growth | None:
    """Say how deltas make a block grow; None if they can only be kept beside it."""
    growth = _GROWTH.get(native or "")
    if growth is None:
        return None
    start = members.get(growth.member)
    if growth is not _INPUT and start is not None and not is_string(start):
        return None
    others = {name: members[name] for name in members if name not in ("type", growth.member)}
    return growth if attrs_can_hold(others) else None
