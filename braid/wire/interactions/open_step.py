"""A step that a stream is still putting together."""

from __future__ import annotations

from msgspec import Raw

from braid.wire.interactions.content import CONTENTS, open_object
from braid.wire.native import Members
from braid.wire.raw_json import (
    attrs_can_hold,
    is_list,
    is_null,
    is_string,
    join_items,
    join_members,
    read_items,
    read_members,
    read_text,
    read_word,
    write_word,
)

_LISTS = {"model_output": "content", "user_input": "content", "thought": "summary"}
# What a start says of a member whose value is still to come.
_EMPTY = (b"null", b"{}", b"[]", b'""')
# Steps whose deltas bring whole values.
_WHOLE = ("_call", "_result")
_NULL = Raw(b"null")
_EMPTY_TEXT = Raw(b'{"type":"text","text":""}')
# The step that a delta is of, for a stream that was taken up in the middle of it.
_STEPS = {
    "text": "model_output",
    "text_annotation_delta": "model_output",
    "thought_summary": "thought",
    "thought_signature": "thought",
    "arguments_delta": "function_call",
} | dict.fromkeys(CONTENTS, "model_output")


class _Item:
    """An item of content; `parts` is None if it is no text, which alone can grow."""

    __slots__ = ("_annotations", "_members", "_raw", "parts")

    def __init__(self, raw: Raw, members: Members | None) -> None:
        self._raw = raw
        self._members = dict(members or {})
        self._annotations: list[Raw] = []
        self.parts: list[bytes] | None = None
        said = self._members.get("text", _NULL)
        if read_word(self._members.get("type")) == "text" and is_string(said):
            self.parts = [bytes(said)[1:-1]]

    def grow(self, part: bytes, annotations: list[Raw]) -> None:
        if self.parts is not None:
            self.parts.append(part)
        if annotations and not self._annotations:
            known = self._members.get("annotations", _NULL)
            self._annotations += read_items(known) if is_list(known) else []
        self._annotations += annotations

    def close(self) -> Raw:
        if self.parts is None or len(self.parts) == 1:
            return self._raw
        # Joined as spelled: a surrogate pair may stand half in one delta, half in the next.
        self._members["text"] = Raw(b'"%b"' % b"".join(self.parts))
        if self._annotations:
            self._members["annotations"] = join_items(self._annotations)
        return join_members(self._members)


class OpenStep:
    """A step whose `step.stop` has not come; `resumed` if its start did not come either."""

    __slots__ = ("_arguments", "_items", "_members", "_rest", "_type", "resumed")

    def __init__(self, members: Members, *, resumed: bool = False) -> None:
        self.resumed = resumed
        self._members = dict(members)
        self._type = read_word(members.get("type")) or ""
        self._items: list[_Item] = []
        self._arguments: list[bytes] = []
        self._rest: list[Raw] = []
        held = self._members.get(_LISTS.get(self._type, ""))
        if held is not None and is_list(held):
            self._items = [_Item(item, open_object(item)) for item in read_items(held)]
            del self._members[_LISTS[self._type]]

    @property
    def growing(self) -> list[bytes] | None:
        """The pieces of the text to which a delta adds; None if none would."""
        if self._type != "model_output" or not self._items:
            return None
        return self._items[-1].parts

    def add(self, raw: Raw, delta: dict[str, Raw]) -> bool:
        """Fold one delta; False if attrs cannot hold it, and then nothing has changed.

        Raises TwoSpellings, and then nothing has changed either.
        """
        native = read_word(delta.get("type")) or ""
        left = dict(delta)
        match native, self._type:
            case "text" | "text_annotation_delta", "model_output":
                return self._grow(left, left)
            case "thought_summary", "thought" if "content" in delta:
                item = left.pop("content")
                opened = open_object(item) or {}
                if read_word(opened.get("type")) == "text":
                    return self._grow(opened, left)
                return self._add_item(item, opened, left)
            case "arguments_delta", _ if self._takes_arguments(delta):
                part = left.pop("arguments")
                if self._keep(left):
                    self._arguments.append(bytes(part)[1:-1])
                    return True
                return False
            case _, "model_output" if native in CONTENTS:
                return self._add_item(raw, delta, {})
            case _ if native == self._type and native.endswith(_WHOLE):
                return self._merge(left)
            case "thought_signature", "thought":
                return self._merge(left)
        return self._keep(delta, whole=True)

    def keep(self, kind: str, rest: Members) -> None:
        """Keep what came for this step and does not fold."""
        self._rest.append(join_members({"type": write_word(kind), **rest}))

    def close(self) -> tuple[dict[str, Raw], dict[str, Raw]]:
        """Give the members of the step as if it had come whole, and what goes under extra."""
        members = dict(self._members)
        if self._items:
            members[_LISTS[self._type]] = join_items(item.close() for item in self._items)
        if self._arguments:
            said = Raw(b'"%b"' % b"".join(self._arguments))
            members["arguments"] = Raw(read_text(said)[0])
        if bytes(members.get("signature", _NULL)) == b'""':
            del members["signature"]  # the place kept for a signature that did not come
        return members, {"deltas": join_items(self._rest)} if self._rest else {}

    def _takes_arguments(self, delta: Members) -> bool:
        if not self._type.endswith("_call") or not is_string(delta.get("arguments", _NULL)):
            return False
        return bytes(self._members.get("arguments", _NULL)) in _EMPTY

    def _grow(self, item: dict[str, Raw], beside: dict[str, Raw]) -> bool:
        """Add what an item of text says to the last one, or begin one with it.

        What the delta says `beside` that stays beside the step.
        """
        text, annotations = item.pop("text", _NULL), item.pop("annotations", _NULL)
        listed = read_items(annotations) if is_list(annotations) else []
        rest = [left for left in ((item,) if item is beside else (item, beside)) if len(left) > 1]
        if not is_null(text) and not is_string(text):
            rest.append({"type": item["type"], "text": text})
        if not is_null(annotations) and not is_list(annotations):
            rest.append({"type": item["type"], "annotations": annotations})
        if not all(map(attrs_can_hold, (*rest, {"annotations": annotations}))):
            return False
        self._rest += map(join_members, rest)
        if is_string(text) or listed:
            if not self._items or self._items[-1].parts is None:
                self._items.append(_Item(_EMPTY_TEXT, read_members(_EMPTY_TEXT)))
            self._items[-1].grow(bytes(text)[1:-1] if is_string(text) else b"", listed)
        return True

    def _add_item(self, raw: Raw, members: Members, beside: Members) -> bool:
        if not self._keep(beside):
            return False
        self._items.append(_Item(raw, members))
        return True

    def _merge(self, delta: dict[str, Raw]) -> bool:
        """Take over members that come whole; a value that they replace stays beside the step."""
        native, known = delta.pop("type"), self._members
        new = {n: raw for n, raw in delta.items() if bytes(raw) not in _EMPTY or n not in known}
        replaced = {
            name: known[name]
            for name, raw in new.items()
            if name in known and bytes(known[name]) not in (*_EMPTY, bytes(raw))
        }
        if not self._keep({"type": native, **replaced}):
            return False
        self._members |= new
        return True

    def _keep(self, left: Members, *, whole: bool = False) -> bool:
        """Keep what a delta says beside its type; False if attrs cannot hold it."""
        if whole or len(left) > 1:
            if not attrs_can_hold(left):
                return False
            self._rest.append(join_members(left))
        return True


def resume(delta: Members) -> OpenStep | None:
    """Give the step of which a stream sends the rest, by its next delta; None if that is unknown."""
    native = read_word(delta.get("type")) or ""
    begun = native if native.endswith(_WHOLE) else _STEPS.get(native)
    return OpenStep({"type": write_word(begun)}, resumed=True) if begun else None
