"""A text and how it is written in the content: the way back, kept through every unpacking."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import sub

from braid_verifier.leaks.passage import Passage, PassageKind, Run

_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[\s\S])"
)
_SHORT = {
    "\\n": "\n", "\\t": "\t", "\\r": "\r", "\\b": "\b", "\\f": "\f", '\\"': '"', "\\\\": "\\",
}  # fmt: skip


# What `Run` does, without a step in Python for each line of a comment.
_run = partial(tuple.__new__, Run)

Fresh = Callable[[int, int], bool]
"""Says whether a stretch of a text, on one line, was written just now."""

Piece = tuple[int, int, str | None]
"""A slice of a text, and what is to stand for it; None for the slice itself."""


#: Texts inside texts are followed so far: nobody writes for readers deeper than this.
DEEPEST = 12


@dataclass(slots=True)
class Written:
    """A text whose characters can be traced to code points of the content.

    The three lists are runs as in `Passage`, kept as plain integers because there are many:
    run i begins at starts[i] of the text and stands at sources[i] with spans[i] code points.
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
        parts: list[str] = []
        cut = Written("", depth=self.depth + 1)
        at, last = 0, len(starts)
        plain = last == 1 and spans[0] == len(text)
        for start, end, instead in pieces:
            if start >= end:
                continue
            if plain and instead is None:
                cut.starts.append(at)
                cut.sources.append(sources[0] + start)
                cut.spans.append(end - start)
                parts.append(text[start:end])
                at += end - start
                continue
            i = bisect_right(starts, start) - 1
            if instead is not None:
                opens, closes = self.source_span(start, end)
                cut.starts.append(at)
                cut.sources.append(opens)
                cut.spans.append(closes - opens)
                parts.append(instead)
                at += len(instead)
                continue
            parts.append(text[start:end])
            while start < end:
                run_start = starts[i]
                run_end = starts[i + 1] if i + 1 < last else len(text)
                stop = min(end, run_end)
                cut.starts.append(at)
                if spans[i] == run_end - run_start:
                    cut.sources.append(sources[i] + start - run_start)
                    cut.spans.append(stop - start)
                else:
                    cut.sources.append(sources[i])
                    cut.spans.append(spans[i])
                at += stop - start
                start = stop
                i += 1
        cut.text = "".join(parts)
        return cut

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
        starts, length = self.starts, len(self.text)
        i = bisect_right(starts, start) - 1
        j = bisect_right(starts, end - 1) - 1
        opens, closes = self.sources[i], self.sources[j] + self.spans[j]
        if self.spans[i] == (starts[i + 1] if i + 1 < len(starts) else length) - starts[i]:
            opens += start - starts[i]
        if self.spans[j] == (starts[j + 1] if j + 1 < len(starts) else length) - starts[j]:
            closes = self.sources[j] + end - starts[j]
        return opens, closes

    def passage(
        self, kind: PassageKind, language: str | None = None, structure: str | None = None
    ) -> Passage:
        """Give it as a passage, whole."""
        ends = [*self.starts[1:], len(self.text)]
        lengths = map(sub, ends, self.starts)
        runs = tuple(map(_run, zip(self.starts, self.sources, lengths, self.spans, strict=True)))
        return Passage(kind, self.text, runs, language, structure)


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
