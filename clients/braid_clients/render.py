"""A braid drawn for reading: a line a node, side strands indented where they split.

Draws what stands there and checks nothing. The strand that goes on longest keeps its column,
so the indentation of a braid of n nodes is at most log2 n.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from braid.node import Kind, Origin
from braid.transcript import StoredNode
from braid_clients.glimpse import Glimpse, glimpse
from braid_clients.visible import fit, only_ascii, visible
from braid_clients.wording import counted

MIN_WIDTH = 40
_REMEMBERED = 256  # contents in which a flag can still show what it points at
_QUOTED = 200
_ASIDE = frozenset({Kind.PARAMS, Kind.FLAG, Kind.ANNOTATION, Kind.GAP})
_STYLES = {
    Origin.CLIENT: "cyan",
    Origin.PROVIDER: "green",
    Origin.PROXY: "bright_black",
    Origin.MONITOR: "magenta",
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """How to draw: the width of a line in cells, and whether only ASCII may be used."""

    width: int = 100
    ascii: bool = False

    @property
    def rails(self) -> tuple[str, str, str]:
        """Give what leads a side strand in, what runs beside it, and what ends a cut line."""
        return ("+-", "| ", "...") if self.ascii else ("├─", "│ ", "…")


class _Braid:
    """All nodes at a glance, with the strands their `prev[0]` make; a seal is on none."""

    def __init__(self, nodes: Iterable[StoredNode]) -> None:
        self.nodes: list[Glimpse] = []
        self.at: dict[str, int] = {}
        self.children: list[list[int]] = []
        self.roots: list[int] = []
        parents: list[int | None] = []
        self.flagged: dict[int, list[tuple[int, int]]] = {}
        self._quotes: dict[int, str] = {}
        said: dict[str, str] = {}
        for index, node in enumerate(nodes):
            seen = glimpse(node)
            self.nodes.append(seen)
            self._flags(index, node, said)
            self.children.append([])
            prev = seen.header.prev if seen.header is not None else ()
            # A seal closes every strand: it stands on its own, not on the first it names.
            sealing = seen.header is not None and seen.header.kind is Kind.SEAL
            parent = self.at.get(prev[0]) if prev and not sealing else None
            parents.append(parent)
            (self.roots if parent is None else self.children[parent]).append(index)
            self.at.setdefault(node.s, index)
        # A predecessor always stands before, so one pass from the end counts every strand.
        self.size = [1] * len(self.nodes)
        for index in range(len(parents) - 1, -1, -1):
            parent = parents[index]
            if parent is not None:
                self.size[parent] += self.size[index]
        self._calls(parents)

    def _flags(self, index: int, node: StoredNode, said: dict[str, str]) -> None:
        """Note what a flag points at; `said` has the latest contents that one may be about."""
        seen = self.nodes[index]
        if seen.shown is not None and node.opened is not None:
            said[node.s] = node.opened.content.decode("utf-8", "replace")
            if len(said) > _REMEMBERED:
                del said[next(iter(said))]
        if seen.flag is None or seen.flag.finding is None or seen.header is None:
            return
        finding = seen.flag.finding
        for name in seen.header.about[:1]:
            if name in self.at:
                self.flagged.setdefault(self.at[name], []).append((finding.start, finding.end))
            words = said.get(name, "")[finding.start : min(finding.end, finding.start + _QUOTED)]
            self._quotes[index] = visible(words.strip())

    def underlined(self, index: int) -> list[tuple[int, int]]:
        """Give what of a node's words a flag points at, in characters of the words."""
        seen = self.nodes[index]
        if index in self._quotes:
            return [(len(self.words(index)) - len(self._quotes[index]), len(self.words(index)))]
        if seen.shown is None:
            return []
        return [(seen.shown.at(a), seen.shown.at(b)) for a, b in self.flagged.get(index, ())]

    def _calls(self, parents: list[int | None]) -> None:
        """Find the end of each call, and what each call says elsewhere (SPEC §4.4, §4.6)."""
        self.outcome: dict[int, str] = {}
        owner: list[int | None] = []
        for index, parent in enumerate(parents):
            header = self.nodes[index].header
            owned = owner[parent] if parent is not None else None
            if header is None or header.kind is Kind.CALL:
                owner.append(None if header is None else index)
            elif header.origin is Origin.PROVIDER or header.kind is Kind.CHECKPOINT:
                owner.append(owned)
            else:
                owner.append(None)
                if header.kind is Kind.END and owned is not None:
                    self.outcome.setdefault(owned, self.nodes[index].outcome)

    def walk(self) -> Iterator[tuple[int, int, bool]]:
        """Give (node, depth, begins a side strand), each strand whole before its parent goes on."""
        stack = [(index, 0, False) for index in reversed(self.roots)]
        while stack:
            index, depth, begins = stack.pop()
            yield index, depth, begins
            strands = []
            for child in self.children[index]:
                if self._is_aside(child):
                    yield child, depth, False
                else:
                    strands.append(child)
            if strands:
                longest = max(strands, key=lambda child: self.size[child])
                stack.append((longest, depth, False))
                stack += [(c, depth + 1, True) for c in reversed(strands) if c != longest]

    def _is_aside(self, index: int) -> bool:
        header = self.nodes[index].header
        return header is not None and header.kind in _ASIDE and not self.children[index]

    def words(self, index: int) -> str:
        seen = self.nodes[index]
        if quote := self._quotes.get(index):
            return f"{seen.words}: {quote}"
        if seen.header is None or seen.header.kind is not Kind.CALL:
            return seen.words
        models = (self.nodes[self.at[s]].model for s in seen.header.prev if s in self.at)
        model = next(filter(None, models), "")
        asked = " at ".join(filter(None, (model, seen.upstream)))
        return f"{asked}: {self.outcome.get(index, 'no end yet')}"

    def marks(self, index: int) -> list[str]:
        seen = self.nodes[index]
        marks = list(seen.marks)
        if seen.header is None:
            return marks
        kind, further = seen.header.kind, seen.header.prev[1:]
        if kind not in (Kind.CALL, Kind.SEAL) and further:
            names = self._seqs(further)
            marks.append(f"for {names}" if kind is Kind.TOOL_RESULT else f"joins {names}")
        if seen.header.about and kind is not Kind.CALL:
            marks.append(f"about {self._seqs(seen.header.about)}")
        marks += [f"{link.rel} {link.braid[:12]}" for link in seen.header.link]
        return marks

    def _seqs(self, signatures: Iterable[str]) -> str:
        found = [self.at.get(signature) for signature in signatures]
        return ", ".join("?" if index is None else str(index) for index in found)


def draw(
    braid: str,
    nodes: Iterable[StoredNode],
    drawing: Drawing,
    is_closed: Callable[[], bool] = lambda: False,
) -> Iterator[Text]:
    """Draw a braid, a line at a time, each no wider than asked; never raises for odd nodes.

    `is_closed` is asked behind the last node: whether its root says that it ends there.
    """
    drawn = _Braid(nodes)
    calls = sum(seen.header is not None and seen.header.kind is Kind.CALL for seen in drawn.nodes)
    last = drawn.nodes[-1].header if drawn.nodes else None
    state = "closed" if is_closed() else "open"
    if last is not None and last.kind is Kind.SEAL:
        state = "sealed"
    size = f"{counted(len(drawn.nodes), 'node')}, {counted(calls, 'call')}, {state}"
    yield Text(f"braid {visible(braid)}", "bold") + Text(f"  {size}", "not bold")
    numbers = len(str(max(len(drawn.nodes) - 1, 0)))
    for index, depth, begins in drawn.walk():
        yield _line(drawn, index, depth, begins, numbers, drawing)


def _line(
    drawn: _Braid, index: int, depth: int, begins: bool, numbers: int, drawing: Drawing
) -> Text:
    leads, beside, more = drawing.rails
    header = drawn.nodes[index].header
    rails = beside * (depth - 1) + leads if begins else beside * depth
    kind, origin = (header.kind, header.origin) if header is not None else ("?", "?")
    words, marks = drawn.words(index), ", ".join(drawn.marks(index))
    spans = drawn.underlined(index)
    if drawing.ascii:
        spans = [(len(only_ascii(words[:a])), len(only_ascii(words[:b]))) for a, b in spans]
        words, marks = only_ascii(words), only_ascii(marks)
    before = f" {index:>{numbers}} {rails}"
    room = max(drawing.width, MIN_WIDTH)
    line = Text(before, "bright_black")
    style = _STYLES.get(header.origin, "") if header is not None else "red"
    named = f"{kind:<{max(11 - 2 * depth, len(kind))}} {origin:<8} "
    line.append(named, style)
    room -= cell_len(before) + cell_len(named)
    marks = fit(f"[{marks}]", max(room - 12, 12), more) if marks else ""
    words = fit(words, room - (cell_len(marks) + 2 if marks else 0), more)
    begin = len(line)
    line.append(words)
    for start, end in spans:
        if start < min(end, len(words)):
            line.stylize("underline", begin + start, begin + min(end, len(words)))
    if marks:
        line.append("  " if words else "", "").append(marks, "yellow")
    line.rstrip()
    return line
