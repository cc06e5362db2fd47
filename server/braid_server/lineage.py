"""What one open braid looks like in memory: enough to place a request on it and to sign on.

A lineage is learned node by node, from the store after a restart or as nodes are woven;
both ways give the same. It belongs to the store's writer thread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from braid import strict_json
from braid.call import CallOutcome, Step
from braid.call import Context as Shown
from braid.context import CHAIN_START, ContextList, extend
from braid.encoding import decode, encode
from braid.node import Kind, Origin, read_header
from braid.signing import SecretKey
from braid.strict_json import Json
from braid_server.store import BraidRow, NodeRow
from braid_verifier.history import is_billing
from braid_verifier.resent import anchor


class Known(msgspec.Struct, frozen=True, gc=False):
    """A node as placement needs it; a msgspec.Struct because every node signed makes one.

    match    what a block is recognised by when it comes back; None for what never does:
             later parts, and what an answer says beside its content.
    spine    it must come back for a conversation to be the same one.
    anchor   what it is recognised by where other words may be missing.
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
    anchor: bytes | None
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


class _CallContent(msgspec.Struct):
    context: Shown


class _EndContent(msgspec.Struct):
    outcome: CallOutcome


# What was written here needs no second check, and most of it is not asked for.
_read_call = msgspec.json.Decoder(_CallContent).decode
_read_end = msgspec.json.Decoder(_EndContent).decode
_SAYING_MORE = (Kind.TOOL_USE, Kind.TOOL_RESULT)


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
        self.open_calls: dict[int, int] = {}  # call to the last node of its answer so far
        self.definitions: dict[bytes, int] = {}  # match of a tool or system block to its node
        self._seqs: dict[str, int] = {}
        self._tool_uses: dict[str, int] = {}
        self._ends: dict[int, int] = {}  # call to its end
        self._complete: set[int] = set()  # calls whose answer came whole
        self._first: dict[int, int] = {}  # call to the one it repeats
        self._answers: dict[int, list[int]] = {}
        self._reached: dict[ContextList, dict[bytes, tuple[bytes, int]]] = {
            name: {} for name in ContextList
        }
        self._contexts: dict[int, dict[ContextList, bytes]] = {}

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
        if kind in _SAYING_MORE or b'"part":' in attrs or b'"unseen":true' in attrs:
            said = strict_json.read_object(attrs, "attrs")
        spine, anchored = False, None
        if match is not None and is_spine_node(kind, content):
            name = said.get("id" if kind is Kind.TOOL_USE else "tool_use_id")
            spine, anchored = True, anchor(kind, match, name)
        known = Known(
            signature=decode(signature_text, "s", 64),
            text=signature_text,
            kind=kind,
            match=match,
            spine=spine,
            anchor=anchored,
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
            self.open_calls[seq] = seq
            self._answers[seq] = []
            self._learn_context(seq, content)
            if about:
                self._first[seq] = self._seqs[about[0]]
        elif kind is Kind.END and owner is not None:
            self._ends[owner] = seq
            self.open_calls.pop(owner, None)
            if _read_end(content).outcome is CallOutcome.COMPLETE:
                self._complete.add(owner)
        elif owner is not None:
            answer = self._answers[owner]
            if match is not None or (known.follows and answer[-1:] == [seq - 1]):
                answer.append(seq)
            self.open_calls[owner] = seq
        if match is not None and kind in (Kind.TOOLS, Kind.SYSTEM):
            self.definitions.setdefault(match, seq)
        if kind is Kind.TOOL_USE and isinstance(name := said.get("id"), str):
            self._tool_uses[name] = seq
        return seq

    def _owner(self, seq: int, kind: Kind, origin: Origin, before: list[int]) -> int | None:
        if kind is Kind.CALL:
            return seq
        if (origin is Origin.PROVIDER or kind is Kind.END) and before:
            return self.nodes[before[0]].owner
        return None

    def _learn_context(self, call: int, content: bytes) -> None:
        claims = _read_call(content).context
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

    def context_of(self, call: int) -> Context:
        """Give what a call showed its model."""
        paths = {}
        for name, value in self._contexts[call].items():
            path = []
            while value != CHAIN_START[name]:
                value, seq = self._reached[name][value]
                path.append(seq)
            paths[name] = tuple(reversed(path))
        return Context(
            paths[ContextList.TOOLS], paths[ContextList.SYSTEM], paths[ContextList.MESSAGES]
        )

    def answer_of(self, call: int) -> tuple[int, ...]:
        """Give the content of a call's answer: what a later request may resend."""
        return tuple(self._answers[call])

    def is_partial(self, context: Context) -> bool:
        """Tell whether a model that was shown this saw something the proxy did not."""
        return any(self.nodes[seq].unseen for name in ContextList for seq in context.of(name))

    def conversation(self, call: int) -> tuple[int, ...]:
        """Give the messages a call showed and those that its answer added."""
        return (*self.context_of(call).messages, *self._answers[call])

    def call_of(self, seq: int) -> int:
        """Give the call that an end, an answer's block or a call belongs to."""
        owner = self.nodes[seq].owner
        assert owner is not None
        return owner

    def block_at(self, seq: int) -> tuple[int, ...]:
        """Give the nodes of the block that begins at a node: itself and its later parts."""
        last = seq + 1
        while last < len(self.nodes) and self.nodes[last].follows:
            last += 1
        return tuple(range(seq, last))

    def end_of(self, call: int) -> int | None:
        return self._ends.get(call)

    def is_complete(self, call: int) -> bool:
        """Tell whether the answer to a call came whole: nobody repeats such a call."""
        return call in self._complete

    def first_of(self, call: int) -> int:
        """Give the call that this one repeats, itself if none."""
        return self._first.get(call, call)

    def tool_use(self, name: str) -> int | None:
        """Find the tool call with this provider id."""
        return self._tool_uses.get(name)

    def chain_claim(self, name: ContextList, path: Iterable[int]) -> Step:
        """Say a list from the furthest value already reached (SPEC §6.2)."""
        reached = self._reached[name]
        value = start = CHAIN_START[name]
        added: list[str] = []
        for seq in path:
            value = extend(value, self.nodes[seq].signature)
            if not added and value in reached:
                start = value
            else:
                added.append(self.text(seq))
        return Step(encode(start), added, encode(value))

    def prefix(self, path: Iterable[int]) -> Prefix:
        """Give the values by which a later request finds that it resends this conversation."""
        prefix = Prefix()
        for seq in path:
            known = self.nodes[seq]
            if known.match is not None:
                prefix = prefix.extended(known.match if known.spine else None, known.anchor)
        return prefix


class Prefix(msgspec.Struct, frozen=True):
    """A conversation so far: over all its words, and over what other words may stand between."""

    words: bytes = b"braid/1 prefix"
    anchors: bytes = b"braid/1 anchors"

    def extended(self, match: bytes | None, anchored: bytes | None) -> Prefix:
        return Prefix(_extend(self.words, match), _extend(self.anchors, anchored))


def _extend(value: bytes, match: bytes | None) -> bytes:
    return value if match is None else hashlib.sha256(value + match).digest()


# Everything in a transcript's node but content, attrs and `prev`, escaped.
_NODE_BYTES = 1000
_CONTROLS = bytes(range(0x20))


def _written(raw: bytes) -> int:
    """Say how many bytes of a transcript these take at most, escaped or in base64url."""
    controls = len(raw) - len(raw.translate(None, _CONTROLS))
    return len(raw) * 4 // 3 + 5 * controls + raw.count(b'"') + raw.count(b"\\")


def is_spine_node(kind: Kind, content: bytes) -> bool:
    """Tell of a node what `braid_verifier.history.is_spine` tells of a block."""
    return kind is not Kind.THINKING and not (kind in (Kind.TEXT, Kind.PROMPT) and not content)


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
