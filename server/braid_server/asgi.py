"""The few ASGI messages the relay speaks, without a framework."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from braid_server.gate import Refused
from braid_server.headers import Header, promised

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def start(status: int, headers: list[Header]) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers}


def body(piece: bytes, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": piece, "more_body": more}


async def tell(send: Send, status: int, text: bytes, headers: list[Header] | None = None) -> None:
    """Answer with a JSON text of our own."""
    own = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(text)).encode()),
    ]
    await send(start(status, own + (headers or [])))
    await send(body(text, more=False))


async def whole_body(headers: list[Header], receive: Receive, limit: int) -> bytes | None:
    """Read a request body, or None if the client left.

    Raises Refused beyond the limit, and where it is not as long as its headers promise.
    """
    refused = Refused(413, f"request body: expected at most {limit} bytes")
    length = promised(headers)
    if length is not None and length > limit:
        raise refused
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        piece: bytes = message.get("body", b"")
        size += len(piece)
        if size > limit:
            raise refused
        if not message.get("more_body", False):
            if length not in (None, size):
                # It would go upstream with the wrong length, before another's request.
                raise Refused(400, f"request body: expected {length} bytes, got {size}")
            return b"".join([*pieces, piece]) if pieces else piece
        pieces.append(piece)
