"""What goes with words that are erased, so that nothing kept allows guessing them (SPEC §5.5).

Pure: which nodes of a braid lose their words and which calls and ends their body salts. Whoever
holds the braid, as a file or in a store, then drops them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from braid import strict_json
from braid.call import Step, context_of, parse_call
from braid.context import CHAIN_START, ContextList, extend
from braid.encoding import decode
from braid.errors import Malformed
from braid.node import NEVER_ERASED, Header, Kind, Origin, read_header
from braid.strict_json import Json
from braid.transcript import Opened, StoredNode

Chosen = Callable[[int, Header, StoredNode], bool]
_SOURCE = "import_source"  # SPEC §8.5: holds a digest of words


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is to be dropped, by position; `kept` are nodes that were chosen and are never erased.

    `nodes` lose salt, content and attrs; `bsalts` lose their body salt. Only what is there to be
    dropped is named.
    """

    nodes: dict[int, str]  # position to signature
    bsalts: frozenset[int]
    kept: tuple[int, ...]

    def apply(self, index: int, node: StoredNode) -> StoredNode:
        """Give the node at a position as it is after the erasure."""
        if index in self.nodes:
            return StoredNode(node.h, node.s, None)
        if index in self.bsalts:
            return StoredNode(node.h, node.s, node.opened)
        return node


def plan(nodes: Iterable[StoredNode], chosen: Chosen) -> Erasure:
    """Plan the erasure of the chosen nodes of a whole braid that verifies.

    With a node go the other parts of its block, every node that is another spelling of it,
    and flags and annotations about it; with any node the digest of a file it was imported
    from. Of each call that shows a node, whose parameters it is or in whose answer it stands goes
    what is beside the answer's blocks: echoes, and what is of kind `other` and in no context. The
    body salt goes of each call that shows a node or whose parameters it is, of the ends of these
    calls, and of the end of the answer it is in. Raises Malformed for nodes that would not verify.
    """
    planner = _Planner(chosen)
    for index, node in enumerate(nodes):
        planner.take(index, node)
    return planner.erasure()


def texts(opened: Opened) -> Iterator[str]:
    """Give what a node says, content and attrs, as it stands and with escapes of JSON undone."""
    for raw in (opened.content, opened.attrs):
        text = raw.decode("utf-8", "replace")
        yield text
        if "\\" in text:
            try:
                yield from _strings(strict_json.loads(text, "text"))
            except Malformed:
                continue


def _strings(value: Json) -> Iterator[str]:
    todo = [value]
    while todo:
        here = todo.pop()
        if isinstance(here, str):
            yield here
        elif isinstance(here, list):
            todo += here
        elif isinstance(here, dict):
            yield from here
            todo += here.values()


class _Planner:
    """Remembers of each node what it hangs together with, and none of its words."""

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen
        self._places: dict[str, int] = {}
        self._same: list[int] = []  # towards the first node that says the same, or another part
        self._picked: set[int] = set()
        self._kinds: list[Kind] = []
        self._prev: list[tuple[int, ...]] = []
        self._owner: list[int | None] = []  # the call of an answer's node, and of an end
        self._beside: dict[int, int] = {}  # what may repeat a request or an answer, to its call
        self._shown: set[int] = set()  # in some context
        self._about: dict[int, tuple[int, ...]] = {}
        self._gone: set[int] = set()  # erased before
        self._salted: set[int] = set()
        self._sources: list[int] = []
        self._steps: list[tuple[int, ContextList, Step]] = []
        self._kept: list[int] = []
        self._signatures: list[str] = []

    def take(self, index: int, node: StoredNode) -> None:
        header = read_header(node.h)
        at = tuple(self._places[name] for name in header.prev)
        self._places[node.s] = index
        self._signatures.append(node.s)
        self._same.append(index)
        self._kinds.append(header.kind)
        self._prev.append(at)
        self._owner.append(self._owner_of(index, header, at))
        if (call := self._call_beside(index, header, at)) is not None:
            self._beside[index] = call
        if header.about:
            self._about[index] = tuple(self._places[name] for name in header.about)
        if node.bsalt is not None:
            self._salted.add(index)
        if node.opened is None:
            self._gone.add(index)
        else:
            self._read(index, header, node.opened, at)
        if self._chosen(index, header, node):
            if header.kind in NEVER_ERASED:
                self._kept.append(index)
            elif node.opened is not None:
                self._picked.add(index)

    def _owner_of(self, index: int, header: Header, at: tuple[int, ...]) -> int | None:
        if header.kind is Kind.CALL:
            return index
        inside = header.origin is Origin.PROVIDER or header.kind in (Kind.END, Kind.CHECKPOINT)
        return self._owner[at[0]] if inside and at else None

    def _call_beside(self, index: int, header: Header, at: tuple[int, ...]) -> int | None:
        """Give the call of a node that may stand beside the blocks of its answer."""
        if header.kind is not Kind.OTHER or not at:
            return None
        if header.origin is Origin.PROVIDER:
            return self._owner[index]
        # An echo hangs on the call, its further parts on one another (SPEC §4.4).
        return at[0] if self._kinds[at[0]] is Kind.CALL else self._beside.get(at[0])

    def _read(self, index: int, header: Header, opened: Opened, at: tuple[int, ...]) -> None:
        if header.kind is Kind.CALL:
            context = context_of(parse_call(opened.content).context)
            for name, step in (
                (ContextList.TOOLS, context.tools),
                (ContextList.SYSTEM, context.system),
                (ContextList.MESSAGES, context.messages),
            ):
                self._steps.append((index, name, step))
                self._shown.update(self._places[signature] for signature in step.add)
            return
        attrs = strict_json.read_object(opened.attrs, "attrs")
        part, original = attrs.get("part"), attrs.get("variant_of")
        if isinstance(part, int) and part > 1 and at:
            self._join(index, at[0])
        if isinstance(original, str) and original in self._places:
            self._join(index, self._places[original])
        if attrs.get("type") == _SOURCE:
            self._sources.append(index)

    def _first(self, index: int) -> int:
        while self._same[index] != index:
            self._same[index] = self._same[self._same[index]]
            index = self._same[index]
        return index

    def _join(self, one: int, other: int) -> None:
        self._same[self._first(one)] = self._first(other)

    def erasure(self) -> Erasure:
        picked = {self._first(index) for index in self._picked}
        going = {
            index
            for index in range(len(self._kinds))
            if self._first(index) in picked and self._kinds[index] not in NEVER_ERASED
        }
        calls = self._calls_that_held(going | self._gone)
        # An answer may repeat its request, and its own words by tokens, which no search would find.
        shown = {self._first(index) for index in self._shown}
        going.update(
            index
            for index, call in self._beside.items()
            if call in calls and self._first(index) not in shown
        )
        for index, about in self._about.items():
            if self._kinds[index] is not Kind.CALL and going.intersection(about):
                going.add(index)
        if going:
            going.update(self._sources)
        ends = {
            index
            for index, owner in enumerate(self._owner)
            if self._kinds[index] is Kind.END and owner in calls
        }
        held = self._calls_that_show(going | self._gone)
        return Erasure(
            {index: self._signatures[index] for index in sorted(going - self._gone)},
            frozenset((held | ends) & self._salted),
            tuple(self._kept),
        )

    def _calls_that_held(self, erased: set[int]) -> set[int]:
        """Give the calls whose request or answer held an erased node."""
        answers = {owner for index in erased if (owner := self._owner[index]) is not None}
        return answers | self._calls_that_show(erased)

    def _calls_that_show(self, erased: set[int]) -> set[int]:
        found = {
            index
            for index, kind in enumerate(self._kinds)
            if kind is Kind.CALL and erased.intersection(self._prev[index])
        }
        reached: dict[ContextList, dict[bytes, bool]] = {
            name: {start: False} for name, start in CHAIN_START.items()
        }
        for call, name, step in self._steps:
            value = decode(step.start, "from", 32)
            shows = reached[name].get(value, True)
            for signature in step.add:
                value = extend(value, decode(signature, "add", 64))
                shows = shows or self._places[signature] in erased
                reached[name][value] = shows
            if shows:
                found.add(call)
        return found
