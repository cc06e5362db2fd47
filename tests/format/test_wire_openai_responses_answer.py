"""What an answer of Responses says, streamed or whole, sound or not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from braid.wire.openai_responses import read_answer
from format.answers import STREAM, WHOLE, Reading, Said, cut, read_through
from format.openai_answers import by_value, outcome_by_value

USAGE = {"input_tokens": 3, "output_tokens": 5}
RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "status": "in_progress",
    "model": "gpt-x",
    "output": [],
    "usage": None,
    "error": None,
}


def event(kind: str, **members: Any) -> bytes:
    data = json.dumps({"type": kind, **members}, separators=(",", ":"))
    return f"event: {kind}\ndata: {data}\n\n".encode()


def life(status: str = "in_progress", *output: Any, **members: Any) -> bytes:
    kind = "created" if status == "in_progress" else status
    response = {**RESPONSE, "status": status, "output": output, **members}
    return event(f"response.{kind}", response=response, sequence_number=0)


def added(item: Any, at: int = 0, **members: Any) -> bytes:
    return event("response.output_item.added", output_index=at, item=item, **members)


def done(item: Any, at: int = 0, **members: Any) -> bytes:
    return event("response.output_item.done", output_index=at, item=item, **members)


def delta(stem: str, said: Any, at: int = 0, number: int = 7, **members: Any) -> bytes:
    where = {"item_id": "i", "output_index": at, "sequence_number": number}
    return event(f"response.{stem}.delta", delta=said, **where, obfuscation="x", **members)


def text(said: Any, at: int = 0, part: int = 0, **members: Any) -> bytes:
    return delta("output_text", said, at, content_index=part, logprobs=[], **members)


def message(*said: str, name: str = "msg_1") -> dict[str, Any]:
    parts = [{"type": "output_text", "text": one, "annotations": []} for one in said]
    return {"id": name, "type": "message", "role": "assistant", "content": parts}


def reasoning(*said: str, sealed: str | None = None, name: str = "rs_1") -> dict[str, Any]:
    summary = [{"type": "summary_text", "text": one} for one in said]
    return {"id": name, "type": "reasoning", "summary": summary, "encrypted_content": sealed}


CALL = {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "f", "arguments": ""}
START = life()
END = life("completed", usage=USAGE)


def read(body: bytes, status: int = 200, media: str = STREAM) -> Reading:
    return read_chunks([body], status, media)


def read_chunks(chunks: Iterable[bytes], status: int = 200, media: str = STREAM) -> Reading:
    return read_through(read_answer(status, media), chunks, "openai")


def stream(*parts: bytes) -> Reading:
    return read(START + b"".join(parts) + END)


def said(*parts: bytes) -> list[Said]:
    reading = stream(*parts)
    assert reading.outcome.complete and not reading.outcome.error
    return list(reading.blocks)


def only(*parts: bytes) -> Said:
    (block,) = said(*parts)
    return block


def test_a_stream_tells_how_it_ended() -> None:
    reading = stream(added(message()), text("h"), text("i"), done(message("hi")))
    outcome = reading.outcome
    assert (outcome.complete, outcome.error, outcome.stop_reason) == (True, False, "completed")
    assert (outcome.id, outcome.model, outcome.aliases) == ("resp_1", "gpt-x", ())
    assert json.loads(outcome.usage or b"") == USAGE
    (block,) = reading.blocks
    assert (block.kind, block.origin, block.role, block.content) == (
        "text",
        "provider",
        "assistant",
        b"hi",
    )
    assert block.attrs == {
        "provider": "openai",
        "type": "output_text",
        "id": "msg_1",
        "index": 0,
        "model": "gpt-x",
        "extra": {"annotations": []},
        "message": {"type": "message"},
    }


def test_a_block_comes_with_the_end_of_its_item() -> None:
    reader = read_answer(200, "Text/Event-Stream")
    parts = [START, added(message()), text("hi"), done(message("hi")), END]
    assert [len(reader.feed(part).blocks) for part in parts] == [0, 0, 0, 1, 0]
    assert reader.close()[0] == ()


@pytest.mark.parametrize("status", ["completed", "incomplete", "failed", "cancelled"])
def test_only_the_terminal_event_and_what_follows_is_held(status: str) -> None:
    reader = read_answer(200, "text/event-stream")
    assert reader.feed(START + life("queued")).hold is None
    assert reader.feed(b": still here\n\n" + life(status) + b": after\n\n").hold == 14
    reader = read_answer(200, "text/event-stream")
    reader.feed(START + life(status)[:-1])
    assert reader.feed(b"\n").hold == 0
    assert reader.feed(life(status)).hold is None


@pytest.mark.parametrize(
    ("status", "members", "error", "reason", "left"),
    [
        ("completed", {}, False, "completed", None),
        ("incomplete", {"incomplete_details": {"reason": "max_output_tokens"}}, False,
         "max_output_tokens", {"status": "incomplete",
                               "incomplete_details": {"reason": "max_output_tokens"}}),
        ("failed", {"error": {"code": "server_error"}}, True, "failed",
         {"error": {"code": "server_error"}}),
        ("cancelled", {}, False, "cancelled", None),
        ("queued", {"background": True}, False, "queued", None),
    ],
)  # fmt: skip
def test_how_a_response_ended(
    status: str, members: dict[str, Any], error: bool, reason: str, left: Any
) -> None:
    whole = read(json.dumps({**RESPONSE, "status": status, **members}).encode(), media=WHOLE)
    assert (whole.outcome.complete, whole.outcome.error) == (True, error)
    assert whole.outcome.stop_reason == reason
    told = [block.value for block in whole.blocks if block.origin == "provider"]
    assert told == ([left] if left else [])
    if status != "queued":
        streamed = read(START + life(status, **members))
        assert list(map(by_value, streamed.blocks)) == list(map(by_value, whole.blocks))
        assert outcome_by_value(streamed) == outcome_by_value(whole)


BODY = b"".join(
    [
        START,
        added(reasoning()),
        delta("reasoning_summary_text", "h\n", summary_index=0),
        delta("reasoning_summary_text", "m é", summary_index=0, number=8),
        done(reasoning("h\nm é", sealed="s")),
        added(message(), 1),
        text("a", 1),
        text('"b" é \U0001f600', 1, number=80),
        text("c", 1, number=12345),
        added(CALL, 2),
        delta("function_call_arguments", '{"a"', 2),
        delta("function_call_arguments", ": 1}", 2),
        text("d", 1),
    ]
)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_any_line_end_will_do(line_end: bytes) -> None:
    for whole in (BODY, BODY + END):
        body = whole.replace(b"\n", line_end)
        assert read(body) == read(whole)
        assert read_chunks(cut(body, range(len(body)))) == read(whole)


def test_the_spelling_of_events_does_not_matter() -> None:
    spaced = re.sub(rb'([:,])(?=["{\d])', rb"\1  ", BODY)
    comments = BODY.replace(b"data:", b": keepalive\nid: 7\ndata:")
    split = BODY.replace(b',"', b'\ndata: ,"')
    unnamed = re.sub(rb"event: .*\n", b"", BODY)
    raw = BODY.replace(b"\\u00e9", "é".encode())
    for other in (spaced, comments, split, unnamed, raw, b"\xef\xbb\xbf" + BODY):
        assert other != BODY
        assert read(other) == read(BODY)


def test_a_cut_stream_gives_what_came() -> None:
    reading = read(BODY + b'event: response.output_text.delta\ndata: {"type"')
    thought, answer, use, rest = reading.blocks
    assert (thought.content, "cut" in thought.attrs) == ("h\nm é".encode(), False)
    assert (answer.kind, answer.content) == ("text", 'a"b" é \U0001f600cd'.encode())
    assert (answer.attrs["cut"], answer.attrs["index"], answer.attrs["id"]) == (True, 1, "msg_1")
    assert (use.kind, use.content, use.attrs["id"], use.attrs["name"]) == (
        "tool_use",
        b'{"a": 1}',
        "call_1",
        "f",
    )
    assert (use.attrs["cut"], use.attrs["item_id"]) == (True, "fc_1")
    assert rest.content == b'event: response.output_text.delta\ndata: {"type"'
    assert rest.attrs == {"provider": "openai", "cut": True}
    assert (reading.outcome.complete, reading.outcome.error) == (False, False)
    assert (reading.outcome.id, reading.held) == ("resp_1", None)


@pytest.mark.parametrize(
    ("item", "parts", "kind", "content"),
    [
        (message(), [delta("refusal", "no", content_index=0)], "text", b"no"),
        (reasoning(), [delta("reasoning_text", "hm", content_index=0)], "thinking", b"hm"),
        (
            {"type": "mcp_call", "id": "m", "name": "f", "arguments": ""},
            [delta("mcp_call_arguments", "{")],
            "tool_use",
            b"{",
        ),
        (
            {"type": "custom_tool_call", "id": "c", "name": "f", "input": ""},
            [delta("custom_tool_call_input", "4 "), delta("custom_tool_call_input", "+")],
            "tool_use",
            b"4 +",
        ),
        (
            {"type": "code_interpreter_call", "id": "c", "code": ""},
            [delta("code_interpreter_call_code", "x = 1")],
            "tool_use",
            b"x = 1",
        ),
    ],
)
def test_every_text_that_grows_is_there_when_the_stream_is_cut(
    item: dict[str, Any], parts: list[bytes], kind: str, content: bytes
) -> None:
    for begin in (added(item), b""):
        (block,) = read(START + begin + b"".join(parts)).blocks
        assert (block.kind, block.content, block.attrs["cut"]) == (kind, content, True)
        assert block.attrs["id"] == (item["id"] if begin else "i")


def test_a_text_that_came_whole_counts_where_no_piece_did() -> None:
    whole = event("response.output_text.done", text="ab", output_index=0, content_index=0)
    assert read(START + added(message()) + whole).blocks[0].content == b"ab"
    assert read(START + added(message()) + text("ab") + whole).blocks[0].content == b"ab"
    arguments = event(
        "response.function_call_arguments.done", arguments="{}", name="g", output_index=0
    )
    (block,) = read(START + arguments).blocks
    assert (block.content, block.attrs["name"]) == (b"{}", "g")


def test_the_parts_of_a_cut_message_keep_their_order_and_notes() -> None:
    begin = {"type": "output_text", "text": "", "annotations": [], "new": 1}
    note = {"output_index": 0, "content_index": 0, "item_id": "i"}
    body = b"".join(
        [
            START,
            added(message()),
            event("response.content_part.added", part=begin, **note),
            text("b", part=3),
            delta("output_text", "a", content_index=0, logprobs=[{"t": "a"}]),
            event("response.output_text.annotation.added", annotation={"x": 1}, **note),
            event("response.output_text.annotation.added", annotation={"x": 2}, **note),
        ]
    )
    first, second = read(body).blocks
    assert (first.content, second.content) == (b"a", b"b")
    assert first.attrs["extra"] == {
        "annotations": [{"x": 1}, {"x": 2}],
        "new": 1,
        "logprobs": [{"t": "a"}],
    }
    ended = event("response.content_part.done", part={**begin, "text": "A", "new": 2}, **note)
    assert read(START + ended).blocks[0].attrs["extra"]["new"] == 2  # type: ignore[index, call-overload]


def test_parts_stand_in_their_order_whichever_came_first() -> None:
    blocks = read(START + added(message()) + text("b", part=10) + text("a", part=2)).blocks
    assert [block.content for block in blocks] == [b"a", b"b"]


def test_an_item_counts_as_its_end_brought_it() -> None:
    (block,) = said(
        added(message()), text("a"), done(message("a")), life("completed", message("a"))
    )
    assert (block.content, "ambiguous" in block.attrs) == (b"a", False)


def test_pieces_that_said_something_else_are_kept_beside_the_item() -> None:
    for piece in (
        text("b"),
        event("response.output_text.done", text="b", output_index=0, content_index=0),
        text("a") + text("b", part=1),
    ):
        *pieces, block = said(added(message()), piece, done(message("a")))
        assert (block.content, "ambiguous" in block.attrs) == (b"a", False)
        assert pieces[-1].content == b"b"
        assert {one.attrs["ambiguous"] for one in pieces} == {
            "the item that followed says otherwise"
        }
    assert len(said(text("\\u00e9").replace(b"\\\\u", b"\\u"), done(message("é")))) == 1
    called, use = said(delta("function_call_arguments", "[]"), done({**CALL, "arguments": "{}"}))
    assert (called.content, use.content) == (b"[]", b"{}")


def test_a_piece_of_an_item_that_has_ended_is_kept_as_it_came() -> None:
    late = text("b")
    block, event_ = said(added(message()), text("a"), done(message("a")), late)
    assert (block.content, event_.kind) == (b"a", "other")
    assert event_.attrs["ambiguous"] == "its item has ended"
    again = added(message()) + text("b")
    first, second = read(START + done(message("a")) + again).blocks
    assert (first.content, second.content, second.attrs["cut"]) == (b"a", b"b", True)
    first, second = read(
        START + done(message("a")) + again + life("completed", message("a"))
    ).blocks
    assert (first.content, second.content) == (b"a", b"b")
    assert second.attrs["ambiguous"] == "the item that followed says otherwise"


def test_an_event_that_does_not_fold_changes_nothing() -> None:
    odd = text("a", x="X").replace(b'"X"', b'"\\ud800"')
    (block,) = read(START + odd).blocks
    assert block.attrs["ambiguous"] == "what attrs cannot hold"
    nowhere = event("response.shell_call_command.delta", delta="ls", command_index=0)
    block, item = read(START + added({"type": "shell_call", "id": "s"}) + nowhere).blocks
    assert (block.kind, item.kind, "extra" in item.attrs) == ("other", "tool_use", False)


def test_each_item_is_told_once() -> None:
    listed = [message("a"), {**CALL, "arguments": "{}"}]
    reading = read(START + done(listed[0]) + life("completed", *listed))
    assert [(b.content, b.attrs["index"]) for b in reading.blocks] == [(b"a", 0), (b"{}", 1)]
    again = read(START + done(listed[0]) + done(listed[0], 3) + life("completed", *listed))
    assert list(map(by_value, again.blocks)) == list(map(by_value, reading.blocks))
    # Some servers give an item another id each time they send it.
    other = message("a", name="msg_2")
    text_, beside = read(START + done(listed[0]) + life("completed", other)).blocks
    assert (text_.attrs["id"], beside.value) == (
        "msg_1",
        {"output": [{"id": "msg_2", "type": "message"}]},
    )
    both = read(START + done(listed[0]) + done(other) + life("completed", listed[0], other))
    assert [block.attrs.get("id") for block in both.blocks] == ["msg_1", "msg_2"]


def test_what_an_item_says_otherwise_later_stands_beside_it() -> None:
    reading = read(START + done(reasoning(sealed="s1")) + life("completed", reasoning(sealed="s2")))
    thought, beside = reading.blocks
    assert (thought.content, thought.attrs["signature"], thought.attrs["redacted"]) == (
        b"",
        "s1",
        True,
    )
    assert (beside.kind, beside.attrs["type"]) == ("other", "response")
    assert beside.value == {
        "output": [{"id": "rs_1", "type": "reasoning", "encrypted_content": "s2"}]
    }


def test_what_the_response_lists_and_no_event_brought_is_told() -> None:
    cut_off = life("in_progress", message("a"))
    (block,) = read(cut_off).blocks
    assert (block.content, block.attrs["cut"]) == (b"a", True)
    (block,) = read(cut_off + END.replace(b'"output":[]', b'"output":null')).blocks
    assert (block.content, "cut" in block.attrs) == (b"a", False)
    open_one, listed = read(
        START + added(message()) + text("x", 4) + life("completed", message("a"))
    ).blocks
    assert (open_one.content, "cut" in open_one.attrs) == (b"a", False)
    assert (listed.content, listed.attrs["cut"], listed.attrs["index"]) == (b"x", True, 4)


def test_an_item_begun_again_ends_the_first() -> None:
    first, second = said(
        added(message()), text("a"), added(message(name="msg_2")), done(message("b", name="msg_2"))
    )
    assert (first.content, first.attrs["cut"]) == (b"a", True)
    assert (second.content, second.attrs["id"]) == (b"b", "msg_2")


def test_what_does_not_fold_stays_beside_the_item() -> None:
    block = only(
        added(message(), new=1),
        text("a", beam=[2]),
        done(message("a"), last=3),
    )
    assert block.attrs["extra"] == {
        "annotations": [],
        "deltas": [
            {"type": "response.output_item.added", "new": 1},
            {"type": "response.output_text.delta", "beam": [2]},
            {"type": "response.output_item.done", "last": 3},
        ],
    }


def test_pieces_of_a_shell_call_count_only_where_its_end_does_not_come() -> None:
    item = {"type": "shell_call", "id": "sh", "call_id": "c", "action": {"commands": ["ls"]}}
    piece = event("response.shell_call_command.delta", delta="ls", command_index=0, output_index=0)
    assert "deltas" not in only(added(item), piece, done(item)).attrs.get("extra", {})  # type: ignore[operator]
    (block,) = read(START + added(item) + piece).blocks
    assert block.attrs["extra"] == {
        "deltas": [
            {
                "type": "response.shell_call_command.delta",
                "delta": "ls",
                "command_index": 0,
                "output_index": 0,
            }
        ]
    }


def test_how_a_tool_gets_on_says_no_word() -> None:
    where = {"item_id": "ws_1", "output_index": 0, "sequence_number": 3}
    quiet = [
        event(f"response.{kind}", **where)
        for kind in ("web_search_call.searching", "mcp_call.failed", "compaction.compacting")
    ]
    quiet += [event("keepalive", sequence_number=3), b"event: ping\n\n", b": ping\n\n"]
    quiet += [b"data: [DONE]\n\n"]
    assert said(*quiet) == []
    assert not read(START + b"data: [DONE]\n\n").outcome.complete
    block = only(event("response.web_search_call.searching", **where, query="q"))
    assert (block.kind, block.value) == (
        "other",
        {"type": "response.web_search_call.searching", **where, "query": "q"},
    )


def test_an_image_on_the_way_is_media() -> None:
    block = only(
        event(
            "response.image_generation_call.partial_image",
            item_id="ig_1",
            output_index=2,
            sequence_number=9,
            partial_image_index=0,
            partial_image_b64="iVBORw0KGgo=",
            output_format="png",
        )
    )
    assert (block.kind, block.media, block.content) == ("media", "image/png", b"\x89PNG\r\n\x1a\n")
    assert (block.attrs["id"], block.attrs["index"]) == ("ig_1", 2)
    assert block.attrs["extra"] == {"partial_image_index": 0, "output_format": "png"}


def test_speech_is_media_with_its_transcript() -> None:
    def spoken(kind: str, **members: Any) -> bytes:
        return event(f"response.audio.{kind}", sequence_number=1, **members)

    body = [
        spoken("delta", delta="QUJD"),
        spoken("transcript.delta", delta="H"),
        spoken("delta", delta="RA=="),
        spoken("transcript.delta", delta="i"),
        spoken("done"),
        spoken("transcript.done"),
    ]
    block = only(*body)
    assert (block.kind, block.media, block.content) == (
        "media",
        "application/octet-stream",
        b"ABCD",
    )
    assert block.attrs["type"] == "output_audio"
    assert block.attrs["extra"] == {"data": "", "transcript": "Hi"}
    assert only(spoken("delta", delta=7)).kind == "other"


def test_an_error_in_a_stream_is_kept() -> None:
    for fault in (
        {"type": "error", "code": "c", "message": "m"},
        {"type": "error", "error": {"message": "m"}},
        {"error": {"message": "m"}},
    ):
        data = f"data: {json.dumps(fault)}\n\n".encode()
        reading = read(START + added(message()) + text("h") + data)
        assert (reading.outcome.complete, reading.outcome.error) == (False, True)
        error, cut_off = reading.blocks
        assert (error.kind, error.role, error.value) == ("other", "", fault)
        assert (cut_off.content, cut_off.attrs["cut"]) == (b"h", True)
        assert reading.held is None
    assert read(START + b"event: error\ndata: not json\n\n").outcome.error
    failed = read(event("response.failed", response={})).outcome
    assert (failed.complete, failed.error) == (True, True)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("response.output_text.delta", "not json", "not json"),
        ("response.completed", '{"type":"response.completed","type":"x"}', "a repeated name"),
        ("beam", '{"type":"beam","TYPE":"x"}', "names that differ only in case"),
        ("beam", "[1]", "not an object"),
        ("beam", '{"type":"ping"}', "event name differs from type"),
        ("response.completed", '{"type":"ping"}', "event name differs from type"),
        ("response.completed", "{}", "no response"),
        ("response.created", '{"response":7}', "no response"),
        ("response.output_item.added", "{}", "no output_index"),
        ("response.output_item.done", '{"output_index":-1,"item":{}}', "no output_index"),
        ("response.output_item.done", '{"output_index":0,"item":7}', "no item"),
        ("response.output_item.done", '{"output_index":0,"item":{},"x":"\\ud800"}',
         "what attrs cannot hold"),
        ("response.content_part.added", '{"output_index":0,"content_index":0}', "no part"),
        ("response.content_part.added", '{"output_index":0,"part":{}}', "no content_index"),
        ("response.output_text.delta", '{"output_index":0,"content_index":0}', "no delta"),
        ("response.output_text.delta", '{"delta":"x","content_index":0}', "no output_index"),
        ("response.output_text.delta", '{"delta":"x","output_index":0}', "no content_index"),
        ("response.output_text.done", '{"delta":"x","output_index":0}', "no text"),
        ("response.output_text.delta",
         '{"delta":"x","output_index":0,"content_index":0,"x":"\\ud800"}', "what attrs cannot hold"),
        ("response.output_text.annotation.added", '{"output_index":0}', "no annotation"),
        ("response.image_generation_call.partial_image", "{}", "no output_index"),
    ],
)  # fmt: skip
def test_an_event_that_does_not_fold_is_kept(name: str, data: str, reason: str) -> None:
    reading = read(START + f"event: {name}\ndata: {data}\n\n".encode())
    block = reading.blocks[0]
    assert (block.kind, block.role, block.content) == ("other", "", data.encode())
    assert block.attrs == {"provider": "openai", "type": name, "ambiguous": reason}
    assert not reading.outcome.complete
    assert reading.held is None


def test_events_never_heard_of_are_kept() -> None:
    block = only(event("response.beam.delta", delta="x", output_index=0))
    assert (block.kind, block.role, block.attrs["type"]) == ("other", "", "response.beam.delta")
    assert block.value == {"type": "response.beam.delta", "delta": "x", "output_index": 0}
    block = only(b"event: beam\n\n")
    assert (block.content, block.attrs["ambiguous"]) == (b"", "no data")
    block = only(b"hello: you\n\n")
    assert (block.content, block.attrs["ambiguous"]) == (b"hello: you", "a line that is no field")


def test_an_event_spelled_like_the_last_is_still_read_where_it_says_more() -> None:
    grown = text("a")
    begin = added(message()) + grown + grown
    other = grown.replace(b'"logprobs":[]', b'"logprobs":[1]')
    assert read(START + begin + other + grown).blocks[0].attrs["extra"]["logprobs"] == [1]  # type: ignore[index, call-overload]
    elsewhere = grown.replace(b'"content_index":0', b'"content_index":1')
    assert [b.content for b in read(START + begin + elsewhere).blocks] == [b"aa", b"a"]
    for bad, reason in ((b'"\xff"', "not utf-8"), (b'"\\x"', "not json"), (b"7", "no delta")):
        broken = grown.replace(b'"delta":"a"', b'"delta":' + bad)
        event_, block = read(START + begin + broken + grown).blocks
        assert (event_.attrs["ambiguous"], block.content) == (reason, b"aaa")
    more = text("a", beam=1)
    (block,) = read(START + added(message()) + more + more + more).blocks
    assert (block.content, len(block.attrs["extra"]["deltas"])) == (b"aaa", 3)  # type: ignore[index, call-overload, arg-type]
    # The next item has no part in what was learnt of the last.
    both = (
        begin
        + done(message("aa"))
        + added(message(name="m2"))
        + grown
        + done(message("a", name="m2"))
    )
    assert [(b.content, b.attrs["id"]) for b in said(both)] == [(b"aa", "msg_1"), (b"a", "m2")]


def test_a_surrogate_pair_may_stand_in_two_deltas() -> None:
    halves = [text("X").replace(b"X", half) for half in (b"a\\ud83d", b"\\ude00b")]
    (block,) = read(START + b"".join(halves)).blocks
    assert (block.media, block.content) == ("text/plain", b"a\xf0\x9f\x98\x80b")
    assert len(said(*halves, done(message("a\U0001f600b")))) == 1


# Echoes


def test_what_an_answer_repeats_of_its_request_is_not_the_providers() -> None:
    repeated: dict[str, Any] = {
        "instructions": "S",
        "tools": [{"parameters": {"n": 1, "N": 2}}],
        "store": True,
    }
    own = {"created_at": 7, "service_tier": "default"}
    question = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "U"}]}
    result = {"type": "function_call_output", "call_id": "c", "output": "x"}
    listed = [question, message("a"), result]
    whole = read(
        json.dumps(
            {**RESPONSE, **repeated, **own, "status": "completed", "output": listed}
        ).encode(),
        media=WHOLE,
    )
    streamed = read(
        life(**repeated)
        + b"".join(done(item, at) for at, item in enumerate(listed))
        + life("completed", *listed, **repeated, **own)
    )
    for reading in (whole, streamed):
        text_, envelope, echo = reading.blocks
        assert (text_.origin, envelope.origin, echo.origin) == ("provider", "provider", "client")
        assert (text_.content, envelope.value) == (b"a", own)
        assert (echo.kind, echo.role) == ("other", "")
        assert echo.attrs == {"provider": "openai", "type": "echo", "id": "resp_1"}
        assert echo.value == {**repeated, "output": [question, result]}


def test_an_echo_keeps_no_credentials() -> None:
    tools = [{"type": "mcp", "headers": {"X-Key": "k"}}, {"type": "function", "name": "f"}]
    echo = read(START + life("completed", tools=tools)).blocks[-1]
    hidden = {"type": "mcp", "headers": "[credential not recorded]"}
    assert echo.value == {"tools": [hidden, tools[1]]}


def test_a_conversation_is_another_name_to_go_on_from() -> None:
    reading = read(START + life("completed", conversation={"id": "conv_1"}))
    assert reading.outcome.aliases == ("conversation conv_1",)
    assert reading.outcome.id == "resp_1"


# A whole answer


def test_a_whole_answer_is_read_in_order() -> None:
    beam = {"type": "beam", "id": "b"}
    items = [reasoning("a", "b"), message("c", "d"), {**CALL, "arguments": "{}"}, beam, 7]
    reading = read(json.dumps({**RESPONSE, "output": items}).encode(), media=WHOLE)
    assert [(str(b.kind), b.attrs["index"]) for b in reading.blocks] == [
        ("thinking", 0),
        ("thinking", 0),
        ("text", 1),
        ("text", 1),
        ("tool_use", 2),
        ("other", 3),
        ("other", 4),
    ]
    assert {block.attrs["model"] for block in reading.blocks} == {"gpt-x"}
    assert reading.held is None


@pytest.mark.parametrize(
    ("body", "status", "error", "media", "attrs"),
    [
        (b'{"error":{"message":"m"}}', 429, True, "application/json", {"type": "error"}),
        (b'{"error":{"message":"m"}}', 200, True, "application/json", {"type": "error"}),
        (b'{"object":"response","output":[]}', 500, True, "application/json", {"type": "response"}),
        (b"<html>", 502, True, "application/octet-stream", {"ambiguous": "not json"}),
        (b'{"object":"list","data":[]}', 200, False, "application/json", {"type": "list"}),
        (b'{"output":7}', 200, False, "application/json", {}),
        (b"[1]", 200, False, "application/json", {}),
        (
            b'{"output":[],"output":[]}',
            200,
            False,
            "application/octet-stream",
            {"ambiguous": "a repeated name"},
        ),
    ],
)
def test_what_is_no_response_is_kept_as_it_came(
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


def test_an_answer_without_bytes_says_nothing() -> None:
    for media in (STREAM, WHOLE):
        reading = read_chunks([b""], media=media)
        assert (reading.blocks, reading.outcome.complete) == ((), media == WHOLE)


# Whatever comes


PIECES = st.sampled_from(
    [
        START,
        END,
        life("failed", error={"code": "x"}),
        life("completed", message("xé\n"), {**CALL, "arguments": "{}"}),
        life("queued", reasoning("h")),
        added(message()),
        added(message(name="msg_2")),
        added(reasoning(), 1),
        added(CALL, 1),
        added({"type": "beam"}, new=1),
        added(7),
        text("é\n"),
        text("x"),
        text("x", part=2, number=99),
        text("X").replace(b"X", b"\\ud83d"),
        text("X").replace(b"X", b"\\x"),
        text("X").replace(b"X", b"\xff"),
        text(7),
        delta("output_text", "x", content_index=0, logprobs=[1], new=2),
        delta("reasoning_summary_text", "h", 1, summary_index=0),
        delta("function_call_arguments", "{", 1),
        delta("function_call_arguments", "{", 0, logprobs=[1]),
        event("response.refusal.done", refusal="x", output_index=0, content_index=0, logprobs=[1]),
        delta("beam", "x"),
        event("response.output_text.done", text="x", output_index=0, content_index=0),
        event("response.content_part.done", part={"x": 1}, output_index=0, content_index=0),
        event("response.output_text.annotation.added", annotation=1, output_index=0, content_index=0),
        event("response.shell_call_command.done", command="x", output_index=0),
        event("response.audio.delta", delta="QUJD"),
        event("response.image_generation_call.partial_image", output_index=0, partial_image_b64="?"),
        done(message("xx")),
        done(message("xé\n")),
        done(reasoning("h", sealed="s"), 1),
        done({"type": "message", "role": "user", "content": "x"}),
        done({**CALL, "arguments": "{"}, 1),
        event("error", error={"message": "m"}),
        event("response.completed"),
        b"data: {}\r\n\r\n",
        b"data: [DONE]\n\n",
        b"\r",
        b"\n",
        b"\xef\xbb\xbf",
        b": c\n\n",
        b"\xff",
        b"{",
        b"event: response.completed\n",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12), st.lists(st.integers(0, 3000), max_size=20))
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
    end = re.search(rb"\n\n|[\r\n]\r", terminal)
    assert end is not None
    assert re.search(rb"response\.(completed|failed)", terminal[: end.end()])
    assert chunked.held is not None
    assert whole.held <= chunked.held < whole.held + end.end()


@given(st.lists(PIECES.filter(lambda piece: piece.endswith(b"\n\n")), max_size=14))
def test_the_quick_way_to_read_an_event_says_what_the_long_way_says(pieces: list[bytes]) -> None:
    # A comment of its own in each event, so that none is spelled like the one before.
    slow = [
        piece.replace(b"data: {", b": %d\ndata: {" % place) for place, piece in enumerate(pieces)
    ]
    assert read(b"".join(slow)) == read(b"".join(pieces))


@given(st.binary(), st.binary(), st.sampled_from(["text/event-stream", "application/json", ""]))
def test_no_bytes_make_it_raise(first: bytes, second: bytes, media: str) -> None:
    for status in (200, 400):
        reading = read_chunks([first, second], status, media)
        assert reading == read(first + second, status, media)
        assert not (reading.outcome.complete and status == 400)


@given(st.lists(st.text(st.characters(exclude_categories=())), min_size=1, max_size=8))
def test_text_is_what_its_deltas_said(texts: list[str]) -> None:
    (block,) = read(START + b"".join(map(text, texts))).blocks
    expected = "".join(texts).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    if any("\ud800" <= char <= "\udfff" for char in expected):
        assert json.loads(block.content) == expected
    else:
        assert block.content.decode() == expected
