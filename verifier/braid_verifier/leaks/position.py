"""Where a block stands in its turn: facts beside the score, never inside it.

Deliberation in a comment is the same deliberation whether or not a signed thinking block stands
before it. What differs is what an auditor makes of it, so the facts are given and not weighed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

#: Words in a row that have to agree to count as taken from the thinking.
SHINGLE = 4

_WORD = re.compile(r"\w+")
_NONE: frozenset[tuple[str, ...]] = frozenset()


class SignedThinking(StrEnum):
    """The thinking that precedes a block in its turn."""

    #: There is some, and the provider signed all of it.
    PRESENT = "present"
    #: There is some, and the provider's signature is empty or missing on at least one block of it.
    UNSIGNED = "unsigned"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class TurnBlock:
    """A block of an answer, as far as position is concerned."""

    kind: str
    text: str
    #: For thinking: whether the provider signed or encrypted it.
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """Facts about a block of an answer, for whoever judges its findings."""

    thinking: SignedThinking
    #: Length of the block and of the thinking before it, in code points.
    length: int
    thinking_length: int
    #: Whether a tool use comes after it in the same answer.
    before_tool_use: bool
    #: Of the block's runs of SHINGLE words, how many in a thousand stand in that thinking too.
    overlap: int


def position(turn: Sequence[TurnBlock], index: int) -> Position:
    """Return the facts about turn[index], of the blocks of one answer in their order."""
    block = turn[index]
    thoughts = [each for each in turn[:index] if each.kind == "thinking"]
    if not thoughts:
        thinking = SignedThinking.ABSENT
    elif all(each.signed for each in thoughts):
        thinking = SignedThinking.PRESENT
    else:
        thinking = SignedThinking.UNSIGNED
    said = _shingles(block.text)
    known = _NONE.union(*(_shingles(each.text) for each in thoughts))
    return Position(
        thinking=thinking,
        length=len(block.text),
        thinking_length=sum(len(each.text) for each in thoughts),
        before_tool_use=any(each.kind == "tool_use" for each in turn[index + 1 :]),
        overlap=1000 * len(said & known) // len(said) if said else 0,
    )


def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return frozenset(tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1))
