"""One content part, as a message of Chat Completions or an item of Responses holds it, to a Block.

Shapes by type: https://platform.openai.com/docs/api-reference/chat/create and
https://platform.openai.com/docs/api-reference/responses/create, both under `content`. A part
that does not have the shape of its type is kept whole, as kind `other`.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from msgspec import Raw

from braid.node import Kind, Origin
from braid.wire import native as common
from braid.wire.block import Block
from braid.wire.media import Decoded, decode_base64, decode_data_url, is_data_url
from braid.wire.native import (
    BYTES,
    Marks,
    Members,
    Native,
    Said,
    make_block,
    say_json,
    say_text,
    say_whole,
)
from braid.wire.raw_json import (
    is_list,
    is_object,
    is_string,
    join_members,
    read_items,
    read_members,
    read_word,
    write_word,
)

PROVIDER = "openai"

keep_raw = partial(common.keep_raw, PROVIDER)

ROLES = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "developer": "system",  # the newer name of the same thing
}
"""What the wire calls a speaker, and what a block does."""

_NAMES = ("type", "id")
_TEXT_KINDS = {"user": Kind.PROMPT, "assistant": Kind.TEXT, "system": Kind.SYSTEM}
_AUDIO_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg"}
# A tool's output may hold parts, and nothing nests deeper.
_INNER_LEVELS = 2


class _Holder(NamedTuple):
    """Where a part keeps its data: the member that holds it (none: the part), which of that
    is the data, and which point to data elsewhere."""

    member: str | None
    data: str | None
    pointers: tuple[str, ...] = ()


_HOLDERS = {
    "audio": _Holder(None, "data"),  # not so called on the wire, where it is no part
    "input_audio": _Holder("input_audio", "data"),
    "output_audio": _Holder(None, "data"),
    "file": _Holder("file", "file_data", ("file_id",)),
    "input_file": _Holder(None, "file_data", ("file_id", "file_url")),
    "input_image": _Holder(None, "image_url", ("file_id",)),
    "computer_screenshot": _Holder(None, "image_url", ("file_id",)),
}


def read_part(
    raw: Raw,
    role: str,
    origin: Origin,
    marks: Marks | None = None,
    members: Members | None = None,
) -> Block:
    """Read one part; `role` is a block's. `members` stand for those of `raw`, as does `marks`
    for attrs that it does not say."""
    if members is None:
        if not is_object(raw):
            return keep_raw(raw, role, origin, marks)
        members = read_members(raw)
    native = read_word(members.get("type"))
    names: dict[str, object] = {}
    for name in _NAMES:
        word = read_word(members.get(name))
        if word is not None and name not in (marks or ()):
            names[name] = word
    return make_block(
        PROVIDER,
        Native(raw, members, names, names),
        _read_said(raw, native, members, role),
        role,
        origin,
        marks,
        unseen=points_away(members),
    )


def read_string(
    native: str, member: str, literal: Raw, role: str, origin: Origin, marks: Marks | None = None
) -> Block:
    """Read a string that stands alone: it says the same as a part of that type."""
    members = {"type": write_word(native), member: literal}
    return read_part(literal, role, origin, marks, members)


def read_content(
    content: Raw, native: str, role: str, origin: Origin, marks: Marks | None = None
) -> tuple[Block, ...]:
    """Read the content of a message, a string or a list of parts."""
    if is_string(content):
        return (read_string(native, "text", content, role, origin, marks),)
    if not is_list(content):
        return (keep_raw(content, role, origin, marks),)
    return tuple(read_part(item, role, origin, marks) for item in read_items(content))


def _read_said(raw: Raw, native: str | None, members: Members, role: str) -> Said | None:
    kind = _TEXT_KINDS.get(role)
    match native:
        case "text" | "input_text" | "output_text":
            return None if kind is None else say_text(kind, members, "text")
        case "refusal":
            return None if kind is None else say_text(kind, members, "refusal")
        case "summary_text" | "reasoning_text":
            return say_text(Kind.THINKING, members, "text")
        case "thinking":  # Mistral's
            return say_text(Kind.THINKING, members, "thinking") or say_json(
                Kind.THINKING, members, "thinking"
            )
        case str() if (holder := _holder_of(native)) is not None:
            return _say_data(raw, holder, members)
    return None


def _holder_of(native: str) -> _Holder | None:
    # `image_url`, and what servers that understand more than images made after it.
    if native.endswith("_url"):
        return _Holder(native, "url")
    return _HOLDERS.get(native)


def _say_data(raw: Raw, holder: _Holder, members: Members) -> Said | None:
    """Read a part with binary data: decoded where it can be had back, else whole."""
    inner = _held(holder, members)
    data = inner.get(holder.data or "")
    text = read_word(data)
    if data is None or text is None or not _is_here(holder, text):
        return None
    decoded = _decode(holder, text, inner)
    if decoded is None:
        return say_whole(Kind.MEDIA, raw, members)
    # What stood before the base64 tells how to write the data again.
    prefix = write_word(decoded.prefix)
    left: Members = {**inner, holder.data or "": prefix}
    if holder.member is None:
        left = {holder.data or "": prefix}
    elif is_string(members[holder.member]):
        left = {holder.member: prefix}
    else:
        left = {holder.member: join_members(left)}
    return Said(Kind.MEDIA, decoded.media, decoded.content, tuple(left), left=left)


def _held(holder: _Holder, members: Members) -> Members:
    """Give the members among which the data is."""
    if holder.member is None:
        return members
    held = members.get(holder.member)
    if held is None:
        return {}
    if is_string(held):
        return {holder.data or "": held}
    return read_members(held) if is_object(held) else {}


def _is_here(holder: _Holder, text: str) -> bool:
    """Say whether the data itself stands there, and not an address."""
    return is_data_url(text) or not (holder.data or "").endswith("url")


def _decode(holder: _Holder, text: str, inner: Members) -> Decoded | None:
    if is_data_url(text):
        return decode_data_url(text)
    form = read_word(inner.get("format"))
    return decode_base64(_AUDIO_TYPES.get(form or "", BYTES), text)


def points_away(members: Members, levels: int = _INNER_LEVELS) -> bool:
    """Say whether a part, or one inside it, shows the model what the proxy did not see."""
    native = read_word(members.get("type"))
    holder = None if native is None else _holder_of(native)
    if holder is not None:
        inner = _held(holder, members)
        if any(read_word(inner.get(name)) for name in holder.pointers):
            return True
        text = read_word(inner.get(holder.data or ""))
        if text and not _is_here(holder, text):
            return True
    inside = [members.get("content"), members.get("output")]
    return levels > 0 and any(
        _points_away_in(value, levels - 1) for value in inside if value is not None
    )


def _points_away_in(value: Raw, levels: int) -> bool:
    items = read_items(value) if is_list(value) else [value]
    return any(points_away(read_members(item), levels) for item in items if is_object(item))
