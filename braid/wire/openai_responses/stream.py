"""A streamed answer of Responses: items, each from the event that brings it whole.

The events: https://platform.openai.com/docs/api-reference/responses-streaming. Those
before an item's last only say what it will hold; they count where that never comes. What
does not fold is kept as it came.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from msgspec import Raw

from braid.node import Kind, Origin
from braid.wire.block import Block, Outcome
from braid.wire.media import decode_base64
from braid.wire.native import Members, Native, Said, make_block
from braid.wire.openai.envelope import is_failure
from braid.wire.openai.part import PROVIDER, keep_raw, read_part
from braid.wire.openai_responses.events import (
    ADDRESS,
    ANNOTATION,
    ENDS,
    GROWTHS,
    IDLE,
    LIVES,
    PARTIAL_IMAGE,
    PARTS,
    SPEECH,
    is_progress,
    is_repeated,
)
from braid.wire.openai_responses.item import image_type
from braid.wire.openai_responses.open_item import Growth, OpenItem, Place
from braid.wire.openai_responses.response import Response
from braid.wire.raw_json import (
    attrs_can_hold,
    is_list,
    is_null,
    is_object,
    is_string,
    join_members,
    read_items,
    read_members,
    read_word,
    write_word,
)
from braid.wire.stream import is_utf8
from braid.wire.template import Template

# A server that spells every event in another way is not worth more tries.
_LESSONS = 20
_is_index = re.compile(rb"0|[1-9]\d{0,8}").fullmatch
_NOT_STRICT = "what attrs cannot hold"


class _Known(NamedTuple):
    """How the events are spelled in which a text grows."""

    template: Template
    place: int
    item: OpenItem
    parts: list[bytes]


class ResponseFold:
    """The fold of a stream of response events; see Fold."""

    __slots__ = (
        "_event", "_failed", "_known", "_lessons", "_listed", "_open", "_response", "_speech",
        "ended",
    )  # fmt: skip

    def __init__(self) -> None:
        self._response = Response()
        self._open: dict[int, OpenItem] = {}
        self._listed: Raw | None = None  # the output of a response that has not ended
        self._speech: dict[str, list[bytes]] = {}
        self._event = b""
        self._known: _Known | None = None
        self._lessons = _LESSONS
        self._failed = False
        self.ended = False

    def skim(self, event: bytes, blocks: list[Block]) -> bool:
        known = self._known
        if known is not None and self._open.get(known.place) is known.item:
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
        self._failed |= name == "error"
        return data.strip() == b"[DONE]"  # which ends other streams, and some servers' of these

    def take(self, name: str, document: Raw, blocks: list[Block]) -> str | None:
        self._known = None  # this event may have changed what the last one said
        if not is_object(document):
            return "not an object"
        members = read_members(document)
        native = read_word(members.get("type"))
        if native is not None:
            del members["type"]
        if name and native not in (None, name):
            return "event name differs from type"
        kind = native or name
        stem, _, verb = kind.rpartition(".")
        if kind in LIVES:
            return self._take_life(kind, members, blocks)
        if stem == "response.output_item" and verb in ("added", "done"):
            return self._take_item(verb, members, blocks)
        if stem in PARTS and verb in ("added", "done"):
            return self._take_part(PARTS[stem], kind, members)
        if stem in GROWTHS and verb in ("delta", "done"):
            return self._take_text(GROWTHS[stem], kind, members)
        if kind == ANNOTATION:
            return self._take_annotation(kind, members)
        if stem in SPEECH and verb in ("delta", "done") and self._take_speech(stem, members):
            return None
        if kind == PARTIAL_IMAGE:
            return self._take_image(document, members, blocks)
        item = self._open.get(_index(members, "output_index") or 0)
        if is_repeated(kind) and item is not None:
            item.keep(document, repeated=True)
            return None
        if is_progress(kind) and members.keys() <= ADDRESS:
            return None
        self._failed |= kind == "error" or is_failure(members.get("error"))
        blocks.append(keep_raw(document, "", Origin.PROVIDER, {"type": kind} if kind else {}))
        return None

    def close(self) -> tuple[list[Block], list[Block], Outcome]:
        cut = self._end_open()
        if self._listed is not None:
            for place, item in enumerate(read_items(self._listed)):
                cut += self._response.take_listed(place, item, cut=True)
        beside, outcome = self._response.tell(complete=self.ended, error=self._failed)
        return cut, beside, outcome

    def _take_life(self, kind: str, members: dict[str, Raw], blocks: list[Block]) -> str | None:
        raw = members.pop("response", None)
        if raw is None or not is_object(raw):
            return "no response"
        response = read_members(raw)
        output = response.pop("output", None)
        self._response.update(response)
        self._response.update({n: v for n, v in members.items() if n not in ADDRESS})
        if output is not None and is_list(output):
            self._listed = output
        if kind in ENDS:
            self.ended = True
            self._failed |= kind == "response.failed"
            for place, item in enumerate(read_items(self._listed) if self._listed else ()):
                pieces = self._open.pop(place, None)
                blocks.extend(self._response.take_listed(place, item, pieces))
            self._listed = None
            blocks.extend(self._end_open())
        return None

    def _end_open(self) -> list[Block]:
        blocks: list[Block] = []
        for place, item in sorted(self._open.items()):
            blocks += self._response.take_pieces(place, item)
        self._open.clear()
        if self._speech:
            said = {name: Raw(b'"%b"' % b"".join(parts)) for name, parts in self._speech.items()}
            members = {"type": write_word("output_audio"), **said}
            raw = join_members(members)
            blocks.append(read_part(raw, "assistant", Origin.PROVIDER, self._model(), members))
            self._speech = {}
        return blocks

    def _model(self) -> dict[str, object]:
        model = self._response.envelope.model
        return {} if model is None else {"model": model}

    def _take_item(self, verb: str, members: dict[str, Raw], blocks: list[Block]) -> str | None:
        place = _index(members, "output_index")
        raw = members.pop("item", None)
        if place is None:
            return "no output_index"
        if raw is None or not is_object(raw):
            return "no item"
        rest = _rest(members)
        if not attrs_can_hold(rest):
            return _NOT_STRICT
        if verb == "added":
            if place in self._open:
                blocks.extend(self._response.take_pieces(place, self._open.pop(place)))
            item = self._open[place] = OpenItem(read_members(raw))
        else:
            item = self._open.pop(place) if place in self._open else OpenItem({})
        if rest:
            kind = write_word(f"response.output_item.{verb}")
            item.keep(join_members({"type": kind, **rest}))
        if verb == "done":
            blocks.extend(self._response.take_item(place, raw, item))
        return None

    def _take_part(self, growth: Growth, kind: str, members: dict[str, Raw]) -> str | None:
        part = members.pop("part", None)
        if part is None or not is_object(part):
            return "no part"
        at = self._place(growth, members)
        if isinstance(at, str):
            return at
        item, place = at
        rest = _rest(members, growth.place)
        if not attrs_can_hold(rest):
            return _NOT_STRICT
        item.put_part(place, part)
        _keep_rest(item, kind, rest)
        return None

    def _take_text(self, growth: Growth, kind: str, members: dict[str, Raw]) -> str | None:
        is_delta = kind.endswith(".delta")
        name = "delta" if is_delta else growth.member
        literal = members.pop(name, None)
        if literal is None or not is_string(literal):
            return f"no {name}"
        at = self._place(growth, members)
        if isinstance(at, str):
            return at
        item, place = at
        logprobs = members.pop("logprobs", None)
        tool = members.pop("name", None) if growth.list is None else None
        rest = _rest(members, growth.place)
        if not attrs_can_hold(rest):
            return _NOT_STRICT
        _keep_rest(item, kind, rest)
        if tool is not None and is_string(tool):
            item.tell(place, growth._replace(member="name"), tool)
        if not is_delta:
            item.tell(place, growth, literal)
            return None
        parts = item.grow(place, growth, literal)
        if logprobs is not None and is_list(logprobs) and (items := read_items(logprobs)):
            item.gather(place, "logprobs", items)
        elif not rest:
            self._learn(literal, item, parts, members)
        return None

    def _take_annotation(self, kind: str, members: dict[str, Raw]) -> str | None:
        annotation = members.pop("annotation", None)
        if annotation is None:
            return "no annotation"
        growth = GROWTHS["response.output_text"]
        at = self._place(growth, members)
        if isinstance(at, str):
            return at
        item, place = at
        members.pop("annotation_index", None)
        rest = _rest(members, growth.place)
        if not attrs_can_hold(rest):
            return _NOT_STRICT
        item.gather(place, "annotations", [annotation])
        _keep_rest(item, kind, rest)
        return None

    def _take_speech(self, stem: str, members: Members) -> bool:
        """Take a piece of speech, which belongs to no item; False if it is none."""
        delta = members.get("delta")
        if delta is None:
            return members.keys() <= ADDRESS
        if not is_string(delta) or not members.keys() <= ADDRESS | {"delta"}:
            return False
        self._speech.setdefault(SPEECH[stem], []).append(bytes(delta)[1:-1])
        return True

    def _take_image(
        self, document: Raw, members: dict[str, Raw], blocks: list[Block]
    ) -> str | None:
        """Take an image on the way to the one that its item will hold."""
        place = _index(members, "output_index")
        if place is None:
            return "no output_index"
        names: dict[str, object] = {"type": PARTIAL_IMAGE}
        if (word := read_word(members.get("item_id"))) is not None:
            names["id"] = word
        decoded = decode_base64(image_type(members), read_word(members.get("partial_image_b64")))
        said = None
        if decoded is not None:
            said = Said(Kind.MEDIA, decoded.media, decoded.content, ("partial_image_b64",))
        image = Native(document, members, names, ADDRESS)
        marks = self._response.envelope.mark(place)
        blocks.append(make_block(PROVIDER, image, said, "assistant", Origin.PROVIDER, marks))
        return None

    def _place(self, growth: Growth, members: Members) -> tuple[OpenItem, Place] | str:
        """Find the item that an event belongs to and the place in it, or say what is missing.

        A stream that was taken up in the middle may go on with an item it did not begin.
        """
        index = _index(members, "output_index")
        if index is None:
            return "no output_index"
        place = Place(None)
        if growth.list is not None and growth.place is not None:
            at = _index(members, growth.place)
            if at is None:
                return f"no {growth.place}"
            place = Place(growth.list, at)
        item = self._open.get(index)
        if item is None:
            begun = {"type": write_word(growth.item)}
            if growth.item == "message":
                begun["role"] = write_word("assistant")
            if (name := members.get("item_id")) is not None:
                begun["id"] = name
            item = self._open[index] = OpenItem(begun)
        return item, place

    def _learn(self, literal: Raw, item: OpenItem, parts: list[bytes], members: Members) -> None:
        """Remember how an event is spelled in which nothing but one text grows."""
        place = _index(members, "output_index")
        if not self._lessons or place is None:
            return
        self._lessons -= 1
        try:
            template = Template(self._event, "delta", literal, IDLE)
        except ValueError:
            return
        self._known = _Known(template, place, item, parts)


def _index(members: Members, name: str) -> int | None:
    index = bytes(members.get(name, b""))
    return int(index) if _is_index(index) else None


def _rest(members: Members, place: str | None = None) -> dict[str, Raw]:
    """Give what an event says beside its text and its address."""
    return {
        name: value
        for name, value in members.items()
        if name not in ADDRESS and name != place and not is_null(value)
    }


def _keep_rest(item: OpenItem, kind: str, rest: Members) -> None:
    if rest:
        item.keep(join_members({"type": write_word(kind), **rest}))
