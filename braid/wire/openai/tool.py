"""One entry of a request's list of tools to a Block."""

from __future__ import annotations

from msgspec import Raw

from braid.node import Kind, Origin
from braid.wire.block import Block
from braid.wire.native import Members
from braid.wire.openai.part import PROVIDER
from braid.wire.raw_json import JSON, is_object, read_members, read_word

# Responses names a tool at the top, Chat Completions one level down.
_HOLDERS = ("function", "custom")


def read_tool(raw: Raw) -> tuple[Block]:
    """Read an entry of `tools`, or of the older `functions`."""
    members = read_members(raw) if is_object(raw) else {}
    attrs: dict[str, object] = {"provider": PROVIDER}
    if (native := read_word(members.get("type"))) is not None:
        attrs["type"] = native
    if (name := _name_of(members)) is not None:
        attrs["name"] = name
    return (Block(Kind.TOOLS, Origin.CLIENT, JSON, bytes(raw), attrs),)


def _name_of(members: Members) -> str | None:
    for holder in _HOLDERS:
        held = members.get(holder)
        if held is not None and is_object(held):
            members = read_members(held)
    return read_word(members.get("name"))
