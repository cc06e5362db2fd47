"""The body of an answer to `POST /v1/messages`, streamed or whole, to blocks and an outcome."""

from __future__ import annotations

from msgspec import Raw

from braid.wire.anthropic.block import PROVIDER
from braid.wire.anthropic.message import Message
from braid.wire.anthropic.stream import DATA_AT, MessageFold
from braid.wire.block import AnswerReader, Request
from braid.wire.body import Answer, BodyReader, Told
from braid.wire.native import Members
from braid.wire.raw_json import is_list, read_word
from braid.wire.stream import StreamReader
from braid.wire.undecided import choose_reader


def read_answer(status: int, content_type: str, request: Request | None = None) -> AnswerReader:
    """Choose the reader for an answer by its status and its Content-Type.

    `request` is what it answers, of which this format needs nothing more.
    """
    return choose_reader(
        status,
        content_type,
        request,
        events=lambda: StreamReader(PROVIDER, MessageFold(), DATA_AT),
        document=lambda: BodyReader(status, _WHOLE),
    )


def _type_of(members: Members) -> str | None:
    return read_word(members.get("type"))


def _read(members: dict[str, Raw]) -> Told | None:
    content = members.pop("content", None)
    if _type_of(members) != "message" or content is None or not is_list(content):
        return None
    message = Message()
    message.update(members)
    blocks = message.read_blocks(content)
    rest, outcome = message.tell(complete=True, error=False)
    return (*blocks, *rest), outcome


_WHOLE = Answer(PROVIDER, frozenset({("content", "input")}), _type_of, _read)
