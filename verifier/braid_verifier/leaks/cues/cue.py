"""Cues: the words that a move of deliberation opens with.

A cue speaks where it stands. `Wait,` at the start of a sentence takes something back; `wait for`
asks a thread to be patient. So each cue names its place as well as its words, and each belongs to
one move, which is what is weighed: a language adds cues, not moves.

Patterns see lower-cased text and are tried only where one of the words of their cue stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from braid_verifier.leaks.cues.move import Move

#: After an interjection: something that sets it apart from a verb or a noun.
APART = r"(?=\s*(?:[,.!?:;…—–]|-{1,2}\s))"

#: Before a cue of a language without spaces: the start of a sentence or a clause.
BEGIN = r"(?:(?<![^\s。！？!?…，,：:（(—])|(?<=[。！？\n，—]))"


class Place(StrEnum):
    """Where the words of a cue have to stand."""

    #: First in a sentence.
    SENTENCE = "sentence"
    #: First in a sentence or after a comma, colon, dash or bracket.
    CLAUSE = "clause"
    #: Anywhere, as whole words.
    ANYWHERE = "anywhere"


@dataclass(frozen=True, slots=True)
class Cue:
    """One way to make a move.

    `words` are the words that the pattern can begin with, best rare ones, with what stands before
    them in a lookbehind: text without them costs nothing.
    """

    id: str
    move: Move
    place: Place
    words: tuple[str, ...]
    pattern: re.Pattern[str] = field(repr=False)


def cue(id: str, move: Move, place: Place, words: str, pattern: str) -> Cue:
    """Return a cue; its words are separated by spaces."""
    return Cue(id, move, place, tuple(words.split()), re.compile(pattern))


def after(words: str) -> str:
    """Return a pattern that holds after one of these phrases, which are separated by `|`."""
    return "(?:" + "|".join(f"(?<={each} )" for each in words.split("|")) + ")"
