"""What the chunks of an answer add up to; an answer that came whole is one chunk.

The fold of each member: https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse.
What does not fold is kept as it came.
"""

from __future__ import annotations

import re
from dataclasses import replace

from msgspec import Raw

from braid.node import Origin
from braid.wire.block import Block, Outcome
from braid.wire.envelope import Envelope
from braid.wire.gemini.candidate import Candidate, Piece, take_piece
from braid.wire.gemini.gathered import Gathered
from braid.wire.gemini.likeness import PREFIX, Likeness, find_likeness
from braid.wire.gemini.names import PROVIDER, TWO_SPELLINGS, TwoSpellings, respell
from braid.wire.native import Members, keep_raw
from braid.wire.raw_json import is_list, is_null, is_object, read_items, read_members, read_word

_is_index = re.compile(rb"0|[1-9]\d{0,8}").fullmatch
# By the names that every provider's envelope has.
_ENVELOPE = {"usageMetadata": "usage", "modelVersion": "model", "responseId": "id"}


def is_error(members: Members) -> bool:
    """Tell an error: to the SDK it is one only if its first member says so."""
    return next(iter(members), None) == "error"


class ResponseFold:
    """The fold of the chunks of one answer to a request for so many candidates; see Fold."""

    __slots__ = (
        "_about",
        "_candidates",
        "_envelope",
        "_failed",
        "_likeness",
        "_unlearned",
        "_wanted",
        "endings",
        "goes_on",
    )

    def __init__(self, wanted: int = 1) -> None:
        self._wanted = wanted
        self._envelope = Envelope({"id": None, "model": None})
        self._about = Gathered()
        self._candidates: dict[int, Candidate] = {}
        self._failed = False
        self._likeness: Likeness | None = None
        self._unlearned: bytes | None = None
        self.endings = 0
        self.goes_on = True

    def skim(self, event: bytes, blocks: list[Block]) -> bool:
        if self._likeness is None or not self._likeness.take(event):
            return False
        # Its members are those of the event that it is like, and the last values count.
        self._unlearned = event
        return True

    def hear(self, name: str, data: bytes | None, blocks: list[Block]) -> bool:
        return data is None and not name

    def take(self, name: str, document: Raw, blocks: list[Block]) -> str | None:
        self._likeness = None
        self._catch_up()
        if not is_object(document):
            return "not an object"
        spelled = read_members(document)
        if is_error(spelled):
            self._failed = True
            blocks.append(keep_raw(PROVIDER, document, "", Origin.PROVIDER, {"type": "error"}))
            return None
        taken = _take_pieces(spelled)
        if isinstance(taken, str):
            return taken
        members, pieces = taken
        self._learn(members)
        for place, piece in enumerate(pieces):
            self._candidate(piece, place).add(piece, self._envelope.model, blocks)
        # Some servers give each chunk a reason to end with, and others count tokens after it.
        self.endings += bool(pieces or not self._candidates) and self._is_ended()
        if len(pieces) == 1:
            text = self._candidate(pieces[0], 0).growing_by(pieces[0])
            if text is not None:
                self._likeness = find_likeness(bytes(document), text)
        return None

    def read(self, members: Members) -> list[Block] | str:
        """Read an answer that came whole, or say why it is none."""
        taken = _take_pieces(members)
        if isinstance(taken, str):
            return taken
        self._learn(taken[0])
        blocks = [
            block
            for place, piece in enumerate(taken[1])
            for block in self._candidate(piece, place).read(piece, self._envelope.model)
        ]
        self.endings = 1
        return blocks

    def close(self) -> tuple[list[Block], list[Block], Outcome]:
        self._catch_up()
        candidates = [self._candidates[index] for index in sorted(self._candidates)]
        cut = [block for one in candidates for block in one.close(self._envelope.model)]
        finished = bool(candidates) and all(one.finished for one in candidates)
        reason = candidates[0].pop_reason() if candidates else self._why_blocked()
        tokens = [token for one in candidates for token in one.tokens()]
        left, outcome = self._envelope.end(
            complete=self.endings > 0 or finished, error=self._failed, stop_reason=reason
        )
        self._about.add({_native(name): value for name, value in left.items()})
        marks: dict[str, object] = {"type": "response"}
        if outcome.id is not None:
            marks["id"] = outcome.id
        beside = [block for one in candidates for block in one.tell()] + self._about.tell(marks)
        return cut, beside, replace(outcome, aliases=tuple(dict.fromkeys(tokens)))

    def _catch_up(self) -> None:
        if self._unlearned is not None:
            members = respell(read_members(Raw(self._unlearned[len(PREFIX) :])))
            del members["candidates"]
            self._learn(members)
            self._unlearned = None

    def _learn(self, members: dict[str, Raw]) -> None:
        known: dict[str, Raw] = {}
        for name in _ENVELOPE.keys() & members.keys():
            if self._takes(_ENVELOPE[name], members[name]):
                known[_ENVELOPE[name]] = members.pop(name)
        if known:
            self._envelope.update(known)
        self._about.add(members)

    def _takes(self, name: str, value: Raw) -> bool:
        """Say whether the envelope holds this value without losing another."""
        if name == "usage":
            return is_object(value)
        word = read_word(value)
        return word is not None and self._envelope.word(name) in (None, word)

    def _candidate(self, piece: Piece, place: int) -> Candidate:
        index = place if piece.place is None else int(bytes(piece.place))
        return self._candidates.setdefault(index, Candidate(index))

    def _is_ended(self) -> bool:
        finished = [one.finished for one in self._candidates.values()]
        if not finished:
            return self._why_blocked() is not None
        return len(finished) >= self._wanted and all(finished)

    def _why_blocked(self) -> str | None:
        for feedback in self._about.all_of("promptFeedback"):
            members = read_members(feedback) if is_object(feedback) else {}
            reason = read_word(members.get("blockReason") or members.get("block_reason"))
            if reason:
                return reason
        return None


def _take_pieces(spelled: Members) -> tuple[dict[str, Raw], list[Piece]] | str:
    """Take apart what one chunk says of the candidates, and the rest; or say why not."""
    try:
        members = respell(dict(spelled))
        candidates = members.pop("candidates", None)
        if candidates is None or is_null(candidates):
            return members, []
        if not is_list(candidates):
            return "candidates are no list"
        pieces: list[Piece] = []
        for raw in read_items(candidates):
            piece = take_piece(raw)
            if piece is None:
                return "a candidate of unknown shape"
            if piece.place is not None and not _is_index(bytes(piece.place)):
                return "no index of a candidate"
            pieces.append(piece)
    except TwoSpellings:
        return TWO_SPELLINGS
    return members, pieces


def _native(name: str) -> str:
    return next((native for native, known in _ENVELOPE.items() if known == name), name)
