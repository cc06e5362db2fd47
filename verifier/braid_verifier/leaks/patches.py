"""Patches of every make: what they add is looked at, in the light of the lines around it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from braid_verifier.leaks import code
from braid_verifier.leaks.lexing import line_start
from braid_verifier.leaks.passage import Passage
from braid_verifier.leaks.written import Fresh, Piece, Written

_IS_PATCH = re.compile(
    r"^(?:\*\*\* Begin Patch|\*\*\* (?:Add|Update) File: |diff --git |@@ -\d+(?:,\d+)? \+\d+|"
    r"--- \S[^\n]*\n\+\+\+ |<{5,9} ?(?:SEARCH|ORIGINAL|HEAD)\b|-{5,9} ?SEARCH\b|@@(?: [^\n]*)?\n[-+ ])",
    re.MULTILINE,
)
_OLD = re.compile(
    r"^(?:<{5,9} ?(?:SEARCH|ORIGINAL|HEAD)\b|-{5,9} ?SEARCH\b)[^\n]*\n?", re.MULTILINE
)
_NEW = re.compile(r"^={5,9}[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
_END = re.compile(r"^(?:>{5,9}|\+{5,9}) ?\w*[^\n]*$", re.MULTILINE)
_PATH_LINE = re.compile(r"^[#*` \t]*([\w@./\\-]+\.\w{1,12})[`*: \t]*$", re.MULTILINE)
_FILE = re.compile(
    r"\*\*\* (?:Add File|Update File|Move to): (?P<codex>.+)|\+\+\+ (?:b/)?(?P<unified>[^\t\n]+)"
)
_NO_FILE = re.compile(
    r"\*\*\* |diff --git |index [0-9a-f]|(?:new|deleted|old) (?:file )?mode |--- |similarity |rename "
)
_LOOK_BACK = 400
# Where a patch shows that it is one; a source that holds a patch in a string shows it later.
_HEAD = 400


def is_patch(text: str) -> bool:
    """Tell a patch by its marks: unified, of `apply_patch`, or blocks to search and replace."""
    return _IS_PATCH.search(text, 0, _HEAD) is not None


def added(text: Written, path: str | None = None) -> Iterator[Passage]:
    """Find the passages in what a patch adds; `path` is the file where it names none."""
    if _OLD.search(text.text):
        yield from _replaced(text, path)
    else:
        yield from _hunks(text, path)


def new_against(text: str, old: str) -> Fresh | None:
    """Say which lines of a text are not in the old one; None where all are new.

    A comment that stood behind other code is an old one.
    """
    known: set[str] = set()
    for line in old.splitlines():
        known.add(line.strip())
        for place, mark in enumerate(_COMMENT_MARK.finditer(line)):
            if place == _MARKS:
                break
            known.add(line[mark.end() :].strip(" \t*/"))
    known.discard("")
    if not known:
        return None

    def fresh(start: int, end: int) -> bool:
        return text[start:end].strip(" \t\r\n*/") not in known and _line(text, start) not in known

    return fresh


_COMMENT_MARK = re.compile(r"#+!?|//+[!/]*|--+|/\*+|<!--|\*(?=[ \t])")
_MARKS = 4


def _line(text: str, at: int) -> str:
    """Give the line an offset stands on, unless it is longer than lines are."""
    start = line_start(text, at)
    end = text.find("\n", at, at + _LOOK_BACK)
    return text[start : end if end >= 0 else at + _LOOK_BACK].strip()


def _replaced(text: Written, path: str | None) -> Iterator[Passage]:
    words = text.text
    at = 0
    while (old := _OLD.search(words, at)) and (new := _NEW.search(words, old.end())):
        named = _PATH_LINE.findall(words, max(at, old.start() - _LOOK_BACK), old.start())
        path = named[-1] if named else path
        end = _END.search(words, new.end())
        inner = text.slice(new.end(), end.start() if end else len(words))
        fresh = new_against(inner.text, words[old.end() : new.start()])
        yield from code.passages_of(inner, None, path, fresh)
        at = end.end() if end else len(words)


def _hunks(text: Written, path: str | None) -> Iterator[Passage]:
    """Put the new side of each hunk together, and look at the lines it adds."""
    words = text.text
    pieces: list[Piece] = []
    flags: list[bool] = []
    start = 0
    while start < len(words):
        end = words.find("\n", start) + 1 or len(words)
        mark = words[start]
        if mark == "+" and not words.startswith("+++ ", start):
            pieces.append((start + 1, end, None))
            flags.append(True)
        elif mark == " " or mark == "\n":
            pieces.append((start + (mark == " "), end, None))
            flags.append(False)
        elif mark == "-" and not words.startswith("--- ", start):
            pass
        else:
            # A new hunk or file; a line without a mark is context whose space went missing.
            line = words[start:end]
            named = _FILE.match(line)
            if named or line.startswith("@@") or _NO_FILE.match(line):
                yield from _hunk(text, path, pieces, flags)
                pieces, flags = [], []
                if named:
                    path = (named["codex"] or named["unified"]).strip()
            elif pieces and mark != "\\":
                pieces.append((start, end, None))
                flags.append(False)
        start = end
    yield from _hunk(text, path, pieces, flags)


def _hunk(
    text: Written, path: str | None, pieces: list[Piece], flags: list[bool]
) -> Iterator[Passage]:
    if not any(flags):
        return
    side = text.cut(pieces)
    starts: list[int] = []
    at = 0
    for start, end, _ in pieces:
        starts.append(at)
        at += end - start

    def fresh(start: int, end: int) -> bool:
        return flags[bisect_right(starts, start) - 1]

    yield from code.passages_of(side, None, path, None if all(flags) else fresh)
