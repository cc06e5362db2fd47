"""The body of an answer to `POST /v1/responses` or `GET /v1/responses/ID`, streamed or whole."""

from __future__ import annotations

from msgspec import Raw

from braid.wire.block import AnswerReader, Block, Request
from braid.wire.body import Answer, BodyReader, Told
from braid.wire.openai.envelope import type_of
from braid.wire.openai.part import PROVIDER
from braid.wire.openai_responses.events import DATA_AT
from braid.wire.openai_responses.response import Response
from braid.wire.openai_responses.stream import ResponseFold
from braid.wire.raw_json import is_list, read_items
from braid.wire.stream import StreamReader
from braid.wire.undecided import choose_reader

# A whole answer is what a stream's events hold in their member `response`.
_WHOLE_DATA_AT = frozenset(path[1:] for path in DATA_AT if path[0] == "response")


def read_answer(status: int, content_type: str, request: Request | None = None) -> AnswerReader:
    """Choose the reader for an answer by its status and its Content-Type.

    `request` is what it answers, of which this format needs nothing more.
    """
    return choose_reader(
        status,
        content_type,
        request,
        events=lambda: StreamReader(PROVIDER, ResponseFold(), DATA_AT),
        document=lambda: BodyReader(status, _WHOLE),
    )


def _read(members: dict[str, Raw]) -> Told | None:
    output = members.pop("output", None)
    if output is None or not is_list(output):
        return None
    response = Response()
    response.update(members)
    blocks: list[Block] = []
    for place, item in enumerate(read_items(output)):
        blocks += response.take_listed(place, item)
    beside, outcome = response.tell(complete=True, error=False)
    return (*blocks, *beside), outcome


_WHOLE = Answer(PROVIDER, _WHOLE_DATA_AT, type_of, _read)
