"""A native value of any provider's protocol to a Block: what all wire modules do alike.

What the values mean is a provider's module's business; it says so with a `Said`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from msgspec import Raw

from braid.node import Kind, Origin
from braid.wire.again import Again, Read
from braid.wire.block import Block
from braid.wire.raw_json import (
    JSON,
    TEXT,
    attrs_can_hold,
    is_list,
    is_null,
    is_string,
    read_items,
    read_text,
)

BYTES = "application/octet-stream"

Marks = Mapping[str, object]
Members = Mapping[str, Raw]

_NOTHING: Members = {}
_NO_MARKS: Marks = {}


class Said(NamedTuple):
    """What a native value says.

    members  those that the content stands for.
    marks    attrs that follow from the native type.
    left     what goes under `extra` for members of which only the data is the content.
    """

    kind: Kind
    media: str
    content: bytes
    members: Collection[str]
    marks: Marks = _NO_MARKS
    left: Members = _NOTHING


class Native(NamedTuple):
    """A native value taken apart.

    names  attrs with a fixed meaning that it has, and `named` the members they came from.
    """

    raw: Raw
    members: Members
    names: Marks
    named: Collection[str]


def make_block(
    provider: str,
    native: Native,
    said: Said | None,
    role: str,
    origin: Origin,
    marks: Marks | None = None,
    extra: Members | None = None,
    *,
    unseen: bool = False,
) -> Block:
    """Make the block; raw JSON of kind `other` where nothing is said or attrs cannot hold it.

    `marks` are attrs that the value itself does not say; `extra`, which attrs must be able
    to hold, joins the members that go under that name.
    """
    marks, extra = marks or _NO_MARKS, extra or _NOTHING
    rest: dict[str, Raw] = {}
    if said is not None:
        rest = {
            name: value
            for name, value in native.members.items()
            if name not in native.named and name not in said.members
        }
        rest.update(said.left)
    if said is None or not attrs_can_hold(rest):
        kept = {**native.names, **marks}
        return keep_raw(provider, native.raw, role, origin, kept, extra, unseen=unseen)
    attrs: dict[str, object] = {"provider": provider, **native.names, **marks, **said.marks}
    if rest or extra:
        attrs["extra"] = {**rest, **extra}
    return Block(said.kind, origin, said.media, said.content, attrs, role, unseen)


def keep_raw(
    provider: str,
    raw: Raw,
    role: str,
    origin: Origin,
    marks: Marks | None = None,
    extra: Members | None = None,
    *,
    media: str = JSON,
    unseen: bool = False,
) -> Block:
    """Keep what has no kind of its own as it stood on the wire."""
    attrs: dict[str, object] = {"provider": provider, **(marks or _NO_MARKS)}
    if extra:
        attrs["extra"] = dict(extra)
    return Block(Kind.OTHER, origin, media, bytes(raw), attrs, role, unseen)


def say_text(kind: Kind, members: Members, name: str, marks: Marks = _NO_MARKS) -> Said | None:
    """Say what a string member says; None if there is no such string."""
    literal = members.get(name)
    if literal is None or not is_string(literal):
        return None
    content, media = read_text(literal)
    return Said(kind, media, content, (name,), marks)


def say_json(kind: Kind, members: Members, name: str) -> Said | None:
    """Say a member as it is spelled; None if there is no such member."""
    if name not in members:
        return None
    return Said(kind, JSON, bytes(members[name]), (name,))


def say_nothing(kind: Kind) -> Said:
    """Say no word."""
    return Said(kind, TEXT, b"", ())


def say_whole(kind: Kind, raw: Raw, members: Members) -> Said:
    """Say a whole value as it is spelled."""
    return Said(kind, JSON, bytes(raw), members)


def read_list(provider: str, value: Raw | None, read: Read | Again) -> tuple[Block, ...]:
    """Read each entry of a list in a request; what is no list is kept raw."""
    if value is None or is_null(value):
        return ()
    if not is_list(value):
        return (keep_raw(provider, value, "", Origin.CLIENT),)
    if isinstance(read, Again):
        return read.read(value)
    return tuple(block for item in read_items(value) for block in read(item))
