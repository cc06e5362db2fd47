"""One choice of an answer: what it says, streamed or whole, and what stands beside that."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from msgspec import Raw

from braid.node import Origin
from braid.wire.block import Block
from braid.wire.native import Marks, Members
from braid.wire.openai_chat.beside import Beside
from braid.wire.openai_chat.message import REASONING, read_said
from braid.wire.openai_chat.piece import Growth, OpenAudio, OpenCall, OpenText, Piece, group_of
from braid.wire.raw_json import (
    TEXT,
    is_list,
    is_null,
    is_object,
    is_string,
    join_items,
    join_members,
    read_items,
    read_members,
    read_word,
)

_TEXTS = (*REASONING, "content", "refusal")
_EMPTY = b'""'
_OLD_CALL = Raw(b'"function_call"')


class Left(NamedTuple):
    """What of a choice made no block."""

    choice: dict[str, Raw]
    message: dict[str, Raw]


class Choice:
    """A choice under way.

    A block of it is whole when the next one begins or the choice has finished; only speech
    may have its last words after that. Calls may grow side by side, so one whose arguments are
    no JSON by then waits until the choice has finished, and those after it with it. `echo` is
    text of the request that the answer repeats before its own (SPEC §3.3).
    """

    __slots__ = (
        "_beside",
        "_calls",
        "_echo",
        "_empty",
        "_ended_calls",
        "_index",
        "_logprobs",
        "_message",
        "_numbered",
        "_spoken",
        "_waiting",
        "_words",
        "finished",
        "marks",
        "reason",
    )  # fmt: skip

    def __init__(self, index: int, echo: bytes) -> None:
        self._index = index
        self._echo = echo
        self._beside = Beside()
        self._message = Beside()
        self._logprobs = Beside()
        self._empty: set[str] = set()
        self._spoken: set[object] = set()  # by the names that texts come under
        self._words: OpenText | OpenAudio | None = None
        self._calls: list[OpenCall] = []  # those under way, as they began
        self._numbered: dict[bytes, OpenCall] = {}  # of these, the last under each index
        self._waiting = False  # for the choice to finish, with calls under way
        self._ended_calls: dict[bytes, bytes | None] = {}
        self.marks: Marks = {}
        self.finished = False
        self.reason: str | None = None

    def take_whole(self, members: dict[str, Raw]) -> list[Block]:
        """Take a choice that came at once; `members` are without its index."""
        blocks: list[Block] = []
        message = members.get("message")
        if message is not None and is_object(message):
            del members["message"]
            said = read_members(message)
            blocks = self._emit(read_said(said, "assistant", Origin.PROVIDER, self.marks))
            self._add_message(said)
        self._add_choice(members)
        return blocks

    def take_event(self, members: dict[str, Raw], blocks: list[Block]) -> Growth | None:
        """Take a choice of an event; give the string that grew if that is all it says."""
        growths: list[Growth] = []
        news = False
        delta = members.get("delta")
        if delta is not None and is_object(delta):
            del members["delta"]
            news = self._take_delta(read_members(delta), growths, blocks)
        news |= self._add_choice(members)
        if self.finished and not isinstance(self._words, OpenAudio):
            blocks.extend(self.close())
        return None if news or len(growths) != 1 else growths[0]

    def close(self, *, cut: bool = False) -> list[Block]:
        """End what is under way."""
        return self._end_words(cut) + self._end_calls(cut)

    def _end_words(self, cut: bool = False) -> list[Block]:
        words, self._words = self._words, None
        return [] if words is None else self._end(words, cut)

    def _end_calls(self, cut: bool = False) -> list[Block]:
        calls, self._calls = self._calls, []
        self._ended_calls.update((index, call.id) for index, call in self._numbered.items())
        self._numbered.clear()
        self._waiting = False
        return [block for call in calls for block in self._end(call, cut)]

    def _end(self, piece: Piece, cut: bool) -> list[Block]:
        return self._emit(piece.close({**self.marks, "cut": True} if cut else self.marks))

    def end(self, *, cut: bool) -> list[Block]:
        """End the choice; one that said an empty string and nothing else said that."""
        blocks = self.close(cut=cut)
        if not self._spoken and "content" in self._empty:
            marks = {**self.marks, "cut": True} if cut and not self.finished else self.marks
            whole = {"content": Raw(_EMPTY)}
            blocks += self._emit(read_said(whole, "assistant", Origin.PROVIDER, marks))
        return blocks

    def left(self) -> Left:
        """Give what made no block."""
        message = self._message.members()
        for name in _TEXTS:
            if name in self._empty and name not in self._spoken:
                message.setdefault(name, Raw(_EMPTY))
        choice = self._beside.members()
        if logprobs := self._logprobs.members():
            choice["logprobs"] = join_members(logprobs)
        return Left(choice, message)

    def _take_delta(
        self, delta: dict[str, Raw], growths: list[Growth], blocks: list[Block]
    ) -> bool:
        """Take what a message goes on with; tell whether it says anything that is no text."""
        news = False
        for name in _TEXTS:
            literal = delta.get(name)
            if literal is None or not is_string(literal):
                continue
            del delta[name]
            if bytes(literal) == _EMPTY:
                self._empty.add(name)
                continue
            words = self._words
            if not isinstance(words, OpenText) or words.group != group_of(name):
                self._make_way(blocks)
                self._words = words = OpenText(group_of(name))
            growths.append(words.add(name, literal))
        audio = delta.get("audio")
        if audio is not None and is_object(audio) and self._take_audio(audio, blocks):
            del delta["audio"]
            news = True
        call = delta.get("function_call")
        if call is not None and is_object(call):
            del delta["function_call"]
            members = {"type": _OLD_CALL, "index": _OLD_CALL, "function": call}
            news |= self._take_call(members, growths, blocks)
        calls = delta.get("tool_calls")
        if calls is not None and is_list(calls):
            late: list[Raw] = []
            for item in read_items(calls):
                if not is_object(item) or self._is_late(fragment := read_members(item)):
                    late.append(item)
                else:
                    news |= self._take_call(fragment, growths, blocks)
            del delta["tool_calls"]
            if late:
                delta["tool_calls"] = join_items(late)
        return self._add_message(delta) or news

    def _take_audio(self, audio: Raw, blocks: list[Block]) -> bool:
        fragment = read_members(audio)
        words = self._words
        if not isinstance(words, OpenAudio):
            if "audio" in self._spoken and "data" not in fragment:
                return False
            self._make_way(blocks)
            self._words = words = OpenAudio()
        words.add(fragment)
        return True

    def _is_late(self, fragment: Members) -> bool:
        """Say whether a fragment belongs to a call that has ended."""
        index = bytes(fragment.get("index", b""))
        if index in self._numbered or index not in self._ended_calls:
            return False
        name = fragment.get("id")
        return name is None or _is_blank(name) or bytes(name) == self._ended_calls[index]

    def _take_call(self, fragment: Members, growths: list[Growth], blocks: list[Block]) -> bool:
        index, name = fragment.get("index"), fragment.get("id")
        place = None if index is None or is_null(index) else bytes(index)
        if place is not None:
            call = self._numbered.get(place)
        else:
            call = self._calls[-1] if self._calls else None
        if call is not None and _names_another(name, call.id):
            call = None  # servers that number no calls give each an id
        if call is None:
            self._make_way(blocks)
            self._calls.append(call := OpenCall())
            if place is not None:
                self._numbered[place] = call
        growth, news = call.add(fragment)
        if growth is not None:
            growths.append(growth)
        return news

    def _make_way(self, blocks: list[Block]) -> None:
        """End what is whole because something else begins."""
        blocks.extend(self._end_words())
        if self._waiting or not self._calls:
            return
        (call,) = self._calls  # where there is another, they wait
        if call.is_whole:
            blocks.extend(self._end_calls())
        else:
            self._waiting = True

    def _add_choice(self, members: dict[str, Raw]) -> bool:
        reason = members.get("finish_reason")
        if reason is not None and _is_blank(reason):
            del members["finish_reason"]  # some servers send an empty one until the end
        elif reason is not None:
            self.finished = True
            if (word := read_word(reason)) is not None:
                self.reason = word
                del members["finish_reason"]
        news = self.finished
        logprobs = members.get("logprobs")
        if logprobs is not None and is_object(logprobs):
            news |= self._logprobs.add(read_members(members.pop("logprobs")))
        return self._beside.add(members) or news

    def _add_message(self, members: dict[str, Raw]) -> bool:
        if read_word(members.get("role")) in ("assistant", ""):
            del members["role"]
        for name in _TEXTS:
            if bytes(members.get(name, b"")) == _EMPTY:
                self._empty.add(name)
                del members[name]
        return self._message.add(members)

    def _emit(self, blocks: list[Block]) -> list[Block]:
        for place, block in enumerate(blocks):
            native = str(block.attrs.get("type"))
            self._spoken |= {"content" if native == "text" else native, block.attrs.get("also")}
            if native == "text" and self._echo:
                blocks[place] = _without(self._echo, block)
                self._echo = b""
            if self._index:
                blocks[place] = replace(blocks[place], candidate=self._index)
        return blocks


def _is_blank(value: Raw) -> bool:
    return is_null(value) or bytes(value) == _EMPTY


def _names_another(name: Raw | None, known: bytes | None) -> bool:
    """Tell whether a fragment names a call by another id than is known."""
    return name is not None and not _is_blank(name) and known not in (None, bytes(name))


def _without(echo: bytes, block: Block) -> Block:
    """Leave out the words of the request that an answer begins with; say how many bytes."""
    if block.media != TEXT or not block.content.startswith(echo):
        return block
    attrs = {**block.attrs, "echoed": len(echo)}
    return replace(block, content=block.content[len(echo) :], attrs=attrs)
