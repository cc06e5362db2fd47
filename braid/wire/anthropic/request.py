"""The body of `POST /v1/messages` to the context it shows the model."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Raw

from braid.node import Kind, Origin
from braid.wire.again import Again, ReadBefore
from braid.wire.anthropic.block import PROVIDER, keep_raw, read_block, read_string, read_tool
from braid.wire.block import Block, Request
from braid.wire.body import open_request
from braid.wire.credentials import hide_credentials
from braid.wire.native import Marks, Members, read_list
from braid.wire.raw_json import (
    JSON,
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
_FIELDS = frozenset((*_CONTEXT, "container", "mcp_servers", "model", "stream", "thread"))
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


def read_request(body: bytes, before: ReadBefore | None = None, owner: str = "") -> Request:
    """Read a request body; bytes that cannot be read are one block. Never raises.

    What was read `before` for this owner need not be read again.
    """
    history = Again("messages", _read_message, before, owner)
    members = open_request(PROVIDER, body, _DATA_AT, history, _FIELDS)
    if isinstance(members, Request):
        return members
    if "mcp_servers" in members:
        members["mcp_servers"] = hide_credentials(members["mcp_servers"])
    parameters = {name: value for name, value in members.items() if name not in _CONTEXT}
    stream = members.get("stream")
    return Request(
        tools=(*read_list(PROVIDER, members.get("tools"), read_tool), *_read_unseen(members)),
        system=_read_content(members.get("system"), "system"),
        messages=read_list(PROVIDER, members.get("messages"), history),
        parameters=bytes(join_members(parameters)),
        model=read_word(members.get("model")),
        stream=stream is not None and bytes(stream) == b"true",
        continues=_read_thread(members.get("thread")),
        inherits=True,
    )


def _read_unseen(members: Members) -> Iterator[Block]:
    """Give what lets the provider show the model definitions that no request holds.

    Tools of MCP servers: https://platform.claude.com/docs/en/agents-and-tools/mcp-connector.
    Skills of a container: https://platform.claude.com/docs/en/build-with-claude/skills-guide.
    """
    servers, container = members.get("mcp_servers"), members.get("container")
    if servers is not None and bytes(servers) not in (b"null", b"[]"):
        yield _point_at("mcp_servers", servers)
    if container is not None and is_object(container):
        skills = read_members(container).get("skills")
        if skills is not None and bytes(skills) not in (b"null", b"[]"):
            yield _point_at("skills", skills)


def _point_at(name: str, value: Raw) -> Block:
    content = bytes(join_members({name: value}))
    attrs = {"provider": PROVIDER, "type": "unseen"}
    return Block(Kind.TOOLS, Origin.CLIENT, JSON, content, attrs, unseen=True)


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
