"""A whole response: its items, each once, and what it says around them."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from msgspec import Raw

from braid.node import Origin
from braid.wire.block import Block, Outcome
from braid.wire.native import Marks, Members
from braid.wire.openai.envelope import AnswerEnvelope
from braid.wire.openai.tool import hide_in
from braid.wire.openai_responses.conversation import name_of
from braid.wire.openai_responses.item import is_listed, read_item, type_of
from braid.wire.openai_responses.open_item import OpenItem
from braid.wire.raw_json import (
    is_object,
    join_items,
    join_members,
    read_members,
    read_word,
)

_DIFFERS = "the item that followed says otherwise"


class Response:
    """The items of an answer by place and by id, and its envelope.

    An item is told when it comes whole for the first time. Where it comes again with other
    values (the provider seals its reasoning anew each time), these stand beside the blocks.
    """

    __slots__ = ("_aliases", "_by_id", "_by_place", "_listed", "_variants", "envelope")

    def __init__(self) -> None:
        self.envelope = AnswerEnvelope("response")
        self._by_id: dict[str, Members] = {}
        self._by_place: dict[int, Members] = {}
        self._listed: list[Raw] = []
        self._variants: list[Raw] = []
        self._aliases: tuple[str, ...] = ()

    def update(self, members: Members) -> None:
        """Take over the members of a response, without its output."""
        self.envelope.update(members)
        name = name_of(members.get("conversation"))
        if name is not None:
            self._aliases = (name,)

    def take_item(self, place: int, raw: Raw, pieces: OpenItem) -> list[Block]:
        """Take an item that came whole, after its pieces."""
        return self._take(place, raw, pieces, self._known(place, raw), cut=False)

    def take_listed(
        self, place: int, raw: Raw, pieces: OpenItem | None = None, *, cut: bool = False
    ) -> list[Block]:
        """Take an item of a response that came whole; most are known."""
        known = self._known(place, raw)
        if known is None and (there := self._by_place.get(place)) is not None:
            # Some servers give an item another id each time they send it.
            known = there if type_of(there) == type_of(_members(raw)) else None
        return self._take(place, raw, pieces, known, cut=cut)

    def take_pieces(self, place: int, pieces: OpenItem) -> list[Block]:
        """Take an item whose end never came."""
        raw = pieces.close()
        if self._known(place, raw) is not None and not pieces.said:
            return []
        self._remember(place, raw)
        marks: Marks = {**self.envelope.mark(place), "cut": True}
        return list(_with_deltas(read_item(raw, Origin.PROVIDER, marks), pieces, cut=True))

    def tell(self, *, complete: bool, error: bool) -> tuple[list[Block], Outcome]:
        """Give the outcome, and as blocks what is in no item."""
        envelope = self.envelope
        status = envelope.word("status")
        reason = _reason(envelope.peek("incomplete_details")) or status
        if reason == status:
            envelope.pop("status")
        told, outcome = envelope.tell(
            complete=complete,
            error=error or status == "failed",
            stop_reason=reason,
            beside={"output": join_items(self._variants)} if self._variants else {},
            echoed={"output": join_items(self._listed)} if self._listed else {},
        )
        return told, replace(outcome, aliases=self._aliases)

    def _known(self, place: int, raw: Raw) -> Members | None:
        """Give the item that this one repeats."""
        members = _members(raw)
        name = read_word(members.get("id"))
        if name is not None:
            return self._by_id.get(name)
        there = self._by_place.get(place)
        return there if there is not None and type_of(there) == type_of(members) else None

    def _remember(self, place: int, raw: Raw) -> None:
        members = _members(raw)
        self._by_place[place] = members
        if (name := read_word(members.get("id"))) is not None:
            self._by_id[name] = members

    def _take(
        self, place: int, raw: Raw, pieces: OpenItem | None, known: Members | None, *, cut: bool
    ) -> list[Block]:
        members = _members(raw)
        marks = self.envelope.mark(place) | ({"cut": True} if cut else {})
        blocks: list[Block] = []
        if pieces is not None and pieces.contradicts(members):
            blocks += read_item(pieces.close(), Origin.PROVIDER, {**marks, "ambiguous": _DIFFERS})
        if known is not None:
            self._compare(known, members)
            return blocks
        self._remember(place, raw)
        if is_listed(members):
            self._listed.append(hide_in(raw))
        else:
            item = read_item(raw, Origin.PROVIDER, marks)
            blocks += _with_deltas(item, pieces, cut=False)
        return blocks

    def _compare(self, known: Members, members: Members) -> None:
        other = {
            name: value
            for name, value in members.items()
            if name not in known or not _is_equal(known[name], value)
        }
        if other:
            kept = {name: known[name] for name in ("id", "type") if name in known}
            self._variants.append(join_members({**kept, **other}))


def _members(raw: Raw) -> Members:
    return read_members(raw) if is_object(raw) else {}


def _with_deltas(
    blocks: tuple[Block, ...], pieces: OpenItem | None, *, cut: bool
) -> tuple[Block, ...]:
    rest = [] if pieces is None else pieces.rest(cut=cut)
    if not rest:
        return blocks
    extra = blocks[0].attrs.get("extra", {})
    assert isinstance(extra, dict)
    attrs = {**blocks[0].attrs, "extra": {**extra, "deltas": join_items(rest)}}
    return (replace(blocks[0], attrs=attrs), *blocks[1:])


def _reason(details: Raw | None) -> str | None:
    if details is None or not is_object(details):
        return None
    return read_word(read_members(details).get("reason"))


def _is_equal(one: Raw, other: Raw) -> bool:
    if bytes(one) == bytes(other):
        return True
    try:
        return bool(msgspec.json.decode(one) == msgspec.json.decode(other))
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        return False
