"""One tool call of a message to a Block: content is what the model wrote for the tool.

Shapes: https://platform.openai.com/docs/api-reference/chat/object, `message.tool_calls`.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Raw

from braid.node import Kind, Origin
from braid.wire.block import Block
from braid.wire.native import Marks, Members, Native, Said, make_block, say_whole
from braid.wire.openai.part import PROVIDER, keep_raw
from braid.wire.raw_json import (
    JSON,
    is_object,
    is_string,
    join_members,
    read_members,
    read_text,
    read_word,
    write_word,
)


class Holder(NamedTuple):
    """The member of a call that holds the tool's name, and which of that holds its input."""

    member: str
    input: str


HOLDERS = (Holder("function", "arguments"), Holder("custom", "input"))

_FUNCTION_CALL = "function_call"


def read_call(
    raw: Raw,
    role: str,
    origin: Origin,
    marks: Marks | None = None,
    members: Members | None = None,
    extra: Members | None = None,
) -> Block:
    """Read an entry of `tool_calls`; `members` stand for those of `raw`.

    `marks` and `extra` are as for `make_block`. A call of a type never heard of is a call all the same, its content the whole of it.
    """
    if members is None:
        if not is_object(raw):
            return keep_raw(raw, role, origin, marks, extra)
        members = read_members(raw)
    names: dict[str, object] = {}
    for name in ("type", "id"):
        if (word := read_word(members.get(name))) is not None:
            names[name] = word
    named = list(names)
    said: Said | None = None
    for holder in HOLDERS:
        held = members.get(holder.member)
        if said is None and held is not None and is_object(held):
            inner = read_members(held)
            said = _say_input(holder, inner)
            if (word := read_word(inner.get("name"))) is not None:
                names["name"] = word
    if said is None:
        said = say_whole(Kind.TOOL_USE, raw, members)
    native = Native(raw, members, names, named)
    return make_block(PROVIDER, native, said, role, origin, marks, extra)


def read_function_call(raw: Raw, role: str, origin: Origin, marks: Marks | None = None) -> Block:
    """Read the older `function_call`, which is a call without an id."""
    members = {"type": write_word(_FUNCTION_CALL), "function": raw}
    return read_call(raw, role, origin, marks, members)


def _say_input(holder: Holder, inner: Members) -> Said | None:
    value = inner.get(holder.input)
    if value is None:
        return None
    if not is_string(value):
        content, media = bytes(value), JSON
    else:
        content, media = read_text(value)
    if holder.input == "arguments":
        media = JSON  # whatever it is: SPEC §3.5
    named = (holder.input, "name") if read_word(inner.get("name")) is not None else (holder.input,)
    rest = {name: value for name, value in inner.items() if name not in named}
    left = {holder.member: join_members(rest)} if rest else {}
    return Said(Kind.TOOL_USE, media, content, (holder.member,), left=left)
