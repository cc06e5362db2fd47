"""The words of judging resent history: what is known, what came back, and what it is (SPEC §8.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from braid.call import REFUSED_HISTORY, History
from braid.node import Kind
from braid.wire.block import Block

ANSWERS = (Kind.TEXT, Kind.THINKING, Kind.TOOL_USE)
"""Kinds that are always in the assistant's voice, unless the user quotes them."""


class Known(Protocol):
    """A node as it is compared: `match` stands for what it says, None for what never comes back.

    `owner` is the call whose answer it is in, None of what a client said.
    """

    @property
    def kind(self) -> Kind: ...
    @property
    def match(self) -> bytes | None: ...
    @property
    def spine(self) -> bool: ...
    @property
    def provided(self) -> bool: ...
    @property
    def owner(self) -> int | None: ...


class Memory(Protocol):
    """What is known of a braid; its nodes are called by numbers that grow."""

    def known(self, node: int) -> Known: ...

    def block(self, node: int) -> Block | None:
        """Read what a node says; None where it is erased."""
        ...

    def find(self, match: bytes) -> int | None:
        """Find a block that the provider sent, wherever in the braid."""
        ...

    def find_call(self, name: str) -> int | None:
        """Find a tool call that the provider sent, by its id."""
        ...


class Resent(NamedTuple):
    """A block of a request, with the value it is recognised by."""

    block: Block
    match: bytes
    spine: bool


class Verdict(NamedTuple):
    """What a block that a client sent is.

    code   None for one that is new, and says nothing of history.
    known  the node it is, spells otherwise or was made of; for a fork the one it replaces.
    """

    code: History | None = None
    known: int | None = None

    @property
    def is_known(self) -> bool:
        """Tell whether it is a known block where that stands, in whatever spelling."""
        return self.code in (History.CONTINUED, History.VARIANT)


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a request's messages lie beside a known conversation.

    blocks      what each of them is.
    dropped     results that were left out although their call was kept.
    elided      known blocks that say something were left out; `truncated` if the first turns.
    used        the nodes that came back where they stand.
    clean       how many of the blocks come before the first that is not known in its place, and
                `reached` is the last node that came back among these, None if none did.
    """

    blocks: tuple[Verdict, ...] = ()
    dropped: tuple[int, ...] = ()
    elided: bool = False
    truncated: bool = False
    used: frozenset[int] = frozenset()
    clean: int = 0
    reached: int | None = None

    @property
    def false(self) -> int:
        """How many blocks a recorder that rejects false history refuses."""
        # Asked of every block of a long history, most of which are where they were.
        return sum(
            code is not History.CONTINUED and code in REFUSED_HISTORY for code, _ in self.blocks
        )

    @property
    def accuses(self) -> bool:
        """Tell whether a recorder that rejects false history refuses this."""
        return self.false > 0


NEW = Verdict()


def is_answer(block: Block) -> bool:
    """Tell whether a block is in the assistant's voice."""
    role = block.role
    return role == "assistant" or (role != "user" and block.kind in ANSWERS)
