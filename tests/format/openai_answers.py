"""What OpenAI's wire formats said, put together again in their own shapes to compare with."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from braid.wire.block import Block
from format.answers import Reading, Said, said

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings"
FILES = sorted(RECORDINGS.glob("openai/*.json")) + sorted(RECORDINGS.glob("mixed/*.json"))
TEXTS = ("text", "input_text", "output_text", "summary_text", "reasoning_text")


def exchanges(place: str, media: str = "", status: int | None = None) -> list[Any]:
    """List the calls recorded to such places, those with answers of this kind and status only."""
    found = [
        pytest.param(exchange, id=f"{file.stem[:60]}-{number}")
        for file in FILES
        for number, exchange in enumerate(json.loads(file.read_bytes())["exchanges"])
        if exchange["request"]["path"].startswith(place)
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


def tell(block: Block) -> Said:
    return said(block, "openai")


def by_value(block: Said) -> object:
    content = block.value if block.media == "application/json" else block.content
    about = (block.role, block.unseen, block.candidate)
    return block.kind, block.origin, block.media, content, block.attrs, *about


def outcome_by_value(reading: Reading) -> object:
    outcome = reading.outcome
    ended = (outcome.complete, outcome.error, outcome.id, outcome.model, outcome.stop_reason)
    return (*ended, outcome.aliases, json.loads(outcome.usage or b"null"))


def without_nulls(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def part(block: Said) -> Any:
    """Put a part of a message together again from what was kept of it."""
    if block.kind in ("other", "tools") or (block.kind, block.media) == (
        "media",
        "application/json",
    ):
        return block.value
    native = str(block.attrs["type"])
    extra: Any = block.attrs.get("extra", {})
    if native in TEXTS:
        return {"type": native, "text": block.content.decode(), **extra}
    if native == "refusal":
        return {"type": native, "refusal": block.content.decode(), **extra}
    assert block.kind == "media"
    data = base64.b64encode(block.content).decode()
    whole = {"type": native, **extra}
    held = whole[native] if isinstance(whole.get(native), dict) else whole
    (place,) = held.keys() & {"data", "file_data", "url", "image_url", "audio_url"}
    held[place] += data
    return whole
