"""One item of a step's content, in a request or an answer, to a Block.

Shapes by type: https://ai.google.dev/api/interactions-api. An item that does not have the
shape of its type is kept whole, as kind `other`.
"""

from __future__ import annotations

from functools import partial

from msgspec import Raw

from braid.node import Kind, Origin
from braid.wire import native as common
from braid.wire.block import Block
from braid.wire.gemini.blob import decode_blob
from braid.wire.gemini.names import PROVIDER, respell, snake
from braid.wire.native import Marks, Members, Native, Said, make_block, say_text, say_whole
from braid.wire.raw_json import (
    is_list,
    is_object,
    is_string,
    read_items,
    read_members,
    read_word,
    write_word,
)

keep_raw = partial(common.keep_raw, PROVIDER)

_TEXT_KINDS = {"user": Kind.PROMPT, "assistant": Kind.TEXT, "system": Kind.SYSTEM}
_MEDIA = frozenset({"image", "audio", "document", "video"})
CONTENTS = _MEDIA | {"text"}


def open_object(raw: Raw) -> dict[str, Raw] | None:
    """Take an object apart, its names in one spelling; None if it is none.

    Raises TwoSpellings.
    """
    return respell(read_members(raw), snake) if is_object(raw) else None


def read_item(
    raw: Raw,
    role: str,
    origin: Origin,
    marks: Marks | None = None,
    *,
    thought: bool = False,
    members: Members | None = None,
) -> Block:
    """Read one item; `thought` says that it stands in a thought's summary.

    `members` stand for those of `raw`. Raises TwoSpellings.
    """
    if members is None:
        members = open_object(raw)
        if members is None:
            return keep_raw(raw, role, origin, marks)
    native = read_word(members.get("type"))
    names = {} if native is None else {"type": native}
    kind = Kind.THINKING if thought else _TEXT_KINDS.get(role)
    said: Said | None = None
    if native == "text" and kind is not None:
        said = say_text(kind, members, "text")
    elif native in _MEDIA and not points_away(members):
        said = _say_media(raw, members)
    return make_block(
        PROVIDER,
        Native(raw, members, names, names),
        said,
        role,
        origin,
        marks,
        unseen=points_away(members),
    )


def read_string(literal: Raw, role: str, origin: Origin, marks: Marks | None = None) -> Block:
    """Read content that is one string: it says the same as one text."""
    members = {"type": write_word("text"), "text": literal}
    return read_item(literal, role, origin, marks, members=members)


def read_content(
    content: Raw, role: str, origin: Origin, marks: Marks | None = None
) -> tuple[Block, ...]:
    """Read content: a string, an item or a list of items. Raises TwoSpellings."""
    if is_string(content):
        return (read_string(content, role, origin, marks),)
    items = read_items(content) if is_list(content) else [content]
    return tuple(read_item(item, role, origin, marks) for item in items)


def points_away(members: Members) -> bool:
    """Say whether an item shows the model a file that the proxy did not see."""
    return bool(read_word(members.get("uri"))) and not read_word(members.get("data"))


def _say_media(raw: Raw, members: Members) -> Said:
    """Read binary content: decoded where its base64 can be had back, else the item whole."""
    native = read_word(members.get("mime_type"))
    blob = decode_blob(native, read_word(members.get("data")))
    if blob is None:
        return say_whole(Kind.MEDIA, raw, members)
    taken = ("data", "mime_type") if native == blob.media else ("data",)
    return Said(Kind.MEDIA, blob.media, blob.content, taken, blob.marks)
