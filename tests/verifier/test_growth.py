"""However a history is made, judging it takes steps in proportion to its length.

Steps are counted and not timed, so that no machine decides. The same shapes are timed by
`benchmarks/history.py --hostile`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from fakes.hostile import SHAPES

SHORT, LONG = 300, 1200
# What grows with the logarithm of the length besides, and what is reached only by longer ones.
LINEAR = 1.5 * LONG / SHORT


def steps(work: Callable[[], object]) -> int:
    """Count the lines that some work runs, and the calls and values of generators: no clock does."""
    count = 0

    def line(frame: FrameType, event: str, what: Any) -> Any:
        nonlocal count
        count += 1
        return line

    before = sys.gettrace()
    sys.settrace(line)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", SHAPES)
def test_judging_takes_steps_in_proportion_to_the_history(name: str) -> None:
    short, long = (steps(SHAPES[name](length).prepared()) for length in (SHORT, LONG))
    assert long <= LINEAR * short
