"""Comments of source code as passages: neighbouring lines together, markers removed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from braid_verifier.leaks.found import found_in
from braid_verifier.leaks.lexing import Comment, line_start
from braid_verifier.leaks.passage import Passage, PassageKind
from braid_verifier.leaks.voice import in_own_voice
from braid_verifier.leaks.written import Fresh, Piece, Written

# Two letters side by side, of any script; where words have no spaces one letter will do.
_WORDS = re.compile(r"[^\W\d_]{2}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LINE_MARK = re.compile(r"(?:/{2,}!?|#+!?|-{2,}|;+|%+)[|^]?[ \t]?")
_BLOCK_MARK = re.compile(
    r"(?:/\*+[!<]?|<!--|\{-+[|^]?|--\[=*\[|=begin\b|<#|\(\*+|\"\"\"|''')[ \t]*"
)
_BLOCK_END = re.compile(r"(?:\*+/|--+>|-+\}|\]=*\]|^=end\b.*|#>|\*+\)|\"\"\"|''')\Z", re.MULTILINE)
_LONGEST_END = 20
_STAR = re.compile(r"[ \t]*+(?:\*(?![*/])[ \t]?|\*+(?=\r?\n|\Z))")
_SPACES = re.compile(r"[ \t]*+")
_LINE = re.compile(r"([^\r\n]*+)\r?\n?")
_UNDER = re.compile(r"[ \t]*\r?\n[ \t]*")


def comments(source: str, language: str | None) -> Iterator[Passage]:
    """Find the comments of a source file, or of any piece of one, in their order.

    `language` is a name that `language_of` gives; None reads the marks of most languages.
    Line comments under one another are one passage, and so is the text of one block comment.
    Doc strings of Python count as comments: they say what comments say. No other string does.
    """
    return comments_of(Written.whole(source), language)


def comments_of(
    code: Written, language: str | None, fresh: Fresh | None = None
) -> Iterator[Passage]:
    """Find the comments of a source that stands somewhere in a content.

    With `fresh` only the lines of them that are, those side by side together.
    """
    for group in _groups(code.text, language):
        pieces: list[Piece] = []
        for piece in _block(code.text, group[0]) if group[0].block else _stack(code.text, group):
            if fresh is None or fresh(piece[0], piece[1]):
                pieces.append(piece)
            else:
                yield from _passage(code, pieces, language)
                pieces = []
        yield from _passage(code, pieces, language)


def _passage(code: Written, pieces: list[Piece], language: str | None) -> Iterator[Passage]:
    text = code.text
    while pieces and not text[pieces[-1][0] : pieces[-1][1]].strip():
        pieces.pop()
    if not pieces:
        return
    start, end, _ = pieces[-1]
    pieces[-1] = start, start + len(text[start:end].rstrip()), None
    first = 0
    while not text[pieces[first][0] : pieces[first][1]].strip():
        first += 1
    written = code.cut(pieces[first:])
    if _WORDS.search(written.text):
        yield in_own_voice(written).passage(PassageKind.COMMENT, language)


def _groups(source: str, language: str | None) -> Iterator[list[Comment]]:
    """Put line comments that stand under one another together."""
    group: list[Comment] = []
    column = -1
    for comment in found_in(source, language):
        if group and not (
            not comment.block
            and not group[-1].block
            and _UNDER.fullmatch(source, group[-1].end, comment.start)
            and (column < 0 or column == _column(source, comment.start)[1])
        ):
            yield group
            group = []
        if not group and not comment.block:
            # With a comment behind code goes only what stands below it in the same column.
            alone, here = _column(source, comment.start)
            column = -1 if alone else here
        group.append(comment)
    if group:
        yield group


def _column(source: str, at: int) -> tuple[bool, int]:
    line = line_start(source, at)
    return not source[line:at].strip(), at - line


def _stack(source: str, group: list[Comment]) -> Iterator[Piece]:
    """Give the lines of line comments without their markers, each with its newline."""
    for comment in group:
        start, end = comment.start, comment.end
        mark = _LINE_MARK.match(source, start, end)
        start = mark.end() if mark else start
        if comment is group[-1]:
            yield start, end, None
        elif source[end - 1 : end] == "\r":
            yield start, end - 1, None
            yield end, end + 1, None
        else:
            # In one piece, as they stand side by side in the content.
            yield start, end + 1, None


def _block(source: str, comment: Comment) -> Iterator[Piece]:
    """Give the lines of a block comment without its markers and margin, each with its newline."""
    start, end = comment.start, comment.end
    margin = _STAR if source.startswith("/*", start) or _STAR.match(source, start, end) else None
    mark = _BLOCK_MARK.match(source, start, end)
    start = mark.end() if mark else start
    closing = _BLOCK_END.search(source, max(start, end - _LONGEST_END), end)
    end = closing.start() if closing else end
    first = mark is not None
    while start < end:
        skipped = margin.match(source, start, end) if margin and not first else None
        skipped = skipped or _SPACES.match(source, start, end)
        line = _LINE.match(source, skipped.end() if skipped else start, end)
        assert line is not None
        if line.end() - line.end(1) == 2:
            yield line.start(), line.end(1), None
            yield line.end() - 1, line.end(), None
        else:
            yield line.start(), line.end(), None
        first = False
        start = line.end()
