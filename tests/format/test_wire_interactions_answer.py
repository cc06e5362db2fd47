"""What an answer of the Interactions API says, streamed or whole, sound or not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from braid.wire.interactions import read_answer
from braid.wire.interactions.stream import InteractionFold
from format.answers import Reading, Said, cut, read_through
from format.google_answers import EVENTS, JSON, body_of, by_value, exchanges, media_of

USAGE = {"total_tokens": 7}
LIFE = {"id": "v1_a", "object": "interaction", "model": "gemini-x"}


def read_chunks(chunks: Iterable[bytes], status: int = 200, media: str = EVENTS) -> Reading:
    return read_through(read_answer(status, media), chunks, "gemini")


def read(body: bytes, status: int = 200, media: str = EVENTS) -> Reading:
    return read_chunks([body], status, media)


def named(name: str, data: str) -> bytes:
    return f"event: {name}\ndata: {data}\n\n".encode()


def event(name: str, **members: Any) -> bytes:
    data = {**members, "event_type": name}
    return named(name, json.dumps(data, separators=(",", ":"), ensure_ascii=False))


def started(step: Any, index: int = 0, **members: Any) -> bytes:
    return event("step.start", index=index, step=step, **members)


def delta(kind: str, index: int = 0, **members: Any) -> bytes:
    return event("step.delta", index=index, delta={**members, "type": kind})


def stopped(index: int = 0, **members: Any) -> bytes:
    return event("step.stop", index=index, **members)


def completed(status: str = "completed", **members: Any) -> bytes:
    life = {**LIFE, "status": status, "usage": USAGE, **members}
    return event("interaction.completed", interaction=life)


START = event("interaction.created", interaction={**LIFE, "status": "in_progress"})
DONE = b"event: done\ndata: [DONE]\n\n"
END = completed() + DONE
OUTPUT = {"type": "model_output"}
THOUGHT = {"type": "thought"}
CALL = {"type": "function_call", "id": "c", "name": "f", "arguments": {}}


def stream(*parts: bytes) -> Reading:
    return read(START + b"".join(parts) + END)


def only(*parts: bytes) -> Said:
    reading = stream(*parts)
    assert reading.outcome.complete
    (block,) = reading.blocks
    return block


def test_a_stream_tells_how_it_ended() -> None:
    reading = stream(started(OUTPUT), delta("text", text="hi"), stopped())
    outcome = reading.outcome
    assert (outcome.complete, outcome.error, outcome.stop_reason) == (True, False, "completed")
    assert (outcome.id, outcome.model, outcome.aliases) == ("v1_a", "gemini-x", ())
    assert json.loads(outcome.usage or b"") == USAGE
    (block,) = reading.blocks
    assert (block.kind, block.origin, block.role) == ("text", "provider", "assistant")
    assert (block.content, block.media) == (b"hi", "text/plain")
    assert block.attrs == {"provider": "gemini", "type": "text", "index": 0, "model": "gemini-x"}


def test_a_block_comes_with_the_chunk_that_completes_it() -> None:
    reader = read_answer(200, "Text/Event-Stream; charset=utf-8")
    parts = [START, started(OUTPUT), delta("text", text="hi"), stopped(), END]
    assert [len(reader.feed(part).blocks) for part in parts] == [0, 0, 0, 1, 0]
    assert reader.close()[0] == ()


def test_only_the_terminal_event_and_what_follows_is_held() -> None:
    reader = read_answer(200, EVENTS)
    assert reader.feed(START).hold is None
    assert reader.feed(b": still here\n\n" + END).hold == 14
    assert reader.feed(DONE).hold is None
    reader = read_answer(200, EVENTS)
    assert reader.feed(completed()[:-1]).hold is None
    assert reader.feed(b"\n").hold == 0


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_any_line_end_and_any_spelling_will_do(line_end: str) -> None:
    parts = started(OUTPUT), delta("text", text='h\n"'), delta("text", text="é"), stopped()
    body = START + b"".join(parts) + END
    assert read(body.replace(b"\n", line_end.encode())) == read(body)
    turned = re.sub(rb'\{"text":("[^}]*"),"type":"text"\}', rb'{"type":"text","text":\1}', body)
    spaced = re.sub(rb'(?<=")([:,])(?=["{\d])', rb"\1  ", body)
    unnamed = re.sub(rb"event: .*\n", b"", body)
    ids = body.replace(b'"event_type"', b'"event_id":"7","event_type"')
    older = body.replace(b'"event_type"', b'"type"')
    assert turned != body
    for other in (turned, spaced, unnamed, ids, older, b"\xef\xbb\xbf" + body):
        assert read(other) == read(body)
    assert read_chunks(cut(body, range(len(body)))) == read(body)


def test_a_start_may_hold_the_first_words() -> None:
    first = {"type": "text", "text": "a", "annotations": [1]}
    begun = started({**OUTPUT, "content": [first]})
    block = only(begun, delta("text", text="b"), stopped())
    assert (block.content, block.attrs["extra"]) == (b"ab", {"annotations": [1]})
    assert only(begun, stopped()).content == b"a"
    hm = started({**THOUGHT, "signature": "", "summary": [{"type": "text", "text": "h"}]})
    more = delta("thought_summary", content={"type": "text", "text": "m"})
    block = only(hm, more, delta("thought_signature", signature="s"), stopped())
    assert (block.kind, block.content, block.attrs["signature"]) == ("thinking", b"hm", "s")
    assert {"signature", "message", "extra"}.isdisjoint(only(hm, stopped()).attrs)


def raw_delta(text: str) -> bytes:
    said = '{"index":0,"delta":{"text":"%s","type":"text"},"event_type":"step.delta"}'
    return named("step.delta", said % text)


def test_a_surrogate_pair_may_stand_in_two_deltas() -> None:
    block = only(started(OUTPUT), raw_delta("a\\ud83d"), raw_delta("\\ude00b"), stopped())
    assert (block.media, block.content) == ("text/plain", b"a\xf0\x9f\x98\x80b")
    apart = only(started(OUTPUT), raw_delta("\\ud83d"), raw_delta("a\\ude00"), stopped())
    assert apart.content == b'"\\ud83d\\u0061\\ude00"'


def test_annotations_gather() -> None:
    block = only(
        started(OUTPUT),
        delta("text", text="a", annotations=[1]),
        delta("text_annotation_delta", annotations=[2, 3]),
        delta("text", text="b"),
        delta("text_annotation_delta", annotations=None),
        stopped(),
    )
    assert (block.content, block.attrs["extra"]) == (b"ab", {"annotations": [1, 2, 3]})
    begun = started({**OUTPUT, "content": [{"type": "text", "text": "a", "annotations": [1]}]})
    block = only(begun, delta("text_annotation_delta", annotations=[2]), stopped())
    assert (block.content, block.attrs["extra"]) == (b"a", {"annotations": [1, 2]})


def test_other_content_comes_whole() -> None:
    reading = stream(
        started(OUTPUT),
        delta("text", text="a"),
        delta("image", mime_type="image/png", data="iVBORw0KGgo="),
        delta("text", text="b"),
        delta("video", uri="u"),
        stopped(),
    )
    kinds = [(block.kind, block.media, block.unseen) for block in reading.blocks]
    assert kinds == [
        ("text", "text/plain", False),
        ("media", "image/png", False),
        ("text", "text/plain", False),
        ("other", "application/json", True),
    ]
    assert {block.attrs["index"] for block in reading.blocks} == {0}


def test_a_thought_gathers_its_summary_and_signature() -> None:
    block = only(
        started(THOUGHT),
        delta("thought_summary", content={"type": "text", "text": "h"}),
        delta("thought_summary", content={"type": "text", "text": "m"}),
        delta("thought_signature", signature="s"),
        stopped(),
    )
    assert (block.kind, block.content) == ("thinking", b"hm")
    assert (block.attrs["type"], block.attrs["signature"]) == ("thought", "s")
    silent = only(started(THOUGHT), delta("thought_signature", signature="s"), stopped())
    assert (silent.content, silent.attrs["redacted"]) == (b"", True)
    image = {"type": "image", "mime_type": "image/png", "data": "iVBORw0KGgo="}
    shown = stream(started(THOUGHT), delta("thought_summary", content=image), stopped()).blocks
    assert [block.kind for block in shown] == ["media"]


def test_a_replaced_signature_stays_beside() -> None:
    signed = [delta("thought_signature", signature=sign) for sign in ("s", "s", "t", "")]
    block = only(started(THOUGHT), *signed, stopped())
    assert block.attrs["signature"] == "t"
    assert block.attrs["extra"] == {"deltas": [{"type": "thought_signature", "signature": "s"}]}


def test_arguments_are_the_fragments_joined() -> None:
    fragments = ["", '{"a": 1.', '0, "\\ud83d', '\\ude00"', ": 2, ", '"a":3 }']
    parts = [delta("arguments_delta", arguments=fragment) for fragment in fragments]
    block = only(started(CALL), *parts, stopped())
    assert (block.kind, block.media) == ("tool_use", "application/json")
    assert block.content == "".join(fragments).encode()
    assert (block.attrs["id"], block.attrs["name"]) == ("c", "f")
    assert only(started(CALL), stopped()).content == b"{}"


def test_arguments_that_came_whole_do_not_grow() -> None:
    whole = {**CALL, "arguments": {"a": 1}}
    late = {"arguments": "{}", "type": "arguments_delta"}
    block = only(started(whole), delta("arguments_delta", arguments="{}"), stopped())
    assert (block.content, block.attrs["extra"]) == (b'{"a":1}', {"deltas": [late]})


def test_names_may_repeat_in_the_arguments_a_model_wrote() -> None:
    body = started({**CALL, "arguments": {"a": 1}}).replace(b'{"a":1}', b'{"a":1,"a":1.0,"A":2}')
    assert only(body, stopped()).content == b'{"a":1,"a":1.0,"A":2}'


def test_calls_and_results_of_the_providers_tools_come_whole() -> None:
    use, result = stream(
        started({"type": "code_execution_call", "id": "c", "arguments": {}}),
        delta("code_execution_call", arguments={"code": "1"}, signature="s"),
        stopped(),
        started({"type": "code_execution_result", "call_id": "c"}, 1),
        delta("code_execution_result", 1, result="1\n", is_error=False, signature="t"),
        stopped(1),
    ).blocks
    assert (use.kind, use.value, use.attrs["signature"]) == ("tool_use", {"code": "1"}, "s")
    assert (result.kind, result.content, result.role) == ("tool_result", b"1\n", "assistant")
    assert (result.attrs["tool_use_id"], result.attrs["signature"]) == ("c", "t")
    assert result.attrs["extra"] == {"is_error": False}


def test_steps_may_run_beside_each_other() -> None:
    reading = stream(
        started(OUTPUT, 7),
        started(OUTPUT, 2),
        delta("text", 2, text="b"),
        delta("text", 7, text="a"),
        stopped(2),
        stopped(7),
    )
    assert [(b.content, b.attrs["index"]) for b in reading.blocks] == [(b"b", 2), (b"a", 7)]


def test_what_does_not_fold_stays_beside_the_block() -> None:
    hologram = {"x": 1, "type": "hologram"}
    block = only(
        started(OUTPUT, at="s"),
        delta("text", text="h", new=1),
        delta("hologram", x=1),
        delta("arguments_delta", arguments="{"),
        delta("text", text=7),
        delta("text", text="i"),
        stopped(step_usage={"n": 1}),
    )
    assert block.content == b"hi"
    assert block.attrs["extra"] == {
        "deltas": [
            {"type": "step.start", "at": "s"},
            {"type": "text", "new": 1},
            hologram,
            {"arguments": "{", "type": "arguments_delta"},
            {"type": "text", "text": 7},
            {"type": "step.stop", "step_usage": {"n": 1}},
        ]
    }


def test_a_step_never_heard_of_keeps_its_deltas() -> None:
    step = {"type": "hologram", "x": 1}
    block = only(started(step), delta("beam", y=1), stopped())
    assert (block.kind, block.value, block.role) == ("other", step, "assistant")
    assert block.attrs["extra"] == {"deltas": [{"y": 1, "type": "beam"}]}
    lonely = only(started(OUTPUT), delta("beam", y=1), stopped())
    assert (lonely.kind, lonely.value) == ("other", OUTPUT)


def test_an_empty_step_says_nothing() -> None:
    assert stream(started(OUTPUT), stopped()).blocks == ()
    assert stream(started({**OUTPUT, "content": []}), stopped()).blocks == ()


def test_an_output_may_be_an_error() -> None:
    failed = {**OUTPUT, "error": {"code": 1}}
    block = only(started(failed), delta("text", text="h"), stopped())
    assert (block.content, block.attrs["message"]) == (b"h", {"error": {"code": 1}})
    assert only(started(failed), stopped()).value == failed


def test_a_stream_taken_up_in_the_middle_says_so() -> None:
    text, thought, use = read(
        delta("text", 3, text="b")
        + stopped(3)
        + delta("thought_signature", 4, signature="s")
        + stopped(4)
        + delta("arguments_delta", 5, arguments='1}')
        + stopped(5)
        + END
    ).blocks  # fmt: skip
    assert (text.content, text.attrs["resumed"]) == (b"b", True)
    assert (thought.kind, thought.attrs["resumed"]) == ("thinking", True)
    assert (use.kind, use.content, use.attrs["resumed"]) == ("tool_use", b"1}", True)
    assert "cut" not in text.attrs


def test_earlier_revisions_are_read_too() -> None:
    body = (
        event("interaction.start", interaction=LIFE)
        + event("content.start", index=0, content={"type": "thought"})
        + event("content.delta", index=0, delta={"type": "thought_signature", "signature": "s"})
        + event("content.stop", index=0)
        + event("content.start", index=1, content={"type": "text", "text": "h"})
        + event("content.delta", index=1, delta={"type": "text", "text": "i"})
        + event("content.stop", index=1)
        + event("interaction.complete", interaction={**LIFE, "status": "completed"})
    )
    reading = read(body)
    assert reading.outcome.complete
    assert [(b.kind, b.content) for b in reading.blocks] == [("thinking", b""), ("text", b"hi")]
    outputs = [{"type": "thought", "signature": "s"}, {"type": "text", "text": "hi"}]
    whole = read(json.dumps({**LIFE, "status": "completed", "outputs": outputs}).encode(), 200, "")
    assert whole.blocks == reading.blocks


def test_usage_is_what_was_said_last() -> None:
    total = {"total_usage": {"a": 1, "b": 1}}
    reading = read(
        START
        + started(OUTPUT)
        + event("step.delta", index=0, delta={"type": "text", "text": "h"}, metadata=total)
        + stopped()
        + event("interaction.status_update", interaction_id="v1_a", usage={"a": 2})
    )
    assert json.loads(reading.outcome.usage or b"") == {"a": 2, "b": 1}
    assert "extra" not in reading.blocks[0].attrs
    other = event("step.delta", index=0, delta={"type": "text", "text": "h"}, metadata={"x": 1})
    block = only(started(OUTPUT), other, stopped())
    assert block.attrs["extra"] == {"deltas": [{"type": "step.delta", "metadata": {"x": 1}}]}


@pytest.mark.parametrize("status", ["requires_action", "requires_continuation", "failed"])
def test_the_status_is_why_it_ended(status: str) -> None:
    outcome = read(START + completed(status)).outcome
    assert (outcome.complete, outcome.stop_reason) == (True, status)
    assert outcome.error is (status == "failed")
    whole = read(json.dumps({**LIFE, "status": status, "steps": []}).encode(), media=JSON)
    assert (whole.outcome.stop_reason, whole.outcome.error) == (status, status == "failed")


def test_tokens_are_names_to_continue_by() -> None:
    update = event("interaction.status_update", interaction_id="v1_a", continuation_token="t+/=")
    reading = read(START + update + completed("requires_continuation", continuation_token="u"))
    assert (reading.outcome.id, reading.outcome.aliases) == ("v1_a", ("t+/=", "u"))
    assert read(update).outcome.id == "v1_a"
    begun = read(START + update + update)
    assert (begun.outcome.complete, begun.outcome.aliases) == (False, ("t+/=",))
    assert begun.outcome.stop_reason == "in_progress"


def test_what_the_interaction_says_of_itself_is_a_block_of_its_own() -> None:
    reading = read(START + completed(created="t", service_tier="standard"))
    (block,) = reading.blocks
    assert (block.kind, block.role, block.origin) == ("other", "", "provider")
    assert block.attrs == {"provider": "gemini", "type": "interaction", "id": "v1_a"}
    assert block.value == {"created": "t", "service_tier": "standard"}


def test_what_an_answer_repeats_of_its_request_is_not_the_providers() -> None:
    given = {"type": "user_input", "content": [{"type": "text", "text": "U"}]}
    answered = {"type": "function_result", "call_id": "earlier", "result": "R"}
    said = {"type": "model_output", "content": [{"type": "text", "text": "A"}]}
    told: dict[str, Any] = {"tools": [{"parameters": {"a": 1, "A": 2}}], "input": "U"}
    whole = {**LIFE, "status": "completed", "steps": [given, answered, said], **told, "x": 1}
    for reading in (
        read(json.dumps(whole).encode(), media=JSON),
        read(START + completed(steps=[given, answered, said], **told, x=1)),
    ):
        text, own, echo = reading.blocks
        assert (text.content, text.origin, text.attrs["index"]) == (b"A", "provider", 2)
        assert (own.origin, own.value) == ("provider", {"x": 1})
        assert (echo.origin, echo.attrs["type"], echo.role) == ("client", "echo", "")
        assert echo.value == {**told, "steps": [given, answered]}
    body = START + started(given) + stopped() + started(said, 1) + stopped(1)
    for end in (completed(), completed(steps=[given, said])):
        text, echo = read(body + end).blocks
        assert (text.content, text.origin) == (b"A", "provider")
        assert (echo.origin, echo.value) == ("client", {"steps": [given]})


def test_credentials_that_an_answer_repeats_are_not_kept() -> None:
    echoed: dict[str, Any] = {
        "tools": [{"type": "mcp_server", "url": "u", "headers": {"x": "SECRET"}}],
        "environment": {"env": {"KEY": {"value": "SECRET"}}, "sources": [{"source": "s"}]},
    }
    whole = json.dumps({**LIFE, "status": "completed", **echoed}).encode()
    for reading in (read(START + completed(**echoed)), read(whole, media=JSON)):
        (echo,) = reading.blocks
        assert b"SECRET" not in echo.content
        assert b'"sources"' in echo.content


def test_the_result_of_a_function_called_in_the_answer_is_the_providers() -> None:
    result = {"type": "function_result", "call_id": "c", "result": "R"}
    use, said = stream(started(CALL), stopped(), started(result, 1), stopped(1)).blocks
    assert (use.kind, said.kind, said.origin) == ("tool_use", "tool_result", "provider")
    whole = {**LIFE, "status": "completed", "steps": [CALL, result]}
    blocks = read(json.dumps(whole).encode(), media=JSON).blocks
    assert [(b.kind, b.origin) for b in blocks] == [
        ("tool_use", "provider"),
        ("tool_result", "provider"),
    ]


def test_steps_that_come_again_at_the_end_are_told_once() -> None:
    thought = {"type": "thought", "signature": "s"}
    use = {**CALL, "arguments": {"a": 1.0}}
    said = {"type": "model_output", "content": [{"type": "text", "text": "A"}]}
    parts = [
        started(thought), stopped(),
        started(CALL, 1), delta("arguments_delta", 1, arguments='{ "a": 1.0 }'), stopped(1),
        started(OUTPUT, 2), delta("text", 2, text="A"), stopped(2),
    ]  # fmt: skip
    body = START + b"".join(parts)
    reading = read(body + completed(steps=[thought, use, said]))
    assert [block.kind for block in reading.blocks] == ["thinking", "tool_use", "text"]
    more = {"type": "model_output", "content": [{"type": "text", "text": "B"}]}
    longer = read(body + completed(steps=[thought, use, said, more]))
    assert [block.content for block in longer.blocks][2:] == [b"A", b"B"]
    other = read(body + completed(steps=[thought, use, more]))
    assert other.blocks[-1].value == {"variants": [more]}
    assert len(other.blocks) == 4
    unstopped = read(body.removesuffix(stopped(2)) + completed(steps=[thought, use, said]))
    assert [block.content for block in unstopped.blocks][2:] == [b"A"]
    alone = read(START + completed(steps=[thought, use, said]))
    assert [block.kind for block in alone.blocks] == ["thinking", "tool_use", "text"]


def test_an_error_in_a_stream_is_kept() -> None:
    fault = event("error", error={"code": "x", "message": "m"})
    reading = read(START + started(OUTPUT) + delta("text", text="h") + fault)
    assert (reading.outcome.complete, reading.outcome.error) == (False, True)
    error, cut_off = reading.blocks
    assert (error.kind, error.attrs["type"], error.role) == ("other", "error", "")
    assert (cut_off.content, cut_off.attrs["cut"]) == (b"h", True)
    assert reading.held is None
    assert read(START + named("error", "not json")).outcome.error
    assert read(START + fault.replace(b"event: error\n", b"")).outcome.error


def test_events_never_heard_of_are_kept() -> None:
    block = only(event("beam", x=[1]))
    assert (block.kind, block.role, block.attrs["type"]) == ("other", "", "beam")
    assert block.value == {"x": [1], "event_type": "beam"}
    assert only(event("interaction.beam", x=1)).attrs["type"] == "interaction.beam"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("step.delta", "not json", "not json"),
        ("beam", '{"a":1,"a":2}', "a repeated name"),
        ("beam", '{"a":NaN}', "nan or infinity"),
        ("beam", '{"a_b":1,"aB":2}', "a name in two spellings"),
        ("beam", "[1]", "not an object"),
        ("beam", '{"event_type":"step.stop"}', "event name differs from type"),
        ("step.start", "{}", "no index"),
        ("step.start", '{"index":-1,"step":{}}', "no index"),
        ("step.start", '{"index":0}', "no step"),
        ("step.start", '{"index":0,"step":7}', "no step"),
        ("content.start", '{"index":0}', "no content"),
        ("step.delta", '{"index":0}', "no delta"),
        ("step.delta", '{"index":0,"delta":[]}', "no delta"),
        ("step.stop", '{"index":9}', "no open step"),
        ("step.delta", '{"index":9,"delta":{"type":"beam"}}', "no open step"),
        ("step.delta", '{"index":9,"delta":{}}', "no open step"),
        ("step.stop", '{"index":0,"x":"\\ud800"}', "what attrs cannot hold"),
        ("step.delta", '{"index":0,"delta":{"type":"b","x":"\\ud800"}}', "what attrs cannot hold"),
        (
            "step.delta",
            '{"index":0,"delta":{"type":"text","text":"x","annotations":["\\ud800"]}}',
            "what attrs cannot hold",
        ),
        (
            "step.start",
            '{"index":1,"step":{"type":"model_output","content":[{"a_b":1,"aB":2}]}}',
            "a name in two spellings",
        ),
        ("interaction.completed", "{}", "no interaction"),
        ("interaction.created", '{"interaction":7}', "no interaction"),
        (
            "interaction.completed",
            '{"interaction":{"steps":[{"type":"thought","call_id":1,"callId":2}]}}',
            "a name in two spellings",
        ),
    ],
)
def test_an_event_that_does_not_fold_is_kept(name: str, data: str, reason: str) -> None:
    odd_event = named(name, data)
    body = START + started(OUTPUT) + delta("text", text="a") + odd_event
    reading = read(body + delta("text", text="b") + stopped() + END)
    odd, block = reading.blocks
    assert (odd.kind, odd.role, odd.content) == ("other", "", data.encode())
    assert odd.attrs == {"provider": "gemini", "type": name, "ambiguous": reason}
    assert (block.content, reading.outcome.complete) == (b"ab", True)
    assert reading.held == len(body + delta("text", text="b") + stopped())
    assert "extra" not in block.attrs


def test_two_spellings_that_meet_in_a_step_make_it_no_block() -> None:
    odd = {"type": "mcp_server_tool_call", "id": "c", "arguments": {}}
    more = delta("mcp_server_tool_call", arguments={"a_b": 1, "aB": 2})
    assert only(started(odd), more, stopped()).kind == "tool_use"
    lone = {"type": "thought", "summary": {"a_b": 1, "aB": 2}}
    block = only(started(lone), stopped())
    assert (block.kind, block.value) == ("other", lone)
    assert block.attrs["ambiguous"] == "a name in two spellings"


def test_a_delta_that_is_not_utf_8_is_kept_and_the_block_goes_on() -> None:
    broken = delta("text", text="x").replace(b'"x"', b'"\xff"')
    odd, block = stream(started(OUTPUT), broken, delta("text", text="y"), stopped()).blocks
    assert (odd.attrs["ambiguous"], odd.media) == ("not utf-8", "application/octet-stream")
    assert block.content == b"y"


def test_lines_that_are_no_fields_are_kept() -> None:
    block = only(b"hello: you\n\n: note\n\nevent: done\n\n")
    assert (block.content, block.attrs["ambiguous"]) == (b"hello: you", "a line that is no field")
    assert only(b"event: beam\n\n").attrs["ambiguous"] == "no data"


def test_a_cut_stream_gives_what_came() -> None:
    body = START + started(OUTPUT, 1) + delta("text", 1, text="h")
    body += started(CALL, 0) + delta("arguments_delta", 0, arguments='{"a": "un')
    reading = read(body + b'event: step.delta\ndata: {"ind')
    use, text, rest = reading.blocks
    assert (use.content, use.attrs["cut"], use.attrs["index"]) == (b'{"a": "un', True, 0)
    assert (text.content, text.attrs["cut"]) == (b"h", True)
    assert (rest.content, rest.attrs["cut"]) == (b'event: step.delta\ndata: {"ind', True)
    assert (reading.outcome.complete, reading.outcome.id) == (False, "v1_a")


def test_a_step_that_never_stopped_is_cut_even_at_the_end() -> None:
    block = only(started(OUTPUT), delta("text", text="h"))
    assert (block.content, block.attrs["cut"]) == (b"h", True)
    again = stream(started(OUTPUT), delta("text", text="a"), started(OUTPUT), stopped())
    assert [block.attrs["cut"] for block in again.blocks] == [True]


# A whole answer


def fold(body: str) -> dict[str, Any]:
    """Put an interaction together the plain way, to have something to compare with."""
    interaction: dict[str, Any] = {}
    steps: list[Any] = []
    for line in body.splitlines():
        if not line.startswith("data: {"):
            continue
        data = json.loads(line[6:])
        match data["event_type"]:
            case "interaction.created" | "interaction.completed":
                interaction.update(data["interaction"])
            case "step.start":
                assert data["index"] == len(steps)
                steps.append(data["step"])
            case "step.delta" if data["delta"]["type"] == "text":
                content = steps[data["index"]].setdefault("content", [{"type": "text", "text": ""}])
                content[-1]["text"] += data["delta"]["text"]
            case "step.delta":
                assert data["delta"]["type"] == "thought_signature"
                steps[data["index"]]["signature"] = data["delta"]["signature"]
            case other:
                assert other in ("step.stop", "interaction.status_update")
    return {**interaction, "steps": steps}


@pytest.mark.parametrize("exchange", exchanges("/interactions", EVENTS))
def test_a_recorded_answer_says_the_same_streamed_or_whole(exchange: Any) -> None:
    streamed = read(body_of(exchange))
    whole = read(json.dumps(fold(exchange["response"]["body"])).encode(), media=JSON)
    assert [by_value(block) for block in streamed.blocks] == [
        by_value(block) for block in whole.blocks
    ]
    for reading in (streamed, whole):
        assert reading.outcome.complete and not reading.outcome.error
    assert streamed.outcome.id == whole.outcome.id
    assert json.loads(streamed.outcome.usage or b"") == json.loads(whole.outcome.usage or b"")
    assert streamed.outcome.stop_reason == whole.outcome.stop_reason
    assert native(streamed.blocks) == fold(exchange["response"]["body"])["steps"]


@pytest.mark.parametrize("exchange", exchanges("/interactions"))
def test_a_recorded_answer_says_the_same_whichever_way_it_is_cut(exchange: Any) -> None:
    answer, kind = body_of(exchange), media_of(exchange)
    whole = read(answer, media=kind)
    terminal = answer.index(b"event: interaction.completed") if kind == EVENTS else None
    assert whole.held == terminal
    cuts: list[Sequence[int]] = [[place] for place in range(1, len(answer), 3)]
    for places in (*cuts, range(len(answer)), range(0, len(answer), 7)):
        chunked = read_chunks(cut(answer, places), media=kind)
        assert chunked == whole
        if terminal is not None:
            assert chunked.held is not None and terminal <= chunked.held < answer.index(
                b"event: done"
            )


@pytest.mark.parametrize("exchange", exchanges("/interactions", "application/json"))
def test_a_recorded_whole_answer_can_be_had_back_from_its_blocks(exchange: Any) -> None:
    reading = read(body_of(exchange), media=media_of(exchange))
    interaction = json.loads(body_of(exchange))
    assert native(reading.blocks) == interaction["steps"]
    told = ("id", "object", "model", "status", "usage", "steps")
    left = {name: value for name, value in interaction.items() if name not in told}
    assert [block.value for block in reading.blocks if not block.role] == [left]
    assert json.loads(reading.outcome.usage or b"") == interaction["usage"]
    assert (reading.outcome.id, reading.outcome.model) == (interaction["id"], interaction["model"])


def native(blocks: Sequence[Said]) -> list[Any]:
    """Put the steps of a recorded answer together again from what was kept of them."""
    steps: list[Any] = []
    for block in blocks:
        if block.kind == "thinking":
            assert not block.content
            steps.append({"type": "thought", "signature": block.attrs["signature"]})
        elif block.kind == "text":
            content = [{"type": "text", "text": block.content.decode()}]
            steps.append({"type": "model_output", "content": content})
    return steps


@pytest.mark.parametrize(
    ("body", "status", "error", "attrs"),
    [
        (b'{"error":{"code":"x"}}', 400, True, {"type": "error"}),
        (b'{"error":{"code":"x"}}', 200, True, {"type": "error"}),
        (b'{"status":"completed","steps":[]}', 500, True, {}),
        (b"<html>", 502, True, {"ambiguous": "not json"}),
        (b'{"hello":1}', 200, False, {}),
        (b'{"status":"a","steps":[{"a_b":1,"aB":2}]}', 200, False, None),
        (b'{"status":"a","created_at":1,"createdAt":2}', 200, False, None),
        (b'{"status":"a","status":"b"}', 200, False, {"ambiguous": "a repeated name"}),
    ],
)
def test_what_is_no_answer_is_kept_as_it_came(
    body: bytes, status: int, error: bool, attrs: dict[str, str] | None
) -> None:
    for media in (JSON, "") + ((EVENTS,) if status > 399 else ()):
        reading = read_chunks([body[:3], body[3:]], status, media)
        whole = attrs is None or "ambiguous" in attrs and not error
        assert (reading.outcome.complete, reading.outcome.error) == (whole, error)
        (block,) = reading.blocks
        assert (block.kind, block.content, block.role) == ("other", body, "")
        wanted = {"ambiguous": "a name in two spellings"} if attrs is None else attrs
        assert block.attrs == {"provider": "gemini", **wanted}


def test_a_poll_of_an_interaction_under_way_is_a_whole_answer() -> None:
    reading = read(json.dumps({**LIFE, "status": "in_progress"}).encode(), media=JSON)
    assert (reading.blocks, reading.outcome.complete) == ((), True)
    assert reading.outcome.stop_reason == "in_progress"
    odd = read(json.dumps({**LIFE, "status": "completed", "steps": 7}).encode(), media=JSON)
    assert [block.value for block in odd.blocks] == [{"steps": 7}]


def test_an_empty_body_says_nothing() -> None:
    for status, media in ((200, EVENTS), (200, JSON), (503, JSON)):
        reading = read_chunks([], status, media)
        assert (reading.blocks, reading.outcome.complete) == ((), (status, media) == (200, JSON))


# Whatever comes


def test_most_events_are_taken_by_their_spelling() -> None:
    fold = InteractionFold()
    growth = delta("text", text="h\\é").rstrip()
    assert not fold.skim(growth, [])
    for one in (started(OUTPUT), delta("text", text="a")):
        assert fold.take("", Raw(one.split(b"data: ")[1].rstrip()), []) is None
    assert fold.skim(growth, [])
    for other in (growth + b" ", growth.replace(b":0", b":1"), growth.replace(b"\xc3", b"\xff")):
        assert not fold.skim(other, [])
    (block, *_) = fold.close()[0]
    assert block.content == "ah\\é".encode()


PIECES = st.sampled_from(
    [
        START,
        END,
        completed(steps=[{"type": "model_output", "content": [{"type": "text", "text": "a"}]}]),
        started(OUTPUT),
        started(OUTPUT, 1),
        started(THOUGHT, 1),
        started(CALL, 1),
        started({"type": "hologram", "x": 1}),
        started({"type": "user_input", "content": "x"}),
        started({"type": "thought", "summary": {"a_b": 1, "aB": 1}}),
        started({"type": "x_result", "call_id": "c"}),
        delta("x_result", result=[{"type": "image", "uri": "u", "mime_type": 1, "mimeType": 2}]),
        delta("text", text="é\n"),
        delta("text", 1, text="a"),
        delta("image", mime_type="image/png", data="iVBORw0KGgo="),
        delta("text_annotation_delta", annotations=[1]),
        delta("thought_summary", 1, content={"type": "text", "text": "hm"}),
        delta("thought_summary", 1, content=7),
        delta("thought_signature", 1, signature="s"),
        delta("arguments_delta", 1, arguments='{"a'),
        delta("function_call", 1, arguments={"a": 1}),
        raw_delta("\\ud83d"),
        raw_delta("\\x"),
        stopped(),
        stopped(1),
        event("interaction.status_update", interaction_id="i", status="x"),
        event("error", error={}),
        DONE,
        b"data: {}\r\n\r\n",
        b"\r",
        b"\n",
        b"\xef\xbb\xbf",
        b": c\n\n",
        b"\xff",
        b"{",
    ]
)


@given(st.lists(PIECES, max_size=12), st.lists(st.integers(0, 2000), max_size=20))
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
    assert chunked.held is not None
    assert whole.held <= chunked.held < len(body)
    assert b"interaction.completed" in body[whole.held :]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=()))
    | st.sampled_from(["text", "image", "thought", "model_output", "x_call", "x_result", "s"]),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["type", "text", "content", "summary", "signature", "arguments", "result",
                         "annotations", "id", "callId", "call_id", "status", "steps", "data"]),
        inner),
    max_leaves=12,
)  # fmt: skip
EVENT = st.builds(
    lambda name, index, value: named(
        name,
        json.dumps(
            {"index": index, "step": value, "delta": value, "interaction": value, "metadata": value}
        ),
    ),
    st.sampled_from(["step.start", "step.delta", "step.stop", "interaction.completed", "error"]),
    st.integers(0, 1),
    VALUES,
)


@given(st.lists(EVENT, max_size=6), VALUES)
def test_no_shape_makes_it_raise(events: list[bytes], value: Any) -> None:
    read(b"".join(events))
    read(json.dumps(value).encode(), media=JSON)
    read(json.dumps({"status": "x", "steps": value, "outputs": [value]}).encode(), media=JSON)


@given(st.binary(), st.binary(), st.sampled_from([EVENTS, JSON, ""]))
def test_no_bytes_make_it_raise(first: bytes, second: bytes, media: str) -> None:
    for status in (200, 400):
        reading = read_chunks([first, second], status, media)
        assert reading == read(first + second, status, media)
        assert not (reading.outcome.complete and status == 400)
