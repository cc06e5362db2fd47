"""The beginnings of a request that may be a known conversation, by words, by outline, by question (SPEC §8.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from braid.node import Kind
from braid_server.known import Prefix
from braid_verifier.judgement import Resent, is_answer
from braid_verifier.outline import Outline, trace_of

# Beginnings that are looked up at first.
_FIRST = 4
# Bytes of what was asked from which on two who ask the same are the same, where nothing names
# the conversation.
LONG_QUESTION = 80


def beginnings(messages: Sequence[Resent]) -> Iterator[tuple[int, bytes]]:
    """Give (length, value of the words) of each beginning that ends where an assistant's turn ends."""
    words, answered, sha256 = Prefix().words, False, hashlib.sha256
    for place, (block, match, spine) in enumerate(messages):
        answers = is_answer(block)
        if answered and not answers:
            yield place, words
        answered = answers
        if spine:
            words = sha256(words + match).digest()
    if answered:
        yield len(messages), words


def parts(by_words: Sequence[tuple[int, bytes]]) -> Iterator[Sequence[tuple[int, bytes]]]:
    """Give the longest beginnings first, few at first: an honest request is found by one of them."""
    size, left = _FIRST, list(reversed(by_words))
    while left:
        yield left[:size]
        left, size = left[size:], size * 16


class Question(NamedTuple):
    """What was asked before an answer of the request; `outlines` are with what it called and without.

    size  the bytes of all that was asked so far.
    last  nothing that was asked after it was answered.
    """

    outlines: tuple[Outline, ...]
    size: int
    last: bool


def questions_of(messages: Sequence[Resent]) -> Iterator[Question]:
    """Give what was asked before each answer, the last first."""
    found: list[Question] = []
    outline = before = Outline()
    size = 0
    for place, (block, _, _) in enumerate(messages):
        if not is_answer(block):
            size += len(block.content) if block.kind is Kind.PROMPT else 0
        elif place == 0 or not is_answer(messages[place - 1].block):
            before = outline
        outline = outline.extended(trace_of(block))
        if _ends_turn(messages, place):
            found.append(Question((outline, before), size, False))
    return (one._replace(last=one.size == found[-1].size) for one in reversed(found))


def outlines_of(messages: Sequence[Resent]) -> Iterator[Outline]:
    """Give the outline of each beginning that ends where an assistant's turn ends, the shortest first."""
    outline = Outline()
    for place, (block, _, _) in enumerate(messages):
        outline = outline.extended(trace_of(block))
        if _ends_turn(messages, place):
            yield outline


def _ends_turn(messages: Sequence[Resent], place: int) -> bool:
    """Tell whether an assistant's turn ends with this block."""
    if not is_answer(messages[place].block):
        return False
    return place + 1 == len(messages) or not is_answer(messages[place + 1].block)
