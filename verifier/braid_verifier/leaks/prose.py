"""The prose of a text: what is fenced, quoted, logged or marked as thinking is set apart."""

from __future__ import annotations

import re
from collections.abc import Iterator

from braid_verifier.leaks import code
from braid_verifier.leaks.languages import language_named
from braid_verifier.leaks.markup import thoughts
from braid_verifier.leaks.passage import Passage, PassageKind
from braid_verifier.leaks.voice import in_own_voice
from braid_verifier.leaks.written import Fresh, Written

_COLOUR = r"(?:\x1b?\[[\d;]{0,16}m)"
_LEVEL = r"(?:INFO|DEBUG|WARN|WARNING|ERROR|TRACE|FATAL|CRITICAL|NOTICE)"
# Lines that are not the author's own running words, each by how it begins.
_SPECIAL_LINE = (
    r"(?P<line>[ \t]*(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)"
    r"|[ \t]*(?P<quote>>[^\n]*)"
    rf"|(?:{_COLOUR}|[*_# \t])*(?P<label>Thoughts?|Action Input|Action|Observation|Final Answer)"
    r"(?:[ ]\d{1,3})?[ \t]?\*{0,2}:\*{0,2}"
    r"|(?P<log>[ \t]*(?:\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\[?\d\d:\d\d:\d\d[\].,]"
    rf"|\[{_LEVEL}\]|{_LEVEL}[ \t]*[\[(|-]|Traceback \(most recent|File \"[^\"\n]+\", line \d"
    r"|at [\w.$<>]+[ ]?\([^)\n]*:\d|[$❯➜%][ ]\S|npm (?:ERR|WARN)|\x1b\[|E[ ]{3,}\S"
    r"|(?:FAILED|PASSED|ERROR|SKIPPED)[ ]\S+::|={5,}[ ].*={5,}|@@ -\d+|(?:diff --git|index [0-9a-f]{7,}) )"
    r"[^\n]*))"
)
_SPECIAL = re.compile("^" + _SPECIAL_LINE, re.MULTILINE)
# Of one on a later line the search need not look at what stands inside of lines.
_SPECIAL_LATER = re.compile("\n" + _SPECIAL_LINE)
_FENCE_LINE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*$", re.MULTILINE)
_INFO = re.compile(r"[\w+#.-]+")
_PATH = re.compile(r"[\w@./\\-]+\.\w{1,12}")
_WORD = re.compile(r"[^\W\d_]")
_LABELS = ("Action", "Observation")


def prose(text: Written, fresh: Fresh | None = None) -> Iterator[Passage]:
    """Take a text in running words apart.

    Thinking markup gives thoughts, code in fences goes to the scanner of comments, lines that
    quote or log are left out. Marks of Markdown within a line stay. With `fresh` only the lines
    that were written just now count.
    """
    at = 0
    for thought in thoughts(text.text):
        yield from _plain(text, at, thought.start, fresh)
        yield from _as(
            PassageKind.THOUGHT, text, thought.inner_start, thought.inner_end, "think_tag", fresh
        )
        at = thought.end
    yield from _plain(text, at, len(text.text), fresh)


def thought(text: Written, structure: str) -> Iterator[Passage]:
    """Take a whole text as thinking."""
    yield from _as(PassageKind.THOUGHT, text, 0, len(text.text), structure, None)


def _plain(text: Written, start: int, end: int, fresh: Fresh | None) -> Iterator[Passage]:
    if start >= end:
        return
    words = text.text
    reacts = _reacts(words, start, end)
    # What stands before the first label, or without any, is prose.
    label = ""
    begun = at = start
    while special := _SPECIAL.match(words, at, end) or _SPECIAL_LATER.search(words, at, end):
        here = special.start("line")
        name = special["label"]
        if name is not None and not reacts:
            at = special.end()
            continue
        yield from _labelled(label, text, begun, here, fresh)
        if special["fence"] is not None:
            inner = words.find("\n", special.end(), end) + 1 or end
            closing = _fence_close(words, special["fence"], inner, end)
            yield from _fenced(text, special, inner, closing[0], fresh)
            at = closing[1]
        else:
            at = special.end()
            if name is not None:
                label = name
        begun = at
    yield from _labelled(label, text, begun, end, fresh)


def _reacts(words: str, start: int, end: int) -> bool:
    if words.find("Thought", start, end) < 0:
        return False
    return any(words.find(label, start, end) >= 0 for label in _LABELS) and {
        bool(match["label"].startswith("Thought"))
        for match in _SPECIAL.finditer(words, start, end)
        if match["label"]
    } == {True, False}


def _labelled(
    label: str, text: Written, start: int, end: int, fresh: Fresh | None
) -> Iterator[Passage]:
    if label.startswith("Thought"):
        yield from _as(PassageKind.THOUGHT, text, start, end, "react_thought", fresh)
    elif not label.startswith(_LABELS):
        yield from _as(PassageKind.PROSE, text, start, end, None, fresh)


def _as(
    kind: PassageKind,
    text: Written,
    start: int,
    end: int,
    structure: str | None,
    fresh: Fresh | None,
) -> Iterator[Passage]:
    if fresh is None:
        stretches = [(start, end)]
    else:
        stretches = []
        at = start
        while at < end:
            stop = text.text.find("\n", at, end) + 1 or end
            if fresh(at, stop):
                if stretches and stretches[-1][1] == at:
                    stretches[-1] = (stretches[-1][0], stop)
                else:
                    stretches.append((at, stop))
            at = stop
    for opens, closes in stretches:
        words = text.text[opens:closes]
        bare = words.strip()
        if _WORD.search(bare):
            opens += len(words) - len(words.lstrip())
            said = in_own_voice(text.slice(opens, opens + len(bare)))
            yield Passage(kind, said, structure=structure)


def _fence_close(words: str, ticks: str, start: int, end: int) -> tuple[int, int]:
    for line in _FENCE_LINE.finditer(words, start, end):
        if line[1][0] == ticks[0] and len(line[1]) >= len(ticks):
            return line.start(), line.end()
    return end, end


def _fenced(
    text: Written, fence: re.Match[str], start: int, end: int, fresh: Fresh | None
) -> Iterator[Passage]:
    info = fence["info"].strip()
    name = _INFO.match(info.lstrip("{."))
    language = language_named(name[0]) if name else None
    path = _PATH.search(info)
    inner = text.slice(start, end)
    inside = None if fresh is None else lambda opens, closes: fresh(start + opens, start + closes)
    yield from code.passages_of(inner, language, path[0] if path else None, inside)
