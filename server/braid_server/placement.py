"""Placing a request: which braid it belongs to, and which of its blocks are known (SPEC §8.3)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from braid.call import By
from braid.content import BodyDigest
from braid.node import Kind, Origin, read_header
from braid.wire.block import Block, Request
from braid_server.laying import Laying
from braid_server.lineage import Lineage, Prefix
from braid_server.marks import Marks, Matched, match_blocks
from braid_server.recording import CallOpening
from braid_server.store import BraidRow
from braid_server.store.rows import Reading
from braid_verifier.resent import Recognised, Resent

# A question that many ask has many answers; the newest of them are looked through.
CANDIDATES = 8
# Equal bodies, of which one may be the call that this one repeats.
REPETITIONS = 64


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request belongs.

    lineage   the braid it goes on in, or None for a new one.
    resumes   what it goes on from: an end, or a repeated call that has none.
    repeats   the call it repeats.
    known     for each leading block of the messages the node it resends, or None for one
              that was not there; blocks after these are new.
    elided    known nodes were left out.
    source    where the known nodes are, if a new braid has to copy them.
    closed    the source is closed; otherwise it was one of several that fit equally.
    carried   the provider holds the conversation it goes on from, and puts it before what
              was sent; with `repeated` what was sent is a part of it.
    """

    by: By
    lineage: Lineage | None = None
    resumes: int | None = None
    repeats: int | None = None
    known: tuple[Resent | None, ...] = ()
    elided: bool = False
    source: Lineage | None = None
    closed: bool = False
    carried: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request says of where it belongs, and the values it is recognised by.

    retried_since  when the request must have come of which this may be a repetition; None
                   for one that says it is none.
    answer         the provider's id of the answer it goes on from without resending it.
    unseen         stands for that answer where it is not known.
    polls          it only asks for that answer again; `repeats` and `inherits` are as in Request.
    """

    marks: Marks
    tools: Sequence[Matched]
    system: Sequence[Matched]
    messages: Sequence[Matched]
    body: BodyDigest
    body_mark: bytes
    retried_since: str | None
    session: bytes | None
    answer: bytes | None
    unseen: Sequence[Matched]
    polls: bool = False
    repeats: bool = False
    inherits: bool = False

    def saying(self, request: Request) -> Wanted:
        """Give the same with the words of another reading of the request."""
        return dataclasses.replace(
            self,
            tools=match_blocks(self.marks, request.tools),
            system=match_blocks(self.marks, request.system),
            messages=match_blocks(self.marks, request.messages),
        )


def want(marks: Marks, opening: CallOpening, since: str, bsalt: bytes) -> Wanted:
    """Compute the values by which a request is recognised, one kept `since` as its first try."""
    request = opening.request
    name = request.polls or request.continues
    body = BodyDigest(bsalt)
    body.update(opening.body)
    return Wanted(
        marks=marks,
        tools=match_blocks(marks, request.tools),
        system=match_blocks(marks, request.system),
        messages=match_blocks(marks, request.messages),
        body=body,
        body_mark=marks.body(opening.body),
        # Requests without a body are all alike.
        retried_since=since if opening.retry > 0 and opening.body else None,
        session=None if opening.session is None else marks.session(opening.session),
        answer=None if name is None else marks.answer(opening.provider, name),
        unseen=() if name is None else match_blocks(marks, [_unseen(name)]),
        polls=request.polls is not None,
        repeats=request.repeats,
        inherits=request.inherits,
    )


def _unseen(answer: str) -> Block:
    content = msgspec.json.encode({"continues": answer})
    return Block(
        Kind.OTHER, Origin.CLIENT, "application/json", content, {"type": "unseen"}, unseen=True
    )


class Placer:
    """Places requests of one tenant within one transaction.

    `row_of` gives a braid by its number. `open_lineage` gives a braid to go on in, or None
    for a closed one; `any_lineage` gives it also when closed, as far as it can still be read.
    """

    def __init__(
        self,
        reading: Callable[[], Reading],
        row_of: Callable[[int], BraidRow | None],
        open_lineage: Callable[[BraidRow], Lineage | None],
        any_lineage: Callable[[BraidRow], Lineage],
    ) -> None:
        self._reading = reading
        self._row = row_of
        self._open = open_lineage
        self._any = any_lineage

    def place(self, wanted: Wanted) -> Place:
        """Decide; a request that nothing recognises is new."""
        if wanted.polls:
            return self._poll(wanted)
        for attempt in (self._retry, self._session, self._thread, self._prefix):
            place = attempt(wanted)
            if place is not None:
                return place
        return Place(By.NEW)

    def _retry(self, wanted: Wanted) -> Place | None:
        if wanted.retried_since is None:
            return None
        fallback: Place | None = None
        repeated = sorted(self._reading().marked(wanted.body_mark), reverse=True)
        for number, call in repeated[:REPETITIONS]:
            row = self._row(number)
            if row is None or not self._fits(wanted, row, None):
                continue
            header = self._reading().header(number, call)
            if header is None or read_header(header).time < wanted.retried_since:
                continue
            lineage = self._open(row)
            if lineage is None:
                continue
            end = lineage.end_of(call)
            place = Place(
                By.RETRY,
                lineage,
                resumes=call if end is None else end,
                repeats=lineage.first_of(call),
            )
            if not lineage.is_complete(call):
                return place
            fallback = fallback or place
        return fallback

    def _session(self, wanted: Wanted) -> Place | None:
        if wanted.session is None:
            return None
        rows = self._reading().braids_in_session(wanted.session)
        if not rows:
            return None
        lineage = self._open(rows[0])
        if lineage is None:
            found = self._longest(wanted, {row.number for row in rows})
            return None if found is None else self._copied(found)
        if wanted.answer is not None:
            named = self._reading().marked(wanted.answer)
            ends = [end for number, end in named if number == lineage.number]
            if ends:
                return self._carried(By.SESSION, wanted, lineage, max(ends))
        found = self._longest(wanted, {rows[0].number})
        if found is None:
            return Place(By.SESSION, lineage)
        return self._resumed(By.SESSION, lineage, found)

    def _thread(self, wanted: Wanted) -> Place | None:
        if wanted.answer is None:
            return None
        closed: Place | None = None
        named = sorted(self._reading().marked(wanted.answer), reverse=True)
        for number, end in named[:CANDIDATES]:
            row = self._row(number)
            if row is None:
                continue
            lineage = self._open(row)
            if lineage is not None:
                return self._carried(By.THREAD, wanted, lineage, end)
            closed = closed or Place(By.THREAD, source=self._any(row), closed=True)
        return closed

    def _carried(self, by: By, wanted: Wanted, lineage: Lineage, end: int) -> Place:
        """Go on from an answer that was named; what is sent may be known all the same."""
        laid: Recognised | None = None
        if wanted.repeats:
            laying = Laying(self._reading, wanted.messages)
            laid = laying.lay_again(lineage, lineage.call_of(end))
        elif (found := self._longest(wanted, {lineage.number})) is not None:
            laid = found.laid
        known = () if laid is None else laid.blocks
        repeated = wanted.repeats and laid is not None
        return Place(by, lineage, resumes=end, known=known, carried=True, repeated=repeated)

    def _poll(self, wanted: Wanted) -> Place:
        place = self._thread(wanted) or Place(By.NEW)
        if place.lineage is None or place.resumes is None:
            return place
        first = place.lineage.first_of(place.lineage.call_of(place.resumes))
        return Place(By.THREAD, place.lineage, resumes=place.resumes, repeats=first)

    def _prefix(self, wanted: Wanted) -> Place | None:
        found = self._longest(wanted, None)
        if found is None:
            return None
        if found.unique:
            lineage = self._open(found.row)
            if lineage is not None:
                return self._resumed(By.PREFIX, lineage, found)
        return self._copied(found)

    def _longest(self, wanted: Wanted, among: set[int] | None) -> _Found | None:
        """Find the longest prefix that ends in an answer and that a braid knows."""
        marks = [
            (length, mark)
            for length, prefix in reversed(answer_prefixes(wanted.messages))
            for mark in (wanted.marks.words(prefix), wanted.marks.anchors(prefix))
        ]
        ends = self._reading().marked_any([mark for _, mark in marks])
        laying = Laying(self._reading, wanted.messages)
        for length, mark in marks:
            found = self._known(wanted, among, ends.get(mark, ()), length, laying)
            if found is not None:
                return found
        return None

    def _known(
        self,
        wanted: Wanted,
        among: set[int] | None,
        marked: Iterable[tuple[int, int]],
        length: int,
        laying: Laying,
    ) -> _Found | None:
        ends: dict[int, int] = {}
        for number, end in marked:
            if among is None or number in among:
                ends[number] = max(end, ends.get(number, -1))
        found: list[_Found] = []
        for number in sorted(ends, reverse=True)[:CANDIDATES]:
            if laying.is_hopeless(number, length):
                continue
            row = self._row(number)
            if row is None or not self._fits(wanted, row, among):
                continue
            source = self._any(row)
            laid = laying.lay(source, ends[number], length)
            if laid is not None:
                found.append(_Found(row, source, ends[number], laid, unique=True))
        if len(found) < 2:
            return found[0] if found else None
        return dataclasses.replace(found[0], unique=False)

    def _fits(self, wanted: Wanted, row: BraidRow, among: set[int] | None) -> bool:
        return among is not None or wanted.session is None or row.session in (None, wanted.session)

    def _resumed(self, by: By, lineage: Lineage, found: _Found) -> Place:
        return Place(
            by, lineage, resumes=found.end, known=found.laid.blocks, elided=found.laid.elided
        )

    def _copied(self, found: _Found) -> Place:
        return Place(
            By.PREFIX,
            None,
            known=found.laid.blocks,
            elided=found.laid.elided,
            source=found.source,
            closed=self._open(found.row) is None,
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """A known conversation, and how the resent messages lie beside it."""

    row: BraidRow
    source: Lineage
    end: int
    laid: Recognised
    unique: bool


def answer_prefixes(messages: Sequence[Matched]) -> list[tuple[int, Prefix]]:
    """Give (length, value) of each prefix that ends where an assistant's turn ends."""
    prefixes: list[tuple[int, Prefix]] = []
    prefix = Prefix()
    for index, matched in enumerate(messages):
        prefix = prefix.extended(matched.match if matched.spine else None, matched.anchor)
        last = index + 1 == len(messages) or messages[index + 1].block.role != "assistant"
        if matched.block.role == "assistant" and last:
            prefixes.append((index + 1, prefix))
    return prefixes
