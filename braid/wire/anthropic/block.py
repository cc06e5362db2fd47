"""One native block of Anthropic Messages, in a request or an answer, to a Block.

Shapes by type: https://platform.claude.com/docs/en/api/messages. A block that does not
have the shape of its type is kept whole, as kind `other`.
"""

from __future__ import annotations

from functools import partial

from msgspec import Raw

from braid.node import Kind, Origin
from braid.wire import native as common
from braid.wire.block import Block
from braid.wire.media import decode_base64
from braid.wire.native import (
    Marks,
    Members,
    Native,
    Said,
    make_block,
    say_json,
    say_nothing,
    say_text,
    say_whole,
)
from braid.wire.raw_json import (
    JSON,
    TEXT,
    is_list,
    is_object,
    is_string,
    join_members,
    read_items,
    read_members,
    read_text,
    read_word,
)

PROVIDER = "anthropic"

keep_raw = partial(common.keep_raw, PROVIDER)

_NAMES = ("id", "name", "signature", "tool_use_id")
_TEXT_KINDS = {"user": Kind.PROMPT, "assistant": Kind.TEXT, "system": Kind.SYSTEM}
_HOLDERS = (Kind.MEDIA, Kind.TOOL_RESULT)
# A tool result may hold a document, and that one images; nothing nests deeper.
_INNER_LEVELS = 2


def read_block(
    raw: Raw,
    role: str,
    origin: Origin,
    marks: Marks | None = None,
    extra: Members | None = None,
    members: Members | None = None,
) -> Block:
    """Read one native block; `marks` and `extra` are as for `make_block`.

    `members` stand for those of `raw` where a stream has put them together.
    """
    if members is None:
        if not is_object(raw):
            return keep_raw(raw, role, origin, marks, extra)
        members = read_members(raw)
    native = read_word(members.get("type"))
    names = _read_names(native, members)
    said = _read_said(raw, native, members, role, origin)
    return make_block(
        PROVIDER,
        Native(raw, members, names, names),
        said,
        role,
        origin,
        marks,
        extra,
        unseen=(said is None or said.kind in _HOLDERS) and _points_away(members),
    )


def read_string(literal: Raw, role: str, origin: Origin, marks: Marks | None = None) -> Block:
    """Read a message or system that is one string: it says the same as one text block."""
    members = {"type": Raw(b'"text"'), "text": literal}
    return read_block(literal, role, origin, marks, members=members)


def read_tool(raw: Raw) -> tuple[Block]:
    """Read one entry of a request's `tools`."""
    members = read_members(raw) if is_object(raw) else {}
    native = read_word(members.get("type"))
    attrs: dict[str, object] = {"provider": PROVIDER, **_read_names(native, members)}
    # The tools of an MCP server are told to the model by the provider alone.
    unseen = native == "mcp_toolset"
    return (Block(Kind.TOOLS, Origin.CLIENT, JSON, bytes(raw), attrs, unseen=unseen),)


def _read_names(native: str | None, members: Members) -> dict[str, object]:
    names: dict[str, object] = {} if native is None else {"type": native}
    for name in _NAMES:
        if name in members and (word := read_word(members[name])) is not None:
            names[name] = word
    return names


def _read_said(
    raw: Raw, native: str | None, members: Members, role: str, origin: Origin
) -> Said | None:
    match native:
        case "text":
            kind = _TEXT_KINDS.get(role)
            return None if kind is None else say_text(kind, members, "text")
        case "thinking":
            return say_text(Kind.THINKING, members, "thinking")
        case "redacted_thinking":
            return say_text(Kind.THINKING, members, "data", {"redacted": True})
        case "tool_use" | "server_tool_use" | "mcp_tool_use":
            return say_json(Kind.TOOL_USE, members, "input")
        case "tool_result" if "content" not in members:
            return say_nothing(Kind.TOOL_RESULT)
        case "image" | "document":
            return _say_source(raw, members)
        case "search_result":
            return say_whole(Kind.MEDIA, raw, members)
        case "tool_addition" | "tool_removal" if role == "system" and origin is Origin.CLIENT:
            return say_whole(Kind.TOOLS, raw, members)
        case str() if native == "tool_result" or native.endswith("_tool_result"):
            return say_text(Kind.TOOL_RESULT, members, "content") or say_json(
                Kind.TOOL_RESULT, members, "content"
            )
    return None


def _say_source(raw: Raw, members: Members) -> Said | None:
    """Read an image or document: decoded where its base64 can be had back, else whole."""
    source = members.get("source")
    if source is None or not is_object(source):
        return None
    inner = read_members(source)
    native, media, data = (inner.get(name) for name in ("type", "media_type", "data"))
    said: tuple[str, bytes] | None = None
    match read_word(native):
        case "url" | "file":
            return None
        case "text" if data is not None and read_word(media) == TEXT and is_string(data):
            content, kept = read_text(data)
            said = kept, content
        case "base64" if decoded := decode_base64(read_word(media), read_word(data)):
            said = decoded.media, decoded.content
    if said is None:
        return say_whole(Kind.MEDIA, raw, members)
    taken = ("media_type", "data")
    left = join_members({name: value for name, value in inner.items() if name not in taken})
    return Said(Kind.MEDIA, *said, ("source",), left={"source": left})


def _points_away(members: Members, levels: int = _INNER_LEVELS) -> bool:
    """Say whether a block, or one inside it, shows the model what the proxy did not see."""
    if read_word(members.get("type")) == "container_upload":
        return True
    inside = [members.get("content")]
    source = members.get("source")
    if source is not None and is_object(source):
        pointer = read_members(source)
        if read_word(pointer.get("type")) in ("url", "file"):
            return True
        inside.append(pointer.get("content"))
    return levels > 0 and any(
        _points_away(read_members(item), levels - 1)
        for content in inside
        if content is not None and is_list(content)
        for item in read_items(content)
        if is_object(item)
    )
