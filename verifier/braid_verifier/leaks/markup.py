"""Raw thinking markup in a text, told from a text that only speaks of it.

Tags come split over blocks, unclosed, without their opening, escaped, in other brackets, and as
the channels of one family of models. A mention stands in backticks, in quotation marks, in a
fence, or in the middle of a sentence about tags.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

_NAME = (
    r"(?:seed:|antml:|ant_?)?(?:think(?:ing)?|thoughts?|reasoning|reflection|scratch_?pad|"
    r"(?:inner|internal)_monologue|chain_of_thought|cot)"
)
_SAYS = r"(?:<\|channel\|>(?:final|commentary)[^<\n]{0,40}<\|message\|>)"
_CHANNEL_END = (
    rf"<\|(?:end|return|call)\|>|<\|start\|>(?:assistant|user|system)?{_SAYS}?|{_SAYS}"
    r"|<\|channel\|>|<channel\|>"
)
_MARK = re.compile(
    r"(?P<fence>^[ \t]*(?P<ticks>`{3,}|~{3,}))"
    r"|(?P<quoted>(?P<code>`{1,2})(?!`)[^`\n]{1,400}?(?<!`)(?P=code)(?!`)|\"[^\"\n]{1,80}\"|“[^”\n]{1,80}”)"
    rf"|(?P<open>(?:<|&lt;)\s{{0,3}}{_NAME}(?:\s[^<>/]{{0,200}})?(?:>|&gt;)|◁think▷|\[THINK\]"
    r"|<\|(?:begin_of_thought|START_THINKING|thinking|think)\|>|<unused94>(?:thought\b)?)"
    rf"|(?P<close>(?:<|&lt;)\s{{0,3}}/\s{{0,3}}{_NAME}\s{{0,3}}(?:>|&gt;)|◁/think▷|\[/THINK\]"
    r"|<\|(?:end_of_thought|END_THINKING|/thinking|/think)\|>|<unused95>)"
    r"|(?P<channel>(?:<\|start\|>assistant)?(?:<\|channel\|>|<\|channel>)\s?(?:analysis|thought)\b"
    r"(?:[^<\n]{0,80}<\|message\|>)?)"
    rf"|(?P<ends>{_CHANNEL_END})",
    re.IGNORECASE | re.MULTILINE,
)
# Most texts hold nothing of it, which these tell fast: each way begins with one of these characters.
_FIRST = re.compile(r"[<&◁\[]")
_GATE = re.compile(
    rf"<\s{{0,3}}/?\s{{0,3}}{_NAME}|<\||<channel|<unused9|&lt;\s{{0,3}}/?\s{{0,3}}{_NAME}|◁|\[/?THINK\]",
    re.IGNORECASE,
)
_FENCE_LINE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*$", re.MULTILINE)
# What the tokens of channels leave behind where they are dropped.
_MELTED = re.compile(r"\A(?:assistant)?analysis(?=[A-Z][\w'’]*[ ,])([\s\S]*?)(?:assistantfinal|\Z)")
_ABOUT_AFTER = re.compile(
    r"[ \t]*(?:tags?|blocks?|markup|markers?|elements?|tokens?|sections?|pairs?|is|are|was|were|and|or|"
    r"should|must|gets?|opens|closes|to|in|from|with)\b|[ \t]*[,.;:)\]/|]",
    re.IGNORECASE,
)
_ABOUT_BEFORE = re.compile(
    r"(?:\b(?:the|an?|in|into|use|uses|using|with|without|inside|between|of|like|as|by|for|from|its?|"
    r"no|and|or|your|their|tags?|wrap\w*|emits?|emitt\w+|clos\w+|open\w*|literal|stray|strip\w*|"
    r"remov\w+|leak\w*|pars\w+|match\w*|missing|after|before|until)|[(\[/|,])[ \t]*\Z",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_WORDLESS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WORDS, _LETTERS = 3, 6
_NEAR = 64


@dataclass(frozen=True, slots=True)
class Thought:
    """Offsets of one stretch of thinking: with its markup, and without."""

    start: int
    end: int
    inner_start: int
    inner_end: int


def thoughts(text: str) -> list[Thought]:
    """Find the stretches of a text that its markup says are thinking, ascending."""
    melted = _MELTED.match(text)
    if melted and (melted.end() < len(text) or text.startswith("assistant")):
        return [Thought(0, melted.end(), *melted.span(1))]
    if not _FIRST.search(text) or not _GATE.search(text):
        return []
    found: list[Thought] = []
    # Where the thinking under way began, with its markup and without; None outside of any.
    opened: tuple[int, int] | None = None
    channel = False
    last = 0
    at = 0
    while (mark := _MARK.search(text, at)) is not None:
        start, at = mark.span()
        match mark.lastgroup:
            case "fence" | "ticks":
                if opened is None:
                    at = _fence_end(text, mark)
            case "open":
                if opened is None and _opens(text, start, at):
                    opened, channel = (start, at), False
            case "channel":
                if opened is None:
                    opened, channel = (start, at), True
            case "ends":
                if opened is not None and channel:
                    found.append(Thought(opened[0], at, opened[1], start))
                    opened, last = None, at
            case "close":
                if opened is None:
                    if _closes_unopened(text, last, start, at):
                        found.append(Thought(last, at, last, start))
                        last = at
                elif not channel:
                    found.append(Thought(opened[0], at, opened[1], start))
                    opened, last = None, at
    if opened is not None:
        found.append(Thought(opened[0], len(text), opened[1], len(text)))
    return [thought for thought in found if _has_words(text, thought)]


def _fence_end(text: str, mark: re.Match[str]) -> int:
    ticks = mark["ticks"]
    for line in _FENCE_LINE.finditer(text, mark.end()):
        if line[1][0] == ticks[0] and len(line[1]) >= len(ticks):
            return line.end()
    return len(text)


def _opens(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - _NEAR) : start]
    line = before[before.rfind("\n") + 1 :].strip(" \t*_#>-")
    if _ABOUT_AFTER.match(text, end):
        return False
    if not line and (start < _NEAR or "\n" in before or not before.strip()):
        return True
    if _ABOUT_BEFORE.search(before):
        return False
    # In the middle of a line only with an end, and with words of some length before it.
    mark = _MARK.search(text, end)
    while mark is not None and mark.lastgroup not in ("open", "close"):
        if mark.end() - end > _FAR:
            return False
        mark = _MARK.search(text, mark.end())
    if mark is None or mark.lastgroup != "close" or mark.start() - end > _FAR:
        return False
    return _ABOUT_AFTER.match(text, mark.end()) is None and _enough(text, end, mark.start())


_FAR = 20_000


def _closes_unopened(text: str, last: int, start: int, end: int) -> bool:
    before = text[max(0, start - _NEAR) : start]
    after = text[end : end + _NEAR]
    ends_line = not after.split("\n", 1)[0].strip()
    begins_line = not before[before.rfind("\n") + 1 :].strip() and "\n" in before
    if not (ends_line or begins_line) or (not begins_line and _ABOUT_BEFORE.search(before)):
        return False
    return _enough(text, last, start)


def _has_words(text: str, thought: Thought) -> bool:
    return _enough(text, thought.inner_start, thought.inner_end)


def _enough(text: str, start: int, end: int) -> bool:
    """Tell whether a stretch is more than a word or two, without reading all of it."""
    end = min(end, start + 4000)
    return _has(_WORD, _WORDS, text, start, end) or _has(_WORDLESS, _LETTERS, text, start, end)


def _has(pattern: re.Pattern[str], times: int, text: str, start: int, end: int) -> bool:
    return sum(1 for _ in islice(pattern.finditer(text, start, end), times)) == times
