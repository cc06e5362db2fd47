"""The nodes of one request: those it resends, and those it adds, in signing order (SPEC §4.4)."""

from __future__ import annotations

from collections.abc import Sequence

from braid.call import History, HistoryEntry
from braid.node import Kind, Link, Relation
from braid.wire.block import Block
from braid_server.lineage import Context, Lineage
from braid_server.marks import Matched
from braid_server.placement import Place, Wanted
from braid_server.weaving import Weaving
from braid_verifier.resent import Resent


def count_new(place: Place, wanted: Wanted) -> int:
    """Count the blocks of a request that become nodes."""
    if place.repeats is not None:
        return 0
    new = len(wanted.messages) + len(wanted.unseen)
    if place.source is None:
        new -= sum(known is not None and known.exact for known in place.known)
    definitions = {} if place.lineage is None else place.lineage.definitions
    for matched in (*wanted.tools, *wanted.system):
        new += matched.match not in definitions
    return new


class RequestNodes:
    """Weaves what of a request is new; what is known is only named."""

    def __init__(self, weaving: Weaving, lineage: Lineage, place: Place, wanted: Wanted) -> None:
        self._weaving = weaving
        self._lineage = lineage
        self._place = place
        self._wanted = wanted
        self._uses = _Uses()
        self._after = self._first_place()
        self.link_left = self._link()

    def _first_place(self) -> int | None:
        """What the first new block hangs on: nothing, in a new braid (SPEC §4.4)."""
        place = self._place
        if place.lineage is None:
            return None
        return 0 if place.resumes is None else place.resumes

    def _link(self) -> tuple[Link, ...]:
        source = self._place.source
        if source is None or not self._place.closed:
            return ()
        last = source.text(len(source.nodes) - 1)
        return (Link(source.id, last, Relation.CONTINUES),)

    def weave(self) -> tuple[Context, list[HistoryEntry], int | None]:
        """Give the context, the history results, and the last block of the request."""
        place, lineage = self._place, self._lineage
        if place.repeats is not None:
            return lineage.context_of(place.repeats), [HistoryEntry(History.CONTINUED)], self._after
        before: Context | None = None
        if place.lineage is not None and place.resumes is not None:
            before = lineage.context_of(lineage.call_of(place.resumes))
        history = self._history(before)
        system = self._definitions(self._wanted.system)
        tools = self._definitions(self._wanted.tools)
        messages: list[int] = []
        if before is not None and place.carried and place.resumes is not None:
            messages.extend(lineage.conversation(lineage.call_of(place.resumes)))
            if self._wanted.inherits:
                system = system or before.system
                tools = tools or before.tools
        if not place.carried:
            for matched in self._wanted.unseen:
                messages.extend(self._new(matched, None))
        for index, matched in enumerate(self._wanted.messages):
            known = place.known[index] if index < len(place.known) else None
            if known is not None and place.repeated:
                continue
            if known is not None and known.exact and place.source is None:
                seqs = lineage.block_at(known.known)
                self._uses.take(matched.block, seqs[0])
            else:
                seqs = self._new(matched, known)
            messages.extend(seqs)
        if before is not None:
            if self._instructions(system) != self._instructions(before.system):
                history.append(HistoryEntry(History.SYSTEM_CHANGED))
            elif system != before.system:
                history.append(HistoryEntry(History.BILLING_CHANGED))
            if tools != before.tools:
                history.append(HistoryEntry(History.TOOL_REWORDED))
        return Context(tools, system, tuple(messages)), history, self._after

    def _history(self, before: Context | None) -> list[HistoryEntry]:
        if self._place.source is not None and self._place.known:
            history = [HistoryEntry(History.COPIED)]
        elif before is not None:
            history = [HistoryEntry(History.CONTINUED)]
        else:
            return []
        if self._place.elided:
            history.append(HistoryEntry(History.ELIDED))
        if any(known is not None and not known.exact for known in self._place.known):
            history.append(HistoryEntry(History.VARIANT))
        return history

    def _instructions(self, system: Sequence[int]) -> list[int]:
        return [seq for seq in system if not self._lineage.nodes[seq].billing]

    def _definitions(self, blocks: Sequence[Matched]) -> tuple[int, ...]:
        seqs: list[int] = []
        for matched in blocks:
            known = self._lineage.definitions.get(matched.match)
            if known is not None and self._lineage.nodes[known].kind is matched.block.kind:
                seqs.extend(self._lineage.block_at(known))
            else:
                seqs.extend(self._new(matched, None))
        return tuple(seqs)

    def _new(self, matched: Matched, known: Resent | None) -> tuple[int, ...]:
        extra: dict[str, object] = {}
        source = self._place.source
        if known is not None and source is None:
            extra["variant_of"] = self._lineage.text(known.known)
        elif known is not None and source is not None and known.exact:
            extra["copy_of"] = {"braid": source.id, "node": source.text(known.known)}
        link, self.link_left = self.link_left, ()
        seqs = self._weaving.add_block(
            matched.block,
            matched.match,
            self._after,
            extra,
            link,
            asked=self._uses.answered_by(matched.block),
        )
        self._uses.take(matched.block, seqs[0])
        self._after = seqs[-1]
        return seqs


class _Uses:
    """Tool calls of a request that have no id, in order: a result finds its own by name."""

    def __init__(self) -> None:
        self._open: list[tuple[object, int]] = []

    def take(self, block: Block, seq: int) -> None:
        """Note a tool call, or that a result answered one."""
        if block.kind is Kind.TOOL_USE and "id" not in block.attrs:
            self._open.append((block.attrs.get("name"), seq))
        elif (asked := self.answered_by(block)) is not None:
            self._open = [each for each in self._open if each[1] != asked]

    def answered_by(self, block: Block) -> int | None:
        """Give the call that a result without an id answers."""
        if block.kind is not Kind.TOOL_RESULT or "tool_use_id" in block.attrs:
            return None
        name = block.attrs.get("name")
        return next((seq for each, seq in self._open if each == name), None)
