"""What one open braid looks like in memory: enough to place a request on it and to sign on.

A lineage is learned node by node, from the store after a restart or as nodes are woven;
both ways give the same. It belongs to the store's writer thread.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from braid import strict_json
from braid.call import By, CallOutcome, Step
from braid.call import Context as Shown
from braid.context import CHAIN_START, ContextList, extend
from braid.encoding import decode, encode
from braid.node import BLOCKS, Kind, Origin, read_header
from braid.signing import SecretKey
from braid.strict_json import Json
from braid.tree import SignatureTree
from braid.wire.block import Block
from braid_server.store import BraidRow, NodeRow
from braid_verifier.history import is_billing, is_spine_node
from braid_verifier.outline import Outline, Trace, trace


class Known(msgspec.Struct, frozen=True, gc=False):
    """A node as placement needs it; a msgspec.Struct because every node signed makes one.

    match    what a block is recognised by when it comes back; None for what never does:
             later parts, and what an answer says beside its content.
    spine    it must come back for a conversation to be the same one.
    provided the provider sent it.
    trace    what it adds to the outline of a conversation.
    follows  it is a later part of the block before it.
    unseen   it points at something the proxy did not see.
    billing  it is a system text that changes with each request and instructs nobody.
    owner    seq of the call it belongs to: its own for a call, else of the answer it is in.
    """

    signature: bytes
    text: str
    kind: Kind
    match: bytes | None
    spine: bool
    provided: bool
    trace: Trace | None
    follows: bool
    unseen: bool
    billing: bool
    owner: int | None


@dataclass(frozen=True, slots=True)
class Context:
    """The seqs of the nodes a call showed, list by list."""

    tools: tuple[int, ...] = ()
    system: tuple[int, ...] = ()
    messages: tuple[int, ...] = ()

    def of(self, name: ContextList) -> tuple[int, ...]:
        match name:
            case ContextList.TOOLS:
                return self.tools
            case ContextList.SYSTEM:
                return self.system
            case ContextList.MESSAGES:
                return self.messages


class _Placement(msgspec.Struct):
    by: By


class _CallContent(msgspec.Struct):
    context: Shown
    placement: _Placement


class _EndContent(msgspec.Struct):
    outcome: CallOutcome


# What was written here needs no second check, and most of it is not asked for.
_read_call = msgspec.json.Decoder(_CallContent).decode
_read_end = msgspec.json.Decoder(_EndContent).decode
_SAYING_MORE = (Kind.TOOL_USE, Kind.TOOL_RESULT)
# The attrs that count here of other blocks; `id` is on thoughts of OpenAI alone.
_is_saying_more = re.compile(rb'"(?:part|unseen|candidate|cut)":').search


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


class Lineage:
    """One braid: its key, its nodes, its chains, its open calls.

    size  about how many bytes its transcript has, rather more than less.
    """

    def __init__(self, number: int, row: BraidRow, key: SecretKey, not_after: str) -> None:
        self.number = number
        self.id = row.id
        self.row = row
        self.session = row.session
        self.key = key
        self.not_after = not_after
        self.last_time = row.created
        self.size = 0
        self.nodes: list[Known] = []
        self.tails: set[int] = set()
        self.open_calls: dict[int, Tails] = {}
        self.definitions: dict[bytes, int] = {}  # match of a tool or system block to its node
        self.last_checkpoint = -1  # its seq, -1 while there is none
        self._tree = SignatureTree()
        self._seqs: dict[str, int] = {}
        self._tool_uses: dict[str, int] = {}
        self._said: dict[bytes, int] = {}  # match of a block of the provider's to its node
        self._called: dict[str, int] = {}  # id of a tool call of the provider's to its node
        self._followed: dict[int, int] = {}  # end to the first block that was answered after it
        self._strand: tuple[int, int, int] | None = None  # end, first and last block of a request
        self._strands: dict[int, tuple[int, int, int]] = {}  # the same of each open call
        self._ends: dict[int, int] = {}  # call to its end
        self._outcomes: dict[int, CallOutcome] = {}  # call to how it ended
        self._first: dict[int, int] = {}  # call to the one it repeats
        self._answers: dict[int, dict[int, list[int]]] = {}  # call to its candidates
        self._polled: dict[int, list[int]] = {}  # a call to those that asked for its answer again
        self._cut: set[int] = set()  # blocks whose own end never came
        self._thoughts: dict[int, str] = {}  # a thought to the provider's id of it
        self._repeated: dict[int, Counter[bytes | str]] = {}
        self._reached: dict[ContextList, dict[bytes, tuple[bytes, int]]] = {
            name: {} for name in ContextList
        }
        self._contexts: dict[int, dict[ContextList, bytes]] = {}
        self._shown: tuple[int, Context] | None = None  # the call that was asked of last

    def tree(self) -> SignatureTree:
        """Give the tree over the signatures of all nodes so far; each is hashed once."""
        for known in self.nodes[self._tree.count :]:
            self._tree.append(known.signature)
        return self._tree

    def text(self, seq: int) -> str:
        """Give a node's signature in its text form."""
        return self.nodes[seq].text

    def learn(
        self,
        signature_text: str,
        kind: Kind,
        origin: Origin,
        prev: tuple[str, ...],
        match: bytes | None,
        content: bytes,
        attrs: bytes,
        about: tuple[str, ...] = (),
    ) -> int:
        """Take in the next node and give its seq."""
        seq = len(self.nodes)
        before = [self._seqs[name] for name in prev]
        owner = self._owner(seq, kind, origin, before)
        said: dict[str, Json] = {}
        if (
            kind in _SAYING_MORE
            or _is_saying_more(attrs)
            or (kind is Kind.THINKING and b'"id":' in attrs)
        ):
            said = strict_json.read_object(attrs, "attrs")
        provided = origin is Origin.PROVIDER
        spine = match is not None and is_spine_node(kind, content)
        known = Known(
            signature=decode(signature_text, "s", 64),
            text=signature_text,
            kind=kind,
            match=match,
            spine=spine,
            provided=provided,
            trace=None if match is None else trace(kind, content, said.get("name")),
            follows=match is None and said.get("part", 1) != 1,
            unseen=said.get("unseen") is True,
            billing=kind is Kind.SYSTEM and is_billing(kind, content),
            owner=owner,
        )
        # Attrs are JSON: written as a string, they have no more than each byte escaped.
        self.size += _NODE_BYTES + 90 * len(prev) + _written(content) + 2 * len(attrs)
        self.nodes.append(known)
        self._seqs[signature_text] = seq
        tails = self.tails
        tails.difference_update(before)
        tails.add(seq)
        if kind is Kind.CALL:
            self.open_calls[seq] = Tails(seq)
            self._answers[seq] = {}
            placed = self._learn_context(seq, content)
            if about:
                first = self._first[seq] = self._seqs[about[0]]
                if placed is By.THREAD:
                    self._polled.setdefault(first, [first]).append(seq)
        elif kind is Kind.END and owner is not None:
            self._ends[owner] = seq
            self.open_calls.pop(owner, None)
            self._outcomes[owner] = _read_end(content).outcome
        elif owner is not None:
            candidate = self.open_calls[owner].take(seq, before[0], said.get("candidate"))
            answer = self._answers[owner].setdefault(candidate, [])
            if match is not None or (known.follows and answer[-1:] == [seq - 1]):
                answer.append(seq)
            if said.get("cut") is True:
                self._cut.add(seq)
            if kind is Kind.THINKING and isinstance(thought := said.get("id"), str):
                self._thoughts[seq] = thought
        if kind is Kind.CHECKPOINT:
            self.last_checkpoint = seq
        if match is not None and kind in (Kind.TOOLS, Kind.SYSTEM):
            self.definitions.setdefault(match, seq)
        if kind is Kind.TOOL_USE and isinstance(name := said.get("id"), str):
            self._tool_uses[name] = seq
            if provided:
                self._called.setdefault(name, seq)
        if provided and match is not None:
            self._said.setdefault(match, seq)
        elif before:
            self._follow(seq, kind, before[0])
        return seq

    def _follow(self, seq: int, kind: Kind, before: int) -> None:
        """Keep track of what each call goes on from, until it is answered."""
        strand = self._strand
        if kind in BLOCKS and self.nodes[before].kind is Kind.END:
            self._strand = (before, seq, seq)
        elif kind in BLOCKS and strand is not None and strand[2] == before:
            self._strand = (strand[0], strand[1], seq)
        elif kind is Kind.CALL and strand is not None and strand[2] == before:
            self._strands[seq], self._strand = strand, None
        elif kind is Kind.END and (call := self.nodes[before].owner) is not None:
            ended = self._strands.pop(call, None)
            if ended is not None and any(self._answers[call].values()):
                self._followed.setdefault(ended[0], ended[1])

    def _owner(self, seq: int, kind: Kind, origin: Origin, before: list[int]) -> int | None:
        if kind is Kind.CALL:
            return seq
        if (origin is Origin.PROVIDER or kind is Kind.END) and before:
            return self.nodes[before[0]].owner
        return None

    def _learn_context(self, call: int, content: bytes) -> By:
        said = _read_call(content)
        claims = said.context
        values = {}
        for name, claim in (
            (ContextList.TOOLS, claims.tools),
            (ContextList.SYSTEM, claims.system),
            (ContextList.MESSAGES, claims.messages),
        ):
            value = decode(claim.start, "from", 32)
            for signature_text in claim.add:
                seq = self._seqs[signature_text]
                step = extend(value, self.nodes[seq].signature)
                self._reached[name].setdefault(step, (value, seq))
                value = step
            values[name] = value
        self._contexts[call] = values
        return said.placement.by

    def context_of(self, call: int) -> Context:
        """Give what a call showed its model."""
        if self._shown is not None and self._shown[0] == call:
            return self._shown[1]
        paths = {}
        for name, value in self._contexts[call].items():
            path = []
            while value != CHAIN_START[name]:
                value, seq = self._reached[name][value]
                path.append(seq)
            paths[name] = tuple(reversed(path))
        context = Context(
            paths[ContextList.TOOLS], paths[ContextList.SYSTEM], paths[ContextList.MESSAGES]
        )
        self._shown = call, context
        return context

    def answers_of(self, call: int) -> tuple[tuple[int, ...], ...]:
        """Give the content of a call's answer, of each candidate: what a later request may resend.

        Where a call only asked again, the earlier ones brought a part of it.
        """
        asked = self._polled.get(self.first_of(call), ())
        if call not in asked[1:]:
            return tuple(tuple(answer) for answer in self._answers[call].values() if answer)
        whole = [
            seq
            for one in asked[: asked.index(call) + 1]
            for answer in self._answers[one].values()
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
        if not self.is_poll(call):
            return False
        if call not in self._repeated:
            asked = self._polled[self.first_of(call)]
            known = [
                seq
                for one in asked[: asked.index(call)]
                for answer in self._answers[one].values()
                for seq in answer
                if seq not in self._cut
            ]
            names = (self._thoughts.get(seq) or self.nodes[seq].match for seq in known)
            self._repeated[call] = Counter(name for name in names if name is not None)
        name = block.attrs.get("id") if block.kind is Kind.THINKING else None
        left, sought = self._repeated[call], name if isinstance(name, str) else match
        if not left[sought]:
            return False
        left[sought] -= 1
        return True

    def last_use(self, call: int, candidate: int) -> int | None:
        """Give the last tool call in an answer, which a result without an id answers."""
        answer = self._answers[call].get(candidate, ())
        return next((seq for seq in reversed(answer) if self._is_use(seq)), None)

    def _is_use(self, seq: int) -> bool:
        return self.nodes[seq].kind is Kind.TOOL_USE

    def is_partial(self, context: Context) -> bool:
        """Tell whether a model that was shown this saw something the proxy did not."""
        return any(self.nodes[seq].unseen for name in ContextList for seq in context.of(name))

    def conversation(self, call: int) -> tuple[int, ...]:
        """Give the messages a call showed and those that its answer added, its first candidate."""
        return self.context_of(call).messages + next(iter(self.answers_of(call)), ())

    def call_of(self, seq: int) -> int:
        """Give the call that an end, an answer's block or a call belongs to."""
        owner = self.nodes[seq].owner
        assert owner is not None
        return owner

    def block_at(self, seq: int) -> tuple[int, ...]:
        """Give the nodes of the block that begins at a node: itself and its later parts."""
        nodes, last = self.nodes, seq + 1
        if last == len(nodes) or not nodes[last].follows:
            return (seq,)
        while last < len(self.nodes) and self.nodes[last].follows:
            last += 1
        return tuple(range(seq, last))

    def end_of(self, call: int) -> int | None:
        return self._ends.get(call)

    def outcome_of(self, call: int) -> CallOutcome | None:
        """Give how a call ended; None while it is under way."""
        return self._outcomes.get(call)

    def first_of(self, call: int) -> int:
        """Give the call that this one repeats, itself if none."""
        return self._first.get(call, call)

    def said(self, match: bytes) -> int | None:
        """Find a block that the provider sent, by its match."""
        return self._said.get(match)

    def called(self, name: str) -> int | None:
        """Find a tool call that the provider sent, by its id."""
        return self._called.get(name)

    def followed(self, end: int) -> int | None:
        """Give the first block of a request that went on from an end and was answered."""
        return self._followed.get(end)

    def find(self, signature: str) -> int | None:
        """Find a node by its signature."""
        return self._seqs.get(signature)

    def tool_use(self, name: str) -> int | None:
        """Find the tool call with this provider id."""
        return self._tool_uses.get(name)

    def chain_claim(self, name: ContextList, path: tuple[int, ...]) -> Step:
        """Say a list from the furthest value already reached (SPEC §6.2)."""
        reached = self._reached[name]
        value, known = CHAIN_START[name], 0
        if self._shown is not None:
            # Most lists begin as that of the call that they go on from.
            shown = self._shown[1].of(name)
            if path[: len(shown)] == shown:
                value, known = self._contexts[self._shown[0]][name], len(shown)
        start = value
        added: list[str] = []
        for seq in path[known:]:
            value = extend(value, self.nodes[seq].signature)
            if not added and value in reached:
                start = value
            else:
                added.append(self.text(seq))
        return Step(encode(start), added, encode(value))

    def prefix(self, path: Iterable[int], after: Prefix | None = None) -> Prefix:
        """Give the values by which a later request finds that it resends this conversation.

        `after` is the value of what stands before the path.
        """
        prefix = after or Prefix()
        words, outline = prefix.words, prefix.outline
        for seq in path:
            known = self.nodes[seq]
            if known.spine and known.match is not None:
                words = hashlib.sha256(words + known.match).digest()
            if known.trace is not None:
                outline = outline.extended(known.trace)
        return Prefix(words, outline)


class Prefix(msgspec.Struct, frozen=True):
    """A conversation so far: over all its words, and its outline."""

    words: bytes = b"braid/1 prefix"
    outline: Outline = Outline()


# Everything in a transcript's node but content, attrs and `prev`, escaped.
_NODE_BYTES = 1000
_CONTROLS = bytes(range(0x20))


def _written(raw: bytes) -> int:
    """Say how many bytes of a transcript these take at most, escaped or in base64url."""
    controls = len(raw) - len(raw.translate(None, _CONTROLS))
    return len(raw) * 4 // 3 + 5 * controls + raw.count(b'"') + raw.count(b"\\")


def relearn(lineage: Lineage, rows: Iterable[NodeRow]) -> None:
    """Fill a lineage from the store."""
    for row in rows:
        header = read_header(row.node.h)
        opened = row.node.opened
        content, attrs = (opened.content, opened.attrs) if opened else (b"", b"{}")
        lineage.learn(
            row.node.s,
            header.kind,
            header.origin,
            header.prev,
            row.match,
            content,
            attrs,
            header.about,
        )
        lineage.last_time = max(lineage.last_time, header.time)
