"""The vocabulary that every wire module speaks: what a request and an answer said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from braid.node import Kind, Origin


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Block:
    """Something said, as it passed the proxy (SPEC §5).

    content  exact bytes, see SPEC §5.2 for what they are for each kind.
    media    `text/plain`, `application/json`, or the media type of decoded binary content.
    attrs    what the wire said about the block (SPEC §5.3); values are JSON values, and
             `msgspec.Raw` where the provider's own spelling is kept.
    role     who speaks, as the wire says: `user`, `assistant`, `system`, or `` (tools, raw bytes).
    unseen   the block points at something the proxy did not see (a URL, a stored file):
             a context that holds it is `partial` (SPEC §6.2).
    candidate  which of several answers to one request it belongs to, from 0: each is a
             strand of its own (SPEC §4.4).
    """

    kind: Kind
    origin: Origin
    media: str
    content: bytes
    attrs: Mapping[str, object] = field(default_factory=dict)
    role: str = ""
    unseen: bool = False
    candidate: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """What the body of a generation request says.

    The three lists are the context in wire order. `parameters` is the JSON text of one
    object: every top-level member that is not one of the lists, as the client spelled it.
    `continues` is the provider's id of the answer this request goes on from without
    resending it; the system and the tools of that answer's call hold on if `inherits` says
    so, and the messages are those of that call once more if `repeats` does. `polls` is the
    id of an answer that this request only asks for again. `candidates` is how many answers it asks for. `kept`
    says that the provider keeps each item of the answer under its id, which a later request may
    send in its stead. `ambiguous` says why two
    parsers could read the body differently, or that none can: then `messages` holds one
    block of kind `other` with the raw body.
    """

    tools: tuple[Block, ...]
    system: tuple[Block, ...]
    messages: tuple[Block, ...]
    parameters: bytes
    model: str | None = None
    stream: bool = False
    continues: str | None = None
    ambiguous: str | None = None
    candidates: int = 1
    inherits: bool = False
    repeats: bool = False
    polls: str | None = None
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Fed:
    """What one chunk of an answer brought.

    blocks  blocks completed by it, in wire order.
    hold    offset in the chunk from which bytes belong to the provider's terminal event
            or follow it, or None while that event has not begun to be recognised.
    goes_on the provider has no event that is terminal for sure: after a `hold` more may come,
            and then another `hold`; the last before the end of the body counts.
    """

    blocks: tuple[Block, ...] = ()
    hold: int | None = None
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an answer ended, by its own bytes.

    complete     the provider's terminal event came, or a whole non-streamed message.
    error        the body is the provider's error, or the stream carried one.
    id           the provider's id of the answer, by which a later request may continue it.
    aliases      other names by which a later request may continue it: tokens given in it.
    usage        raw JSON, the last values the provider sent.
    """

    complete: bool
    error: bool = False
    id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    usage: bytes | None = None
    aliases: tuple[str, ...] = ()


class AnswerReader(Protocol):
    """A fold over the decoded body of one answer; chunks may be cut at any byte."""

    def feed(self, chunk: bytes) -> Fed: ...

    def close(self) -> tuple[tuple[Block, ...], Outcome]:
        """End the body: blocks that never ended (with attrs `cut: true`), and how it ended."""
        ...
