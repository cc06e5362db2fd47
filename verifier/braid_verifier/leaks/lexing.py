"""Finding comments in source code: strings first, so that no string is ever a comment.

A language is a handful of modes (code, inside a template, inside a tag), a mode a handful of
rules, each for one token that may hold or hide a comment marker. Everything between tokens is
passed over by the regular expression engine. Fragments and broken code are the normal case:
what opens and never closes is read as an ordinary character, except for comments, which run to
the end.

The work is linear in the source whatever it holds: no rule can fail more than once for the same
closing mark, and the few searches for a computed closing mark that fail are counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

#: Searches for a closing mark that may fail, and openings that may be taken back, in one source.
PATIENCE = 8
# How far back the scanner looks for the character that decides what a mark means.
_LOOK_BACK = 64
_COMMENTS_BACK = 16
_LONGEST_LINE = 400


class Does(Enum):
    """What a token means for the search."""

    SKIP = auto()
    LINE = auto()  # a comment to the end of its line
    BLOCK = auto()  # a comment with an end of its own
    NESTED = auto()  # the same, which may hold others of its kind
    ENTER = auto()
    LEAVE = auto()
    SWITCH = auto()  # leave this mode, enter another
    CLOSED_BY = auto()  # a string whose closing mark is computed from its opening
    BRACKETED = auto()  # a string between brackets, which may hold such brackets
    HEREDOC = auto()  # a string that begins on the next line


# Named here because looking a member up costs as much as a search for a word.
_SKIP, _LINE, _BLOCK = Does.SKIP, Does.LINE, Does.BLOCK


@dataclass(frozen=True, slots=True)
class Rule:
    """One token: a literal first character, which the search can skip to, and what follows.

    `when` looks at what stands before the token, comments aside, and may refuse it: then only
    its first character is passed. `mode` is for ENTER and SWITCH; for NESTED it is the pattern of
    both marks; for CLOSED_BY and HEREDOC `closes` makes the closing mark out of the match.
    """

    does: Does
    first: str
    rest: str
    mode: str = ""
    when: Callable[[str, int], bool] | None = None
    closes: Callable[[re.Match[str]], str] | None = None
    pattern: re.Pattern[str] | None = None


class Comment:
    """Where a comment stands, markers included."""

    __slots__ = ("block", "end", "start")

    def __init__(self, start: int, end: int, block: bool) -> None:
        self.start = start
        self.end = end
        self.block = block


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A heredoc: where its opening stands, and its body, whose last newline is not part of it."""

    opening: int
    start: int
    end: int
    quoted: bool


class Mode:
    """The rules of one mode, as one regular expression."""

    __slots__ = ("pattern", "rules")

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules: list[Rule] = []
        parts = []
        for rule in rules:
            parts.append(f"{re.escape(rule.first)}(){rule.rest}")
            # The last group matched tells the rule, so each inner group counts for its rule.
            inner = re.compile(rule.first and f"()(?:{rule.rest})").groups
            self.rules += [rule] * inner
        self.pattern = re.compile("|".join(parts), re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """How the comments of one language are found."""

    modes: Mapping[str, Mode]
    start: Callable[[str], str] | None = None

    def comments(self, source: str, heredocs: list[Heredoc] | None = None) -> list[Comment]:
        """Find the comments of a source, ascending; put its heredocs beside them."""
        return _Search(self, source, heredocs).run()


class _Search:
    __slots__ = (
        "barred", "found", "here_bodies", "hole", "lexicon", "patience", "source", "stack",
    )  # fmt: skip

    def __init__(self, lexicon: Lexicon, source: str, heredocs: list[Heredoc] | None) -> None:
        self.lexicon = lexicon
        self.source = source
        self.found: list[Comment] = []
        self.here_bodies = heredocs if heredocs is not None else []
        self.patience = PATIENCE
        # Modes entered and not left: the mode to go back to, the offset of the opening.
        self.stack: list[tuple[Mode, int]] = []
        self.hole: tuple[int, int] | None = None
        self.barred: set[int] = set()

    def run(self) -> list[Comment]:
        lexicon, source = self.lexicon, self.source
        mode = lexicon.modes[lexicon.start(source) if lexicon.start else "code"]
        at = 0
        while True:
            after = self._through(mode, at)
            if after is not None:
                mode, at = after
                continue
            if not self.stack or not self.patience:
                return self.found
            # Something opened and never closed: read its first mark as an ordinary character.
            self.patience -= 1
            mode, opening = self.stack[0]
            self.stack.clear()
            self.hole = None
            self.barred.add(opening)
            while self.found and self.found[-1].start > opening:
                self.found.pop()
            while self.here_bodies and self.here_bodies[-1].opening > opening:
                self.here_bodies.pop()
            at = opening

    def _through(self, mode: Mode, at: int) -> tuple[Mode, int] | None:
        """Go on in a mode until another, or another place, is to be gone on from; None at the end."""
        source, found, rules = self.source, self.found, mode.rules
        for match in mode.pattern.finditer(source, at):
            start = match.start()
            if self.hole is not None and start >= self.hole[0]:
                at = self.hole[1]
                self.hole = None
                return mode, at
            rule = rules[match.lastindex - 1]  # type: ignore[operator]  # every rule has a group
            if rule.when is not None and not rule.when(source, self._before(start)):
                return mode, start + 1
            does = rule.does
            if does is _SKIP:
                continue
            if does is _LINE:
                found.append(Comment(start, match.end(), False))
                continue
            if does is _BLOCK:
                found.append(Comment(start, match.end(), True))
                continue
            if start in self.barred:
                return mode, start + 1
            return self._act(mode, rule, match)
        if self.hole is not None:
            at = self.hole[1]
            self.hole = None
            return mode, at
        return None

    def _before(self, start: int) -> int:
        """Pass back over comments that stand directly before a token."""
        for comment in reversed(self.found[-_COMMENTS_BACK:]):
            if start - comment.end > _LOOK_BACK or self.source[comment.end : start].strip():
                break
            start = comment.start
        return start

    def _act(self, mode: Mode, rule: Rule, match: re.Match[str]) -> tuple[Mode, int]:
        start, end = match.span()
        match rule.does:
            case Does.ENTER:
                self.stack.append((mode, start))
                return self.lexicon.modes[rule.mode], end
            case Does.LEAVE:
                return (self.stack.pop()[0] if self.stack else mode), end
            case Does.SWITCH:
                return self.lexicon.modes[rule.mode], end
            case Does.NESTED:
                assert rule.pattern is not None
                end = _nested(self.source, rule.pattern, end)
                self.found.append(Comment(start, end, True))
                return mode, end
            case Does.BRACKETED:
                closed = _bracketed(self.source, match) if self.patience else -1
            case Does.HEREDOC:
                return mode, self._heredoc(rule, match)
            case _:
                assert rule.closes is not None
                closed = -1
                if self.patience:
                    mark = rule.closes(match)
                    closed = self.source.find(mark, end)
                    closed = closed + len(mark) if closed >= 0 else -1
                if rule.mode == "comment":
                    closed = closed if closed >= 0 else len(self.source)
                    self.found.append(Comment(start, closed, True))
        if closed < 0:
            self.patience = max(0, self.patience - 1)
            return mode, start + 1
        return mode, closed

    def _heredoc(self, rule: Rule, match: re.Match[str]) -> int:
        """Take the body of a heredoc out of what is searched; give where to go on."""
        assert rule.closes is not None
        source = self.source
        start = match.start()
        word = match.groupdict().get("word") or ""
        line_end = self.hole[0] if self.hole else source.find("\n", match.end())
        body = self.hole[1] if self.hole else line_end + 1
        if line_end < 0 or not self.patience:
            return start + 1
        closing = re.compile(rule.closes(match), re.MULTILINE).search(source, body)
        if closing is None:
            if rule.mode != "open":
                self.patience -= 1
                return start + 1
            # Only words in capitals or quotes stand for a body that was cut off.
            if not (word[:1] in "'\"\\" or word.isupper()):
                self.patience -= 1
                return start + 1
        end, after = closing.span() if closing else (len(source), len(source))
        quoted = word[:1] in ("'", '"', "\\")
        self.here_bodies.append(Heredoc(start, body, max(body, end - 1), quoted))
        self.hole = (line_end, after)
        return match.end()


def _nested(source: str, marks: re.Pattern[str], at: int) -> int:
    """Give the end of a comment that may hold others; of one that never ends, the source's."""
    depth = 1
    for mark in marks.finditer(source, at):
        depth += -1 if mark.lastindex else 1
        if not depth:
            return mark.end()
    return len(source)


_BRACKETS = {"(": ")", "[": "]", "{": "}", "<": ">"}
_BRACKET_MARKS = {
    opening: re.compile(rf"\\[\s\S]|{re.escape(opening)}|({re.escape(closing)})")
    for opening, closing in _BRACKETS.items()
}


def _bracketed(source: str, match: re.Match[str]) -> int:
    opening = match[0][-1]
    if opening in _BRACKETS:
        depth = 1
        for mark in _BRACKET_MARKS[opening].finditer(source, match.end()):
            if mark[0][0] != "\\":
                depth += -1 if mark.lastindex else 1
                if not depth:
                    return mark.end()
        return -1
    return source.find(opening, match.end()) + 1 or -1


def before(source: str, at: int) -> str:
    """Give what stands before an offset on its own line or the one before, at most 64 long."""
    return source[max(0, at - _LOOK_BACK) : at].rstrip()


def line_start(source: str, at: int) -> int:
    """Give where the line of an offset begins, or a place on it 400 characters before."""
    reach = max(0, at - _LONGEST_LINE)
    return source.rfind("\n", reach, at) + 1 or reach
