"""Every call ends once, and says how: whoever leaves, whatever breaks, whenever we stop."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from braid.call import CallOutcome
from braid_server.asgi import Message
from braid_server.gate import Gate
from braid_server.provider import Provider
from braid_server.providers import anthropic, gemini, openai
from braid_server.relay import Relay
from braid_server.upstream import Address, Broken, Upstream, _why
from fakes.anthropic import (
    BEFORE_TERMINAL,
    BEGINNING,
    ERROR,
    MESSAGE,
    STREAM,
    STREAM_ERROR,
    STREAM_HEAD,
    head,
    json_answer,
)
from fakes.recording import MemoryRecording, unrecordable
from fakes.relaying import relaying
from fakes.upstream import PATIENCE, Early, Script, ScriptedUpstream, Step, chunk, chunked

LENGTH = head("200 OK", ("content-type", "application/json"), ("content-length", "500"))
# The end of the connection is that of the body, whether it is whole or not.
UNFRAMED = head("200 OK", ("content-type", "application/json"), ("connection", "close"))
CODED = head("200 OK", ("content-type", "application/json"), ("content-encoding", "secret"))[:-2]
# Nobody can say what it says, nor by itself whether this is all of it.
REPEATED = b'{"type":"message","type":"message","content":[{}]}'
PROVIDERS: list[Callable[[str], Provider]] = [anthropic, gemini, openai]
CLOSED = head("200 OK", ("content-type", "text/event-stream"), ("connection", "close"))


@pytest.mark.parametrize(
    ("script", "outcome", "body", "clean"),
    [
        ([STREAM_HEAD + chunked(STREAM)], "complete", STREAM, True),
        ([CLOSED + STREAM, Step.CLOSE], "complete", STREAM, True),
        ([STREAM_HEAD + chunk(STREAM), Step.CLOSE], "complete", STREAM, False),
        ([STREAM_HEAD + chunked(STREAM_ERROR)], "error", STREAM_ERROR, True),
        ([STREAM_HEAD + chunk(STREAM_ERROR), Step.CLOSE], "error", STREAM_ERROR, False),
        ([STREAM_HEAD + chunked(BEFORE_TERMINAL)], "upstream_cut", BEFORE_TERMINAL, True),
        ([CLOSED + BEGINNING, Step.CLOSE], "upstream_cut", BEGINNING, True),
        ([STREAM_HEAD + chunk(BEGINNING), Step.CLOSE], "upstream_cut", BEGINNING, False),
        ([STREAM_HEAD, Step.CLOSE], "upstream_cut", b"", False),
        ([STREAM_HEAD + b"0\r\n\r\n"], "upstream_cut", b"", True),
        ([LENGTH + MESSAGE, Step.CLOSE], "upstream_cut", MESSAGE, False),
        ([UNFRAMED + MESSAGE, Step.CLOSE], "complete", MESSAGE, True),
        ([UNFRAMED + MESSAGE[:-1], Step.CLOSE], "upstream_cut", MESSAGE[:-1], True),
        ([json_answer(REPEATED)], "complete", REPEATED, True),
        ([UNFRAMED + REPEATED, Step.CLOSE], "upstream_cut", REPEATED, True),
        ([CODED + b"content-length: 1\r\n\r\nx"], "complete", b"x", True),
        ([CODED + b"\r\nx", Step.CLOSE], "upstream_cut", b"x", True),
        ([json_answer(b"")], "complete", b"", True),
        ([UNFRAMED, Step.CLOSE], "upstream_cut", b"", True),
        ([head("204 No Content", ("date", "now"))], "complete", b"", True),
        ([json_answer(b"<html>")], "complete", b"<html>", True),
        ([UNFRAMED + b"<html>", Step.CLOSE], "upstream_cut", b"<html>", True),
        ([json_answer(MESSAGE[:-1])], "upstream_cut", MESSAGE[:-1], True),
        ([json_answer(ERROR, "529 Busy")], "error", ERROR, True),
        ([json_answer(b"<html>", "502 Bad")], "error", b"<html>", True),
        ([json_answer(b"{}", "307 Moved")], "error", b"{}", True),
    ],
)
def test_answer_ends_the_way_the_upstream_ended_it(
    script: Script, outcome: str, body: bytes, clean: bool
) -> None:
    with ScriptedUpstream(script) as upstream, relaying(upstream.url) as braid:
        answered = braid.post()
        call = braid.recording.ended()
    assert (answered.body, answered.clean) == (body, clean)
    assert (call.ending.outcome, call.ending.status) == (outcome, answered.status)
    assert call.raw == body


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [([("transfer-encoding", "chunked")], "complete"), ([("connection", "close")], "upstream_cut")],
)
def test_stream_that_may_end_without_a_terminal_event_ends_with_its_framing(
    headers: list[tuple[str, str]], outcome: str
) -> None:
    said = b'data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}\n\n'
    sent = chunked(said) if outcome == "complete" else said
    script: Script = [head("200 OK", ("content-type", "text/event-stream"), *headers) + sent]
    with (
        ScriptedUpstream([*script, Step.CLOSE]) as upstream,
        relaying(openai(upstream.url)) as braid,
    ):
        braid.post(b'{"stream":true,"messages":[]}', "/v1/chat/completions")
        assert braid.recording.ended().ending.outcome == outcome


def test_reset_in_the_body_cuts_the_answer() -> None:
    step = threading.Event()
    for headers, piece in ((STREAM_HEAD, chunk(BEGINNING)), (CLOSED, BEGINNING)):
        step.clear()
        with (
            ScriptedUpstream([headers + piece, step, Step.RESET]) as upstream,
            relaying(upstream.url) as braid,
            braid.client() as client,
        ):
            client.post()
            client.read_head()
            assert client.read_chunk() == BEGINNING
            step.set()
            with pytest.raises(EOFError):
                client.read_chunk()
            assert braid.recording.ended().ending.outcome is CallOutcome.UPSTREAM_CUT


def test_broken_framing_cuts_the_answer() -> None:
    step = threading.Event()
    with (
        ScriptedUpstream([STREAM_HEAD + chunk(BEGINNING), step, b"nonsense\r\n"]) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        client.post()
        client.read_head()
        assert client.read_chunk() == BEGINNING
        step.set()
        with pytest.raises(EOFError):
            client.read_chunk()
        assert braid.recording.ended().ending.outcome is CallOutcome.UPSTREAM_CUT


def test_bytes_that_came_before_a_break_are_read_first() -> None:
    step = threading.Event()
    script: Script = [STREAM_HEAD, chunk(b"one"), step, chunk(b"two"), Step.CLOSE]

    async def read(upstream: Upstream, address: Address) -> list[bytes]:
        await upstream.open()
        answer = await upstream.send(address, "GET", "/", [], None)
        step.set()
        # All has come and the break is known before the first byte is asked for.
        while answer.content.exception() is None:
            await asyncio.sleep(0)
        pieces = [await answer.read()]
        with pytest.raises(Broken):
            pieces.append(await answer.read())
        answer.close()
        await upstream.close()
        return pieces

    with ScriptedUpstream(script) as scripted:
        address = Address(scripted.url, None)
        assert asyncio.run(read(Upstream([address]), address)) == [b"onetwo"]


@pytest.mark.parametrize(
    "script", [[Step.CLOSE], [Step.RESET], [b"HTTP/1.1 200 OK\r\nx", Step.CLOSE]]
)
def test_upstream_that_breaks_before_its_headers_is_a_502(script: Script) -> None:
    with ScriptedUpstream(script) as upstream, relaying(upstream.url) as braid:
        answered, passed = braid.post(), braid.post(path="/v1/other")
        call = braid.recording.ended()
    assert (answered.status, passed.status) == (502, 502)
    assert b'"type":"api_error"' in answered.body
    assert answered.values("x-braid-call") == ["call-0"]
    assert passed.values("x-braid-call") == []
    assert (call.ending.outcome, call.ending.status) == (CallOutcome.UPSTREAM_CUT, None)
    for said in (answered.body, passed.body):
        assert f"braid: the upstream sent no answer: 127.0.0.1:{upstream.port}: ".encode() in said


@pytest.mark.parametrize(
    "answer",
    [
        head("200 OK", ("x-a", "a\x01b"), ("content-length", "2")) + b"ok",
        head("700 OK", ("content-length", "2")) + b"ok",
        head("200 OK", ("content-length", "2"), ("content-length", "3")) + b"ok",
        head("200 OK", ("content-length", "2"), ("transfer-encoding", "chunked")) + b"ok",
        b"nonsense\r\n\r\n",
    ],
)
def test_answer_that_http_does_not_allow_is_a_502(answer: bytes) -> None:
    with ScriptedUpstream([answer]) as upstream, relaying(upstream.url) as braid:
        assert (braid.post().status, braid.post(path="/v1/other").status) == (502, 502)
        assert braid.recording.ended().ending.outcome is CallOutcome.UPSTREAM_CUT


@pytest.mark.parametrize(
    ("host", "why"),
    [("127.0.0.1", "connection refused"), ("name.invalid", "the name cannot be resolved")],
)
@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.__name__)
def test_upstream_that_cannot_be_reached_is_a_502_and_not_sent(
    host: str, why: str, provider: Callable[[str], Provider], caplog: pytest.LogCaptureFixture
) -> None:
    """And who runs the server reads in the log, and in the answer, where and why."""
    caplog.set_level(logging.INFO)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    path = "/v1beta/models/m:generateContent" if provider is gemini else "/v1/messages"
    path = "/v1/responses" if provider is openai else path
    with relaying(provider(f"http://user:SECRET@{host}:{port}/SECRET")) as braid:
        answered, passed = braid.post(path=path), braid.post(path="/v1/models/other:do?key=SECRET")
        call = braid.recording.ended()
    assert (answered.status, passed.status) == (502, 502)
    assert answered.values("x-braid-call") == ["call-0"]
    assert call.ending.outcome is CallOutcome.NOT_SENT
    for one in (answered, passed):
        message = json.loads(one.body)["error"]["message"]
        assert message == f"braid: the upstream cannot be reached: {host}:{port}: {why}"
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("braid")]
    assert f'event=not_sent call=call-0 why="{host}:{port}: {why}"' in ours
    assert f'event=not_sent why="{host}:{port}: {why}"' in ours
    assert not any("SECRET" in one for one in ours)


def test_upstream_that_the_system_gives_up_on_is_said_so() -> None:
    """As a connection to an address that answers nothing ends, after the minutes that takes."""
    fault = OSError(errno.ETIMEDOUT, "Connect call failed ('192.0.2.1', 443)")
    assert _why(fault) == "connection timed out"
    assert _why(TimeoutError()) == "timed out"


def test_failing_to_record_a_call_that_was_not_answered_is_said() -> None:
    with ScriptedUpstream([Step.CLOSE]) as upstream, relaying(upstream.url) as braid:
        braid.recording.fail_close = unrecordable()
        assert braid.post().status == 503


@pytest.mark.parametrize(
    ("script", "read"),
    [
        ([Step.SILENCE], 0),
        ([STREAM_HEAD, Step.SILENCE], 0),
        ([STREAM_HEAD + chunk(BEGINNING), Step.SILENCE], len(BEGINNING)),
    ],
    ids=["before the headers", "before the body", "in mid-stream"],
)
@pytest.mark.parametrize("vanishes", [False, True])
def test_client_that_leaves_ends_the_upstream_request(
    script: Script, read: int, vanishes: bool
) -> None:
    with ScriptedUpstream(script) as upstream, relaying(upstream.url) as braid:
        with braid.client() as client:
            client.post()
            upstream.request()
            if script[0] is not Step.SILENCE:
                client.read_head()
                client.read_body_bytes(read)
            (client.vanish if vanishes else client.leave)()
        assert upstream.left.wait(PATIENCE)
        call = braid.recording.ended()
    assert call.ending.outcome is CallOutcome.CLIENT_GONE
    assert call.raw == BEGINNING[:read]
    assert [block.attrs.get("cut") for block in call.blocks] == ([True] if read else [])


def test_client_that_leaves_a_passed_request_ends_it() -> None:
    for path in ("/v1/models", "/v1/files"):
        with (
            ScriptedUpstream([STREAM_HEAD, Step.SILENCE]) as upstream,
            relaying(upstream.url) as braid,
            braid.client() as client,
        ):
            client.request("GET", path)
            client.read_head()
            client.leave()
            assert upstream.left.wait(PATIENCE)


def test_client_that_leaves_in_its_upload_never_makes_it_look_whole() -> None:
    with (
        ScriptedUpstream(Early([Step.SILENCE])) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        client.request("POST", "/v1/files", [("transfer-encoding", "chunked")], chunk(b"begun"))
        upstream.request()
        client.leave()
        assert upstream.left.wait(PATIENCE)
        assert not upstream.heard.endswith(b"0\r\n\r\n")


def test_client_that_leaves_in_the_body_of_a_recorded_request_leaves_nothing() -> None:
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        with braid.client() as client:
            client.request("POST", "/v1/messages", [("content-length", "10")], b"{")
        assert braid.post().body == MESSAGE
        assert len(upstream.requests) == 1
        assert len(braid.recording.calls) == 1


def test_call_that_is_whole_stays_complete_when_the_client_leaves_before_its_end() -> None:
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        durable = braid.recording.hold_close = threading.Event()
        with braid.client() as client:
            client.post()
            assert braid.recording.closing.wait(PATIENCE)
        durable.set()
        assert braid.recording.ended().ending.outcome is CallOutcome.COMPLETE


def test_slow_client_slows_the_upstream() -> None:
    piece = chunk(b": " + b"x" * 65_534)
    with (
        ScriptedUpstream([STREAM_HEAD, *[piece] * 2_000, Step.CLOSE]) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        client.post()
        client.read_head()
        assert not upstream.done.wait(1)
        (call,) = braid.recording.calls
        assert len(call.raw) < 64_000_000
        client.leave()
        assert braid.recording.ended().ending.outcome is CallOutcome.CLIENT_GONE


def test_any_number_of_calls_is_under_way_at_once() -> None:
    together = 150
    step = threading.Event()
    with ScriptedUpstream([step, json_answer()]) as upstream, relaying(upstream.url) as braid:
        clients = [braid.client() for _ in range(together)]
        for client in clients:
            client.post()
        upstream.request(together - 1)
        step.set()
        for client in clients:
            assert client.answer().body == MESSAGE
            client.leave()


@pytest.mark.parametrize(
    ("script", "path"),
    [
        ([Step.SILENCE], "/v1/messages"),
        ([STREAM_HEAD + chunk(BEGINNING), Step.SILENCE], "/v1/messages"),
        ([STREAM_HEAD + chunk(BEGINNING), Step.SILENCE], "/v1/other"),
    ],
)
def test_shutdown_interrupts_live_calls_and_cuts_their_connections(
    script: Script, path: str
) -> None:
    with ScriptedUpstream(script) as upstream, relaying(upstream.url) as braid:
        with braid.client() as client:
            client.post(path)
            upstream.request()
            if script[0] is not Step.SILENCE:
                client.read_head()
                client.read_body_bytes(len(BEGINNING))
            braid.server.stop()
            if script[0] is Step.SILENCE:
                assert client.answer().status == 503
            else:
                with pytest.raises(EOFError):
                    client.read_chunk()
        assert upstream.left.wait(PATIENCE)
        outcomes = [call.ending.outcome for call in braid.recording.calls]
        assert outcomes == ([CallOutcome.INTERRUPTED] if path == "/v1/messages" else [])


def test_shutdown_does_not_wait_for_a_client_that_sends_slowly() -> None:
    with (
        ScriptedUpstream([json_answer()]) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        client.request("POST", "/v1/messages", [("content-length", "10")], b"{")
        # The server has read the first request by the time it answers a later one.
        assert braid.post().body == MESSAGE
        braid.server.stop()
        assert client.answer().status == 503


class _Direct:
    """The relay driven without a server, so that a test can cancel its task."""

    def __init__(self, relay: Relay, body: bytes) -> None:
        self._relay = relay
        self._body = body
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        if self._body:
            body, self._body = self._body, b""
            return {"type": "http.request", "body": body, "more_body": False}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def task(self) -> asyncio.Task[None]:
        scope = {
            "type": "http",
            "method": "POST",
            "raw_path": b"/v1/messages",
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
        }
        return asyncio.ensure_future(self._relay(scope, self.receive, self.send))


async def _cancelled_at(
    wait: Callable[[MemoryRecording], threading.Event],
    then: Callable[[MemoryRecording], threading.Event | None],
    url: str,
) -> MemoryRecording:
    recording = MemoryRecording()
    held = then(recording)
    relay = Relay([anthropic(url)], recording, Gate())
    await relay.start()
    task = _Direct(relay, b"{}").task()
    assert await asyncio.to_thread(wait(recording).wait, PATIENCE)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    if held is not None:
        held.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    await relay.shutdown()
    return recording


def _run(work: Coroutine[Any, Any, MemoryRecording]) -> MemoryRecording:
    return asyncio.run(work)


def test_call_is_closed_once_when_its_task_is_cancelled_while_it_is_opened() -> None:
    def hold(recording: MemoryRecording) -> threading.Event:
        recording.hold_open = threading.Event()
        return recording.hold_open

    with ScriptedUpstream([json_answer()]) as upstream:
        recording = _run(_cancelled_at(lambda held: held.opening, hold, upstream.url))
        assert upstream.connections == 0
    assert recording.calls[0].ending.outcome is CallOutcome.INTERRUPTED


def test_call_is_closed_once_when_its_task_is_cancelled_while_it_is_closed() -> None:
    def hold(recording: MemoryRecording) -> threading.Event:
        recording.hold_close = threading.Event()
        return recording.hold_close

    with ScriptedUpstream([json_answer()]) as upstream:
        recording = _run(_cancelled_at(lambda held: held.closing, hold, upstream.url))
    assert recording.calls[0].ending.outcome is CallOutcome.COMPLETE


def test_call_is_closed_once_when_its_task_is_cancelled_while_it_waits() -> None:
    with ScriptedUpstream([STREAM_HEAD, Step.SILENCE]) as upstream:
        asked = upstream.asked
        recording = _run(_cancelled_at(lambda _: asked, lambda _: None, upstream.url))
        assert upstream.left.wait(PATIENCE)
    assert recording.calls[0].ending.outcome is CallOutcome.INTERRUPTED
