"""A streamed interaction: events folded by the index of their step.

The fold of each event and delta: https://ai.google.dev/gemini-api/docs/interactions/streaming.
What does not fold is kept as it came.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from msgspec import Raw

from braid.node import Origin
from braid.wire.block import Block, Outcome
from braid.wire.gemini.names import TWO_SPELLINGS, TwoSpellings
from braid.wire.interactions.content import CONTENTS, keep_raw, open_object
from braid.wire.interactions.interaction import Interaction
from braid.wire.interactions.open_step import OpenStep, resume
from braid.wire.native import Marks, Members
from braid.wire.raw_json import (
    attrs_can_hold,
    is_object,
    join_items,
    join_members,
    read_word,
    write_word,
)
from braid.wire.stream import is_utf8
from braid.wire.template import STRING

# The events that a stream consists of almost wholly, in the one spelling that the provider
# uses: a match proves what find_fault would have to.
_match_text = re.compile(
    rb'event: step\.delta\ndata: \{"index":(0|[1-9]\d{0,8}),"delta":\{'
    rb'(?:"text":"(' + STRING + rb')","type":"text"|"type":"text","text":"(' + STRING + rb')")'
    rb'\},"event_type":"step\.delta"(?:,"event_id":"' + STRING + rb'")?\}'
).fullmatch
_is_index = re.compile(rb"0|[1-9]\d{0,8}").fullmatch

_VERBS = ("start", "delta", "stop")
_NOT_STRICT = "what attrs cannot hold"
# Earlier revisions of the protocol have the other name of each pair.
_ENDS = frozenset({"interaction.completed", "interaction.complete"})
_LIVES = _ENDS | {
    "interaction.created",
    "interaction.start",
    "interaction.in_progress",
    "interaction.status_update",
}
_PARTS = frozenset(f"{thing}.{verb}" for thing in ("step", "content") for verb in _VERBS)
# Members that say what an event is and where one may take up the stream after it.
_ADDRESS = ("event_type", "type", "event_id")


class InteractionFold:
    """The fold of a stream of interaction events; see Fold."""

    __slots__ = ("_failed", "_interaction", "_open", "endings", "goes_on")

    def __init__(self) -> None:
        self._interaction = Interaction()
        self._open: dict[int, OpenStep] = {}
        self._failed = False
        self.endings = 0
        self.goes_on = False

    def skim(self, event: bytes, blocks: list[Block]) -> bool:
        match = _match_text(event)
        if match is None or not is_utf8(event):
            return False
        step = self._open.get(int(match[1]))
        parts = None if step is None else step.growing
        if parts is None:
            return False
        parts.append(match[2] if match[2] is not None else match[3])
        return True

    def hear(self, name: str, data: bytes | None, blocks: list[Block]) -> bool:
        if data is None:
            return name in ("", "done")
        self._failed |= name == "error"
        return data.strip() == b"[DONE]"

    def take(self, name: str, document: Raw, blocks: list[Block]) -> str | None:
        try:
            members = open_object(document)
            if members is None:
                return "not an object"
            kind = read_word(members.get("event_type") or members.get("type")) or ""
            if name and kind not in ("", name):
                return "event name differs from type"
            kind = kind or name
            if kind in _LIVES:
                return self._take_life(kind, members, blocks)
            if kind in _PARTS:
                return self._take_part(kind, members, blocks)
        except TwoSpellings:
            return TWO_SPELLINGS
        self._failed |= kind == "error"
        blocks.append(keep_raw(document, "", Origin.PROVIDER, {"type": kind} if kind else {}))
        return None

    def close(self) -> tuple[list[Block], list[Block], Outcome]:
        cut = self._end_open()
        beside, outcome = self._interaction.tell(complete=self.endings > 0, error=self._failed)
        return cut, beside, outcome

    def _take_life(self, kind: str, members: Members, blocks: list[Block]) -> str | None:
        """Take what an event says about the interaction as a whole."""
        said = _without(members, (*_ADDRESS, "interaction", "interaction_id"))
        if (raw := members.get("interaction")) is not None:
            told = open_object(raw)
            if told is None:
                return "no interaction"
            said |= told
        elif kind in _ENDS:
            return "no interaction"
        elif (name := members.get("interaction_id")) is not None:
            said["id"] = name
        steps = self._interaction.open_steps(said) if kind in _ENDS else []
        self._interaction.learn(said)
        if kind in _ENDS:
            self.endings = 1
            blocks += self._end_open()
            blocks += self._interaction.take_steps(steps)
        return None

    def _take_part(self, kind: str, members: dict[str, Raw], blocks: list[Block]) -> str | None:
        index = bytes(members.pop("index", b""))
        if not _is_index(index):
            return "no index"
        place = int(index)
        thing, _, verb = kind.partition(".")
        held = members.pop({"start": thing, "delta": "delta"}.get(verb, ""), None)
        opened = None if held is None else open_object(held)
        if opened is None and verb != "stop":
            return f"no {thing if verb == 'start' else 'delta'}"
        usage, rest = _read_usage(_without(members, _ADDRESS))
        if not attrs_can_hold(rest):
            return _NOT_STRICT
        step = self._open.get(place)
        if verb == "stop" and step is None:
            return "no open step"
        if verb == "start" and opened is not None:
            begun = OpenStep(_as_step(opened, held))
            if step is not None:
                blocks += self._close_step(place, {"cut": True})
            step = self._open[place] = begun
        elif held is not None and opened is not None:
            # A stream that was taken up in the middle goes on with a step it did not begin.
            step = step or resume(opened)
            if step is None:
                return "no open step"
            if not step.add(held, opened):
                return _NOT_STRICT
            self._open[place] = step
        if step is not None and rest:
            step.keep(kind, rest)
        if usage is not None:
            self._interaction.update({"usage": usage})
        if verb == "stop":
            blocks += self._close_step(place)
        return None

    def _end_open(self) -> list[Block]:
        return [
            block
            for place in sorted(self._open)
            for block in self._close_step(place, {"cut": True})
        ]

    def _close_step(self, place: int, marks: Marks | None = None) -> Sequence[Block]:
        step = self._open.pop(place)
        members, extra = step.close()
        marks = {**({"resumed": True} if step.resumed else {}), **(marks or {})}
        return self._interaction.take_step(place, members, marks, extra)


def _as_step(opened: dict[str, Raw], raw: Raw | None) -> dict[str, Raw]:
    """Put an item of content that stands in place of a step into one."""
    if raw is None or read_word(opened.get("type")) not in CONTENTS:
        return opened
    return {"type": write_word("model_output"), "content": join_items([raw])}


def _read_usage(members: dict[str, Raw]) -> tuple[Raw | None, dict[str, Raw]]:
    """Take the running totals out of what any event may carry as metadata."""
    metadata = members.get("metadata")
    inner = {} if metadata is None else open_object(metadata) or {}
    usage = inner.pop("total_usage", None)
    if usage is None or not is_object(usage):
        return None, members
    rest = _without(members, ("metadata",))
    return usage, rest | ({"metadata": join_members(inner)} if inner else {})


def _without(members: Members, names: Collection[str]) -> dict[str, Raw]:
    return {name: value for name, value in members.items() if name not in names}
