"""Where a sentence or a clause begins, and where it ends."""

from __future__ import annotations

import re
from enum import IntEnum


class Opening(IntEnum):
    """What the position of a word opens."""

    NOTHING = 0
    CLAUSE = 1
    SENTENCE = 2


# Named here because looking a member up costs as much as a search for a word.
NOTHING, CLAUSE, SENTENCE = Opening

#: What may stand between the end of a sentence and the first word of the next.
_DECORATION = " \t\"'`*_>•·-–—#~|/"
_CLAUSE = frozenset(",;:(–—-，、；：（")
_STOP = frozenset(".?!…。！？")
_LOOK_BACK = 12


def opening(text: str, start: int) -> Opening:
    """Return what text[start:] opens; `text` in its own case.

    A line that begins with a small letter goes on with the line before it, so its first word
    opens a clause at most.
    """
    if start > 1 and text[start - 1] == " " and text[start - 2].isalnum():
        return NOTHING
    at = start - 1
    floor = max(-1, start - _LOOK_BACK)
    spaced = dashed = False
    while at > floor:
        char = text[at]
        if char == "\n":
            if text[start].islower() and at > 0 and text[at - 1] not in ".?!:…\n":
                return CLAUSE
            return SENTENCE
        if char in "-–—":
            dashed = dashed or spaced or char != "-"
        if char not in _DECORATION:
            break
        spaced = spaced or char in " \t"
        at -= 1
    else:
        return SENTENCE if at < 0 else NOTHING
    if char in _STOP and (spaced or char in "。！？…"):
        return SENTENCE
    if char in ")]" and spaced and at > 1 and text[at - 1] in ".?!" and text[at - 2] not in "([":
        return SENTENCE
    if dashed or (char in _CLAUSE and (spaced or char not in "-:,;")):
        return CLAUSE
    return NOTHING


# The end of a sentence. A line that begins with a small letter goes on with the one before it.
# It begins with one class of characters, which the search can skip to.
_END = re.compile(
    r"[.?!…\n。！？](?:(?<=[.?!…])[.?!…]*[)\"'`*_\]]*(?=\s|\Z)|(?<=[。！？])[。！？]*[」』）]*"
    r"|(?<=\n)(?=[ \t]*(?:[^\sa-zß-öø-ÿ]|\n|\Z))|(?<=[:.?!…]\n))"
)


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences of `text`, without the space around them.

    A line break ends a sentence where the next line opens one: after a stop or a colon, before a
    capital, a digit or a bullet.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for end in (*map(_end_of, _END.finditer(text)), len(text)):
        stretch = text[start:end]
        if sentence := stretch.strip():
            start += stretch.index(sentence[0])
            spans.append((start, start + len(sentence)))
        start = end
    return spans


_end_of = re.Match.end
