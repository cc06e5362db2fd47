"""The assistant's turns of a request: which block belongs in one, goes back into it, or begins it (SPEC §8.4)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from braid.node import Kind
from braid_verifier.judgement import NEW, is_answer
from braid_verifier.laying import NEAR, Laying


@dataclass(slots=True)
class Turns(Laying):
    """Lays, and looks at what is known beside a block in its turn.

    `back` are nodes that the path has not, because an earlier request left them out.
    """

    back: set[int] = field(default_factory=set)
    turns: list[int] = field(default_factory=list)  # of a place, the first of its assistant's turn
    last_asked: int | None = None  # place in the request of the last block that is no answer

    def is_of_turn(self, node: int, j: int) -> bool:
        """Tell whether a block only stands in another order within its turn: some formats have none."""
        place = self.place_of().get(node)
        if place is None or place in self.paired:
            return False
        turn = self._turn_of(place)
        for step in (-1, 1):
            at = j + step
            while (
                0 <= at < len(self.resent)
                and abs(at - j) <= NEAR
                and is_answer(self.resent[at].block)
            ):
                verdict = self.verdicts.get(at, NEW)
                known = self.place_of().get(verdict.known or 0)
                if verdict.is_known and known is not None and self._turn_of(known) == turn:
                    return True
                at += step
        return False

    def _turn_of(self, place: int) -> int:
        """Give the first place of the assistant's turn that a place is in; a question is its own."""
        if not self.turns:
            for n in range(len(self.path)):
                goes_on = n > 0 and self.is_answer_at(n) and self.is_answer_at(n - 1)
                self.turns.append(self.turns[-1] if goes_on else n)
        return self.turns[place]

    def is_back(self, node: int, j: int) -> bool:
        """Tell whether a block that an earlier request left out stands in its answer again.

        What came back beside it was in the same answer, and in this order: Claude Code leaves
        thinking out once when it goes on with an old session, and sends it again after that.
        """
        own = self.memory.known(node)
        if own.owner is None or node in self.back or node in self.place_of():
            return False
        beside = False
        for step in (-1, 1):
            neighbour = self._known_beside(j, step)
            if neighbour is None or self.memory.known(neighbour).owner != own.owner:
                continue
            if (neighbour - node) * step < 0 or not self._of_one_candidate(neighbour, node):
                return False
            beside = True
        return beside

    def _known_beside(self, j: int, step: int) -> int | None:
        """Give the next block in the same turn of the request that is known in its place."""
        for at in itertools.islice(itertools.count(j + step, step), NEAR):
            if not 0 <= at < len(self.resent) or not is_answer(self.resent[at].block):
                return None
            verdict = self.verdicts.get(at, NEW)
            if verdict.is_known:
                return verdict.known
        return None

    def _of_one_candidate(self, *nodes: int) -> bool:
        blocks = [self.memory.block(node) for node in nodes]
        return len({None if one is None else one.attrs.get("candidate") for one in blocks}) == 1

    def is_begun(self, j: int) -> bool:
        """Tell whether a text is the answer's beginning, put there for the model to go on from."""
        if self.last_asked is None:
            places = range(len(self.resent) - 1, -1, -1)
            asked = (n for n in places if not is_answer(self.resent[n].block))
            self.last_asked = next(asked, -1)
        return self.resent[j].block.kind is Kind.TEXT and j > self.last_asked
