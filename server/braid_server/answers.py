"""What each call of one braid was answered, and how its answers hang together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from braid.call import By, CallOutcome
from braid.node import Kind
from braid.strict_json import Json
from braid.wire.block import Block
from braid_server.known import Known, Said


class Tails:
    """The last nodes of an answer so far, one for each of its candidates."""

    __slots__ = ("_call", "_of")

    def __init__(self, call: int) -> None:
        self._call = call
        self._of: dict[int, int] = {}

    def of(self, candidate: int) -> int:
        """Give what the next block of a candidate hangs on: the call, where it is the first."""
        return self._of.get(candidate, self._call)

    def all(self) -> list[int]:
        """Give what the end hangs on."""
        return [self._of[candidate] for candidate in sorted(self._of)] or [self._call]

    def take(self, seq: int, before: int, candidate: Json) -> int:
        """Take in the next node; `candidate` is what it says itself of where it belongs."""
        for one, tail in self._of.items():
            if tail == before:
                self._of[one] = seq
                return one
        one = candidate if isinstance(candidate, int) else 0
        self._of[one] = seq
        return one


class Answers:
    """The answers of a braid's calls; `nodes` are all its nodes, which grow."""

    def __init__(self, nodes: Sequence[Known]) -> None:
        self._nodes = nodes
        self.open_calls: dict[int, Tails] = {}
        self._ends: dict[int, int] = {}  # call to its end
        self._outcomes: dict[int, CallOutcome] = {}  # call to how it ended
        self._first: dict[int, int] = {}  # call to the one it repeats
        self._of: dict[int, dict[int, list[int]]] = {}  # call to its candidates
        self._polled: dict[int, list[int]] = {}  # a call to those that asked for its answer again
        self._cut: set[int] = set()  # blocks whose own end never came
        self._thoughts: dict[int, str] = {}  # a thought to the provider's id of it
        self._repeated: dict[int, Counter[bytes | str]] = {}

    def learn_call(self, call: int, repeats: int | None, by: By) -> None:
        """Take in a call that was opened."""
        self.open_calls[call] = Tails(call)
        self._of[call] = {}
        if repeats is not None:
            self._first[call] = repeats
            if by is By.THREAD:
                self._polled.setdefault(repeats, [repeats]).append(call)

    def learn_block(self, call: int, seq: int, before: int, known: Known, said: Said) -> None:
        """Take in a node of a call's answer."""
        candidate = self.open_calls[call].take(seq, before, said.candidate)
        answer = self._of[call].setdefault(candidate, [])
        if known.match is not None or (known.follows and answer[-1:] == [seq - 1]):
            answer.append(seq)
        if said.cut is True:
            self._cut.add(seq)
        if known.kind is Kind.THINKING and isinstance(said.id, str):
            self._thoughts[seq] = said.id

    def learn_end(self, call: int, end: int, outcome: CallOutcome) -> None:
        """Take in the end of a call."""
        self._ends[call] = end
        self.open_calls.pop(call, None)
        self._outcomes[call] = outcome

    def of(self, call: int) -> tuple[tuple[int, ...], ...]:
        """Give the content of a call's answer, of each candidate: what a later request may resend.

        Where a call only asked again, the earlier ones brought a part of it.
        """
        asked = self._polled.get(self.first_of(call), ())
        if call not in asked[1:]:
            return tuple(tuple(answer) for answer in self._of[call].values() if answer)
        whole = [
            seq
            for one in asked[: asked.index(call) + 1]
            for answer in self._of[one].values()
            for seq in answer
            if one == call or seq not in self._cut
        ]
        return (tuple(whole),) if whole else ()

    def is_poll(self, call: int) -> bool:
        """Tell whether a call only asked again for the answer to another."""
        return call in self._polled.get(self.first_of(call), ())[1:]

    def heard_again(self, call: int, block: Block, match: bytes) -> bool:
        """Tell whether a call that asks again for an answer was told a block of it that is known.

        Each known one counts once. A thought is known by its id: it is sealed anew each time.
        """
        if not self._polled or not self.is_poll(call):
            return False
        if call not in self._repeated:
            asked = self._polled[self.first_of(call)]
            known = [
                seq
                for one in asked[: asked.index(call)]
                for answer in self._of[one].values()
                for seq in answer
                if seq not in self._cut
            ]
            names = (self._thoughts.get(seq) or self._nodes[seq].match for seq in known)
            self._repeated[call] = Counter(name for name in names if name is not None)
        name = block.attrs.get("id") if block.kind is Kind.THINKING else None
        left, sought = self._repeated[call], name if isinstance(name, str) else match
        if not left[sought]:
            return False
        left[sought] -= 1
        return True

    def last_use(self, call: int, candidate: int) -> int | None:
        """Give the last tool call in an answer, which a result without an id answers."""
        answer = self._of[call].get(candidate, ())
        uses = (seq for seq in reversed(answer) if self._nodes[seq].kind is Kind.TOOL_USE)
        return next(uses, None)

    def has_answer(self, call: int) -> bool:
        return any(self._of[call].values())

    def end_of(self, call: int) -> int | None:
        return self._ends.get(call)

    def outcome_of(self, call: int) -> CallOutcome | None:
        """Give how a call ended; None while it is under way."""
        return self._outcomes.get(call)

    def first_of(self, call: int) -> int:
        """Give the call that this one repeats, itself if none."""
        return self._first.get(call, call)
