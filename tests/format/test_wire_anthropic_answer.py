"""What an answer from `POST /v1/messages` says, streamed or whole, sound or not."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from braid.wire.anthropic import read_answer
from braid.wire.block import Request
from format.answers import WHOLE, Reading, Said, cut, event, events, read, read_chunks, read_through

MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-x",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 1, "cache_read_input_tokens": None},
}
START = events({"type": "message_start", "message": MESSAGE})
END = events(
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 5, "input_tokens": None},
    },
    {"type": "message_stop"},
)
TEXT = {"type": "text", "text": ""}


def opened(block: dict[str, Any], index: int = 0, **members: Any) -> bytes:
    return events(
        {"type": "content_block_start", "index": index, "content_block": block, **members}
    )


def delta(kind: str, index: int = 0, **members: Any) -> bytes:
    return events(
        {"type": "content_block_delta", "index": index, "delta": {"type": kind, **members}}
    )


def stopped(index: int = 0, **members: Any) -> bytes:
    return events({"type": "content_block_stop", "index": index, **members})


def stream(*parts: bytes) -> Reading:
    return read(START + b"".join(parts) + END)


def only(*parts: bytes) -> Said:
    reading = stream(*parts)
    assert reading.outcome.complete
    (block,) = reading.blocks
    return block


def test_a_stream_tells_how_it_ended() -> None:
    reading = stream(opened(TEXT), delta("text_delta", text="hi"), stopped())
    outcome = reading.outcome
    assert (outcome.complete, outcome.error, outcome.stop_reason) == (True, False, "end_turn")
    assert (outcome.id, outcome.model) == ("msg_1", "claude-x")
    usage = {"input_tokens": 3, "output_tokens": 5, "cache_read_input_tokens": None}
    assert json.loads(outcome.usage or b"") == usage
    (block,) = reading.blocks
    assert (block.kind, block.origin, block.role, block.content) == (
        "text",
        "provider",
        "assistant",
        b"hi",
    )
    assert block.attrs == {
        "provider": "anthropic",
        "type": "text",
        "index": 0,
        "model": "claude-x",
    }


def test_a_block_comes_with_the_chunk_that_completes_it() -> None:
    reader = read_answer(200, "Text/Event-Stream")
    parts = [START, opened(TEXT), delta("text_delta", text="hi"), stopped(), END]
    assert [len(reader.feed(part).blocks) for part in parts] == [0, 0, 0, 1, 0]
    assert reader.close()[0] == ()


def test_only_the_terminal_event_and_what_follows_is_held() -> None:
    reader = read_answer(200, "text/event-stream")
    stop = END.index(b"event: message_stop")
    assert reader.feed(START + END[:stop]).hold is None
    assert reader.feed(b": still here\n\n" + END[stop:] + b": after\n\n").hold == 14
    reader = read_answer(200, "text/event-stream")
    reader.feed(START + END[:-1])
    assert reader.feed(b"\n").hold == 0


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_any_line_end_will_do(line_end: bytes) -> None:
    parts = START, opened(TEXT), delta("text_delta", text="hi"), stopped(), END
    body = b"".join(parts).replace(b"\n", line_end)
    assert read(body) == read(b"".join(parts))
    assert read_chunks(cut(body, range(len(body)))) == read(body)


def test_the_spelling_of_events_does_not_matter() -> None:
    body = START + opened(TEXT) + delta("text_delta", text='h\n"i"') + stopped() + END
    spaced = re.sub(rb'([:,])(?=["{\d])', rb"\1  ", body)
    comments = body.replace(b"data:", b": note\nid: 7\ndata:")
    split = body.replace(b',"', b'\ndata: ,"')
    unnamed = re.sub(rb"event: .*\n", b"", body)
    for other in (spaced, comments, split, unnamed, b"\xef\xbb\xbf" + body):
        assert other != body
        assert read(other) == read(body)


def raw_delta(text: str) -> bytes:
    said = '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%s"}}'
    return event("content_block_delta", said % text)


@given(st.lists(st.sampled_from([*'ab"\\{}[],: \t\x7fé', '"}}', '","text":"'])).map("".join))
@example('a","text":"b')
@example('a"},"x":{"y":"')
@example('"}}\n: ')
@example("\\")
@example('"')
def test_an_event_spelled_like_the_one_before_is_read_as_any_other(text: str) -> None:
    first, second = raw_delta("one"), raw_delta(text)
    noted = second.replace(b"data:", b": note\ndata:", 1)
    for close in (stopped(), b""):
        quick = stream(opened(TEXT), first, second, close, second)
        assert quick == stream(opened(TEXT), first, noted, close, noted)
    unquoted = second[:-5] + second[-4:]
    noted = unquoted.replace(b"data:", b": note\ndata:", 1)
    assert stream(opened(TEXT), first, unquoted) == stream(opened(TEXT), first, noted)


def test_a_surrogate_pair_may_stand_in_two_deltas() -> None:
    block = only(opened(TEXT), raw_delta("a\\ud83d"), raw_delta("\\ude00b"), stopped())
    assert (block.media, block.content) == ("text/plain", b"a\xf0\x9f\x98\x80b")
    apart = only(opened(TEXT), raw_delta("\\ud83d"), raw_delta("a\\ude00"), stopped())
    assert apart.media == "application/json"
    assert apart.content == b'"\\ud83d\\u0061\\ude00"'


def test_text_goes_on_from_what_the_start_said() -> None:
    block = only(opened({"type": "text", "text": "a\n"}), delta("text_delta", text="b"), stopped())
    assert block.content == b"a\nb"
    assert only(opened({"type": "text"}), delta("text_delta", text="b"), stopped()).content == b"b"
    assert only(opened(TEXT), stopped()).content == b""


def test_the_last_signature_counts() -> None:
    start = opened({"type": "thinking", "thinking": "", "signature": ""})
    grown = start + delta("thinking_delta", thinking="hm")
    signed = delta("signature_delta", signature="s1") + delta("signature_delta", signature="s2")
    block = only(grown, signed, stopped())
    assert (block.kind, block.content, block.attrs["signature"]) == ("thinking", b"hm", "s2")
    assert "signature" not in only(grown, stopped()).attrs


def test_citations_gather() -> None:
    start = opened({"type": "text", "text": "", "citations": [{"a": 1}]})
    block = only(start, delta("citations_delta", citation={"b": 2}), stopped())
    assert block.attrs["extra"] == {"citations": [{"a": 1}, {"b": 2}]}
    start = opened({"type": "text", "text": "", "citations": None})
    block = only(start, delta("citations_delta", citation={"b": 2}), stopped())
    assert block.attrs["extra"] == {"citations": [{"b": 2}]}


USE = {"type": "tool_use", "id": "t", "name": "n", "input": {}}


def test_tool_input_is_the_fragments_joined() -> None:
    fragments = ["", '{"a": 1.', '0, "\\ud83d', '\\ude00"', ": 2, ", '"a":3 }']
    parts = [delta("input_json_delta", partial_json=fragment) for fragment in fragments]
    block = only(opened(USE), *parts, stopped())
    assert (block.kind, block.media) == ("tool_use", "application/json")
    assert block.content == "".join(fragments).encode()
    assert (block.attrs["id"], block.attrs["name"]) == ("t", "n")


def test_tool_input_without_fragments_is_that_of_the_start() -> None:
    assert only(opened(USE), stopped()).content == b"{}"
    assert only(opened(USE), delta("input_json_delta", partial_json=""), stopped()).content == b"{}"
    full = events(
        {"type": "content_block_start", "index": 0, "content_block": {**USE, "input": {"a": 1}}}
    ).replace(b'{"a":1}', b'{"a":1,"a":1.0,"A":2}')
    assert only(full, stopped()).content == b'{"a":1,"a":1.0,"A":2}'


def test_a_result_comes_whole() -> None:
    native = {"type": "web_search_tool_result", "tool_use_id": "t", "content": [{"url": "u"}]}
    block = only(opened(native), stopped())
    assert (block.kind, block.content) == ("tool_result", b'[{"url":"u"}]')
    assert block.attrs["tool_use_id"] == "t"


def test_a_compaction_takes_over_what_its_delta_says() -> None:
    start = opened({"type": "compaction", "content": None})
    told = delta("compaction_delta", content="c", encrypted_content="e", signature="sig")
    block = only(start, told, stopped())
    assert (block.kind, block.role, block.attrs["signature"]) == ("other", "assistant", "sig")
    native = {"type": "compaction", "content": "c", "encrypted_content": "e", "signature": "sig"}
    assert block.value == native


def test_a_block_never_heard_of_keeps_its_deltas() -> None:
    native = {"type": "hologram", "text": ""}
    deltas = [{"type": "text_delta", "text": "x"}, {"type": "beam_delta", "beam": [1]}]
    parts = [delta("text_delta", text="x"), delta("beam_delta", beam=[1])]
    block = only(opened(native), *parts, stopped())
    assert (block.kind, block.value, block.attrs["type"]) == ("other", native, "hologram")
    assert block.attrs["extra"] == {"deltas": deltas}


def test_what_does_not_fold_stays_beside_the_block() -> None:
    block = only(
        opened({"type": "thinking", "thinking": "", "signature": "", "new": 1}, at="s"),
        delta("thinking_delta", thinking="hm", estimated_tokens=7),
        delta("beam_delta"),
        delta("input_json_delta", partial_json="{"),
        delta("thinking_delta", thinking=7),
        delta("thinking_delta", thinking="!"),
        stopped(at="e"),
    )
    assert (block.kind, block.content) == ("thinking", b"hm!")
    assert block.attrs["extra"] == {
        "new": 1,
        "deltas": [
            {"type": "content_block_start", "at": "s"},
            {"type": "thinking_delta", "estimated_tokens": 7},
            {"type": "beam_delta"},
            {"type": "input_json_delta", "partial_json": "{"},
            {"type": "thinking_delta", "thinking": 7},
            {"type": "content_block_stop", "at": "e"},
        ],
    }


def test_blocks_may_run_beside_each_other() -> None:
    reading = stream(
        opened(TEXT, 0),
        opened(TEXT, 10),
        delta("text_delta", 10, text="b"),
        delta("text_delta", 0, text="a"),
        stopped(10),
        stopped(0),
    )
    assert [(b.content, b.attrs["index"]) for b in reading.blocks] == [(b"b", 10), (b"a", 0)]


def test_what_the_message_says_of_itself_is_a_block_of_its_own() -> None:
    message = {**MESSAGE, "container": {"id": "c"}, "stop_sequence": "x"}
    ending = {"type": "message_delta", "delta": {"stop_sequence": "END"}, "usage": {}}
    body = events(
        {"type": "message_start", "message": message},
        {**ending, "context_management": {"applied_edits": []}},
        {"type": "message_stop", "metrics": {"a": 1}},
    )
    (block,) = read(body).blocks
    assert (block.kind, block.role, block.origin) == ("other", "", "provider")
    assert block.attrs == {"provider": "anthropic", "type": "message", "id": "msg_1"}
    assert block.value == {
        "container": {"id": "c"},
        "stop_sequence": "END",
        "context_management": {"applied_edits": []},
        "metrics": {"a": 1},
    }


def test_content_in_the_start_is_not_lost() -> None:
    message = {**MESSAGE, "content": [{"type": "text", "text": "x"}]}
    (block,) = read(events({"type": "message_start", "message": message}) + END).blocks
    assert (block.content, block.attrs["index"], block.attrs["model"]) == (b"x", 0, "claude-x")


def test_a_ping_says_nothing_unless_it_does() -> None:
    assert stream(events({"type": "ping"}), b"event: ping\n\n", b": ping\n\n").blocks == ()
    assert only(events({"type": "ping", "x": 1})).value == {"type": "ping", "x": 1}


def test_an_error_that_quotes_its_request_is_kept_without_credentials() -> None:
    """As JSON, however deep the quotation is."""
    server = {"headers": {"a": {"b": {"c": {"d": "SECRET"}}}, "e": "}SECRET"}, "name": "mine"}
    body = json.dumps({"detail": [{"input": {"mcp_servers": [server]}}]}).encode()
    (block,) = read(body, 422, WHOLE).blocks
    value: Any = block.value  # what its content is as JSON
    assert value["detail"][0]["input"]["mcp_servers"][0]["name"] == "mine"
    assert "SECRET" not in str(value)


def test_an_error_in_a_stream_is_kept() -> None:
    fault: dict[str, object] = {
        "type": "error",
        "error": {"type": "overloaded_error", "message": "m"},
    }
    reading = read(START + opened(TEXT) + delta("text_delta", text="h") + events(fault))
    assert (reading.outcome.complete, reading.outcome.error) == (False, True)
    error, cut_off = reading.blocks
    assert (error.kind, error.role, error.value, error.attrs["type"]) == (
        "other",
        "",
        fault,
        "error",
    )
    assert (cut_off.content, cut_off.attrs["cut"]) == (b"h", True)
    assert reading.held is None
    assert read(START + event("error", "not json")).outcome.error


def test_events_never_heard_of_are_kept() -> None:
    block = only(events({"type": "beam", "x": [1]}))
    assert (block.kind, block.role, block.media) == ("other", "", "application/json")
    assert (block.value, block.attrs["type"]) == ({"type": "beam", "x": [1]}, "beam")


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("content_block_delta", "not json", "not json"),
        ("message_stop", '{"type":"message_stop","type":"x"}', "a repeated name"),
        ("beam", '{"type":"beam","TYPE":"x"}', "names that differ only in case"),
        ("beam", '{"a":NaN}', "nan or infinity"),
        ("beam", "[" * 10**5, "nested deeper than 200"),
        ("beam", "[1]", "not an object"),
        ("beam", '{"type":"ping"}', "event name differs from type"),
        ("message_stop", '{"type":"ping"}', "event name differs from type"),
        ("message_start", "{}", "no message"),
        ("message_delta", "{}", "no delta"),
        ("content_block_start", "{}", "no index"),
        ("content_block_start", '{"index":-1}', "no index"),
        ("content_block_start", '{"index":0}', "no content_block"),
        ("content_block_delta", '{"index":0,"delta":{}}', "no open block"),
        ("content_block_stop", '{"index":0}', "no open block"),
    ],
)
def test_an_event_that_does_not_fold_is_kept(name: str, data: str, reason: str) -> None:
    reading = read(START + event(name, data))
    (block,) = reading.blocks
    assert (block.kind, block.role, block.content) == ("other", "", data.encode())
    assert block.attrs == {"provider": "anthropic", "type": name, "ambiguous": reason}
    assert not reading.outcome.complete
    assert reading.held is None


def test_a_delta_that_is_not_utf_8_is_kept_and_the_block_goes_on() -> None:
    broken = delta("text_delta", text="x").replace(b'"x"', b'"\xff"')
    event_, block = stream(opened(TEXT), broken, delta("text_delta", text="y"), stopped()).blocks
    assert (event_.attrs["ambiguous"], event_.media) == ("not utf-8", "application/octet-stream")
    assert b'"\xff"' in event_.content
    assert block.content == b"y"


def test_what_attrs_cannot_hold_is_kept_as_an_event() -> None:
    lone = delta("citations_delta", citation={"t": "X"}).replace(b"X", b"\\ud800")
    event_, block = stream(opened(TEXT), lone, stopped()).blocks
    assert event_.attrs["ambiguous"] == "what attrs cannot hold"
    assert b"\\ud800" in event_.content
    assert block.kind == "text"


def test_a_start_that_attrs_cannot_hold_is_kept_raw() -> None:
    start = opened({"type": "text", "text": "", "new": "X"}).replace(b"X", b"\\ud800")
    block = only(start, delta("text_delta", text="x"), stopped())
    assert (block.kind, block.content) == ("other", b'{"type":"text","text":"","new":"\\ud800"}')
    assert block.attrs["extra"] == {"deltas": [{"type": "text_delta", "text": "x"}]}


def test_lines_that_are_no_fields_are_kept() -> None:
    block = only(b'{"type":"error"}\nhello: you\nevent: ping\ndata: {"type":"ping"}\n\n')
    assert block.content == b'{"type":"error"}\nhello: you'
    assert block.attrs["ambiguous"] == "a line that is no field"
    block = only(b"event: beam\n\n")
    assert (block.content, block.attrs["type"], block.attrs["ambiguous"]) == (
        b"",
        "beam",
        "no data",
    )


def test_a_cut_stream_gives_what_came() -> None:
    body = START + opened(TEXT, 1) + delta("text_delta", 1, text="h")
    body += opened({**USE}, 0) + delta("input_json_delta", 0, partial_json='{"a": "un')
    reading = read(body + b'event: content_block_delta\ndata: {"type":"cont')
    use, text, rest = reading.blocks
    assert (use.content, use.attrs["cut"], use.attrs["index"]) == (b'{"a": "un', True, 0)
    assert (text.content, text.attrs["cut"], text.attrs["index"]) == (b"h", True, 1)
    assert rest.content == b'event: content_block_delta\ndata: {"type":"cont'
    assert (rest.kind, rest.attrs) == ("other", {"provider": "anthropic", "cut": True})
    assert (reading.outcome.complete, reading.outcome.error) == (False, False)
    assert reading.outcome.id == "msg_1"


def test_a_block_begun_again_ends_the_first() -> None:
    reading = stream(opened(TEXT), delta("text_delta", text="a"), opened(TEXT), stopped())
    first, second = reading.blocks
    assert (first.content, first.attrs.get("cut")) == (b"a", True)
    assert (second.content, second.attrs.get("cut")) == (b"", None)


def test_a_stream_without_bytes_says_nothing() -> None:
    reading = read_chunks([])
    assert (reading.blocks, reading.outcome.complete, reading.outcome.error) == ((), False, False)


# A whole answer


def test_a_whole_message_is_read_in_order() -> None:
    content = [{"type": "text", "text": "a"}, USE, {"type": "beam"}, 7]
    body = json.dumps({**MESSAGE, "content": content, "stop_reason": "tool_use"}).encode()
    reading = read(body, media=WHOLE)
    assert [block.kind for block in reading.blocks] == ["text", "tool_use", "other", "other"]
    assert [block.attrs["index"] for block in reading.blocks] == [0, 1, 2, 3]
    assert {block.attrs["model"] for block in reading.blocks} == {"claude-x"}
    assert (reading.outcome.complete, reading.outcome.stop_reason) == (True, "tool_use")
    assert reading.held is None


def test_names_may_repeat_in_the_input_a_model_wrote() -> None:
    body = json.dumps({**MESSAGE, "content": [USE]}).replace('"input": {}', '"input":{"a":1,"a":2}')
    reading = read(body.encode(), media=WHOLE)
    assert reading.outcome.complete
    assert reading.blocks[0].content == b'{"a":1,"a":2}'


@pytest.mark.parametrize(
    ("body", "status", "error", "media", "attrs"),
    [
        (b'{"type":"error","error":{}}', 529, True, "application/json", {"type": "error"}),
        (b'{"type":"error","error":{}}', 200, True, "application/json", {"type": "error"}),
        (b'{"type": "message","content":[]}', 500, True, "application/json", {"type": "message"}),
        (b"<html>", 502, True, "application/octet-stream", {"ambiguous": "not json"}),
        (b"<html>", 200, False, "application/octet-stream", {"ambiguous": "not json"}),
        (b'{"input_tokens":7}', 200, False, "application/json", {}),
        (b'{"type":"message"}', 200, False, "application/json", {"type": "message"}),
        (b'{"type":"message","content":7}', 200, False, "application/json", {"type": "message"}),
        (b"[1]", 200, False, "application/json", {}),
    ],
)
def test_what_is_no_message_is_kept_as_it_came(
    body: bytes, status: int, error: bool, media: str, attrs: dict[str, str]
) -> None:
    for content_type in (WHOLE, "", "text/html") + (("text/event-stream",) if status > 399 else ()):
        reading = read_chunks([body[:3], body[3:]], status, content_type)
        whole = "ambiguous" in attrs and not error
        assert (reading.outcome.complete, reading.outcome.error) == (whole, error)
        (block,) = reading.blocks
        assert (block.kind, block.media, block.content, block.role) == ("other", media, body, "")
        assert block.attrs == {"provider": "anthropic", **attrs}


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b'{"type":"message","content":[],"content":[]}', "a repeated name"),
        (b'{"type":"message","content":[],"Content":[]}\n', "names that differ only in case"),
        (b'{"content":' + b"[" * 300 + b"]" * 300 + b"}", "nested deeper than 200"),
        (b'{"content":' + b"[" * 10**5 + b"]" * 10**5 + b"}", "nested deeper than 200"),
    ],
)
def test_a_whole_answer_that_cannot_be_read_is_whole(body: bytes, fault: str) -> None:
    """The framing decides whether it came to its end (SPEC §6.3)."""
    for status, error in ((200, False), (400, True)):
        reading = read(body, status, WHOLE)
        assert (reading.outcome.complete, reading.outcome.error) == (not error, error)
        (block,) = reading.blocks
        assert (block.content, block.attrs["ambiguous"]) == (body, fault)
    assert not read(body.rstrip()[:-1], 200, WHOLE).outcome.complete


@pytest.mark.parametrize(
    "body", [b"<html>", b"busy", b'"{', b"\xff", b"[{]", b'\xef\xbb\xbf{"a":1}']
)
def test_json_that_breaks_off_is_not_whole_and_nothing_else_breaks_off(body: bytes) -> None:
    whole = body != b"[{]"
    assert read(body, media=WHOLE).outcome.complete is whole
    for begun in (b"{" + body, b" \xef\xbb\xbf[" + body, b'{"a":NaN,' + body + b","):
        assert not read(begun, media=WHOLE).outcome.complete


def test_a_stream_that_was_asked_for_is_known_by_its_first_byte() -> None:
    """Some servers do not call their streams so, and SDKs read them all the same."""
    asked = Request((), (), (), b"{}", stream=True)
    body = START + opened(TEXT) + delta("text_delta", text="a") + stopped() + END
    stream = read(body)
    whole = read(json.dumps({"type": "message", "content": [TEXT]}).encode(), media=WHOLE)
    page = read(b"<html>", media=WHOLE)
    assert stream.outcome.complete and whole.outcome.complete and page.outcome.complete
    for media in ("", "text/plain", WHOLE):
        for before in (b"", b"\n", b"\r\n\r\n"):
            for said in (body, b": ping\n\n" + body):
                chunks = cut(before + said, range(len(before) + 30))
                assert read_through(read_answer(200, media, asked), chunks) == stream
            document = b" " + before + json.dumps({"type": "message", "content": [TEXT]}).encode()
            chunks = cut(document, range(len(document)))
            assert read_through(read_answer(200, media, asked), chunks) == whole
        assert read_through(read_answer(200, media, asked), [b"<ht", b"ml>"]) == page
        assert not read_through(read_answer(200, media, asked), [b" "]).outcome.complete
        for status, request in ((400, asked), (200, None)):
            reading = read_through(read_answer(status, media, request), [body])
            assert [block.attrs["ambiguous"] for block in reading.blocks] == ["not json"]


def test_an_empty_body_says_nothing() -> None:
    for status, error in ((200, False), (204, False), (503, True)):
        reading = read_chunks([b""], status, WHOLE)
        assert (reading.blocks, reading.outcome.complete, reading.outcome.error) == (
            (),
            not error,
            error,
        )
    assert not read_chunks([b""]).outcome.complete
    assert read_chunks([b""], 204).outcome.complete


# Whatever comes


PIECES = st.sampled_from(
    [
        START,
        END,
        opened(TEXT),
        opened({"type": "thinking", "thinking": "", "signature": ""}, 1),
        opened(USE, 1),
        opened({"type": "hologram", "x": 1}),
        delta("text_delta", text="é\n"),
        delta("text_delta", 1, text="x"),
        delta("input_json_delta", 1, partial_json='{"a'),
        delta("thinking_delta", 1, thinking="hm"),
        delta("signature_delta", 1, signature="s"),
        delta("citations_delta", citation={"a": 1}),
        raw_delta("\\ud83d"),
        raw_delta("\\x"),
        stopped(),
        stopped(1),
        events({"type": "ping"}),
        event("error", '{"type":"error"}'),
        event("message_stop", "{}"),
        b"data: {}\r\n\r\n",
        b"\r",
        b"\n",
        b"\xef\xbb\xbf",
        b": c\n\n",
        b"\xff",
        b"{",
        b"}",
        b"event: content_block_delta\n",
    ]
)


@given(st.lists(PIECES, max_size=12), st.lists(st.integers(0, 2000), max_size=20))
def test_no_stream_makes_it_raise_and_no_cut_makes_a_difference(
    pieces: list[bytes], places: list[int]
) -> None:
    body = b"".join(pieces)
    whole = read(body)
    chunks = cut(body, places)
    chunked = read_chunks(chunks)
    assert chunked == whole
    if whole.held is None:
        assert chunked.held is None
        return
    terminal = body[whole.held :]
    assert re.match(rb"(\xef\xbb\xbf|: .*[\r\n]|[^\r\n]*[\r\n]+)*?event: message_stop", terminal)
    end = re.search(rb"\n\n|[\r\n]\r", terminal)
    assert end is not None
    assert chunked.held is not None
    assert whole.held <= chunked.held < whole.held + end.end()


@given(st.binary(), st.binary(), st.sampled_from(["text/event-stream", "application/json", ""]))
def test_no_bytes_make_it_raise(first: bytes, second: bytes, media: str) -> None:
    for status in (200, 400):
        reading = read_chunks([first, second], status, media)
        assert reading == read(first + second, status, media)
        assert not (reading.outcome.complete and status == 400)


@given(st.lists(st.text(st.characters(exclude_categories=())), max_size=8), st.booleans())
def test_text_is_what_its_deltas_said(texts: list[str], ascii_only: bool) -> None:
    parts = [
        event(
            "content_block_delta",
            json.dumps(
                {
                    "type": "content_block_delta",
                    "index": 0,
                    "delta": {"type": "text_delta", "text": text},
                },
                separators=(",", ":"),
                ensure_ascii=ascii_only or not _is_utf8(text),
            ),
        )
        for text in texts
    ]
    block = only(opened(TEXT), *parts, stopped())
    expected = "".join(texts).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    if _is_utf8(expected):
        assert block.content.decode() == expected
    else:
        assert json.loads(block.content) == expected


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)
