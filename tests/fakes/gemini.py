"""A scripted provider's answers in Gemini's two shapes, whole and streamed."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

from fakes.provider import Asked, Json, Reply, fresh

MODEL = "gemini-scripted-1"
# In base64 it has both characters in which the two alphabets differ, and padding.
SEALED = base64.b64encode(b"\xfb\xff\xbe sealed by the provider").decode()
_JSON = "application/json; charset=UTF-8"
_EVENTS = "text/event-stream"
_PIECE = 4


def content(asked: Asked, *parts: Json, **about: Any) -> Reply:
    """Answer with one candidate, the way it was asked for; `about` are members of it."""
    return candidates(asked, {"parts": list(parts), **about})


def candidates(asked: Asked, *said: Json, **more: Any) -> Reply:
    """Answer with candidates, each a list of `parts` and what else it says."""
    base = {"modelVersion": MODEL, "responseId": fresh("r"), **more}
    usage = {"promptTokenCount": 5, "candidatesTokenCount": 7, "totalTokenCount": 12}
    headers = {"x-goog-request-id": fresh("req"), "server-timing": "gfet4t7; dur=9"}
    path = asked.path.partition("?")
    if not path[0].endswith(":streamGenerateContent"):
        whole = {
            "candidates": [_candidate(index, one) for index, one in enumerate(said)],
            "usageMetadata": usage,
            **base,
        }
        return Reply(json.dumps(whole, indent=2).encode(), 200, {**headers, "content-type": _JSON})
    chunks = list(_chunks(said, usage, base))
    if "alt=sse" in path[2]:
        body = b"".join(map(event, chunks))
        return Reply(body, 200, {**headers, "content-type": _EVENTS})
    body = b"[" + b",\r\n".join(json.dumps(one).encode() for one in chunks) + b"\n]\n"
    return Reply(body, 200, {**headers, "content-type": _JSON})


def event(chunk: Json) -> bytes:
    """One event of a stream; the provider ends lines with CRLF."""
    return b"data: " + json.dumps(chunk).encode() + b"\r\n\r\n"


def _candidate(index: int, said: Json) -> Json:
    about = {"finishReason": "STOP", "index": index, **said}
    parts = about.pop("parts")
    return {"content": {"parts": parts, "role": "model"}, **about}


def _chunks(said: Iterable[Json], usage: Json, base: Json) -> Iterable[Json]:
    queues = [[piece for part in one["parts"] for piece in _pieces(part)] for one in said]
    while any(queues):
        for index, queue in enumerate(queues):
            if queue:
                # The index of the first candidate is left out, and so are totals at first.
                place = {"index": index} if index else {}
                whole = {"content": {"parts": [queue.pop(0)], "role": "model"}, **place}
                yield {"candidates": [whole], "usageMetadata": {"promptTokenCount": 5}, **base}
    last = [_candidate(index, {**one, "parts": [text("")]}) for index, one in enumerate(said)]
    yield {"candidates": last, "usageMetadata": usage, **base}


def _pieces(part: Json) -> Iterable[Json]:
    words = part.get("text", "")
    if len(words) <= _PIECE:
        yield part
        return
    cut = [words[at : at + _PIECE] for at in range(0, len(words), _PIECE)]
    modifiers = {name: value for name, value in part.items() if name == "thought"}
    yield from ({"text": piece, **modifiers} for piece in cut[:-1])
    yield {**part, "text": cut[-1]}


def text(words: str, **modifiers: Any) -> Json:
    return {"text": words, **modifiers}


def thought(words: str, **modifiers: Any) -> Json:
    return {"text": words, "thought": True, **modifiers}


def function_call(name: str, args: Json, sealed: str | None = None, **more: Any) -> Json:
    """A call, which has no id unless it is given one."""
    part: Json = {"functionCall": {"name": name, "args": args, **more}}
    return part if sealed is None else {**part, "thoughtSignature": sealed}


def error(status: int, kind: str, words: str, **more: Any) -> Reply:
    """An error in the provider's shape."""
    body = {"error": {"code": status, "message": words, "status": kind, **more}}
    return Reply(json.dumps(body).encode(), status, {"content-type": _JSON})


def interaction(asked: Asked, *steps: Json, **more: Any) -> Reply:
    """Answer an interaction, the way it was asked for."""
    said = interacted(asked, *steps, **more)
    if asked.body and asked.request.get("stream"):
        body = b"".join(_named(one) for one in _events(said))
        body += b"event: done\ndata: [DONE]\n\n"
        return Reply(body, 200, {"content-type": _EVENTS})
    return Reply(json.dumps(said).encode(), 200, {"content-type": _JSON})


def interacted(asked: Asked, *steps: Json, **more: Any) -> Json:
    """An interaction; it repeats which one it goes on from."""
    before = asked.request.get("previous_interaction_id") if asked.body else None
    return {
        "id": fresh("v1_int"),
        "object": "interaction",
        "model": MODEL,
        "status": "completed",
        "role": "model",
        "created": "2026-11-20T10:00:00Z",
        "updated": "2026-11-20T10:00:01Z",
        "steps": list(steps),
        "usage": {"total_input_tokens": 5, "total_output_tokens": 7, "total_tokens": 12},
        **({} if before is None else {"previous_interaction_id": before}),
        **more,
    }


def _named(data: Json) -> bytes:
    spelled = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return f"event: {data['event_type']}\ndata: {spelled}\n\n".encode()


def _events(said: Json) -> Iterable[Json]:
    begun = {name: said[name] for name in ("id", "object", "model")}
    yield {
        "interaction": {**begun, "status": "in_progress"},
        "event_type": "interaction.created",
    }
    yield {
        "interaction_id": said["id"],
        "status": "in_progress",
        "event_type": "interaction.status_update",
    }
    for index, step in enumerate(said["steps"]):
        empty, deltas = _unfold(step)
        yield {"index": index, "step": empty, "event_type": "step.start"}
        for delta in deltas:
            yield {"index": index, "delta": delta, "event_type": "step.delta"}
        yield {"index": index, "event_type": "step.stop"}
    # The last event says everything but the steps.
    ended = {name: value for name, value in said.items() if name != "steps"}
    yield {"interaction": ended, "event_type": "interaction.completed"}


def _unfold(step: Json) -> tuple[Json, list[Json]]:
    match step["type"]:
        case "model_output":
            return {"type": "model_output"}, [
                {"text": item["text"][at : at + _PIECE], "type": "text"}
                for item in step["content"]
                for at in range(0, len(item["text"]), _PIECE)
            ]
        case "thought":
            summary = [
                {"content": {**item, "text": item["text"]}, "type": "thought_summary"}
                for item in step["summary"]
            ]
            signed = {"signature": step["signature"], "type": "thought_signature"}
            return {"type": "thought"}, [*summary, signed]
        case "function_call":
            spelled = json.dumps(step["arguments"])
            pieces = [
                {"arguments": spelled[at : at + 6], "type": "arguments_delta"}
                for at in range(0, len(spelled), 6)
            ]
            return {**step, "arguments": {}}, pieces
        case _:
            return step, []


def output(*words: str) -> Json:
    return {"type": "model_output", "content": [{"type": "text", "text": each} for each in words]}


def pondered(words: str, sealed: str = SEALED) -> Json:
    return {"type": "thought", "summary": [{"type": "text", "text": words}], "signature": sealed}


def step_call(name: str, arguments: Json, call_id: str | None = None) -> Json:
    return {
        "type": "function_call",
        "id": call_id or fresh("call"),
        "name": name,
        "arguments": arguments,
    }
