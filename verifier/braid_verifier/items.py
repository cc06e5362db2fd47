"""Items of Responses: the provider keeps them, and a request may name one in the place of what it says (SPEC §8.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from braid.node import Kind, Origin
from braid.wire.block import Block

# Of one answer's place in it, which a request has not.
_PLACED = ("candidate", "cut", "index", "model", "part", "parts")


def item_of(attrs: Mapping[str, object]) -> str | None:
    """Give the provider's id of the item that a block of an answer is, or is a part of."""
    name = attrs.get("item_id", attrs.get("id"))
    return name if isinstance(name, str) else None


def reference_in(block: Block) -> str | None:
    """Give the id of the item that a block of a request stands for; None of any other block."""
    if block.kind is not Kind.OTHER or not block.unseen:
        return None
    # Its type may be left out.
    named = block.attrs.get("type", "item_reference") == "item_reference"
    return item_of(block.attrs) if named else None


def as_resent(said: Block) -> Block:
    """Give a block of an answer as a client sends it that resends the whole."""
    attrs = {name: value for name, value in said.attrs.items() if name not in _PLACED}
    return replace(said, origin=Origin.CLIENT, role="assistant", attrs=attrs)
