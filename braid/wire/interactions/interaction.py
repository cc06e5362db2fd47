"""What an answer says about the interaction, and its steps where they come whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from msgspec import MsgspecError, Raw
from msgspec.json import Decoder, Encoder

from braid.node import Origin
from braid.wire.block import Block, Outcome
from braid.wire.envelope import Envelope
from braid.wire.gemini.names import TWO_SPELLINGS, TwoSpellings
from braid.wire.interactions.content import keep_raw, open_object
from braid.wire.interactions.servers import hide_servers
from braid.wire.interactions.step import read_step
from braid.wire.native import Marks, Members
from braid.wire.raw_json import (
    JSON,
    is_list,
    is_null,
    join_items,
    join_members,
    read_items,
    read_word,
)

# Parameters of a request that answers repeat. `model`, `agent` and `service_tier` are not
# among them: there an answer says what it took.
_ECHOES = frozenset(
    {
        "agent_config", "background", "cached_content", "environment", "generation_config",
        "input", "labels", "previous_interaction_id", "response_format", "response_mime_type",
        "response_modalities", "safety_settings", "store", "stream", "system_instruction",
        "tools", "webhook_config",
    }
)  # fmt: skip
# The older name of the list, in which what came out stood without a step around it.
_LISTS = ("steps", "outputs")
_decode = Decoder().decode
_encode = Encoder(order="deterministic").encode


class Step(NamedTuple):
    """A step that came whole, and what it says."""

    place: int
    raw: Raw
    members: Members
    blocks: Sequence[Block]


class Interaction(Envelope):
    """The members of an interaction, and its steps, each told once."""

    __slots__ = ("_calls", "_listed", "_places", "_said", "_tokens", "_variants")

    def __init__(self) -> None:
        super().__init__({"object": "interaction", "id": None, "model": None})
        self._calls: set[str] = set()
        self._listed: list[Raw] = []
        self._variants: list[Raw] = []
        self._said: Counter[int] = Counter()
        self._places: set[int] = set()
        self._tokens: list[str] = []

    def learn(self, members: Members) -> None:
        """Take over the members of an interaction, without its steps."""
        token = read_word(members.get("continuation_token"))
        if token:
            self._tokens.append(token)
        self.update(members)

    def take_step(self, place: int, members: Members, marks: Marks, extra: Members) -> list[Block]:
        """Take a step that a stream put together."""
        raw = join_members(members)
        if self._lists(members):
            self._listed.append(raw)
            return []
        own = self.mark(place) | dict(marks)
        try:
            blocks = list(read_step(raw, Origin.PROVIDER, own, members, extra))
        except TwoSpellings:
            own["ambiguous"] = TWO_SPELLINGS
            blocks = [keep_raw(raw, "assistant", Origin.PROVIDER, own, extra)]
        self._remember(place, members, blocks)
        return blocks

    def open_steps(self, members: dict[str, Raw]) -> list[Step]:
        """Take the steps out of the members of an interaction. Raises TwoSpellings."""
        model = read_word(members.get("model")) or self.model
        named = {} if model is None else {"model": model}
        steps: list[Step] = []
        for name in _LISTS:
            value = members.get(name)
            if value is None or not is_list(value):
                continue
            for place, raw in enumerate(read_items(value)):
                step, marks = open_object(raw) or {}, {"index": place, **named}
                blocks = read_step(raw, Origin.PROVIDER, marks, step or None)
                steps.append(Step(place, raw, step, blocks))
        for name in _LISTS:
            if name in members and is_list(members[name]):
                del members[name]
        return steps

    def take_steps(self, steps: Sequence[Step]) -> list[Block]:
        """Take steps that came whole; those that a stream brought before are known."""
        streamed = frozenset(self._places)
        blocks: list[Block] = []
        for step in steps:
            again = Counter(map(_likeness, step.blocks))
            if self._lists(step.members):
                if not streamed or step.raw not in self._listed:
                    self._listed.append(step.raw)
            elif streamed and again <= self._said:
                self._said -= again
            elif step.place in streamed:
                self._variants.append(step.raw)
            else:
                self._remember(step.place, step.members, step.blocks)
                blocks += step.blocks
        return blocks

    def _remember(self, place: int, step: Members, blocks: Sequence[Block]) -> None:
        self._places.add(place)
        self._said.update(map(_likeness, blocks))
        if (call := read_word(step.get("id"))) is not None:
            self._calls.add(call)

    def _lists(self, step: Members) -> bool:
        """Say whether a step is input that the answer lists (SPEC §3.3).

        The result of a function that was not called in this answer is the client's.
        """
        native = read_word(step.get("type"))
        if native == "function_result":
            return read_word(step.get("call_id")) not in self._calls
        return native == "user_input"

    def tell(self, *, complete: bool, error: bool) -> tuple[list[Block], Outcome]:
        """Give the outcome, and two blocks: what has no place in it, and what is an echo."""
        status = self.word("status")
        if status is not None:
            self.pop("status")
        left, outcome = self.end(
            complete=complete, error=error or status == "failed", stop_reason=status
        )
        own = {name: value for name, value in left.items() if name not in _ECHOES}
        echo = {name: hide_servers(name, raw) for name, raw in left.items() if name in _ECHOES}
        if self._variants:
            own["variants"] = join_items(self._variants)
        if self._listed:
            echo["steps"] = join_items(self._listed)
        named = {} if self.id is None else {"id": self.id}
        told = [
            keep_raw(join_members(members), "", origin, {"type": native, **named})
            for members, origin, native in (
                (own, Origin.PROVIDER, "interaction"),
                (echo, Origin.CLIENT, "echo"),
            )
            if members
        ]
        return told, replace(outcome, aliases=tuple(dict.fromkeys(self._tokens)))


def is_interaction(members: Members) -> bool:
    """Tell an interaction from an error and from other documents."""
    status = members.get("status")
    return read_word(status) is not None or any(
        name in members and not is_null(members[name]) for name in _LISTS
    )


def _likeness(block: Block) -> int:
    """Give a value that is the same for what a stream said and the same said whole."""
    content: object = block.content
    if block.media == JSON:
        try:
            content = _encode(_decode(block.content))
        except (MsgspecError, ValueError, OverflowError, RecursionError):
            pass
    names = (block.attrs.get(name) for name in ("id", "tool_use_id", "signature"))
    return hash((str(block.kind), content, *names))
