"""One node of a braid as placement and signing on need it in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from braid import strict_json
from braid.encoding import decode
from braid.node import Kind, Origin
from braid.signing import SIGNATURE_BYTES
from braid_verifier.history import is_billing, is_spine_node
from braid_verifier.outline import Outline, Trace, trace


class Known(msgspec.Struct, frozen=True, gc=False):
    """A node; a msgspec.Struct because every node signed makes one.

    match    what a block is recognised by when it comes back; None for what never does:
             later parts, and what an answer says beside its content.
    spine    it must come back for a conversation to be the same one.
    provided the provider sent it.
    trace    what it adds to the outline of a conversation.
    follows  it is a later part of the block before it.
    unseen   it points at something the proxy did not see.
    billing  it is a system text that changes with each request and instructs nobody.
    owner    seq of the call it belongs to: its own for a call, else of the answer it is in.
    """

    text: str
    kind: Kind
    match: bytes | None
    spine: bool
    provided: bool
    trace: Trace | None
    follows: bool
    unseen: bool
    billing: bool
    owner: int | None

    @property
    def signature(self) -> bytes:
        """The 64 bytes; few nodes are asked for them."""
        return decode(self.text, "s", SIGNATURE_BYTES)


class Said(msgspec.Struct, frozen=True, gc=False):
    """What counts here of what a block's attrs say; the type of each is the provider's affair."""

    id: Any = None
    name: Any = None
    part: Any = 1
    unseen: Any = None
    candidate: Any = None
    cut: Any = None


NOTHING_SAID = Said()
_read = msgspec.json.Decoder(Said).decode


def read_said(attrs: bytes) -> Said:
    """Read attrs that were written here."""
    try:
        return _read(attrs)
    except msgspec.MsgspecError:  # a lone surrogate in a name or an id
        said = strict_json.read_object(attrs, "attrs")
        return Said(**{name: said[name] for name in Said.__struct_fields__ if name in said})


def known_of(
    text: str,
    kind: Kind,
    origin: Origin,
    match: bytes | None,
    content: bytes,
    said: Said,
    owner: int | None,
) -> Known:
    """Take a node in."""
    return Known(
        text,
        kind,
        match,
        spine=match is not None and is_spine_node(kind, content),
        provided=origin is Origin.PROVIDER,
        trace=None if match is None else trace(kind, content, said.name),
        follows=match is None and said.part != 1,
        unseen=said.unseen is True,
        billing=kind is Kind.SYSTEM and is_billing(kind, content),
        owner=owner,
    )


class Prefix(msgspec.Struct, frozen=True):
    """A conversation so far: over all its words, and its outline."""

    words: bytes = b"braid/1 prefix"
    outline: Outline = Outline()

    def extended(self, nodes: Iterable[Known]) -> Prefix:
        """Give the values by which a later request finds that it resends this conversation."""
        words, outline = self.words, self.outline
        for known in nodes:
            if known.spine and known.match is not None:
                words = hashlib.sha256(words + known.match).digest()
            if known.trace is not None:
                outline = outline.extended(known.trace)
        return Prefix(words, outline)
