"""What was said before by others: a sentence that stands there is quoted, not leaked."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")
#: So many words in a row are kept of what was said; a shorter sentence has to be whole.
SHINGLE = 5
#: Of a sentence so many of its rows of words have to be known, of each hundred.
_SHARE = 80


class Heard:
    """Words of earlier user messages and tool results, for the echo rule.

    Case, punctuation, comment markers, quoting and the breaking of lines make no difference.
    Memory and time are linear in what is added; rows of words are kept as hashes only.
    """

    __slots__ = ("_rows",)

    def __init__(self) -> None:
        self._rows: set[int] = set()

    def add(self, text: str) -> None:
        """Take note of a text that somebody else said."""
        words = _words(text)
        rows = self._rows
        rows.update(map(hash, zip(*(words[i:] for i in range(SHINGLE)), strict=False)))
        if len(words) < SHINGLE:
            rows.add(hash(tuple(words)))
        for line in text.splitlines():
            few = _words(line) if len(line) <= _FEW else []
            if 1 < len(few) < SHINGLE:
                rows.add(hash(tuple(few)))

    @property
    def size(self) -> int:
        """About how much there is to join: one at least."""
        return 1 + len(self._rows)

    def join(self, other: Heard) -> None:
        """Take note of all that `other` has."""
        self._rows |= other._rows

    def contains(self, sentence: str) -> bool:
        """Tell whether a sentence was said before.

        A long one may differ in a word; one of fewer than five has to have stood on a line of
        its own.
        """
        words = _words(sentence)
        if not words or not self._rows:
            return False
        if len(words) < SHINGLE:
            return hash(tuple(words)) in self._rows
        rows = [hash(row) for row in zip(*(words[i:] for i in range(SHINGLE)), strict=False)]
        known = sum(row in self._rows for row in rows)
        return known * 100 >= len(rows) * _SHARE


_FEW = 200


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
