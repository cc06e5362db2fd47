"""The strings of a JSON text and where they stand, whole or cut, valid or not.

A tool's input is recorded as the provider sent it, which may be half of a text. So this reads
tokens and asks little: whose member a string is, and where.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from braid_verifier.leaks.written import Written, joined

_TOKEN = re.compile(r'"((?:[^"\\]++|\\[\s\S])*+)"?|[{}\[\],:]')
#: A member that says what another is (a path, a language, a kind) is no longer than this.
LONGEST_WORD = 4096

_LONGEST_KEY = 64

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Frame:
    """An object under a name, or a list, whose strings are its owner's, under its name."""

    is_object: bool
    members: dict[str, list[Span]]
    name: str


@dataclass(frozen=True, slots=True)
class Object:
    """The strings of one object, by member; those of a list are the list's member's.

    `name` is the member under which the object itself stands, empty at the top. Strings that
    stand in no object are the member with the empty name.
    """

    text: Written
    name: str
    members: Mapping[str, list[Span]]

    def word(self, *names: str) -> str | None:
        """Give the first of these members that is one short string."""
        for name in names:
            spans = self.members.get(name)
            if spans and len(spans) == 1 and spans[0][1] - spans[0][0] <= LONGEST_WORD:
                return self.text.unescaped(*spans[0]).text
        return None

    def texts(self, name: str) -> list[Written]:
        """Give the strings of a member, escapes undone."""
        return [self.text.unescaped(*span) for span in self.members.get(name, ())]

    def joined(self, name: str) -> Written | None:
        """Give the strings of a member as one text."""
        texts = self.texts(name)
        return joined(texts) if texts else None


def objects(text: Written) -> Iterator[Object]:
    """Find the objects of a JSON text, inner ones before those they stand in."""
    words = text.text
    outermost = _Frame(False, {}, "")
    frames = [outermost]
    key = ""
    expects_key = False
    for token in _TOKEN.finditer(words):
        first = words[token.start()]
        frame = frames[-1]
        if first == '"':
            span = token.span(1)
            if frame.is_object and expects_key:
                key = words[span[0] : min(span[1], span[0] + _LONGEST_KEY)]
            else:
                name = key if frame.is_object else frame.name
                frame.members.setdefault(name, []).append(span)
        elif first == "{":
            frames.append(_Frame(True, {}, key if frame.is_object else frame.name))
            expects_key = True
        elif first == "[":
            frames.append(_Frame(False, frame.members, key if frame.is_object else frame.name))
        elif first == ",":
            expects_key = True
        elif first == ":":
            expects_key = False
        elif len(frames) > 1:
            frames.pop()
            if frame.is_object:
                yield Object(text, frame.name, frame.members)
            expects_key = False
    for frame in reversed(frames):
        if frame.is_object or (frame is outermost and frame.members):
            yield Object(text, frame.name, frame.members)
