"""Finds the moves of a passage: which cues speak, and where."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

from braid_verifier.leaks.cues import (
    chinese,
    correcting,
    french,
    german,
    inferring,
    japanese,
    planning,
    portuguese,
    spanish,
    stating,
    weighing,
)
from braid_verifier.leaks.cues.cue import Cue, Place
from braid_verifier.leaks.cues.move import Move
from braid_verifier.leaks.openings import Opening, opening

#: A word that has been looked at this often in one window has said what it has to say. The bound
#: keeps hostile text cheap.
MAX_PER_WORD = 24

_NEEDS = {
    Place.ANYWHERE: Opening.NOTHING,
    Place.CLAUSE: Opening.CLAUSE,
    Place.SENTENCE: Opening.SENTENCE,
}

#: Latin-1 letters and the apostrophe stay, everything else becomes a space.
_FLAT = bytes(code if chr(code).isalpha() or chr(code) == "'" else ord(" ") for code in range(256))


class Spoken(NamedTuple):
    """A cue that speaks at text[start:end]; a tuple, because a text has many and each costs."""

    cue: str
    move: Move
    start: int
    end: int


# What `Spoken` does, without a step in Python for each.
_spoken = partial(tuple.__new__, Spoken)

_Match = Callable[[str, int], re.Match[str] | None]
_Table = dict[str, list[tuple[_Match, Opening, str, Move]]]
"""For each word the cues it can begin: how each is tried, what it has to open, and who it is."""


def _by_word(cues: Iterable[Cue]) -> _Table:
    table: _Table = {}
    for each in cues:
        tried = (each.pattern.match, _NEEDS[each.place], each.id, each.move)
        for word in each.words:
            table.setdefault(word, []).append(tried)
    return table


_ENGLISH_CUES = (correcting, weighing, inferring, planning)
_SPACED_CUES = (german, french, spanish, portuguese)
_UNSPACED_CUES = (chinese, japanese)
#: Every module that has cues.
MODULES = (*_ENGLISH_CUES, stating, *_SPACED_CUES, *_UNSPACED_CUES)

_ENGLISH = _by_word(cue for module in _ENGLISH_CUES for cue in module.CUES)
_STATING = _by_word(stating.CUES)
_SPACED = tuple((language.SMALL_WORDS, _by_word(language.CUES)) for language in _SPACED_CUES)
#: How many small words of a language have to be there for its cues to be tried, so that the
#: Spanish `no` and the German `also` are not read into English.
ENOUGH = 2
#: And more of them than there are of these.
_SMALL_ENGLISH = frozenset(
    ["the", "of", "and", "is", "to", "this", "that", "it", "with", "for", "are", "be", "if", "not"]
)
#: With so many it is English, whatever other words it has.
PLAINLY_ENGLISH = 5
_SMALL = frozenset[str]().union(*(small_words for small_words, _ in _SPACED))
#: Every word that is asked for.
_KNOWN = frozenset().union(
    _ENGLISH, _STATING, _SMALL_ENGLISH, _SMALL, *(table for _, table in _SPACED)
)
_KANA = re.compile("[\u3041-\u30ff]")
_UNSPACED = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")


def lowered(text: str) -> str:
    """Return `text` in lower case and with straight apostrophes, character for character."""
    low = text.lower()
    if len(low) != len(text):
        low = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return low if low.isascii() else low.replace("’", "'")


def moves(text: str) -> list[Spoken]:
    """Return what the cues of `text` say, in order of place.

    Linear in the length of the text: a pattern is tried near its word and nowhere else, and a word
    is looked at MAX_PER_WORD times at most.
    """
    heard = hear(text)
    spoken = telling(text, heard)
    return sorted(spoken + against(text, heard), key=by_place) if spoken else []


def telling(text: str, heard: Words | None = None) -> list[Spoken]:
    """Return what `moves` does, without the moves that speak against deliberation.

    Those only ever take points, so what has too few without them needs no second look.
    """
    low, flat, words = heard or hear(text)
    spoken: list[Spoken] = []
    _listen(text, low, flat, words, _ENGLISH, spoken)
    english = max(ENOUGH - 1, len(_SMALL_ENGLISH & words))
    if english < PLAINLY_ENGLISH and len(_SMALL & words) > english:
        for small_words, table in _SPACED:
            if len(small_words & words) > english:
                _listen(text, low, flat, words, table, spoken)
    if not low.isascii() and _UNSPACED.search(low):
        language = japanese if _KANA.search(low) else chinese
        _listen_unspaced(low, language.CUES, spoken)
    spoken.sort(key=by_place)
    return _distinct(spoken)


def against(text: str, heard: Words | None = None) -> list[Spoken]:
    """Return the moves of English that speak against deliberation, in order of place."""
    spoken: list[Spoken] = []
    _listen(text, *(heard or hear(text)), _STATING, spoken)
    spoken.sort(key=by_place)
    return _distinct(spoken)


Words = tuple[str, str, frozenset[str]]
"""A text in lower case, the same with spaces for what is no letter and one before it, and those of its
words that are known."""


def hear(text: str) -> Words:
    """Take a text apart for `telling` and `against`, which both need the same."""
    low = lowered(text)
    # Bytes are translated several times as fast as text; what Latin-1 lacks is no letter of any
    # cue that is found by its words.
    flat = f" {low.encode('latin-1', 'replace').translate(_FLAT).decode('latin-1')} "
    return low, flat, _KNOWN.intersection(flat.split())


def _listen(
    text: str, low: str, flat: str, words: frozenset[str], table: _Table, spoken: list[Spoken]
) -> None:
    for word in table.keys() & words:
        cues = table[word]
        sought = f" {word} "
        at = flat.find(sought)
        left = MAX_PER_WORD
        while at >= 0 and left:
            left -= 1
            opens: Opening | None = None
            for match, needs, cue, move in cues:
                matched = match(low, at)
                if matched is None:
                    continue
                # Most words go on otherwise than any cue, so what they open is asked last.
                if needs:
                    if opens is None:
                        opens = opening(text, at)
                    if opens < needs:
                        continue
                if move is not _HMM or not _shouted(text, at):
                    spoken.append(_spoken((cue, move, at, matched.end())))
            at = flat.find(sought, at + 1)


def _listen_unspaced(low: str, cues: Iterable[Cue], spoken: list[Spoken]) -> None:
    for each in cues:
        if any(word in low for word in each.words):
            found = islice(each.pattern.finditer(low), MAX_PER_WORD)
            spoken += (Spoken(each.id, each.move, *match.span()) for match in found)


#: By place, and whole, so that the order does not hang on that of a set.
by_place = itemgetter(2, 3, 0)


_HMM = Move.HMM


def _shouted(text: str, at: int) -> bool:
    """Whether an interjection is an abbreviation: HMM is a hidden Markov model."""
    return text[at : at + 3].isupper()


def _distinct(spoken: list[Spoken]) -> list[Spoken]:
    """Drop a cue that speaks where another of the same move already did."""
    kept: list[Spoken] = []
    ends: dict[Move, int] = {}
    for each in spoken:
        _, move, start, end = each
        if start >= ends.get(move, -1):
            kept.append(each)
            ends[move] = end
    return kept
