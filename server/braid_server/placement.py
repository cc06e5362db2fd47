"""Placing a request: which braid it belongs to, and which of its blocks are known (SPEC §8.3)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from braid.wire.block import Block
from braid_server.lineage import PREFIX_START, Lineage, extend_prefix
from braid_server.store import BraidRow
from braid_server.store.rows import Reading
from braid_verifier.history import canonical, is_spine


class By(StrEnum):
    """How a conversation was found."""

    NEW = "new"
    RETRY = "retry"
    SESSION = "session"
    THREAD = "thread"
    PREFIX = "prefix"


class Marks:
    """The keyed values under which a tenant's words, ids and sessions are found again."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def _value(self, purpose: bytes, what: bytes) -> bytes:
        return hmac.digest(self._key, purpose + what, hashlib.sha256)

    def block(self, block: Block) -> bytes:
        return self._value(b"block\n", canonical(block))

    def body(self, body: bytes) -> bytes:
        return self._value(b"body\n", body)

    def session(self, name: str) -> bytes:
        return self._value(b"session\n", name.encode("utf-8", "surrogatepass"))

    def answer(self, provider: str, name: str) -> bytes:
        return self._value(f"answer {provider}\n".encode(), name.encode("utf-8", "surrogatepass"))

    def prefix(self, value: bytes) -> bytes:
        return self._value(b"prefix\n", value)


@dataclass(frozen=True, slots=True)
class Matched:
    """A block of a request with the value it is recognised by."""

    block: Block
    match: bytes
    spine: bool


def match_blocks(marks: Marks, blocks: Sequence[Block]) -> list[Matched]:
    return [Matched(block, marks.block(block), is_spine(block)) for block in blocks]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request belongs.

    lineage   the braid it goes on in, or None for a new one.
    resumes   the end it goes on from.
    repeats   the call it repeats.
    known     for each leading block of the messages the node it resends, or None for one
              that was not there; blocks after these are new.
    elided    known nodes were left out.
    source    where the known nodes are, if a new braid has to copy them.
    closed    the source is closed; otherwise it was one of several that fit equally.
    """

    by: By
    lineage: Lineage | None = None
    resumes: int | None = None
    repeats: int | None = None
    known: tuple[int | None, ...] = ()
    elided: bool = False
    source: Lineage | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request says of where it belongs."""

    messages: Sequence[Matched]
    retry_of: bytes | None
    session: bytes | None
    answer: bytes | None


class Placer:
    """Places requests of one tenant within one transaction.

    `open_lineage` gives a braid to go on in, or None for a closed one; `any_lineage` gives
    it also when closed, as far as it can still be read.
    """

    def __init__(
        self,
        reading: Callable[[], Reading],
        marks: Marks,
        open_lineage: Callable[[BraidRow], Lineage | None],
        any_lineage: Callable[[BraidRow], Lineage],
    ) -> None:
        self._reading = reading
        self._marks = marks
        self._open = open_lineage
        self._any = any_lineage

    def place(self, wanted: Wanted) -> Place:
        """Decide; a request that nothing recognises is new."""
        for attempt in (self._retry, self._session, self._thread, self._prefix):
            place = attempt(wanted)
            if place is not None:
                return place
        return Place(By.NEW)

    def _retry(self, wanted: Wanted) -> Place | None:
        if wanted.retry_of is None:
            return None
        for number, call in sorted(self._reading().marked(wanted.retry_of), reverse=True):
            row = self._reading().braid(number)
            lineage = row and self._open(row)
            if lineage:
                return Place(By.RETRY, lineage, repeats=call)
        return None

    def _session(self, wanted: Wanted) -> Place | None:
        if wanted.session is None:
            return None
        rows = self._reading().braids_in_session(wanted.session)
        if not rows:
            return None
        lineage = self._open(rows[0])
        if lineage is None:
            found = self._longest(wanted, {row.number for row in rows})
            if found is None:
                return None
            return self._copied(wanted, found)
        if wanted.answer is not None:
            for number, end in self._reading().marked(wanted.answer):
                if number == lineage.number:
                    return Place(By.SESSION, lineage, resumes=end)
        found = self._longest(wanted, {rows[0].number})
        if found is None:
            return Place(By.SESSION, lineage)
        return self._resumed(By.SESSION, wanted, lineage, found)

    def _thread(self, wanted: Wanted) -> Place | None:
        if wanted.answer is None:
            return None
        for number, end in sorted(self._reading().marked(wanted.answer), reverse=True):
            row = self._reading().braid(number)
            if row is None:
                continue
            lineage = self._open(row)
            if lineage is not None:
                return Place(By.THREAD, lineage, resumes=end)
        return None

    def _prefix(self, wanted: Wanted) -> Place | None:
        found = self._longest(wanted, None)
        if found is None:
            return None
        if found.unique:
            row = self._reading().braid(found.braid)
            lineage = row and self._open(row)
            if lineage:
                return self._resumed(By.PREFIX, wanted, lineage, found)
        return self._copied(wanted, found)

    def _longest(self, wanted: Wanted, among: set[int] | None) -> _Found | None:
        """Find the longest prefix that ends in an answer and that a braid knows."""
        for length, value in reversed(answer_prefixes(wanted.messages)):
            rows = self._reading().marked(self._marks.prefix(value))
            ends: dict[int, int] = {}
            for number, end in rows:
                if (among is None or number in among) and self._fits(wanted, number, among):
                    ends[number] = max(end, ends.get(number, -1))
            if ends:
                newest = max(ends)
                return _Found(newest, ends[newest], length, unique=len(ends) == 1)
        return None

    def _fits(self, wanted: Wanted, number: int, among: set[int] | None) -> bool:
        if among is not None or wanted.session is None:
            return True
        row = self._reading().braid(number)
        return row is not None and row.session in (None, wanted.session)

    def _resumed(self, by: By, wanted: Wanted, lineage: Lineage, found: _Found) -> Place:
        path = lineage.conversation(lineage.call_of(found.end))
        known, elided = align(lineage, path, wanted.messages[: found.length])
        return Place(by, lineage, resumes=found.end, known=known, elided=elided)

    def _copied(self, wanted: Wanted, found: _Found) -> Place | None:
        row = self._reading().braid(found.braid)
        if row is None:
            return None
        source = self._any(row)
        path = source.conversation(source.call_of(found.end))
        known, elided = align(source, path, wanted.messages[: found.length])
        closed = self._open(row) is None
        return Place(By.PREFIX, None, known=known, elided=elided, source=source, closed=closed)


@dataclass(frozen=True, slots=True)
class _Found:
    braid: int
    end: int
    length: int
    unique: bool


def answer_prefixes(messages: Sequence[Matched]) -> list[tuple[int, bytes]]:
    """Give (length, value) of each prefix that ends where an assistant's turn ends."""
    prefixes: list[tuple[int, bytes]] = []
    value = PREFIX_START
    for index, matched in enumerate(messages):
        if matched.spine:
            value = extend_prefix(value, matched.match)
        last = index + 1 == len(messages) or messages[index + 1].block.role != "assistant"
        if matched.block.role == "assistant" and last:
            prefixes.append((index + 1, value))
    return prefixes


def align(
    lineage: Lineage, path: Sequence[int], messages: Sequence[Matched]
) -> tuple[tuple[int | None, ...], bool]:
    """Lay resent blocks beside the known path: which node each one is, and whether any is missing.

    The spines are equal, by the prefix that was found; what lies between may be left out.
    """
    heads = [seq for seq in path if not lineage.nodes[seq].follows]
    known: list[int | None] = []
    at, elided = 0, False
    for matched in messages:
        here = at
        while here < len(heads) and lineage.nodes[heads[here]].match != matched.match:
            if lineage.nodes[heads[here]].spine:
                here = len(heads)
                break
            here += 1
        if here < len(heads):
            elided = elided or here > at
            known.append(heads[here])
            at = here + 1
        else:
            known.append(None)
    return tuple(known), elided or at < len(heads)
