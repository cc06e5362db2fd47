"""Points of a passage: a weighted sum of whole numbers, the same on every machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from braid_verifier.leaks.cues.move import CORRECTING, INFERRING, PLANNING, WEIGHING, Move
from braid_verifier.leaks.features import MOST, MOST_OF_PLANS, Tally
from braid_verifier.leaks.finding import LeakClass, Tier
from braid_verifier.leaks.moves import Spoken
from braid_verifier.leaks.weights import (
    COMMENT,
    COMMENT_BASE,
    COMMENT_STRONG,
    PROSE,
    PROSE_BASE,
    PROSE_STRONG,
)

#: Points at which a finding begins, on every surface.
POSSIBLE = 100

#: How sure a move makes it that somebody deliberates: whoever explains at length makes all the others too.
_SURE = {move: 2 for move in (CORRECTING - {Move.WRONG, Move.BETTER}) | {Move.LET_ME}} | {
    Move.ANSWERED: 1,
    Move.OR_QUESTION: 1,
}
#: A strong finding is as sure as this.
SURE = 2

_CLASS = {
    move: leak
    for leak, group in (
        (LeakClass.SELF_CORRECTION, CORRECTING),
        (LeakClass.ALTERNATIVES, WEIGHING),
        (LeakClass.TRACE, INFERRING),
        (LeakClass.PLANNING, PLANNING),
    )
    for move in group
}
_NO_POINTS = dict.fromkeys(LeakClass, 0)


def score(features: Mapping[str, int], prose: bool) -> int:
    """Return the points of a passage with these features."""
    weights, points = (PROSE, PROSE_BASE) if prose else (COMMENT, COMMENT_BASE)
    for name, value in features.items():
        points += weights.get(name, 0) * value
    return points


def _most(weights: Mapping[str, int], most: Mapping[str, int]) -> int:
    return sum(max(0, weights.get(name, 0)) * times for name, times in most.items())


_MOST = tuple(_most(weights, MOST) for weights in (COMMENT, PROSE))
_MOST_OF_PLANS = _most(PROSE, MOST_OF_PLANS)


def ceiling(tallied: Tally, prose: bool) -> int:
    """Return the points that a passage with these moves cannot exceed, however they stand."""
    points = score(tallied.features, prose) + _MOST[prose]
    return points + _MOST_OF_PLANS if prose and tallied.plans else points


def tier(points: int, features: Mapping[str, int], prose: bool) -> Tier | None:
    """Return the tier of so many points; None for no finding."""
    if points < POSSIBLE:
        return None
    if points >= (PROSE_STRONG if prose else COMMENT_STRONG) and may_be_strong(features):
        return Tier.STRONG
    return Tier.POSSIBLE


def may_be_strong(features: Mapping[str, int]) -> bool:
    """Tell whether a passage with these features is strong if it has the points.

    Moves that are far apart add up in any long text, so they are never strong; nor is a text that
    only explains, or one that takes nothing back and answers no two questions of its own.
    """
    sure = sum(worth * features.get(move, 0) for move, worth in _SURE.items())
    return sure >= SURE and not (features.get("sparse") or features.get("explains"))


def leak_class(spoken: Sequence[Spoken], prose: bool) -> LeakClass:
    """Return the class whose moves weigh most; the earlier of the enumeration where two weigh alike."""
    weights = PROSE if prose else COMMENT
    points = _NO_POINTS.copy()
    for _, move, _, _ in spoken:
        if (leak := _CLASS.get(move)) is not None:
            points[leak] += max(1, weights.get(move, 0))
    return max(points, key=points.__getitem__)
