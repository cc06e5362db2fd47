"""Checking a request before it is sent: which of its history is genuine (SPEC §8.6).

Needs a transcript and the request, no store and no session. A gateway can refuse on the answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from braid.call import REFUSED_HISTORY, CallOutcome, History, HistoryPolicy
from braid.context import ContextList
from braid.errors import BraidError
from braid.node import Kind
from braid.statements import Statements
from braid.wire import anthropic, gemini, interactions, openai_chat, openai_responses
from braid.wire.block import Block, Request
from braid_verifier import characters
from braid_verifier.definitions import (
    Change,
    Defined,
    departures,
    is_aside,
    system_changes,
    tool_changes,
)
from braid_verifier.history import canonical, is_spine
from braid_verifier.items import as_resent, item_of, reference_in
from braid_verifier.judgement import Judgement, Resent, Verdict, is_answer
from braid_verifier.judging import judge
from braid_verifier.opened import OpenedBraid, OpenedCall
from braid_verifier.outline import Outline, trace_of
from braid_verifier.pins import PinnedKey, TimeAuthorities
from braid_verifier.policy import ClaimName, Policy, Root
from braid_verifier.report import Answer, Report, Result
from braid_verifier.translating import leading
from braid_verifier.verification import verify

# Known conversations that a request is laid beside; the likeliest come first.
_CANDIDATES = 8


class Wire(StrEnum):
    """The wire formats that requests are read in."""

    ANTHROPIC = "anthropic"
    OPENAI_CHAT = "openai-chat"
    OPENAI_RESPONSES = "openai-responses"
    GEMINI = "gemini"
    INTERACTIONS = "interactions"

    def read(self, body: bytes) -> Request:
        """Read the body of a generation request; never raises."""
        match self:
            case Wire.ANTHROPIC:
                return anthropic.read_request(body)
            case Wire.OPENAI_CHAT:
                return openai_chat.read_request(body)
            case Wire.OPENAI_RESPONSES:
                return openai_responses.read_request(body)
            case Wire.GEMINI:
                return gemini.read_request(body)
            case Wire.INTERACTIONS:
                return interactions.read_request(body)


class Standing(StrEnum):
    """What a block of a request is: `GENUINE` and `KNOWN` are in place.

    GENUINE  the provider sent it.
    KNOWN    the client sent it before.
    NEW      it goes on from what is known.
    CLAIMED  an assistant's words that nobody here saw a provider send, where none was seen before.
    FALSE    what a recorder that rejects false history refuses.
    """

    GENUINE = "genuine"
    KNOWN = "known"
    NEW = "new"
    CLAIMED = "claimed"
    FALSE = "false"


@dataclass(frozen=True, slots=True)
class CheckedBlock:
    """One block of the request's messages, or of the item of Responses that one of them points to.

    `node` and `position` are of the node of the transcript that it is or was made of.
    """

    index: int
    role: str
    kind: Kind
    standing: Standing
    code: History | None
    node: str | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class HistoryFinding:
    """One thing to say.

    `block` counts the blocks of the request's messages, `node` names one of the transcript.
    """

    code: History
    block: int | None = None
    node: str | None = None


class HistoryNotGenuine(BraidError):
    """A request whose history is not what the transcript says."""


@dataclass(frozen=True, slots=True, repr=False)
class HistoryCheck:
    """The answer of `check_history`; never a truth value by itself.

    genuine   the transcript is intact and nothing in the request is false.
    report    what verification says of the transcript: where it failed, nothing was compared.
    call      id of the call whose conversation the request goes on with, None for none.
    policy    what counts as false.
    """

    genuine: bool
    report: Report
    call: str | None
    blocks: tuple[CheckedBlock, ...]
    findings: tuple[HistoryFinding, ...]
    policy: HistoryPolicy = HistoryPolicy.REJECT

    def __bool__(self) -> bool:
        raise TypeError("a check is no truth value: ask .genuine, or call .require()")

    def __repr__(self) -> str:
        many = f"blocks={len(self.blocks)} findings={len(self.findings)}"
        return f"<HistoryCheck genuine={self.genuine} {many} transcript={self.report.result}>"

    def require(self) -> None:
        """Raise HistoryNotGenuine unless the request's history is genuine.

        Where roots were pinned, one of them has to stand behind the transcript too.
        """
        signer = self.report.claims[ClaimName.SIGNER]
        if self.genuine and signer.answer is Answer.NO:
            raise HistoryNotGenuine(f"the transcript's signer: {signer.reason}")
        if self.genuine:
            return
        if self.report.result in (Result.FAILED, Result.UNREADABLE):
            raise HistoryNotGenuine(f"the transcript is {self.report.result}")
        false = [one for one in self.findings if one.code in self.policy.refused]
        said = ", ".join(
            str(one.code) if one.block is None else f"{one.code} (block {one.block})"
            for one in false[:10]
        )
        raise HistoryNotGenuine(f"the request's history: {said}")


def check_history(
    transcript: bytes | BinaryIO,
    request: bytes,
    wire: Wire | str,
    roots: Iterable[str | bytes | Root] | None = None,
    *,
    statements: Iterable[bytes | Statements] = (),
    logs: Iterable[str | PinnedKey] | None = None,
    witnesses: Iterable[str | PinnedKey] | None = None,
    authorities: TimeAuthorities | None = None,
    quorum: int = 1,
    policy: HistoryPolicy | str = HistoryPolicy.REJECT,
) -> HistoryCheck:
    """Say which blocks of a request's messages are genuine and in place (SPEC §8.6).

    Whatever the bytes are, the answer is a check.

    transcript  what is recorded of the conversation, verified first. The other arguments that
                `verify` has too are as there: who is trusted shows in the report, and what the
                roots and witnesses say decides whether a key may still be believed.
    request     the body that a client is about to send.
    wire        the format of that body.
    quorum      how many different witnesses must have cosigned, as in `Policy`.
    policy      what is false: `reject`, or `strict`, to which an assistant's words that no
                provider sent here are false wherever they stand.

    Raises ValueError for a wire or a policy that is none (`record`, which calls nothing false,
    among them), TypeError for a request that is no bytes, and what `verify` raises.
    """
    if not isinstance(request, bytes):
        raise TypeError(f"request: expected the body's bytes, got {type(request).__name__}")
    wire, known = Wire(wire), history_policy(policy)
    raw = transcript if isinstance(transcript, bytes) else transcript.read()
    report = verify(
        raw,
        Policy(quorum=quorum),
        roots,
        statements=statements,
        logs=logs,
        witnesses=witnesses,
        authorities=authorities,
    )
    if report.result in (Result.FAILED, Result.UNREADABLE):
        return HistoryCheck(False, report, None, (), (), known)
    return _Checker(OpenedBraid(raw), wire.read(request), report, known).check()


def history_policy(given: HistoryPolicy | str) -> HistoryPolicy:
    """Give the policy that a check goes by; raises ValueError for what is none."""
    known = (HistoryPolicy.REJECT, HistoryPolicy.STRICT)
    if given not in known:
        raise ValueError(f"policy: expected one of {', '.join(known)}, got {str(given)[:40]}")
    return HistoryPolicy(given)


class _Checker:
    def __init__(
        self, braid: OpenedBraid, request: Request, report: Report, policy: HistoryPolicy
    ) -> None:
        self._policy = policy
        self._braid = braid
        self._request = request
        self._report = report
        self._kept: dict[int | None, bool] = {}
        self._resent = self._resolved([_matched(block) for block in request.messages])
        self._system = [_matched(block) for block in request.system]

    def _resolved(self, messages: Sequence[Resent]) -> list[Resent]:
        """Give the messages with what is known in the place of what only points to it."""
        names = [reference_in(block) for block, _, _ in messages]
        known = self._items(frozenset(name for name in names if name is not None))
        resolved: list[Resent] = []
        for name, message in zip(names, messages, strict=True):
            # Nobody shows an item twice, and what is small could stand for no end of words.
            resolved += ([] if name is None else known.pop(name, [])) or [message]
        return resolved

    def _items(self, names: frozenset[str]) -> dict[str, list[Resent]]:
        """Give the blocks of items, each by the newest answer that has it; none if not all are there."""
        places: dict[str, list[int]] = {}
        nodes = self._braid.nodes
        for place, node in enumerate(nodes if names else ()):
            name = item_of(node.attrs or {})
            if name not in names or node.follows or not node.provided:
                continue
            if not self._keeps(node.owner):
                continue
            those = places.setdefault(name, [])
            if those and nodes[those[0]].owner != node.owner:
                those.clear()
            those.append(place)
        found: dict[str, list[Resent]] = {}
        for name, those in places.items():
            blocks = [self._braid.block(place) for place in those]
            matches = [nodes[place].match for place in those]
            found[name] = [
                Resent(as_resent(block), match, is_spine(block))
                for block, match in zip(blocks, matches, strict=True)
                if block is not None and match is not None
            ]
            if len(found[name]) < len(those):
                del found[name]
        return found

    def _keeps(self, call: int | None) -> bool:
        """Tell whether the provider keeps what a call was answered, as far as its parameters say."""
        if call not in self._kept:
            self._kept[call] = self._braid.keeps(call)
        return self._kept[call]

    def check(self) -> HistoryCheck:
        if self._request.ambiguous is not None:
            found = HistoryFinding(History.AMBIGUOUS, 0)
            return HistoryCheck(False, self._report, None, (), (found,), self._policy)
        call, judgement = self._best()
        blocks = tuple(self._block(place, judgement) for place in range(len(self._resent)))
        findings = list(self._findings(judgement))
        if call is not None:
            findings += self._changes(call)
        for tool in self._request.tools:
            findings += (HistoryFinding(code) for code in characters.suspicious(tool))
        genuine = not any(one.code in self._policy.refused for one in findings)
        name = None if call is None else call.id
        return HistoryCheck(genuine, self._report, name, blocks, tuple(findings), self._policy)

    def _best(self) -> tuple[OpenedCall | None, Judgement]:
        """Lay the request beside the conversations it may be, and give the one it fits best."""
        braid = self._braid
        held = self._held()
        if held is not None:
            path = braid.conversation(held)
            return held, judge(braid, path, self._resent, held=True)
        partial = self._request.continues is not None
        best: tuple[OpenedCall | None, Judgement] = (
            None,
            judge(braid, (), self._resent, partial=partial, named=self._is_answered()),
        )
        score: tuple[int, ...] | None = None
        for call in self._candidates():
            judgement = self._judge(call, partial=partial)
            spoken = sum(braid.known(node).provided for node in judgement.used)
            if not spoken and not _is_edit(judgement):
                continue
            false = sum(verdict.code in REFUSED_HISTORY for verdict in judgement.blocks)
            this = (-false, len(judgement.used), call.position)
            if score is None or this > score:
                best, score = (call, judgement), this
        return best if score is not None else self._by_question() or best

    def _is_answered(self) -> bool:
        return any(self._braid.known(place).provided for place in range(len(self._braid.nodes)))

    def _by_question(self) -> tuple[OpenedCall, Judgement] | None:
        """Lay the request beside a whole answer to what it asks, if none came back."""
        braid = self._braid
        calls = [
            call
            for call in self._candidates()
            if braid.outcomes.get(call.position) is CallOutcome.COMPLETE
        ]
        for call in sorted(calls, key=self._is_instructed, reverse=True):
            judgement = self._judge(call, asked=True)
            if judgement.accuses:
                return call, judgement
        return None

    def _judge(self, call: OpenedCall, *, partial: bool = False, asked: bool = False) -> Judgement:
        return judge(
            self._braid,
            self._braid.conversation(call),
            self._resent,
            partial=partial,
            asked=asked,
            before=self._known_system(call),
            sent=self._system,
        )

    def _known_system(self, call: OpenedCall) -> list[int]:
        shown = call.shown[ContextList.SYSTEM]
        return [place for place in shown if not self._braid.nodes[place].follows]

    def _is_instructed(self, call: OpenedCall) -> bool:
        others = (History.SYSTEM_CHANGED, History.ASIDE)
        return all(change.code not in others for change in self._changes(call))

    def _held(self) -> OpenedCall | None:
        """Find the call whose answer the request names instead of resending it."""
        name = self._request.continues
        for call, end in self._braid.ends.items():
            if name is not None and (self._braid.nodes[end].attrs or {}).get("id") == name:
                return self._braid.calls[call]
        return None

    def _candidates(self) -> list[OpenedCall]:
        """Find the calls that a request may go on from, by its newest answers and its outline."""
        braid, found = self._braid, dict[int, None]()
        for one in reversed(self._resent):
            if not is_answer(one.block) or len(found) >= _CANDIDATES:
                continue
            name = one.block.attrs.get("id")
            node = braid.find(one.match)
            if node is None and one.block.kind is Kind.TOOL_USE and isinstance(name, str):
                node = braid.find_call(name)
            owner = None if node is None else braid.nodes[node].owner
            if owner is not None:
                found[owner] = None
        wanted = _outlines(self._resent)
        for call in reversed(braid.calls.values()):
            if len(found) >= 2 * _CANDIDATES:
                break
            if call.answer and not wanted.isdisjoint(self._outlines_of(call)):
                found[call.position] = None
        return [braid.calls[place] for place in found]

    def _outlines_of(self, call: OpenedCall) -> tuple[bytes, bytes]:
        """Give the outline of what a call asked, and with what was answered."""
        asked = outline = Outline()
        answer = set(call.answer)
        for place in self._braid.conversation(call):
            block = self._braid.block(place)
            outline = outline.extended(None if block is None else trace_of(block))
            if place not in answer:
                asked = outline
        return asked.value, outline.value

    def _block(self, place: int, judgement: Judgement) -> CheckedBlock:
        block, verdict = self._resent[place].block, judgement.blocks[place]
        known = None if verdict.known is None else self._braid.nodes[verdict.known]
        code = self._code(verdict)
        if code in self._policy.refused:
            standing = Standing.FALSE
        elif verdict.is_known and known is not None:
            spoken = known.provided or not is_answer(block)
            standing = Standing.GENUINE if known.provided else Standing.KNOWN
            standing = standing if spoken else Standing.CLAIMED
        elif is_answer(block) and verdict.code in (History.FOREIGN_BEFORE, History.PREFILL):
            standing = Standing.CLAIMED
        else:
            standing = Standing.NEW
        return CheckedBlock(
            place,
            block.role,
            block.kind,
            standing,
            code,
            None if known is None else known.signature,
            verdict.known,
        )

    def _code(self, verdict: Verdict) -> History | None:
        """Give what is said of a block: what a call said is false stays so, however it came back."""
        if verdict.is_known and verdict.known is not None:
            return self._braid.accused.get(verdict.known, verdict.code)
        return verdict.code

    def _findings(self, judgement: Judgement) -> Iterable[HistoryFinding]:
        nodes = self._braid.nodes
        for place, verdict in enumerate(judgement.blocks):
            code = self._code(verdict)
            if code is not None and code is not History.CONTINUED:
                made_of = None if verdict.known is None else nodes[verdict.known].signature
                yield HistoryFinding(code, place, made_of)
        for left_out in judgement.dropped:
            yield HistoryFinding(History.ELIDED_RESULT, None, nodes[left_out].signature)
        if judgement.truncated:
            yield HistoryFinding(History.TRUNCATED)
        elif judgement.elided:
            yield HistoryFinding(History.ELIDED)

    def _changes(self, call: OpenedCall) -> Iterable[HistoryFinding]:
        """Say what of system and tools is not as the call had it."""
        held = self._request.continues is not None
        left = self._braid.left.get(call.position)
        for change in departures(call.position, left, self._compared, held):
            was = None if change.was is None else self._braid.nodes[change.was].signature
            yield HistoryFinding(change.code, None, was)

    def _compared(self, position: int) -> tuple[list[Change], bool]:
        """Give what is not as a call had it, and whether that is aside; new ones have numbers below 0."""
        new = {
            -1 - n: block
            for n, block in enumerate(
                (*self._request.tools, *self._request.system, *self._request.messages)
            )
        }

        def read(node: int) -> Block | None:
            return new[node] if node < 0 else self._braid.block(node)

        def before(nodes: Sequence[int]) -> list[Defined]:
            return [
                Defined(node, known.match)
                for node in nodes
                if (known := self._braid.nodes[node]).match is not None
            ]

        def after(kind: Sequence[Block], start: int) -> list[Defined]:
            return [Defined(-1 - n, _matched(block).match) for n, block in enumerate(kind, start)]

        tools, system = self._request.tools, self._request.system
        shown = self._braid.calls[position].shown
        opens = shown[ContextList.MESSAGES]
        opens = opens[: leading([self._braid.nodes[place].kind for place in opens])]
        now = self._request.messages
        now = now[: leading([block.kind for block in now])]
        # What one format has among the messages has another in a list of its own.
        known = shown[ContextList.SYSTEM] if now else (*shown[ContextList.SYSTEM], *opens)
        system = system if opens else (*system, *now)
        changes: list[Change] = []
        if self._request.continues is None or tools:
            changes += tool_changes(before(shown[ContextList.TOOLS]), after(tools, 0), read)
        if self._request.continues is None or system:
            changes += system_changes(before(known), after(system, len(tools)), read)
        aside = is_aside(before(shown[ContextList.TOOLS]), before(known), changes, read)
        return changes, aside


def _matched(block: Block) -> Resent:
    return Resent(block, hashlib.sha256(canonical(block)).digest(), is_spine(block))


def _is_edit(judgement: Judgement) -> bool:
    return any(verdict.code is History.EDITED for verdict in judgement.blocks)


def _outlines(resent: Sequence[Resent]) -> set[bytes]:
    """Give the outline of each beginning of a request that ends before or after an answer."""
    outlines: set[bytes] = set()
    outline = Outline()
    for place, one in enumerate(resent):
        if is_answer(one.block) and (place == 0 or not is_answer(resent[place - 1].block)):
            outlines.add(outline.value)
        outline = outline.extended(trace_of(one.block))
        last = place + 1 == len(resent) or not is_answer(resent[place + 1].block)
        if is_answer(one.block) and last:
            outlines.add(outline.value)
    return outlines
