"""The body of an answer to a request for an interaction, streamed or whole."""

from __future__ import annotations

from msgspec import Raw

from braid.wire.block import AnswerReader, Request
from braid.wire.body import Answer, BodyReader, Told
from braid.wire.gemini.names import (
    PROVIDER,
    TWO_SPELLINGS,
    TwoSpellings,
    in_both_spellings,
    respell,
    snake,
)
from braid.wire.interactions.interaction import Interaction, is_interaction
from braid.wire.interactions.stream import InteractionFold
from braid.wire.native import Members
from braid.wire.stream import StreamReader
from braid.wire.undecided import choose_reader

# Here names are those of a model's own arguments, of which `n` and `N` are two, and of
# what an answer repeats of its request.
_WHOLE_DATA = (
    *((name, data) for name in ("steps", "outputs", "input") for data in ("arguments", "result")),
    ("input", "content", "arguments"),
    ("input", "content", "result"),
    ("tools", "parameters"),
    ("tools", "headers"),
    ("responseFormat",),
    ("agentConfig",),
    ("labels",),
)
_WHOLE_DATA_AT = in_both_spellings(_WHOLE_DATA)
_DATA_AT = in_both_spellings(
    [
        *(
            (name, data)
            for name in ("step", "content", "delta")
            for data in ("arguments", "result")
        ),
        *(("interaction", *path) for path in _WHOLE_DATA),
    ]
)


def read_answer(status: int, content_type: str, request: Request | None = None) -> AnswerReader:
    """Choose the reader for an answer by its status and its Content-Type.

    An error status never opens a stream, whatever its body is called. `request` is what it
    answers, of which this format needs nothing more.
    """
    return choose_reader(
        status,
        content_type,
        request,
        events=lambda: StreamReader(PROVIDER, InteractionFold(), _DATA_AT),
        document=lambda: BodyReader(status, _WHOLE),
    )


def _type_of(members: Members) -> str | None:
    return "error" if "error" in members and "status" not in members else None


def _read(spelled: dict[str, Raw]) -> Told | str | None:
    try:
        members = respell(spelled, snake)
        if not is_interaction(members):
            return None
        interaction = Interaction()
        steps = interaction.open_steps(members)
    except TwoSpellings:
        return TWO_SPELLINGS
    interaction.learn(members)
    blocks = interaction.take_steps(steps)
    beside, outcome = interaction.tell(complete=True, error=False)
    return (*blocks, *beside), outcome


_WHOLE = Answer(PROVIDER, _WHOLE_DATA_AT, _type_of, _read)
