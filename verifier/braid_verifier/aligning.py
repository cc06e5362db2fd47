"""Laying one list beside another: the longest common subsequence, in time that no list can blow up."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Sequence

# Pairs of equal values that are looked at; beyond it each is paired with the one of its own number.
_PAIRS = 100_000


def common(ours: Sequence[Hashable], theirs: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Pair equal values of two lists, in order, as many as there can be: (ours, theirs)."""
    places: dict[Hashable, list[int]] = {}
    for place, value in enumerate(ours):
        places.setdefault(value, []).append(place)
    pairs = sum(len(places.get(value, ())) for value in theirs)
    tails: list[int] = []  # ours at the end of the best run of each length
    last: list[tuple[int, int, int]] = []  # ours, theirs, and which link before
    ends: list[int] = []  # for each length, the link that ends it
    met: dict[Hashable, int] = {}
    for place, value in enumerate(theirs):
        found = places.get(value)
        if not found:
            continue
        if pairs > _PAIRS:
            number = met.get(value, 0)
            met[value] = number + 1
            found = found[number : number + 1]
        # From the last to the first, so that no two pairs of one of theirs follow each other.
        for here in reversed(found):
            length = bisect_left(tails, here)
            link = len(last)
            last.append((here, place, ends[length - 1] if length else -1))
            if length == len(tails):
                tails.append(here)
                ends.append(link)
            elif tails[length] > here:
                tails[length] = here
                ends[length] = link
    run: list[tuple[int, int]] = []
    link = ends[-1] if ends else -1
    while link >= 0:
        mine, its, link = last[link]
        run.append((mine, its))
    return run[::-1]
