"""Every event of Responses' streams that is known is understood: it tells nothing that its item does not.

The list is that of https://platform.openai.com/docs/api-reference/responses-streaming and of recorded
traffic; the other formats have one kind of event, or their own tests of all of them.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from braid.node import Kind
from braid.wire.block import Block, Outcome
from braid.wire.openai_responses import read_answer

Json = dict[str, Any]
_PART: Json = {"type": "output_text", "text": "Rain.", "annotations": []}
_REFUSED: Json = {"type": "refusal", "refusal": "No."}
_SUMMARY: Json = {"type": "summary_text", "text": "Hm."}
_REASON: Json = {"type": "reasoning_text", "text": "So."}
_CALL: Json = {"call_id": "c_1", "name": "f", "arguments": "{}"}

# Each item as it ends, and the events between its first and its last.
STREAMS: dict[str, tuple[Json, list[Json]]] = {
    "text": (
        {"type": "message", "role": "assistant", "content": [_PART]},
        [
            {"type": "response.content_part.added", "content_index": 0, "part": {**_PART, "text": ""}},
            {"type": "response.output_text.delta", "content_index": 0, "delta": "Rain.", "logprobs": []},
            {"type": "response.output_text.done", "content_index": 0, "text": "Rain.", "logprobs": []},
            {"type": "response.content_part.done", "content_index": 0, "part": _PART},
        ],
    ),
    "refusal": (
        {"type": "message", "role": "assistant", "content": [_REFUSED]},
        [
            {"type": "response.content_part.added", "content_index": 0,
             "part": {"type": "refusal", "refusal": ""}},
            {"type": "response.refusal.delta", "content_index": 0, "delta": "No."},
            {"type": "response.refusal.done", "content_index": 0, "refusal": "No."},
            {"type": "response.content_part.done", "content_index": 0, "part": _REFUSED},
        ],
    ),
    "reasoning": (
        {"type": "reasoning", "summary": [_SUMMARY], "content": [_REASON], "encrypted_content": "gAAA"},
        [
            {"type": "response.reasoning_summary_part.added", "summary_index": 0,
             "part": {**_SUMMARY, "text": ""}},
            {"type": "response.reasoning_summary_text.delta", "summary_index": 0, "delta": "Hm."},
            {"type": "response.reasoning_summary_text.done", "summary_index": 0, "text": "Hm."},
            {"type": "response.reasoning_summary_part.done", "summary_index": 0, "part": _SUMMARY},
            {"type": "response.reasoning_text.delta", "content_index": 0, "delta": "So."},
            {"type": "response.reasoning_text.done", "content_index": 0, "text": "So."},
        ],
    ),
    "function": (
        {"type": "function_call", **_CALL},
        [
            {"type": "response.function_call_arguments.delta", "delta": "{}"},
            {"type": "response.function_call_arguments.done", "arguments": "{}", "name": "f"},
        ],
    ),
    "custom": (
        {"type": "custom_tool_call", "call_id": "c_1", "name": "f", "input": "ls"},
        [
            {"type": "response.custom_tool_call_input.delta", "delta": "ls"},
            {"type": "response.custom_tool_call_input.done", "input": "ls"},
        ],
    ),
    "mcp": (
        {"type": "mcp_call", "name": "f", "arguments": "{}", "output": "rain"},
        [
            {"type": "response.mcp_call.in_progress"},
            {"type": "response.mcp_call_arguments.delta", "delta": "{}"},
            {"type": "response.mcp_call_arguments.done", "arguments": "{}"},
            {"type": "response.mcp_call.completed"},
            {"type": "response.mcp_call.failed"},
        ],
    ),
    "mcp tools": (
        {"type": "mcp_list_tools", "server_label": "s", "tools": []},
        [{"type": f"response.mcp_list_tools.{step}"} for step in ("in_progress", "completed", "failed")],
    ),
    "web search": (
        {"type": "web_search_call", "action": {"type": "search"}},
        [{"type": f"response.web_search_call.{s}"} for s in ("in_progress", "searching", "completed")],
    ),
    "file search": (
        {"type": "file_search_call", "queries": ["rain"]},
        [{"type": f"response.file_search_call.{s}"} for s in ("in_progress", "searching", "completed")],
    ),
    "code": (
        {"type": "code_interpreter_call", "code": "1+1", "outputs": []},
        [
            {"type": "response.code_interpreter_call.in_progress"},
            {"type": "response.code_interpreter_call_code.delta", "delta": "1+1"},
            {"type": "response.code_interpreter_call_code.done", "code": "1+1"},
            {"type": "response.code_interpreter_call.interpreting"},
            {"type": "response.code_interpreter_call.completed"},
        ],
    ),
    "image": (
        {"type": "image_generation_call", "result": "iVBORw0KGgo=", "output_format": "png"},
        [{"type": f"response.image_generation_call.{s}"} for s in ("in_progress", "generating", "completed")],
    ),
    "shell": (
        {"type": "shell_call", "call_id": "c_1", "action": {"commands": ["ls"]}},
        [
            {"type": "response.shell_call_command.added", "command_index": 0, "command": ""},
            {"type": "response.shell_call_command.delta", "command_index": 0, "delta": "ls"},
            {"type": "response.shell_call_command.done", "command_index": 0, "command": "ls"},
        ],
    ),
    "shell output": (
        {"type": "shell_call_output", "call_id": "c_1", "output": [{"stdout": "a", "stderr": ""}]},
        [
            {"type": "response.shell_call_output_content.delta", "delta": {"stdout": "a"}},
            {"type": "response.shell_call_output_content.done", "output": [{"stdout": "a", "stderr": ""}]},
        ],
    ),
    "compaction": (
        {"type": "compaction", "encrypted_content": "gAAA"},
        [{"type": "response.compaction.compacting"}],
    ),
}  # fmt: skip
LIVES = ("created", "queued", "in_progress")
ENDS = ("completed", "incomplete", "failed")


def told(events: list[Json]) -> tuple[list[Block], Outcome]:
    reader = read_answer(200, "text/event-stream")
    body = b"".join(
        f"event: {one['type']}\ndata: {json.dumps(one | {'sequence_number': n})}\n\n".encode()
        for n, one in enumerate(events)
    )
    blocks = list(reader.feed(body).blocks)
    rest, outcome = reader.close()
    return [*blocks, *rest], outcome


def said(blocks: list[Block]) -> list[tuple[Kind, bytes]]:
    return [(block.kind, block.content) for block in blocks if block.role]


def response(status: str, *output: Json) -> Json:
    return {"id": "resp_1", "object": "response", "status": status, "output": list(output)}


def stream(item: Json, between: list[Json], end: str = "completed") -> list[Json]:
    whole = {**item, "id": "i_1"}
    begun = {"id": "i_1", "type": item["type"]}
    placed = [{**one, "output_index": 0, "item_id": "i_1"} for one in between]
    return [
        *({"type": f"response.{life}", "response": response(life)} for life in LIVES),
        {"type": "response.output_item.added", "output_index": 0, "item": begun},
        {"type": "keepalive"},
        *placed,
        {"type": "response.output_item.done", "output_index": 0, "item": whole},
        {"type": f"response.{end}", "response": response(end, whole)},
    ]


@pytest.mark.parametrize("name", STREAMS)
def test_an_item_is_told_by_its_last_event(name: str) -> None:
    item, between = STREAMS[name]
    blocks, outcome = told(stream(item, between))
    reader = read_answer(200, "application/json")
    reader.feed(json.dumps(response("completed", {**item, "id": "i_1"})).encode())
    whole, _ = reader.close()
    assert outcome.complete and not outcome.error
    # What its events said besides stands nowhere as words of its own.
    assert said(blocks) == said(list(whole)) and said(blocks)
    assert not [block for block in blocks if "ambiguous" in block.attrs]
    kinds = [str(block.attrs.get("type", "")) for block in blocks]
    assert not [kind for kind in kinds if kind.startswith(("response.", "keepalive"))]


@pytest.mark.parametrize("name", STREAMS)
def test_each_event_alone_may_be_missing(name: str) -> None:
    item, between = STREAMS[name]
    whole = said(told(stream(item, between))[0])
    for left in range(len(between)):
        some = [one for n, one in enumerate(between) if n != left]
        assert [one for one in said(told(stream(item, some))[0]) if one in whole] == whole


@pytest.mark.parametrize("end", ENDS)
def test_a_response_ends_in_one_of_three_ways(end: str) -> None:
    item, between = STREAMS["text"]
    _, outcome = told(stream(item, between, end))
    assert (outcome.complete, outcome.error) == (True, end == "failed")
