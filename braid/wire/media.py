"""Binary content that stands in JSON as base64, decoded where nothing is lost by it (SPEC §5.2)."""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

from braid.node import is_media
from braid.wire.raw_json import TEXT

_BASE64 = ";base64"


class Decoded(NamedTuple):
    """What base64 said. `prefix` is what stood before it, which is nothing outside data URLs."""

    media: str
    content: bytes
    prefix: str = ""


def decode_base64(media: str | None, text: str | None) -> Decoded | None:
    """Decode base64; None where its text or its media type could not be had back."""
    if media is None or text is None or not is_media(media):
        return None
    try:
        content = base64.b64decode(text, validate=True)
        if media == TEXT:
            content.decode()
    except (binascii.Error, ValueError):
        return None
    return Decoded(media, content) if base64.b64encode(content) == text.encode() else None


def is_data_url(text: str) -> bool:
    """Tell a URL that holds what it names from one that points to it."""
    return text[:5].lower() == "data:"


def decode_data_url(text: str) -> Decoded | None:
    """Decode a `data:` URL of base64 (RFC 2397); None as for `decode_base64`."""
    head, comma, data = text.partition(",")
    if not comma or not is_data_url(head) or not head.endswith(_BASE64):
        return None
    decoded = decode_base64(head[5:].partition(";")[0], data)
    return None if decoded is None else decoded._replace(prefix=head + comma)
