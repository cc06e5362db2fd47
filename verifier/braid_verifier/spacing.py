"""White space of the provider's words: what honest clients change of it, and what changes words (SPEC §8.4).

Clients trim texts, write other line ends, strip the ends of lines, and join and split texts at line
breaks. White space that comes or goes between two characters otherwise, and a line that is indented
otherwise, says something else: "not able" is not "notable", and a line of code does what its
indentation says. A text that is JSON says the same however its tokens are spaced.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from braid_verifier.history import read

_WHITE = re.compile(r"\s+")
_OUTSIDE = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")|\s+', re.DOTALL)


class _Gap(NamedTuple):
    """White space between two characters; `cut` where one text ends in it and another begins.

    Of a cut `begins` is what the later text begins with: what the earlier ends with may be trimmed.
    """

    white: str = ""
    cut: bool = False
    begins: str = ""


_NONE = _Gap()


def squeezed(text: str) -> str:
    """Give a text without its white space."""
    return "".join(text.split())


def trimmed(text: str) -> str:
    """Give a text without what surrounds it and what stands at the ends of its lines."""
    bare = _json(text)
    if bare is not None:
        return bare
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join([line.rstrip() for line in lines]).strip()


def same_spaces(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Tell of texts with the same characters in all whether their white space says the same too."""
    mine, end = _gaps(ours)
    its, _ = _gaps(theirs)
    places = (mine.keys() | its.keys()) - {0, end}
    if all(_is_same(mine.get(at, _NONE), its.get(at, _NONE)) for at in places):
        return True
    bare = _json("".join(ours))
    return bare is not None and bare == _json("".join(theirs))


def _json(text: str) -> str | None:
    """Give a JSON object or list without the white space outside its strings; None for other texts."""
    text = text.strip()
    if text[:1] not in ("{", "["):
        return None
    value = read(text.encode("utf-8", "replace"))
    if isinstance(value, list) and value[:1] == ["unreadable"]:
        return None
    return _OUTSIDE.sub(lambda found: found.group(1) or "", text)


def beginning(text: str, letters: int) -> str:
    """Give a text up to so many characters that are not white space."""
    stops = 0
    for found in _WHITE.finditer(text):
        if found.start() - stops >= letters:
            break
        letters -= found.start() - stops
        stops = found.end()
    return text[: stops + letters]


def _gaps(texts: Sequence[str]) -> tuple[dict[int, _Gap], int]:
    """Give the white space by the number of characters before it, and how many there are."""
    found: dict[int, tuple[str, bool, str]] = {}
    letters = 0
    for number, text in enumerate(texts):
        if number:
            found[letters] = (found.get(letters, ("", False, ""))[0], True, "")
        stops = 0
        for white in _WHITE.finditer(text):
            letters += white.start() - stops
            stops = white.end()
            before, cut, begins = found.get(letters, ("", False, ""))
            found[letters] = (before + white.group(), cut, begins + white.group())
        letters += len(text) - stops
    gaps = {
        at: _Gap(_lines(white), cut, _lines(begins)) for at, (white, cut, begins) in found.items()
    }
    return gaps, letters


def _lines(white: str) -> str:
    """Give white space with line ends of one kind and nothing before them."""
    white = white.replace("\r\n", "\n").replace("\r", "\n")
    return "\n" * white.count("\n") + _indentation(white)


def _indentation(white: str) -> str:
    return white[white.rfind("\n") + 1 :]


def _is_same(ours: _Gap, theirs: _Gap) -> bool:
    if ours.white == theirs.white or (ours.cut and theirs.cut):
        return True
    indented = _indentation(ours.white) == _indentation(theirs.white)
    if ours.cut:  # joined: by line breaks, or by a blank where nothing was between
        indented |= _indentation(ours.begins) == _indentation(theirs.white)
        if not ours.white and theirs.white == " ":
            return True
        if "\n" in theirs.white and "\n" not in ours.white:
            return indented or not _indentation(theirs.white)
        return indented and "\n" in theirs.white
    # Split: a line break may have gone, as it was at the end of a text.
    return theirs.cut and indented and "\n" in ours.white
