"""Items that a request only points to, put in their place: the provider shows them to its model.

Responses keeps the items of its answers unless it is told not to, and takes the id of one in the
place of what it says (SPEC §8.3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from braid.node import Kind, Origin
from braid.wire.block import Block
from braid_server.lineage import Lineage
from braid_server.marks import Marks
from braid_server.recollection import Recollection
from braid_server.store import BraidRow
from braid_server.store.rows import Reading
from braid_verifier.judgement import Resent

# Of one answer's place in it, which a request has not.
_PLACED = ("candidate", "cut", "index", "model", "part", "parts")


def item_of(block: Block) -> str | None:
    """Give the provider's id of the item that a block of an answer is, or is a part of."""
    name = block.attrs.get("item_id", block.attrs.get("id"))
    return name if isinstance(name, str) else None


def reference_in(block: Block) -> str | None:
    """Give the id of the item that a block of a request stands for; None of any other block."""
    if block.kind is not Kind.OTHER or not block.unseen:
        return None
    # Its type may be left out.
    named = block.attrs.get("type", "item_reference") == "item_reference"
    return item_of(block) if named else None


class References:
    """Looks items up within one transaction; `any_lineage` is as in Placer.

    `braids` are the numbers of those in which something was found.
    """

    def __init__(
        self,
        marks: Marks,
        provider: str,
        reading: Callable[[], Reading],
        row_of: Callable[[int], BraidRow | None],
        any_lineage: Callable[[BraidRow], Lineage],
    ) -> None:
        self._marks = marks
        self._provider = provider
        self._reading = reading
        self._row = row_of
        self._any = any_lineage
        self.braids: set[int] = set()

    def resolved(self, messages: Sequence[Resent]) -> Sequence[Resent]:
        """Give the messages with what is known in the place of what points to it."""
        names = {
            place: self._marks.item(self._provider, name)
            for place, (block, _, _) in enumerate(messages)
            if (name := reference_in(block)) is not None
        }
        if not names:
            return messages
        known = self._reading().marked_any(list(dict.fromkeys(names.values())))
        resolved: list[Resent] = []
        for place, message in enumerate(messages):
            resolved += self._item(known, names.get(place)) or [message]
        return resolved

    def _item(
        self, known: Mapping[bytes, Sequence[tuple[int, int]]], mark: bytes | None
    ) -> list[Resent]:
        """Give the blocks of an item, all of the newest answer that has it; none if not all are there."""
        places = [] if mark is None else sorted(known.get(mark, ()))
        row = self._row(places[-1][0]) if places else None
        if row is None:
            return []
        lineage = self._any(row)
        nodes = lineage.nodes
        owner = nodes[places[-1][1]].owner
        memory = Recollection(self._reading, lineage)
        blocks: list[Resent] = []
        for number, seq in places:
            if number != row.number or nodes[seq].owner != owner:
                continue
            said, match = memory.block(seq), nodes[seq].match
            if said is None or match is None:
                return []
            blocks.append(Resent(_resent(said), match, nodes[seq].spine))
        self.braids.add(row.number)
        return blocks


def _resent(said: Block) -> Block:
    """Give a block of an answer as a client sends it that resends the whole."""
    attrs = {name: value for name, value in said.attrs.items() if name not in _PLACED}
    return replace(said, origin=Origin.CLIENT, role="assistant", attrs=attrs)
