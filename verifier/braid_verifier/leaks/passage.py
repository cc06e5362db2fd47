"""A stretch of natural language inside a block, and where each of its characters came from.

A passage is what a person would read: comment markers, quoting and escapes are gone, lines that
belong together stand together. A finding has to name characters of the content as it was signed,
so a passage remembers the way back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

#: Stands in a text for a quotation or a piece of code in backticks: not the author's own voice. What
#: ASCII calls "substitute" is no letter and no space, and a text of ASCII, which costs least, stays one.
ELIDED = "\x1a"


class PassageKind(StrEnum):
    """What a passage is by its place, whatever its words."""

    PROSE = "prose"
    COMMENT = "comment"
    #: The structure itself says that this is thinking: markup, a think tool, a ReAct field.
    THOUGHT = "thought"


class Run(NamedTuple):
    """text[start:start+length] stands at content[source:source+span]; a tuple, there is one a line.

    One to one where length == span; otherwise the run is one piece that was written differently,
    such as an escape.
    """

    start: int
    source: int
    length: int
    span: int


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
        return next(self.source_spans(((start, end),)))

    def source_spans(self, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Return what `source_span` does for each of `spans`."""
        runs, size = self.runs, len(self.text)
        starts = [run[0] for run in runs]
        for start, end in spans:
            if not 0 <= start < end <= size:
                raise ValueError(f"expected a span inside 0:{size}, got {start}:{end}")
            at, source, length, span = runs[bisect_right(starts, start) - 1]
            opens = source + start - at if length == span else source
            at, source, length, span = runs[bisect_right(starts, end - 1) - 1]
            yield opens, source + (end - at if length == span else span)
