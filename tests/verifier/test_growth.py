"""However a history is made, judging it takes steps in proportion to its length.

Steps are counted and not timed, so that no machine decides. The same shapes are timed by
`benchmarks/history.py --hostile`.
"""

from __future__ import annotations

import pytest

from fakes.hostile import SHAPES
from fakes.steps import steps

SHORT, LONG = 300, 1200
# What grows with the logarithm of the length besides, and what is reached only by longer ones.
LINEAR = 1.5 * LONG / SHORT


@pytest.mark.parametrize("name", SHAPES)
def test_judging_takes_steps_in_proportion_to_the_history(name: str) -> None:
    short, long = (steps(SHAPES[name](length).prepared()) for length in (SHORT, LONG))
    assert long <= LINEAR * short
