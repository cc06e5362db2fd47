"""A stretch of natural language inside a block, and where each of its characters came from.

A passage is what a person would read: comment markers, quoting and escapes are gone, lines that
belong together stand together. A finding has to name characters of the content as it was signed,
so a passage remembers the way back.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

#: Stands in a text for a quotation or a piece of code in backticks: not the author's own voice.
ELIDED = "\ufffc"


class PassageKind(StrEnum):
    """What a passage is by its place, whatever its words."""

    PROSE = "prose"
    COMMENT = "comment"
    #: The structure itself says that this is thinking: markup, a think tool, a ReAct field.
    THOUGHT = "thought"


@dataclass(frozen=True, slots=True)
class Run:
    """text[start:start+length] stands at content[source:source+span].

    One to one where length == span; otherwise the run is one piece that was written differently,
    such as an escape.
    """

    start: int
    source: int
    length: int
    span: int


_START = attrgetter("start")


@dataclass(frozen=True, slots=True)
class Passage:
    """Natural language of a block, in the author's own voice as far as structure can tell.

    Offsets count code points, in `text` and in the content alike. `runs` covers `text` without
    gaps, ascending in both offsets.
    """

    kind: PassageKind
    #: Markers and escapes removed, ELIDED for what is quoted; newlines kept.
    text: str
    runs: tuple[Run, ...]
    #: The programming language of a comment, where known; None for prose.
    language: str | None = None
    #: 'think_tag', 'think_tool' or 'react_thought' of a THOUGHT; None otherwise.
    structure: str | None = None

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the code points of the content that text[start:end] stands for.

        What was removed between two characters of the span is inside it, what was removed before
        the first or after the last is not. A character that was written as an escape takes the
        whole escape. Raises ValueError for a span that is empty or not inside the text.
        """
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"expected a span inside 0:{len(self.text)}, got {start}:{end}")
        first = self.runs[bisect_right(self.runs, start, key=_START) - 1]
        last = self.runs[bisect_right(self.runs, end - 1, key=_START) - 1]
        opens, closes = first.source, last.source + last.span
        if first.length == first.span:
            opens += start - first.start
        if last.length == last.span:
            closes = last.source + end - last.start
        return opens, closes
