"""A request beside a known conversation: what has been paired so far, and what is left between."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from braid.call import History
from braid.node import Kind
from braid.wire.block import Block
from braid_verifier.binary import Held
from braid_verifier.judgement import ANSWERS, Memory, Resent, Verdict, is_answer

NOWHERE = 2**62


@dataclass(slots=True)
class Gap:
    """What is left between two pairs: places in the path, and in the request.

    newest     the node that was said last of ours; NOWHERE where they are no front.
    summed_up  place of the first of the client's words that stand here for turns left out, else NOWHERE.
    noted      what the client has the model say to these.
    slides     a turn behind it, before the first answer that is kept, was left out.
    """

    ours: list[int]
    theirs: list[int]
    final: bool = False
    newest: int | None = None
    summed_up: int | None = None
    noted: set[int] = field(default_factory=set)
    slides: bool = False


@dataclass(slots=True)
class Beside:
    """Places in the path and in the request are numbers from 0.

    path      the nodes of the known conversation in order.
    paired    place in the path to place in the request.
    consumed  places in the path that something was made of.
    """

    memory: Memory
    path: Sequence[int]
    resent: Sequence[Resent]
    held: bool
    partial: bool
    asked: bool
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    paired: dict[int, int] = field(
        default_factory=dict
    )  # place in the path to place in the request
    consumed: set[int] = field(default_factory=set)  # places in the path that something was made of
    dropped: list[int] = field(default_factory=list)
    lost: dict[Held, int] = field(default_factory=dict)  # what a result came back without, and it
    elided: bool = False
    truncated: bool = False
    blocks: dict[int, Block | None] = field(default_factory=dict)
    told_from: int = NOWHERE  # place in the request of the first known block of the provider's
    spoken_from: int = NOWHERE  # first place in the path that came back and instructs nobody
    last_answer: int = -1  # and of the last known one in the assistant's voice
    places: dict[int, int] = field(default_factory=dict)  # node to place in the path
    calls_before: list[int | None] = field(default_factory=list)  # of a place, the last call before
    calls: dict[str, int] | None = None  # id of a tool call to place in the request

    def pair(self, ours: int, theirs: int, code: History = History.CONTINUED) -> None:
        self.came_back(ours, theirs)
        self.judged(theirs, code, self.path[ours])

    def came_back(self, ours: int, theirs: int) -> None:
        self.paired[ours] = theirs
        if ours < self.spoken_from and self.kind_at(ours) is not Kind.SYSTEM:
            self.spoken_from = ours

    def judged(self, j: int, code: History, known: int | None = None) -> None:
        self.verdicts[j] = Verdict(code, known)
        if known is not None:
            if is_answer(self.resent[j].block):
                self.last_answer = max(self.last_answer, j)
            if j < self.told_from and self.memory.known(known).provided:
                self.told_from = j

    def kind_at(self, place: int) -> Kind:
        return self.memory.known(self.path[place]).kind

    def is_answer_at(self, place: int) -> bool:
        known = self.memory.known(self.path[place])
        return known.provided or known.kind in ANSWERS

    def consume(self, node: int) -> None:
        place = self.place_of().get(node)
        if place is not None:
            self.consumed.add(place)

    def place_of(self) -> Mapping[int, int]:
        if not self.places:
            self.places.update((node, place) for place, node in enumerate(self.path))
        return self.places

    def called_at(self, name: str, default: int) -> int:
        """Give the place in the request of the first tool call with an id, else a default."""
        if self.calls is None:
            self.calls = {}
            for place, (block, _, _) in enumerate(self.resent):
                if block.kind is Kind.TOOL_USE:
                    for each in (block.attrs.get("id"), block.attrs.get("item_id")):
                        if isinstance(each, str):
                            self.calls.setdefault(each, place)
        return self.calls.get(name, default)

    def block_at(self, place: int) -> Block | None:
        if place not in self.blocks:
            self.blocks[place] = self.memory.block(self.path[place])
        return self.blocks[place]


def between(ours: range, theirs: range, pairs: Sequence[tuple[int, int]]) -> Iterator[Gap]:
    """Give what lies between pairs, each counted from the beginning of its range."""
    i = j = 0
    for mine, its in [*pairs, (len(ours), len(theirs))]:
        if mine > i or its > j:
            yield Gap(list(ours[i:mine]), list(theirs[j:its]))
        i, j = mine + 1, its + 1


def split(gap: Gap, pairs: Sequence[tuple[int, int]]) -> Iterator[Gap]:
    """Give what lies between pairs of a gap."""
    i = j = 0
    for mine, its in [*pairs, (NOWHERE, NOWHERE)]:
        ours, i = _until(gap.ours, i, mine)
        theirs, j = _until(gap.theirs, j, its)
        if ours or theirs:
            yield Gap(ours, theirs)


def _until(places: Sequence[int], at: int, place: int) -> tuple[list[int], int]:
    """Give the places before one, and where those after it begin."""
    end = bisect_left(places, place, at)
    return list(places[at:end]), end + 1
