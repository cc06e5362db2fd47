"""Real Gemini traffic: whatever way it is cut, streamed or whole, it says the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from braid.wire.gemini import read_request
from format.answers import Reading, cut
from format.google_answers import (
    EVENTS,
    JSON,
    array,
    body_of,
    by_value,
    camelised,
    exchanges,
    media_of,
    native,
    read,
    read_chunks,
    tell,
)

EVERY_CUT = 1500  # bytes up to which a stream is cut at every place
TOLD = {"candidates", "usageMetadata", "modelVersion", "responseId"}


def chunks_of(stream: str) -> list[Any]:
    return [json.loads(line[6:]) for line in stream.split("\r\n") if line]


def fold(chunks: Sequence[Any]) -> dict[str, Any]:
    """Put a response together the plain way, to have something to compare with."""
    response: dict[str, Any] = {"usageMetadata": {}, "candidates": []}
    found: dict[int, Any] = {}
    for chunk in chunks:
        response["usageMetadata"].update(chunk["usageMetadata"])
        for name in chunk.keys() - {"usageMetadata", "candidates"}:
            assert response.setdefault(name, chunk[name]) == chunk[name]
        for one in chunk["candidates"]:
            index = one.get("index", 0)
            candidate = found.setdefault(index, {"content": {"role": "model", "parts": []}})
            parts = candidate["content"]["parts"]
            for part in one.get("content", {}).get("parts", []):
                last = parts[-1] if parts else {}
                alike = {"text"} <= last.keys() & part.keys() <= {"text", "thought"}
                if alike and last.get("thought") == part.get("thought"):
                    part = {**part, "text": last["text"] + part["text"]}
                    parts[-1] = last | part
                else:
                    parts.append(part)
            candidate.update({k: v for k, v in one.items() if k != "content"})
    response["candidates"] = [found[index] for index in sorted(found)]
    return response


def outcome_by_value(reading: Reading) -> object:
    outcome = reading.outcome
    ended = (outcome.complete, outcome.error, outcome.id, outcome.model, outcome.stop_reason)
    return (*ended, json.loads(outcome.usage or b"null"), outcome.aliases)


def place_of_last_event(answer: bytes) -> int:
    return answer.rindex(b"data: ")


@pytest.mark.parametrize("exchange", exchanges("enerateContent"))
def test_an_answer_says_the_same_whichever_way_it_is_cut(exchange: Any) -> None:
    answer, kind, status = body_of(exchange), media_of(exchange), exchange["response"]["status"]
    whole = read(answer, status, kind)
    terminal = place_of_last_event(answer) if kind == EVENTS else None
    assert whole.held == terminal
    step = 1 if len(answer) <= EVERY_CUT else len(answer) // 17
    cuts: list[Sequence[int]] = [[place] for place in range(step, len(answer), step)]
    cuts += [range(0, len(answer), size) for size in (7, 64, 1000)]
    if len(answer) < 20_000:
        cuts.append(range(len(answer)))
    for places in cuts:
        chunked = read_chunks(cut(answer, places), status, kind)
        assert chunked == whole
        if terminal is not None:
            assert chunked.held is not None and terminal <= chunked.held < len(answer)


@pytest.mark.parametrize("exchange", exchanges("enerateContent", EVENTS))
def test_an_answer_says_the_same_streamed_or_whole_or_as_an_array(exchange: Any) -> None:
    streamed = read(body_of(exchange))
    chunks = chunks_of(exchange["response"]["body"])
    response = fold(chunks)
    whole = read(json.dumps(response).encode(), media=JSON)
    assert [by_value(block) for block in streamed.blocks] == [
        by_value(block) for block in whole.blocks
    ]
    assert outcome_by_value(streamed) == outcome_by_value(whole)
    assert streamed.outcome.complete and not streamed.outcome.error
    said = [native(block) for block in streamed.blocks if block.role == "assistant"]
    parts = [part for one in response["candidates"] for part in one["content"]["parts"]]
    assert said == [camelised(part) for part in parts]
    body = array(*chunks)
    listed = read(body, media=JSON)
    assert [by_value(block) for block in listed.blocks] == [
        by_value(block) for block in streamed.blocks
    ]
    assert outcome_by_value(listed) == outcome_by_value(streamed)
    assert listed.held == body.rindex(b'{\n  "candidates"')
    assert read_chunks(cut(body, range(0, len(body), 5)), media=JSON) == listed


@pytest.mark.parametrize("exchange", exchanges("enerateContent", "application/json", 200))
def test_a_whole_answer_can_be_had_back_from_its_blocks(exchange: Any) -> None:
    reading = read(body_of(exchange), media=media_of(exchange))
    response = json.loads(body_of(exchange))
    (candidate,) = response["candidates"]
    parts = candidate.get("content", {}).get("parts", [])
    said = [native(block) for block in reading.blocks if block.role == "assistant"]
    assert said == [camelised(part) for part in parts]
    about = {k: v for k, v in candidate.items() if k not in ("content", "index", "finishReason")}
    told = {name: value for name, value in response.items() if name not in TOLD}
    beside = {str(block.attrs["type"]): block.value for block in reading.blocks if not block.role}
    assert beside == {k: v for k, v in (("candidate", about), ("response", told)) if v}
    assert outcome_by_value(reading) == (
        True,
        False,
        response.get("responseId"),
        response["modelVersion"],
        candidate["finishReason"],
        response["usageMetadata"],
        (),
    )


@pytest.mark.parametrize(
    "exchange", exchanges("enerateContent", status=400) + exchanges("enerateContent", status=429)
)
def test_an_error_is_kept_as_it_came(exchange: Any) -> None:
    reading = read(body_of(exchange), exchange["response"]["status"], media_of(exchange))
    assert reading.outcome.error and not reading.outcome.complete
    (block,) = reading.blocks
    assert (block.kind, block.content, block.attrs["type"]) == ("other", body_of(exchange), "error")


@pytest.mark.parametrize("exchange", exchanges("enerateContent"))
def test_a_request_can_be_had_back_from_its_blocks(exchange: Any) -> None:
    request, path = exchange["request"]["body"], exchange["request"]["path"].partition("?")[0]
    read_back = read_request(json.dumps(request).encode(), path)
    assert read_back.ambiguous is None
    assert read_back.model == path.rpartition("/")[2].partition(":")[0]
    assert read_back.stream is ("stream" in path)
    context = ("contents", "systemInstruction", "tools")
    parameters = {name: value for name, value in request.items() if name not in context}
    assert json.loads(read_back.parameters) == parameters
    tools = [
        entry
        for tool in as_list(request.get("tools", []))
        for name, value in tool.items()
        for entry in (value if "eclarations" in name else [{name: value}])
    ]
    assert [json.loads(block.content) for block in read_back.tools] == tools
    system = as_list(request.get("systemInstruction", {}).get("parts", []))
    assert [native(tell(block)) for block in read_back.system] == system
    parts = [part for turn in request["contents"] for part in as_list(turn["parts"])]
    assert [native(tell(block)) for block in read_back.messages] == [
        camelised(part) for part in parts
    ]
    names = {"user": "user", "model": "assistant"}
    roles = [names[turn["role"]] for turn in request["contents"] for _ in as_list(turn["parts"])]
    assert [block.role for block in read_back.messages] == roles


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_placeholders_are_no_signatures() -> None:
    texts = [
        json.dumps(exchange.values[0]["request"]["body"])
        for exchange in exchanges("enerateContent")
        if exchange.values[0]
    ]
    placed = "Y29udGV4dF9lbmdpbmVlcmluZ19pc190aGVfd2F5X3RvX2dv"
    with_one = [text for text in texts if placed in text]
    if not with_one:
        pytest.skip("no recordings beside this checkout")
    for text in with_one:
        blocks = [tell(block) for block in read_request(text.encode()).messages]
        (block,) = [block for block in blocks if placed in str(block.attrs)]
        assert "signature" not in block.attrs
        assert block.attrs["extra"] == {"thoughtSignature": placed}
