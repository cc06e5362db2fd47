"""Checkpoints at intervals: where they come, what they hang on, and that nothing hangs on them."""

from __future__ import annotations

import itertools
from pathlib import Path

from fakes.desk import Desk, ask
from fakes.story import Story


def turns(desk: Desk, count: int, said: list[str] | None = None) -> tuple[str, list[str]]:
    """Go through so many turns of one conversation; give its braid and all that was said."""
    said = said or []
    braid = ""
    for _ in range(count):
        question = f"question {len(said)}"
        braid = desk.turn(ask(*said, question), f"answer {len(said)}").braid
        said += [question, f"answer {len(said)}"]
    return braid, said


def checkpoints(story: Story) -> list[int]:
    return [place for place, node in enumerate(story.nodes) if node.kind == "checkpoint"]


def test_one_comes_behind_the_first_end_after_an_interval(folder: Path) -> None:
    with Desk(folder, checkpoint_every=12) as desk:
        braid, _ = turns(desk, 10)
        nodes = desk.story(braid).nodes
        places = checkpoints(desk.story(braid))
        # A turn takes five nodes, so three turns are the first to reach twelve.
        assert places == [15, 31, 47]
        assert all(nodes[place - 1].kind == "end" for place in places)
        assert [nodes[place].header["seal"]["count"] for place in places] == places
        desk.verified(braid)


def test_each_names_the_one_before_and_no_strand_hangs_on_them(folder: Path) -> None:
    with Desk(folder, checkpoint_every=5) as desk:
        braid, _ = turns(desk, 4)
        desk.seal(braid)
        nodes = desk.story(braid).nodes
        places = checkpoints(desk.story(braid))
        assert len(places) == 4
        for before, here in itertools.pairwise(places):
            assert nodes[here].prev == [nodes[before].s, nodes[here - 1].s]
        named = {name for node in nodes for name in node.prev if node.kind != "checkpoint"}
        # But for the seal, which names the last of them alone.
        assert {place for place in places if nodes[place].s in named} == {places[-1]}
        assert nodes[-1].prev == [nodes[places[-1]].s]
        desk.verified(braid)


def test_a_restart_does_not_begin_the_interval_anew(folder: Path) -> None:
    with Desk(folder, checkpoint_every=12) as desk:
        _, said = turns(desk, 4)
    with Desk(folder, checkpoint_every=12) as desk:
        braid, _ = turns(desk, 3, said)
        story = desk.story(braid)
        assert checkpoints(story) == [15, 31]
        assert story.nodes[31].prev[0] == story.nodes[15].s
        desk.verified(braid)


def test_calls_at_once_are_not_disturbed(folder: Path) -> None:
    with Desk(folder, checkpoint_every=2) as desk:
        _, said = turns(desk, 1)
        left, right = (desk.open(ask(*said, f"{side} question")) for side in ("left", "right"))
        desk.answer(right, "right answer")
        desk.answer(left, "left answer")
        assert left.braid == right.braid
        assert len(checkpoints(desk.story(left.braid))) == 3
        desk.seal(left.braid)
        desk.verified(left.braid)
