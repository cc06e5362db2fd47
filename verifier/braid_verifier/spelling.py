"""The spellings of clients: when a block that came back says what another said (SPEC §8.3).

Clients keep thinking without its signature or the signature without the thinking, trim text,
join or split texts, round large integers, make up ids of tool calls, and finish the input of a
call that broke off. All of that says the same. What says something else, by a letter or by the
white space within the provider's words (`spacing`), does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from braid.node import Kind
from braid.strict_json import Json, dumps
from braid.wire.block import Block
from braid_verifier.history import bare, canonical, content_of, doubles, read
from braid_verifier.results import gist
from braid_verifier.spacing import squeezed, trimmed

WORDS = (Kind.TEXT, Kind.THINKING, Kind.PROMPT, Kind.SYSTEM)
# How far texts are looked through for where one goes on that was cut otherwise.
_AHEAD = 32
# Seams between texts that one request may have looked beyond in vain; then only a few for each text.
_SEAMS = 50_000
_THINK_TAGS = re.compile(r"</?(?:think|thinking|reasoning|thought)>")
_SEARCH = "tool_search_call"
_OF_CLIENTS = ("function_call", "custom_tool_call")
_LISTING = "mcp_list_tools"


def letters(block: Block) -> str:
    """Give the letters of a text: by them it is found, however it is cut and spaced."""
    return squeezed(words(block))


def words(block: Block) -> str:
    """Give a text as it is written."""
    return block.content.decode("utf-8", "replace")


def says_nothing(block: Block) -> bool:
    """Tell a text or thought without a letter or a signature: whether it comes back is all one."""
    return (
        block.kind in WORDS
        and block.media == "text/plain"
        and not block.content.strip()
        and not block.attrs.get("signature")
    )


def loose(block: Block) -> bytes:
    """Give the same value for the spellings of one block by itself; differs where a word does."""
    if block.kind in (Kind.PROMPT, Kind.SYSTEM):
        return f"{block.kind} {letters(block)}".encode("utf-8", "surrogatepass")
    if block.kind is Kind.TEXT or (block.kind is Kind.THINKING and block.content):
        return f"{block.kind} {trimmed(words(block))}".encode("utf-8", "surrogatepass")
    if block.kind is Kind.TOOL_USE:
        name = block.attrs.get("name")
        return _written([str(block.kind), name if isinstance(name, str) else "", _given(block)])
    if block.kind is Kind.TOOL_RESULT:
        return _written([str(block.kind), gist(block)])
    if block.kind is Kind.MEDIA and (held := content_of(block)):
        return _written([str(block.kind), *held])
    return canonical(block)


def _written(value: Json) -> bytes:
    return dumps(value).encode("utf-8", "surrogatepass")


def _given(block: Block) -> Json:
    """Give the input of a call with numbers as JavaScript holds them, also where it is in a string."""
    value = read(block.content)
    return doubles(_without_nulls(value) if _is_native(block) else value)


def _is_native(block: Block) -> bool:
    """Tell whether a tool is the provider's own, so that its SDK knows what it is called with."""
    kind = block.attrs.get("type")
    return isinstance(kind, str) and kind.endswith("_call") and kind not in _OF_CLIENTS


def _without_nulls(value: Json) -> Json:
    """Drop members that are null: SDKs write those that did not come."""
    if isinstance(value, dict):
        return {
            name: _without_nulls(member) for name, member in value.items() if member is not None
        }
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def same_thought(ours: Block, theirs: Block) -> bool | None:
    """Tell whether two thoughts say the same; None for other words under one signature."""
    mine, its = signature_of(ours), signature_of(theirs)
    said, came = trimmed(words(ours)), trimmed(words(theirs))
    if mine and mine == its:
        # Words under the signature of a thought that came without any are the client's own.
        return True if said == came or not came else None
    return bool(said) and said == came and not (mine and its)


def signature_of(block: Block) -> str:
    """Give a provider's signature in one spelling; nothing where there is none."""
    signature = block.attrs.get("signature")
    return bare(signature) if isinstance(signature, str) else ""


def same_call(ours: Block, theirs: Block) -> bool:
    """Tell whether two tool calls ask the same, whatever their ids."""
    if ours.attrs.get("type") == _SEARCH:
        # Clients call the tool that looks for tools, and what it is given, by names of their own.
        return list(_leaves(read(ours.content))) == list(_leaves(read(theirs.content)))
    if ours.attrs.get("name") != theirs.attrs.get("name"):
        return False
    said = read(ours.content)
    # A client reads an input that broke off as far as it goes, and sends back what it read.
    if isinstance(said, list) and said[:1] == ["unreadable"]:
        written = ours.content.decode("utf-8", "replace")
        return all(word in written for word in _words(read(theirs.content)))
    return _written(_given(ours)) == _written(_given(theirs))


def same_content(ours: Block, theirs: Block) -> bool:
    """Tell of the same binary content whether the same is told of it; formats call that otherwise."""
    forms = [(one.attrs.get("provider"), one.attrs.get("type")) for one in (ours, theirs)]
    return forms[0] != forms[1] or canonical(ours) == canonical(theirs)


def _leaves(value: Json) -> Iterator[Json]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, dict):
        for member in value.values():
            yield from _leaves(member)
    elif value is not None:
        yield value


def _words(value: Json) -> Iterator[str]:
    """Give the names and values of an input as they are written."""
    if isinstance(value, list):
        for item in value:
            yield from _words(item)
    elif isinstance(value, dict):
        for name, member in value.items():
            yield dumps(name)[1:-1]
            yield from _words(member)
    elif value is not None:
        written = dumps(value)
        yield written[1:-1] if isinstance(value, str) else written


def is_emptied(ours: Block | None, theirs: Block) -> bool:
    """Tell whether the tools are gone from a server's list of them, and nothing else."""
    if ours is None or ours.attrs.get("type") != _LISTING or theirs.attrs.get("type") != _LISTING:
        return False
    said, came = read(ours.content), read(theirs.content)
    if not isinstance(said, dict) or not isinstance(came, dict) or came.get("tools"):
        return False
    return all(_written(said.get(name)) == _written(came[name]) for name in came if name != "tools")


def likeness(ours: Block, theirs: Block) -> float:
    """Say how alike two texts are, from 0 to 1: by how they begin and end, or by their words."""
    said, came = ours.content, theirs.content
    longest = max(len(said), len(came))
    if not longest:
        return 1.0
    most = min(len(said), len(came))
    begins = _shared(said, came, most)
    ends = _shared(said[::-1], came[::-1], most - begins)
    words, others = set(said.split()), set(came.split())
    common = len(words & others) / max(len(words | others), 1)
    return max((begins + ends) / longest, common)


def _shared(one: bytes, other: bytes, most: int) -> int:
    """Count the bytes that both begin with."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def untagged(text: str) -> list[str]:
    """Take reasoning that was resent as text apart at its tags."""
    return _THINK_TAGS.split(text)


@dataclass(frozen=True, slots=True)
class Run:
    """Texts that say the same together, as ranges: ours and theirs."""

    ours: range
    theirs: range


def lay_runs(
    ours: Sequence[str], theirs: Sequence[str], fits: Callable[[Run], bool] = lambda run: True
) -> Iterator[Run]:
    """Find the texts that say the same and fit, one by one or cut otherwise, in order."""
    i = j = 0
    left = _SEAMS
    while i < len(ours) and j < len(theirs):
        for n in range(i, min(len(ours), i + _AHEAD)):
            end, seams = _ends(ours, theirs, n, j, max(left, _AHEAD))
            if end is not None and fits(run := Run(range(n, end[0]), range(j, end[1]))):
                yield run
                i, j = end
                break
            left -= seams
        else:
            j += 1


def _ends(
    ours: Sequence[str], theirs: Sequence[str], i: int, j: int, most: int
) -> tuple[tuple[int, int] | None, int]:
    """Say where two runs of texts that begin here end together, and how many seams were crossed.

    None for the place if they say other things, or are cut more than `most` times.
    """
    mine, its = ours[i], theirs[j]
    at = by = 0
    for seams in range(most):
        shared = min(len(mine) - at, len(its) - by)
        if mine[at : at + shared] != its[by : by + shared]:
            return None, seams
        at, by = at + shared, by + shared
        if at == len(mine) and by == len(its):
            return (i + 1, j + 1), seams
        if at == len(mine):
            i, at = i + 1, 0
            if i == len(ours):
                return None, seams
            mine = ours[i]
        else:
            j, by = j + 1, 0
            if j == len(theirs):
                return None, seams
            its = theirs[j]
    return None, most
