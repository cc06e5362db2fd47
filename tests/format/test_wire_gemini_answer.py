"""What an answer from Gemini says, as events, as an array or whole, sound or not."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from braid.wire.gemini import read_answer
from braid.wire.gemini.response import ResponseFold
from format.answers import Reading, Said, cut
from format.google_answers import EVENTS, JSON, array, event, read, read_chunks

USAGE = {"promptTokenCount": 3, "totalTokenCount": 4}
AROUND = {"usageMetadata": USAGE, "modelVersion": "gemini-x", "responseId": "r1"}


def chunk(*parts: Any, index: int | None = 0, finish: str | None = None, **members: Any) -> Any:
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}}
    if index is not None:
        candidate["index"] = index
    if finish is not None:
        candidate["finishReason"] = finish
    return {"candidates": [candidate | members], **AROUND}


def text(said: str, **members: Any) -> Any:
    return {"text": said, **members}


END = chunk(text(""), finish="STOP")


def stream(*chunks: Any) -> Reading:
    return read(event(*chunks))


def only(*chunks: Any) -> Said:
    reading = stream(*chunks)
    assert reading.outcome.complete
    (block,) = reading.blocks
    return block


def test_a_stream_tells_how_it_ended() -> None:
    reading = stream(chunk(text("h")), chunk(text("i")), END)
    outcome = reading.outcome
    assert (outcome.complete, outcome.error, outcome.stop_reason) == (True, False, "STOP")
    assert (outcome.id, outcome.model, outcome.aliases) == ("r1", "gemini-x", ())
    assert json.loads(outcome.usage or b"") == USAGE
    (block,) = reading.blocks
    assert (block.kind, block.origin, block.role) == ("text", "provider", "assistant")
    assert (block.content, block.media) == (b"hi", "text/plain")
    assert block.attrs == {
        "provider": "gemini",
        "type": "text",
        "index": 0,
        "model": "gemini-x",
    }


def test_a_block_comes_with_the_chunk_that_completes_it() -> None:
    reader = read_answer(200, "Text/Event-Stream")
    chunks = [
        chunk(text("hm", thought=True)),
        chunk(text("h")),
        chunk(text("i")),
        chunk({"functionCall": {"name": "f"}}),
        chunk(text("a"), {"functionCall": {"name": "g"}}, text("b")),
        END,
    ]
    fed = [[b.content for b in reader.feed(event(one)).blocks] for one in chunks]
    # The last may go on after a reason to end.
    assert fed == [[], [b"hm"], [], [b"hi", b"{}"], [b"a", b"{}"], []]
    last = reader.close()[0][0]
    assert (last.content, "cut" in last.attrs) == (b"b", False)
    assert reader.close()[0] == ()


def test_only_the_chunk_with_the_last_finish_reason_and_what_follows_is_held() -> None:
    reader = read_answer(200, EVENTS)
    first = event(chunk(text("a")))
    assert reader.feed(first).hold is None
    after = event({"usageMetadata": USAGE})
    assert reader.feed(event(chunk(text("b"))) + event(END) + after).hold == len(
        event(chunk(text("b")))
    )
    assert reader.feed(after).hold is None
    reader = read_answer(200, EVENTS)
    assert reader.feed(event(END)[:-3]).hold is None
    assert reader.feed(b"\n\r\n").hold == 0


@pytest.mark.parametrize("reason", ["", None, "FINISH_REASON_UNSPECIFIED"])
def test_a_reason_that_says_nothing_ends_nothing(reason: str | None) -> None:
    one = chunk(text("a"), finishReason=reason)
    assert read(event(one)).held is None
    assert not read(event(one)).outcome.complete
    assert read(event(one, END)).blocks[0].content == b"a"


def test_an_unknown_reason_ends_too() -> None:
    assert stream(chunk(text("a"), finish="BORED")).outcome.stop_reason == "BORED"
    odd = stream(chunk(text("a"), finishReason=7))
    assert (odd.outcome.complete, odd.outcome.stop_reason) == (True, None)
    assert odd.blocks[1].value == {"finishReason": 7}


def test_what_comes_after_the_end_is_not_lost() -> None:
    chunks = [END, chunk(text("a")), chunk(text("b")), chunk(text("c"), finish="STOP")]
    reading = stream(*chunks)
    assert [block.content for block in reading.blocks] == [b"abc"]
    assert reading.held == len(event(*chunks[:3]))
    assert "cut" not in reading.blocks[0].attrs
    later = stream(END, {"usageMetadata": {"totalTokenCount": 9}})
    assert json.loads(later.outcome.usage or b"")["totalTokenCount"] == 9


def test_every_chunk_may_give_a_reason() -> None:
    reading = stream(chunk(text("a"), finish="STOP"), chunk(text("b"), finish="STOP"))
    assert [block.content for block in reading.blocks] == [b"ab"]
    assert reading.held == len(event(chunk(text("a"), finish="STOP")))
    assert (reading.outcome.complete, reading.outcome.stop_reason) == (True, "STOP")


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_any_line_end_and_any_spelling_will_do(line_end: str) -> None:
    chunks = [chunk(text('h\n"')), chunk(text("i")), chunk(text("!")), END]
    body = event(*chunks, line_end=line_end)
    assert read(body) == stream(*chunks)
    assert read_chunks(cut(body, range(len(body)))) == read(body)
    spaced = re.sub(rb'(": |,)(?=["{\d\[])', rb"\1  ", body)
    for other in (spaced, body.replace(b"data: ", b"data:"), b"\xef\xbb\xbf" + body):
        assert other != body
        assert read(other) == read(body)


def test_thoughts_and_text_are_blocks_of_their_own() -> None:
    parts = [text("a", thought=True), text("b", thought=True), text("c"), text("d")]
    for chunks in ([chunk(*parts), END], [*map(chunk, parts), END]):
        thinking, said = stream(*chunks).blocks
        assert (thinking.kind, thinking.content) == ("thinking", b"ab")
        assert (said.kind, said.content) == ("text", b"cd")


def test_a_signature_belongs_to_the_text_before_it() -> None:
    ending = chunk(text("", thoughtSignature="s"), finish="STOP")
    block = only(chunk(text("a")), chunk(text("b")), ending)
    assert (block.content, block.attrs["signature"]) == (b"ab", "s")
    first = only(chunk(text("a", thoughtSignature="s")), chunk(text("b")), END)
    assert (first.content, first.attrs["signature"]) == (b"ab", "s")
    same = only(chunk(text("a", thoughtSignature="s")), chunk(text("b", thoughtSignature="s")), END)
    assert (same.content, same.attrs["signature"]) == (b"ab", "s")


def test_two_signatures_are_two_blocks() -> None:
    reading = stream(
        chunk(text("a", thoughtSignature="s")), chunk(text("b", thoughtSignature="t")), END
    )
    assert [(b.content, b.attrs["signature"]) for b in reading.blocks] == [
        (b"a", "s"),
        (b"b", "t"),
    ]


def test_a_signature_on_an_empty_text_after_a_call_is_kept() -> None:
    call = {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "s"}
    reading = stream(chunk(call, text("", thoughtSignature="t"), finish="STOP"))
    use, rest = reading.blocks
    assert (use.kind, use.attrs["signature"]) == ("tool_use", "s")
    assert (rest.kind, rest.content, rest.attrs["signature"]) == ("text", b"", "t")


def test_text_that_says_more_is_a_block_of_its_own() -> None:
    chunks = [chunk(text("a")), chunk(text("b", new=1)), chunk(text("c")), END]
    first, second, third = stream(*chunks).blocks
    assert [b.content for b in (first, second, third)] == [b"a", b"b", b"c"]
    assert second.attrs["extra"] == {"new": 1}
    placed = [text("a"), text("b", thoughtSignature="skip_thought_signature_validator")]
    assert [b.content for b in stream(chunk(*placed), END).blocks] == [b"a", b"b", b""]


def raw_text(said: str) -> bytes:
    return event(chunk(text("@"))).replace(b"@", said.encode())


def test_a_surrogate_pair_may_stand_in_two_chunks() -> None:
    for order in (("a\\ud83d", "\\ude00b"), ("x", "a\\ud83d", "\\ude00b")):
        (block,) = read(b"".join(map(raw_text, order)) + event(END)).blocks
        assert block.content.endswith(b"a\xf0\x9f\x98\x80b")
        assert block.media == "text/plain"
    (apart,) = read(raw_text("\\ud83d") + raw_text("a\\ude00") + event(END)).blocks
    assert apart.content == b'"\\ud83d\\u0061\\ude00"'


def test_other_parts_come_whole() -> None:
    parts = [
        {"executableCode": {"language": "PYTHON", "code": "1", "id": "i"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1", "id": "i"}},
        {"toolCall": {"id": "t", "toolType": "GOOGLE_SEARCH", "args": {"q": 1}}},
        {"toolResponse": {"id": "t", "toolType": "GOOGLE_SEARCH", "response": {}}},
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
        {"fileData": {"fileUri": "u"}},
        {"hologram": 1},
        7,
    ]
    blocks = stream(*map(chunk, parts), END).blocks[:-1]
    kinds = ["tool_use", "tool_result", "tool_use", "tool_result", "media", "other", "other"]
    assert [block.kind for block in blocks] == [*kinds, "other"]
    assert [block.unseen for block in blocks] == [False] * 5 + [True] + [False] * 2
    assert {block.attrs["index"] for block in blocks} == {0}


def test_names_may_repeat_in_the_arguments_a_model_wrote() -> None:
    body = event(chunk({"functionCall": {"name": "f", "args": {"a": 1}}}), END)
    body = body.replace(b'{"a": 1}', b'{"a":1.0,"a":2,"A":3}')
    assert read(body).blocks[0].content == b'{"a":1.0,"a":2,"A":3}'


def test_candidates_run_beside_each_other() -> None:
    both = chunk(text("a"))
    both["candidates"] += chunk(text("x"), index=1)["candidates"]
    chunks = [both, chunk(text("b"), index=1, finish="MAX_TOKENS"), chunk(text("c"), finish="STOP")]
    reading = read(event(*chunks), candidates=2)
    first, second, about = reading.blocks
    assert [(b.content, b.candidate, b.attrs["index"]) for b in (first, second)] == [
        (b"ac", 0, 0),
        (b"xb", 1, 1),
    ]
    assert (about.value, about.candidate, about.role) == ({"finishReason": "MAX_TOKENS"}, 1, "")
    assert reading.outcome.stop_reason == "STOP"
    assert reading.held == len(event(*chunks[:2]))


def test_a_candidate_that_has_not_begun_is_waited_for() -> None:
    body = event(chunk(text("a"), finish="STOP"), chunk(text("b"), index=1, finish="STOP"))
    reading = read(body, candidates=2)
    assert reading.held == len(event(chunk(text("a"), finish="STOP")))
    assert [block.candidate for block in reading.blocks if block.role] == [0, 1]
    fewer = read(event(chunk(text("a"), finish="STOP")), candidates=2)
    assert (fewer.held, fewer.outcome.complete) == (None, True)
    cut_off = read(event(chunk(text("a"), finish="STOP"), chunk(text("b"), index=1)), candidates=3)
    assert not cut_off.outcome.complete


def test_a_candidate_without_index_is_known_by_its_place() -> None:
    both = chunk(text("a"), index=None, finish="STOP")
    both["candidates"] += chunk(text("b"), index=None, finish="STOP")["candidates"]
    assert [block.candidate for block in stream(both).blocks if block.role] == [0, 1]


def test_what_is_said_about_a_candidate_is_a_block_of_its_own() -> None:
    rated = chunk(text("a"), safetyRatings=[1])
    ending = chunk(
        text("b"), finish="STOP", safetyRatings=[1], groundingMetadata={"x": 1}, tokenCount=None
    )
    block, about = stream(rated, ending).blocks
    assert block.content == b"ab"
    assert (about.kind, about.role, about.origin) == ("other", "", "provider")
    assert about.attrs == {"provider": "gemini", "type": "candidate", "index": 0}
    assert about.value == {"safetyRatings": [1], "groundingMetadata": {"x": 1}}


def test_what_is_said_again_in_other_words_is_kept_both_times() -> None:
    cited = [chunk(text("a"), citationMetadata={"n": n}) for n in (1, 1, 2)]
    about = stream(*cited, END).blocks[-1]
    assert about.attrs["several"] == ["citationMetadata"]
    assert about.value == {"citationMetadata": [{"n": 1}, {"n": 2}]}
    reasons = stream(chunk(finish="STOP"), chunk(finish="SAFETY"))
    assert reasons.outcome.stop_reason == "SAFETY"
    assert reasons.blocks[-1].value == {"finishReason": ["STOP", "SAFETY"]}


def test_a_content_may_say_more_than_its_parts() -> None:
    one = chunk(text("a"), finish="STOP")
    one["candidates"][0]["content"] |= {"role": "oracle", "new": 1}
    assert stream(one).blocks[-1].value == {"content": {"role": "oracle", "new": 1}}


def test_what_the_response_says_of_itself_is_a_block_of_its_own() -> None:
    first = {**chunk(text("a")), "createTime": "t", "modelStatus": {"x": 1}}
    about = stream(first, {**END, "createTime": "t"}).blocks[-1]
    assert about.attrs == {"provider": "gemini", "type": "response", "id": "r1"}
    assert about.value == {"createTime": "t", "modelStatus": {"x": 1}}


def test_another_model_or_id_in_mid_stream_is_not_lost() -> None:
    other = {**chunk(text("b"), finish="STOP"), "modelVersion": "y", "responseId": "r2"}
    reading = stream(chunk(text("a")), other)
    assert (reading.outcome.model, reading.outcome.id) == ("gemini-x", "r1")
    assert reading.blocks[-1].value == {"modelVersion": "y", "responseId": "r2"}
    odd = stream({**END, "modelVersion": 7, "usageMetadata": [1]})
    assert odd.blocks[-1].value == {"modelVersion": 7, "usageMetadata": [1]}
    assert (odd.outcome.model, odd.outcome.usage) == (None, None)


def test_usage_is_what_was_said_last_count_by_count() -> None:
    counts = [{"a": 1, "b": 1}, {"a": 2}, {"a": 3, "c": None}]
    reading = stream(*({**chunk(text("x")), "usageMetadata": one} for one in counts))
    assert json.loads(reading.outcome.usage or b"") == {"a": 3, "b": 1, "c": None}
    alike = [{**chunk(text("x")), "usageMetadata": {"a": n}} for n in range(9)]
    assert stream(*alike).outcome.usage == b'{"a":8}'
    lone = event(END).replace(b'"totalTokenCount": 4', b'"totalTokenCount": "\\ud800"')
    assert read(lone).outcome.usage is None
    assert b"\\ud800" in read(lone).blocks[-1].content


def test_a_blocked_prompt_is_an_end() -> None:
    feedback = {"blockReason": "SAFETY", "safetyRatings": []}
    blocked = {"promptFeedback": feedback, "usageMetadata": USAGE}
    for body, media in ((event(blocked), EVENTS), (json.dumps(blocked).encode(), JSON)):
        reading = read(body, media=media)
        assert (reading.outcome.complete, reading.outcome.stop_reason) == (True, "SAFETY")
        (block,) = reading.blocks
        assert (block.kind, block.value) == ("other", {"promptFeedback": feedback})
    assert read(event(blocked)).held == 0
    rated: Any = {"promptFeedback": {"safetyRatings": []}}
    assert read(event(rated)).held is None
    assert read(event({"candidates": [], **rated}, END)).outcome.complete


def test_a_token_is_a_name_to_continue_by_in_one_alphabet() -> None:
    tokens = [chunk(text("a"), continuationToken=token) for token in ("a+/=", "a+/=", "b")]
    reading = stream(*tokens, chunk(finish="CONTINUATION", continuationToken="c"))
    assert (reading.outcome.complete, reading.outcome.stop_reason) == (True, "CONTINUATION")
    assert (reading.outcome.id, reading.outcome.aliases) == ("r1", ("a-_", "b", "c"))
    assert reading.blocks[-1].value == {"continuationToken": ["a+/=", "b", "c"]}
    begun = stream(*tokens)
    assert (begun.outcome.complete, begun.outcome.aliases) == (False, ("a-_", "b"))
    again = stream(*tokens, tokens[0])
    assert again.outcome.aliases == ("a-_", "b")


def test_snake_case_says_the_same() -> None:
    chunks = [chunk(text("a", thoughtSignature="s")), chunk(finish="STOP", tokenCount=1)]
    snaked = re.sub(
        rb'(?<=")[a-z]+[A-Z]\w*(?=": )',
        lambda name: re.sub(rb"[A-Z]", lambda c: b"_" + c[0].lower(), name[0]),
        event(*chunks),
    )
    assert b"thought_signature" in snaked
    assert read(snaked).outcome.complete
    assert [block.attrs for block in read(snaked).blocks] == [
        block.attrs for block in stream(*chunks).blocks
    ]


# Calls in pieces


def call(*pieces: Any, more: bool | None = None, beside: Any = None, **members: Any) -> Any:
    if pieces:
        members["partialArgs"] = list(pieces)
    if more is not None:
        members["willContinue"] = more
    return chunk({"functionCall": members, **(beside or {})})


def piece(path: str, **value: Any) -> dict[str, Any]:
    return {"jsonPath": path, **value}


def test_a_call_in_pieces_is_put_together() -> None:
    pieces = [
        piece("$.city", stringValue="New ", willContinue=True),
        piece("$.city", stringValue="York"),
        piece("$.days[0].n", numberValue=1.5),
        piece("$['days'][1]", boolValue=True),
        piece('$["a.b"]', nullValue="NULL_VALUE"),
        piece("$['it\\'s']", stringValue='"'),
        piece("$.city", willContinue=False),
        piece("$.none", nullValue=None),
    ]
    sent = [call(one, more=True) for one in pieces]
    begin = call(name="f", id="c", more=True, beside={"thoughtSignature": "s"})
    block, rest = stream(begin, *sent, call(), END).blocks
    assert (block.kind, block.media, rest.content) == ("tool_use", "application/json", b"")
    assert block.value == {
        "city": "New York",
        "days": [{"n": 1.5}, True],
        "a.b": None,
        "it's": '"',
        "none": None,
    }
    assert (block.attrs["name"], block.attrs["id"], block.attrs["signature"]) == ("f", "c", "s")
    assert block.attrs["extra"] == {"partialArgs": pieces}
    assert "cut" not in block.attrs
    (alone, _) = stream(call(pieces[0], name="f"), END).blocks
    assert alone.value == {"city": "New "}


def test_numbers_and_halves_of_pairs_in_pieces_keep_their_spelling() -> None:
    pieces = [piece("$.a", stringValue="@", willContinue=True), piece("$.a", stringValue="#")]
    body = event(call(*pieces, piece("$.n", numberValue=7), name="f"), END)
    body = body.replace(b"@", b"\\ud83d").replace(b"#", b"\\ude00").replace(b": 7", b": 1.10")
    block = read(body).blocks[0]
    # attrs cannot hold half a pair, so the pieces stand where they came
    assert (block.kind, block.attrs["whole"]) == ("tool_use", True)
    assert b"\\ud83d" in block.content and b"1.10" in block.content
    plain = event(call(piece("$.n", numberValue=7), name="f"), END).replace(b": 7", b": 1.10")
    assert read(plain).blocks[0].content == b'{"n":1.10}'


def test_calls_in_pieces_come_one_after_the_other() -> None:
    first, second, last = (
        call(name="f", more=True),
        call(name="g", more=True),
        call(piece("$.a", stringValue="x")),
    )
    one, two, _ = stream(first, second, last, END).blocks
    assert (one.attrs["name"], one.attrs["cut"], one.content) == ("f", True, b"{}")
    assert (two.attrs["name"], two.value) == ("g", {"a": "x"})
    assert "cut" not in two.attrs
    named = [call(name="f", id="c", more=True), call(name="f", id="c")]
    assert len(stream(*named, END).blocks) == 2
    other = [call(name="f", id="c", more=True), call(name="f", id="d")]
    assert [block.attrs.get("id") for block in stream(*other, END).blocks] == ["c", "d", None]


@pytest.mark.parametrize("after", [chunk(text("x")), chunk(finish="MAX_TOKENS"), None])
def test_a_call_that_never_ends_is_cut(after: Any) -> None:
    begun = call(piece("$.a", stringValue="x", willContinue=True), name="f", more=True)
    block = stream(*(one for one in (begun, after) if one is not None)).blocks[0]
    assert (block.kind, block.value, block.attrs["cut"]) == ("tool_use", {"a": "x"}, True)


@pytest.mark.parametrize(
    "pieces",
    [
        [piece("$.a", stringValue="x"), piece("$.a", stringValue="y")],
        [piece("$.a", stringValue="x"), piece("$.a", numberValue=1)],
        [piece("$.a", numberValue=1), piece("$.a.b", numberValue=1)],
        [piece("$.a[1]", numberValue=1)],
        [piece("$.a[0]", numberValue=1), piece("$.a.b", numberValue=1)],
        [piece("$", stringValue="x")],
        [piece("a", stringValue="x")],
        [piece("$..a", stringValue="x")],
        [piece("$.*[?@.x]", stringValue="x")],
        [piece("$['\\x']", stringValue="x")],
        [piece("$" + ".a" * 201, stringValue="x")],
        [piece("$.a", stringValue=7)],
        [piece("$.a", stringValue="x", numberValue=1)],
        [piece("$.a", stringValue="x", string_value="y")],
        [{"stringValue": "x"}],
        [7],
    ],
)
def test_pieces_that_do_not_fit_are_kept_as_they_came(pieces: list[Any]) -> None:
    block, _ = stream(call(*pieces, name="f", more=True), call(), END).blocks
    assert (block.kind, block.attrs["whole"]) == ("tool_use", True)
    assert block.value == {"name": "f", "partialArgs": pieces}


def test_what_comes_with_pieces_and_does_not_fold_is_kept() -> None:
    begin = call(name="f", more=True)
    odd = call(piece("$.a", numberValue=1), more=True, new=1, beside={"partMetadata": {"x": 1}})
    late = call(args={"b": 2}, more=True, beside={"thoughtSignature": "s"})
    last = call(args={"b": 3}, beside={"thoughtSignature": "t"})
    block, _ = stream(begin, odd, late, last, END).blocks
    pieces = [piece("$.a", numberValue=1)]
    assert block.value == {"name": "f", "args": {"b": 2}, "partialArgs": pieces}
    assert (block.attrs["whole"], block.attrs["signature"]) == (True, "s")
    assert block.attrs["extra"] == {
        "deltas": [
            {"partMetadata": {"x": 1}, "functionCall": {"new": 1}},
            {"thoughtSignature": "t", "functionCall": {"args": {"b": 3}}},
        ]
    }
    lone = event(begin, odd, call(), END).replace(b'"x": 1', b'"x": "\\ud800"')
    assert read(lone).blocks[0].kind == "other"
    assert b"\\ud800" in read(lone).blocks[0].content


def test_pieces_in_another_shape_are_no_pieces() -> None:
    odd = chunk({"functionCall": {"name": "f", "partialArgs": "x", "willContinue": "maybe"}})
    block, _ = stream(odd, END).blocks
    assert block.value == odd["candidates"][0]["content"]["parts"][0]["functionCall"]
    assert block.attrs["whole"]


# What goes wrong


def test_an_error_in_a_stream_is_kept() -> None:
    fault = {"error": {"code": 503, "status": "UNAVAILABLE"}}
    for body, media in ((event(chunk(text("h")), fault), EVENTS), (array(fault), JSON)):
        reading = read(body, media=media)
        assert (reading.outcome.complete, reading.outcome.error) == (False, True)
        assert (reading.blocks[0].kind, reading.blocks[0].value) == ("other", fault)
        assert reading.blocks[0].attrs == {"provider": "gemini", "type": "error"}
        assert reading.held is None
    assert read(event(chunk(text("h")), fault)).blocks[1].attrs["cut"] is True
    late = stream({"candidates": [], "error": {"code": 1}}, END)
    assert not late.outcome.error
    assert late.blocks[-1].value == {"error": {"code": 1}}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("not json", "not json"),
        ("[DONE]", "not json"),
        ('{"a":NaN}', "nan or infinity"),
        ('{"candidates":[],"candidates":[]}', "a repeated name"),
        ('{"responseId":"a","responseID":"b"}', "names that differ only in case"),
        ('{"responseId":"a","response_id":"b"}', "a name in two spellings"),
        ('{"candidates":[{"content":{"parts":[{"functionCall":{},"function_call":{}}]}}]}', None),
        ("[1]", "not an object"),
        ('{"candidates":7}', "candidates are no list"),
        ('{"candidates":[7]}', "a candidate of unknown shape"),
        ('{"candidates":[{"content":7}]}', "a candidate of unknown shape"),
        ('{"candidates":[{"content":{"parts":7}}]}', "a candidate of unknown shape"),
        ('{"candidates":[{"index":-1}]}', "no index of a candidate"),
        ('{"candidates":[{"index":0},{"index":"x"}]}', "no index of a candidate"),
        ("[" * 10**5, "nested deeper than 200"),
    ],
)
def test_an_event_that_does_not_fold_is_kept(data: str, reason: str | None) -> None:
    before, after = event(chunk(text("a"))), event(chunk(text("b")), END)
    reading = read(before + f"data: {data}\r\n\r\n".encode() + after)
    odd, block = reading.blocks
    assert (odd.kind, odd.role, odd.content) == ("other", "", data.encode())
    reason = reason or "a name in two spellings"
    assert odd.attrs == {"provider": "gemini", "ambiguous": reason}
    assert (block.content, reading.outcome.complete) == (b"ab", True)


def test_text_that_is_not_utf_8_is_kept_and_the_block_goes_on() -> None:
    body = event(chunk(text("a")), chunk(text("b")), chunk(text("@")), chunk(text("c")), END)
    odd, block = read(body.replace(b"@", b"\xff")).blocks
    assert (odd.attrs["ambiguous"], odd.media) == ("not utf-8", "application/octet-stream")
    assert (block.content, b"\xff" in odd.content) == (b"abc", True)


def test_lines_that_are_no_data_are_kept() -> None:
    body = b": note\n\nhello: you\n\nevent: beam\n\nid: 7\n\n" + event(END)
    stray, named, rest = read(body).blocks
    assert (stray.content, named.attrs["type"], rest.content) == (b"hello: you", "beam", b"")
    assert read(b"event: beam\n" + event(END)).outcome.complete


def test_a_cut_stream_gives_what_came() -> None:
    reading = read(event(chunk(text("hm", thought=True)), chunk(text("h"))) + b'data: {"candi')
    thought, said, rest = reading.blocks
    assert (thought.content, "cut" in thought.attrs) == (b"hm", False)
    assert (said.content, said.attrs["cut"]) == (b"h", True)
    assert (rest.content, rest.attrs) == (b'data: {"candi', {"provider": "gemini", "cut": True})
    assert (reading.outcome.complete, reading.outcome.error) == (False, False)
    assert (reading.outcome.id, reading.outcome.usage) == (
        "r1",
        json.dumps(USAGE, separators=(",", ":")).encode(),
    )


def test_a_stream_without_bytes_says_nothing() -> None:
    for media in (EVENTS, JSON, ""):
        reading = read_chunks([], media=media)
        assert (reading.blocks, reading.outcome.complete) == ((), media != EVENTS)


# A stream that is an array


def test_an_array_is_a_stream() -> None:
    chunks = [chunk(text("h")), chunk(text("i]}")), chunk({"functionCall": {"name": "f"}}), END]
    body = array(*chunks, {"usageMetadata": {"totalTokenCount": 9}})
    reading = read(body, media=JSON)
    assert reading.blocks == stream(*chunks).blocks
    assert reading.outcome.complete
    assert json.loads(reading.outcome.usage or b"")["totalTokenCount"] == 9
    assert reading.held is not None
    assert body[reading.held :].startswith(b'{\n  "candidates"')
    assert body[reading.held :].count(b"candidates") == 1
    for size in (1, 2, 3, 7, 100):
        assert read_chunks(cut(body, range(0, len(body), size)), media=JSON) == reading
    reader = read_answer(200, "")
    fed = [reader.feed(b"%c" % byte) for byte in body]
    assert [len(one.blocks) for one in fed if one.blocks] == [2]
    assert [one.hold for one in fed if one.hold is not None] == [0]


def test_an_array_is_read_element_by_element() -> None:
    body = b' [ 7, "],[" ,{"x":]},' + json.dumps(END).encode() + b"\n] after"
    number, word, odd, brace, block, rest = read(body, media=JSON).blocks
    assert (number.content, number.attrs["ambiguous"]) == (b"7", "not an object")
    assert word.content == b'"],["'
    assert (odd.content, odd.attrs["ambiguous"]) == (b'{"x":]', "not json")
    assert (brace.content, block.kind) == (b"}", "text")
    assert (rest.content, rest.attrs["ambiguous"]) == (b"after", "bytes after the array")
    assert read(body, media=JSON).outcome.complete
    for size in (1, 2, 3):
        places = range(0, len(body), size)
        assert read_chunks(cut(body, places), media=JSON) == read(body, media=JSON)


def test_strings_of_an_array_may_hold_anything() -> None:
    said = '"}],[{"\\" \\\\'
    body = array(chunk(text(said)), END)
    for size in (1, 2, 3, len(body)):
        reading = read_chunks(cut(body, range(0, len(body), size)), media=JSON)
        assert [block.content.decode() for block in reading.blocks] == [said]
        assert reading.outcome.complete


def test_a_cut_array_gives_what_came() -> None:
    body = array(chunk(text("h")), END)
    reading = read(body[: body.index(b'"STOP"')], media=JSON)
    said, rest = reading.blocks
    assert (said.content, said.attrs["cut"], rest.attrs["cut"]) == (b"h", True, True)
    assert rest.content.startswith(b'{\n  "candidates"')
    assert not reading.outcome.complete
    assert not read(b"[", media=JSON).outcome.complete


# A whole answer


def test_a_whole_answer_is_read_part_by_part() -> None:
    parts = [text("a"), text("b"), {"functionCall": {"name": "f"}}, {"hologram": 1}, 7]
    response = {**chunk(*parts, finish="STOP"), "createTime": "t"}
    reading = read(json.dumps(response).encode(), media=JSON)
    assert [b.kind for b in reading.blocks] == ["text", "text", "tool_use", *["other"] * 3]
    assert [b.content for b in reading.blocks[:2]] == [b"a", b"b"]
    assert reading.blocks[-1].value == {"createTime": "t"}
    assert (reading.outcome.complete, reading.held) == (True, None)


def test_a_whole_answer_may_be_without_words() -> None:
    responses: list[Any] = [{"candidates": []}, {"usageMetadata": USAGE}, chunk()]
    for response in responses:
        reading = read(json.dumps(response).encode(), media=JSON)
        assert (reading.blocks, reading.outcome.complete) == ((), True)


def test_several_whole_candidates_are_told_apart() -> None:
    both = chunk(text("a"), finish="STOP")
    both["candidates"] += chunk(text("b"), index=1, finish="SAFETY")["candidates"]
    reading = read(json.dumps(both).encode(), media=JSON)
    assert [(b.candidate, b.attrs["index"]) for b in reading.blocks] == [(0, 0), (1, 1), (1, 1)]
    assert reading.blocks[-1].value == {"finishReason": "SAFETY"}


@pytest.mark.parametrize(
    ("body", "status", "error", "attrs"),
    [
        (b'{"error":{"code":400}}', 400, True, {"type": "error"}),
        (b'{"error":{"code":400}}', 200, True, {"type": "error"}),
        (b'[{"error":{"code":429}}]', 429, True, {}),
        (b'{"candidates":[]}', 500, True, {}),
        (b"<html>", 502, True, {"ambiguous": "not json"}),
        (b"<html>", 200, False, {"ambiguous": "not json"}),
        (b'{"totalTokens":7}', 200, False, {}),
        (b'{"candidates":7}', 200, False, {"ambiguous": "candidates are no list"}),
        (b'{"candidates":[],"candidates":[]}', 200, False, {"ambiguous": "a repeated name"}),
    ],
)
def test_what_is_no_answer_is_kept_as_it_came(
    body: bytes, status: int, error: bool, attrs: dict[str, str]
) -> None:
    for media in (JSON, "", "text/html") + ((EVENTS,) if status > 399 else ()):
        reading = read_chunks([body[:3], body[3:]], status, media)
        whole = "ambiguous" in attrs and not error
        assert (reading.outcome.complete, reading.outcome.error) == (whole, error)
        (block,) = reading.blocks
        assert (block.kind, block.content, block.role) == ("other", body, "")
        assert block.attrs == {"provider": "gemini", **attrs}


# Whatever comes


PIECES = st.sampled_from(
    [
        event(END),
        event(chunk(text("é\n"))),
        event(chunk(text("a"))),
        event(chunk(text("b"))),
        event(chunk(text("b"), index=1)),
        event(chunk(text("b"), index=1, finish="STOP")),
        event(chunk(text("hm", thought=True))),
        event(chunk(text("", thoughtSignature="s"))),
        event(chunk({"functionCall": {"name": "f", "args": {"a": 1}}})),
        event(call(piece("$.a", stringValue="x", willContinue=True), name="f", more=True)),
        event(call(piece("$.a", stringValue="y"), more=True)),
        event(call()),
        event({**chunk(text("a")), "usageMetadata": {"a": 2}}),
        event({**chunk(text("a")), "createTime": "t"}),
        event({"error": {"code": 1}}),
        event({"promptFeedback": {"blockReason": "X"}}),
        event(chunk(text("a")))[:-2],
        event(chunk(text("a")), line_end="\n"),
        event(chunk(text("@"))).replace(b"@", b"\\ud83d"),
        event(chunk(text("@"))).replace(b"@", b"\xff"),
        event(chunk(text("a"))).replace(b'"index": 0', b'"index": 1'),
        event(chunk(text("a"))).replace(b'": 3', b'": 03'),
        event(chunk(text("a"))).replace(b'"text": "a"', b'"text": "a", "text": "b"'),
        b"data: {}\r\n\r\n",
        b"\r",
        b"\n",
        b"\xef\xbb\xbf",
        b": c\n\n",
        b"{",
        b"[",
        b"]",
        b",",
        json.dumps(END).encode(),
    ]
)


@given(
    st.lists(PIECES, max_size=12),
    st.lists(st.integers(0, 3000), max_size=20),
    st.sampled_from([EVENTS, JSON]),
    st.integers(1, 2),
)
def test_no_stream_makes_it_raise_and_no_cut_makes_a_difference(
    pieces: list[bytes], places: list[int], media: str, candidates: int
) -> None:
    body = (b"[" if media == JSON else b"") + b"".join(pieces)
    whole = read(body, media=media, candidates=candidates)
    chunked = read_chunks(cut(body, places), media=media, candidates=candidates)
    assert chunked == whole
    if whole.held is None:
        assert chunked.held is None
        return
    assert chunked.held is not None
    assert whole.held <= chunked.held < len(body)
    assert b"STOP" in body or b"blockReason" in body


@given(st.lists(st.tuples(st.sampled_from(["a", "b\\n", "é", "\\ud83d", "\\ude00"]),
                          st.booleans(), st.integers(0, 99), st.booleans()), max_size=9))  # fmt: skip
def test_an_event_taken_by_its_likeness_says_what_it_says_when_read(
    said: list[tuple[str, bool, int, bool]],
) -> None:
    bodies = []
    for word, thought, count, timed in said:
        one = chunk(text("@", thought=True) if thought else text("@"))
        one["usageMetadata"] = {"a": count, "b": [{"c": count}]}
        body = event({**one, "createTime": "t"} if timed else one)
        bodies.append(body.replace(b"@", word.encode()))
    spelled = b"".join(bodies)
    # no event with a second line is taken by its likeness
    assert read(spelled) == read(spelled.replace(b"data: ", b"id: 7\ndata: "))


def test_text_beside_the_text_is_not_taken_for_it() -> None:
    chunks: list[Any] = []
    for beside in ("a", "b", "c"):
        one = chunk(text("a"))
        one["candidates"][0] = {"citationMetadata": {"text": beside}, **one["candidates"][0]}
        chunks.append(one)
    said, about = stream(*chunks, END).blocks
    assert said.content == b"aaa"
    assert about.value == {"citationMetadata": [{"text": beside} for beside in ("a", "b", "c")]}


def test_most_events_are_taken_by_their_likeness() -> None:
    fold = ResponseFold()
    first, like, *others = (
        event(one).rstrip()
        for one in (
            chunk(text("a")),
            {**chunk(text("b\\")), "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 0}},
            chunk(text("b"), index=1),
            chunk(text("b", thought=True)),
            chunk(text("b"), finish="STOP"),
            {**chunk(text("b")), "modelVersion": "y"},
            {**chunk(text("b")), "usageMetadata": {"promptTokenCount": 9}},
        )
    )
    assert not fold.skim(first, [])
    assert fold.take("", Raw(first[6:]), []) is None
    assert fold.skim(like, []) and fold.skim(first, [])
    assert not any(fold.skim(other, []) for other in others)
    for spelling in (b"03", b"3.5", b'"3"', b"1" * 16):
        assert not fold.skim(first.replace(b": 3", b": " + spelling), [])
    for broken in (first + b" ", first[:-1], first.replace(b'"a"', b'"\\x"')):
        assert not fold.skim(broken, [])
    block, about = (*fold.close()[0], fold.close()[2])
    assert (block.content, json.loads(about.usage or b"")) == (b"ab\\a", USAGE)


@given(st.binary(), st.binary(), st.sampled_from([EVENTS, JSON, ""]))
def test_no_bytes_make_it_raise(first: bytes, second: bytes, media: str) -> None:
    for status in (200, 400):
        reading = read_chunks([first, second], status, media)
        assert reading == read(first + second, status, media)
        assert not (reading.outcome.complete and status == 400)


@given(st.lists(st.text(st.characters(exclude_categories=())), min_size=1, max_size=8))
def test_text_is_what_its_chunks_said(texts: list[str]) -> None:
    block = only(*(chunk(text(one)) for one in map(_sendable, texts)), END)
    assert block.content.decode() == "".join(map(_sendable, texts))


def _sendable(said: str) -> str:
    return said.encode("utf-16", "replace").decode("utf-16")
