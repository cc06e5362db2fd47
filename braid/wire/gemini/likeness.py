"""Events that are spelled like the one before but for the text and the counts of usage.

A stream consists of them almost wholly. Once one was read, another with the same bytes
around its text needs no reading: what `find_fault` looks for cannot stand in a string or a
count.
"""

from __future__ import annotations

import re

from braid.wire.gemini.open_block import OpenText
from braid.wire.stream import is_utf8
from braid.wire.template import STRING

PREFIX = b"data: "

_match_string = re.compile(STRING).match
# The candidate has no member of this name outside its one part.
_find_text = re.compile(rb'\{"candidates": ?\[.*?"text": ?"', re.DOTALL).match
_blank_counts = re.compile(rb'(?<=": )(?:0|[1-9]\d{0,14})(?=[,}])').sub
_USAGE = b'"usageMetadata"'


class Likeness:
    """What stands around the text of an event, and the text that grows by it."""

    __slots__ = ("_after", "_before", "_counts", "_text")

    def __init__(self, text: OpenText, before: bytes, after: bytes, counts: bytes) -> None:
        self._text = text
        self._before = before
        self._after = after
        self._counts = _blank_counts(b"", counts)

    def take(self, event: bytes) -> bool:
        """Let the text grow by an event that is like; False for any other."""
        begins = len(self._before)
        if not event.startswith(self._before):
            return False
        said = _match_string(event, begins)
        if said is None or not event.startswith(self._after, said.end()):
            return False
        counts = event[said.end() + len(self._after) :]
        if _blank_counts(b"", counts) != self._counts or not is_utf8(said[0]):
            return False
        self._text.parts.append(said[0])
        return True


def find_likeness(document: bytes, text: OpenText) -> Likeness | None:
    """Say what events are like one that was read, by its document."""
    key = _find_text(document)
    said = key and _match_string(document, key.end())
    if key is None or said is None:
        return None
    after, name, counts = document[said.end() :].partition(_USAGE)
    if b"\\" in counts:  # a quote in a string could make its words look like counts
        return None
    return Likeness(text, PREFIX + document[: key.end()], after + name, counts)
