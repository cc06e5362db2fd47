"""A streamed answer to `POST /v1/chat/completions`: chunks folded by choice.

The fold: https://platform.openai.com/docs/api-reference/chat-streaming, and what servers
that speak like OpenAI do otherwise. What does not fold is kept as it came.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from msgspec import Raw

from braid.node import Origin
from braid.wire.block import Block, Outcome, Request
from braid.wire.native import BYTES
from braid.wire.openai.envelope import type_of
from braid.wire.openai.part import keep_raw
from braid.wire.openai_chat.completion import Completion, open_choice
from braid.wire.openai_chat.piece import Growth
from braid.wire.raw_json import is_list, is_null, is_object, read_items, read_members, read_word
from braid.wire.stream import is_utf8
from braid.wire.template import Template

DATA_AT = frozenset(
    {
        ("choices", "delta", "tool_calls", "function", "arguments"),
        ("metadata",),
        ("response_format", "json_schema", "schema"),
        ("tools", "function", "parameters"),
    }
)

_CHUNK = "chat.completion.chunk"
_TERMINAL = b"[DONE]"
# Padding against those who count bytes on the way.
_IDLE = ("obfuscation",)
# A server that spells every chunk in another way is not worth more tries.
_LESSONS = 20


class _Known(NamedTuple):
    """How the last event was spelled, in which nothing but one text grew."""

    template: Template
    parts: list[bytes]


class ChunkFold:
    """The fold of a stream of chunks; see Fold."""

    __slots__ = ("_completion", "_event", "_failed", "_known", "_lessons", "endings", "goes_on")

    def __init__(self, request: Request | None) -> None:
        self._completion = Completion(request)
        self._event = b""
        self._known: _Known | None = None
        self._lessons = _LESSONS
        self._failed = False
        self.endings = 0
        self.goes_on = False

    def skim(self, event: bytes, blocks: list[Block]) -> bool:
        known = self._known
        if known is not None:
            part = known.template.part_of(event)
            if part and is_utf8(event):
                known.parts.append(part)
                self._lessons = _LESSONS
                return True
        self._event = event
        return False

    def hear(self, name: str, data: bytes | None, blocks: list[Block]) -> bool:
        if data is None:
            return name in ("", "ping", "keepalive")
        terminal = data.strip() == _TERMINAL
        if self.endings and not terminal:
            # No client reads on.
            marks = {"ambiguous": "after the terminal event"} | ({"type": name} if name else {})
            blocks.append(keep_raw(Raw(data), "", Origin.PROVIDER, marks, media=BYTES))
            return True
        if terminal and not self.endings:
            self.endings = 1
            self._known = None
            blocks.extend(self._completion.end(cut=False))
        self._failed |= name == "error"
        return terminal

    def take(self, name: str, document: Raw, blocks: list[Block]) -> str | None:
        self._known = None  # this event may have changed what the last one said
        if not is_object(document):
            return "not an object"
        members = read_members(document)
        native = type_of(members)
        if native == "error" or name == "error":
            self._failed = True
            blocks.append(keep_raw(document, "", Origin.PROVIDER, {"type": "error"}))
            return None
        listed = members.pop("choices", None)
        if listed is None and native != _CHUNK:
            marks = {"type": name or native} if name or native else {}
            blocks.append(keep_raw(document, "", Origin.PROVIDER, marks))
            return None
        if listed is not None and not is_list(listed) and not is_null(listed):
            return "no list of choices"
        choices = (
            [] if listed is None or is_null(listed) else list(map(open_choice, read_items(listed)))
        )
        if None in choices:
            return "no choice"
        if native == _CHUNK:
            del members["object"]
        if read_word(members.get("obfuscation")) is not None:
            del members["obfuscation"]
        self._completion.envelope.update(members)
        self._take_choices([choice for choice in choices if choice is not None], blocks)
        return None

    def close(self) -> tuple[list[Block], list[Block], Outcome]:
        complete = self.endings > 0 or (self._completion.finished and not self._failed)
        cut = self._completion.end(cut=not complete)
        beside, outcome = self._completion.tell(complete=complete, error=self._failed)
        return cut, beside, outcome

    def _take_choices(self, choices: list[tuple[int, dict[str, Raw]]], blocks: list[Block]) -> None:
        growth: Growth | None = None
        for index, members in choices:
            growth = self._completion.choice(index).take_event(members, blocks)
        if growth is not None and len(choices) == 1:
            self._learn(growth)

    def _learn(self, growth: Growth) -> None:
        """Remember how an event is spelled in which nothing but one text grew."""
        if self._lessons:
            self._lessons -= 1
            with suppress(ValueError):
                template = Template(self._event, growth.name, growth.literal, _IDLE)
                self._known = _Known(template, growth.parts)
