"""Recorded traffic played again: the provider's answers as scripts, the client's requests as bytes."""

from __future__ import annotations

import gzip
import http.client
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakes.anthropic import head
from fakes.upstream import Script, chunk, chunked

GENERATION = "/v1/messages"
STREAM = "text/event-stream"
ANTHROPIC = frozenset({"anthropic"})
EVERY = frozenset({"anthropic", "gemini", "openai"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as bytes; `answer` is before any content coding."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    sent: bytes
    status: int
    answer_headers: tuple[tuple[str, str], ...]
    answer: bytes
    provider: str

    @property
    def generates(self) -> bool:
        return self.path.partition("?")[0] == GENERATION

    @property
    def streamed(self) -> bool:
        named = {name.lower(): value for name, value in self.answer_headers}
        return named.get("content-type", "").startswith(STREAM)

    @property
    def request(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.sent)
        return value

    @property
    def resends(self) -> bool:
        """Whether the request holds words of the assistant."""
        return any(turn["role"] == "assistant" for turn in self.request["messages"])


@dataclass(frozen=True, slots=True)
class Recorded:
    """The exchanges of one recording that went to some providers, in their order."""

    name: str
    exchanges: tuple[Exchange, ...]

    @property
    def size(self) -> int:
        return sum(len(exchange.answer) for exchange in self.exchanges)


def recorded(folder: Path, providers: frozenset[str] = ANTHROPIC) -> list[Recorded]:
    """Read all recordings that hold traffic with these; none where there is no folder."""
    found: list[Recorded] = []
    for path in sorted(folder.glob("*/*.json")):
        document = json.loads(path.read_bytes())
        exchanges = tuple(
            _exchange(one, provider)
            for one in document["exchanges"]
            if (provider := one.get("provider", document["provider"])) in providers
        )
        if exchanges:
            found.append(Recorded(path.stem, exchanges))
    return found


def _exchange(one: Any, provider: str) -> Exchange:
    request, response = one["request"], one["response"]
    sent, body = request["body"], response["body"]
    return Exchange(
        method=request["method"],
        path=request["path"],
        headers=tuple(request["headers"].items()),
        # The recordings hold requests parsed; this is how the SDK spells one.
        sent=b"" if sent is None else _spelled(sent),
        status=response["status"],
        answer_headers=tuple(response["headers"].items()),
        answer=(body if isinstance(body, str) else json.dumps(body)).encode(),
        provider=provider,
    )


def _spelled(body: Any) -> bytes:
    if isinstance(body, str):
        return body.encode()
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def coded(exchange: Exchange, coding: str) -> bytes:
    """The body of an answer as it goes over the wire; a stream is flushed at each event."""
    if coding == "identity":
        return exchange.answer
    assert coding == "gzip"
    if not exchange.streamed:
        return gzip.compress(exchange.answer, mtime=0)
    deflater = zlib.compressobj(wbits=31)
    blank = b"\r\n\r\n" if b"\r\n\r\n" in exchange.answer else b"\n\n"
    events = exchange.answer.split(blank)
    pieces = [
        deflater.compress(event + blank) + deflater.flush(zlib.Z_SYNC_FLUSH)
        for event in events[:-1]
    ]
    return b"".join(pieces) + deflater.compress(events[-1]) + deflater.flush()


def script(exchange: Exchange, coding: str = "identity", size: int | None = None) -> Script:
    """Answer as recorded, in pieces of so many bytes, each of them sent by itself."""
    body = coded(exchange, coding)
    headers = list(exchange.answer_headers)
    if coding != "identity":
        headers.append(("content-encoding", coding))
    if exchange.streamed or size is not None:
        headers.append(("transfer-encoding", "chunked"))
    else:
        headers.append(("content-length", str(len(body))))
    top = head(f"{exchange.status} Recorded", *headers)
    if size is not None:
        pieces = [chunk(body[at : at + size]) for at in range(0, len(body), size)]
        return [top, *pieces, b"0\r\n\r\n"]
    return [top + (chunked(body) if exchange.streamed else body)]


def fetch(port: int, path: str, secret: str | None = None) -> bytes:
    """Ask the API of a service."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request(
        "GET", path, headers={} if secret is None else {"authorization": f"Bearer {secret}"}
    )
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 200, answer.status
    return body


def fold(stream: bytes) -> dict[str, Any]:
    """Put a streamed message together the plain way; tool inputs also as they were spelled.

    Shares no code with what it is compared to.
    """
    message: dict[str, Any] = {}
    for line in stream.decode().split("\n"):
        if not line.startswith("data:"):
            continue
        data = json.loads(line[5:])
        kind = data.pop("type")
        if kind == "message_start":
            message = data["message"]
        elif kind == "content_block_start":
            assert data["index"] == len(message["content"])
            message["content"].append(data["content_block"])
        elif kind == "content_block_delta":
            _grow(message["content"][data["index"]], data["delta"])
        elif kind == "message_delta":
            message["usage"].update(data.pop("usage", {}))
            message.update(data.pop("delta"))
            message.update(data)
        else:
            assert kind in ("content_block_stop", "message_stop", "ping"), kind
    for block in message["content"]:
        if spelled := block.get("spelled"):
            block["input"] = json.loads(spelled)
    return message


def _grow(block: dict[str, Any], delta: dict[str, Any]) -> None:
    match delta.pop("type"):
        case "text_delta":
            block["text"] += delta["text"]
        case "thinking_delta":
            block["thinking"] += delta["thinking"]
        case "signature_delta":
            block["signature"] = delta["signature"]
        case "input_json_delta":
            block["spelled"] = block.get("spelled", "") + delta["partial_json"]
        case "citations_delta":
            block["citations"] = [*(block.get("citations") or ()), delta["citation"]]
        case "compaction_delta":
            block.update(delta)
        case other:
            raise AssertionError(other)
