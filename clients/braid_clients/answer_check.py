"""Checking an answer before it is used: its words beside those that Braid signed for its call.

A pure function of a transcript, its report and an answer.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from braid.call import CallContent, CallOutcome, parse_call, parse_end
from braid.content import BodyDigest
from braid.errors import BraidError
from braid.transcript import StoredNode, TranscriptReader
from braid.wire.block import Block
from braid_clients.answers import Said, is_content
from braid_clients.calls import Call
from braid_clients.extras import agrees, beside
from braid_verifier import Answer, NotVerified, Report, Result
from braid_verifier.history import canonical, numbers, read
from braid_verifier.opened import OpenedBraid, OpenedCall

T = TypeVar("T")


class Difference(StrEnum):
    """In what an answer is not what was signed for its call.

    NO_CALL       the braid has no such call.
    NOT_COMPLETE  the call has no end yet, or its answer did not come whole.
    CHANGED       a block says something else.
    ADDED         a block was not in the provider's answer.
    MISSING       a block of the provider's answer is not there.
    ERASED        a block's words were erased since, so nothing can be compared.
    STOP_REASON   the answer says that it ended for another reason.
    ANSWER_ID     the answer has another id.
    USAGE         the answer counts other tokens.
    REQUEST       the call was made with another request.
    """

    NO_CALL = "no_call"
    NOT_COMPLETE = "not_complete"
    CHANGED = "changed"
    ADDED = "added"
    MISSING = "missing"
    ERASED = "erased"
    STOP_REASON = "stop_reason"
    ANSWER_ID = "answer_id"
    USAGE = "usage"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Found:
    """A difference; `block` counts the answer's blocks, `node` is the signature of a node."""

    difference: Difference
    block: int | None = None
    node: str | None = None

    def __str__(self) -> str:
        return (
            str(self.difference)
            if self.block is None
            else f"{self.difference} (block {self.block})"
        )


class AnswerNotGenuine(BraidError):
    """An answer that is not what was signed for its call; `differences` say in what."""

    def __init__(self, call: Call, differences: tuple[Found, ...]) -> None:
        said = ", ".join(str(one) for one in differences[:10])
        super().__init__(f"call {call.id}: the answer is not what was signed: {said}")
        self.differences = differences


class RootNotPinned(NotVerified):
    """A braid that is intact, but whose signer is nobody that was pinned."""

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        if report.root is not None:
            hint = f"roots=[{report.root!r}], or: braid keys trust {report.root}"
            self.args = (f"{self}; if you know whose root key this is, pin it: {hint}",)


@dataclass(frozen=True, slots=True, repr=False)
class AnswerCheck(Generic[T]):
    """What a check of an answer found; never a truth value by itself.

    genuine      the braid is verified and nothing differs.
    report       what verification says of the call's braid; where it failed, nothing was
                 compared.
    differences  in what the answer is not what was signed.
    request      whether the call was made with the request that this answers: yes, no, or
                 not checked where the response does not hold its request.
    """

    genuine: bool
    call: Call
    report: Report
    differences: tuple[Found, ...]
    request: Answer
    _answer: T

    def __bool__(self) -> bool:
        raise TypeError("a check is no truth value: ask .genuine, or call .require()")

    def __repr__(self) -> str:
        many = f"differences={len(self.differences)} transcript={self.report.result}"
        return f"<AnswerCheck genuine={self.genuine} {many} call={self.call.id}>"

    def require(self) -> T:
        """Give the answer if it is genuine.

        Raises NotVerified (RootNotPinned where only that is missing) if its braid is not
        verified, AnswerNotGenuine if the answer is not what was signed.
        """
        require_verified(self.report)
        if not self.genuine:
            raise AnswerNotGenuine(self.call, self.differences)
        return self._answer


def require_verified(report: Report) -> None:
    """Do nothing for a verified braid; raise NotVerified or RootNotPinned."""
    if report.result is Result.UNMET and report.unmet == ("signer",):
        raise RootNotPinned(report)
    report.require()


def check_answer(
    transcript: bytes,
    report: Report,
    call: Call,
    answer: T,
    said: Said,
    request: bytes | None,
) -> AnswerCheck[T]:
    """Compare what an answer says with the nodes of its call, where the transcript is verified.

    `report` is what verification says of this very transcript.
    Compared are the content of each candidate, block by block in their canonical form (SPEC
    §8.3) with `BESIDE`, the reason it ended, its id, its usage as far as both say it, and the body
    of the request where it is given. Not compared is what else stands beside the content.
    """
    if report.result is not Result.VERIFIED:
        return AnswerCheck(False, call, report, (), Answer.NOT_CHECKED, answer)
    braid = OpenedBraid(transcript)
    found = next((one for one in braid.calls.values() if one.id == call.id), None)
    if found is None:
        missing = (Found(Difference.NO_CALL),)
        return AnswerCheck(False, call, report, missing, Answer.NOT_CHECKED, answer)
    differences = [*_ending(braid, found, said), *_words(braid, found, said)]
    asked = Answer.NOT_CHECKED
    if request is not None:
        asked = _asked(transcript, found.position, request)
        if asked is Answer.NO:
            differences.append(
                Found(Difference.REQUEST, None, braid.nodes[found.position].signature)
            )
    return AnswerCheck(not differences, call, report, tuple(differences), asked, answer)


def _ending(braid: OpenedBraid, call: OpenedCall, said: Said) -> Iterable[Found]:
    place = braid.ends.get(call.position)
    if place is None or braid.outcomes.get(call.position) is not CallOutcome.COMPLETE:
        yield Found(Difference.NOT_COMPLETE)
        return
    node = braid.nodes[place]
    end = parse_end(node.content or b"")
    if said.stop_reason != end.stop_reason:
        yield Found(Difference.STOP_REASON, None, node.signature)
    if said.id != (node.attrs or {}).get("id"):
        yield Found(Difference.ANSWER_ID, None, node.signature)
    if said.usage is not None and not agrees(numbers(read(said.usage)), numbers(end.usage)):
        yield Found(Difference.USAGE, None, node.signature)


def _words(braid: OpenedBraid, call: OpenedCall, said: Said) -> Iterable[Found]:
    candidates = {block.candidate for block in said.blocks}
    places: dict[int, list[int]] = {number: [] for number in candidates}
    for place in call.answer:
        node = braid.nodes[place]
        if node.follows:
            continue
        block = braid.block(place)
        if block is None:
            yield Found(Difference.ERASED, None, node.signature)
        elif is_content(block.kind, block.content, block.attrs):
            number = block.attrs.get("candidate", 0)
            places.setdefault(number if isinstance(number, int) else 0, []).append(place)
    for number, recorded in places.items():
        spoken = [n for n, block in enumerate(said.blocks) if block.candidate == number]
        for index, place in zip(spoken, recorded, strict=False):
            block = braid.block(place)
            if block is None or not _is_same(block, said.blocks[index]):
                yield Found(Difference.CHANGED, index, braid.nodes[place].signature)
        for index in spoken[len(recorded) :]:
            yield Found(Difference.ADDED, index)
        for place in recorded[len(spoken) :]:
            yield Found(Difference.MISSING, None, braid.nodes[place].signature)


def _is_same(recorded: Block, said: Block) -> bool:
    return canonical(recorded) == canonical(said) and beside(recorded) == beside(said)


def _asked(transcript: bytes, position: int, request: bytes) -> Answer:
    node = _stored(transcript, position)
    if node is None or node.bsalt is None or node.opened is None:
        return Answer.NOT_CHECKED
    said: CallContent = parse_call(node.opened.content)
    body = BodyDigest(node.bsalt)
    body.update(request)
    size, digest, _ = body.claims()
    return Answer.YES if (said.body.bytes, said.body.digest) == (size, digest) else Answer.NO


def _stored(transcript: bytes, position: int) -> StoredNode | None:
    for entry in TranscriptReader(io.BytesIO(transcript)):
        if entry.index == position:
            return entry.node
    return None
