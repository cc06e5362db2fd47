"""A provider that needs no account: a small HTTP server on loopback that speaks Anthropic Messages.

Its answers are a script and say so. A request that offers tools and ends in no tool result is
answered by thinking, text and a call of the first tool; any other by one text. The signature
on the thinking is made up: it stands where a real provider would put its own.
"""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

MODEL = "scripted-demo-1"
SIGNATURE = "bWFkZSB1cCBieSB0aGUgc2NyaXB0ZWQgZGVtbyBwcm92aWRlcg=="
_MAX_BODY = 32 * 1024 * 1024  # what the real provider takes
_PIECE = 24  # characters of text in one delta


@contextlib.contextmanager
def scripted_provider() -> Iterator[str]:
    """Run the provider on a free loopback port and give its base URL."""
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="scripted-provider")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answer(request: dict[str, Any], number: int) -> dict[str, Any]:
    """Say what the script answers to a request: a whole message."""
    messages, tools = request["messages"], request.get("tools") or []
    last = messages[-1]["content"]
    results = [b for b in last if b.get("type") == "tool_result"] if type(last) is list else []
    content: list[dict[str, Any]]
    if tools and not results:
        tool, stop = tools[0], "tool_use"
        content = [
            {
                "type": "thinking",
                "thinking": "The question needs a fact I do not have. "
                f"There is a tool named {tool['name']}; I will ask it first.",
                "signature": SIGNATURE,
            },
            {"type": "text", "text": "I am a script, not a model. Let me look that up."},
            {
                "type": "tool_use",
                "id": f"toolu_scripted_{number:04d}",
                "name": tool["name"],
                "input": _arguments(tool),
            },
        ]
    else:
        stop = "end_turn"
        said = _said(results[-1].get("content")) if results else ""
        text = f"The tool says: {said}" if results else "I am a script, not a model, and heard you."
        content = [{"type": "text", "text": text}]
    size = sum(len(str(block)) for block in content) // 4
    return {
        "id": f"msg_scripted_{number:04d}",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": len(str(messages)) // 4, "output_tokens": size},
    }


def events(message: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Take a message apart into the events of a stream."""
    usage = {**message["usage"], "output_tokens": 1}
    start = {**message, "content": [], "stop_reason": None, "usage": usage}
    yield "message_start", {"message": start}
    for index, block in enumerate(message["content"]):
        empty, deltas = _deltas(block)
        yield "content_block_start", {"index": index, "content_block": empty}
        if index == 0:
            yield "ping", {}
        for delta in deltas:
            yield "content_block_delta", {"index": index, "delta": delta}
        yield "content_block_stop", {"index": index}
    stop = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield "message_delta", {"delta": stop, "usage": message["usage"]}
    yield "message_stop", {}


def _deltas(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    match block["type"]:
        case "thinking":
            pieces = [{"type": "thinking_delta", "thinking": p} for p in _cut(block["thinking"])]
            signed = {"type": "signature_delta", "signature": block["signature"]}
            return {**block, "thinking": "", "signature": ""}, [*pieces, signed]
        case "tool_use":
            raw = json.dumps(block["input"])
            deltas = [{"type": "input_json_delta", "partial_json": p} for p in _cut(raw)]
            return {**block, "input": {}}, deltas
        case _:
            return {**block, "text": ""}, [
                {"type": "text_delta", "text": p} for p in _cut(block["text"])
            ]


def _cut(text: str) -> list[str]:
    return [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]


def _arguments(tool: dict[str, Any]) -> dict[str, str]:
    names = tool.get("input_schema", {}).get("required") or []
    return {name: "Oslo" for name in names}


def _said(content: Any) -> str:
    if isinstance(content, list):
        return " ".join(block.get("text", "") for block in content)
    return content if isinstance(content, str) else ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    server_name, server_port = "127.0.0.1", 0

    def __init__(self, address: tuple[str, int], handler: type[_Handler]) -> None:
        self.answers = count(1)
        super().__init__(address, handler)

    def server_bind(self) -> None:
        # HTTPServer would look up the name of the address, which can wait for a network.
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away in mid-answer is no error of the script."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", "0"))
        if length > _MAX_BODY:
            self.close_connection = True
            self._send(413, _error("request_too_large", "the body is too large"))
            return
        body = self.rfile.read(length)
        if self.path.partition("?")[0] != "/v1/messages":
            self._send(404, _error("not_found_error", "the script knows /v1/messages only"))
            return
        number = next(self.server.answers)
        try:
            request = json.loads(body)
            message = answer(request, number)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            self._send(400, _error("invalid_request_error", "the script cannot read this request"))
            return
        if request.get("stream") is True:
            self._stream(message, number)
        else:
            self._send(200, message)

    def do_GET(self) -> None:
        self._send(404, _error("not_found_error", "the script knows POST /v1/messages only"))

    do_HEAD = do_GET

    def _send(self, status: int, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("request-id", "req_scripted")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _stream(self, message: dict[str, Any], number: int) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.send_header("request-id", f"req_scripted_{number:04d}")
        self.end_headers()
        for name, data in events(message):
            event = f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode()
            self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: whoever runs the script decides what is printed."""


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}}
