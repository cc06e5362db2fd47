"""Bytes that Google's wire formats hold as base64, in either alphabet."""

from __future__ import annotations

from typing import NamedTuple

from braid.wire.media import decode_base64
from braid.wire.native import Marks


class Blob(NamedTuple):
    """Decoded bytes, their media type without parameters, and how they were spelled."""

    media: str
    content: bytes
    marks: Marks


def decode_blob(media: str | None, data: str | None) -> Blob | None:
    """Decode base64; None where its text could not be had back or its media type is none."""
    if media is None or data is None:
        return None
    essence = media.partition(";")[0].strip().lower()
    decoded = decode_base64(essence, data)
    if decoded is not None:
        return Blob(decoded.media, decoded.content, {})
    if "+" in data or "/" in data:
        return None
    # google-genai for Python writes all bytes in the other alphabet.
    decoded = decode_base64(essence, data.replace("-", "+").replace("_", "/"))
    return decoded and Blob(decoded.media, decoded.content, {"alphabet": "base64url"})
