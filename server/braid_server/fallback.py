"""What is kept where something cannot be kept as blocks or as fields: because of a fault of ours,
or because there is too much of it (SPEC §5.4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from braid.node import Kind, Origin
from braid.wire.block import Block, Request
from braid.wire.credentials import without_credentials
from braid_server.recording import CallEnding

# New blocks of one request, or blocks of one answer. Each is a node that the writer signs while
# every other call waits; a conversation that fills a model's context has fewer.
MOST_BLOCKS = 8_192
TOO_MANY = f"more than {MOST_BLOCKS} blocks"
# What a field of an end, or a model's name, may take of a node that every reader reads.
FIELD_BYTES = 64 * 1024

_NOT_UNDERSTOOD = "could not be recorded as blocks"
_BYTES = "application/octet-stream"
_JSON = "application/json"


def raw_request(request: Request, body: bytes, reason: str = _NOT_UNDERSTOOD) -> Request:
    """Give a request as one block of its bytes."""
    content = without_credentials(body)
    block = Block(Kind.OTHER, Origin.CLIENT, _BYTES, content, {"ambiguous": reason})
    return Request((), (), (block,), b"{}", model=request.model, ambiguous=reason)


def raw_block(block: Block) -> Block:
    """Give a block of an answer as its content."""
    attrs = {"ambiguous": _NOT_UNDERSTOOD, "type": str(block.kind)}
    return Block(Kind.OTHER, block.origin, _BYTES, block.content, attrs)


def gathered(provider: str, blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Give many blocks of an answer as one, a list of what they say.

    What only repeats the request stays apart, as nobody's words.
    """
    own = [block for block in blocks if block.origin is Origin.PROVIDER]
    content = msgspec.json.encode([_told(block) for block in own])
    attrs = {"provider": provider, "type": "blocks", "ambiguous": TOO_MANY}
    echoes = [block for block in blocks if block.origin is not Origin.PROVIDER]
    return (Block(Kind.OTHER, Origin.PROVIDER, _JSON, content, attrs), *echoes)


def _told(block: Block) -> Mapping[str, object]:
    said: dict[str, object] = {"kind": block.kind, "media": block.media, "attrs": block.attrs}
    try:
        return {**said, "text": block.content.decode()}
    except UnicodeDecodeError:
        return {**said, "b64": block.content}


def shortened(provider: str, ending: CallEnding) -> tuple[CallEnding, Block | None]:
    """Give an ending without the fields too long for one, and these as a block."""
    given: dict[str, str | bytes | None] = {
        "request_id": ending.request_id,
        "id": ending.answer_id,
        "model": ending.model,
        "stop_reason": ending.stop_reason,
        "usage": ending.usage,
    }
    long = {name: value for name, value in given.items() if is_long(value)}
    if not long:
        return ending, None
    said = {
        name: msgspec.Raw(value) if isinstance(value, bytes) else value
        for name, value in long.items()
    }
    content = msgspec.json.encode(said, order="sorted")
    attrs = {"provider": provider, "type": "end"}
    block = Block(Kind.OTHER, Origin.PROVIDER, _JSON, content, attrs)
    short = msgspec.structs.replace(
        ending,
        request_id=None if "request_id" in long else ending.request_id,
        answer_id=None if "id" in long else ending.answer_id,
        model=None if "model" in long else ending.model,
        stop_reason=None if "stop_reason" in long else ending.stop_reason,
        usage=None if "usage" in long else ending.usage,
    )
    return short, block


def bare(ending: CallEnding) -> CallEnding:
    """Give what of an ending is sure to be recorded."""
    return CallEnding(ending.outcome, ending.status)


def is_long(value: str | bytes | None) -> bool:
    if value is None or len(value) <= FIELD_BYTES // 4:
        return False
    raw = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
    return len(raw) > FIELD_BYTES
