"""Only the end of an answer waits for the record; everything before it flows at once."""

from __future__ import annotations

import threading
import zlib

import pytest

from braid.call import CallOutcome
from fakes.anthropic import (
    BEFORE_TERMINAL,
    BEGINNING,
    MESSAGE,
    STREAM,
    STREAM_HEAD,
    TERMINAL,
    encode,
    head,
    json_answer,
)
from fakes.recording import unrecordable
from fakes.relaying import RunningRelay, relaying
from fakes.upstream import Script, ScriptedUpstream, chunk, chunked


def _held(braid: RunningRelay) -> threading.Event:
    braid.recording.hold_close = threading.Event()
    return braid.recording.hold_close


def test_all_but_the_terminal_event_comes_down_before_the_record() -> None:
    with (
        ScriptedUpstream([STREAM_HEAD + chunked(STREAM)]) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        durable = _held(braid)
        client.post()
        client.read_head()
        assert client.read_body_bytes(len(BEFORE_TERMINAL)) == BEFORE_TERMINAL
        assert braid.recording.closing.wait(30)
        assert client.is_silent()
        durable.set()
        assert (client.read_chunk(), client.read_chunk()) == (TERMINAL, b"")


def test_each_chunk_comes_down_before_the_next_is_sent() -> None:
    pieces = [BEGINNING[i : i + 50] for i in range(0, len(BEGINNING), 50)]
    steps = [threading.Event() for _ in pieces]
    script: list[bytes | threading.Event] = [STREAM_HEAD]
    for piece, step in zip(pieces, steps, strict=True):
        script += [chunk(piece), step]
    with (
        ScriptedUpstream([*script, b"0\r\n\r\n"]) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        client.post()
        assert client.read_head()[0] == 200
        for piece, step in zip(pieces, steps, strict=True):
            assert client.read_chunk() == piece
            step.set()
        assert client.read_chunk() == b""


def test_headers_come_down_before_the_body_begins() -> None:
    step = threading.Event()
    with (
        ScriptedUpstream([STREAM_HEAD, step, chunked(STREAM)]) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        client.post()
        assert client.read_head()[0] == 200
        step.set()
        assert client.read_body_bytes(len(STREAM)) == STREAM


def test_end_is_recorded_without_waiting_for_the_upstream_to_end_its_body() -> None:
    step = threading.Event()
    script: Script = [STREAM_HEAD + chunk(STREAM), step, b"0\r\n\r\n"]
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
        assert client.read_chunk() == b""


def test_terminal_event_cut_at_every_byte_is_held_at_its_last() -> None:
    script = [STREAM_HEAD, chunked(STREAM, 1)]
    with (
        ScriptedUpstream(script) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        durable = _held(braid)
        client.post()
        client.read_head()
        before = client.read_body_bytes(len(BEFORE_TERMINAL))
        assert braid.recording.closing.wait(30)
        before += client.whatever_came()
        assert before == STREAM[: len(before)] and len(before) < len(STREAM)
        durable.set()
        assert before + client.read_body_bytes(len(STREAM) - len(before)) == STREAM


@pytest.mark.parametrize("body", [MESSAGE, b"?"], ids=["long", "one byte"])
def test_last_byte_waits_where_the_length_is_known(body: bytes) -> None:
    with (
        ScriptedUpstream([json_answer(body)]) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        durable = _held(braid)
        client.post()
        client.read_head()
        assert client.read_exactly(len(body) - 1) == body[:-1]
        assert braid.recording.closing.wait(30)
        assert client.is_silent()
        durable.set()
        assert client.read_exactly(1) == body[-1:]


def test_end_of_the_body_waits_where_no_length_is_known() -> None:
    headers = ("content-type", "application/json"), ("transfer-encoding", "chunked")
    with (
        ScriptedUpstream([head("200 OK", *headers) + chunked(MESSAGE)]) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        durable = _held(braid)
        client.post()
        client.read_head()
        assert client.read_body_bytes(len(MESSAGE)) == MESSAGE
        assert braid.recording.closing.wait(30)
        assert client.is_silent()
        durable.set()
        assert client.read_chunk() == b""


def test_coded_stream_waits_from_the_chunk_with_the_terminal_event() -> None:
    deflater = zlib.compressobj(wbits=31)
    first = deflater.compress(BEFORE_TERMINAL) + deflater.flush(zlib.Z_SYNC_FLUSH)
    last = deflater.compress(TERMINAL) + deflater.flush()
    flushed = threading.Event()
    headers = head(
        "200 OK",
        ("content-type", "text/event-stream"),
        ("content-encoding", "gzip"),
        ("transfer-encoding", "chunked"),
    )
    with (
        ScriptedUpstream([headers, chunk(first), flushed, chunk(last), b"0\r\n\r\n"]) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        durable = _held(braid)
        client.post()
        client.read_head()
        assert client.read_chunk() == first
        flushed.set()
        assert braid.recording.closing.wait(30)
        assert client.is_silent()
        durable.set()
        assert (client.read_chunk(), client.read_chunk()) == (last, b"")


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
def test_coded_chunk_with_the_terminal_event_waits_whole(coding: str) -> None:
    coded = encode(STREAM, coding)
    headers = head(
        "200 OK",
        ("content-type", "text/event-stream"),
        ("content-encoding", coding),
        ("content-length", str(len(coded))),
    )
    with (
        ScriptedUpstream([headers + coded]) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        durable = _held(braid)
        client.post()
        client.read_head()
        assert braid.recording.closing.wait(30)
        assert client.is_silent()
        durable.set()
        assert client.read_exactly(len(coded)) == coded


def test_blocks_are_handed_over_as_they_are_completed() -> None:
    step = threading.Event()
    script: Script = [STREAM_HEAD, chunk(BEFORE_TERMINAL), step, chunk(TERMINAL) + b"0\r\n\r\n"]
    with (
        ScriptedUpstream(script) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        client.post()
        client.read_head()
        client.read_body_bytes(len(BEFORE_TERMINAL))
        (call,) = braid.recording.calls
        assert [block.content for block in call.blocks] == ["héllo".encode()]
        assert call.endings == []
        step.set()
        client.read_body_bytes(len(TERMINAL))


def test_nothing_goes_upstream_before_the_call_is_durable() -> None:
    with (
        ScriptedUpstream([json_answer()]) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        durable = braid.recording.hold_open = threading.Event()
        client.post()
        assert braid.recording.opening.wait(30)
        # Another request makes the whole way meanwhile: the first could have, too.
        with braid.client() as other:
            other.request("GET", "/v1/models")
            assert other.answer().status == 200
        assert [received.line for received in upstream.requests] == ["GET /v1/models HTTP/1.1"]
        durable.set()
        assert client.answer().body == MESSAGE
        assert upstream.request(1).line == "POST /v1/messages HTTP/1.1"


@pytest.mark.parametrize("fault", [unrecordable(), ValueError("a bug")], ids=["disk", "bug"])
def test_what_cannot_be_recorded_is_not_sent(fault: Exception) -> None:
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        braid.recording.fail_open = fault
        answered = braid.post()
        assert answered.status == 503
        assert b'"type":"api_error"' in answered.body
        assert answered.values("x-braid-call") == []
        assert upstream.connections == 0
        braid.recording.fail_open = None
        assert braid.post().body == MESSAGE


@pytest.mark.parametrize("fault", [unrecordable(), ValueError("a bug")], ids=["disk", "bug"])
def test_end_that_cannot_be_recorded_is_withheld_and_the_connection_cut(fault: Exception) -> None:
    scripts = [STREAM_HEAD + chunked(STREAM)], [json_answer()]
    with ScriptedUpstream(*scripts) as upstream, relaying(upstream.url) as braid:
        braid.recording.fail_close = fault
        streamed, whole = braid.post(), braid.post()
    assert (streamed.body, streamed.clean) == (BEFORE_TERMINAL, False)
    assert (whole.body, whole.clean) == (MESSAGE[:-1], False)
