"""A streamed answer of Responses: items, each from the event that brings it whole.

The events: https://platform.openai.com/docs/api-reference/responses-streaming. Those
before an item's last only say what it will hold; they count where that never comes. What
does not fold is kept as it came.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from msgspec import Raw

from braid.node import Kind, Origin
from braid.wire.block import Block, Outcome
from braid.wire.media import decode_base64
from braid.wire.native import Members, Native, Said, make_block
from braid.wire.openai.envelope import is_failure
from braid.wire.openai.part import PROVIDER, keep_raw, read_part
from braid.wire.openai_responses.call import image_type
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
from braid.wire.openai_responses.open_item import OpenItem
from braid.wire.openai_responses.open_items import (
    NOT_STRICT,
    Grown,
    OpenItems,
    index_of,
    rest_of,
)
from braid.wire.openai_responses.response import Response
from braid.wire.raw_json import (
    attrs_can_hold,
    is_list,
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


class _Known(NamedTuple):
    """How the last event was spelled, in which nothing but one text grew."""

    template: Template
    parts: list[bytes]


class ResponseFold:
    """The fold of a stream of response events; see Fold."""

    __slots__ = (
        "_event", "_failed", "_known", "_lessons", "_listed", "_open", "_response", "_speech",
        "endings", "goes_on",
    )  # fmt: skip

    def __init__(self) -> None:
        self._response = Response()
        self._open = OpenItems()
        self._listed: Raw | None = None  # the output of a response that has not ended
        self._speech: dict[str, list[bytes]] = {}
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
            return self._open.take_part(PARTS[stem], kind, members)
        if stem in GROWTHS and verb == "done":
            return self._open.take_whole_text(GROWTHS[stem], kind, members)
        if stem in GROWTHS and verb == "delta":
            return self._learn(self._open.take_delta(GROWTHS[stem], kind, members))
        if kind == ANNOTATION:
            return self._open.take_annotation(kind, members)
        if stem in SPEECH and verb in ("delta", "done") and self._take_speech(stem, members):
            return None
        if kind == PARTIAL_IMAGE:
            return self._take_image(document, members, blocks)
        if is_repeated(kind) and self._open.keep_repeated(document, members):
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
        beside, outcome = self._response.tell(complete=self.endings > 0, error=self._failed)
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
            self.endings = 1
            self._failed |= kind == "response.failed"
            for place, item in enumerate(read_items(self._listed) if self._listed else ()):
                blocks.extend(self._response.take_listed(place, item, self._open.end(place)))
            self._listed = None
            blocks.extend(self._end_open())
        return None

    def _end_open(self) -> list[Block]:
        blocks: list[Block] = []
        for place, item in self._open.drain():
            blocks += self._response.take_pieces(place, item)
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
        place = index_of(members, "output_index")
        raw = members.pop("item", None)
        if place is None:
            return "no output_index"
        if raw is None or not is_object(raw):
            return "no item"
        rest = rest_of(members)
        if not attrs_can_hold(rest):
            return NOT_STRICT
        item = self._open.end(place)
        if verb == "added":
            if item is not None:
                blocks.extend(self._response.take_pieces(place, item))
            item = self._open.begin(place, raw)
        item = item or OpenItem({})
        if rest:
            kind = write_word(f"response.output_item.{verb}")
            item.keep(join_members({"type": kind, **rest}))
        if verb == "done":
            blocks.extend(self._response.take_item(place, raw, item))
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
        place = index_of(members, "output_index")
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

    def _learn(self, taken: Grown | str | None) -> str | None:
        """Remember how an event is spelled in which nothing but one text grew."""
        if not isinstance(taken, Grown):
            return taken
        if self._lessons:
            self._lessons -= 1
            with suppress(ValueError):
                template = Template(self._event, "delta", taken.literal, IDLE)
                self._known = _Known(template, taken.parts)
        return None
