"""A text and how it is written in the content: the way back, kept through every unpacking."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[\s\S])"
)
_SHORT = {
    "\\n": "\n", "\\t": "\t", "\\r": "\r", "\\b": "\b", "\\f": "\f", '\\"': '"', "\\\\": "\\",
}  # fmt: skip


Fresh = Callable[[int, int], bool]
"""Says whether a stretch of a text, on one line, was written just now."""

Piece = tuple[int, int, str | None]
"""A slice of a text, and what is to stand for it; None for the slice itself."""


#: Texts inside texts are followed so far: nobody writes for readers deeper than this.
DEEPEST = 12


@dataclass(slots=True)
class Written:
    """A text whose characters can be traced to code points of the content.

    It consists of runs, ascending and without gaps. Run i begins at starts[i] of the text and stands
    at sources[i] of the content with spans[i] code points: one to one where it is as long in the text,
    otherwise it is one piece that was written differently, such as an escape. Three lists of plain
    integers, because there is a run for each line.
    """

    text: str
    starts: list[int] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)
    spans: list[int] = field(default_factory=list)
    #: How often something was taken out of something else to come here.
    depth: int = 0

    @classmethod
    def whole(cls, text: str) -> Written:
        """Take a content as it stands."""
        return cls(text, [0], [0], [len(text)]) if text else cls("")

    def cut(self, pieces: Iterable[Piece]) -> Written:
        """Put slices of the text together; a slice may be replaced by one other text."""
        text, starts, sources, spans = self.text, self.starts, self.sources, self.spans
        last = len(starts)
        shift = sources[0] if last == 1 and spans[0] == len(text) else None
        parts: list[str] = []
        cut_starts: list[int] = []
        cut_sources: list[int] = []
        cut_spans: list[int] = []
        at = 0
        for start, end, instead in pieces:
            if start >= end:
                continue
            if instead is not None:
                opens, closes = self.source_span(start, end)
                cut_starts.append(at)
                cut_sources.append(opens)
                cut_spans.append(closes - opens)
                parts.append(instead)
                at += len(instead)
                continue
            parts.append(text[start:end])
            if shift is not None:
                cut_starts.append(at)
                cut_sources.append(shift + start)
                cut_spans.append(end - start)
                at += end - start
                continue
            i = bisect_right(starts, start) - 1
            while start < end:
                run_start = starts[i]
                run_end = starts[i + 1] if i + 1 < last else len(text)
                stop = min(end, run_end)
                cut_starts.append(at)
                if spans[i] == run_end - run_start:
                    cut_sources.append(sources[i] + start - run_start)
                    cut_spans.append(stop - start)
                else:
                    cut_sources.append(sources[i])
                    cut_spans.append(spans[i])
                at += stop - start
                start = stop
                i += 1
        return Written("".join(parts), cut_starts, cut_sources, cut_spans, self.depth + 1)

    def slice(self, start: int, end: int) -> Written:
        """Take text[start:end]."""
        return self.cut(((start, end, None),))

    def unescaped(self, start: int, end: int) -> Written:
        """Take text[start:end] as the inside of a JSON string, its escapes undone.

        What is no escape of JSON stands for the character behind the backslash.
        """
        text = self.text
        if text.find("\\", start, end) < 0:
            return self.slice(start, end)
        parts: list[str] = []
        starts: list[int] = []
        sources: list[int] = []
        spans: list[int] = []
        at, here = 0, start
        for match in _ESCAPE.finditer(text, start, end):
            opens, closes = match.span()
            if opens > here:
                parts.append(text[here:opens])
                starts.append(at)
                sources.append(here)
                spans.append(opens - here)
                at += opens - here
            escape = match[0]
            parts.append(_SHORT.get(escape) or _character(escape))
            starts.append(at)
            sources.append(opens)
            spans.append(closes - opens)
            at += 1
            here = closes
        if here < end:
            parts.append(text[here:end])
            starts.append(at)
            sources.append(here)
            spans.append(end - here)
        return self._outward(Written("".join(parts), starts, sources, spans, self.depth + 1))

    def _outward(self, inner: Written) -> Written:
        """Give the text of `inner`, whose sources are offsets of this text, its real sources."""
        if len(self.starts) <= 1 and self.spans == [len(self.text)]:
            if shift := self.sources[0]:
                inner.sources = [source + shift for source in inner.sources]
            return inner
        outer = Written(inner.text, depth=inner.depth)
        ends = [*inner.starts[1:], len(inner.text)]
        for start, end, source, span in zip(
            inner.starts, ends, inner.sources, inner.spans, strict=True
        ):
            if end - start == span:
                piece = self.slice(source, source + span)
                outer.starts += [start + at for at in piece.starts]
                outer.sources += piece.sources
                outer.spans += piece.spans
            else:
                opens, closes = self.source_span(source, source + span)
                outer.starts.append(start)
                outer.sources.append(opens)
                outer.spans.append(closes - opens)
        return outer

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the code points of the content that text[start:end], not empty, stands for."""
        starts, sources, spans = self.starts, self.sources, self.spans
        last = len(starts) - 1
        i = bisect_right(starts, start) - 1
        run_start, run_end = starts[i], starts[i + 1] if i < last else len(self.text)
        opens = sources[i]
        if spans[i] == run_end - run_start:
            opens += start - run_start
        if end > run_end:
            i = bisect_right(starts, end - 1) - 1
            run_start, run_end = starts[i], starts[i + 1] if i < last else len(self.text)
        closes = sources[i] + spans[i]
        if spans[i] == run_end - run_start:
            closes -= run_end - end
        return opens, closes


def joined(texts: Sequence[Written]) -> Written:
    """Put texts that stand one after another in the content together."""
    if len(texts) == 1:
        return texts[0]
    whole = Written("".join(text.text for text in texts), depth=texts[0].depth)
    at = 0
    for text in texts:
        whole.starts += [at + start for start in text.starts]
        whole.sources += text.sources
        whole.spans += text.spans
        at += len(text.text)
    return whole


def _character(escape: str) -> str:
    if len(escape) == 2:
        return escape[1]
    first = int(escape[2:6], 16)
    if len(escape) == 6:
        return chr(first)
    return chr(0x10000 + ((first - 0xD800) << 10) + int(escape[8:], 16) - 0xDC00)
