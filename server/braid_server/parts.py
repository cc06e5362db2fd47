"""Blocks to what a node can hold: attrs as bytes, large content as numbered parts (SPEC §5.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from braid.node import Kind, Origin, is_media
from braid.wire.block import Block
from braid_server.fallback import FIELD_BYTES

# A quarter of the format's limit, so that a part fits a transcript also where every byte is escaped.
PART_BYTES = 8 * 1024 * 1024
ATTRS_BYTES = 1024 * 1024

_BYTES = "application/octet-stream"
_JSON = "application/json"
_TEXT = "text/plain"


class Part(msgspec.Struct, frozen=True):
    """One node's worth of a block."""

    kind: Kind
    origin: Origin
    media: str
    content: bytes
    attrs: bytes


def parts_of(
    block: Block, extra: Mapping[str, object] | None = None, limit: int = PART_BYTES
) -> list[Part]:
    """Lay a block out as parts; `extra` attrs say what the recorder knows about it.

    Where attrs are beyond 1 MiB their `extra` member, and what else in them is long, becomes the
    block's last parts: these are of kind `other`, and the parts before them say `extra_follows`.
    """
    attrs: dict[str, object] = {**block.attrs, **(extra or {})}
    if block.unseen:
        attrs["unseen"] = True
    encoded = _encode(attrs)
    moved = b""
    if len(encoded) > ATTRS_BYTES:
        moved = _encode(_take_long(attrs))
        attrs["extra_follows"] = True
        encoded = _encode(attrs)
    media = _media(block)
    if not moved and len(block.content) <= limit:
        return [Part(block.kind, block.origin, media, block.content, encoded)]
    own = list(_pieces(block.content, limit, text=media in (_TEXT, _JSON))) or [b""]
    rest = list(_pieces(moved, limit, text=True))
    count = len(own) + len(rest)
    parts = [
        Part(
            block.kind,
            block.origin,
            media,
            piece,
            _encode({**attrs, "part": number, "parts": count}),
        )
        for number, piece in enumerate(own, 1)
    ]
    for number, piece in enumerate(rest, len(own) + 1):
        said = {"type": "extra", "part": number, "parts": count}
        parts.append(Part(Kind.OTHER, block.origin, _JSON, piece, _encode(said)))
    return parts


def _take_long(attrs: dict[str, object]) -> dict[str, object]:
    """Take out `extra` and all that is long, as members of it."""
    extra = attrs.pop("extra", {})
    long = [name for name, value in attrs.items() if len(_encode(value)) > FIELD_BYTES]
    taken = {name: attrs.pop(name) for name in long}
    return taken | (extra if isinstance(extra, dict) else {"extra": extra})


def _encode(value: object) -> bytes:
    return msgspec.json.encode(value, order="sorted")


def _media(block: Block) -> str:
    if block.media == _TEXT:
        try:
            block.content.decode("utf-8")
        except UnicodeDecodeError:
            return _BYTES  # SPEC §3.5 would not let it pass as text
        return _TEXT
    if block.media == _JSON:
        return _JSON
    return block.media if is_media(block.media) else _BYTES


def _pieces(content: bytes, limit: int, *, text: bool) -> Iterator[bytes]:
    start = 0
    while start < len(content):
        end = start + limit
        if text and end < len(content):
            # Text is cut between characters: each part of it is UTF-8 by itself.
            end -= next((n for n in range(4) if content[end - n] & 0xC0 != 0x80), 0)
        yield content[start:end]
        start = end
