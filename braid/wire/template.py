"""Events that are spelled like the one before: most of a stream, told by their bytes alone.

A provider writes the events in which one text grows all in the same way. Once one of them
was read, another that has the same bytes outside its few holes needs no reading: no fault
that `find_fault` knows can stand in a hole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from msgspec import Raw

STRING = rb'[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+'
"""What stands between the quotes of a JSON string, UTF-8 taken for granted."""

_match_string = re.compile(STRING).match
_find_hole = re.compile(rb'"([a-z_]+)":(?:"(' + STRING + rb')"|([0-9]+)(?=[,}]))').finditer
# An integer that every parser holds, as none is refused that is matched here.
_match_integer = re.compile(rb"(?:0|[1-9][0-9]{0,14})(?![0-9])").match


_Matcher = Callable[[bytes, int], re.Match[bytes] | None]


class Template:
    """An event with holes: the string that grows, and members that say nothing.

    name   the member that holds the string; `idle` those whose value may be any other.
    Raises ValueError where the spelling leaves in doubt which member stands where.
    """

    __slots__ = ("_fixed", "_grown", "_matchers")

    def __init__(self, event: bytes, name: str, literal: Raw, idle: Collection[str]) -> None:
        fixed: list[bytes] = []
        matchers: list[_Matcher] = []
        self._grown = -1
        at = 0
        for match in _find_hole(event):
            member = match[1].decode()
            if member == name and match[2] is not None and bytes(literal)[1:-1] == match[2]:
                self._grown = len(matchers)
            elif member not in idle:
                continue
            of_string = match[2] is not None
            start, end = match.span(2 if of_string else 3)
            matchers.append(_match_string if of_string else _match_integer)
            fixed.append(event[at:start])
            at = end
        fixed.append(event[at:])
        # Without a backslash a name has one spelling, so that one occurrence is the member.
        spelled = b"".join(fixed)
        names = [name, *(member for member in idle if f'"{member}"'.encode() in spelled)]
        once = all(spelled.count(f'"{member}"'.encode()) == 1 for member in names)
        if self._grown < 0 or b"\\" in spelled or not once or len(names) != len(matchers):
            raise ValueError("template: expected a plain spelling")
        self._fixed = fixed
        self._matchers = matchers

    def part_of(self, event: bytes) -> bytes | None:
        """Give the string of an event that fits, as it is spelled; None for any other."""
        if not event.startswith(self._fixed[0]):
            return None
        at = len(self._fixed[0])
        part: bytes | None = None
        for place, matcher in enumerate(self._matchers):
            match = matcher(event, at)
            if match is None:
                return None
            end = match.end()
            if place == self._grown:
                part = event[at:end]
            fixed = self._fixed[place + 1]
            if not event.startswith(fixed, end):
                return None
            at = end + len(fixed)
        return part if at == len(event) else None
