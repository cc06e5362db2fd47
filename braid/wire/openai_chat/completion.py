"""A whole completion: its choices, and what it says around them."""

from __future__ import annotations

import re

import msgspec
from msgspec import Raw

from braid.node import Kind
from braid.wire.block import Block, Outcome, Request
from braid.wire.openai.envelope import PROMPTS, AnswerEnvelope
from braid.wire.openai_chat.choice import Choice, Left
from braid.wire.raw_json import TEXT, is_object, join_items, join_members, read_members

WHOLE = "chat.completion"

_is_index = re.compile(rb"0|[1-9]\d{0,8}").fullmatch


class Completion:
    """The choices of an answer by index, and its envelope.

    `request` is what it answers, if that is known: servers that are asked to repeat the
    words an answer goes on from begin it with them.
    """

    __slots__ = ("_asked", "_choices", "_echo", "envelope")

    def __init__(self, request: Request | None) -> None:
        self.envelope = AnswerEnvelope(WHOLE)
        self._choices: dict[int, Choice] = {}
        self._asked = 1 if request is None else request.candidates
        self._echo = b"" if request is None else _expected_echo(request)

    def choice(self, index: int) -> Choice:
        """Give the choice of that index, begun if need be, and marked with what is known."""
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = Choice(index, self._echo)
        choice.marks = self.envelope.mark(index)
        return choice

    @property
    def finished(self) -> bool:
        """Whether as many choices came as were asked for, and each has said why it stopped."""
        finished = [choice.finished for choice in self._choices.values()]
        return len(finished) >= self._asked and all(finished)

    def end(self, *, cut: bool) -> list[Block]:
        """End every choice."""
        return [
            block for _, choice in sorted(self._choices.items()) for block in choice.end(cut=cut)
        ]

    def tell(self, *, complete: bool, error: bool) -> tuple[list[Block], Outcome]:
        """Give the outcome, and as blocks what is in no choice's block."""
        choices = sorted(self._choices.items())
        stop_reason = choices[0][1].reason if choices else None
        own: list[Raw] = []
        echoed: list[Raw] = []
        for index, choice in choices:
            left = choice.left()
            if choice.reason not in (None, stop_reason):
                left.choice["finish_reason"] = Raw(msgspec.json.encode(choice.reason))
            own += _entry(index, left, echo=False)
            echoed += _entry(index, left, echo=True)
        return self.envelope.tell(
            complete=complete,
            error=error,
            stop_reason=stop_reason,
            beside={"choices": join_items(own)} if own else {},
            echoed={"choices": join_items(echoed)} if echoed else {},
        )


def open_choice(raw: Raw) -> tuple[int, dict[str, Raw]] | None:
    """Take an entry of `choices` apart: its index, 0 if it names none, and its members."""
    if not is_object(raw):
        return None
    members = read_members(raw)
    index = bytes(members.pop("index", b"0"))
    return (int(index), members) if _is_index(index) else None


def _entry(index: int, left: Left, *, echo: bool) -> list[Raw]:
    choice = {name: value for name, value in left.choice.items() if (name in PROMPTS) is echo}
    message = {name: value for name, value in left.message.items() if (name in PROMPTS) is echo}
    if message:
        # A stream has no `message`; where a server sends one it stands as it came.
        choice["delta" if "message" in choice else "message"] = join_members(message)
    return [join_members({"index": Raw(b"%d" % index), **choice})] if choice else []


class _Parameters(msgspec.Struct):
    echo: bool = False


def _expected_echo(request: Request) -> bytes:
    """Give the words that vLLM repeats where a request says `echo`: those it lets a model go on from."""
    try:
        asked = msgspec.json.decode(request.parameters, type=_Parameters).echo
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return b""
    last = request.messages[-1] if request.messages else None
    if not asked or last is None or (last.kind, last.media) != (Kind.TEXT, TEXT):
        return b""
    return last.content
