"""Recognising history that came back in other words: the looser tiers (SPEC §8.3).

Clients drop text beside a tool call, keep thinking without its signature or the signature
without the thinking, trim text, space JSON in text anew, join or split texts, round large
integers, and finish the input of a tool call that broke off. All of that is recognised by
place, between blocks that came back as they were; anything that says something else is not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from braid.node import Kind
from braid.strict_json import Json, dumps
from braid.wire.block import Block
from braid_verifier.history import EXACT_INTEGERS, canonical, numbers, read

_LOOSE = (Kind.TEXT, Kind.THINKING)


@dataclass(frozen=True, slots=True)
class Resent:
    """What a block that came back is: `known` is an index, or a seq once placed.

    Not `exact` says that it is the same thing in another spelling.
    """

    known: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Recognised:
    """What came back.

    blocks  for each resent block which known one it is, or None.
    used    the known ones that came back, also those joined to others.
    elided  known ones that say something were left out.
    """

    blocks: tuple[Resent | None, ...]
    used: frozenset[int]
    elided: bool


def anchor(kind: Kind, match: bytes, name: object) -> bytes | None:
    """Give what a block is recognised by if words may differ; None for one that may be missing.

    `match` stands for all that the block says, `name` is the provider's id of a tool call.
    """
    if kind in _LOOSE:
        return None
    if kind in (Kind.TOOL_USE, Kind.TOOL_RESULT) and isinstance(name, str) and name:
        return hashlib.sha256(f"{kind} {name}".encode("utf-8", "surrogatepass")).digest()
    return match


def recognise(known: Sequence[Block], resent: Sequence[Block]) -> Recognised:
    """Say of each resent block which known one it is.

    Where the two lists differ in anything but what may be missing, nothing is recognised.
    """
    ours, theirs = list(_strands(known)), list(_strands(resent))
    names = [[here.anchor for here in strand if here.anchor] for strand in (ours, theirs)]
    if names[0] != names[1]:
        return Recognised((None,) * len(resent), frozenset(), elided=False)
    found: dict[int, Resent | None] = {}
    used: set[int] = set()
    for mine, back in zip(_runs(ours), _runs(theirs), strict=True):
        for laid in _lay_run(mine.loose, back.loose):
            found |= laid.found
            used |= laid.used
        if mine.end is not None and back.end is not None:
            found[back.end.place] = _lay_anchor(mine.end, back.end)
            used.add(mine.end.place)
    return Recognised(
        tuple(found.get(place) for place in range(len(resent))),
        frozenset(used),
        any(here.place not in used and _says(here.block) for here in ours),
    )


def _says(block: Block) -> bool:
    return block.kind is Kind.THINKING or bool(_squeeze(block))


@dataclass(frozen=True, slots=True)
class _Here:
    place: int
    block: Block
    form: bytes
    anchor: bytes | None


@dataclass(frozen=True, slots=True)
class _Run:
    """Blocks that may be missing, and the one after them that may not."""

    loose: tuple[_Here, ...]
    end: _Here | None


def _strands(blocks: Sequence[Block]) -> Iterator[_Here]:
    for place, block in enumerate(blocks):
        form = canonical(block)
        name = block.attrs.get("id" if block.kind is Kind.TOOL_USE else "tool_use_id")
        if block.kind is Kind.PROMPT and not block.content:
            yield _Here(place, block, form, None)
        else:
            yield _Here(place, block, form, anchor(block.kind, form, name))


def _runs(strand: Sequence[_Here]) -> Iterator[_Run]:
    loose: list[_Here] = []
    for here in strand:
        if here.anchor is None:
            loose.append(here)
        else:
            yield _Run(tuple(loose), here)
            loose = []
    yield _Run(tuple(loose), None)


def _lay_anchor(mine: _Here, back: _Here) -> Resent | None:
    if mine.form == back.form:
        return Resent(mine.place, exact=True)
    if mine.block.kind is not Kind.TOOL_USE or back.block.kind is not Kind.TOOL_USE:
        return None
    if mine.block.attrs.get("name") != back.block.attrs.get("name"):
        return None
    said, came = read(mine.block.content), read(back.block.content)
    # A client reads an input that broke off as far as it goes, and sends back what it read.
    unfinished = isinstance(said, list) and said[:1] == ["unreadable"]
    if unfinished or dumps(_doubles(said)) == dumps(_doubles(came)):
        return Resent(mine.place, exact=False)
    return None


def _lay_run(ours: Sequence[_Here], theirs: Sequence[_Here]) -> Iterator[_Laid]:
    """Lay what stands between two anchors, one kind after the other."""
    for kind in (Kind.THINKING, Kind.TEXT, Kind.PROMPT):
        mine = [here for here in ours if here.block.kind is kind]
        back = [here for here in theirs if here.block.kind is kind]
        yield (_lay_joined(mine, back) if kind is Kind.TEXT else None) or _lay_each(mine, back)


@dataclass(frozen=True, slots=True)
class _Laid:
    found: dict[int, Resent | None]
    used: frozenset[int]


def _lay_each(ours: Sequence[_Here], theirs: Sequence[_Here]) -> _Laid:
    """Pair blocks one by one, in order; ours may be left out."""
    found: dict[int, Resent | None] = {}
    used: set[int] = set()
    at = 0
    for back in theirs:
        same = next((n for n in range(at, len(ours)) if _alike(ours[n], back)), None)
        found[back.place] = None
        if same is not None:
            mine = ours[same]
            found[back.place] = Resent(mine.place, exact=mine.form == back.form)
            used.add(mine.place)
            at = same + 1
    return _Laid(found, frozenset(used))


def _lay_joined(ours: Sequence[_Here], theirs: Sequence[_Here]) -> _Laid | None:
    """Pair texts that say the same together, however they are cut; None if they do not."""
    said = [_squeeze(here.block) for here in ours]
    came = [_squeeze(here.block) for here in theirs]
    if not theirs or "".join(said) != "".join(came):
        return None
    found: dict[int, Resent | None] = {}
    begins = 0
    exact: set[int] = set()
    for back, text in zip(theirs, came, strict=True):
        here = found[back.place] = _at(ours, said, begins, back, exact)
        if here is not None and here.exact:
            exact.add(here.known)
        begins += len(text)
    return _Laid(found, frozenset(here.place for here in ours))


def _at(
    ours: Sequence[_Here], said: Sequence[str], begins: int, back: _Here, taken: set[int]
) -> Resent | None:
    """Find our text that this one of theirs is, or else the one that has most of its letters."""
    ends = begins + len(_squeeze(back.block))
    starts, most, holds = 0, 0, None
    for mine, text in zip(ours, said, strict=True):
        if starts == begins and mine.form == back.form and mine.place not in taken:
            return Resent(mine.place, exact=True)
        shared = min(ends, starts + len(text)) - max(begins, starts)
        if shared > most:
            most, holds = shared, mine
        starts += len(text)
    return None if holds is None else Resent(holds.place, exact=False)


def _alike(mine: _Here, back: _Here) -> bool:
    if mine.form == back.form:
        return True
    said, came = _squeeze(mine.block), _squeeze(back.block)
    if mine.block.kind is not Kind.THINKING:
        return said == came and mine.block.kind is not Kind.PROMPT
    ours, theirs = mine.block.attrs.get("signature"), back.block.attrs.get("signature")
    if ours and ours == theirs:
        # Words under the signature of a thought that came without any are the client's own.
        return said == came or not came
    return bool(said) and said == came and not (ours and theirs)


def _squeeze(block: Block) -> str:
    """Give the letters of a text: trimming, joining and spacing JSON anew leave them alone."""
    return "".join(block.content.decode("utf-8", "replace").split())


def _doubles(value: Json) -> Json:
    """Give numbers as JavaScript holds them."""
    if isinstance(value, dict):
        return {name: _doubles(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_doubles(item) for item in value]
    if isinstance(value, int | float) and abs(value) >= EXACT_INTEGERS:
        return float(value)
    return numbers(value)
