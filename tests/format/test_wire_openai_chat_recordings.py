"""Real Chat Completions traffic: whatever way it is cut, streamed or whole, it says the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from braid.wire.openai_chat import read_answer, read_request
from format.answers import STREAM, WHOLE, Reading, Said, cut, read_through
from format.openai_answers import (
    body_of,
    by_value,
    exchanges,
    media_of,
    outcome_by_value,
    part,
    tell,
    without_nulls,
)

CHAT = "/v1/chat/completions"
EVERY_CUT = 2500  # bytes up to which a stream is cut at every place


def read_chunks(chunks: Iterable[bytes], status: int = 200, media: str = STREAM) -> Reading:
    return read_through(read_answer(status, media), chunks, "openai")


def fold(stream: str) -> dict[str, Any]:
    """Put a completion together the plain way, to have something to compare with."""
    whole: dict[str, Any] = {}
    choices: dict[int, Any] = {}
    for line in stream.splitlines():
        if not line.startswith("data: {"):
            continue
        chunk = json.loads(line[6:])
        chunk.pop("obfuscation", None)
        for piece in chunk.pop("choices"):
            empty = {"index": piece["index"], "message": {"tool_calls": []}}
            choice = choices.setdefault(piece["index"], empty)
            message, delta = choice["message"], piece.pop("delta")
            for call in delta.pop("tool_calls", ()):
                if call.pop("index") == len(message["tool_calls"]):
                    message["tool_calls"].append(call)
                else:
                    last = message["tool_calls"][-1]["function"]
                    last["arguments"] += call["function"]["arguments"]
            for name in ("content", "refusal"):
                if (said := delta.pop(name, None)) is not None:
                    message[name] = message.get(name, "") + said
            message.update(delta)
            choice.update(without_nulls(piece))
        whole.update(without_nulls(chunk))
    for choice in choices.values():
        if not choice["message"]["tool_calls"]:
            del choice["message"]["tool_calls"]
    return {**whole, "object": "chat.completion", "choices": list(choices.values())}


@pytest.mark.parametrize("exchange", exchanges(CHAT))
def test_an_answer_says_the_same_whichever_way_it_is_cut(exchange: Any) -> None:
    answer, kind, status = body_of(exchange), media_of(exchange), exchange["response"]["status"]
    whole = read_chunks([answer], status, kind)
    terminal = answer.rindex(b"data: [DONE]") if kind.startswith("text/event-stream") else None
    assert whole.held == terminal
    step = 1 if len(answer) <= EVERY_CUT else len(answer) // 23
    cuts: list[Sequence[int]] = [[place] for place in range(step, len(answer), step)]
    cuts += [range(0, len(answer), size) for size in (1, 7, 64, 1000)]
    for places in cuts:
        chunked = read_chunks(cut(answer, places), status, kind)
        assert chunked == whole
        if terminal is not None:
            assert chunked.held is not None and terminal <= chunked.held < len(answer.rstrip()) + 2


@pytest.mark.parametrize("exchange", exchanges(CHAT, "text/event-stream"))
def test_an_answer_says_the_same_streamed_or_whole(exchange: Any) -> None:
    streamed = read_chunks([body_of(exchange)])
    completion = fold(exchange["response"]["body"])
    whole = read_chunks([json.dumps(completion).encode()], media=WHOLE)
    assert list(map(by_value, streamed.blocks)) == list(map(by_value, whole.blocks))
    assert outcome_by_value(streamed) == outcome_by_value(whole)
    assert streamed.outcome.complete and not streamed.outcome.error


@pytest.mark.parametrize("exchange", exchanges(CHAT, WHOLE, 200))
def test_a_whole_answer_can_be_had_back_from_its_blocks(exchange: Any) -> None:
    reading = read_chunks([body_of(exchange)], media=WHOLE)
    completion = json.loads(body_of(exchange))
    (choice,) = completion.pop("choices")
    assert [piece(block) for block in reading.blocks if block.role] == pieces(choice["message"])
    told = {"id", "object", "model", "usage"}
    left = {name: value for name, value in completion.items() if name not in told}
    message = without_nulls(
        {n: v for n, v in choice["message"].items() if n not in SAID and n != "role"}
    )
    rest = {n: v for n, v in choice.items() if n not in ("index", "message", "finish_reason")}
    rest = without_nulls(rest) | ({"message": message} if message else {})
    left |= {"choices": [{"index": 0, **rest}]} if rest else {}
    assert [block.value for block in reading.blocks if not block.role] == [left]
    assert outcome_by_value(reading) == (
        True,
        False,
        completion["id"],
        completion["model"],
        choice.get("finish_reason"),
        (),
        completion["usage"],
    )


@pytest.mark.parametrize("exchange", exchanges(CHAT, status=400) + exchanges(CHAT, status=401))
def test_an_error_is_kept_as_it_came(exchange: Any) -> None:
    answer = body_of(exchange)
    reading = read_chunks([answer], exchange["response"]["status"], media_of(exchange))
    assert reading.outcome.error and not reading.outcome.complete
    (block,) = reading.blocks
    assert (block.kind, block.content, block.attrs["type"]) == ("other", answer, "error")


@pytest.mark.parametrize("exchange", exchanges(CHAT))
def test_a_request_can_be_had_back_from_its_blocks(exchange: Any) -> None:
    request = exchange["request"]["body"]
    read_back = read_request(json.dumps(request).encode())
    assert read_back.ambiguous is None
    assert read_back.model == request["model"]
    assert read_back.stream is request.get("stream", False)
    assert read_back.candidates == request.get("n", 1)
    context = ("messages", "tools")
    parameters = {name: value for name, value in request.items() if name not in context}
    assert json.loads(read_back.parameters) == parameters
    tools = [json.loads(block.content) for block in read_back.tools]
    assert tools == (request.get("tools") or [])
    told = [
        (block.role, piece(block)) for block in map(tell, read_back.system + read_back.messages)
    ]
    assert told == [(role_of(turn), said) for turn in request["messages"] for said in pieces(turn)]
    beside = [tell(block).attrs.get("message") for block in read_back.system + read_back.messages]
    rests = [rest for turn in request["messages"] if (rest := rest_of(turn))]
    assert [rest for rest in beside if rest] == rests


SAID = ("content", "refusal", "audio", "tool_calls", "reasoning_content", "reasoning")


def role_of(message: dict[str, Any]) -> str:
    role = str(message["role"])
    return {"tool": "user", "developer": "system"}.get(role, role)


def pieces(message: dict[str, Any]) -> list[Any]:
    """List what a message says, each in a shape of its own."""
    if message["role"] == "tool":
        return [message]
    content = message.get("content") or []
    listed = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
    if message.get("refusal"):
        listed.append({"type": "refusal", "refusal": message["refusal"]})
    if message.get("audio"):
        listed.append({"type": "audio", **message["audio"]})
    listed += message.get("tool_calls") or []
    return listed or [{"type": "text", "text": message["content"]}]


def rest_of(message: dict[str, Any]) -> dict[str, Any]:
    """Give the members of a message that say no word."""
    if message["role"] == "tool":
        return {}
    alone = not any(message.get(name) for name in SAID)  # then an empty string is what it says
    rest = {
        name: value
        for name, value in message.items()
        if name not in SAID or not (value or (alone and value == ""))
    }
    if role_of(message) == message["role"]:
        del rest["role"]
    return rest


def piece(block: Said) -> Any:
    """Put what a message said together again from what was kept of it."""
    attrs = block.attrs
    extra: Any = attrs.get("extra", {})
    text = block.content.decode() if block.media == "text/plain" else None
    if block.kind == "tool_use":
        holder, name = (
            ("custom", "input") if attrs["type"] == "custom" else ("function", "arguments")
        )
        inner = {**extra.get(holder, {}), "name": attrs["name"], name: block.content.decode()}
        return {"type": attrs["type"], "id": attrs["id"], **extra, holder: inner}
    if block.kind == "tool_result":
        content = block.value if text is None else text
        names = {"name": attrs["name"]} if "name" in attrs else {}
        call = {"tool_call_id": attrs["tool_use_id"]}
        return {"role": "tool", "content": content, **call, **names, **extra}
    return {**part(block), **({"id": attrs["id"]} if attrs.get("type") == "audio" else {})}
