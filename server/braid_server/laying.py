"""Laying a request's messages beside a known conversation: which node each of them is (SPEC §8.3).

Between two blocks that must come back lie a few that may be missing or spelled otherwise. Such a
run is laid by the values that the store keeps of its blocks; only where these do not tell are the
blocks read, and what says something else ends the laying there.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from braid import strict_json
from braid.node import Kind, read_header
from braid.wire.block import Block
from braid_server.lineage import Lineage
from braid_server.marks import Matched
from braid_server.store.rows import Reading
from braid_verifier.resent import Recognised, Resent, recognise

# Each takes time as the conversation is long; an honest request needs two or three.
FAILURES = 16


@dataclass(frozen=True, slots=True)
class _Run:
    """Where a run begins and ends, and its last block's anchor; None for a last run without."""

    begins: int
    ends: int
    anchor: bytes | None


class Laying:
    """Lays the messages of one request, within one transaction."""

    def __init__(self, reading: Callable[[], Reading], messages: Sequence[Matched]) -> None:
        self._reading = reading
        self._messages = messages
        self._failures = 0
        self._contradicted: dict[int, int] = {}  # braid to the first message it knows otherwise

    def is_hopeless(self, number: int, length: int) -> bool:
        """Tell whether so many messages need not be laid beside this braid.

        What contradicts a message contradicts every prefix that holds it.
        """
        return self._failures >= FAILURES or self._contradicted.get(number, length) < length

    def lay(self, source: Lineage, end: int, length: int) -> Recognised | None:
        """Lay so many messages beside the conversation that ends there.

        None if any of them is new, or if none of them is of the answer that ends there.
        """
        call = source.call_of(end)
        shown = source.context_of(call).messages
        contradicted = dict(self._contradicted)
        for answer in source.answers_of(call):
            path = [seq for seq in (*shown, *answer) if not source.nodes[seq].follows]
            laid = self._lay_runs(source, path, self._messages[:length])
            if laid is not None and not laid.used.isdisjoint(answer):
                self._contradicted = contradicted  # only by another candidate
                return laid
        self._failures += 1
        return None

    def lay_again(self, source: Lineage, call: int) -> Recognised | None:
        """Lay the messages beside those that a call showed; None if any of them is new."""
        shown = source.context_of(call).messages
        path = [seq for seq in shown if not source.nodes[seq].follows]
        return self._lay_runs(source, path, self._messages)

    def _lay_runs(
        self, source: Lineage, path: Sequence[int], messages: Sequence[Matched]
    ) -> Recognised | None:
        blocks: list[Resent | None] = []
        used: set[int] = set()
        elided = False
        ours = _runs(source.nodes[seq].anchor for seq in path)
        theirs = _runs(matched.anchor for matched in messages)
        for mine, back in itertools.zip_longest(ours, theirs, fillvalue=_BEYOND):
            if mine.anchor != back.anchor:
                self._refuse(source, back.ends - 1)
                return None
            seqs, came = path[mine.begins : mine.ends], messages[back.begins : back.ends]
            laid = align(source, seqs, came)
            if _unknown(laid, came) is not None:
                laid = self._read(source, seqs, came)
            unknown = _unknown(laid, came)
            if unknown is not None:
                self._refuse(source, back.begins + unknown)
                return None
            blocks.extend(laid.blocks)
            used |= laid.used
            elided = elided or laid.elided
        return Recognised(tuple(blocks), frozenset(used), elided)

    def _refuse(self, source: Lineage, message: int) -> None:
        known = self._contradicted.get(source.number, message)
        self._contradicted[source.number] = min(known, message)

    def _read(
        self, source: Lineage, seqs: Sequence[int], messages: Sequence[Matched]
    ) -> Recognised:
        """Lay a run by what its blocks say."""
        blocks = [self._block(source, seq) for seq in seqs]
        laid = recognise(blocks, [matched.block for matched in messages])
        return Recognised(
            tuple(here and Resent(seqs[here.known], here.exact) for here in laid.blocks),
            frozenset(seqs[here] for here in laid.used),
            laid.elided,
        )

    def _block(self, source: Lineage, seq: int) -> Block:
        rows = [self._reading().node(source.number, part) for part in source.block_at(seq)]
        assert rows[0] is not None
        header = read_header(rows[0].node.h)
        opened = [row.node.opened for row in rows if row is not None and row.node.opened]
        said = [strict_json.read_object(part.attrs, "attrs") for part in opened]
        # The last parts may hold what did not fit into attrs, and that is not content.
        content = (
            part.content
            for part, attrs in zip(opened, said, strict=True)
            if attrs.get("provider") == said[0].get("provider")
        )
        attrs = said[0] if said else {}
        return Block(header.kind, header.origin, header.media, b"".join(content), attrs)


def align(lineage: Lineage, path: Sequence[int], messages: Sequence[Matched]) -> Recognised:
    """Lay resent blocks beside known nodes by their matches; nodes without an anchor may be left out."""
    known: list[Resent | None] = []
    at, elided = 0, False
    for matched in messages:
        here = at
        while here < len(path) and lineage.nodes[path[here]].match != matched.match:
            here = here + 1 if lineage.nodes[path[here]].anchor is None else len(path)
        if here < len(path):
            elided = elided or here > at
            known.append(Resent(path[here], exact=True))
            at = here + 1
        else:
            known.append(None)
    used = frozenset(here.known for here in known if here is not None)
    return Recognised(tuple(known), used, elided or at < len(path))


def _unknown(laid: Recognised, messages: Sequence[Matched]) -> int | None:
    """Give the place of the first message that says something and is not known."""
    for place, (here, matched) in enumerate(zip(laid.blocks, messages, strict=True)):
        if here is None and (matched.block.kind is Kind.THINKING or matched.spine):
            return place
    return None


def _runs(anchors: Iterable[bytes | None]) -> list[_Run]:
    runs: list[_Run] = []
    begins = ends = 0
    for ends, anchored in enumerate(anchors, 1):
        if anchored is not None:
            runs.append(_Run(begins, ends, anchored))
            begins = ends
    runs.append(_Run(begins, ends, None))
    return runs


# No anchor is empty, so this equals none.
_BEYOND = _Run(0, 0, b"")
