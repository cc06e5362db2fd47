"""A transcript opened for reading: its blocks, its calls, and what each model was shown (SPEC §6.2).

Contexts are rebuilt from the signed chains alone. Nothing here is verified: that is `verify`'s job.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import msgspec
from msgspec import UNSET

from braid import strict_json
from braid.call import (
    REFUSED_HISTORY,
    By,
    CallContent,
    CallOutcome,
    History,
    HistoryEntry,
    Step,
    context_of,
    parse_call,
    parse_end,
)
from braid.context import CHAIN_START, ContextList, extend
from braid.encoding import decode, encode
from braid.errors import Malformed
from braid.node import BLOCKS, Header, Kind, Origin, read_header
from braid.strict_json import Json
from braid.transcript import StoredNode, TranscriptReader
from braid.wire.block import Block
from braid_verifier.history import canonical, is_spine


class OpenedNode(msgspec.Struct, frozen=True):
    """A node; `header` is None where it cannot be read, `attrs` and `block` where it is erased too.

    `parts` are the later nodes of the same block; of these `match` is None.
    """

    signature: str
    header: Header | None
    kind: Kind
    provided: bool
    match: bytes | None
    spine: bool
    follows: bool
    attrs: dict[str, Json] | None
    content: bytes | None
    owner: int | None


@dataclass(frozen=True, slots=True)
class OpenedCall:
    """A call: `shown` are positions of nodes, list by list; `fits` is False where a chain does not.

    before  position of the call whose end this goes on from, None for the first of a strand.
    """

    position: int
    id: str
    upstream: str
    by: By
    history: tuple[HistoryEntry, ...]
    shown: dict[ContextList, tuple[int, ...]]
    partial: bool
    fits: bool
    before: int | None
    answer: list[int] = field(default_factory=list)


class OpenedBraid:
    """All of a transcript in memory; implements `judgement.Memory` over positions of nodes.

    Raises Unreadable for what is no transcript.
    """

    def __init__(self, source: bytes | BinaryIO) -> None:
        self.nodes: list[OpenedNode] = []
        self.stored: list[StoredNode] = []
        self.calls: dict[int, OpenedCall] = {}
        self.ends: dict[int, int] = {}  # call to its end
        self.outcomes: dict[int, CallOutcome] = {}
        self.places: dict[str, int] = {}
        self.accused: dict[int, History] = {}  # nodes that a call said are false history
        self.left: dict[int, int] = {}  # call beside the conversation to the one it left
        self._said: dict[bytes, int] = {}
        self._called: dict[str, int] = {}
        self._reached: dict[ContextList, dict[bytes, tuple[bytes, int]]] = {
            name: {} for name in ContextList
        }
        reader = TranscriptReader(io.BytesIO(source) if isinstance(source, bytes) else source)
        self.braid = reader.braid
        for entry in reader:
            self._take(entry.node or StoredNode("", encode(entry.signature), None))

    def _take(self, stored: StoredNode) -> None:
        place = len(self.nodes)
        self.stored.append(stored)
        header: Header | None = None
        attrs: dict[str, Json] | None = None
        content = None if stored.opened is None else stored.opened.content
        try:
            header = read_header(stored.h)
            if stored.opened is not None:
                attrs = strict_json.read_object(stored.opened.attrs, "attrs")
        except Malformed:
            content = content if header is not None else None
        kind = Kind.OTHER if header is None else header.kind
        owner = self._owner(place, header)
        provided = header is not None and header.origin is Origin.PROVIDER
        follows = attrs is not None and attrs.get("part", 1) != 1
        block = _block(header, content, attrs)
        match = None
        if block is not None and not follows and kind in BLOCKS:
            match = hashlib.sha256(canonical(block)).digest()
        spine = kind in BLOCKS and (block is None or is_spine(block))
        node = OpenedNode(
            stored.s, header, kind, provided, match, spine, follows, attrs, content, owner
        )
        self.nodes.append(node)
        self.places.setdefault(stored.s, place)
        if provided and match is not None:
            self._said.setdefault(match, place)
            name = (attrs or {}).get("id")
            if kind is Kind.TOOL_USE and isinstance(name, str):
                self._called.setdefault(name, place)
        if kind is Kind.CALL and header is not None and content is not None:
            self._take_call(place, header, content)
        elif owner is not None and owner in self.calls:
            if kind is Kind.END:
                self.ends[owner] = place
                self._take_end(owner, content)
            elif _is_answer(node):
                self.calls[owner].answer.append(place)

    def _owner(self, place: int, header: Header | None) -> int | None:
        if header is None:
            return None
        if header.kind is Kind.CALL:
            return place
        if (header.origin is Origin.PROVIDER or header.kind is Kind.END) and header.prev:
            before = self.places.get(header.prev[0])
            return None if before is None else self.nodes[before].owner
        return None

    def _take_end(self, call: int, content: bytes | None) -> None:
        try:
            if content is not None:
                self.outcomes[call] = parse_end(content).outcome
        except Malformed:
            return

    def _take_call(self, place: int, header: Header, content: bytes) -> None:
        try:
            said = parse_call(content)
        except Malformed:
            return
        shown: dict[ContextList, tuple[int, ...]] = {}
        partial, fits = False, True
        try:
            context = context_of(said.context)
            partial = context.partial is not UNSET
            for name in ContextList:
                path, whole = self._follow(name, getattr(context, name))
                shown[name] = path
                fits = fits and whole
        except Malformed:
            fits = False
        for name in ContextList:
            shown.setdefault(name, ())
        self.calls[place] = self._call(place, header, said, shown, partial, fits)
        for entry in said.history:
            node = self.places.get(entry.node) if isinstance(entry.node, str) else None
            if node is not None and entry.code in REFUSED_HISTORY:
                self.accused.setdefault(node, History(entry.code))
            was = self.places.get(entry.was) if isinstance(entry.was, str) else None
            if entry.code == History.ASIDE and was in self.calls:
                self.left[place] = was

    def _call(
        self,
        place: int,
        header: Header,
        said: CallContent,
        shown: dict[ContextList, tuple[int, ...]],
        partial: bool,
        fits: bool,
    ) -> OpenedCall:
        return OpenedCall(
            place,
            said.id,
            said.upstream,
            said.placement.by,
            tuple(said.history),
            shown,
            partial,
            fits,
            self._before(header),
        )

    def _before(self, header: Header) -> int | None:
        """Find the call that this one goes on from: back over its own blocks to an end."""
        name = header.prev[0] if header.prev else None
        while name is not None and (place := self.places.get(name)) is not None:
            node = self.nodes[place]
            if node.owner is not None:
                return node.owner
            if node.header is None:
                return None
            name = node.header.prev[0] if node.header.prev else None
        return None

    def _follow(self, name: ContextList, step: Step) -> tuple[tuple[int, ...], bool]:
        """Rebuild a list from a chain, and say whether the chain fits."""
        reached, start = self._reached[name], CHAIN_START[name]
        value = decode(step.start, "from", 32)
        fits = value == start or value in reached
        added: list[int] = []
        first = value
        for signature in step.add:
            place = self.places.get(signature)
            if place is None:
                return tuple(added), False
            before, value = value, extend(value, decode(signature, "add", 64))
            reached.setdefault(value, (before, place))
            added.append(place)
        path: list[int] = []
        while first != start and first in reached:
            first, place = reached[first]
            path.append(place)
        return (*reversed(path), *added), fits and encode(value) == step.to

    # What judging asks.

    def known(self, node: int) -> OpenedNode:
        return self.nodes[node]

    def block(self, node: int) -> Block | None:
        """Give the block that begins at a node, its parts joined; None where it is erased."""
        first = self.nodes[node]
        block = _block(first.header, first.content, first.attrs)
        if block is None or first.attrs is None or "parts" not in first.attrs:
            return block
        content = [block.content]
        for part in self.nodes[node + 1 :]:
            if not part.follows:
                break
            # The last parts may hold what did not fit into attrs, and that is not content.
            if (part.attrs or {}).get("type") != "extra":
                content.append(part.content or b"")
        return Block(block.kind, block.origin, block.media, b"".join(content), block.attrs)

    def find(self, match: bytes) -> int | None:
        return self._said.get(match)

    def find_call(self, name: str) -> int | None:
        return self._called.get(name)

    def conversation(self, call: OpenedCall) -> list[int]:
        """Give the messages that a call showed and those that its answer added, block by block."""
        said = (*call.shown[ContextList.MESSAGES], *call.answer)
        return [place for place in said if not self.nodes[place].follows]

    def before(self, call: OpenedCall) -> OpenedCall | None:
        """Give the call that this one goes on from, or else the latest that showed some of the same."""
        if call.before is not None:
            return self.calls.get(call.before)
        shown = set(call.shown[ContextList.MESSAGES])
        for other in reversed(self.calls.values()):
            if other.position < call.position and not shown.isdisjoint(
                other.shown[ContextList.MESSAGES]
            ):
                return other
        return None

    def keeps(self, call: int | None) -> bool:
        """Tell whether a call's provider keeps what it answered, as far as its parameters are there."""
        header = None if call is None else self.nodes[call].header
        if header is None:
            return False
        before = (self.places.get(name) for name in header.prev)
        said = [self.nodes[n].content for n in before if n is not None and self._is_params(n)]
        try:
            asked = strict_json.read_object(said[0], "params") if said and said[0] else {}
        except Malformed:
            return True
        parameters = asked.get("parameters")
        return not isinstance(parameters, dict) or parameters.get("store") is not False

    def _is_params(self, place: int) -> bool:
        return self.nodes[place].kind is Kind.PARAMS

    def named(self, name: str) -> OpenedCall | None:
        """Find a call by its id, its position or the beginning of its signature."""
        for call in self.calls.values():
            if name in (call.id, str(call.position)):
                return call
        found = [
            c for c in self.calls.values() if self.nodes[c.position].signature.startswith(name)
        ]
        return found[0] if len(found) == 1 and len(name) >= 6 else None


def _is_answer(node: OpenedNode) -> bool:
    """Tell content from what an answer says beside it, which comes back in no request."""
    return node.provided and (
        node.follows or "index" in (node.attrs or {}) or node.kind in _CONTENT
    )


_CONTENT = (Kind.TEXT, Kind.THINKING, Kind.TOOL_USE, Kind.TOOL_RESULT, Kind.MEDIA)


def _block(
    header: Header | None, content: bytes | None, attrs: dict[str, Json] | None
) -> Block | None:
    if header is None or content is None or attrs is None:
        return None
    return Block(header.kind, header.origin, header.media, content, attrs)


def joined(call: OpenedCall, names: Sequence[ContextList] = tuple(ContextList)) -> list[int]:
    """Give everything a call showed, in the order a model reads it."""
    return [place for name in names for place in call.shown[name]]
