"""A scripted provider's answers in OpenAI's two shapes, whole and streamed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from fakes.provider import Asked, Json, Reply, fresh

MODEL = "gpt-scripted-1"
_JSON = "application/json"
_EVENTS = "text/event-stream; charset=utf-8"


def chat(asked: Asked, *messages: Json, **more: Any) -> Reply:
    """Answer a chat completion with a choice for each message, the way it was asked for."""
    choices = [
        {
            "index": index,
            "message": {"role": "assistant", "content": None, "refusal": None, **message},
            "logprobs": None,
            "finish_reason": "tool_calls" if message.get("tool_calls") else "stop",
        }
        for index, message in enumerate(messages)
    ]
    usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    said = {
        "id": fresh("chatcmpl"),
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": choices,
        "usage": usage,
        "system_fingerprint": "fp_1",
        **more,
    }
    headers = {"x-request-id": fresh("req"), "openai-version": "2020-10-01"}
    if not asked.request.get("stream"):
        return Reply(json.dumps(said).encode(), headers={**headers, "content-type": _JSON})
    return Reply(b"".join(_chunks(asked, said)), headers={**headers, "content-type": _EVENTS})


def _chunks(asked: Asked, said: Json) -> Iterable[bytes]:
    base = {name: said[name] for name in ("id", "created", "model", "system_fingerprint")}

    def chunk(*choices: Json, **more: Any) -> bytes:
        whole = {**base, "object": "chat.completion.chunk", "choices": list(choices), **more}
        return b"data: " + json.dumps(whole, separators=(",", ":")).encode() + b"\n\n"

    for choice in said["choices"]:
        yield _delta(chunk, choice, {"role": "assistant", "content": ""})
    # The choices of an answer come in each other's midst.
    queues = [list(_pieces(choice["message"])) for choice in said["choices"]]
    while any(queues):
        for choice, queue in zip(said["choices"], queues, strict=True):
            if queue:
                yield _delta(chunk, choice, queue.pop(0))
    for choice in said["choices"]:
        yield _delta(chunk, choice, {}, choice["finish_reason"])
    if asked.request.get("stream_options", {}).get("include_usage"):
        yield chunk(usage=said["usage"])
    yield b"data: [DONE]\n\n"


def _delta(chunk: Any, choice: Json, delta: Json, reason: str | None = None) -> bytes:
    whole: bytes = chunk(
        {"index": choice["index"], "delta": delta, "logprobs": None, "finish_reason": reason},
        obfuscation="abcd",
    )
    return whole


def _pieces(message: Json) -> Iterable[Json]:
    for name in ("reasoning_content", "reasoning", "content", "refusal"):
        words = message.get(name) or ""
        yield from ({name: words[at : at + 4]} for at in range(0, len(words), 4))
    for index, call in enumerate(message.get("tool_calls", [])):
        holder = call["type"]
        (member,) = call[holder].keys() - {"name"}
        words = call[holder][member]
        begun = {**call, "index": index, holder: {**call[holder], member: ""}}
        yield {"tool_calls": [begun]}
        for at in range(0, len(words), 5):
            yield {"tool_calls": [{"index": index, holder: {member: words[at : at + 5]}}]}


def tool_call(name: str, arguments: str) -> Json:
    """A call of a function, its arguments spelled as given."""
    function = {"name": name, "arguments": arguments}
    return {"id": fresh("call"), "type": "function", "function": function}


def response(asked: Asked, *output: Json, **more: Any) -> Reply:
    """Answer a response, the way it was asked for."""
    said = answered(asked, *output, **more)
    headers = {"x-request-id": fresh("req")}
    if not asked.request.get("stream"):
        return Reply(json.dumps(said).encode(), headers={**headers, "content-type": _JSON})
    body = b"".join(
        _event(number, one) for number, one in enumerate(_events({**said, "output": output}))
    )
    return Reply(body, headers={**headers, "content-type": _EVENTS})


def answered(asked: Asked, *output: Json, **more: Any) -> Json:
    """A response that repeats what it was asked, as the provider's do."""
    request = asked.request if asked.body else {}
    return {
        "id": fresh("resp"),
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "instructions": request.get("instructions"),
        "metadata": request.get("metadata", {}),
        "model": MODEL,
        "output": list(output),
        "parallel_tool_calls": True,
        "previous_response_id": request.get("previous_response_id"),
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": request.get("tools", []),
        "top_p": 1.0,
        "usage": {"input_tokens": 5, "output_tokens": 7, "total_tokens": 12},
        **more,
    }


def _event(number: int, data: Json) -> bytes:
    text = json.dumps({**data, "sequence_number": number}, separators=(",", ":"))
    return f"event: {data['type']}\ndata: {text}\n\n".encode()


def _events(said: Json) -> Iterable[Json]:
    begun = {**said, "status": "in_progress", "output": [], "usage": None}
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for index, item in enumerate(said["output"]):
        place = {"output_index": index, "item_id": item["id"]}
        empty = {**item, "status": "in_progress"} if "status" in item else {**item}
        if item["type"] == "message":
            yield _added(index, {**empty, "content": []})
            for part_index, part in enumerate(item["content"]):
                at = {**place, "content_index": part_index}
                bare = {**part, "text": ""}
                yield {"type": "response.content_part.added", **at, "part": bare}
                for start in range(0, len(part["text"]), 6):
                    delta = part["text"][start : start + 6]
                    yield {"type": "response.output_text.delta", **at, "delta": delta,
                           "logprobs": [], "obfuscation": "xyz"}  # fmt: skip
                yield {"type": "response.output_text.done", **at, "text": part["text"],
                       "logprobs": []}  # fmt: skip
                yield {"type": "response.content_part.done", **at, "part": part}
        elif item["type"] == "function_call":
            yield _added(index, {**empty, "arguments": ""})
            yield {"type": "response.function_call_arguments.delta", **place,
                   "delta": item["arguments"]}  # fmt: skip
            yield {"type": "response.function_call_arguments.done", **place,
                   "arguments": item["arguments"], "name": item["name"]}  # fmt: skip
        elif item["type"] == "reasoning":
            yield _added(index, {**empty, "summary": [], "encrypted_content": "unfinished"})
            for summary_index, part in enumerate(item["summary"]):
                at = {**place, "summary_index": summary_index}
                yield {"type": "response.reasoning_summary_part.added", **at,
                       "part": {**part, "text": ""}}  # fmt: skip
                yield {"type": "response.reasoning_summary_text.delta", **at,
                       "delta": part["text"]}  # fmt: skip
                yield {"type": "response.reasoning_summary_text.done", **at,
                       "text": part["text"]}  # fmt: skip
                yield {"type": "response.reasoning_summary_part.done", **at, "part": part}
        else:
            yield _added(index, empty)
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    ends = {"completed", "incomplete", "failed"} & {said["status"]}
    yield {"type": f"response.{ends.pop() if ends else 'completed'}", "response": said}


def _added(index: int, item: Json) -> Json:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def message(words: str) -> Json:
    part = {"type": "output_text", "text": words, "annotations": [], "logprobs": []}
    return {
        "id": fresh("msg"),
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [part],
    }


def reasoning(words: str, sealed: str = "gAAAsealed") -> Json:
    return {
        "id": fresh("rs"),
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": words}] if words else [],
        "encrypted_content": sealed,
    }


def function_call(name: str, arguments: str) -> Json:
    return {
        "id": fresh("fc"),
        "type": "function_call",
        "status": "completed",
        "call_id": fresh("call"),
        "name": name,
        "arguments": arguments,
    }


def custom_call(name: str, words: str) -> Json:
    return {
        "id": fresh("ctc"),
        "type": "custom_tool_call",
        "status": "completed",
        "call_id": fresh("call"),
        "name": name,
        "input": words,
    }


def compaction(sealed: str = "gAAAcompacted") -> Json:
    return {"id": fresh("cmp"), "type": "compaction", "encrypted_content": sealed}


def error(status: int, words: str, kind: str = "invalid_request_error", **headers: str) -> Reply:
    """An error in the provider's shape."""
    body = {"error": {"message": words, "type": kind, "param": None, "code": None}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    base = {"content-type": _JSON, "x-request-id": fresh("req")}
    return Reply(json.dumps(body).encode(), status, {**base, **named})
