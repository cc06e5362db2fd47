"""What one open braid looks like in memory: enough to place a request on it and to sign on.

A lineage is learned node by node, from the store after a restart or as nodes are woven;
both ways give the same. It belongs to the store's writer thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from braid.call import REFUSED_HISTORY, By, CallOutcome, History, HistoryEntry
from braid.call import Context as Claims
from braid.node import BLOCKS, Kind, Origin, read_header
from braid.signing import SecretKey
from braid.tree import SignatureTree
from braid_server.answers import Answers
from braid_server.chains import Chains, Context
from braid_server.known import NOTHING_SAID, Known, Prefix, known_of, read_said
from braid_server.store import BraidRow, NodeRow


class Lineage:
    """One braid: its key, its nodes, its chains, the answers to its calls.

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
        self.definitions: dict[bytes, int] = {}  # match of a tool or system block to its node
        self.accused: dict[int, History] = {}  # nodes that a call said are false history
        self.left: dict[int, int] = {}  # call beside the conversation to the one it left
        self.last_checkpoint = -1  # its seq, -1 while there is none
        self.answers = Answers(self.nodes)
        self.chains = Chains(self._signature, self.text)
        self._tree = SignatureTree()
        self._seqs: dict[str, int] = {}
        self._tool_uses: dict[str, int] = {}
        self._said: dict[bytes, int] = {}  # match of a block of the provider's to its node
        self._called: dict[str, int] = {}  # id of a tool call of the provider's to its node
        self._followed: dict[int, int] = {}  # end to the first block that was answered after it
        self._strand: tuple[int, int, int] | None = None  # end, first and last block of a request
        self._strands: dict[int, tuple[int, int, int]] = {}  # the same of each open call
        self._unseen: set[int] = set()  # nodes that point at what the proxy did not see

    def tree(self) -> SignatureTree:
        """Give the tree over the signatures of all nodes so far; each is hashed once."""
        for known in self.nodes[self._tree.count :]:
            self._tree.append(known.signature)
        return self._tree

    def text(self, seq: int) -> str:
        """Give a node's signature in its text form."""
        return self.nodes[seq].text

    def _signature(self, seq: int) -> bytes:
        return self.nodes[seq].signature

    def learn(
        self,
        text: str,
        kind: Kind,
        origin: Origin,
        prev: Sequence[int],
        match: bytes | None,
        content: bytes,
        attrs: bytes,
    ) -> int:
        """Take in the next node and give its seq. Of calls and ends, more follows."""
        seq = len(self.nodes)
        owner = self._owner(seq, kind, origin, prev)
        said = NOTHING_SAID if kind in _SAYING_NOTHING else read_said(attrs)
        known = known_of(text, kind, origin, match, content, said, owner)
        # Attrs are JSON: written as a string, they have no more than each byte escaped.
        self.size += _NODE_BYTES + 90 * len(prev) + _written(content) + 2 * len(attrs)
        self.nodes.append(known)
        self._seqs[text] = seq
        self.tails.difference_update(prev)
        self.tails.add(seq)
        if owner is not None and kind is not Kind.CALL and kind is not Kind.END:
            self.answers.learn_block(owner, seq, prev[0], known, said)
        if kind is Kind.CHECKPOINT:
            self.last_checkpoint = seq
        if known.unseen:
            self._unseen.add(seq)
        if match is not None and kind in (Kind.TOOLS, Kind.SYSTEM):
            self.definitions.setdefault(match, seq)
        if kind is Kind.TOOL_USE and isinstance(said.id, str):
            self._tool_uses[said.id] = seq
            if known.provided:
                self._called.setdefault(said.id, seq)
        if known.provided and match is not None:
            self._said.setdefault(match, seq)
        elif prev and kind is not Kind.END:
            self._follow(seq, kind, prev[0])
        return seq

    def learn_call(
        self, call: int, about: Sequence[str], by: By, history: Sequence[HistoryEntry]
    ) -> None:
        """Take in what the call that was just learned is about, how it was placed, what it says."""
        for entry in history:
            if entry.code in REFUSED_HISTORY and isinstance(entry.node, str):
                self.accused.setdefault(self._seqs[entry.node], History(entry.code))
            if entry.code == History.ASIDE and isinstance(entry.was, str):
                self.left[call] = self._seqs[entry.was]
        self.answers.learn_call(call, self._seqs[about[0]] if about else None, by)

    def learn_end(self, end: int, outcome: CallOutcome) -> None:
        """Take in how the end that was just learned says that its call ended."""
        call = self.nodes[end].owner
        if call is None:
            return
        self.answers.learn_end(call, end, outcome)
        strand = self._strands.pop(call, None)
        if strand is not None and self.answers.has_answer(call):
            self._followed.setdefault(strand[0], strand[1])

    def _follow(self, seq: int, kind: Kind, before: int) -> None:
        """Keep track of what each call goes on from, until it is answered."""
        strand = self._strand
        if kind in BLOCKS and self.nodes[before].kind is Kind.END:
            self._strand = (before, seq, seq)
        elif strand is not None and strand[2] == before:
            if kind in BLOCKS:
                self._strand = (strand[0], strand[1], seq)
            elif kind is Kind.CALL:
                self._strands[seq], self._strand = strand, None

    def _owner(self, seq: int, kind: Kind, origin: Origin, prev: Sequence[int]) -> int | None:
        if kind is Kind.CALL:
            return seq
        if (origin is Origin.PROVIDER or kind is Kind.END) and prev:
            return self.nodes[prev[0]].owner
        return None

    def is_partial(self, context: Context) -> bool:
        """Tell whether a model that was shown this saw something the proxy did not."""
        if not self._unseen:
            return False
        shown = (*context.tools, *context.system, *context.messages)
        return not self._unseen.isdisjoint(shown)

    def conversation(self, call: int) -> tuple[int, ...]:
        """Give the messages a call showed and those that its answer added, its first candidate."""
        return self.chains.context_of(call).messages + next(iter(self.answers.of(call)), ())

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

    def prefix(self, path: Iterable[int], after: Prefix | None = None) -> Prefix:
        """Give the values of a path; `after` is the value of what stands before it."""
        nodes = self.nodes
        return (after or Prefix()).extended(nodes[seq] for seq in path)

    def relearn(self, rows: Iterable[NodeRow]) -> None:
        """Take in the nodes of the store."""
        for row in rows:
            header = read_header(row.node.h)
            opened = row.node.opened
            content, attrs = (opened.content, opened.attrs) if opened else (b"", b"{}")
            prev = [self._seqs[name] for name in header.prev]
            seq = self.learn(
                row.node.s, header.kind, header.origin, prev, row.match, content, attrs
            )
            if header.kind is Kind.CALL:
                said = _read_call(content)
                self.learn_call(seq, header.about, said.placement.by, said.history)
                self.chains.learn(seq, said.context, self._seqs.__getitem__)
            elif header.kind is Kind.END:
                self.learn_end(seq, _read_end(content).outcome)
            self.last_time = max(self.last_time, header.time)


class _Placement(msgspec.Struct):
    by: By


class _CallContent(msgspec.Struct):
    context: Claims
    placement: _Placement
    history: list[HistoryEntry]


class _EndContent(msgspec.Struct):
    outcome: CallOutcome


# What was written here needs no second check, and most of it is not asked for.
_read_call = msgspec.json.Decoder(_CallContent).decode
_read_end = msgspec.json.Decoder(_EndContent).decode
# Nothing in their attrs counts here.
_SAYING_NOTHING = (Kind.CALL, Kind.END, Kind.FLAG, Kind.CHECKPOINT, Kind.SEAL)
# Everything in a transcript's node but content, attrs and `prev`, escaped.
_NODE_BYTES = 1000
_CONTROLS = bytes(range(0x20))


def _written(raw: bytes) -> int:
    """Say how many bytes of a transcript these take at most, escaped or in base64url."""
    controls = len(raw) - len(raw.translate(None, _CONTROLS))
    return len(raw) * 4 // 3 + 5 * controls + raw.count(b'"') + raw.count(b"\\")
