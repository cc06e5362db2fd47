"""A streamed answer to `POST /v1/messages`: events folded by block index.

The fold of each event and delta: https://platform.claude.com/docs/en/build-with-claude/streaming.
What does not fold is kept as it came.
"""

from __future__ import annotations

import re

from msgspec import Raw

from braid.node import Origin
from braid.wire.anthropic.block import keep_raw
from braid.wire.anthropic.message import Message
from braid.wire.anthropic.open_block import OpenBlock
from braid.wire.block import Block, Outcome
from braid.wire.raw_json import attrs_can_hold, is_list, is_object, read_members, read_word
from braid.wire.stream import is_utf8
from braid.wire.template import STRING

DATA_AT = frozenset({("content_block", "input")})

# The events that a stream consists of almost wholly, in the one spelling that the
# provider uses: a match proves what find_fault would have to, at a tenth of the cost.
_match_growth = re.compile(
    rb'event: content_block_delta\ndata: \{"type":"content_block_delta","index":(0|[1-9]\d{0,8}),'
    rb'"delta":\{"type":"(text_delta","text|thinking_delta","thinking'
    rb'|input_json_delta","partial_json)":"(' + STRING + rb')" *\} *\} *'
).fullmatch
_match_stop = re.compile(
    rb'event: content_block_stop\ndata: \{"type":"content_block_stop",'
    rb'"index":(0|[1-9]\d{0,8}) *\} *'
).fullmatch
_match_start = re.compile(
    rb'event: content_block_start\ndata: \{"type":"content_block_start",'
    rb'"index":(0|[1-9]\d{0,8}),"content_block":'
    rb'(\{"type":"text","text":""\}|\{"type":"thinking","thinking":"","signature":""\}) *\} *'
).fullmatch
# Of a string in such an event, what needs no second look.
_is_plain = re.compile(rb"[ !#-\[\]-~]*").fullmatch
_END = b'"}}'
_NO_EVENT = b"\n"  # begins none

_is_index = re.compile(rb"0|[1-9]\d{0,8}").fullmatch

_NOT_STRICT = "what attrs cannot hold"


class MessageFold:
    """The fold of a stream of message events; see Fold."""

    __slots__ = ("_failed", "_message", "_open", "_spelled", "_told", "endings", "goes_on")

    def __init__(self) -> None:
        self._message = Message()
        self._open: dict[bytes, OpenBlock] = {}  # by the digits of the index
        self.endings = 0
        self.goes_on = False
        self._failed = False
        # How the last event of a block's growth began, and where its part went: most events
        # are spelled like the one before.
        self._spelled = _NO_EVENT
        self._told: list[bytes] = []

    def skim(self, event: bytes, blocks: list[Block]) -> bool:
        if event.startswith(self._spelled):
            begins, ends = len(self._spelled), event.rfind(b'"')
            part, rest = event[begins:ends], event[ends:]
            if begins <= ends and _is_plain(part) and rest.translate(None, b" ") == _END:
                self._told.append(part)
                return True
        if match := _match_growth(event):
            index, spelling, part = match.groups()
            block = self._open.get(index)
            if block is None or block.spelling != spelling or not is_utf8(part):
                return False
            block.parts.append(part)
            self._spelled, self._told = event[: match.start(3)], block.parts
        elif (match := _match_stop(event)) and match[1] in self._open:
            blocks.append(self._close_block(match[1]))
        elif (match := _match_start(event)) and match[1] not in self._open:
            self._open[match[1]] = OpenBlock(Raw(match[2]))
        else:
            return False
        return True

    def hear(self, name: str, data: bytes | None, blocks: list[Block]) -> bool:
        if data is None:
            return name in ("", "ping")
        self._failed |= name == "error"  # whatever it says, the SDK raises
        return False

    def take(self, name: str, document: Raw, blocks: list[Block]) -> str | None:
        if not is_object(document):
            return "not an object"
        members = read_members(document)
        native = read_word(members.get("type"))
        if native is not None:
            del members["type"]
        if name and native not in (None, name):
            return "event name differs from type"
        match native or name:
            case "message_start":
                return self._tell("message", members, blocks)
            case "message_delta":
                return self._tell("delta", members, blocks)
            case "message_stop":
                self._message.update(members)
                self.endings = 1
            case "content_block_start" | "content_block_delta" | "content_block_stop" as kind:
                return self._take_block(kind, members, blocks)
            case "ping" if not members:
                pass
            case kind:
                self._failed |= kind == "error"
                marks = {"type": kind} if kind else {}
                blocks.append(keep_raw(document, "", Origin.PROVIDER, marks))
        return None

    def close(self) -> tuple[list[Block], list[Block], Outcome]:
        cut = [self._close_block(index, cut=True) for index in sorted(self._open, key=int)]
        beside, outcome = self._message.tell(complete=self.endings > 0, error=self._failed)
        return cut, beside, outcome

    def _close_block(self, index: bytes, *, cut: bool = False) -> Block:
        self._spelled = _NO_EVENT
        marks = self._message.mark(int(index)) | ({"cut": True} if cut else {})
        return self._open.pop(index).close(marks)

    def _tell(self, place: str, members: dict[str, Raw], blocks: list[Block]) -> str | None:
        part = members.pop(place, None)
        if part is None or not is_object(part):
            return f"no {place}"
        told = read_members(part)
        content = told.get("content")
        whole = place == "message" and content is not None and is_list(content)
        if whole:
            del told["content"]
        self._message.update(members)
        self._message.update(told)
        if whole:
            blocks.extend(self._message.read_blocks(content))
        return None

    def _take_block(self, kind: str, members: dict[str, Raw], blocks: list[Block]) -> str | None:
        index = bytes(members.pop("index", b""))
        if not _is_index(index):
            return "no index"
        block = self._open.get(index)
        if kind == "content_block_start":
            raw = members.pop("content_block", None)
            if raw is None or not is_object(raw):
                return "no content_block"
            if not attrs_can_hold(members):
                return _NOT_STRICT
            if block is not None:
                blocks.append(self._close_block(index, cut=True))
            block = self._open[index] = OpenBlock(raw)
        elif block is None:
            return "no open block"
        elif kind == "content_block_delta":
            delta = members.pop("delta", None)
            if delta is None or not is_object(delta):
                return "no delta"
            if not (attrs_can_hold(members) and block.add(read_members(delta))):
                return _NOT_STRICT
        elif not attrs_can_hold(members):
            return _NOT_STRICT
        if members:
            block.keep({"type": Raw(f'"{kind}"'), **members})
        if kind == "content_block_stop":
            blocks.append(self._close_block(index))
        return None
