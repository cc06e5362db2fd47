"""Real Responses traffic: whatever way it is cut, streamed or whole, it says the same."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from braid.wire.openai_responses import read_answer, read_request
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

RESPONSES = "/v1/responses"
EVERY_CUT = 6000  # bytes up to which a stream is cut at many places
INPUTS = {
    "code_interpreter_call": "code",
    "custom_tool_call": "input",
    "file_search_call": "queries",
    "function_call": "arguments",
    "mcp_call": "arguments",
    "tool_search_call": "arguments",
    "web_search_call": "action",
}
OUTPUTS = {"function_call_output": "output", "tool_search_output": "tools"}
OWN = frozenset(  # what a response says that is no echo of its request
    {"billing", "completed_at", "created_at", "error", "incomplete_details", "moderation"}
    | {"object", "output", "service_tier", "status", "tool_usage", "usage", "id", "model"}
)


def read_chunks(chunks: Iterable[bytes], status: int = 200, media: str = STREAM) -> Reading:
    return read_through(read_answer(status, media), chunks, "openai")


def fold(stream: str) -> tuple[dict[str, Any], list[Any]]:
    """Give the response of a stream the plain way, and its items as the stream brought them."""
    items: dict[int, Any] = {}
    response: dict[str, Any] = {}
    for line in stream.splitlines():
        if line.startswith("data: {"):
            event = json.loads(line[6:])
            if event["type"] == "response.output_item.done":
                items[event["output_index"]] = event["item"]
            response = event.get("response", response)
    return response, [items[index] for index in sorted(items)]


@pytest.mark.parametrize("exchange", exchanges(RESPONSES))
def test_an_answer_says_the_same_whichever_way_it_is_cut(exchange: Any) -> None:
    answer, kind, status = body_of(exchange), media_of(exchange), exchange["response"]["status"]
    whole = read_chunks([answer], status, kind)
    terminal: int | None = None
    if kind.startswith("text/event-stream"):
        ends = [
            answer.rfind(b"event: response.%b\n" % end) for end in (b"completed", b"incomplete")
        ]
        terminal = max(ends)
    assert whole.held == terminal
    pieces = 40 if len(answer) <= EVERY_CUT else 9 if len(answer) <= 50_000 else 2
    cuts: list[Sequence[int]] = [[at * len(answer) // pieces] for at in range(1, pieces)]
    cuts += [range(0, len(answer), size) for size in (7, 1000)]
    if len(answer) < 130_000:
        cuts.append(range(len(answer)))
    for places in cuts:
        chunked = read_chunks(cut(answer, places), status, kind)
        assert chunked == whole
        if terminal is not None:
            assert chunked.held is not None and terminal <= chunked.held < len(answer.rstrip()) + 2


@pytest.mark.parametrize("exchange", exchanges(RESPONSES, "text/event-stream"))
def test_an_answer_says_the_same_streamed_or_whole(exchange: Any) -> None:
    streamed = read_chunks([body_of(exchange)])
    response, items = fold(exchange["response"]["body"])
    again = response["output"]
    whole = read_chunks([json.dumps({**response, "output": items}).encode()], media=WHOLE)
    *blocks, envelope, echo = map(by_value, whole.blocks)
    assert list(map(by_value, streamed.blocks[:-2])) == blocks
    assert by_value(streamed.blocks[-1]) == echo
    # The provider seals its reasoning anew each time it sends it.
    told: Any = streamed.blocks[-2].value
    told.pop("output", None)
    assert told == envelope[3]  # type: ignore[index]
    listed: Any = streamed.blocks[-2].value
    for one, other in zip(items, again, strict=True):
        changed = {name: value for name, value in other.items() if one.get(name) != value}
        if changed:
            named = {"id": one["id"], "type": one["type"]}
            assert listed["output"].pop(0) == named | changed
            assert changed.keys() == {"encrypted_content"}
    assert listed.get("output", []) == []
    assert outcome_by_value(streamed) == outcome_by_value(whole)
    assert streamed.outcome.complete and not streamed.outcome.error


@pytest.mark.parametrize("exchange", exchanges(RESPONSES, "text/event-stream"))
def test_a_stream_cut_before_its_items_end_says_the_same_words(exchange: Any) -> None:
    answer = body_of(exchange)
    events = [event for event in answer.split(b"\n\n") if event]
    ends = tuple(b"event: response." + end for end in (b"output_item.done", b"compl", b"incompl"))
    begun = [event for event in events if not event.startswith(ends)]
    reading = read_chunks([b"\n\n".join(begun) + b"\n\n"])
    whole = read_chunks([answer])
    assert not reading.outcome.complete and reading.held is None
    texts = ("text", "thinking")
    said = [block for block in reading.blocks if block.kind in texts and block.content]
    full = [block for block in whole.blocks if block.kind in texts and block.content]
    assert [(b.kind, b.content, b.attrs["id"], b.attrs["index"]) for b in said] == [
        (b.kind, b.content, b.attrs["id"], b.attrs["index"]) for b in full
    ]
    assert all(block.attrs["cut"] is True for block in reading.blocks if block.role)
    for native in ("function_call", "mcp_call", "code_interpreter_call"):
        inputs = [b.content for b in whole.blocks if b.attrs.get("type") == native]
        assert [b.content for b in reading.blocks if b.attrs.get("type") == native] == inputs
    assert not any("ambiguous" in block.attrs for block in (*reading.blocks, *whole.blocks))


@pytest.mark.parametrize("exchange", exchanges(RESPONSES, WHOLE, 200))
def test_a_whole_answer_can_be_had_back_from_its_blocks(exchange: Any) -> None:
    reading = read_chunks([body_of(exchange)], media=WHOLE)
    response = json.loads(body_of(exchange))
    own = [item for item in response["output"] if item.get("role") != "user"]
    blocks = [block for block in reading.blocks if block.role]
    assert list(map(piece, blocks)) == [said for item in own for said in pieces(item)]
    assert rests(blocks) == [rest for item in own if (rest := rest_of(item))]
    assert {block.origin for block in blocks} <= {"provider"}
    assert {block.role for block in blocks} <= {"assistant"}
    told = {"id", "model", "usage", "output", "object", "status"}
    if response["object"] != "response":
        told.remove("object")
    left = without_nulls({n: v for n, v in response.items() if n not in told and n in OWN})
    echo = without_nulls({n: v for n, v in response.items() if n not in OWN})
    if "tools" in echo:
        echo["tools"] = shown(echo["tools"])
    if listed := [item for item in response["output"] if item.get("role") == "user"]:
        echo["output"] = listed
    beside = [(block.origin, block.value) for block in reading.blocks if not block.role]
    assert beside == [("provider", left)] + ([("client", echo)] if echo else [])
    assert reading.outcome.complete
    assert reading.outcome.stop_reason == response.get("status")


@pytest.mark.parametrize("exchange", exchanges(RESPONSES, status=400))
def test_an_error_is_kept_as_it_came(exchange: Any) -> None:
    reading = read_chunks([body_of(exchange)], 400, media_of(exchange))
    assert reading.outcome.error and not reading.outcome.complete
    (block,) = reading.blocks
    assert (block.kind, block.content) == ("other", body_of(exchange))
    assert block.attrs == {"provider": "openai", "type": "error"}


@pytest.mark.parametrize("exchange", exchanges(RESPONSES))
def test_a_request_can_be_had_back_from_its_blocks(exchange: Any) -> None:
    request = exchange["request"]["body"]
    if not isinstance(request, dict):
        pytest.skip("a poll has no body")
    read_back = read_request(json.dumps(request).encode())
    assert read_back.ambiguous is None
    assert read_back.model == request["model"]
    assert read_back.stream is request.get("stream", False)
    named = request.get("conversation")
    assert read_back.continues == (
        f"conversation {named}" if named else request.get("previous_response_id")
    )
    context = ("input", "instructions", "tools")
    parameters = {name: value for name, value in request.items() if name not in context}
    assert json.loads(read_back.parameters) == parameters
    tools = [json.loads(block.content) for block in read_back.tools]
    assert tools == shown(request.get("tools") or [])
    said = [block.content.decode() for block in read_back.system]
    instructions = request.get("instructions")
    assert said == ([] if instructions is None else [instructions])
    items = request["input"]
    if isinstance(items, str):
        items = [{"role": "user", "content": items}]
    blocks = list(map(tell, read_back.messages))
    assert list(map(piece, blocks)) == [said for item in items for said in pieces(item)]
    assert [block.role for block in blocks] == [
        role_of(item) for item in items for _ in pieces(item)
    ]
    assert rests(blocks) == [rest for item in items if (rest := rest_of(item))]


def shown(tools: list[Any]) -> list[Any]:
    hidden = {"headers": "[credential not recorded]"}
    return [{**tool, **hidden} if tool.get("headers") else tool for tool in tools]


def role_of(item: dict[str, Any]) -> str:
    if item.get("execution") == "server":
        return "assistant"
    if str(item.get("type")).endswith("_output"):
        return "user"
    role = item.get("role", "assistant")
    return "system" if role == "developer" else str(role)


def pieces(item: dict[str, Any]) -> list[Any]:
    """List what an item says, each in a shape of its own."""
    content = item.get("content") or []
    if item.get("type") == "reasoning":
        return [*item["summary"], *content] or [item]
    if item.get("type", "message") != "message":
        return [item]
    native = "output_text" if item["role"] == "assistant" else "input_text"
    return [{"type": native, "text": content}] if isinstance(content, str) else list(content)


def rest_of(item: dict[str, Any]) -> dict[str, Any]:
    """Give the members of an item that is several blocks which say no word."""
    if pieces(item) == [item]:
        return {}
    taken = ["id", "role" if role_of(item) == item.get("role") else ""]
    if item.get("type") == "reasoning":
        taken += ["encrypted_content", *(name for name in ("summary", "content") if item.get(name))]
    else:
        taken.append("content")
    return {name: value for name, value in item.items() if name not in taken}


def rests(blocks: Iterable[Said]) -> list[Any]:
    return [block.attrs["message"] for block in blocks if "message" in block.attrs]


def piece(block: Said) -> Any:
    """Put an item or a part of one together again from what was kept of it."""
    native, attrs = str(block.attrs.get("type")), block.attrs
    extra: Any = attrs.get("extra", {})
    value = block.content.decode() if block.media == "text/plain" else None
    if native == "reasoning":
        sealed = {"encrypted_content": attrs["signature"]} if "signature" in attrs else {}
        named = {"id": attrs["id"]} if "id" in attrs else {}
        return {"type": native, **named, **sealed, **extra}
    if block.kind == "tool_result":
        call = {"call_id": attrs["tool_use_id"]} if "tool_use_id" in attrs else {}
        named = {name: attrs[name] for name in ("id", "name") if name in attrs}
        said = block.value if value is None else value
        return {"type": native, **named, **call, **extra, OUTPUTS[native]: said}
    if native == "image_generation_call":
        result = base64.b64encode(block.content).decode()
        return {"type": native, "id": attrs["id"], **extra, "result": result}
    if block.kind == "tool_use":
        is_text = INPUTS[native] == "arguments" and native != "tool_search_call"
        said = block.content.decode() if is_text else block.value if value is None else value
        call = {"id": attrs["id"]}
        if "item_id" in attrs or native == "function_call":
            call = {"call_id": attrs["id"]}
            call |= {"id": attrs["item_id"]} if "item_id" in attrs else {}
        named = {"name": attrs["name"]} if "name" in attrs else {}
        return {"type": native, **call, **named, **extra, INPUTS[native]: said}
    return part(block)
