"""Placing a request: which braid it belongs to, and which of its blocks are known (SPEC §8.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from braid.call import By, CallOutcome
from braid.content import BodyDigest
from braid.node import Kind, Origin, read_header
from braid.wire.block import Block, Request
from braid_server.lineage import Lineage
from braid_server.marks import Marks
from braid_server.recall import Found, Recall
from braid_server.recollection import Recollection
from braid_server.recording import CallOpening, Unplaceable
from braid_server.store import BraidRow
from braid_server.store.rows import Reading
from braid_verifier.judgement import Judgement, Resent, is_answer

# A question that many ask has many answers; the newest of them are looked through.
CANDIDATES = 8
# Equal bodies, of which one may be the call that this one repeats.
REPETITIONS = 64
NOTHING = Judgement()
# Ends after which a client that does not say so asks again.
_FAILED = frozenset(CallOutcome) - {CallOutcome.COMPLETE, CallOutcome.REFUSED}


class Place(msgspec.Struct, frozen=True):
    """Where a request belongs; a msgspec.Struct, as is `Wanted`, because every call makes one.

    lineage   the braid it goes on in, or None for a new one.
    resumes   what it goes on from: an end, or a repeated call that has none.
    repeats   the call it repeats.
    against   the end whose conversation the request was laid beside.
    judgement what its messages are beside that conversation.
    source    where the known nodes are, if a new braid has to copy them.
    elsewhere which messages the provider said in other braids, as (braid, signature).
    closed    the source is closed; otherwise it was one of several that fit equally.
    carried   the provider holds the conversation it goes on from, and puts it before what
              was sent; with `repeated` what was sent is a part of it.
    """

    by: By
    lineage: Lineage | None = None
    resumes: int | None = None
    repeats: int | None = None
    against: int | None = None
    judgement: Judgement = NOTHING
    source: Lineage | None = None
    closed: bool = False
    elsewhere: Mapping[int, tuple[str, str]] = msgspec.field(default_factory=dict)
    carried: bool = False
    repeated: bool = False


class Wanted(msgspec.Struct, frozen=True):
    """What a request says of where it belongs, and the values it is recognised by.

    retried_since  when the request must have come of which this may be a repetition; None
                   for one that is none for sure.
    retries        it says that it is one; else only the failed try of a named session counts.
    answer         the provider's id of the answer it goes on from without resending it.
    unseen         stands for that answer where it is not known.
    polls          it only asks for that answer again; `repeats` and `inherits` are as in Request.
    braid          the braid that its client named, and `parent` the node there to hang on.
    referred       numbers of braids of which it names an item by its id.
    """

    marks: Marks
    tools: Sequence[Resent]
    system: Sequence[Resent]
    messages: Sequence[Resent]
    body: BodyDigest
    body_mark: bytes
    retried_since: str | None
    retries: bool
    session: bytes | None
    answer: bytes | None
    unseen: Sequence[Resent]
    polls: bool = False
    repeats: bool = False
    inherits: bool = False
    ambiguous: bool = False
    braid: str | None = None
    parent: str | None = None
    referred: frozenset[int] = frozenset()

    @property
    def partial(self) -> bool:
        """Tell whether it goes on from something that is not resent, and perhaps not known."""
        return self.answer is not None

    def saying(self, request: Request) -> Wanted:
        """Give the same with the words of another reading of the request."""
        return msgspec.structs.replace(
            self,
            tools=self.marks.resent(request.tools),
            system=self.marks.resent(request.system),
            messages=self.marks.resent(request.messages),
            ambiguous=request.ambiguous is not None,
        )


def want(marks: Marks, opening: CallOpening, since: Callable[[], str], bsalt: bytes) -> Wanted:
    """Compute the values by which a request is recognised, one kept `since` as its first try."""
    request = opening.request
    name = request.polls or request.continues
    body = BodyDigest(bsalt)
    body.update(opening.body)
    return Wanted(
        marks=marks,
        tools=marks.resent(request.tools),
        system=marks.resent(request.system),
        messages=marks.resent(request.messages),
        body=body,
        body_mark=marks.body(opening.body),
        # Requests without a body are all alike, and so may be those of users whom nothing names.
        retried_since=since() if opening.body and (opening.retry or opening.session) else None,
        retries=opening.retry > 0,
        session=None if opening.session is None else marks.session(opening.session),
        answer=None if name is None else marks.answer(opening.provider, name),
        unseen=() if name is None else marks.resent([_unseen(name)]),
        polls=request.polls is not None,
        repeats=request.repeats,
        inherits=request.inherits,
        ambiguous=request.ambiguous is not None,
        braid=opening.braid,
        parent=opening.parent,
    )


def _unseen(answer: str) -> Block:
    content = msgspec.json.encode({"continues": answer})
    return Block(
        Kind.OTHER, Origin.CLIENT, "application/json", content, {"type": "unseen"}, unseen=True
    )


class Placer:
    """Places requests of one tenant within one transaction.

    `rows` finds braids. `open_lineage` gives a braid to go on in, or None for a closed one;
    `any_lineage` gives it also when closed, as far as it can still be read.
    """

    def __init__(
        self,
        reading: Callable[[], Reading],
        row_of: Callable[[int], BraidRow | None],
        row_named: Callable[[str], BraidRow | None],
        open_lineage: Callable[[BraidRow], Lineage | None],
        any_lineage: Callable[[BraidRow], Lineage],
    ) -> None:
        self._reading = reading
        self._row = row_of
        self._row_named = row_named
        self._open = open_lineage
        self._any = any_lineage

    def place(self, wanted: Wanted) -> Place:
        """Decide; a request that nothing recognises is new. Raises Unplaceable."""
        if wanted.polls:
            return self._poll(wanted)
        for attempt in (self._retry, self._client, self._session, self._thread, self._prefix):
            place = attempt(wanted)
            if place is not None:
                return place
        return Place(By.NEW, judgement=self._unlaid(wanted, None))

    def _retry(self, wanted: Wanted) -> Place | None:
        if wanted.retried_since is None:
            return None
        fallback: Place | None = None
        repeated = sorted(self._reading().marked(wanted.body_mark), reverse=True)
        for number, call in repeated[:REPETITIONS]:
            row = self._row(number)
            if row is None or not _in_session(wanted, row):
                continue
            header = self._reading().header(number, call)
            if header is None or read_header(header).time < wanted.retried_since:
                continue
            lineage = self._open(row)
            if lineage is None:
                continue
            outcome, end = lineage.answers.outcome_of(call), lineage.answers.end_of(call)
            # What was refused once is judged again, however often it comes.
            if outcome is CallOutcome.REFUSED:
                continue
            if not wanted.retries and (row.session is None or outcome not in _FAILED):
                return None  # the last try of it did not fail: it is asked anew
            place = Place(
                By.RETRY,
                lineage,
                resumes=call if end is None else end,
                repeats=lineage.answers.first_of(call),
            )
            if outcome is not CallOutcome.COMPLETE:
                return place
            fallback = fallback or place
        return fallback

    def _client(self, wanted: Wanted) -> Place | None:
        """Go where the client says: into a braid, and on from a node of it."""
        if wanted.braid is None:
            if wanted.parent is not None:
                raise Unplaceable("x-braid-parent: expected x-braid-id with it")
            return None
        row = self._row_named(wanted.braid)
        if row is None:
            raise Unplaceable("x-braid-id: no such braid")
        place = self._within(By.CLIENT, wanted, [row])
        if place is None:
            return Place(By.CLIENT, source=self._any(row), closed=True)
        if wanted.parent is None:
            return place
        lineage = place.lineage or self._any(row)
        parent = lineage.find(wanted.parent)
        if parent is None:
            raise Unplaceable("x-braid-parent: no such node in this braid")
        return place if place.lineage is None else msgspec.structs.replace(place, resumes=parent)

    def _session(self, wanted: Wanted) -> Place | None:
        if wanted.session is None:
            return None
        rows = self._reading().braids_in_session(wanted.session)
        return self._within(By.SESSION, wanted, rows) if rows else None

    def _within(self, by: By, wanted: Wanted, rows: Sequence[BraidRow]) -> Place | None:
        """Go on in the first of these braids; copied from any of them where it is closed."""
        lineage = self._open(rows[0])
        if lineage is None:
            found = self._recall(wanted, {row.number for row in rows})
            return None if found is None else self._copied(found)
        if wanted.answer is not None:
            named = self._reading().marked(wanted.answer)
            ends = [end for number, end in named if number == lineage.number]
            if ends:
                return self._carried(by, wanted, lineage, max(ends))
        found = self._recall(wanted, {rows[0].number})
        if found is None:
            return Place(by, lineage, judgement=self._unlaid(wanted, lineage))
        return self._resumed(by, lineage, found)

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
        memory, call = Recollection(self._reading, lineage), lineage.call_of(end)
        if wanted.repeats and wanted.messages:
            judgement = memory.judge(lineage.chains.context_of(call).messages, wanted.messages)
            if judgement.clean == len(wanted.messages):
                return Place(by, lineage, end, None, end, judgement, carried=True, repeated=True)
        found = self._recall(wanted, {lineage.number})
        if found is not None and not found.judgement.accuses:
            return Place(by, lineage, end, None, end, found.judgement, carried=True)
        judgement = memory.judge(lineage.conversation(call), wanted.messages, held=True)
        return Place(by, lineage, end, None, end, judgement, carried=True)

    def _poll(self, wanted: Wanted) -> Place:
        place = self._thread(wanted) or Place(By.NEW)
        if place.lineage is None or place.resumes is None:
            return place
        first = place.lineage.answers.first_of(place.lineage.call_of(place.resumes))
        return Place(By.THREAD, place.lineage, resumes=place.resumes, repeats=first)

    def _prefix(self, wanted: Wanted) -> Place | None:
        found = self._recall(wanted, None)
        if found is None:
            return None
        if found.unique:
            lineage = self._open(found.row)
            if lineage is not None:
                return self._resumed(found.by, lineage, found)
        return self._copied(found)

    def _recall(self, wanted: Wanted, among: set[int] | None) -> Found | None:
        return Recall(
            self._reading,
            self._row,
            self._any,
            wanted.marks,
            wanted.messages,
            wanted.system,
            wanted.session,
            among,
            wanted.referred,
        ).find()

    def _unlaid(self, wanted: Wanted, lineage: Lineage | None) -> Judgement:
        """Judge messages that lie beside no known conversation."""
        named = lineage is not None and any(node.provided for node in lineage.nodes)
        if not named and all(map(_is_asked, wanted.messages)):
            return NOTHING  # it is new, as most calls are: nobody is said to have answered
        memory = Recollection(self._reading, lineage)
        return memory.judge((), wanted.messages, partial=wanted.partial, named=named)

    def _resumed(self, by: By, lineage: Lineage, found: Found) -> Place:
        """Go on from the last answer before anything that is not as it was."""
        return Place(
            by,
            lineage,
            found.resumes,
            None,
            found.end,
            found.judgement,
            elsewhere=found.elsewhere,
        )

    def _copied(self, found: Found) -> Place:
        closed = self._open(found.row) is None
        return Place(
            By.PREFIX,
            judgement=found.judgement,
            source=found.source,
            closed=closed,
            elsewhere=found.elsewhere,
        )


def _is_asked(resent: Resent) -> bool:
    return resent.block.kind is Kind.PROMPT and not is_answer(resent.block)


def _in_session(wanted: Wanted, row: BraidRow) -> bool:
    return wanted.session is None or row.session in (None, wanted.session)
