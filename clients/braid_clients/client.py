"""A small client of a Braid server for programs that use the providers' SDKs.

    braid = Braid("http://127.0.0.1:8420", roots=[ROOT])
    talk = braid.conversation("weather")
    client = anthropic.Anthropic(**talk.anthropic())
    raw = client.messages.with_raw_response.create(…)
    message = braid.check(raw).require()

`AsyncBraid` is the same with `await`. docs/clients.md has what each SDK's response is.
"""

from __future__ import annotations

import asyncio
import inspect
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, Protocol, Self, TypeVar, overload

import httpx

from braid_clients.answer_check import AnswerCheck, check_answer
from braid_clients.answers import answer_in, body_of, said_in
from braid_clients.calls import braid_of, call_of, request_of
from braid_clients.conversation import (
    AnthropicOptions,
    Conversation,
    GeminiOptions,
    OpenAIOptions,
    conversation,
)
from braid_clients.pins import Pins
from braid_clients.server import NO_ANSWER, TIMEOUT, Server, ServerError
from braid_verifier import (
    HistoryCheck,
    HistoryPolicy,
    PinnedKey,
    Policy,
    Report,
    Root,
    Statements,
    TimeAuthorities,
    Wire,
)
from braid_verifier.checking import history_policy

URL = "http://127.0.0.1:8420"  # where `braid serve` listens
_POLICY = Policy()
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class RawResponse(Protocol[T_co]):
    """What `with_raw_response` gives."""

    @property
    def http_request(self) -> object: ...

    def parse(self) -> T_co: ...


class AsyncRawResponse(Protocol[T_co]):
    """The same from an async client, where parsing has to be awaited."""

    @property
    def http_request(self) -> object: ...

    async def parse(self) -> T_co: ...


class FinalMessage(Protocol[T_co]):
    """What `messages.stream` of `anthropic` gives."""

    def get_final_message(self) -> T_co: ...


class FinalCompletion(Protocol[T_co]):
    """What `chat.completions.stream` of `openai` gives."""

    def get_final_completion(self) -> T_co: ...


class FinalResponse(Protocol[T_co]):
    """What `responses.stream` of `openai` gives."""

    def get_final_response(self) -> T_co: ...


class _Client(ABC):
    """What both clients know and decide, without input or output."""

    def __init__(
        self,
        url: str = URL,
        *,
        token: str | None = None,
        roots: Iterable[str | bytes | Root] | None = None,
        logs: Iterable[str | PinnedKey] | None = None,
        witnesses: Iterable[str | PinnedKey] | None = None,
        authorities: TimeAuthorities | None = None,
        statements: Iterable[bytes | Statements] | None = None,
        policy: Policy = _POLICY,
    ) -> None:
        self._server = Server(url, token)
        self._pins = Pins.of(roots, logs, witnesses, authorities, statements, policy.quorum)
        self._policy = policy
        self._connect()

    @abstractmethod
    def _connect(self) -> None:
        """Make the HTTP client."""

    def conversation(
        self, name: str | None = None, *, braid: str | None = None, parent: str | None = None
    ) -> Conversation:
        """Name a conversation: all calls under one name are of one braid, whatever the SDK.

        Names belong to the token's tenant; where the braid of a name was sealed, its next call
        begins a new one. `braid` puts calls on a braid that is there, and `parent`, the
        signature of a node of it, behind that node; a server that has no such thing answers
        404. With none of them a call's history says which conversation it goes on with.
        Raises ValueError for a name that no header can carry (1 to 200 characters of ASCII),
        and for what is no id and no signature.
        """
        return conversation(self._server.url, self._server.token, name, braid, parent)

    def anthropic(self) -> AnthropicOptions:
        """Give the arguments that point a client of `anthropic` at Braid."""
        return self.conversation().anthropic()

    def openai(self) -> OpenAIOptions:
        """Give the arguments that point a client of `openai` at Braid."""
        return self.conversation().openai()

    def gemini(self) -> GeminiOptions:
        """Give the arguments that point a client of `google-genai` at Braid."""
        return self.conversation().gemini()

    def _report(self, transcript: bytes, braid: str, policy: Policy | None) -> Report:
        report = self._pins.report(transcript, policy or self._policy)
        _same(braid, report)
        return report

    def _check(self, transcript: bytes, response: object, answer: T) -> AnswerCheck[T]:
        call = call_of(response)
        report = self._report(transcript, call.braid, None)
        return check_answer(transcript, report, call, answer, said_in(answer), request_of(response))

    def _check_history(
        self,
        transcript: bytes,
        braid: str,
        wire: Wire,
        request: bytes | Mapping[str, object],
        policy: HistoryPolicy,
    ) -> HistoryCheck:
        body = request if isinstance(request, bytes) else body_of(request)
        check = self._pins.check_history(transcript, body, wire, self._policy.quorum, policy)
        _same(braid, check.report)
        return check


class Braid(_Client):
    """A Braid server, asked by programs. Use it as a context manager, or close it.

    token        the server's, where it wants one.
    roots        root keys to trust.
    logs         verifier keys of transparency logs to trust.
    witnesses    those of the witnesses of logs.
    authorities  who is believed of timestamps: `braid_verifier.timestamps.Authorities`.
    statements   rotations and revocations that count beside those in a transcript.
    policy       what must be true of a braid.

    All but `token` are as `verify` takes them. As `braid verify` does, roots, logs and witnesses
    that are None are those of the user's trust files, read now; statements that are None are
    what the user was told (`braid keys trust FILE`), read whenever a report is made.

    Raises ValueError for an address or a token that can be none and for a policy whose quorum
    the witnesses cannot reach, KeyUnusable for what is no key, StatementUnusable for a statement
    that does not hold; for a trust file TrustUnusable, and OSError if it cannot be read. What
    makes a report raises StatementUnusable and OSError for the file of what the user was told.
    """

    def _connect(self) -> None:
        self._http = httpx.Client(timeout=TIMEOUT, trust_env=not self._server.is_here)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def transcript(self, of: object) -> bytes:
        """Fetch a braid as JSON Lines, named by its id, by a Call or by a response.

        It is what the server says, not checked. Raises NotRecorded for a response of no
        recorded call, ValueError for what is no id, and ServerError.
        """
        braid = braid_of(of)
        try:
            answer = self._http.send(self._server.transcript(braid))
        except NO_ANSWER as fault:
            raise self._server.silent(fault) from fault
        return self._server.read_transcript(answer)

    def report(self, of: object, policy: Policy | None = None) -> Report:
        """Fetch a braid and verify it here, under the pinned roots.

        Raises as `transcript`, and ValueError for a policy whose quorum the pinned witnesses
        cannot reach; what verification finds is in the report.
        """
        braid = braid_of(of)
        return self._report(self.transcript(braid), braid, policy)

    @overload
    def check(self, response: RawResponse[T]) -> AnswerCheck[T]: ...
    @overload
    def check(self, response: FinalMessage[T]) -> AnswerCheck[T]: ...
    @overload
    def check(self, response: FinalCompletion[T]) -> AnswerCheck[T]: ...
    @overload
    def check(self, response: FinalResponse[T]) -> AnswerCheck[T]: ...
    @overload
    def check(self, response: T) -> AnswerCheck[T]: ...
    @overload
    def check(self, response: object, answer: T) -> AnswerCheck[T]: ...
    def check(self, response: object, answer: object = None) -> AnswerCheck[Any]:
        """Compare an answer with what was signed for its call, before it is used.

        `response` says which call it is and by itself holds the answer: a raw response, a
        stream with helpers (which is read to its end), a response of google-genai or the list
        of its chunks. For any other stream, pass the events it brought as `answer`. The whole
        braid is fetched and verified each time. Raises as `transcript`, and TypeError for
        what is no answer.
        """
        call = call_of(response)
        said = answer_in(response) if answer is None else answer
        if inspect.isawaitable(said):
            _dismiss(said)
            raise TypeError("response: of an async client; ask an AsyncBraid")
        return self._check(self.transcript(call), response, said)

    def check_history(
        self,
        of: object,
        wire: Wire | str,
        request: bytes | Mapping[str, object],
        *,
        policy: HistoryPolicy | str = HistoryPolicy.REJECT,
    ) -> HistoryCheck:
        """Say before a request is sent which of its history is genuine (SPEC §8.6).

        `of` names the braid it goes on with, `wire` the request's format; the request is its
        body or, for `anthropic` and `openai`, the arguments that the SDK will be called with.
        `policy` is what is false: `reject`, or `strict` for all that no provider sent here.
        Raises as `transcript`, and ValueError for a wire or a policy that is none.
        """
        braid, known, false = braid_of(of), Wire(wire), history_policy(policy)
        return self._check_history(self.transcript(braid), braid, known, request, false)


class AsyncBraid(_Client):
    """As `Braid`, awaited."""

    def _connect(self) -> None:
        self._http = httpx.AsyncClient(timeout=TIMEOUT, trust_env=not self._server.is_here)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def transcript(self, of: object) -> bytes:
        """Do as `Braid.transcript`."""
        braid = braid_of(of)
        try:
            answer = await self._http.send(self._server.transcript(braid))
        except NO_ANSWER as fault:
            raise self._server.silent(fault) from fault
        return self._server.read_transcript(answer)

    async def report(self, of: object, policy: Policy | None = None) -> Report:
        """Do as `Braid.report`; verification runs in a thread."""
        braid = braid_of(of)
        transcript = await self.transcript(braid)
        return await asyncio.to_thread(self._report, transcript, braid, policy)

    @overload
    async def check(self, response: AsyncRawResponse[T]) -> AnswerCheck[T]: ...
    @overload
    async def check(self, response: RawResponse[T]) -> AnswerCheck[T]: ...
    @overload
    async def check(self, response: FinalMessage[Awaitable[T]]) -> AnswerCheck[T]: ...
    @overload
    async def check(self, response: FinalCompletion[Awaitable[T]]) -> AnswerCheck[T]: ...
    @overload
    async def check(self, response: FinalResponse[Awaitable[T]]) -> AnswerCheck[T]: ...
    @overload
    async def check(self, response: T) -> AnswerCheck[T]: ...
    @overload
    async def check(self, response: object, answer: T) -> AnswerCheck[T]: ...
    async def check(self, response: object, answer: object = None) -> AnswerCheck[Any]:
        """Do as `Braid.check`, with responses of async and other clients."""
        call = call_of(response)
        said = answer_in(response) if answer is None else answer
        if inspect.isawaitable(said):
            said = await said
        transcript = await self.transcript(call)
        return await asyncio.to_thread(self._check, transcript, response, said)

    async def check_history(
        self,
        of: object,
        wire: Wire | str,
        request: bytes | Mapping[str, object],
        *,
        policy: HistoryPolicy | str = HistoryPolicy.REJECT,
    ) -> HistoryCheck:
        """Do as `Braid.check_history`."""
        braid, known, false = braid_of(of), Wire(wire), history_policy(policy)
        transcript = await self.transcript(braid)
        return await asyncio.to_thread(
            self._check_history, transcript, braid, known, request, false
        )


def _same(braid: str, report: Report) -> None:
    # Another braid, genuine as it may be, must not be reported on under this one's name.
    if report.braid is not None and report.braid != braid:
        raise ServerError(f"asked for braid {braid}, got {report.braid}")


def _dismiss(awaitable: object) -> None:
    """Close a coroutine that nobody will await, so that Python does not warn of it."""
    close = getattr(awaitable, "close", None)
    if callable(close):
        close()
