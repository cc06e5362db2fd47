"""One native block of Anthropic Messages, in a request or an answer, to a Block.

Shapes by type: https://platform.claude.com/docs/en/api/messages. A block that does not
have the shape of its type is kept whole, as kind `other`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from msgspec import Raw

from braid.node import Kind, Origin
from braid.wire.block import Block
from braid.wire.raw_json import (
    JSON,
    TEXT,
    attrs_can_hold,
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
BYTES = "application/octet-stream"

Marks = Mapping[str, object]
Members = Mapping[str, Raw]

_NO_MARKS: Marks = {}
_NAMES = ("id", "name", "signature", "tool_use_id")
_TEXT_KINDS = {"user": Kind.PROMPT, "assistant": Kind.TEXT, "system": Kind.SYSTEM}
_HOLDERS = (Kind.MEDIA, Kind.TOOL_RESULT)
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_MEDIA_TYPE_LIMIT = 64
# A tool result may hold a document, and that one images; nothing nests deeper.
_INNER_LEVELS = 2


class _Said(NamedTuple):
    """What a block says: its content, and the members that the content stands for."""

    kind: Kind
    media: str
    content: bytes
    members: Collection[str]
    marks: Marks = _NO_MARKS
    source: Raw | None = None  # what is left of `source` when its data is the content


def read_block(
    raw: Raw,
    role: str,
    origin: Origin,
    marks: Marks | None = None,
    extra: Members | None = None,
    members: Members | None = None,
) -> Block:
    """Read one native block.

    `marks` are attrs that the block itself does not say; `extra`, which attrs must be able
    to hold, joins the members that go under that name. `members` stand for those of `raw`
    where a stream has put them together.
    """
    marks, extra = marks or {}, extra or {}
    if members is None:
        if not is_object(raw):
            return keep_raw(raw, role, origin, marks, extra)
        members = read_members(raw)
    native = read_word(members.get("type"))
    names = _read_names(native, members)
    said = _read_said(raw, native, members, role, origin)
    rest = {} if said is None else _leave_out(members, names, said)
    unseen = (said is None or said.kind in _HOLDERS) and _points_away(members)
    if said is None or not attrs_can_hold(rest):
        return keep_raw(raw, role, origin, {**names, **marks}, extra, unseen=unseen)
    attrs: dict[str, object] = {"provider": PROVIDER, **names, **marks, **said.marks}
    if rest or extra:
        attrs["extra"] = {**rest, **extra}
    return Block(said.kind, origin, said.media, said.content, attrs, role, unseen)


def keep_raw(
    raw: Raw,
    role: str,
    origin: Origin,
    marks: Marks | None = None,
    extra: Members | None = None,
    *,
    media: str = JSON,
    unseen: bool = False,
) -> Block:
    """Keep what has no kind of its own as it stood on the wire."""
    attrs: dict[str, object] = {"provider": PROVIDER, **(marks or {})}
    if extra:
        attrs["extra"] = dict(extra)
    return Block(Kind.OTHER, origin, media, bytes(raw), attrs, role, unseen)


def read_string(literal: Raw, role: str, origin: Origin, marks: Marks | None = None) -> Block:
    """Read a message or system that is one string: it says the same as one text block."""
    members = {"type": Raw(b'"text"'), "text": literal}
    return read_block(literal, role, origin, marks, members=members)


def read_tool(raw: Raw) -> Block:
    """Read one entry of a request's `tools`."""
    members = read_members(raw) if is_object(raw) else {}
    names = _read_names(read_word(members.get("type")), members)
    attrs: dict[str, object] = {"provider": PROVIDER, **names}
    return Block(Kind.TOOLS, Origin.CLIENT, JSON, bytes(raw), attrs)


def _read_names(native: str | None, members: Members) -> dict[str, object]:
    names: dict[str, object] = {} if native is None else {"type": native}
    for name in _NAMES:
        if name in members and (word := read_word(members[name])) is not None:
            names[name] = word
    return names


def _leave_out(members: Members, names: Marks, said: _Said) -> dict[str, Raw]:
    """Give the members of a block that neither its content nor its names account for."""
    rest = {
        name: value
        for name, value in members.items()
        if name not in names and name not in said.members
    }
    if said.source is not None:
        rest["source"] = said.source
    return rest


def _read_said(
    raw: Raw, native: str | None, members: Members, role: str, origin: Origin
) -> _Said | None:
    match native:
        case "text":
            kind = _TEXT_KINDS.get(role)
            return None if kind is None else _say_text(kind, members, "text")
        case "thinking":
            return _say_text(Kind.THINKING, members, "thinking")
        case "redacted_thinking":
            return _say_text(Kind.THINKING, members, "data", {"redacted": True})
        case "tool_use" | "server_tool_use" | "mcp_tool_use":
            return _say_json(Kind.TOOL_USE, members, "input")
        case "tool_result" if "content" not in members:
            return _Said(Kind.TOOL_RESULT, TEXT, b"", ())
        case "image" | "document":
            return _say_source(raw, members)
        case "search_result":
            return _say_whole(Kind.MEDIA, raw, members)
        case "tool_addition" | "tool_removal" if role == "system" and origin is Origin.CLIENT:
            return _say_whole(Kind.TOOLS, raw, members)
        case str() if native == "tool_result" or native.endswith("_tool_result"):
            return _say_text(Kind.TOOL_RESULT, members, "content") or _say_json(
                Kind.TOOL_RESULT, members, "content"
            )
    return None


def _say_text(kind: Kind, members: Members, name: str, marks: Marks = _NO_MARKS) -> _Said | None:
    literal = members.get(name)
    if literal is None or not is_string(literal):
        return None
    content, media = read_text(literal)
    return _Said(kind, media, content, (name,), marks)


def _say_json(kind: Kind, members: Members, name: str) -> _Said | None:
    if name not in members:
        return None
    return _Said(kind, JSON, bytes(members[name]), (name,))


def _say_whole(kind: Kind, raw: Raw, members: Members) -> _Said:
    return _Said(kind, JSON, bytes(raw), members)


def _say_source(raw: Raw, members: Members) -> _Said | None:
    """Read an image or document: decoded where its base64 can be had back, else whole."""
    source = members.get("source")
    if source is None or not is_object(source):
        return None
    inner = read_members(source)
    native, media, data = (inner.get(name) for name in ("type", "media_type", "data"))
    decoded: tuple[bytes, str] | None = None
    match read_word(native):
        case "url" | "file":
            return None
        case "text" if data is not None and read_word(media) == TEXT and is_string(data):
            decoded = read_text(data)
        case "base64":
            decoded = _decode_base64(read_word(media), data)
    if decoded is None:
        return _say_whole(Kind.MEDIA, raw, members)
    taken = ("media_type", "data")
    left = join_members({name: value for name, value in inner.items() if name not in taken})
    return _Said(Kind.MEDIA, decoded[1], decoded[0], ("source",), source=left)


def _decode_base64(media: str | None, data: Raw | None) -> tuple[bytes, str] | None:
    text = read_word(data)
    if media is None or text is None:
        return None
    if len(media) > _MEDIA_TYPE_LIMIT or not _MEDIA_TYPE.fullmatch(media):
        return None
    try:
        content = base64.b64decode(text, validate=True)
        if media == TEXT:
            content.decode()
    except (binascii.Error, ValueError):
        return None
    return (content, media) if base64.b64encode(content) == text.encode() else None


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
