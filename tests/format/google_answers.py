"""What Google's wire formats said, in a form that can be compared, and put together again."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from braid.wire.block import Block, Request
from braid.wire.gemini import read_answer
from format.answers import Reading, Said, read_through, said

EVENTS = "text/event-stream"
JSON = "application/json; charset=UTF-8"
RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings"
FILES = sorted(RECORDINGS.glob("gemini/*.json")) + sorted(RECORDINGS.glob("mixed/*.json"))

_INNER = {
    "functionCall": ("args", "name", "id"),
    "toolCall": ("args", "toolType", "id"),
    "functionResponse": ("response", "name", "id"),
    "toolResponse": ("response", "toolType", "id"),
}


def exchanges(place: str, media: str = "", status: int | None = None) -> list[Any]:
    """List the calls recorded to such places, those with answers of this kind and status only."""
    found = [
        pytest.param(exchange, id=f"{file.stem}-{number}")
        for file in FILES
        for number, exchange in enumerate(json.loads(file.read_bytes())["exchanges"])
        if place in exchange["request"]["path"]
        and media_of(exchange).startswith(media)
        and status in (None, exchange["response"]["status"])
    ]
    if found:
        return found
    return [pytest.param({}, marks=pytest.mark.skip(reason="no recordings beside this checkout"))]


def media_of(exchange: Any) -> str:
    headers = {name.lower(): value for name, value in exchange["response"]["headers"].items()}
    return str(headers.get("content-type", ""))


def body_of(exchange: Any) -> bytes:
    text = exchange["response"]["body"]
    return (text if isinstance(text, str) else json.dumps(text)).encode()


def read_chunks(
    chunks: Iterable[bytes], status: int = 200, media: str = EVENTS, candidates: int = 1
) -> Reading:
    request = Request((), (), (), b"{}", candidates=candidates)
    return read_through(read_answer(status, media, request), chunks, "gemini")


def read(body: bytes, status: int = 200, media: str = EVENTS, candidates: int = 1) -> Reading:
    return read_chunks([body], status, media, candidates)


def tell(block: Block) -> Said:
    return said(block, "gemini")


def by_value(block: Said) -> object:
    content = block.value if block.media == "application/json" else block.content
    about = (block.role, block.unseen, block.candidate)
    return block.kind, block.origin, block.media, content, block.attrs, *about


def camelised(part: Any) -> Any:
    """Spell the names of a part in camelCase, two levels deep, and drop empty messages."""
    if not isinstance(part, dict):
        return part
    spelled = {_camel(name): value for name, value in part.items()}
    for name, value in spelled.items():
        if name in _INNER or name == "inlineData":
            inner = {_camel(name): member for name, member in value.items()}
            data = _INNER.get(name, ("",))[0]
            spelled[name] = {key: member for key, member in inner.items() if key != data or member}
    return spelled


def _camel(name: str) -> str:
    return re.sub("_([a-z])", lambda letter: letter[1].upper(), name)


def native(block: Said) -> Any:
    """Put a part together again from what was kept of it."""
    if block.kind in ("other", "tools"):
        return camelised(block.value)
    kind = str(block.attrs["type"]) if "type" in block.attrs else "text"
    extra: Any = block.attrs.get("extra", {})
    part: dict[str, Any] = {name: value for name, value in extra.items() if name != kind}
    if "signature" in block.attrs:
        part["thoughtSignature"] = block.attrs["signature"]
    if block.kind == "thinking":
        part["thought"] = True
    if kind in _INNER and "whole" not in block.attrs:
        data, name, _ = _INNER[kind]
        ids = {"id": block.attrs.get("id", block.attrs.get("tool_use_id"))}
        names = {name: block.attrs.get("name"), data: block.value}
        members = {**ids, **names, **extra.get(kind, {})}
        return {kind: {name: value for name, value in members.items() if value}, **part}
    if block.kind == "media":
        if block.media == "application/json":
            return camelised(block.value)
        data = base64.b64encode(block.content).decode()
        if block.attrs.get("alphabet") == "base64url":
            data = data.replace("+", "-").replace("/", "_")
        return {kind: {"mimeType": block.media, "data": data, **extra.get(kind, {})}, **part}
    text = block.media == "text/plain"
    return {kind: block.content.decode() if text else block.value, **part}


def event(*chunks: Any, line_end: str = "\r\n") -> bytes:
    """Write events as the provider does: spaces after colons only, and no name."""
    return b"".join(
        f"data: {json.dumps(chunk, separators=(',', ': '), ensure_ascii=False)}".encode(
            errors="surrogatepass"
        )
        + (line_end * 2).encode()
        for chunk in chunks
    )


def array(*chunks: Any) -> bytes:
    """Write a stream as one JSON array, in the provider's way."""
    return b"[" + b",\r\n".join(json.dumps(one, indent=2).encode() for one in chunks) + b"\n]\n"


def encode(value: Any) -> bytes:
    return msgspec.json.encode(value)
