"""Blocks to what a node can hold: attrs as bytes, large content as numbered parts (SPEC §5.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from braid.node import Kind, Origin, is_media
from braid.wire.block import Block

# A quarter of the format's limit, so that a part fits a transcript also where every byte is escaped.
PART_BYTES = 8 * 1024 * 1024
ATTRS_BYTES = 1024 * 1024


class Part(msgspec.Struct, frozen=True):
    """One node's worth of a block."""

    kind: Kind
    origin: Origin
    media: str
    content: bytes
    attrs: bytes


def parts_of(block: Block, extra: Mapping[str, object] | None = None) -> list[Part]:
    """Lay a block out as parts; `extra` attrs say what the recorder knows about it.

    Attrs beyond 1 MiB lose their `extra` member to a part of its own, of kind `other`.
    """
    attrs: dict[str, object] = {**block.attrs, **(extra or {})}
    encoded = msgspec.json.encode(attrs, order="sorted")
    media = block.media if is_media(block.media) else "application/octet-stream"
    moved: list[Part] = []
    if len(encoded) > ATTRS_BYTES:
        rest = msgspec.json.encode(attrs.pop("extra", {}), order="sorted")
        encoded = msgspec.json.encode({**attrs, "extra_follows": True}, order="sorted")
        beside = Block(Kind.OTHER, block.origin, "application/json", rest, {"type": "extra"})
        moved = parts_of(beside)
    if len(block.content) <= PART_BYTES:
        return [Part(block.kind, block.origin, media, block.content, encoded), *moved]
    pieces = list(_pieces(block.content, text=media == "text/plain"))
    return [
        Part(
            block.kind,
            block.origin,
            media,
            piece,
            msgspec.json.encode({**attrs, "part": number, "parts": len(pieces)}, order="sorted"),
        )
        for number, piece in enumerate(pieces, 1)
    ] + moved


def _pieces(content: bytes, *, text: bool) -> Iterator[bytes]:
    start = 0
    while start < len(content):
        end = start + PART_BYTES
        # Text is cut between characters: each part of media text/plain is UTF-8 by itself.
        while text and end < len(content) and content[end] & 0xC0 == 0x80:
            end -= 1
        yield content[start:end]
        start = end
