"""What in a passage is not the author's own voice: code in backticks, words in quotation marks."""

from __future__ import annotations

import re

from braid_verifier.leaks.written import Piece, Written

#: Stands in a text for a quotation or a piece of code in backticks. What ASCII calls "substitute" is no
#: letter and no space, and a text of ASCII, which costs least, stays one.
ELIDED = "\x1a"

# Only marks that are a pair on one line, the first before a word and the last behind one.
# Each way begins with a literal character, which the search can skip to.
_QUOTED = re.compile(
    r"`(?P<more>`{0,2})(?!`)[^`\n]{1,400}+`(?P=more)(?!`)"
    r"|\"(?<![\w\"]\")(?=[^\s\"])[^\"\n]{0,400}+(?<=[^\s\"])\"(?!\w)"
    r"|“[^”\n]{1,400}”|„[^“”\n]{1,400}[“”]|«[^»\n]{1,400}»|「[^」\n]{1,400}」|『[^』\n]{1,400}』"
)
_MARK = re.compile("[“„«「『]")


def in_own_voice(written: Written) -> Written:
    """Put ELIDED for each quotation and each piece of code in backticks."""
    text = written.text
    if "`" not in text and '"' not in text and (text.isascii() or not _MARK.search(text)):
        return written
    pieces: list[Piece] = []
    at = 0
    for quoted in _QUOTED.finditer(text):
        start, end = quoted.span()
        pieces += ((at, start, None), (start, end, ELIDED))
        at = end
    if not at:
        return written
    pieces.append((at, len(text), None))
    return written.cut(pieces)
