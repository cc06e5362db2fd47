"""A provider that answers by what it is asked: for clients whose requests no script can foresee."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "claude-scripted-1"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came; `number` counts from 0 in the order of arrival."""

    number: int
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def request(self) -> Json:
        value: Json = json.loads(self.body)
        return value


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Answering = Callable[[Asked], Reply]


class Provider:
    """A provider that is up; `asked` is all it was asked, in the order of arrival."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []

    def requests(self, path: str = "/v1/messages") -> list[Json]:
        return [one.request for one in self.asked if one.path.partition("?")[0] == path]


@contextlib.contextmanager
def providing(answering: Answering) -> Iterator[Provider]:
    """Run a provider on a free loopback port."""
    taking = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(length)
            with taking:
                one = Asked(len(provider.asked), self.command, self.path, headers, body)
                provider.asked.append(one)
            reply = answering(one)
            self.send_response_only(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_HEAD = do_DELETE = do_POST

    class Server(ThreadingHTTPServer):
        request_queue_size = 256
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # peers that went away

    server = Server(("127.0.0.1", 0), Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


_ids = itertools.count(1)


def fresh(kind: str) -> str:
    """An id that no other answer has."""
    return f"{kind}_{next(_ids):08d}"


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def thinking(words: str, signature: str = "c2lnbmVkIGJ5IG5vYm9keQ==") -> Json:
    return {"type": "thinking", "thinking": words, "signature": signature}


def tool_use(name: str, arguments: Json, tool_id: str | None = None) -> Json:
    return {
        "type": "tool_use",
        "id": tool_id or fresh("toolu"),
        "name": name,
        "input": arguments,
    }


def message(*content: Json, stop: str | None = None, **more: Any) -> Json:
    """A whole message."""
    calls = any(block["type"] == "tool_use" for block in content)
    return {
        "id": fresh("msg"),
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": list(content),
        "stop_reason": stop or ("tool_use" if calls else "end_turn"),
        "stop_sequence": None,
        "usage": {"input_tokens": 12, "output_tokens": 34},
        **more,
    }


def reply(asked: Asked, *content: Json, **more: Any) -> Reply:
    """Answer a request the way it wants to be answered, streamed or whole."""
    said = message(*content, **more)
    headers = {"request-id": fresh("req"), "anthropic-organization-id": "org_1"}
    if asked.request.get("stream"):
        headers["content-type"] = "text/event-stream; charset=utf-8"
        return Reply(stream(said), headers=headers)
    return Reply(json.dumps(said).encode(), headers={**headers, "content-type": "application/json"})


def refuse(
    status: int, kind: str, words: str, details: Json | None = None, **headers: str
) -> Reply:
    """An error in the provider's shape."""
    error: Json = {"type": kind, "message": words}
    if details is not None:
        error["details"] = details
    request_id = fresh("req")
    body = {"type": "error", "error": error, "request_id": request_id}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    base = {"content-type": "application/json", "request-id": request_id}
    return Reply(json.dumps(body).encode(), status, {**base, **named})


def stream(said: Json) -> bytes:
    """A message as the events of a stream, each block in several deltas."""
    start = {**said, "content": [], "stop_reason": None}
    written = [event({"type": "message_start", "message": start})]
    for index, block in enumerate(said["content"]):
        empty, deltas = _unfold(block)
        written.append(
            event({"type": "content_block_start", "index": index, "content_block": empty})
        )
        written.append(event({"type": "ping"}))
        for delta in deltas:
            written.append(event({"type": "content_block_delta", "index": index, "delta": delta}))
        written.append(event({"type": "content_block_stop", "index": index}))
    ending = {"stop_reason": said["stop_reason"], "stop_sequence": None}
    written.append(event({"type": "message_delta", "delta": ending, "usage": said["usage"]}))
    written.append(event({"type": "message_stop"}))
    return b"".join(written)


def event(data: Json) -> bytes:
    spelled = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {data['type']}\ndata: {spelled}\n\n".encode()


def _unfold(block: Json) -> tuple[Json, list[Json]]:
    match block["type"]:
        case "text":
            pieces = [{"type": "text_delta", "text": piece} for piece in _cut(block["text"])]
            return {**block, "text": ""}, pieces
        case "thinking":
            pieces = [
                {"type": "thinking_delta", "thinking": piece} for piece in _cut(block["thinking"])
            ]
            signed = {"type": "signature_delta", "signature": block["signature"]}
            return {**block, "thinking": "", "signature": ""}, [*pieces, signed]
        case "tool_use":
            spelled = json.dumps(block["input"])
            pieces = [{"type": "input_json_delta", "partial_json": p} for p in _cut(spelled)]
            return {**block, "input": {}}, pieces
        case _:
            return block, []


def _cut(words: str, size: int = 5) -> list[str]:
    return [words[at : at + size] for at in range(0, len(words), size)]
