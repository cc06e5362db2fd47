"""One provider that speaks every wire format and says the same in each; and one who meddles."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from fakes import openai, provider
from fakes.provider import Asked, Json, Reply, fresh

WORDS = "Sun."  # short enough to be one piece of any stream
GIVEN: Json = {"city": "Oslo", "days": 2.0, "unit": None}
THOUGHT = "Hmm."
_JSON = {"content-type": "application/json"}
_EVENTS = {"content-type": "text/event-stream"}


def says(asked: Asked) -> Reply:
    """Think, say WORDS, and call the tool `look` with GIVEN."""
    path = asked.path.partition("?")[0]
    if path.endswith("/messages"):
        blocks = provider.thinking(THOUGHT), provider.text(WORDS), provider.tool_use("look", GIVEN)
        return provider.reply(asked, *blocks)
    if path.endswith("/chat/completions"):
        function = {"name": "look", "arguments": json.dumps(GIVEN)}
        call = {"id": fresh("call"), "type": "function", "function": function}
        said = {"content": WORDS, "tool_calls": [call]}
        return openai.chat(asked, *[said] * asked.request.get("n", 1))
    if path.endswith("/responses"):
        call = {"type": "function_call", "id": fresh("fc"), "call_id": fresh("call")}
        call = {**call, "name": "look", "arguments": json.dumps(GIVEN), "status": "completed"}
        return openai.response(asked, openai.message(WORDS), call)
    if path.endswith("/interactions"):
        return _interaction(asked)
    return _gemini(path)


def _gemini(path: str) -> Reply:
    def part(**members: Any) -> Json:
        content = {"role": "model", "parts": [members]}
        return {
            "candidates": [{"content": content, "index": 0}],
            "modelVersion": "gemini-scripted-1",
            "responseId": name,
        }

    name = fresh("r")
    thought, text = part(text=THOUGHT, thought=True), part(text=WORDS)
    call = part(functionCall={"name": "look", "args": GIVEN}, thoughtSignature="+/+/+w==")
    call["candidates"][0]["finishReason"] = "STOP"
    call["usageMetadata"] = {"totalTokenCount": 3}
    if path.endswith(":streamGenerateContent"):
        chunks = [f"data: {json.dumps(one)}\r\n\r\n" for one in (thought, text, call)]
        return Reply("".join(chunks).encode(), headers=_EVENTS)
    parts = [one["candidates"][0]["content"]["parts"][0] for one in (thought, text, call)]
    call["candidates"][0]["content"]["parts"] = parts
    return Reply(json.dumps(call).encode(), headers=_JSON)


def _interaction(asked: Asked) -> Reply:
    spoken = {"type": "model_output", "content": [{"type": "text", "text": WORDS}]}
    call = {"type": "function_call", "id": fresh("call"), "name": "look", "arguments": GIVEN}
    whole = {
        "id": fresh("int"),
        "object": "interaction",
        "status": "requires_action",
        "model": "gemini-scripted-1",
        "created": "2026-01-01T00:00:00Z",
        "updated": "2026-01-01T00:00:00Z",
        "usage": {"total_tokens": 3},
        "steps": [spoken, call],
    }
    if not asked.request.get("stream"):
        return Reply(json.dumps(whole).encode(), headers=_JSON)
    begun = {**whole, "status": "in_progress", "steps": []}
    text = {"type": "text", "text": WORDS}
    given = {"type": "arguments_delta", "arguments": json.dumps(GIVEN)}
    events: list[Json] = [
        {"event_type": "interaction.created", "interaction": begun},
        {"event_type": "step.start", "index": 0, "step": {"type": "model_output"}},
        {"event_type": "step.delta", "index": 0, "delta": text},
        {"event_type": "step.stop", "index": 0},
        {"event_type": "step.start", "index": 1, "step": {**call, "arguments": {}}},
        {"event_type": "step.delta", "index": 1, "delta": given},
        {"event_type": "step.stop", "index": 1},
        {"event_type": "interaction.completed", "interaction": whole},
    ]
    lines = [f"event: {one['event_type']}\ndata: {json.dumps(one)}\n\n" for one in events]
    return Reply("".join([*lines, "event: done\ndata: [DONE]\n\n"]).encode(), headers=_EVENTS)


Meddle = Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]]


@contextlib.contextmanager
def meddling(port: int, request: Meddle, answer: Meddle) -> Iterator[str]:
    """Stand between a program and the server on this port, and change what passes."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers, body = request({k.lower(): v for k, v in self.headers.items()}, body)
            headers["content-length"] = str(len(body))
            upstream = http.client.HTTPConnection("127.0.0.1", port)
            upstream.request(self.command, self.path, body, headers)
            came = upstream.getresponse()
            headers, body = answer({k.lower(): v for k, v in came.getheaders()}, came.read())
            upstream.close()
            self.send_response_only(came.status)
            for name, value in headers.items():
                if name not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def untouched(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    return headers, body
