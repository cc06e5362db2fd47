"""The body of `POST /v1/messages` to the context it shows the model."""

from __future__ import annotations

from msgspec import Raw

from braid.node import Origin
from braid.wire.anthropic.block import PROVIDER, keep_raw, read_block, read_string, read_tool
from braid.wire.block import Block, Request
from braid.wire.body import open_request
from braid.wire.native import Marks, read_list
from braid.wire.raw_json import (
    attrs_can_hold,
    is_list,
    is_null,
    is_object,
    is_string,
    join_members,
    read_items,
    read_members,
    read_word,
)

_CONTEXT = ("messages", "system", "tools")
# Here names are those of a tool's own parameters, of which `n` and `N` are two.
_DATA_AT = frozenset(
    {
        ("messages", "content", "input"),
        ("messages", "content", "tool", "input_schema"),
        ("messages", "content", "tools", "input_schema"),
        ("messages", "output_config", "format", "schema"),
        ("output_config", "format", "schema"),
        ("tools", "input_schema"),
    }
)


def read_request(body: bytes) -> Request:
    """Read a request body; bytes that cannot be read are one block. Never raises."""
    members = open_request(PROVIDER, body, _DATA_AT)
    if isinstance(members, Request):
        return members
    parameters = {name: value for name, value in members.items() if name not in _CONTEXT}
    stream = members.get("stream")
    return Request(
        tools=read_list(PROVIDER, members.get("tools"), read_tool),
        system=_read_content(members.get("system"), "system"),
        messages=read_list(PROVIDER, members.get("messages"), _read_message),
        parameters=bytes(join_members(parameters)),
        model=read_word(members.get("model")),
        stream=stream is not None and bytes(stream) == b"true",
        continues=_read_thread(members.get("thread")),
    )


def _read_thread(thread: Raw | None) -> str | None:
    if thread is None or not is_object(thread):
        return None
    members = read_members(thread)
    if read_word(members.get("type")) != "continue":
        return None
    return read_word(members.get("previous_message_id"))


def _read_message(message: Raw) -> tuple[Block, ...]:
    """Read one message; what it says beside role and content goes with its first block."""
    members = read_members(message) if is_object(message) else {}
    role = read_word(members.pop("role", None))
    content = members.pop("content", None)
    if role is None or content is None or not (is_string(content) or is_list(content)):
        return (keep_raw(message, role or "", Origin.CLIENT),)
    if not members:
        return _read_content(content, role)
    blocks = _read_content(content, role, {"message": join_members(members)})
    return (
        blocks if blocks and attrs_can_hold(members) else (keep_raw(message, role, Origin.CLIENT),)
    )


def _read_content(content: Raw | None, role: str, marks: Marks | None = None) -> tuple[Block, ...]:
    if content is None or is_null(content):
        return ()
    if is_string(content):
        return (read_string(content, role, Origin.CLIENT, marks),)
    if not is_list(content):
        return (keep_raw(content, role, Origin.CLIENT),)
    return tuple(
        read_block(item, role, Origin.CLIENT, None if place else marks)
        for place, item in enumerate(read_items(content))
    )
