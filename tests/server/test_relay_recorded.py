"""What the relay hands to the recording: what was said, none of what is secret, all of what broke."""

from __future__ import annotations

import dataclasses
import gzip
import json
import logging
import threading
import zlib

import pytest

from braid.call import CallOutcome
from braid.node import Kind, Origin
from braid.wire.again import ReadBefore
from braid.wire.anthropic import read_request as read_messages
from braid.wire.block import AnswerReader, Block, Fed, Outcome, Request
from braid_server.answer import AnswerCopy
from braid_server.decoding import MAX_DECODED
from braid_server.opening import of_parameters
from braid_server.paths import has_dot_segment, is_deeply_encoded, plain
from braid_server.providers import anthropic
from braid_server.relay import MAX_BODY
from braid_server.upstream import Address, UpstreamUnusable
from fakes.anthropic import (
    BEGINNING,
    MESSAGE,
    STREAM,
    STREAM_HEAD,
    encode,
    head,
    json_answer,
)
from fakes.relaying import relaying
from fakes.upstream import PATIENCE, ScriptedUpstream, chunk, chunked

SECRET = "sk-SECRET"
NOTHING = Request((), (), (), b"{}")


def copy_of(headers: list[tuple[bytes, bytes]], limit: int = MAX_DECODED) -> AnswerCopy:
    return AnswerCopy("anthropic", anthropic().formats[0], NOTHING, 200, headers, limit)


def test_call_says_what_was_asked_and_of_whom() -> None:
    body = b'{"model":"claude-x","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}'
    headers = [
        ("Anthropic-Version", "2026-10-21"),
        ("anthropic-beta", "a,b"),
        ("anthropic-beta", "c"),
        ("X-Claude-Code-Session-Id", "s-1"),
        ("x-stainless-retry-count", "2"),
    ]
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url + "/pfx/") as braid:
        braid.post(body, "/anthropic/v1/messages?beta=true&x=%41", headers)
        opening = braid.recording.ended().opening
        assert upstream.request().line == "POST /pfx/v1/messages?beta=true&x=%41 HTTP/1.1"
    assert (opening.tenant, opening.provider) == ("local", "anthropic")
    assert opening.upstream == upstream.url + "/pfx"
    assert (opening.path, opening.query) == ("/v1/messages", "beta=true")
    assert (opening.session, opening.retry) == ("s-1", 2)
    assert opening.headers == (
        ("anthropic-version", "2026-10-21"),
        ("anthropic-beta", "a,b"),
        ("anthropic-beta", "c"),
    )
    assert opening.body == body
    assert (opening.request.model, opening.request.ambiguous) == ("claude-x", None)


def test_secrets_reach_the_upstream_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    headers = [
        ("authorization", f"Bearer {SECRET}"),
        ("x-api-key", SECRET),
        ("cookie", SECRET),
        ("x-braid-token", SECRET),
    ]
    path = f"/v1/messages?key={SECRET}&beta=true&api%5Fkey={SECRET}"
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        braid.post(path=path, headers=headers)
        opening = braid.recording.ended().opening
        received = upstream.request()
    assert received.line == f"POST {path} HTTP/1.1"
    assert received.values("authorization") == [f"Bearer {SECRET}"]
    assert received.values("x-api-key") == received.values("cookie") == [SECRET]
    assert received.values("x-braid-token") == []
    assert opening.query == "beta=true"
    assert SECRET not in repr(opening)
    assert SECRET not in caplog.text


def test_log_lines_say_what_happened_without_a_word_of_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    body = b'{"messages":[{"role":"user","content":"WORDS"}]}'
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        braid.post(body, "/v1/messages?word=WORDS")
        braid.recording.ended()
    own = [record.getMessage() for record in caplog.records if record.name.startswith("braid")]
    (line,) = own
    assert line.startswith(
        f"event=call_ended braid={'B' * 43} call=call-0 outcome=complete status=200 ms="
    )
    assert "WORDS" not in caplog.text
    assert "llo" not in caplog.text


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("", ""),
        ("beta=true", "beta=true"),
        ("beta", "beta"),
        ("beta=", "beta="),
        ("a=1&beta=true&b&beta=x-1,y.2", "beta=true&beta=x-1,y.2"),
        ("key=x&access_key=x&subscription-key=x&code=x&pwd=x&jwt=x&sas=x&auth[token]=x", ""),
        ("X-Amz-Credential=x&sk-SECRET&sk-SECRET=&=sk-SECRET&&beta=1", "beta=1"),
        ("beta=true;key=x", ""),
        ("beta=true%26key=x", ""),
        ("beta=" + "x" * 65, ""),
        ("Beta=x&%62eta=x&beta[]=x", ""),
    ],
)
def test_only_known_parameters_of_a_query_are_recorded(query: str, kept: str) -> None:
    assert of_parameters(query, anthropic().parameters) == kept


@pytest.mark.parametrize(
    ("metadata", "session"),
    [
        (r'{"user_id":"{\"device_id\":\"d\",\"session_id\":\"s-2\"}"}', "s-2"),
        (r'{"user_id":"{\"session_id\":7}"}', None),
        (r'{"user_id":"session_id"}', None),
        ('{"user_id":["session_id"]}', None),
        ('{"session_id":"s"}', None),
        ("null", None),
    ],
)
def test_session_is_found_in_the_user_id(metadata: str, session: str | None) -> None:
    body = f'{{"messages":[],"metadata":{metadata}}}'.encode()
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        braid.post(body)
        assert braid.recording.ended().opening.session == session


@pytest.mark.parametrize(
    ("name", "session"),
    [
        ("mine", "x-braid-conversation\nmine"),
        ("s-2", "x-braid-conversation\ns-2"),  # not what the client called s-2
        ("  ", "s-2"),
    ],
)
def test_a_name_that_the_client_gives_its_conversation(name: str, session: str) -> None:
    headers = [("x-braid-conversation", name), ("x-claude-code-session-id", "s-2")]
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        braid.post(headers=headers)
        assert braid.recording.ended().opening.session == session
        assert not upstream.request().values("x-braid-conversation")


@pytest.mark.parametrize("count", ["-1", "x", "1.5", "9" * 400, "\u00b2"])
def test_retry_count_that_is_none_counts_as_first_time(count: str) -> None:
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        braid.post(headers=[("x-stainless-retry-count", count)])
        assert braid.recording.ended().opening.retry == 0


@pytest.mark.parametrize(
    "path",
    [
        "/v1/messages",
        "/v1/messages?beta=true",
        "/v1/messages/",
        "//v1/messages",
        "/v1/%6Dessages",
        "/v1%2Fmessages",
        "/anthropic/v1/messages",
    ],
)
def test_no_spelling_of_the_path_avoids_the_record(path: str) -> None:
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        assert braid.post(path=path).values("x-braid-call") == ["call-0"]
        assert upstream.request().line == f"POST {path.removeprefix('/anthropic')} HTTP/1.1"


AMBIGUOUS = [
    "/v1/messages;x",
    "/v1/messages;x/y",
    "/v1;a=b/messages",
    "/v1\\messages",
    "/v1\\messages;x/y",
    "/v1/messages\\x",
    "/V1/Messages",
    "/v1/%256Dessages",
    "/v1/%25256Dessages",
    "/v1/%2%35%36Dessages",
    "/v1/" + "%2525252525252525252525" + "6Dessages",
    "/v1/messages%20",
    "/v1/%20messages",
    "/v1%20/messages",
    "/v1/messages%09",
    "/v1/messages%00",
    "/v1/messages%00/x",
    "/v1/messages%3Fbeta=true",
    "/v1/messages%3Fa/b",
    "/v1;a/messages%3Fa/b",
    "/v1/messages%23",
    "/v1/messages%ff",
    "/v1/messages%e2%80%8b",
    "/v1/m%c2%adessages",
    "/anthropic/v1/messages;x",
    "/v1/messages.",
    "/v1/messages%2e",
    "/v1/messages...",
    "/v1./messages",
    "/v1/messages./",
    "/v1/messages.%20.",
    "/v1/messages::$DATA",
    "/v1/messages,",
    "/v1/messages'",
]


@pytest.mark.parametrize("path", AMBIGUOUS)
def test_path_that_only_some_upstreams_take_for_a_generation_call_is_refused(path: str) -> None:
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        answered = braid.post(path=path)
        assert upstream.connections == 0
    assert answered.status == 400
    assert b'"braid: path: ambiguous"' in answered.body
    assert b'"type":"invalid_request_error"' in answered.body


@pytest.mark.parametrize("name", ["x-http-method-override", "X-HTTP-Method", "x-method-override"])
def test_a_method_that_stands_in_a_header_is_refused(name: str) -> None:
    """Of a generation call the upstream would be asked, and nothing recorded."""
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        with braid.client() as client:
            client.request("GET", "/v1/messages", [(name, "POST")])
            assert client.answer().status == 400
        assert braid.post(headers=[(name, "GET")]).status == 400
        assert upstream.connections == 0


@pytest.mark.parametrize(
    "path",
    [
        "/../anthropic/v1/messages",
        "/%2e%2E/anthropic/v1/messages",
        "/x/../../anthropic/v1/messages",
        "/anthropic/../anthropic/v1/messages",
        "/v1/./messages",
        "/v1/x/..",
        "/v1/%2e/x",
        "/v1%2f..%2fx",
        "/v1/%252e%252e/x",
        "/v1/..;a/x",
        "/v1\\..\\x",
        "/v1/%5c..%5cx",
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_dot_segments_are_refused(method: str, path: str) -> None:
    with (
        ScriptedUpstream([json_answer()]) as upstream,
        relaying(upstream.url + "/gw/anthropic") as braid,
    ):
        with braid.client() as client:
            client.request(method, path)
            assert client.answer().status == 400
        assert upstream.connections == 0


@pytest.mark.parametrize(
    "path",
    ["/" + "%25" * 300_000, "/" + "%2" * 200_000 + "%35" * 200_000, "/;" * 400_000, "/" * 900_000]
    + ["/" + ",." * 400_000 + "x", "/" + ":" * 800_000],
    ids=["layers", "halves", "segments", "slashes", "dots", "colons"],
)
def test_path_as_long_as_a_head_may_be_is_read(path: str) -> None:
    assert not anthropic().is_ambiguous("POST", path)
    assert not has_dot_segment(path)
    assert not is_deeply_encoded(path)


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_path_that_is_encoded_deeper_than_is_read_is_refused(method: str) -> None:
    # Each pass undoes one of these, the innermost.
    assert plain("/%%36D") == "/%6D"
    path = "/v1/" + "%" * 20 + "3" * 19 + "6Dessages"
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        with braid.client() as client:
            client.request(method, path)
            answered = client.answer()
        assert (answered.status, upstream.connections) == (400, 0)
    assert b"percent-encoded too often" in answered.body


@pytest.mark.parametrize("said", [9, 400, 3000])
def test_layers_of_content_coding_never_avoid_the_record(said: int) -> None:
    body = b'{"messages":[{"role":"user","content":"x"}]}'
    for _ in range(9):
        body = gzip.compress(body)
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        headers = [("content-encoding", ",".join(["gzip"] * said))]
        assert braid.post(body, headers=headers).values("x-braid-call") == ["call-0"]
        (block,) = braid.recording.ended().opening.request.messages
    assert block.content == (b"x" if said == 9 else body)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/complete",
        "/v1/messages/batches",
        "/v1/messages.x",
        "/v1/files/a%20b;c%2Fd",
        "/v1/files/.%C3%A9",
        "/v1/files/...",
        "/v1/%E2%82%AC",
        "/v1/x%25252525252525252525y",
    ],
)
def test_other_paths_of_any_spelling_pass(path: str) -> None:
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        assert braid.post(path=path).body == MESSAGE
        assert upstream.request().line == f"POST {path} HTTP/1.1"
        assert braid.recording.calls == []


@pytest.mark.parametrize("path", ["/v1/messages/count_tokens", "/v1/messages/batches", "/v1/x"])
def test_other_paths_are_not_generation_calls(path: str) -> None:
    assert not anthropic().format_of("POST", path)
    assert not anthropic().format_of("GET", "/v1/messages")
    assert plain("/v1//a/") == "/v1/a"


def test_body_beyond_the_limit_is_refused_and_only_where_it_is_recorded() -> None:
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        with braid.client() as client:
            client.request("POST", "/v1/messages", [("content-length", str(MAX_BODY + 1))])
            answered = client.answer()
        assert (answered.status, answered.clean) == (413, True)
        assert b'"type":"request_too_large"' in answered.body
        assert upstream.connections == 0
        with braid.client() as client:
            client.request("POST", "/v1/messages", [("transfer-encoding", "chunked")])
            piece = b"%x\r\n%s\r\n" % (1 << 20, b"x" * (1 << 20))
            for _ in range(MAX_BODY // (1 << 20)):
                client.send(piece)
            client.send(b"1\r\nx\r\n0\r\n\r\n")
            assert client.answer().status == 413
        assert upstream.connections == 0
        assert braid.recording.calls == []


def test_body_of_the_limit_passes() -> None:
    body = b" " * MAX_BODY
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        assert braid.post(body).body == MESSAGE
        assert upstream.request().body == body


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", b"{}"),
        ("gzip", gzip.compress(b"{}", mtime=0)[:-1]),
        ("snappy", b"{}"),
        ("br", b"\xff" * 9),
        ("deflate", zlib.compress(b"{}") + b"{}"),
    ],
)
def test_request_that_cannot_be_decoded_is_relayed_and_kept_raw(coding: str, body: bytes) -> None:
    with ScriptedUpstream([json_answer()]) as upstream, relaying(upstream.url) as braid:
        assert braid.post(body, headers=[("content-encoding", coding)]).body == MESSAGE
        assert upstream.request().body == body
        request = braid.recording.ended().opening.request
    (block,) = request.messages
    assert request.ambiguous is not None and request.ambiguous.startswith("content coding: ")
    assert (block.kind, block.origin, block.content) == (Kind.OTHER, Origin.CLIENT, body)
    assert block.attrs["ambiguous"] == request.ambiguous


@pytest.mark.parametrize("cut", [0, 20, 60])
def test_answer_that_cannot_be_decoded_is_relayed_and_kept_raw(cut: int) -> None:
    broken = encode(MESSAGE, "gzip")[:cut] + b"not gzip at all"
    for status, outcome in (("200 OK", CallOutcome.COMPLETE), ("500 X", CallOutcome.ERROR)):
        answer = head(
            status,
            ("content-type", "application/json"),
            ("content-encoding", "gzip"),
            ("content-length", str(len(broken))),
        )
        with (
            ScriptedUpstream([answer, broken[:30], broken[30:]]) as upstream,
            relaying(upstream.url) as braid,
        ):
            answered = braid.post()
            call = braid.recording.ended()
        assert (answered.body, answered.clean) == (broken, True)
        (block,) = call.blocks
        assert (block.kind, block.origin, block.content) == (Kind.OTHER, Origin.PROVIDER, broken)
        assert str(block.attrs["ambiguous"]).startswith("content coding: ")
        assert call.ending.outcome is outcome


def test_stream_that_cannot_be_decoded_never_reads_as_complete() -> None:
    answer = head(
        "200 OK",
        ("content-type", "text/event-stream"),
        ("content-encoding", "zstd"),
        ("transfer-encoding", "chunked"),
    )
    with (
        ScriptedUpstream([answer + chunked(STREAM)]) as upstream,
        relaying(upstream.url) as braid,
    ):
        answered = braid.post()
        call = braid.recording.ended()
    assert (answered.body, answered.clean) == (STREAM, True)
    assert call.ending.outcome is CallOutcome.UPSTREAM_CUT


def test_answer_that_swells_beyond_the_limit_is_kept_raw() -> None:
    bomb = encode(b"0" * 10_000_000, "gzip")
    headers = [(b"content-type", b"application/json"), (b"content-encoding", b"gzip")]
    copy = copy_of(headers)
    assert copy.feed(bomb) == Fed()
    (block,), _ = copy.close()
    assert block.content == bomb
    assert block.attrs["ambiguous"] == "content coding: grows beyond the limit"


def test_answer_that_is_longer_than_the_limit_is_kept_up_to_it() -> None:
    copy = copy_of([(b"content-type", b"application/json")], limit=10)
    copy.feed(b"12345")
    copy.feed(b"67890")
    copy.feed(b"x")
    (block,), _ = copy.close()
    assert (block.content, block.attrs["cut"]) == (b"1234567890", True)


def test_copy_is_read_in_steps_and_says_the_same() -> None:
    stream = encode(STREAM, "gzip")
    headers = [(b"content-type", b"text/event-stream"), (b"content-encoding", b"gzip")]
    at_once, in_steps = (copy_of(headers) for _ in range(2))
    whole = at_once.feed(stream)
    first = in_steps.feed(stream, budget=0)
    assert in_steps.behind
    rest = in_steps.catch_up()
    assert not in_steps.behind
    assert (first.blocks + rest.blocks, rest.hold) == (whole.blocks, whole.hold) != ((), None)
    assert in_steps.close() == at_once.close()


@pytest.mark.parametrize("leaves", [False, True])
def test_coded_answer_that_swells_is_read_beside_the_loop_and_its_end_waits(leaves: bool) -> None:
    delta = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
    delta += b'"delta":{"type":"text_delta","text":"' + b"a" * 900_000 + b'"}}\n\n'
    place = STREAM.index(b"event: content_block_stop")
    coded = encode(STREAM[:place] + delta + STREAM[place:], "gzip")
    answer = head(
        "200 OK",
        ("content-type", "text/event-stream"),
        ("content-encoding", "gzip"),
        ("transfer-encoding", "chunked"),
    )
    with (
        ScriptedUpstream([answer + chunk(coded)]) as upstream,
        relaying(upstream.url) as braid,
        braid.client() as client,
    ):
        held = braid.recording.hold_close = threading.Event()
        client.post()
        client.read_head()
        assert braid.recording.closing.wait(PATIENCE)
        assert client.is_silent()
        if leaves:
            client.vanish()
        held.set()
        if not leaves:
            assert client.read_chunk() == coded
        call = braid.recording.ended()
    assert call.ending.outcome is CallOutcome.COMPLETE
    assert [len(block.content) for block in call.blocks] == [6 + 900_000]


class _Faulty:
    """A reader with a bug at one place."""

    def __init__(self, place: str) -> None:
        self._place = place

    def feed(self, chunk: bytes) -> Fed:
        if self._place == "feed":
            raise IndexError("WORDS")
        return Fed()

    def close(self) -> tuple[tuple[Block, ...], Outcome]:
        raise KeyError("WORDS")


def test_history_that_is_resent_is_not_read_anew_by_the_same_tenant() -> None:
    said = [{"role": "user", "content": f"{n} {'x' * 3000}"} for n in range(4)]
    one, two = (
        json.dumps({"messages": [*said, {"role": "user", "content": last}]}).encode()
        for last in ("one", "two")
    )
    tokens = {"a": "first secret", "b": "second secret"}
    with (
        ScriptedUpstream([json_answer()] * 3) as upstream,
        relaying(upstream.url, tokens, before=ReadBefore()) as braid,
    ):
        for body, secret in ((one, "first"), (two, "first"), (two, "second")):
            braid.post(body, headers=[("x-braid-token", f"{secret} secret")])
        asked = [call.opening.request for call in braid.recording.calls]
        bodies = [call.opening.body for call in braid.recording.calls]
    assert bodies == [one, two, two]
    assert asked == [read_messages(body) for body in bodies]
    assert [a is b for a, b in zip(asked[0].messages, asked[1].messages, strict=True)] == [
        True, True, True, True, False,
    ]  # fmt: skip
    assert not any(a is b for a, b in zip(asked[1].messages, asked[2].messages, strict=True))


@pytest.mark.parametrize("place", ["request", "answer", "feed", "close"])
def test_bug_in_a_reader_never_stops_the_relay_and_is_recorded(
    place: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def read_request(body: bytes, path: str, *known: object) -> Request:
        raise AttributeError("WORDS")

    def read_answer(status: int, content_type: str, request: Request) -> AnswerReader:
        if place == "answer":
            raise TypeError("WORDS")
        return _Faulty(place)

    with ScriptedUpstream([json_answer()]) as upstream:
        sound = anthropic(upstream.url)
        faulty = (
            dataclasses.replace(sound.formats[0], read_request=read_request)
            if place == "request"
            else dataclasses.replace(sound.formats[0], read_answer=read_answer)
        )
        with relaying(dataclasses.replace(sound, formats=(faulty,))) as braid:
            answered = braid.post(b'{"a":1}')
            call = braid.recording.ended()
            assert upstream.request().body == b'{"a":1}'
    assert (answered.body, answered.clean) == (MESSAGE, True)
    assert call.ending.outcome is CallOutcome.COMPLETE
    (block,) = call.opening.request.messages if place == "request" else call.blocks
    assert block.content == (b'{"a":1}' if place == "request" else MESSAGE)
    assert block.attrs["ambiguous"] == "the reader failed"
    assert "_unread" in caplog.text
    assert "WORDS" not in caplog.text


def test_bug_in_the_recording_closes_the_call_and_cuts_the_connection() -> None:
    with (
        ScriptedUpstream([STREAM_HEAD + chunked(BEGINNING)]) as upstream,
        relaying(upstream.url) as braid,
    ):
        braid.recording.fail_received = ValueError("a bug")
        answered = braid.post()
        call = braid.recording.ended()
    assert not answered.clean
    assert call.ending.outcome is CallOutcome.INTERRUPTED


def test_address_is_recorded_without_the_user_info_it_sends() -> None:
    with ScriptedUpstream([json_answer()]) as upstream:
        address = upstream.url.replace("://", "://us%40er:pass@")
        with relaying(address) as braid:
            braid.post(headers=[("authorization", "Bearer mine")])
            opening = braid.recording.ended().opening
        assert upstream.request().values("authorization") == ["Basic dXNAZXI6cGFzcw=="]
    assert opening.upstream == upstream.url


@pytest.mark.parametrize(
    "url",
    ["", "api.anthropic.com", "ftp://x", "http://", "https://x:y", "https://x?q", "http://[x"],
)
def test_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UpstreamUnusable):
        Address.parse(url)
