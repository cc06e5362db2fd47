"""Comments of source code as passages: neighbouring lines together, markers removed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from braid_verifier.leaks.found import found_in
from braid_verifier.leaks.lexing import Comment, line_start
from braid_verifier.leaks.passage import Passage, PassageKind
from braid_verifier.leaks.voice import in_own_voice
from braid_verifier.leaks.written import Fresh, Piece, Written

# Named here because looking a member up costs as much as a search for a word.
_COMMENT = PassageKind.COMMENT

# Two letters side by side, of any script; where words have no spaces one letter will do.
_WORDS = re.compile(r"[^\W\d_]{2}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LINE_MARK = re.compile(r"(?:/{2,}!?|#+!?|-{2,}|;+|%+)[|^]?[ \t]?")
_BLOCK_MARK = re.compile(
    r"(?:/\*+[!<]?|<!--|\{-+[|^]?|--\[=*\[|=begin\b|<#|\(\*+|\"\"\"|''')[ \t]*"
)
_BLOCK_END = re.compile(r"(?:\*+/|--+>|-+\}|\]=*\]|^=end\b.*|#>|\*+\)|\"\"\"|''')\Z", re.MULTILINE)
_LONGEST_END = 20
_STAR = re.compile(r"[ \t]*+(?:\*(?![*/])[ \t]?|\*+(?=\r?\n|\Z))")
_LINE = re.compile(r"[ \t]*+([^\r\n]*+)\r?\n?")
_STARRED_LINE = re.compile(rf"(?:{_STAR.pattern}|[ \t]*+)([^\r\n]*+)\r?\n?")
_BREAKS = ("\n", "\r\n")


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
        lines = _block(code.text, group[0]) if group[0].block else _stack(code.text, group)
        for pieces in (lines,) if fresh is None else _fresh(lines, fresh):
            written = _joined(code, pieces)
            if written is not None and _WORDS.search(written.text):
                yield Passage(_COMMENT, in_own_voice(written), language)


def _fresh(lines: list[Piece], fresh: Fresh) -> Iterator[list[Piece]]:
    """Give the lines that are fresh, those side by side together."""
    for are_fresh, some in groupby(lines, lambda line: fresh(line[0], line[1])):
        if are_fresh:
            yield list(some)


def _joined(code: Written, lines: list[Piece]) -> Written | None:
    """Put lines together, without the empty ones before and after; None for nothing but such."""
    text = code.text
    first, last = 0, len(lines)
    while last and not (kept := text[lines[last - 1][0] : lines[last - 1][1]].rstrip()):
        last -= 1
    if not last:
        return None
    while not text[lines[first][0] : lines[first][1]].strip():
        first += 1
    start = lines[last - 1][0]
    return code.cut((*lines[first : last - 1], (start, start + len(kept), None)))


def _groups(source: str, language: str | None) -> Iterator[list[Comment]]:
    """Put line comments that stand under one another together."""
    group: list[Comment] = []
    column = -1
    for comment in found_in(source, language):
        if group and not (
            not comment.block
            and not group[-1].block
            and source[group[-1].end : comment.start].strip(" \t") in _BREAKS
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


def _stack(source: str, group: list[Comment]) -> list[Piece]:
    """Give the lines of line comments without their markers, each with its newline."""
    lines: list[Piece] = []
    for comment in group:
        start, end = comment.start, comment.end
        mark = _LINE_MARK.match(source, start, end)
        start = mark.end() if mark else start
        if comment is group[-1]:
            lines.append((start, end, None))
        elif source[end - 1] == "\r":
            lines += ((start, end - 1, None), (end, end + 1, None))
        else:
            # In one piece, as they stand side by side in the content.
            lines.append((start, end + 1, None))
    return lines


def _block(source: str, comment: Comment) -> list[Piece]:
    """Give the lines of a block comment without its markers and margin, each with its newline."""
    start, end = comment.start, comment.end
    starred = source.startswith("/*", start) or _STAR.match(source, start, end) is not None
    mark = _BLOCK_MARK.match(source, start, end)
    start = mark.end() if mark else start
    closing = _BLOCK_END.search(source, max(start, end - _LONGEST_END), end)
    end = closing.start() if closing else end
    lines: list[Piece] = []
    while start < end:
        # What stands on the line of the opening mark has no margin.
        margined = starred and (lines or mark is None)
        line = (_STARRED_LINE if margined else _LINE).match(source, start, end)
        assert line is not None
        start = line.end()
        if start - line.end(1) == 2:
            lines += ((line.start(1), line.end(1), None), (start - 1, start, None))
        else:
            lines.append((line.start(1), start, None))
    return lines
