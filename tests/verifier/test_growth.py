"""However a history is made, judging it takes steps in proportion to its length.

Steps are counted and not timed, so that no machine decides. The same shapes are timed by
`benchmarks/history.py --hostile`.
"""

from __future__ import annotations

from functools import partial

import pytest

from braid.node import Kind, Origin
from braid.wire.block import Block
from braid_verifier.definitions import Change, Defined, system_changes
from fakes.hostile import SHAPES
from fakes.steps import steps

SHORT, LONG = 300, 1200
# What grows with the logarithm of the length besides, and what is reached only by longer ones.
LINEAR = 1.5 * LONG / SHORT


@pytest.mark.parametrize("name", SHAPES)
def test_judging_takes_steps_in_proportion_to_the_history(name: str) -> None:
    short, long = (steps(SHAPES[name](length).prepared()) for length in (SHORT, LONG))
    assert long <= LINEAR * short


def system_texts(day: int, first: int, count: int) -> dict[int, Block]:
    """Texts with a date, each of which nothing else is like."""
    return {
        n: Block(
            Kind.SYSTEM, Origin.CLIENT, "text/plain", f"{n}: 2026-12-{day:02}".encode(), {}, ""
        )
        for n in range(first, first + count)
    }


def compared(count: int) -> list[Change]:
    before, after = system_texts(1, 0, count), system_texts(2, count, count)
    ours, theirs = ([Defined(n, b"%d" % n) for n in those] for those in (before, after))
    return system_changes(ours, theirs, (before | after).get)


def test_comparing_system_texts_takes_steps_in_proportion_to_their_number() -> None:
    short, long = (steps(partial(compared, count)) for count in (SHORT, LONG))
    assert long <= LINEAR * short
