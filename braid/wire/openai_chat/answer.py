"""The body of an answer to `POST /v1/chat/completions`, streamed or whole."""

from __future__ import annotations

from functools import partial

from msgspec import Raw

from braid.wire.block import AnswerReader, Block, Request
from braid.wire.body import Answer, BodyReader, Told
from braid.wire.openai.envelope import type_of
from braid.wire.openai.part import PROVIDER
from braid.wire.openai_chat.completion import Completion, open_choice
from braid.wire.openai_chat.stream import DATA_AT, ChunkFold
from braid.wire.raw_json import is_list, read_items
from braid.wire.stream import StreamReader
from braid.wire.undecided import choose_reader

_WHOLE_DATA_AT = DATA_AT | {("choices", "message", "tool_calls", "function", "arguments")}


def read_answer(status: int, content_type: str, request: Request | None = None) -> AnswerReader:
    """Choose the reader for an answer by its status and its Content-Type.

    `request` is what it answers; only with it words of the request can be told that a
    server repeats in the text of its answer.
    """
    whole = Answer(PROVIDER, _WHOLE_DATA_AT, type_of, partial(_read, request))
    return choose_reader(
        status,
        content_type,
        request,
        events=lambda: StreamReader(PROVIDER, ChunkFold(request), DATA_AT),
        document=lambda: BodyReader(status, whole),
    )


def _read(request: Request | None, members: dict[str, Raw]) -> Told | None:
    listed = members.pop("choices", None)
    if type_of(members) == "error" or listed is None or not is_list(listed):
        return None
    choices = list(map(open_choice, read_items(listed)))
    completion = Completion(request)
    completion.envelope.update(members)
    blocks: list[Block] = []
    for place in choices:
        if place is None:
            return None
        index, choice = place
        blocks += completion.choice(index).take_whole(choice)
    beside, outcome = completion.tell(complete=True, error=False)
    return (*blocks, *beside), outcome
