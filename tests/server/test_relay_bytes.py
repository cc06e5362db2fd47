"""What the upstream receives is what the client sent, and the other way round, byte by byte."""

from __future__ import annotations

import hashlib
import itertools
import threading

import pytest

from braid.call import CallOutcome
from fakes.anthropic import (
    ERROR,
    MESSAGE,
    STREAM,
    STREAM_HEAD,
    encode,
    head,
    json_answer,
)
from fakes.relaying import relaying
from fakes.upstream import Early, Script, ScriptedUpstream, Step, chunk, chunked

CODINGS = ["identity", "gzip", "deflate", "raw-deflate", "br", "zstd"]
OK = head("200 OK", ("content-length", "2")) + b"ok"


def _named(coding: str) -> str:
    return coding.removeprefix("raw-")


def _script(coded: bytes, headers: list[tuple[str, str]], framing: str, size: int | None) -> Script:
    match framing:
        case "length":
            headers = [*headers, ("Content-Length", str(len(coded)))]
        case "chunked":
            headers = [*headers, ("Transfer-Encoding", "chunked")]
    carried = chunked(coded, size) if framing == "chunked" else coded
    steps = [carried[i : i + 1] for i in range(len(carried))] if size else [carried]
    return [head("200 OK", *headers), *steps, *([Step.CLOSE] if framing == "close" else [])]


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("body", [MESSAGE, STREAM], ids=["json", "stream"])
def test_answers_come_down_unchanged_and_are_read(body: bytes, coding: str) -> None:
    coded = encode(body, coding)
    media = "application/json" if body is MESSAGE else "text/event-stream; charset=utf-8"
    headers = [("Content-Type", media), ("request-id", "req_1")]
    if coding != "identity":
        headers.append(("Content-Encoding", _named(coding)))
    variants = list(itertools.product(["length", "chunked", "close"], [None, 1]))
    scripts = [_script(coded, headers, framing, size) for framing, size in variants]
    with ScriptedUpstream(*scripts) as upstream, relaying(upstream.url) as braid:
        for number, variant in enumerate(variants, 1):
            answered = braid.post()
            call = braid.recording.ended(number)
            assert (answered.status, answered.body, answered.clean) == (200, coded, True), variant
            # A stream is recorded until its terminal event; a coding may have a trailer after it.
            assert coded == call.raw if body is MESSAGE else coded.startswith(call.raw), variant
            assert call.ending.outcome is CallOutcome.COMPLETE, variant
            assert (call.ending.status, call.ending.request_id) == (200, "req_1")
            assert (call.ending.answer_id, call.ending.model) == ("msg_1", "claude-x")
            assert [block.content for block in call.blocks] == ["héllo".encode()]


def test_codings_may_be_stacked() -> None:
    coded = encode(encode(MESSAGE, "br"), "gzip")
    headers = [("content-encoding", "br"), ("content-encoding", "gzip")]
    answer = head(
        "200 OK",
        ("content-type", "application/json"),
        *headers,
        ("content-length", str(len(coded))),
    )
    with ScriptedUpstream([answer + coded]) as upstream, relaying(upstream.url) as braid:
        answered = braid.post()
        call = braid.recording.ended()
    assert answered.body == coded
    assert answered.values("content-encoding") == ["br", "gzip"]
    assert [block.content for block in call.blocks] == ["héllo".encode()]


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_requests_go_up_unchanged_and_are_read(coding: str, framing: str) -> None:
    body = b'{ "model":"claude-x","messages":[{"role":"user","content":"h\xc3\xa9\\u00e9"} ] }\n'
    coded = encode(body, coding)
    headers = [("Content-Type", "application/json")]
    if coding != "identity":
        headers.append(("Content-Encoding", _named(coding)))
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        with braid.client() as client:
            if framing == "length":
                client.post(body=coded, headers=headers)
            else:
                headers.append(("Transfer-Encoding", "chunked"))
                client.request("POST", "/v1/messages", headers, chunked(coded, 7))
            assert client.answer().body == MESSAGE
        received = upstream.request()
        call = braid.recording.ended()
    assert received.body == coded
    assert call.opening.body == coded
    assert call.opening.request.model == "claude-x"
    assert [block.content for block in call.opening.request.messages] == ["héé".encode()]


def test_recorded_request_goes_up_with_its_length_whatever_it_came_with() -> None:
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        for number, size in enumerate((0, 10, 1_000_000)):
            with braid.client() as client:
                client.request("POST", "/v1/messages", [("transfer-encoding", "chunked")])
                client.send(chunked(b" " * size, 100_000))
                assert client.answer().body == MESSAGE
            received = upstream.request(number)
            assert (received.values("content-length"), len(received.body)) == ([str(size)], size)
            assert received.values("transfer-encoding") == []


def test_request_headers_keep_their_order_and_repetition() -> None:
    sent = [
        ("User-Agent", "x/1"),
        ("X-Api-Key", "k"),
        ("anthropic-beta", "a,b"),
        ("Cookie", "c=1; d=2"),
        ("Anthropic-Beta", "c"),
        ("X-Odd", '  "q" \t;=,'),
        ("X-Empty", ""),
        ("Content-Length", "2"),
        ("x-name", "héllo"),
        ("accept-encoding", "gzip, br"),
    ]
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        with braid.client() as client:
            client.request("POST", "/v1/messages", sent, b"{}")
            client.answer()
        received = upstream.request()
        host = f"127.0.0.1:{upstream.port}"
    assert received.line == "POST /v1/messages HTTP/1.1"
    expected = [(name.lower(), value.strip()) for name, value in sent]
    came = [(name, value.encode("latin-1").decode()) for name, value in received.headers]
    assert came == [("Host", host), *expected]


def test_request_headers_of_one_hop_and_our_own_stay_behind() -> None:
    dropped = [
        ("Connection", "keep-alive, X-Named"),
        ("X-Named", "1"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Authorization", "Basic x"),
        ("Proxy-Connection", "keep-alive"),
        ("TE", "trailers"),
        ("Trailer", "x"),
        ("Expect", "100-continue"),
        ("Upgrade", "h2c"),
        ("X-Braid-Token", "t"),
        ("X-Braid-Anything", "t"),
    ]
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        with braid.client() as client:
            client.post(headers=[*dropped, ("X-Kept", "1")])
            assert client.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            assert client.answer().status == 200
        received = upstream.request()
    assert [name for name, _ in received.headers] == ["Host", "x-kept", "content-length"]


def test_nothing_is_added_to_a_request() -> None:
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        braid.post()
        received = upstream.request()
    assert [name for name, _ in received.headers] == ["Host", "content-length"]


def test_answer_headers_keep_their_order_and_repetition() -> None:
    sent = [
        ("Date", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("Server", "provider"),
        ("anthropic-ratelimit-requests-remaining", "49"),
        ("retry-after", "3"),
        ("Set-Cookie", "a=1; Path=/"),
        ("set-cookie", "b=2"),
        ("X-Latin", "h\xe9"),
        ("Content-Length", str(len(MESSAGE))),
        ("cf-ray", "1-FRA"),
    ]
    with (
        ScriptedUpstream([head("200 OK", *sent) + MESSAGE]) as upstream,
        relaying(upstream.url) as braid,
    ):
        answered = braid.post()
    own = [("x-braid-id", "B" * 43), ("x-braid-call", "call-0")]
    assert answered.headers == [(name.lower(), value) for name, value in sent] + own


def test_answer_headers_of_one_hop_and_forged_ones_of_ours_stay_behind() -> None:
    sent = [
        ("Connection", "X-Named"),
        ("X-Named", "1"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Authenticate", "Basic"),
        ("Trailer", "x"),
        ("x-braid-id", "forged"),
        ("X-Braid-Call", "forged"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Type", "application/json"),
    ]
    answer = head("200 OK", *sent) + chunked(MESSAGE)
    with ScriptedUpstream([answer]) as upstream, relaying(upstream.url) as braid:
        recorded = braid.post()
        passed = braid.post(path="/v1/other")
    assert recorded.headers == [
        ("content-type", "application/json"),
        ("x-braid-id", "B" * 43),
        ("x-braid-call", "call-0"),
        ("transfer-encoding", "chunked"),
    ]
    assert passed.headers == [
        ("content-type", "application/json"),
        ("transfer-encoding", "chunked"),
    ]


def test_headers_have_no_limit() -> None:
    long = "x" * 200_000
    many = [(f"x-{number}", "1") for number in range(500)]
    answer = head("200 OK", ("content-length", "2"), ("x-long", long), *many) + b"{}"
    with ScriptedUpstream([answer]) as upstream, relaying(upstream.url) as braid:
        answered = braid.post(headers=[("x-long", long), *many])
        received = upstream.request()
    assert received.values("x-long") == [long]
    assert answered.values("x-long") == [long]
    assert len(received.headers) == len(many) + 3
    assert len(answered.headers) == len(many) + 4


@pytest.mark.parametrize(
    "target",
    [
        "/v1/models/a%2Fb?x=%20+%2B&&y=",
        "/v1/a//b/.../c;d=e",
        "//v1/x",
        "/v1/%7Euser/%c3%a9?q=a/b?c",
        "/@host/:80",
    ],
)
def test_paths_and_queries_go_up_as_they_came(target: str) -> None:
    with ScriptedUpstream([OK]) as upstream, relaying(upstream.url + "/base/") as braid:
        with braid.client() as client:
            client.request("GET", target)
            assert client.answer().body == b"ok"
            client.request("GET", "/anthropic" + target)
            assert client.answer().body == b"ok"
        lines = [upstream.request(number).line for number in (0, 1)]
    assert lines == [f"GET /base{target} HTTP/1.1"] * 2


def test_target_without_a_slash_never_becomes_part_of_a_host() -> None:
    with ScriptedUpstream([OK]) as upstream, relaying(upstream.url) as braid:
        with braid.client() as client:
            client.request("OPTIONS", "*")
            assert client.answer().status == 400
        assert upstream.connections == 0


def test_header_bytes_that_cannot_be_forwarded_are_refused() -> None:
    with ScriptedUpstream([OK]) as upstream, relaying(upstream.url) as braid:
        with braid.client() as client:
            client.send(b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\nx-a: h\xe9\r\n\r\n")
            assert client.answer().status == 400
        assert upstream.connections == 0


def test_other_paths_pass_through_and_are_not_recorded() -> None:
    up = [b"one", b"two" * 50_000, b"three"]
    step = threading.Event()
    answer: Script = [
        head("201 Created", ("Transfer-Encoding", "chunked"), ("x-a", "1")),
        chunk(b"first"),
        step,
        chunk(b"second") + b"0\r\n\r\n",
    ]
    with ScriptedUpstream(answer) as upstream, relaying(upstream.url) as braid:
        with braid.client() as client:
            client.request("PUT", "/v1/files", [("transfer-encoding", "chunked")])
            for piece in up:
                client.send(chunk(piece))
            client.send(b"0\r\n\r\n")
            assert client.read_head() == (201, [("x-a", "1"), ("transfer-encoding", "chunked")])
            assert client.read_chunk() == b"first"
            step.set()
            assert (client.read_chunk(), client.read_chunk()) == (b"second", b"")
        received = upstream.request()
    assert received.line == "PUT /v1/files HTTP/1.1"
    assert received.values("transfer-encoding") == ["chunked"]
    assert received.body == b"".join(up)
    assert braid.recording.calls == []


def test_upload_streams_while_the_client_still_sends() -> None:
    with (
        ScriptedUpstream(Early([OK])) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        client.request("POST", "/v1/files", [("content-length", "1000000")], b"begun")
        answered = client.answer()
        assert (answered.status, answered.body) == (200, b"ok")


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "PATCH", "POST"])
def test_methods_and_bodies_pass(method: str) -> None:
    with ScriptedUpstream([OK]) as upstream, relaying(upstream.url) as braid:
        with braid.client() as client:
            client.request(method, "/v1/x", [("content-length", "3")], b"abc")
            assert client.answer().body == b"ok"
            client.request(method, "/v1/x")
            assert client.answer().body == b"ok"
        with_body, without = upstream.request(0), upstream.request(1)
    assert (with_body.line, with_body.body) == (f"{method} /v1/x HTTP/1.1", b"abc")
    assert without.body == b""


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_answers_without_a_body_pass(status: str) -> None:
    answer = head(status, ("etag", '"x"'), *([("content-length", "9")] if "304" in status else []))
    with (
        ScriptedUpstream([answer]) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        client.request("GET", "/v1/x")
        answered = client.answer()
        assert (f"{answered.status}", answered.values("etag")) == (status[:3], ['"x"'])
        client.request("GET", "/v1/x")
        assert client.answer().status == answered.status


def test_head_passes_with_the_length_it_promises() -> None:
    with (
        ScriptedUpstream([head("200 OK", ("content-length", "1234"))]) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        for _ in range(2):
            client.request("HEAD", "/api/hello")
            answered = client.answer(bodiless=True)
            assert (answered.status, answered.values("content-length")) == (200, ["1234"])
        assert upstream.request().line == "HEAD /api/hello HTTP/1.1"


def test_interim_answers_are_swallowed() -> None:
    early = head("103 Early Hints", ("link", "</x>")) + head("100 Continue")
    with (
        ScriptedUpstream([early + json_answer()]) as upstream,
        relaying(upstream.url) as braid,
    ):
        assert braid.post().body == MESSAGE


def test_redirects_and_cookies_are_the_client_s_business() -> None:
    moved = head("307 Moved", ("location", "/else"), ("set-cookie", "a=1"), ("content-length", "0"))
    with ScriptedUpstream([moved], [OK]) as upstream, relaying(upstream.url) as braid:
        with braid.client() as client:
            client.request("GET", "/v1/x")
            answered = client.answer()
            assert (answered.status, answered.values("location")) == (307, ["/else"])
            client.request("GET", "/v1/x")
            client.answer()
        assert upstream.request(1).values("cookie") == []


def test_request_is_not_sent_twice_when_a_kept_connection_drops() -> None:
    with (
        ScriptedUpstream([OK], [Step.CLOSE], [OK]) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        client.request("GET", "/v1/x")
        assert client.answer().status == 200
        client.request("GET", "/v1/x")
        assert client.answer().status == 502
        client.request("GET", "/v1/x")
        assert client.answer().status == 200
        assert len(upstream.requests) == 3


@pytest.mark.parametrize("status", ["400 Bad Request", "429 Too Many", "529 ", "500 X"])
def test_error_answers_pass_with_their_body(status: str) -> None:
    with (
        ScriptedUpstream([json_answer(ERROR, status)]) as upstream,
        relaying(upstream.url) as braid,
    ):
        answered = braid.post()
        call = braid.recording.ended()
    assert (f"{answered.status}", answered.body) == (status[:3], ERROR)
    assert (call.ending.outcome, f"{call.ending.status}") == (CallOutcome.ERROR, status[:3])


def test_large_bodies_pass_both_ways() -> None:
    up = b'{"messages":[{"role":"user","content":"' + b"u" * 20_000_000 + b'"}]}'
    down = b'{"type":"message","content":[{"type":"text","text":"' + b"d" * 20_000_000 + b'"}]}'
    with ScriptedUpstream([json_answer(down)]) as upstream, relaying(upstream.url) as braid:
        answered = braid.post(up)
        received = upstream.request()
        call = braid.recording.ended()
    assert hashlib.sha256(received.body).digest() == hashlib.sha256(up).digest()
    assert hashlib.sha256(answered.body).digest() == hashlib.sha256(down).digest()
    assert len(call.opening.request.messages[0].content) == 20_000_000
    assert call.ending.outcome is CallOutcome.COMPLETE


def test_bytes_after_the_terminal_event_flow() -> None:
    step = threading.Event()
    script: Script = [STREAM_HEAD, chunk(STREAM), step, chunk(b": more\n\n") + b"0\r\n\r\n"]
    with (
        ScriptedUpstream(script) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        client.post()
        client.read_head()
        assert client.read_body_bytes(len(STREAM)) == STREAM
        assert braid.recording.ended().ending.outcome is CallOutcome.COMPLETE
        step.set()
        assert (client.read_chunk(), client.read_chunk()) == (b": more\n\n", b"")


def test_connection_upgrade_to_http2_is_ignored() -> None:
    offer = [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "")]
    with (
        ScriptedUpstream([json_answer()]) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        for _ in range(2):
            client.post(headers=offer)
            assert client.answer().body == MESSAGE


def test_websocket_is_refused_at_once() -> None:
    offer = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
    with ScriptedUpstream([OK]) as upstream, relaying(upstream.url) as braid:
        with braid.client() as client:
            client.request("GET", "/v1/responses", offer)
            answered = client.answer()
        assert (answered.status, answered.values("upgrade")) == (426, ["HTTP/1.1"])
        assert upstream.connections == 0
