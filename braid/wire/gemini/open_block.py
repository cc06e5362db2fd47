"""A block that the chunks of an answer are still putting together."""

from __future__ import annotations

from msgspec import Raw

from braid.node import Origin
from braid.wire.block import Block
from braid.wire.gemini.part import Part, read_part
from braid.wire.gemini.partial_args import assemble, read_pieces
from braid.wire.native import Marks
from braid.wire.raw_json import (
    attrs_can_hold,
    is_list,
    is_null,
    is_string,
    join_items,
    join_members,
)

_SPOKEN = frozenset({"text", "thought", "thoughtSignature"})
_TOLD = frozenset({"name", "id", "args"})


def is_spoken(part: Part) -> bool:
    """Tell a part that is a piece of text or of thought and nothing else."""
    members = part.members
    if members is None or part.native != "text" or not members.keys() <= _SPOKEN:
        return False
    return (
        is_string(members["text"])
        and ("thought" not in members or part.is_thought)
        and ("thoughtSignature" not in members or part.signature is not None)
    )


def is_call(part: Part) -> bool:
    """Tell a part that is a call or a piece of one, and has arguments in pieces if any."""
    if part.native != "functionCall" or part.inner is None:
        return False
    pieces = part.inner.get("partialArgs")
    return pieces is None or is_null(pieces) or is_list(pieces)


class OpenText:
    """Text, or thought, that may go on in the next part."""

    __slots__ = ("_signature", "is_thought", "parts")

    def __init__(self, part: Part) -> None:
        self.is_thought = part.is_thought
        self.parts: list[bytes] = []
        self._signature: Raw | None = None
        self.add(part)

    def add(self, part: Part) -> bool:
        """Take a spoken part that goes on here; False if it is a block of its own."""
        members = part.members or {}
        signature = members.get("thoughtSignature")
        if part.is_thought is not self.is_thought:
            return False
        if signature is not None:
            if self._signature is not None and bytes(self._signature) != bytes(signature):
                return False
            self._signature = signature
        # Joined as spelled: a surrogate pair may stand half in one part, half in the next.
        self.parts.append(bytes(members["text"])[1:-1])
        return True

    def close(self, marks: Marks) -> Block:
        """Read the block as if it had come whole."""
        members = {"text": Raw(b'"%b"' % b"".join(self.parts))}
        if self.is_thought:
            members["thought"] = Raw(b"true")
        if self._signature is not None:
            members["thoughtSignature"] = self._signature
        part = Part(join_members(members), members, "text")
        return read_part(part, "assistant", Origin.PROVIDER, marks)


class OpenCall:
    """A call whose arguments may come in pieces."""

    __slots__ = ("_inner", "_members", "_pieces", "_rest", "going_on")

    def __init__(self, part: Part) -> None:
        inner = dict(part.inner or {})
        self._pieces = read_pieces(inner.pop("partialArgs", None))
        self.going_on = _goes_on(inner)
        self._members = dict(part.members or {})
        self._inner = inner
        self._rest: list[Raw] = []

    def add(self, part: Part) -> bool:
        """Take a part that goes on here; False if it is a call of its own."""
        inner, beside = dict(part.inner or {}), dict(part.members or {})
        if "name" in inner and ("id" not in inner or not self._has("id", inner["id"])):
            return False
        del beside["functionCall"]
        pieces = read_pieces(inner.pop("partialArgs", None))
        going_on = _goes_on(inner)
        new = {name: inner[name] for name in _TOLD if name in inner and name not in self._inner}
        known = {*new, *(name for name, value in inner.items() if self._has(name, value))}
        rest = {name: value for name, value in inner.items() if name not in known}
        if "thoughtSignature" in beside and "thoughtSignature" not in self._members:
            self._members["thoughtSignature"] = beside.pop("thoughtSignature")
        if rest:
            beside["functionCall"] = join_members(rest)
        if beside:
            self._rest.append(join_members(beside))
        self._inner |= new
        self._pieces += pieces
        self.going_on = going_on
        return True

    def close(self, marks: Marks) -> Block:
        """Read the block as if it had come whole, with the pieces beside it."""
        inner, extra = self._inner, {}
        if self._rest:
            extra["deltas"] = join_items(self._rest)
        pieces = join_items(self._pieces)
        args = assemble(self._pieces) if self._pieces and "args" not in inner else None
        if args is not None and attrs_can_hold({"partialArgs": pieces}):
            inner = {**inner, "args": args}
            extra["partialArgs"] = pieces
        elif self._pieces:
            inner = {**inner, "partialArgs": pieces}
        members = {**self._members, "functionCall": join_members(inner)}
        if not attrs_can_hold(extra):
            members["deltas"] = extra.pop("deltas")
        part = Part(join_members(members), members, "functionCall", inner)
        return read_part(part, "assistant", Origin.PROVIDER, marks, extra)

    def _has(self, name: str, value: Raw) -> bool:
        return bytes(self._inner.get(name, b"")) == bytes(value)


def _goes_on(inner: dict[str, Raw]) -> bool:
    going_on = inner.get("willContinue")
    if going_on is None or bytes(going_on) not in (b"true", b"false", b"null"):
        return False
    del inner["willContinue"]
    return bytes(going_on) == b"true"
