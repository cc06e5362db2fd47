"""Paths of requests as upstreams may read them: one plain form, and every lenient reading."""

from __future__ import annotations

import posixpath
import re
import string
from urllib.parse import unquote


def plain(path: str) -> str:
    """Undo what every upstream may undo: percent-encoding, doubled slashes, a slash at the end."""
    return posixpath.normpath("/" + unquote(path).lstrip("/"))


def has_dot_segment(path: str) -> bool:
    """Tell whether a path, under any reading, climbs or stands still (RFC 3986 §5.2.4).

    A client library may resolve it, and it could leave the path of the upstream's address.
    """
    if "." not in path and "%" not in path:
        return False
    segments = re.split(r"[/\\]", _unquoted(path) or "")
    return any(_AFTER_DOTS.split(segment, maxsplit=1)[0] in (".", "..") for segment in segments)


def is_deeply_encoded(path: str) -> bool:
    """Tell whether percent-encodings stand in one another so deep that nobody says what it reads."""
    return "%" in path and _unquoted(path) is None


def readings(path: str) -> tuple[str, ...]:
    """Give a path as lenient upstreams, or gateways before them, could read it, in lower case."""
    text = (_unquoted(path) or "").lower()
    slashed = text.replace("\\", "/")
    cut = _END.split(slashed, maxsplit=1)[0]
    return (
        _AFTER.split(text, maxsplit=1)[0],
        _AFTER.split(slashed, maxsplit=1)[0],
        "/".join(segment.partition(";")[0] for segment in cut.split("/")),
        _JUNK.sub("", slashed),
        # Windows drops a dot at the end of a name, and reads on after a colon as another name.
        "/".join(
            segment.partition(":")[0].rstrip(_TRAILING) for segment in slashed.split("/")
        ).rstrip("/"),
    )


def _unquoted(path: str) -> str | None:
    """Undo every percent-encoding; None where they stand in one another too deep."""
    # Layers of an encoded percent sign fall at once, or each would cost another pass.
    text = _LAYERS.sub("%", path)
    for _ in range(_PASSES):
        if (undone := _LAYERS.sub("%", unquote(text))) == text:
            return text
        text = undone
    return None


_PASSES = 8
_TRAILING = string.punctuation + string.whitespace
_LAYERS = re.compile(r"%(?:25)+")
_AFTER_DOTS = re.compile(r"[;?#\x00-\x20]")
_JUNK = re.compile(r"[^!-~]")
_END = re.compile(r"[?#]|[^!-~]")
_AFTER = re.compile(r"[;?#\\]|[^!-~]")
