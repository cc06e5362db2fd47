"""The body of `POST /v1/messages` to the context it shows the model."""

from __future__ import annotations

from msgspec import Raw

from braid.node import Origin
from braid.wire.anthropic.block import BYTES, Marks, keep_raw, read_block, read_string, read_tool
from braid.wire.block import Block, Request
from braid.wire.raw_json import (
    attrs_can_hold,
    find_fault,
    is_list,
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
    fault = find_fault(body, _DATA_AT)
    if fault is not None:
        return _keep_unread(body, fault)
    document = Raw(body.strip())
    if not is_object(document):
        return _keep_unread(body, "not an object")
    members = read_members(document)
    parameters = {name: value for name, value in members.items() if name not in _CONTEXT}
    stream = members.get("stream")
    return Request(
        tools=_read_tools(members.get("tools")),
        system=_read_content(members.get("system"), "system"),
        messages=_read_messages(members.get("messages")),
        parameters=bytes(join_members(parameters)),
        model=read_word(members.get("model")),
        stream=stream is not None and bytes(stream) == b"true",
        continues=_read_thread(members.get("thread")),
    )


def _keep_unread(body: bytes, fault: str) -> Request:
    marks = {"ambiguous": fault}
    block = keep_raw(Raw(body), "", Origin.CLIENT, marks, media=BYTES)
    return Request((), (), (block,), b"{}", ambiguous=fault)


def _read_thread(thread: Raw | None) -> str | None:
    if thread is None or not is_object(thread):
        return None
    members = read_members(thread)
    if read_word(members.get("type")) != "continue":
        return None
    return read_word(members.get("previous_message_id"))


def _read_tools(tools: Raw | None) -> tuple[Block, ...]:
    if tools is None or _is_null(tools):
        return ()
    if not is_list(tools):
        return (keep_raw(tools, "", Origin.CLIENT),)
    return tuple(map(read_tool, read_items(tools)))


def _read_messages(messages: Raw | None) -> tuple[Block, ...]:
    if messages is None or _is_null(messages):
        return ()
    if not is_list(messages):
        return (keep_raw(messages, "", Origin.CLIENT),)
    return tuple(block for message in read_items(messages) for block in _read_message(message))


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
    if content is None or _is_null(content):
        return ()
    if is_string(content):
        return (read_string(content, role, Origin.CLIENT, marks),)
    if not is_list(content):
        return (keep_raw(content, role, Origin.CLIENT),)
    return tuple(
        read_block(item, role, Origin.CLIENT, None if place else marks)
        for place, item in enumerate(read_items(content))
    )


def _is_null(raw: Raw) -> bool:
    return bytes(raw) == b"null"
