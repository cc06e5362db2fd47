"""The nodes of one request: those it resends, and those it adds, in signing order (SPEC §4.4)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from braid.call import History, HistoryEntry
from braid.node import Kind, Link, Origin, Relation
from braid.wire.block import Block
from braid_server.chains import Context
from braid_server.entries import Entries
from braid_server.lineage import Lineage
from braid_server.placement import Place, Wanted
from braid_server.recollection import Recollection
from braid_server.store.rows import Reading
from braid_server.weaving import Weaving
from braid_verifier.characters import suspicious
from braid_verifier.definitions import (
    Change,
    Defined,
    departures,
    is_aside,
    system_changes,
    tool_changes,
)
from braid_verifier.judgement import Resent, Verdict

_NEW = Verdict()
# The words of a known node, spelled otherwise or put elsewhere.
_SAME = (History.VARIANT, History.MOVED, History.COMPACTED)
_COPIED = (History.CONTINUED, History.MOVED, History.COMPACTED)
# What attrs say of a node and not of its words.
_OF_NODE = frozenset(("part", "parts", "extra_follows", "variant_of", "copy_of"))


def count_new(place: Place, wanted: Wanted) -> int:
    """Count the blocks of a request that become nodes."""
    if place.repeats is not None:
        return 0
    new = len(wanted.messages) + len(wanted.unseen)
    if place.source is None:
        new -= sum(verdict.code is History.CONTINUED for verdict in place.judgement.blocks)
    definitions = {} if place.lineage is None else place.lineage.definitions
    for matched in (*wanted.tools, *wanted.system):
        new += matched.match not in definitions
    return new


class RequestNodes:
    """Weaves what of a request is new; what is known is only named."""

    def __init__(
        self,
        weaving: Weaving,
        lineage: Lineage,
        place: Place,
        wanted: Wanted,
        reading: Callable[[], Reading],
    ) -> None:
        self._reading = reading
        self._findings = Entries()
        self._fresh: dict[int, Block] = {}
        self._weaving = weaving
        self._lineage = lineage
        self._place = place
        self._wanted = wanted
        self._uses = _Uses()
        self._copies: dict[int, int] = {}  # node of the source to that which shows what it said
        self._forked = False
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
        """Give the context, what there is to say of history, and the last block of the request."""
        place, lineage, findings = self._place, self._lineage, self._findings
        if place.repeats is not None:
            findings.add(History.CONTINUED)
            return lineage.chains.context_of(place.repeats), findings.listed(), self._after
        beside: int | None = None
        if place.lineage is not None and place.against is not None:
            beside = lineage.call_of(place.against)
        before = None if beside is None else lineage.chains.context_of(beside)
        followed = None if place.resumes is None else lineage.followed(place.resumes)
        self._tell(before)
        system = self._definitions(self._wanted.system)
        tools = self._definitions(self._wanted.tools)
        messages: list[int] = []
        if before is not None and beside is not None and place.carried:
            messages.extend(lineage.conversation(beside))
            for seq in messages if lineage.accused else ():
                if seq in lineage.accused:
                    findings.add(lineage.accused[seq], lineage.text(seq))
            if self._wanted.inherits:
                system = system or before.system
                tools = tools or before.tools
        if not place.carried:
            for matched in self._wanted.unseen:
                messages.extend(self._new(matched, _NEW))
        verdicts, is_own = place.judgement.blocks, self._is_own
        accused = (place.source or lineage).accused
        for index, matched in enumerate(self._wanted.messages):
            verdict = verdicts[index] if index < len(verdicts) else _NEW
            if place.repeated and verdict.is_known:
                continue
            if verdict.code is History.CONTINUED and verdict.known is not None and is_own:
                seqs = lineage.block_at(verdict.known)
                self._uses.take(matched.block, verdict.known)
            else:
                self._copy_changed(verdict)
                seqs = self._new(matched, verdict, place.elsewhere.get(index))
                self._judge(matched, verdict, seqs[0], followed)
            if accused and verdict.is_known and verdict.known in accused:
                findings.add(accused[verdict.known], lineage.text(seqs[0]))
            messages.extend(seqs)
        if self._wanted.ambiguous and messages:
            findings.add(History.AMBIGUOUS, lineage.text(messages[0]))
        now = Context(tools, system, tuple(messages))
        if beside is not None:
            self._compare(beside, now)
        return now, findings.listed(), self._after

    @property
    def _is_own(self) -> bool:
        """Tell whether known nodes are of this braid, and need no copy."""
        return self._place.source is None

    def _tell(self, before: Context | None) -> None:
        """Say how the conversation came back as a whole."""
        place, findings = self._place, self._findings
        judgement = place.judgement
        if not self._is_own and judgement.used:
            findings.add(History.COPIED)
        elif before is not None:
            findings.add(History.CONTINUED)
        if judgement.elided and not judgement.truncated:
            findings.add(History.ELIDED)
        if judgement.truncated:
            findings.add(History.TRUNCATED)
        if any(verdict.code is History.VARIANT for verdict in judgement.blocks):
            findings.add(History.VARIANT)
        for node in judgement.dropped:
            findings.add(History.ELIDED_RESULT, was=self._was(node))

    def _judge(self, matched: Resent, verdict: Verdict, seq: int, followed: int | None) -> None:
        """Say of a new node what it is, unless it only spells one that is known."""
        findings, node = self._findings, self._lineage.text(seq)
        if verdict.code is None:
            # The first new block goes on from where another did before: a branch.
            if followed is not None and not self._forked and not self._place.judgement.accuses:
                self._forked = True
                findings.add(History.FORKED, node, self._lineage.text(followed))
            return
        if verdict.code not in (History.CONTINUED, History.VARIANT):
            self._forked = True
            findings.add(verdict.code, node, self._was(verdict.known))

    def _was(self, known: int | None) -> str | None:
        seq = known if known is None or self._is_own else self._copies.get(known)
        return None if seq is None else self._lineage.text(seq)

    def _copy_changed(self, verdict: Verdict) -> None:
        """Have a block of another braid beside the changed one: its words stand nowhere here.

        No context shows it. Of one code only what is listed is copied.
        """
        source, known, code = self._place.source, verdict.known, verdict.code
        if source is None or known is None or code is None or known in self._copies:
            return
        if code in _SAME or code in _COPIED or self._findings.is_full(code):
            return
        block = Recollection(self._reading, source).block(known)
        if block is None:
            return  # it was erased
        if block.kind is Kind.TOOL_RESULT and not self._is_called(block):
            return
        attrs = {name: value for name, value in block.attrs.items() if name not in _OF_NODE}
        attrs["copy_of"] = {"braid": source.id, "node": source.text(known)}
        was = replace(block, origin=Origin.CLIENT, attrs=attrs)
        link, self.link_left = self.link_left, ()
        seqs = self._weaving.add_block(was, None, self._after, link=link)
        self._copies[known] = seqs[0]
        self._after = seqs[-1]

    def _is_called(self, result: Block) -> bool:
        """Tell whether this braid has the call that a result of another names."""
        name = result.attrs.get("tool_use_id")
        return isinstance(name, str) and self._lineage.tool_use(name) is not None

    def _compare(self, call: int, now: Context) -> None:
        """Say what of the definitions is not as an earlier call had it."""
        lineage, findings, text = self._lineage, self._findings, self._lineage.text
        left = lineage.left.get(call)
        held = self._place.carried
        for code, node, known in departures(call, left, partial(self._changes, now=now), held):
            if code is History.VARIANT and findings.has(code):
                continue
            findings.add(
                code, None if node is None else text(node), None if known is None else text(known)
            )

    def _changes(self, call: int, now: Context) -> tuple[list[Change], bool]:
        before = self._lineage.chains.context_of(call)
        was, leads = self._leading(before.messages), self._leading(now.messages)
        # What one format has among the messages has another in a list of its own.
        ours = before.system if leads else (*before.system, *was)
        system = now.system if was else (*now.system, *leads)
        if now.tools == before.tools and system == ours:
            return [], False
        known_tools, known_system = self._defined(before.tools), self._defined(ours)
        read = Recollection(self._reading, self._lineage, self._fresh).block
        changes = tool_changes(known_tools, self._defined(now.tools), read)
        changes += system_changes(known_system, self._defined(system), read)
        return changes, is_aside(known_tools, known_system, changes, read)

    def _leading(self, messages: Sequence[int]) -> tuple[int, ...]:
        nodes = self._lineage.nodes
        return tuple(itertools.takewhile(lambda seq: nodes[seq].kind is Kind.SYSTEM, messages))

    def _defined(self, seqs: Sequence[int]) -> list[Defined]:
        nodes = self._lineage.nodes
        return [Defined(seq, match) for seq in seqs if (match := nodes[seq].match) is not None]

    def _definitions(self, blocks: Sequence[Resent]) -> tuple[int, ...]:
        seqs: list[int] = []
        for matched in blocks:
            known = self._lineage.definitions.get(matched.match)
            if known is not None and self._lineage.nodes[known].kind is matched.block.kind:
                seqs.extend(self._lineage.block_at(known))
            else:
                new = self._new(matched, _NEW)
                seqs.extend(new)
                if matched.block.kind is Kind.TOOLS:
                    for code in suspicious(matched.block):
                        self._findings.add(code, self._lineage.text(new[0]))
        return tuple(seqs)

    def _new(
        self, matched: Resent, verdict: Verdict, elsewhere: tuple[str, str] | None = None
    ) -> tuple[int, ...]:
        extra: dict[str, object] = {}
        known, source = verdict.known, self._place.source
        if elsewhere is not None and elsewhere[0] != self._lineage.id:
            extra["copy_of"] = {"braid": elsewhere[0], "node": elsewhere[1]}
        elif elsewhere is not None:
            extra["variant_of"] = elsewhere[1]
        elif known is not None and source is None and verdict.code in _SAME:
            extra["variant_of"] = self._lineage.text(known)
        elif known is not None and source is not None and verdict.code in _COPIED:
            extra["copy_of"] = {"braid": source.id, "node": source.text(known)}
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
        self._fresh[seqs[0]] = matched.block
        self._after = seqs[-1]
        return seqs


class _Uses:
    """Tool calls of a request that nothing has answered yet.

    A result without an id answers the first of its tool, also where the calls have ids: clients
    drop them from the results.
    """

    def __init__(self) -> None:
        self._taken: list[tuple[Block, int]] = []  # since somebody asked
        self._open: dict[str | None, dict[int, None]] = {}
        self._ids: dict[str, tuple[str | None, int]] = {}

    def take(self, block: Block, seq: int) -> None:
        """Note a tool call, or that a result answered one."""
        if block.kind is Kind.TOOL_USE or block.kind is Kind.TOOL_RESULT:
            self._taken.append((block, seq))

    def _look(self) -> None:
        """Look at what was taken: few requests hold a result that needs it."""
        taken, self._taken = self._taken, []
        for block, seq in taken:
            self._follow(block, seq)

    def _follow(self, block: Block, seq: int) -> None:
        tool = _word(block, "name")
        if block.kind is Kind.TOOL_USE:
            self._open.setdefault(tool, {})[seq] = None
            if (name := _word(block, "id")) is not None:
                self._ids[name] = tool, seq
        elif block.kind is Kind.TOOL_RESULT:
            asked = self._first_open(block)
            if asked is not None:
                del self._open[tool][asked]
            elif (named := self._ids.get(_word(block, "tool_use_id") or "")) is not None:
                self._open[named[0]].pop(named[1], None)

    def answered_by(self, block: Block) -> int | None:
        """Give the call that a result without an id answers."""
        if block.kind is not Kind.TOOL_RESULT or "tool_use_id" in block.attrs:
            return None
        self._look()
        return self._first_open(block)

    def _first_open(self, block: Block) -> int | None:
        if "tool_use_id" in block.attrs:
            return None
        return next(iter(self._open.get(_word(block, "name"), ())), None)


def _word(block: Block, name: str) -> str | None:
    value = block.attrs.get(name)
    return value if isinstance(value, str) else None
