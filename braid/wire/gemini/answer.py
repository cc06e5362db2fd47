"""The body of an answer, streamed or whole, to blocks and an outcome.

A stream is one of events with `alt=sse` and else a JSON array, which like an answer that is
not streamed calls itself `application/json`.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Raw

from braid.node import Origin
from braid.wire.block import AnswerReader, Block, Fed, Outcome, Request
from braid.wire.body import Answer, BodyReader, Told
from braid.wire.gemini.names import PROVIDER, camel, in_both_spellings
from braid.wire.gemini.response import ResponseFold, is_error
from braid.wire.json_array import ArraySplitter
from braid.wire.native import BYTES, keep_raw
from braid.wire.raw_json import JSON, find_fault
from braid.wire.stream import StreamReader
from braid.wire.undecided import Undecided, choose_reader

_FIRST_ERROR_STATUS = 400
_ANSWERS = frozenset({"candidates", "promptFeedback", "usageMetadata"})
_IN_PARTS = ("candidates", "content", "parts")
_DATA_AT = in_both_spellings(
    [
        (*_IN_PARTS, "functionCall", "args"),
        (*_IN_PARTS, "functionResponse", "response"),
        (*_IN_PARTS, "toolCall", "args"),
        (*_IN_PARTS, "toolResponse", "response"),
        (*_IN_PARTS, "partMetadata"),
    ]
)
_CUT: Mapping[str, object] = {"cut": True}
_AFTER: Mapping[str, object] = {"ambiguous": "bytes after the array"}


def read_answer(status: int, content_type: str, request: Request | None = None) -> AnswerReader:
    """Choose the reader for an answer by its status and its Content-Type.

    An error status never opens a stream, whatever its body is called. `request` is what it
    answers; only with it a stream of several candidates is known to be at its end.
    """
    candidates = 1 if request is None else request.candidates

    def read_json(begun: bytes) -> AnswerReader:
        is_array = begun == b"[" and status < _FIRST_ERROR_STATUS
        return _ArrayReader(ResponseFold(candidates)) if is_array else BodyReader(status, _WHOLE)

    return choose_reader(
        status,
        content_type,
        request,
        events=lambda: StreamReader(PROVIDER, ResponseFold(candidates), _DATA_AT),
        document=lambda: Undecided(read_json),
    )


def _type_of(members: Mapping[str, Raw]) -> str | None:
    return "error" if is_error(members) else None


def _read(members: dict[str, Raw]) -> Told | str | None:
    if is_error(members) or _ANSWERS.isdisjoint(map(camel, members)):
        return None
    fold = ResponseFold()
    blocks = fold.read(members)
    if isinstance(blocks, str):
        return blocks
    _, beside, outcome = fold.close()
    return (*blocks, *beside), outcome


_WHOLE = Answer(PROVIDER, _DATA_AT, _type_of, _read)


class _ArrayReader:
    """Fold a stream that is one JSON array; see AnswerReader."""

    __slots__ = ("_fold", "_splitter")

    def __init__(self, fold: ResponseFold) -> None:
        self._fold = fold
        self._splitter = ArraySplitter()

    def feed(self, chunk: bytes) -> Fed:
        blocks: list[Block] = []
        hold: int | None = None
        for start, element in self._splitter.feed(chunk):
            endings = self._fold.endings
            media = BYTES
            fault = find_fault(element, _DATA_AT, repeats_in_data=True)
            if fault is None:
                media = JSON
                fault = self._fold.take("", Raw(element), blocks)
            if fault is not None:
                blocks.append(_keep(element, {"ambiguous": fault}, media))
            if self._fold.endings > endings:
                hold = start
        return Fed(tuple(blocks), hold, goes_on=True)

    def close(self) -> tuple[tuple[Block, ...], Outcome]:
        cut, beside, outcome = self._fold.close()
        if rest := self._splitter.close():
            cut.append(_keep(rest, _AFTER if self._splitter.ended else _CUT, BYTES))
        return (*cut, *beside), outcome


def _keep(content: bytes, marks: Mapping[str, object], media: str) -> Block:
    return keep_raw(PROVIDER, Raw(content), "", Origin.PROVIDER, marks, media=media)
