"""A stretch of natural language inside a block, and where each of its characters came from.

A passage is what a person would read: comment markers, quoting and escapes are gone, lines that
belong together stand together. A finding has to name characters of the content as it was signed,
so a passage remembers the way back.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from braid_verifier.leaks.written import Written


class PassageKind(StrEnum):
    """What a passage is by its place, whatever its words."""

    PROSE = "prose"
    COMMENT = "comment"
    #: The structure itself says that this is thinking: markup, a think tool, a ReAct field.
    THOUGHT = "thought"


class Passage(NamedTuple):
    """Natural language of a block, in the author's own voice as far as structure can tell.

    Offsets count code points, in `text` and in the content alike.
    """

    kind: PassageKind
    #: Markers and escapes removed, ELIDED for what is quoted; newlines kept.
    written: Written
    #: The programming language of a comment, where known; None for prose.
    language: str | None = None
    #: 'think_tag', 'think_tool' or 'react_thought' of a THOUGHT; None otherwise.
    structure: str | None = None

    @property
    def text(self) -> str:
        return self.written.text

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the code points of the content that text[start:end] stands for.

        What was removed between two characters of the span is inside it, what was removed before
        the first or after the last is not. A character that was written as an escape takes the
        whole escape. Raises ValueError for a span that is empty or not inside the text.
        """
        size = len(self.written.text)
        if not 0 <= start < end <= size:
            raise ValueError(f"expected a span inside 0:{size}, got {start}:{end}")
        return self.written.source_span(start, end)
