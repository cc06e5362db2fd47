"""Real Anthropic traffic: whatever way it is cut, streamed or whole, it says the same."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from braid.wire.anthropic import read_request
from braid.wire.block import Block
from format.answers import STREAM, WHOLE, Reading, Said, cut, read, read_chunks, said

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings" / "anthropic"
FILES = sorted(RECORDINGS.glob("*.json"))
EVERY_CUT = 2500  # bytes up to which a stream is cut at every place


def exchanges(kind: str = "", status: int | None = None) -> list[Any]:
    """List the calls recorded, those with answers of this kind and status only."""
    if not FILES:
        reason = pytest.mark.skip(reason="the recordings are not beside this checkout")
        return [pytest.param({}, marks=reason)]
    return [
        pytest.param(exchange, id=f"{file.stem}-{number}")
        for file in FILES
        for number, exchange in enumerate(json.loads(file.read_bytes())["exchanges"])
        if exchange["request"]["path"].partition("?")[0] == "/v1/messages"
        and media(exchange).startswith(kind)
        and status in (None, exchange["response"]["status"])
    ]


def media(exchange: Any) -> str:
    headers = {name.lower(): value for name, value in exchange["response"]["headers"].items()}
    return str(headers["content-type"])


def body(exchange: Any) -> bytes:
    text = exchange["response"]["body"]
    return (text if isinstance(text, str) else json.dumps(text)).encode()


def fold(stream: str) -> dict[str, Any]:
    """Put a message together the plain way, to have something to compare with."""
    message: dict[str, Any] = {}
    inputs: dict[int, str] = {}
    for line in stream.splitlines():
        if not line.startswith("data:"):
            continue
        data = json.loads(line[5:])
        block = message["content"][data["index"]] if "index" in data and "delta" in data else {}
        match data["type"], data.get("delta", {}).get("type"):
            case "message_start", _:
                message = data["message"]
            case "content_block_start", _:
                assert data["index"] == len(message["content"])
                message["content"].append(data["content_block"])
            case _, "text_delta":
                block["text"] += data["delta"]["text"]
            case _, "thinking_delta":
                block["thinking"] += data["delta"]["thinking"]
            case _, "signature_delta":
                block["signature"] = data["delta"]["signature"]
            case _, "citations_delta":
                block["citations"] = [*(block.get("citations") or []), data["delta"]["citation"]]
            case _, "compaction_delta":
                block["content"] = data["delta"]["content"]
            case _, "input_json_delta":
                text = inputs.get(data["index"], "") + data["delta"]["partial_json"]
                inputs[data["index"]] = text
            case "message_delta", _:
                message.update(data["delta"])
                message["usage"].update(data["usage"])
                message.update(
                    {k: v for k, v in data.items() if k not in ("type", "delta", "usage")}
                )
            case kind, _:
                assert kind in ("ping", "content_block_stop", "message_stop")
    for index, text in inputs.items():
        if text:
            message["content"][index]["input"] = json.loads(text)
    return message


def by_value(block: Said) -> object:
    content = block.value if block.media == "application/json" else block.content
    return block.kind, block.origin, block.media, content, block.attrs, block.role, block.unseen


def outcome_by_value(reading: Reading) -> object:
    outcome = reading.outcome
    usage = json.loads(outcome.usage or b"null")
    ended = (outcome.complete, outcome.error, outcome.id, outcome.model, outcome.stop_reason)
    return (*ended, {name: count for name, count in usage.items() if count is not None})


@pytest.mark.parametrize("exchange", exchanges())
def test_an_answer_says_the_same_whichever_way_it_is_cut(exchange: Any) -> None:
    answer, kind, status = body(exchange), media(exchange), exchange["response"]["status"]
    whole = read(answer, status, kind)
    terminal = answer.rindex(b"event: message_stop") if kind == STREAM else None
    assert whole.held == terminal
    step = 1 if len(answer) <= EVERY_CUT else len(answer) // 23
    cuts: list[Sequence[int]] = [[place] for place in range(step, len(answer), step)]
    cuts += [range(0, len(answer), size) for size in (7, 64, 1000)]
    if len(answer) < 20_000:
        cuts.append(range(len(answer)))
    for places in cuts:
        chunked = read_chunks(cut(answer, places), status, kind)
        assert chunked == whole
        if terminal is not None:
            assert chunked.held is not None and terminal <= chunked.held < len(answer.rstrip()) + 2


@pytest.mark.parametrize("exchange", exchanges(STREAM))
def test_an_answer_says_the_same_streamed_or_whole(exchange: Any) -> None:
    streamed = read(body(exchange))
    message = fold(exchange["response"]["body"])
    whole = read(json.dumps(message).encode(), media=WHOLE)
    assert [by_value(block) for block in streamed.blocks] == [
        by_value(block) for block in whole.blocks
    ]
    assert outcome_by_value(streamed) == outcome_by_value(whole)
    assert streamed.outcome.complete and not streamed.outcome.error
    content = [native(block) for block in streamed.blocks if block.role == "assistant"]
    assert content == message["content"]


@pytest.mark.parametrize("exchange", exchanges(WHOLE, 200))
def test_a_whole_answer_can_be_had_back_from_its_blocks(exchange: Any) -> None:
    reading = read(body(exchange), media=WHOLE)
    message = json.loads(body(exchange))
    content = [native(block) for block in reading.blocks if block.role == "assistant"]
    assert content == message["content"]
    places = [block.attrs["index"] for block in reading.blocks if block.role == "assistant"]
    assert places == list(range(len(content)))
    told = message.keys() - {"id", "type", "role", "model", "content", "stop_reason", "usage"}
    left = {name: message[name] for name in told if message[name] is not None}
    assert [block.value for block in reading.blocks if not block.role] == ([left] if left else [])
    assert outcome_by_value(reading)[2:] == (  # type: ignore[index]
        message["id"],
        message["model"],
        message["stop_reason"],
        {name: count for name, count in message["usage"].items() if count is not None},
    )


@pytest.mark.parametrize(
    "exchange", exchanges(WHOLE, 400) + exchanges(WHOLE, 401) + exchanges(WHOLE, 404)
)
def test_an_error_is_kept_as_it_came(exchange: Any) -> None:
    reading = read(body(exchange), exchange["response"]["status"], media(exchange))
    assert reading.outcome.error and not reading.outcome.complete
    (block,) = reading.blocks
    assert (block.kind, block.content, block.attrs["type"]) == ("other", body(exchange), "error")


@pytest.mark.parametrize("exchange", exchanges())
def test_a_request_can_be_had_back_from_its_blocks(exchange: Any) -> None:
    request = exchange["request"]["body"]
    read_back = read_request(json.dumps(request).encode())
    assert read_back.ambiguous is None
    assert read_back.model == request["model"]
    assert read_back.stream is request.get("stream", False)
    context = ("messages", "system", "tools")
    parameters = {name: value for name, value in request.items() if name not in context}
    assert json.loads(read_back.parameters) == parameters
    tools = [block for block in read_back.tools if block.attrs.get("type") != "unseen"]
    assert [json.loads(block.content) for block in tools] == request.get("tools", [])
    assert (tools != list(read_back.tools)) is ("mcp_servers" in request)
    assert natives(read_back.system) == as_blocks(request.get("system", []))
    turns = [block for turn in request["messages"] for block in as_blocks(turn["content"])]
    assert natives(read_back.messages) == turns
    roles = [turn["role"] for turn in request["messages"] for _ in as_blocks(turn["content"])]
    assert [block.role for block in read_back.messages] == roles


def as_blocks(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def natives(blocks: tuple[Block, ...]) -> list[Any]:
    return [native(said(block)) for block in blocks]


def native(block: Said) -> Any:
    """Put a native block together again from what was kept of it."""
    if block.kind in ("other", "tools"):
        return block.value
    names = ("type", "id", "name", "signature", "tool_use_id")
    kept: dict[str, Any] = {name: block.attrs[name] for name in names if name in block.attrs}
    kept |= block.attrs.get("extra", {})  # type: ignore[arg-type]
    text = block.content.decode() if block.media == "text/plain" else None
    match kept["type"]:
        case "text":
            kept["text"] = text
        case "thinking":
            kept["thinking"] = text
        case "redacted_thinking":
            kept["data"] = text
        case "tool_use" | "server_tool_use" | "mcp_tool_use":
            kept["input"] = block.value
        case "image" | "document" if "source" in kept:
            decoded = {"media_type": block.media, "data": base64.b64encode(block.content).decode()}
            if kept["source"]["type"] == "text":
                decoded["data"] = block.content.decode()
            kept["source"] |= decoded
        case "image" | "document" | "search_result":
            return block.value
        case _:
            kept["content"] = block.value if text is None else text
    return kept
