"""The outline of a conversation: equal for two that may be one, however their answers are spelled.

It is over the letters of what the client said, turn by turn, and the names of the tools that were
called. What it leaves out is what clients leave out, spell otherwise or falsify: it finds a
conversation, and judging says what became of it.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from braid.node import Kind
from braid.wire.block import Block

# A Mersenne prime: letters are digits of a number modulo it, so that texts can be joined.
_PRIME = 2**127 - 1
_SPACE = b" \t\n\r\x0b\x0c"
# A longer text is taken for one that is not cut: dividing it would take longer than hashing it.
_LONG = 64 * 1024


class Trace(NamedTuple):
    """What a block adds: the letters of a prompt as a number, or the name of a tool called.

    Any other of the assistant's blocks only ends what the client said.
    """

    letters: int = 0
    length: int = 0
    name: bytes = b""


_SPOKE = Trace()


def trace(kind: Kind, content: bytes, name: object) -> Trace | None:
    """Give what a block adds to an outline; None for nothing. `name` is that of a tool."""
    if kind is Kind.PROMPT:
        letters = content.translate(None, _SPACE)
        if len(letters) > _LONG:
            letters = hashlib.sha256(letters).digest()
        return Trace(int.from_bytes(letters) % _PRIME, len(letters)) if letters else None
    if kind is Kind.TOOL_USE:
        said = name if isinstance(name, str) else ""
        return Trace(name=b"use " + said.encode("utf-8", "surrogatepass"))
    return _SPOKE if kind in (Kind.TEXT, Kind.THINKING) else None


def trace_of(block: Block) -> Trace | None:
    """Give what a block of a request or an answer adds to an outline."""
    return trace(block.kind, block.content, block.attrs.get("name"))


class Outline(NamedTuple):
    """An outline so far; `asked` are the letters that the client said last."""

    digest: bytes = b"braid/1 outline"
    asked: int = 0
    length: int = 0

    def extended(self, added: Trace | None) -> Outline:
        if added is None:
            return self
        if added.length:
            asked = (self.asked * pow(256, added.length, _PRIME) + added.letters) % _PRIME
            return Outline(self.digest, asked, self.length + added.length)
        digest = self.value if self.length else self.digest
        if added.name:
            digest = hashlib.sha256(digest + added.name).digest()
        return Outline(digest)

    @property
    def value(self) -> bytes:
        """The outline of all that was said."""
        if not self.length:
            return self.digest
        letters = self.asked.to_bytes(16) + self.length.to_bytes(8)
        return hashlib.sha256(self.digest + letters).digest()
