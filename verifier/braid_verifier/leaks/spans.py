"""Where deliberation begins and ends, grown from the cues that spoke by whole sentences."""

from __future__ import annotations

from collections.abc import Sequence

from braid_verifier.leaks.cues.move import CORRECTING, INFERRING, PLANNING, WEIGHING, Move
from braid_verifier.leaks.moves import Spoken

#: Moves that plain statements make as well. They carry a thought on, and begin none.
_CARRYING = frozenset(
    {
        Move.WE_NEED,
        Move.COMPARE,
        Move.FIRST_PERSON,
        Move.SO,
        Move.IF_THEN,
        Move.WE_COULD,
        Move.MEANS,
        Move.FOR_NOW,
        Move.ARITHMETIC,
        Move.CONTRAST,
        Move.UNSURE,
        Move.HEDGE,
        Move.ASSUME,
    }
)
_TELLING = CORRECTING | WEIGHING | INFERRING | PLANNING
_BEGINNING = _TELLING - _CARRYING

#: Deliberation that pauses for more sentences than this has ended.
MAX_PAUSE = 3


def grow(
    spans: Sequence[tuple[int, int]], spoken: Sequence[Spoken], prose: bool
) -> list[tuple[int, int]]:
    """Return the spans of a text with these sentences in which the cues deliberate, in order, not overlapping.

    A run of sentences that hold a cue, pauses of up to MAX_PAUSE sentences included. Sums and
    consequences that follow belong to the thought that led to them, so the last run of a comment
    goes on to its end, and prose, where a paragraph is one thought, is taken by paragraphs.
    """
    marks = sorted(each.start for each in spoken if each.move in _TELLING)
    begins = [each.start for each in spoken if each.move in _BEGINNING]
    if not marks:
        return []
    first = min(begins or marks)
    told: list[int] = []
    at = 0
    for number, (start, end) in enumerate(spans):
        while at < len(marks) and marks[at] < start:
            at += 1
        if at < len(marks) and marks[at] < end and first < end:
            told.append(number)
    if not told:
        return []
    runs: list[list[int]] = [[told[0], told[0]]]
    for each in told[1:]:
        if each - runs[-1][1] <= MAX_PAUSE + 1:
            runs[-1][1] = each
        else:
            runs.append([each, each])
    if len(spans) - 1 - runs[-1][1] <= MAX_PAUSE:
        runs[-1][1] = len(spans) - 1
    if prose and runs[0][0] <= MAX_PAUSE:
        runs[0][0] = 0
    return [(spans[a][0], spans[b][1]) for a, b in runs]
