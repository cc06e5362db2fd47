"""Binary content that stands in JSON: one value for it, however its base64 is written (SPEC §8.4)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from braid.node import is_media
from braid.strict_json import Json

_TYPES = ("media_type", "mimeType", "mime_type")
_TO_STANDARD = str.maketrans("-_", "+/", " \t\r\n")


class Held(NamedTuple):
    """Binary content: its media type and its hash."""

    media: str
    digest: str


def held(media: str, content: bytes) -> Held:
    """Give of content by itself what `held_in` gives of a part that holds it."""
    return Held(media, hashlib.sha256(content).hexdigest())


def held_in(part: Mapping[str, Json]) -> Held | None:
    """Give what a part of any wire format holds; None where that is nothing, or not one thing."""
    found = list(_written(part))
    if len(found) != 1:
        return None
    media, written = found[0]
    content = _decode(written)
    return None if content is None or not is_media(media) else held(media, content)


def _written(part: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Give the media types and base64 of a part, of its own or one level down."""
    for holder in (part, *part.values()):
        if not isinstance(holder, dict) or holder.get("type") == "text":
            continue
        data = holder.get("data")
        media = next((one for name in _TYPES if isinstance(one := holder.get(name), str)), None)
        if isinstance(data, str) and media is not None:
            yield media.partition(";")[0].strip().lower(), data
        for written in holder.values():
            if isinstance(written, str) and written[:5].lower() == "data:":
                head, _, data = written.partition(",")
                if head.endswith(";base64"):
                    yield head[5:].partition(";")[0].strip().lower(), data


def _decode(written: str) -> bytes | None:
    """Decode base64 of either alphabet, with and without padding and line breaks."""
    # Padding elsewhere than at the end is read in more than one way.
    text = written.translate(_TO_STANDARD).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
