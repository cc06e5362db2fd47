"""System texts and tools: what of them changed from one call to the next (SPEC §8.4)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from braid.call import History
from braid.wire.block import Block
from braid_verifier import spelling
from braid_verifier.clock import Clock, read_clock, went_on
from braid_verifier.history import is_billing
from braid_verifier.translating import is_translation

# Of texts that differ in nothing but their clocks, how many are looked at.
_NEAR = 32


class Defined(NamedTuple):
    """A system text or tool in a context, and the value it is recognised by."""

    node: int
    match: bytes


class Change(NamedTuple):
    """What changed: the node now, and the one before."""

    code: History
    node: int | None = None
    was: int | None = None


Read = Callable[[int], Block | None]


def departures(
    call: int, left: int | None, compare: Callable[[int], tuple[list[Change], bool]], held: bool
) -> list[Change]:
    """Say what of the definitions is not as the call before had it, or that the request is aside.

    left     the call that the conversation was left at, where the call before was aside.
    compare  gives what is not as a call had it, and whether that is aside (`is_aside`).
    held     the request goes on from an answer that the provider holds, and is not aside.
    """
    changes, aside = compare(call)
    if left is None:
        return [Change(History.ASIDE, None, call)] if aside and not held else changes
    since, aside = compare(left)
    if aside:
        return [Change(History.ASIDE, None, left), *changes]
    # With the conversation's tools it goes on with it: by now not under others' instructions.
    return changes if any(one.code is History.SYSTEM_CHANGED for one in changes) else since


def tool_changes(before: Sequence[Defined], after: Sequence[Defined], read: Read) -> list[Change]:
    """Say which tools were added, removed or reworded, by their names."""
    gone, come = _differences(before, after)
    if not gone and not come:
        same = [one.match for one in before] == [one.match for one in after]
        return [] if same else [Change(History.TOOLS_REORDERED)]
    changes: list[Change] = []
    left = {one.node: _name(read(one.node)) for one in gone}
    for one in come:
        name = _name(read(one.node))
        was = next((node for node, other in left.items() if other == name and name), None)
        if was is None:
            changes.append(Change(History.TOOL_ADDED, one.node))
        else:
            del left[was]
            ours, theirs = read(was), read(one.node)
            if ours is None or theirs is None or not is_translation(ours, theirs):
                changes.append(Change(History.TOOL_REWORDED, one.node, was))
            elif not any(change.code is History.VARIANT for change in changes):
                changes.append(Change(History.VARIANT))
    return changes + [Change(History.TOOL_REMOVED, None, node) for node in left]


def system_changes(before: Sequence[Defined], after: Sequence[Defined], read: Read) -> list[Change]:
    """Say which system texts are not as they were; what changes with every request is named so."""
    gone, come = _differences(before, after)
    if not gone and not come:
        same = [one.match for one in before] == [one.match for one in after]
        return [] if same else [Change(History.SYSTEM_CHANGED)]
    ours = [(one.node, read(one.node)) for one in gone]
    theirs = [(one.node, read(one.node)) for one in come]
    billed = [pair for pair in (*ours, *theirs) if _is_billing(pair[1])]
    ours = [pair for pair in ours if not _is_billing(pair[1])]
    theirs = [pair for pair in theirs if not _is_billing(pair[1])]
    if _letters(ours) == _letters(theirs):
        # The same words, perhaps cut otherwise.
        return [Change(History.BILLING_CHANGED)] if billed else []
    return list(_pairs(ours, theirs))


def is_aside(
    tools: Sequence[Defined], system: Sequence[Defined], changes: Sequence[Change], read: Read
) -> bool:
    """Tell whether a request asks something beside the conversation, and does not go on with it.

    None of the tools that the conversation has are left, and none of the texts that instruct it:
    Gemini CLI has a classifier choose the model and a summary made of what was said.
    """
    gone = {change.was for change in changes if change.code is History.TOOL_REMOVED}
    dropped = {change.was for change in changes if change.code is History.SYSTEM_CHANGED}
    return (
        bool(tools)
        and bool(dropped)
        and gone.issuperset(one.node for one in tools)
        and all(one.node in dropped or _is_billing(read(one.node)) for one in system)
    )


def _pairs(
    ours: list[tuple[int, Block | None]], theirs: list[tuple[int, Block | None]]
) -> Iterator[Change]:
    left = OrderedDict((place, (node, _clock(block))) for place, (node, block) in enumerate(ours))
    dated: dict[str, OrderedDict[int, Clock]] = {}  # by what is left of a text without its clocks
    for place, (_, clock) in left.items():
        if clock is not None:
            dated.setdefault(clock.rest, OrderedDict())[place] = clock
    for node, block in theirs:
        now = _clock(block)
        alike: Mapping[int, Clock] = {} if now is None else dated.get(now.rest, {})
        earlier = next((at for at in islice(alike, _NEAR) if went_on(alike[at], now)), None)
        code = History.SYSTEM_CHANGED if earlier is None else History.CLOCK_CHANGED
        gone = next(iter(left), None) if earlier is None else earlier
        if gone is None:
            yield Change(code, node)
            continue
        was, clock = left.pop(gone)
        if clock is not None:
            del dated[clock.rest][gone]
        yield Change(code, node, was)
    for node, _ in left.values():
        yield Change(History.SYSTEM_CHANGED, None, node)


def _clock(block: Block | None) -> Clock | None:
    return None if block is None else read_clock(block)


def _differences(
    before: Sequence[Defined], after: Sequence[Defined]
) -> tuple[list[Defined], list[Defined]]:
    """Give what is only in the one and only in the other."""
    old, new = {one.match for one in before}, {one.match for one in after}
    return (
        [one for one in before if one.match not in new],
        [one for one in after if one.match not in old],
    )


def _name(block: Block | None) -> str:
    if block is None:
        return ""
    name = block.attrs.get("name") or block.attrs.get("type")
    return name if isinstance(name, str) else ""


def _is_billing(block: Block | None) -> bool:
    return block is not None and is_billing(block.kind, block.content)


def _letters(blocks: Sequence[tuple[int, Block | None]]) -> str:
    return "".join(spelling.letters(block) if block else "\0" for _, block in blocks)
