"""The body of an answer to `POST /v1/messages`, streamed or whole, to blocks and an outcome."""

from __future__ import annotations

from msgspec import Raw

from braid.node import Origin
from braid.wire.anthropic.block import BYTES, keep_raw
from braid.wire.anthropic.message import Message
from braid.wire.anthropic.stream import StreamReader
from braid.wire.block import AnswerReader, Block, Fed, Outcome
from braid.wire.raw_json import JSON, find_fault, is_list, is_object, read_members, read_word

_DATA_AT = frozenset({("content", "input")})
_FIRST_ERROR_STATUS = 400


def read_answer(status: int, content_type: str) -> AnswerReader:
    """Choose the reader for an answer by its status and its Content-Type.

    An error status never opens a stream, whatever its body is called.
    """
    essence = content_type.partition(";")[0].strip().lower()
    if essence == "text/event-stream" and status < _FIRST_ERROR_STATUS:
        return StreamReader()
    return BodyReader(status)


class BodyReader:
    """Read an answer that is one JSON document, a message or an error."""

    __slots__ = ("_chunks", "_status")

    def __init__(self, status: int) -> None:
        self._chunks: list[bytes] = []
        self._status = status

    def feed(self, chunk: bytes) -> Fed:
        self._chunks.append(chunk)
        return Fed()

    def close(self) -> tuple[tuple[Block, ...], Outcome]:
        body = b"".join(self._chunks)
        is_error = self._status >= _FIRST_ERROR_STATUS
        if not body:
            return (), Outcome(complete=False, error=is_error)
        fault = find_fault(body, _DATA_AT, repeats_in_data=True)
        if fault is not None:
            return (_keep_body(body, {"ambiguous": fault}, BYTES),), Outcome(False, is_error)
        document = Raw(body.strip())
        members = read_members(document) if is_object(document) else {}
        native = read_word(members.get("type"))
        content = members.pop("content", None)
        if is_error or native != "message" or content is None or not is_list(content):
            marks: dict[str, object] = {} if native is None else {"type": native}
            outcome = Outcome(complete=False, error=is_error or native == "error")
            return (_keep_body(body, marks, JSON),), outcome
        message = Message()
        message.update(members)
        blocks = message.read_blocks(content)
        rest, outcome = message.end(complete=True, error=False)
        return blocks + rest, outcome


def _keep_body(body: bytes, marks: dict[str, object], media: str) -> Block:
    return keep_raw(Raw(body), "", Origin.PROVIDER, marks, media=media)
