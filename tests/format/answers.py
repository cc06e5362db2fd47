"""Feeding answers to a reader, and what came of it in a form that can be compared."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from braid import strict_json
from braid.strict_json import Json
from braid.wire.anthropic import read_answer
from braid.wire.block import AnswerReader, Block, Outcome

STREAM = "text/event-stream; charset=utf-8"
WHOLE = "application/json"


@dataclass(frozen=True, slots=True)
class Said:
    """A block with its attrs as they will be committed and read again."""

    kind: str
    origin: str
    media: str
    content: bytes
    attrs: dict[str, Json]
    role: str
    unseen: bool
    candidate: int = 0

    @property
    def value(self) -> Json:
        """The content by value, where it is JSON."""
        value: Json = json.loads(self.content)
        return value


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer said; `held` is the place in the body from which bytes were held,
    which depends on the cuts within the terminal event."""

    blocks: tuple[Said, ...]
    outcome: Outcome
    held: int | None = field(compare=False)


def said(block: Block, provider: str = "anthropic") -> Said:
    attrs = strict_json.read_object(msgspec.json.encode(dict(block.attrs)), "attrs")
    assert attrs["provider"] == provider
    if block.media == "text/plain":
        block.content.decode()
    return Said(
        block.kind,
        block.origin,
        block.media,
        block.content,
        attrs,
        block.role,
        block.unseen,
        block.candidate,
    )


def read_chunks(chunks: Iterable[bytes], status: int = 200, media: str = STREAM) -> Reading:
    return read_through(read_answer(status, media), chunks)


def read_through(
    reader: AnswerReader, chunks: Iterable[bytes], provider: str = "anthropic"
) -> Reading:
    blocks: list[Block] = []
    held: int | None = None
    before = 0
    for chunk in chunks:
        fed = reader.feed(chunk)
        blocks.extend(fed.blocks)
        if fed.hold is not None:
            assert held is None or fed.goes_on
            assert 0 <= fed.hold < len(chunk)
            held = before + fed.hold
        before += len(chunk)
    rest, outcome = reader.close()
    told = tuple(said(block, provider) for block in (*blocks, *rest))
    return Reading(told, outcome, held)


def read(body: bytes, status: int = 200, media: str = STREAM) -> Reading:
    return read_chunks([body], status, media)


def cut(body: bytes, places: Sequence[int]) -> list[bytes]:
    edges = sorted({0, len(body), *(place for place in places if 0 < place < len(body))})
    return [body[start:end] for start, end in itertools.pairwise(edges)]


def event(name: str, data: str) -> bytes:
    return f"event: {name}\ndata: {data}\n\n".encode()


def events(*several: dict[str, object]) -> bytes:
    """Write events in the provider's way, the last brace padded."""
    return b"".join(
        event(str(one["type"]), json.dumps(one, separators=(",", ":"))[:-1] + "   } ")
        for one in several
    )
