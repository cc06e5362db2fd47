"""What an answer from `POST /v1/chat/completions` says, streamed or whole, sound or not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from braid.node import Kind
from braid.wire.openai_chat import read_answer, read_request
from braid.wire.raw_json import find_fault
from format.answers import STREAM, WHOLE, Reading, Said, cut, read_through
from format.openai_answers import by_value, outcome_by_value

HEAD: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 7,
    "model": "gpt-x",
    "usage": None,
}
USAGE = {"prompt_tokens": 3, "completion_tokens": 5}
DONE = b"data: [DONE]\n\n"


def event(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def chunk(
    delta: dict[str, Any] | None = None, index: int = 0, reason: str | None = None, **more: Any
) -> bytes:
    choice = {"index": index, "delta": delta or {}, "logprobs": None, "finish_reason": reason}
    return event({**HEAD, "choices": [{**choice, **more}], "obfuscation": "x" * index})


def call(index: int | None, name: str | None = None, said: str | None = None, **more: Any) -> bytes:
    """Write a fragment of a tool call; `name` stands for its id and function."""
    function: dict[str, Any] = {} if said is None else {"arguments": said}
    fragment: dict[str, Any] = {} if index is None else {"index": index}
    if name is not None:
        fragment |= {"id": f"call_{name}", "type": "function"}
        function |= {"name": name}
    return chunk({"tool_calls": [{**fragment, "function": function, **more}]})


START = chunk({"role": "assistant", "content": "", "refusal": None})
STOP = chunk(reason="stop")
LAST = event({**HEAD, "choices": [], "usage": USAGE})


def read(body: bytes, status: int = 200, media: str = STREAM, request: bytes = b"") -> Reading:
    return read_chunks([body], status, media, request)


def read_chunks(
    chunks: Iterable[bytes], status: int = 200, media: str = STREAM, request: bytes = b""
) -> Reading:
    asked = read_request(request) if request else None
    return read_through(read_answer(status, media, asked), chunks, "openai")


def stream(*parts: bytes) -> Reading:
    return read(b"".join(parts) + DONE)


def said(*parts: bytes) -> list[Said]:
    reading = stream(*parts)
    assert reading.outcome.complete
    return [block for block in reading.blocks if block.role]


def only(*parts: bytes) -> Said:
    (block,) = said(*parts)
    return block


def beside(reading: Reading) -> Any:
    """Give what the answer says that no block has, without what every one of these tests sends."""
    (block,) = [one for one in reading.blocks if one.attrs.get("type") == "chat.completion"]
    assert (block.kind, block.origin, block.role) == ("other", "provider", "")
    return {name: value for name, value in json.loads(block.content).items() if name != "created"}


def test_a_stream_tells_how_it_ended() -> None:
    reading = stream(START, chunk({"content": "h"}), chunk({"content": "i"}), STOP, LAST)
    outcome = reading.outcome
    assert (outcome.complete, outcome.error, outcome.stop_reason) == (True, False, "stop")
    assert (outcome.id, outcome.model) == ("chatcmpl-1", "gpt-x")
    assert json.loads(outcome.usage or b"") == USAGE
    text, envelope = reading.blocks
    assert (text.kind, text.origin, text.role, text.content) == (
        "text",
        "provider",
        "assistant",
        b"hi",
    )
    assert text.attrs == {"provider": "openai", "type": "text", "index": 0, "model": "gpt-x"}
    assert envelope.attrs == {"provider": "openai", "type": "chat.completion", "id": "chatcmpl-1"}
    assert envelope.value == {"created": 7}


def test_a_block_comes_when_the_next_begins_or_the_choice_has_finished() -> None:
    reader = read_answer(200, "Text/Event-Stream")
    parts = [
        START,
        chunk({"reasoning_content": "hm"}),
        chunk({"content": "a"}),
        call(0, "f", ""),
        call(0, None, "{}"),
        call(1, "g", "{}"),
        STOP,
        LAST,
        DONE,
    ]
    kinds = [[str(block.kind) for block in reader.feed(part).blocks] for part in parts]
    assert kinds == [[], [], ["thinking"], ["text"], [], ["tool_use"], ["tool_use"], [], []]
    assert [block.kind for block in reader.close()[0]] == ["other"]
    reader = read_answer(200, "text/event-stream")
    reader.feed(START + chunk({"content": "a"}))
    assert [block.content for block in reader.feed(DONE).blocks] == [b"a"]


def test_only_the_terminal_event_and_what_follows_is_held() -> None:
    reader = read_answer(200, "text/event-stream")
    assert reader.feed(START + STOP + LAST).hold is None
    assert reader.feed(b": still here\n\n" + DONE + b": after\n\n").hold == 14
    reader = read_answer(200, "text/event-stream")
    reader.feed(START + STOP + DONE[:-1])
    assert reader.feed(b"\n").hold == 0


BODY = b"".join(
    [
        START,
        chunk({"reasoning": "h\n"}),
        chunk({"reasoning": "m é"}),
        chunk({"content": "a"}),
        chunk({"content": '"b" é \U0001f600'}),
        chunk({"content": "c"}, 1),
        call(0, "f", ""),
        call(0, None, '{"a"'),
        call(0, None, ": 1}"),
        chunk({"content": "d"}, 1),
        chunk(reason="tool_calls"),
        chunk({}, 1, "stop"),
        LAST,
        DONE,
    ]
)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_any_line_end_will_do(line_end: bytes) -> None:
    body = BODY.replace(b"\n", line_end)
    assert read(body) == read(BODY)
    assert read_chunks(cut(body, range(len(body)))) == read(BODY)


def test_the_spelling_of_events_does_not_matter() -> None:
    spaced = re.sub(rb'([:,])(?=["{\d])', rb"\1  ", BODY)
    comments = BODY.replace(b"data:", b": keepalive\nid: 7\ndata:")
    split = BODY.replace(b',"', b'\ndata: ,"')
    pinged = BODY.replace(b"data:", b": keepalive\n\nevent: ping\n\ndata:")
    raw = BODY.replace(b"\\u00e9", "é".encode())
    for other in (spaced, comments, split, pinged, raw, b"\xef\xbb\xbf" + BODY):
        assert other != BODY
        assert read(other).blocks == read(BODY).blocks
        assert read(other).outcome.complete


def test_an_event_spelled_like_the_last_is_still_read_where_it_says_more() -> None:
    grown = chunk({"content": "a"})
    for other, kept in [
        (grown.replace(b'"logprobs":null', b'"logprobs":{"content":[1]}'), "choices"),
        (grown.replace(b'"delta":{', b'"delta":{"annotations":[1],'), "choices"),
        (grown[:-3] + b',"new":1}\n\n', "new"),
    ]:
        reading = stream(START, grown, grown, other, grown, STOP)
        assert reading.blocks[0].content == b"aaaa"
        assert list(beside(reading)) == [kept]
    broken = grown.replace(b'"a"', b'"\xff"')
    event_, text, _ = stream(START, grown, grown, broken, grown, STOP).blocks
    assert (event_.attrs["ambiguous"], event_.media) == ("not utf-8", "application/octet-stream")
    assert text.content == b"aaa"
    hidden = grown.replace(b'"obfuscation":""', b'"obfuscation":"\xff"')
    assert stream(START, grown, grown, hidden, STOP).blocks[0].attrs["ambiguous"] == "not utf-8"
    last = grown.replace(b'"a"', b'"b"')[:-1] + b"hello\n\n"
    stray, text, _ = stream(START, grown, grown, last, STOP).blocks
    assert (stray.content, text.content) == (b"hello", b"aab")
    escaped = grown.replace(b'"a"', b'"\\x"')
    assert stream(START, grown, grown, escaped, STOP).blocks[0].attrs["ambiguous"] == "not json"


def test_what_comes_with_a_piece_of_text_is_not_lost_where_it_repeats() -> None:
    for members, kept in (
        ({"logprobs": {"refusal": [1]}}, {"logprobs": {"refusal": [1, 1, 1]}}),
        ({"annotations": [1]}, {"annotations": [1, 1, 1]}),
    ):
        reading = stream(START, *[chunk({"content": "a"}, **members)] * 3, STOP)
        assert reading.blocks[0].content == b"aaa"
        assert beside(reading) == {"choices": [{"index": 0, **kept}]}
    noted = chunk({"content": "a", "annotations": [1]})
    kept = {"message": {"annotations": [1, 1]}}
    assert beside(stream(START, noted, noted, STOP)) == {"choices": [{"index": 0, **kept}]}
    two = [
        {"index": 0, "delta": {"refusal": "a"}, "finish_reason": None},
        {"index": 1, "delta": {"content": "b"}, "finish_reason": None},
    ]
    blocks = said(*[event({**HEAD, "choices": two})] * 3, STOP, chunk(index=1, reason="stop"))
    assert [block.content for block in blocks] == [b"aaa", b"bbb"]
    grown = chunk({"content": "a"})
    between = grown.replace(b'"created":7', b'"created":8')
    assert stream(grown, grown, between, grown).blocks[1].value == {"created": 7}
    reading = stream(START, grown, grown, DONE, grown)
    assert [block.content for block in reading.blocks[:2]] == [b"aa", grown[6:-2]]


@pytest.mark.parametrize(
    "delta", [b'{"\\u0063ontent":"x"}', b'{"content": "x"}', b'{"content":"x","y":"content"}']
)
def test_only_the_member_that_grew_is_taken_to_grow(delta: bytes) -> None:
    first, second = (
        b'data: {"choices":[{"index":0,"delta":%b}],"new":{"content":"%b"}}\n\n' % (delta, new)
        for new in (b"x", b"y")
    )
    reading = stream(first, first, second, STOP)
    assert reading.blocks[0].content == b"xxx"
    assert beside(reading)["new"] == {"content": "y"}


def test_a_surrogate_pair_may_stand_in_two_deltas() -> None:
    parts = [chunk({"content": "X"}).replace(b"X", half) for half in (b"a\\ud83d", b"\\ude00b")]
    block = only(START, *parts, STOP)
    assert (block.media, block.content) == ("text/plain", b"a\xf0\x9f\x98\x80b")
    parts = [chunk({"content": "X"}).replace(b"X", half) for half in (b"\\ud83d", b"a\\ude00")]
    apart = only(START, *parts, STOP)
    assert (apart.media, apart.content) == ("application/json", b'"\\ud83d\\u0061\\ude00"')


def test_reasoning_beside_the_content_is_thinking() -> None:
    both = {"reasoning": "h", "reasoning_content": "h"}
    thought, text = said(START, chunk(both), chunk(both), chunk({"content": "a"}), STOP)
    assert (thought.kind, thought.content, thought.role) == ("thinking", b"hh", "assistant")
    assert (thought.attrs["type"], thought.attrs["also"]) == ("reasoning_content", "reasoning")
    assert (text.kind, text.content) == ("text", b"a")
    # Some servers send an empty content with every piece of reasoning.
    parts = [chunk({"content": "", "reasoning_content": part}) for part in ("h", "m")]
    assert only(*parts, STOP).content == b"hm"
    late = said(chunk({"content": "a"}), chunk({"reasoning": "h"}), chunk({"content": "b"}), STOP)
    assert [(block.kind, block.content) for block in late] == [
        ("text", b"a"),
        ("thinking", b"h"),
        ("text", b"b"),
    ]


def test_a_refusal_is_text_that_says_so() -> None:
    block = only(START, chunk({"refusal": "n"}), chunk({"refusal": "o"}), STOP)
    assert (block.kind, block.content, block.attrs["type"]) == ("text", b"no", "refusal")


def test_tool_input_is_the_fragments_joined() -> None:
    fragments = ["", '{"a": 1.', '0, "\\ud83d', '\\ude00"', ": 2, ", '"a":3 }']
    parts = [call(0, None, fragment) for fragment in fragments]
    block = only(START, call(0, "f", ""), *parts, STOP)
    assert (block.kind, block.media) == ("tool_use", "application/json")
    assert block.content == "".join(fragments).encode()
    assert block.attrs == {
        "provider": "openai",
        "type": "function",
        "id": "call_f",
        "name": "f",
        "index": 0,
        "model": "gpt-x",
    }


def test_a_custom_call_says_text() -> None:
    begin = {"index": 0, "id": "c", "type": "custom", "custom": {"name": "g", "input": "4 "}}
    block = only(
        chunk({"tool_calls": [begin]}),
        chunk({"tool_calls": [{"index": 0, "custom": {"input": "+ 4"}}]}),
        STOP,
    )
    assert (block.kind, block.media, block.content) == ("tool_use", "text/plain", b"4 + 4")


def test_calls_that_are_not_numbered_are_told_apart_by_their_ids() -> None:
    for index in (0, None):
        blocks = said(call(index, "f", "{}"), call(index, "g", "[]"), call(index, None, " "), STOP)
        assert [(b.content, b.attrs["id"]) for b in blocks] == [
            (b"{}", "call_f"),
            (b"[] ", "call_g"),
        ]


def test_what_a_server_says_again_of_a_call_changes_nothing() -> None:
    block = only(call(0, "f", "{"), call(0, "f", "}", type=None, id=""), STOP)
    assert (block.content, block.attrs["id"], block.attrs["name"]) == (b"{}", "call_f", "f")
    block = only(call(0, "f", "{", sig="a"), call(0, None, "}", sig="b"), STOP)
    assert block.attrs["extra"] == {"sig": "a", "deltas": [{"sig": "b"}]}


def test_input_that_is_no_string_is_kept_as_it_is_spelled() -> None:
    whole = call(0, "f", "X").replace(b'"X"', b'{ "a":1,"a":2 }')
    assert only(whole, STOP).content == b'{ "a":1,"a":2 }'


def test_calls_may_grow_side_by_side() -> None:
    """As they are numbered, whatever comes between: an SDK puts them together so."""
    begun = {"index": 0, "id": "call_f", "type": "function", "function": {"name": "f"}}
    other = {**begun, "index": 1, "id": "call_g", "function": {"name": "g", "arguments": ""}}
    line, words = chunk({"content": "\n"}), chunk({"reasoning": "h"})
    both = chunk({"tool_calls": [begun, other]})
    first, second = call(0, None, '{"a"'), call(0, None, ":1}")
    whole = call(1, None, '{"b":"}"}')
    for parts in (
        (both, first, second, whole),
        (both, first, whole, second),
        (both, whole, first, second),
        (both, line, first, line, second, words, whole),
        (call(0, "f", ""), line, first, call(1, "g", '{"b":"}"}'), second),
        (call(0, "f", '{"a"'), call(1, "g", ""), second, whole),
        (call(0, "f", '{"a":1}'), call(1, "g", '{"b":"}"}')),
    ):
        blocks = said(START, *parts, STOP)
        calls = [block for block in blocks if block.kind == "tool_use"]
        assert [block.content for block in calls] == [b'{"a":1}', b'{"b":"}"}']
        assert [block.attrs["id"] for block in calls] == ["call_f", "call_g"]
        assert not any("cut" in block.attrs or "extra" in block.attrs for block in calls)
        texts = [block.content for block in blocks if block.kind == "text"]
        assert texts == ([b"\n" * parts.count(line)] if line in parts else [])
        assert blocks[-2:] == calls or words in parts


def test_a_call_waits_for_the_end_of_its_choice_unless_its_input_is_json() -> None:
    custom = {"index": 0, "id": "c", "type": "custom", "custom": {"name": "g", "input": "{}"}}
    for begun, ends in (
        (call(0, "f", " {}"), True),
        (call(0, "f", '["\\ud83d"]'), True),
        (call(0, "f", "{"), False),
        (call(0, "f", ""), False),
        (call(0, "f", "12"), False),
        (call(0, "f", '{"a":]}'), False),
        (call(0, "f", "X").replace(b'"X"', b"{}"), False),
        (chunk({"tool_calls": [custom]}), False),
    ):
        for other in (chunk({"content": "a"}), chunk({"reasoning": "h"}), call(1, "g", "[]")):
            reader = read_answer(200, STREAM)
            assert reader.feed(START + begun).blocks == ()
            early = [block.kind for block in reader.feed(other).blocks]
            assert early == (["tool_use"] if ends else []), (begun, other)
            late = [block.kind for block in reader.feed(STOP).blocks]
            assert (early + late).count(Kind.TOOL_USE) == 1 + (b"tool_calls" in other)


def test_a_fragment_of_a_call_that_has_ended_stays_beside() -> None:
    reading = stream(call(0, "f", "{}"), call(1, "g", "{}"), call(0, None, "}"), STOP)
    assert [block.content for block in reading.blocks if block.role] == [b"{}", b"{}"]
    late = {"index": 0, "function": {"arguments": "}"}}
    assert beside(reading) == {"choices": [{"index": 0, "message": {"tool_calls": [late]}}]}


def test_what_begins_between_calls_costs_no_more_than_its_length(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A call that waits is not looked at again each time."""
    looked = 0

    def counted(document: bytes) -> str | None:
        nonlocal looked
        looked += len(document)
        return find_fault(document)

    monkeypatch.setattr("braid.wire.openai_chat.piece.find_fault", counted)
    between = [chunk({"content": "a"}), chunk({"reasoning": "h"}), call(0, None, "}")] * 50
    blocks = said(call(0, "f", "{" * 1000), *between, call(1, "g", "{}"), STOP)
    assert len(blocks) == 102
    assert looked <= 1000


def test_the_older_function_call_folds() -> None:
    block = only(
        chunk({"function_call": {"name": "f", "arguments": ""}}),
        chunk({"function_call": {"arguments": "{}"}}),
        chunk(reason="function_call"),
    )
    assert (block.kind, block.content, block.attrs["name"]) == ("tool_use", b"{}", "f")
    assert (block.attrs["type"], "id" in block.attrs) == ("function_call", False)


def test_speech_is_media_with_its_transcript() -> None:
    spoken = [
        {"id": "audio_1"},
        {"transcript": "H"},
        {"transcript": "i", "data": "QUJD"},
        {"data": "RA=="},
    ]
    parts = [chunk({"audio": piece}) for piece in spoken]
    block = only(START, *parts, STOP, chunk({"audio": {"expires_at": 9}}), LAST)
    assert (block.kind, block.media, block.content) == (
        "media",
        "application/octet-stream",
        b"ABCD",
    )
    assert block.attrs["id"] == "audio_1"
    assert block.attrs["extra"] == {"data": "", "transcript": "Hi", "expires_at": 9}
    late = stream(*parts, chunk({"content": "a"}), STOP, chunk({"audio": {"expires_at": 9}}))
    assert beside(late) == {"choices": [{"index": 0, "message": {"audio": {"expires_at": 9}}}]}


@pytest.mark.parametrize(
    ("pieces", "spoken"),
    [
        (("aGk=", "aGk="), b"hihi"),
        (("aGk=", "", "QUJDRA==", "QUJD"), b"hiABCDABC"),
        (("QUJ", "DR", "A=="), b"ABCD"),
        (("aGk=", "QU", "JD"), None),
        (("aGk=", "aGl="), None),
    ],
)
def test_speech_may_be_padded_piece_by_piece(pieces: Iterable[str], spoken: bytes | None) -> None:
    block = only(START, *(chunk({"audio": {"data": piece}}) for piece in pieces), STOP)
    raw = b'{"data":"%b"}' % "".join(pieces).encode()
    assert (block.kind, block.content) == ("media", raw if spoken is None else spoken)


def test_words_spoken_without_their_sound_have_no_data() -> None:
    block = only(START, chunk({"audio": {"id": "audio_1", "transcript": "Hi"}}), STOP)
    assert (block.unseen, block.value) == (True, {"id": "audio_1", "transcript": "Hi"})


def test_choices_run_beside_each_other() -> None:
    reading = stream(
        chunk({"content": "a"}, 0),
        chunk({"content": "b"}, 2),
        chunk({"content": "A"}, 0),
        chunk({"content": "B"}, 2),
        chunk(index=2, reason="length"),
        chunk(index=0, reason="stop"),
    )
    second, first, _ = reading.blocks
    assert (first.content, first.attrs["index"], first.candidate) == (b"aA", 0, 0)
    assert (second.content, second.attrs["index"], second.candidate) == (b"bB", 2, 2)
    assert reading.outcome.stop_reason == "stop"
    assert beside(reading) == {"choices": [{"index": 2, "finish_reason": "length"}]}


def test_an_empty_answer_says_an_empty_string() -> None:
    block = only(START, STOP)
    assert (block.kind, block.content, "cut" in block.attrs) == ("text", b"", False)
    reading = stream(START, call(0, "f", "{}"), STOP)
    assert beside(reading) == {"choices": [{"index": 0, "message": {"content": ""}}]}


def test_what_a_choice_says_of_itself_is_gathered() -> None:
    reading = stream(
        START,
        chunk({"content": "a", "annotations": [1]}, logprobs={"content": [{"t": "a"}]}, tier="x"),
        chunk({"content": "b", "annotations": [2]}, logprobs={"content": [{"t": "b"}]}, tier="x"),
        chunk({"content": "c"}, filter={"hate": 1}, tier=None),
        chunk({"new": {"a": 1}}, filter={"hate": 2}, reason="stop"),
    )
    assert reading.blocks[0].content == b"abc"
    assert beside(reading)["choices"] == [
        {
            "index": 0,
            "tier": "x",
            "logprobs": {"content": [{"t": "a"}, {"t": "b"}]},
            "deltas": {"filter": [{"hate": 1}, {"hate": 2}]},
            "message": {"annotations": [1, 2], "new": {"a": 1}},
        }
    ]


def test_an_error_in_a_stream_is_kept() -> None:
    fault = {"error": {"message": "m", "code": 500}}
    for data in (fault, {**HEAD, "choices": [], **fault}, {"object": "error", "message": "m"}):
        reading = read(START + chunk({"content": "h"}) + event(data))
        assert (reading.outcome.complete, reading.outcome.error) == (False, True)
        error, text, _ = reading.blocks
        assert (error.kind, error.role, error.value, error.attrs["type"]) == (
            "other",
            "",
            data,
            "error",
        )
        assert (text.content, text.attrs["cut"]) == (b"h", True)
        assert reading.held is None
    assert read(START + b"event: error\ndata: not json\n\n").outcome.error
    nothing: tuple[Any, ...] = (None, "", {}, [], 0, False)
    for none in nothing:  # the SDK raises where it is true in Python
        assert not stream(event({**HEAD, "choices": [], "error": none})).outcome.error


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("not json", "not json"),
        ('{"choices":[],"choices":[]}', "a repeated name"),
        ('{"choices":[],"Choices":[]}', "names that differ only in case"),
        ("[" * 10**5, "nested deeper than 200"),
        ("[1]", "not an object"),
        ('{"choices":7}', "no list of choices"),
        ('{"choices":[7]}', "no choice"),
        ('{"choices":[{"index":-1}]}', "no choice"),
    ],
)
def test_an_event_that_does_not_fold_is_kept(data: str, reason: str) -> None:
    reading = read(START + f"data: {data}\n\n".encode())
    block = reading.blocks[0]
    assert (block.kind, block.role, block.content) == ("other", "", data.encode())
    assert block.attrs == {"provider": "openai", "ambiguous": reason}
    assert not reading.outcome.complete
    assert reading.held is None


def test_events_never_heard_of_are_kept() -> None:
    for data, native in (({"x": [1]}, "beam"), ({"object": "beam", "x": 1}, "beam")):
        named = b"" if "object" in data else b"event: beam\n"
        block = stream(START, named + event(data), STOP).blocks[0]
        assert (block.kind, block.role, block.value, block.attrs["type"]) == (
            "other",
            "",
            data,
            native,
        )
    block = stream(b"event: beam\n\n").blocks[0]
    assert (block.content, block.attrs["ambiguous"]) == (b"", "no data")
    block = stream(b"hello: you\n\n").blocks[0]
    assert (block.content, block.attrs["ambiguous"]) == (b"hello: you", "a line that is no field")


def test_what_follows_the_terminal_event_is_kept_apart() -> None:
    after = chunk({"content": "late"})
    reading = stream(START, chunk({"content": "a"}), STOP, DONE, DONE, after)
    text, late, _ = reading.blocks
    assert (text.content, late.content) == (b"a", after[6:-2])
    assert (late.kind, late.attrs["ambiguous"]) == ("other", "after the terminal event")
    assert reading.outcome.complete


def test_a_cut_stream_gives_what_came() -> None:
    body = START + chunk({"content": "h"}, 1) + call(0, "f", '{"a": "un') + b'data: {"id":"ch'
    use, text, rest, envelope = read(body).blocks
    assert (use.content, use.attrs["cut"], use.attrs["index"]) == (b'{"a": "un', True, 0)
    assert (text.content, text.attrs["cut"], text.candidate) == (b"h", True, 1)
    assert (rest.kind, rest.content) == ("other", b'data: {"id":"ch')
    assert rest.attrs == {"provider": "openai", "cut": True}
    outcome = read(body).outcome
    assert (outcome.complete, outcome.error, outcome.id) == (False, False, "chatcmpl-1")
    assert envelope.value["choices"] == [{"index": 0, "message": {"content": ""}}]  # type: ignore[index, call-overload]
    (text, _) = read(START).blocks
    assert (text.content, text.attrs["cut"]) == (b"", True)


def test_without_the_terminal_event_every_choice_must_have_finished() -> None:
    whole = chunk({"content": "a"}) + STOP
    reading = read(whole + LAST)
    assert (reading.outcome.complete, reading.held) == (True, None)
    assert "cut" not in reading.blocks[0].attrs
    assert not read(whole + chunk({"content": "b"}, 1)).outcome.complete
    assert not read(START).outcome.complete
    assert not read(whole + event({"error": {"message": "m"}})).outcome.complete
    two = json.dumps({"messages": [], "n": 2}).encode()
    assert not read(whole, request=two).outcome.complete
    assert read(whole + chunk(index=1, reason="stop"), request=two).outcome.complete
    assert not read(chunk({"content": "a"}, reason="")).outcome.complete


def test_a_stream_without_bytes_says_nothing() -> None:
    reading = read_chunks([])
    assert (reading.blocks, reading.outcome.complete, reading.outcome.error) == ((), False, False)


# Echoes


def test_what_an_answer_repeats_of_its_request_is_not_the_providers() -> None:
    repeated = {"prompt": "P", "messages": [{"role": "user", "content": "U"}], "temperature": 1.0}
    own = {"service_tier": "default", "prompt_logprobs": None}
    streamed = stream(
        event({**HEAD, "choices": [], **repeated, **own}),
        chunk({"content": "a"}, prompt_token_ids=[1, 2]),
        STOP,
    )
    choice = {"index": 0, "message": {"content": "a"}, "finish_reason": "stop"}
    body = {**HEAD, "object": "chat.completion", **repeated, **own}
    choices = [{**choice, "prompt_token_ids": [1, 2]}]
    whole = read(json.dumps({**body, "choices": choices}).encode(), media=WHOLE)
    for reading in (streamed, whole):
        text, envelope, echo = reading.blocks
        assert (text.origin, envelope.origin, echo.origin) == ("provider", "provider", "client")
        assert envelope.value == {"created": 7, "service_tier": "default"}
        assert (echo.kind, echo.role) == ("other", "")
        assert echo.attrs == {"provider": "openai", "type": "echo", "id": "chatcmpl-1"}
        listed = [{"index": 0, "prompt_token_ids": [1, 2]}]
        assert echo.value == {**repeated, "choices": listed}


def test_words_that_a_model_went_on_from_are_not_its_own() -> None:
    turns = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "The é"}]
    asked = json.dumps({"messages": turns, "echo": True}).encode()
    whole = {**HEAD, "choices": [{"index": 0, "message": {"content": "The é end"}}]}
    for reading in (
        read(chunk({"content": "The é"}) + chunk({"content": " end"}) + STOP + DONE, request=asked),
        read(json.dumps(whole).encode(), media=WHOLE, request=asked),
    ):
        block = reading.blocks[0]
        assert (block.content, block.attrs["echoed"]) == (b" end", len("The é".encode()))
    others = [
        (asked, "An end"),
        (json.dumps({"messages": turns}).encode(), "The é end"),
        (json.dumps({"messages": turns[:1], "echo": True}).encode(), "Q end"),
        (json.dumps({"messages": turns, "echo": "x"}).encode(), "The é end"),
    ]
    for request, words in others:
        block = read(chunk({"content": words}) + STOP + DONE, request=request).blocks[0]
        assert (block.content, "echoed" in block.attrs) == (words.encode(), False)


# A whole answer


def whole_of(*choices: dict[str, Any], **members: Any) -> bytes:
    body = {**HEAD, "object": "chat.completion", "usage": USAGE, "choices": choices, **members}
    return json.dumps(body).encode()


def test_a_whole_answer_says_the_same_as_a_stream() -> None:
    tool = {"id": "call_f", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    message = {"role": "assistant", "content": 'a"b" é \U0001f600', "reasoning": "h\nm é"}
    first = {"index": 0, "message": {**message, "tool_calls": [tool]}}
    second = {"index": 1, "message": {"role": "assistant", "content": "cd", "refusal": None}}
    whole = whole_of({**first, "finish_reason": "tool_calls"}, {**second, "finish_reason": "stop"})
    streamed = read(BODY)
    reading = read(whole, media=WHOLE)
    # The first chunk of the stream says an empty string before anything else.
    assert beside(streamed) == beside(reading)
    assert sorted(map(repr, map(by_value, streamed.blocks))) == sorted(
        map(repr, map(by_value, reading.blocks))
    )
    assert outcome_by_value(streamed) == outcome_by_value(reading)
    assert reading.held is None


def test_what_a_whole_answer_says_beside_its_words_is_kept() -> None:
    message: dict[str, Any] = {
        "role": "model",
        "content": "",
        "refusal": "",
        "annotations": [],
        "audio": None,
    }
    tool = {"type": "function", "function": {"name": "f", "arguments": {}}}
    choice = {"index": 0, "message": {**message, "tool_calls": [tool]}, "finish_reason": 7, "x": 1}
    reading = read(whole_of(choice), media=WHOLE)
    rest = {"role": "model", "content": "", "refusal": "", "annotations": []}
    assert beside(reading)["choices"] == [{"index": 0, "finish_reason": 7, "x": 1, "message": rest}]
    assert (reading.outcome.complete, reading.outcome.stop_reason) == (True, None)


@pytest.mark.parametrize(
    ("body", "status", "error", "media", "attrs"),
    [
        (b'{"error":{"message":"m"}}', 429, True, "application/json", {"type": "error"}),
        (b'{"error":{"message":"m"}}', 200, True, "application/json", {"type": "error"}),
        (b'{"error":"m","choices":[]}', 200, True, "application/json", {"type": "error"}),
        (b'{"object":"error"}', 200, True, "application/json", {"type": "error"}),
        (b'{"object":"x","choices":[]}', 500, True, "application/json", {"type": "x"}),
        (b"<html>", 502, True, "application/octet-stream", {"ambiguous": "not json"}),
        (b'{"object":"list","data":[]}', 200, False, "application/json", {"type": "list"}),
        (b'{"choices":7}', 200, False, "application/json", {}),
        (b'{"choices":[7]}', 200, False, "application/json", {}),
        (b"[1]", 200, False, "application/json", {}),
        (
            b'{"choices":[],"choices":[]}',
            200,
            False,
            "application/octet-stream",
            {"ambiguous": "a repeated name"},
        ),
    ],
)
def test_what_is_no_completion_is_kept_as_it_came(
    body: bytes, status: int, error: bool, media: str, attrs: dict[str, str]
) -> None:
    for content_type in (WHOLE, "") + (("text/event-stream",) if status > 399 else ()):
        reading = read_chunks([body[:3], body[3:]], status, content_type)
        # Names that repeat are no fault of the connection: the body is there to its end.
        assert reading.outcome.complete is (attrs.get("ambiguous") == "a repeated name")
        assert reading.outcome.error is error
        (block,) = reading.blocks
        assert (block.kind, block.media, block.content, block.role) == ("other", media, body, "")
        assert block.attrs == {"provider": "openai", **attrs}


# Whatever comes


PIECES = st.sampled_from(
    [
        START,
        STOP,
        LAST,
        DONE,
        chunk({"content": "é\n"}),
        chunk({"content": "x"}),
        chunk({"content": "x"}, 1),
        chunk({"content": "x"}).replace(b'"created":7', b'"created":8'),
        chunk({"content": "X"}).replace(b"X", b"\\ud83d"),
        chunk({"content": "X"}).replace(b"X", b"\\x"),
        chunk({"content": "X"}).replace(b"X", b"\xff"),
        chunk({"content": ["x"]}),
        chunk({"reasoning": "h"}),
        chunk({"reasoning": "h", "reasoning_content": "h"}),
        chunk({"refusal": "no"}),
        chunk({"audio": {"data": "QUJD"}}),
        chunk({"audio": {"expires_at": 1}}),
        chunk({"function_call": {"arguments": "{"}}),
        call(0, "f", "{"),
        call(0, None, "}"),
        call(None, None, "é"),
        call(1, "g", "{}", new=[1]),
        chunk({"tool_calls": [7]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": {"a": 1}}}]}),
        chunk(index=1, reason="length", logprobs={"content": [1]}, prompt="p"),
        event({"error": {"message": "m"}}),
        event({"x": 1}),
        b"data: {}\r\n\r\n",
        b"\r",
        b"\n",
        b"\xef\xbb\xbf",
        b": c\n\n",
        b"\xff",
        b"{",
        b"event: beam\n",
    ]
)


@given(st.lists(PIECES, max_size=12), st.lists(st.integers(0, 2500), max_size=20))
def test_no_stream_makes_it_raise_and_no_cut_makes_a_difference(
    pieces: list[bytes], places: list[int]
) -> None:
    body = b"".join(pieces)
    whole = read(body)
    chunked = read_chunks(cut(body, places))
    assert chunked == whole
    if whole.held is None:
        assert chunked.held is None
        return
    terminal = body[whole.held :]
    assert re.match(rb"(\xef\xbb\xbf|: .*[\r\n]|[^\r\n]*[\r\n]+)*?(.*\n)?data: \[DONE\]", terminal)
    end = re.search(rb"\n\n|[\r\n]\r", terminal)
    assert end is not None
    assert chunked.held is not None
    assert whole.held <= chunked.held < whole.held + end.end()


@given(st.lists(PIECES.filter(lambda piece: piece.endswith(b"\n\n")), max_size=14))
def test_the_quick_way_to_read_an_event_says_what_the_long_way_says(pieces: list[bytes]) -> None:
    quick = read(b"".join(pieces))
    # A comment of its own in each event, so that none is spelled like the one before.
    slow = [
        piece.replace(b"data: {", b": %d\ndata: {" % place) for place, piece in enumerate(pieces)
    ]
    assert read(b"".join(slow)) == quick


@given(st.binary(), st.binary(), st.sampled_from(["text/event-stream", "application/json", ""]))
def test_no_bytes_make_it_raise(first: bytes, second: bytes, media: str) -> None:
    for status in (200, 400):
        reading = read_chunks([first, second], status, media)
        assert reading == read(first + second, status, media)
        assert not (reading.outcome.complete and status == 400)


@given(st.lists(st.text(st.characters(exclude_categories=())), max_size=8), st.booleans())
def test_text_is_what_its_deltas_said(texts: list[str], ascii_only: bool) -> None:
    parts = [
        b"data: "
        + json.dumps(
            {**HEAD, "choices": [{"index": 0, "delta": {"content": text}}]},
            separators=(",", ":"),
            ensure_ascii=ascii_only or not _is_utf8(text),
        ).encode()
        + b"\n\n"
        for text in texts
    ]
    block = only(START, *parts, STOP)
    expected = "".join(texts).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    if _is_utf8(expected):
        assert block.content.decode() == expected
    else:
        assert json.loads(block.content) == expected


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


@pytest.mark.parametrize("end", ["}", ""])
def test_an_error_that_quotes_the_request_keeps_no_credential(end: str) -> None:
    """Compatible servers do, and what they quote is a request's tools too."""
    body = (
        '{"error": {"input": {"type": "mcp", "authorization": "SECRET", "server_label": "x"}}' + end
    )
    reader = read_answer(422, WHOLE)
    reader.feed(body.encode())
    (block,), outcome = reader.close()
    assert outcome.error and b"SECRET" not in block.content and b"server_label" in block.content
