"""No request leaves a connection to the upstream out of step, and no head or trailer is trusted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from braid_server.asgi import Message
from braid_server.gate import Gate
from braid_server.providers import anthropic
from braid_server.relay import Relay
from braid_server.serving import MAX_HEAD, MAX_HEADERS
from fakes.anthropic import MESSAGE, json_answer
from fakes.client import RawClient
from fakes.recording import MemoryRecording
from fakes.relaying import relaying
from fakes.upstream import PATIENCE, Early, ScriptedUpstream, chunked

BODY = b'{"model":"claude-x","messages":[{"role":"user","content":"hi"}]}'
OFFERS = {
    "h2c, then websocket": ["connection: upgrade", "upgrade: h2c", "upgrade: websocket"],
    "websocket, then h2c": ["connection: upgrade", "upgrade: websocket", "upgrade: h2c"],
    "in one list": ["connection: upgrade", "upgrade: h2c, WebSocket"],
    "with a version": ["connection: upgrade", "upgrade: websocket/13"],
    "two others": ["connection: upgrade", "upgrade: h2c", "upgrade: foo"],
    "connection said twice": ["connection: upgrade", "connection: close", "upgrade: h2c"],
    "connection in a list": ["connection: foo, UPGRADE", "upgrade: h2c"],
}


def _head(method: str, target: str, *lines: str) -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/1.1", "host: localhost", *lines, "", ""]).encode()


@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/files"])
@pytest.mark.parametrize("split", [False, True])
def test_no_offer_of_another_protocol_loses_the_body(offer: str, path: str, split: bool) -> None:
    lines = [*OFFERS[offer], f"content-length: {len(BODY)}"]
    with (
        ScriptedUpstream([json_answer()]) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        client.send(_head("POST", path, *lines))
        if split:
            client.send(BODY[:9])
            client.send(BODY[9:])
        else:
            client.send(BODY)
        answered = client.answer()
        if any("websocket" in line.lower() for line in lines):
            assert answered.status == 426
            assert upstream.connections == 0
            return
        assert answered.body == MESSAGE
        assert upstream.request().body == BODY
        assert upstream.request().values("upgrade") == []
        assert upstream.request().values("connection") == []


@pytest.mark.parametrize("path", ["/v1/x", "/v1/messages", "localhost:443"])
@pytest.mark.parametrize("lines", [[], ["content-length: 41"], ["transfer-encoding: chunked"]])
def test_connect_is_refused(path: str, lines: list[str]) -> None:
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        with braid.client() as client:
            client.send(_head("CONNECT", path, *lines))
            answered = client.answer()
            assert (answered.status, answered.values("connection")) == (405, ["close"])
            with pytest.raises(EOFError):
                client.read_exactly(1)
        assert upstream.connections == 0
        assert braid.recording.calls == []


@pytest.mark.parametrize("method", ["CONNECT", "POST", "PUT"])
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/files"])
@pytest.mark.parametrize("promised", [1, 3, 41])
def test_body_of_another_length_than_promised_never_meets_a_kept_connection(
    method: str, path: str, promised: int
) -> None:
    """Whatever a server in front of the relay may hand on: here there is none."""

    async def ask(relay: Relay, method: str, path: str, body: bytes, promised: int) -> int:
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[Message] = []
        forever = asyncio.Event()

        async def receive() -> Message:
            if messages:
                return messages.pop()
            await forever.wait()
            raise AssertionError

        async def send(message: Message) -> None:
            sent.append(message)

        scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [
                (b"host", b"localhost"),
                (b"content-length", str(promised).encode()),
            ],
        }
        await relay(scope, receive, send)
        return int(sent[0]["status"])

    async def both(url: str) -> tuple[int, int]:
        relay = Relay([anthropic(url)], MemoryRecording(), Gate())
        await relay.start()
        try:
            wrong = await ask(relay, method, path, b"ab", promised)
            return wrong, await ask(relay, "POST", "/v1/messages", BODY, len(BODY))
        finally:
            await relay.shutdown()

    refused = {("CONNECT", "/v1/messages"): 405, ("CONNECT", "/v1/files"): 405}
    refused["POST", "/v1/messages"] = 400
    with ScriptedUpstream([json_answer()]) as upstream:
        wrong, right = asyncio.run(asyncio.wait_for(both(upstream.url), PATIENCE))
        assert right == 200
        (whole,) = [request for request in upstream.requests if request.body == BODY]
        assert whole.line == "POST /v1/messages HTTP/1.1"
        assert whole.connection == upstream.connections - 1
        others = [request for request in upstream.requests if request is not whole]
        assert whole.connection not in [request.connection for request in others]
        if (method, path) in refused:
            assert (wrong, upstream.connections) == (refused[method, path], 1)


def test_answer_that_comes_before_the_body_is_the_last_of_its_connection() -> None:
    with (
        ScriptedUpstream(Early([json_answer()]), [json_answer()]) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        client.send(_head("POST", "/v1/files", "content-length: 41") + b"begun")
        assert client.answer().body == MESSAGE
        assert braid.post(BODY).body == MESSAGE
        received = upstream.request(1)
        assert (received.body, received.connection) == (BODY, 1)


def test_head_beyond_the_limit_is_refused() -> None:
    beginning = b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\n"
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        for head in (
            beginning + b"x-a: " + b"a" * (2 * MAX_HEAD),
            beginning + b"x" * (2 * MAX_HEAD),
            b"GET /" + b"a" * (2 * MAX_HEAD),
            beginning + (b"x-a: " + b"a" * 999 + b"\r\n") * (2 * MAX_HEAD // 1000),
            beginning + b"x-a: " + b"a" * MAX_HEAD + b"\r\n\r\n",
            beginning + b"a:b\r\n" * MAX_HEADERS + b"\r\n",
        ):
            with braid.client() as client:
                client.send(head)
                answered = client.answer()
                assert (answered.status, answered.values("connection")) == (431, ["close"])
        assert upstream.connections == 0


def test_head_of_the_limit_passes() -> None:
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        for lines in ("x-a: " + "a" * (MAX_HEAD - 300), "\r\n".join(["a:b"] * (MAX_HEADERS - 1))):
            with braid.client() as client:
                client.send(_head("GET", "/v1/models", lines))
                assert client.answer().status == 200


def test_endless_trailers_end_the_connection() -> None:
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        with braid.client() as client:
            client.send(_head("POST", "/v1/messages", "transfer-encoding: chunked"))
            client.send(b"2\r\n{}\r\n0\r\nx-a: ")
            _pour(client, b"a" * (2 * MAX_HEAD))
            with pytest.raises(EOFError):
                client.read_until(b"HTTP/1.1 2")
        assert upstream.connections == 0
        assert braid.recording.calls == []


def _pour(client: RawClient, data: bytes) -> None:
    try:
        client.send(data)
    except OSError:
        pass


def test_trailers_are_no_headers() -> None:
    trailer = [b"x-braid-token: secret-a", b"x-api-key: late", b"content-encoding: gzip"]
    late = chunked(BODY)[:-2] + b"\r\n".join([*trailer, b"", b""])
    with (
        ScriptedUpstream([json_answer()]) as upstream,
        relaying(upstream.url, {"ada": "secret-a"}) as braid,
    ):
        with braid.client() as client:
            client.send(_head("POST", "/v1/messages", "transfer-encoding: chunked") + late)
            assert client.answer().status == 401
        assert upstream.connections == 0
        lines = ["transfer-encoding: chunked", "x-braid-token: secret-a"]
        with braid.client() as client:
            client.send(_head("POST", "/v1/messages", *lines))
            client.send(late)
            assert client.answer().status == 200
            client.send(_head("POST", "/v1/files", *lines))
            client.send(late)
            assert client.answer().status == 200
        opening = braid.recording.ended().opening
        assert upstream.request(0).values("x-api-key") == []
        assert upstream.request(1).values("x-api-key") == []
    assert (opening.request.ambiguous, opening.request.model) == (None, "claude-x")


def test_headers_that_do_not_cross_say_nothing_to_the_record() -> None:
    headers = [
        ("connection", "content-encoding, anthropic-beta, x-claude-code-session-id"),
        ("content-encoding", "gzip"),
        ("anthropic-beta", "forged"),
        ("x-claude-code-session-id", "forged"),
    ]
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        assert braid.post(BODY, headers=headers).body == MESSAGE
        opening = braid.recording.ended().opening
        assert upstream.request().values("anthropic-beta") == []
    assert (opening.request.ambiguous, opening.request.model) == (None, "claude-x")
    assert (opening.headers, opening.session) == ((), None)
