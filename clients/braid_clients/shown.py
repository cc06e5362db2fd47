"""What a call showed its model, and what of it is not as the call before had it: for reading.

Rebuilt from the signed chains alone; says what stands there and checks nothing.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from msgspec import UNSET
from rich.text import Text

from braid.call import ORDINARY_HISTORY, HistoryEntry
from braid.context import ContextList
from braid_clients.glimpse import glimpse
from braid_clients.render import MIN_WIDTH, Drawing
from braid_clients.visible import fit, only_ascii, visible
from braid_clients.wording import counted
from braid_verifier.opened import OpenedBraid, OpenedCall

_NAMES = {
    ContextList.TOOLS: "tools",
    ContextList.SYSTEM: "system",
    ContextList.MESSAGES: "messages",
}
_WORDS = re.compile(rb"\s+|\w+|[^\w\s]")
# Of a text that was changed here and there, so much of what was not is shown around.
_AROUND = 6


def context_lines(braid: OpenedBraid, call: OpenedCall, drawing: Drawing) -> Iterator[Text]:
    """Give a line for each block a model was shown, in the order it read them."""
    whole = "partly known: it saw more than was recorded" if call.partial else "whole"
    if not call.fits:
        whole = "NOT what the chain says: its values do not fit"
    yield _head(call, f"was shown, {whole}")
    for name in ContextList:
        nodes = call.shown[name]
        yield Text(f" {_NAMES[name]}, {counted(len(nodes), 'node')}", "bold")
        for node in nodes:
            yield _line(braid, node, " ", drawing)


def changes_lines(braid: OpenedBraid, call: OpenedCall, drawing: Drawing) -> Iterator[Text]:
    """Say what a call showed that the one before did not, what it left out, and what was falsified."""
    before = braid.before(call)
    if before is None:
        yield _head(call, "begins a strand: there is no call before it")
    else:
        yield _head(call, f"against the call before it, node {before.position}")
    for name in ContextList:
        old: Sequence[int] = ()
        if before is not None:
            old = before.shown[name]
            if name is ContextList.MESSAGES:
                old = (*old, *before.answer)
        lines = list(_changed(braid, old, call.shown[name], drawing))
        if lines:
            yield Text(f" {_NAMES[name]}", "bold")
            yield from lines
    if call.history:
        yield Text(" history", "bold")
    for entry in call.history:
        yield from _entry(braid, entry, drawing)


def _head(call: OpenedCall, what: str) -> Text:
    return Text(f"call {visible(call.id)} (node {call.position}) ", "bold") + Text(what, "not bold")


def _changed(
    braid: OpenedBraid, old: Sequence[int], new: Sequence[int], drawing: Drawing
) -> Iterator[Text]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            continue
        for node in old[a:b]:
            yield _line(braid, node, "-", drawing)
        for node in new[c:d]:
            yield _line(braid, node, "+", drawing)


def _entry(braid: OpenedBraid, entry: HistoryEntry, drawing: Drawing) -> Iterator[Text]:
    said = [
        f"{word} {braid.places.get(named, '?')}"
        for word, named in (("node", entry.node), ("was", entry.was))
        if named is not UNSET
    ]
    if entry.more is not UNSET:
        said.append(f"and {entry.more} more")
    style = "" if entry.code in ORDINARY_HISTORY else "yellow"
    line = Text("   ").append(visible(entry.code), style)
    yield line.append(f"  {', '.join(said)}" if said else "")
    if entry.node is UNSET or entry.was is UNSET:
        return
    was, node = braid.places.get(entry.was), braid.places.get(entry.node)
    if was is not None and node is not None:
        yield from _difference(braid, was, node, drawing)


def _difference(braid: OpenedBraid, was: int, node: int, drawing: Drawing) -> Iterator[Text]:
    """Show two versions word by word: what was taken out, and what was put in."""
    old, new = braid.block(was), braid.block(node)
    if old is None or new is None:
        yield Text("     one of the two is erased")
        return
    before, after = _WORDS.findall(old.content[:20_000]), _WORDS.findall(new.content[:20_000])
    line = Text("     ")
    out, into = ("[-", "-]"), ("{+", "+}")
    for what, a, b, c, d in difflib.SequenceMatcher(None, before, after).get_opcodes():
        if what == "equal":
            same = before[a:b]
            if len(same) > 2 * _AROUND:
                gap = [b" ... " if drawing.ascii else " … ".encode()]
                same = same[:_AROUND] + gap + same[-_AROUND:]
            line.append(_shown(same, drawing))
            continue
        if b > a:
            line.append(f"{out[0]}{_shown(before[a:b], drawing)}{out[1]}", "red")
        if d > c:
            line.append(f"{into[0]}{_shown(after[c:d], drawing)}{into[1]}", "green")
    if old.attrs.get("signature") != new.attrs.get("signature"):
        line.append(" (its provider signature differs)", "yellow")
    yield line


def _shown(words: Sequence[bytes], drawing: Drawing) -> str:
    text = visible(b"".join(words).decode("utf-8", "replace"))
    return only_ascii(text) if drawing.ascii else text


def _line(braid: OpenedBraid, node: int, sign: str, drawing: Drawing) -> Text:
    seen = glimpse(braid.stored[node])
    kind, origin = ("?", "?") if seen.header is None else (seen.header.kind, seen.header.origin)
    before = f" {sign} {node:>5} {kind:<11} {origin:<8} "
    marks = f"  [{', '.join(seen.marks)}]" if seen.marks else ""
    words, rest = seen.words, marks
    if drawing.ascii:
        words, rest = only_ascii(words), only_ascii(rest)
    room = max(drawing.width, MIN_WIDTH) - len(before) - len(rest)
    more = "..." if drawing.ascii else "…"
    style = {"-": "red", "+": "green"}.get(sign, "")
    return Text(before, style).append(fit(words, max(room, 12), more)).append(rest, "yellow")
