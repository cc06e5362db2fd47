"""One JSON array that comes bit by bit: its elements as soon as each is whole.

What an element means is the provider's module's business, and whether it is JSON too.
"""

from __future__ import annotations

import re

_SPACE = b" \t\r\n"
_BETWEEN = b" \t\r\n,"
_find_structure = re.compile(rb'["\[\]{}]').search
_find_string_mark = re.compile(rb'["\\]').search
_find_scalar_end = re.compile(rb"[,\] \t\r\n]").search


class ArraySplitter:
    """Split the text of an array into its elements, whichever way its chunks are cut.

    Elements are found by their brackets alone. Each byte is looked at once.
    """

    __slots__ = ("_begun", "_depth", "_escaped", "_in_string", "_pending", "ended")

    def __init__(self) -> None:
        self._pending = bytearray()
        self._begun = False
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self.ended = False

    def feed(self, chunk: bytes) -> list[tuple[int, bytes]]:
        """Give the elements that this chunk completes, each with where it begins in the chunk.

        An element that began in an earlier chunk begins at 0.
        """
        whole: list[tuple[int, bytes]] = []
        at = 0
        while at < len(chunk):
            if self.ended:
                self._pending += chunk[at:]
                break
            if not self._pending:
                at = self._skip(chunk, at)
                if at == len(chunk) or self.ended:
                    continue
            end = self._find_end(chunk, at)
            self._pending += chunk[at : len(chunk) if end is None else end]
            if end is None:
                break
            begins = max(end - len(self._pending), 0)
            whole.append((begins, bytes(self._pending)))
            self._pending.clear()
            at = end
        return whole

    def close(self) -> bytes:
        """Give the bytes of the element that did not end, or what came after the array."""
        rest = bytes(self._pending).strip(_SPACE)
        self._pending.clear()
        return rest

    def _skip(self, chunk: bytes, at: int) -> int:
        """Go to the first byte of the next element; the bracket of the array is passed."""
        while at < len(chunk) and chunk[at] in (_BETWEEN if self._begun else _SPACE + b"["):
            self._begun = self._begun or chunk[at] == 0x5B
            at += 1
        if at < len(chunk) and chunk[at] == 0x5D:
            self.ended = True
            at += 1
        return at

    def _find_end(self, chunk: bytes, at: int) -> int | None:
        """Find where the element ends that stands at this place; None if not in this chunk."""
        if not self._pending and chunk[at] not in b'{["':
            self._depth = 0
        while True:
            if self._in_string:
                at = self._leave_string(chunk, at)
                if self._in_string:
                    return None
                if not self._depth:
                    return at
            elif self._depth or (not self._pending and chunk[at] in b'{["'):
                mark = _find_structure(chunk, at)
                if mark is None:
                    return None
                at = mark.end()
                match mark[0]:
                    case b'"':
                        self._in_string = True
                    case b"{" | b"[":
                        self._depth += 1
                    case _:
                        self._depth -= 1
                        if not self._depth:
                            return at
            else:
                end = _find_scalar_end(chunk, at)
                return None if end is None else end.start()

    def _leave_string(self, chunk: bytes, at: int) -> int:
        while at < len(chunk):
            if self._escaped:
                self._escaped = False
                at += 1
                continue
            mark = _find_string_mark(chunk, at)
            if mark is None:
                return len(chunk)
            at = mark.end()
            if mark[0] == b'"':
                self._in_string = False
                return at
            self._escaped = True
        return at
