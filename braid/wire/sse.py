"""Server-sent events: bytes cut anywhere to whole events, for every provider that streams.

An event is what stands between two blank lines (WHATWG HTML §9.2.6). Lines may end in LF,
CR or CRLF. What an event means is the provider's module's business.
"""

from __future__ import annotations

import re

# Two line ends in a row, of which the second may be the first half of a CRLF. A CRLF alone
# is one line end, so `\r\n` is not among them.
_BLANK_LINE = re.compile(rb"\n\n|[\r\n]\r")
_LINE_ENDS = b"\r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventSplitter:
    """Split a body into raw events, whichever way its chunks are cut.

    Each byte is looked at once when it comes and once more when its event is whole, so a
    line that never ends costs no more than its length.
    """

    __slots__ = ("_begun", "_pending")

    def __init__(self) -> None:
        self._pending = bytearray()
        self._begun = False

    def feed(self, chunk: bytes) -> list[tuple[int, bytes]]:
        """Give the events that this chunk completes, each with where it begins in the chunk.

        An event that began in an earlier chunk begins at 0. Its bytes come without the
        line ends around it; an event of comments only is still an event.
        """
        whole: list[tuple[int, bytes]] = []
        at = 0
        if self._pending:
            if not chunk:
                return whole
            if _BLANK_LINE.fullmatch(self._pending[-1:] + chunk[:1]):
                end, at = 0, 1
            elif blank := _BLANK_LINE.search(chunk):
                end, at = blank.span()
            else:
                self._pending += chunk
                return whole
            began = -len(self._pending)
            self._pending += chunk[:end]
            self._add(whole, began, bytes(self._pending))
            self._pending.clear()
            chunk = chunk[at:]
        if b"\r" not in chunk:
            pieces = chunk.split(b"\n\n")
        elif b"\n\n" in chunk or b"\r\r" in chunk:
            pieces = _BLANK_LINE.split(chunk)
        else:  # what is left of the expression, at a third of the cost
            pieces = chunk.split(b"\n\r")
        rest = pieces.pop()
        for piece in pieces:
            if self._begun and piece and piece.strip(_LINE_ENDS) is piece:
                whole.append((at, piece))
            else:
                self._add(whole, at, piece)
            at += len(piece) + 2
        if rest:
            self._begun |= rest[0] in _LINE_ENDS
            self._pending += rest.lstrip(_LINE_ENDS)
        return whole

    def close(self) -> bytes:
        """Give the bytes of the event that no blank line ended; no client was told of it."""
        rest: list[tuple[int, bytes]] = []
        self._add(rest, 0, bytes(self._pending))
        self._pending.clear()
        return rest[0][1] if rest else b""

    def _add(self, whole: list[tuple[int, bytes]], at: int, piece: bytes) -> None:
        event = piece
        if not self._begun:
            self._begun = True
            event = piece.removeprefix(_BYTE_ORDER_MARK)
        event = event.lstrip(_LINE_ENDS)
        at += len(piece) - len(event)
        event = event.rstrip(_LINE_ENDS)
        if event:
            whole.append((max(at, 0), event))


def read_fields(event: bytes) -> tuple[str, bytes | None, bytes]:
    """Take a raw event apart: its name, its data (None if no line has any), and stray lines.

    Comments, `id` and `retry` are left out. Stray lines are those of fields that the
    standard does not know and tells readers to skip.
    """
    name = b""
    data: list[bytes] = []
    stray: list[bytes] = []
    for line in event.splitlines():
        field, _, value = line.partition(b":")
        if field == b"data":
            data.append(value.removeprefix(b" "))
        elif field == b"event":
            name = value.removeprefix(b" ")
        elif field not in (b"", b"id", b"retry"):
            stray.append(line)
    return name.decode(errors="replace"), b"\n".join(data) if data else None, b"\n".join(stray)
