"""One candidate of an answer: its parts put together, and what is said about it."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from msgspec import Raw

from braid.node import Origin
from braid.wire.block import Block
from braid.wire.gemini.gathered import Gathered
from braid.wire.gemini.names import normalise, respell
from braid.wire.gemini.open_block import OpenCall, OpenText, is_call, is_spoken
from braid.wire.gemini.part import Part, read_part, take_apart
from braid.wire.native import Members
from braid.wire.raw_json import (
    is_list,
    is_null,
    is_object,
    join_members,
    read_items,
    read_members,
    read_word,
)

# Sent by some servers in every chunk that is not the last.
_NOT_FINISHED = ("", "FINISH_REASON_UNSPECIFIED")
_FINISH = "finishReason"
_IN_PIECES = frozenset({"partialArgs", "willContinue"})


class Piece(NamedTuple):
    """What one chunk says of a candidate; `about` is all but its parts and its index."""

    place: Raw | None
    parts: list[Part]
    about: Members


def take_piece(raw: Raw) -> Piece | None:
    """Take apart what a chunk says of a candidate; None if it has not that shape.

    Raises TwoSpellings.
    """
    if not is_object(raw):
        return None
    members = respell(read_members(raw))
    index, content = members.pop("index", None), members.pop("content", None)
    if content is None or is_null(content):
        return Piece(index, [], members)
    if not is_object(content):
        return None
    inner = respell(read_members(content))
    parts = inner.pop("parts", None)
    if read_word(inner.get("role")) == "model":
        del inner["role"]
    if inner:
        members["content"] = join_members(inner)
    if parts is None or is_null(parts):
        return Piece(index, [], members)
    if not is_list(parts):
        return None
    return Piece(index, [take_apart(part) for part in read_items(parts)], members)


class Candidate:
    """The fold of the pieces of one candidate.

    finished  the provider gave a reason why it says no more.
    """

    __slots__ = ("_about", "_index", "_open", "finished")

    def __init__(self, index: int) -> None:
        self._index = index
        self._about = Gathered()
        self._open: OpenText | OpenCall | None = None
        self.finished = False

    def add(self, piece: Piece, model: str | None, blocks: list[Block]) -> None:
        """Take a piece of a stream: what adjoining parts say is one block."""
        for part in piece.parts:
            self.add_part(part, model, blocks)
        self._learn(piece)

    def read(self, piece: Piece, model: str | None) -> list[Block]:
        """Read a candidate that came whole: each part is a block."""
        self._learn(piece)
        return [
            self._place(read_part(part, "assistant", Origin.PROVIDER, self._mark(model)))
            for part in piece.parts
        ]

    def add_part(self, part: Part, model: str | None, blocks: list[Block]) -> None:
        if isinstance(self._open, OpenText) and is_spoken(part) and self._open.add(part):
            return
        if isinstance(self._open, OpenCall) and is_call(part) and self._open.add(part):
            if not self._open.going_on:
                blocks.extend(self._end(model))
            return
        blocks.extend(self._end(model))
        if is_spoken(part):
            self._open = OpenText(part)
        elif is_call(part) and part.inner and not part.inner.keys().isdisjoint(_IN_PIECES):
            self._open = OpenCall(part)
            if not self._open.going_on:
                blocks.extend(self._end(model))
        else:
            block = read_part(part, "assistant", Origin.PROVIDER, self._mark(model))
            blocks.append(self._place(block))

    def growing_by(self, piece: Piece) -> OpenText | None:
        """Give the text that grew by this piece and may grow on, if that is all it did."""
        if len(piece.parts) != 1 or piece.about or not isinstance(self._open, OpenText):
            return None
        return self._open

    def close(self, model: str | None) -> list[Block]:
        """Give the block under way, cut where the candidate has not finished."""
        return self._end(model, cut=not self.finished)

    def tell(self) -> list[Block]:
        """Give what is said about the candidate that no outcome takes."""
        return [
            self._place(block)
            for block in self._about.tell({"type": "candidate", "index": self._index})
        ]

    def tokens(self) -> list[str]:
        """Give the tokens by which it can be continued."""
        words = map(read_word, self._about.all_of("continuationToken"))
        return [normalise(word) for word in words if word]

    def pop_reason(self) -> str | None:
        """Take out why it says no more."""
        reasons = self._about.all_of(_FINISH)
        reason = read_word(reasons[-1]) if reasons else None
        if reason is not None:
            self._about.pop_only(_FINISH)
        return reason

    def _learn(self, piece: Piece) -> None:
        self._about.add(piece.about)
        reason = piece.about.get(_FINISH)
        if reason is not None and not is_null(reason):
            self.finished |= read_word(reason) not in _NOT_FINISHED

    def _end(self, model: str | None, *, cut: bool = False) -> list[Block]:
        if self._open is None:
            return []
        ended, self._open = self._open, None
        marks = self._mark(model)
        if cut or (isinstance(ended, OpenCall) and ended.going_on):
            marks["cut"] = True
        return [self._place(ended.close(marks))]

    def _mark(self, model: str | None) -> dict[str, object]:
        return {"index": self._index} | ({} if model is None else {"model": model})

    def _place(self, block: Block) -> Block:
        return replace(block, candidate=self._index) if self._index else block
