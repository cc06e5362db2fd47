"""Items that a request only points to, put in their place: the provider shows them to its model.

Responses keeps the items of its answers unless it is told not to, and takes the id of one in the
place of what it says (SPEC §8.3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from braid_server.lineage import Lineage
from braid_server.marks import Marks
from braid_server.recollection import Recollection
from braid_server.store import BraidRow
from braid_server.store.rows import Reading
from braid_verifier.items import as_resent, reference_in
from braid_verifier.judgement import Resent


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
        known = dict(self._reading().marked_any(list(dict.fromkeys(names.values()))))
        resolved: list[Resent] = []
        for place, message in enumerate(messages):
            # Nobody shows an item twice, and what is small could stand for no end of words.
            found = known.pop(names.get(place, b""), ())
            resolved += self._item(found) or [message]
        return resolved

    def _item(self, found: Sequence[tuple[int, int]]) -> list[Resent]:
        """Give the blocks of an item, all of the newest answer that has it; none if not all are there."""
        places = sorted(found)
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
            blocks.append(Resent(as_resent(said), match, nodes[seq].spine))
        self.braids.add(row.number)
        return blocks
