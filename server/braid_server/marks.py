"""What a tenant's words, ids and sessions are found again by: keyed values, never the words."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from braid.node import Kind
from braid.wire.block import Block
from braid_server.lineage import Prefix
from braid_verifier.history import canonical, is_spine
from braid_verifier.resent import anchor


class Marks:
    """The keyed values under which a tenant's words, ids and sessions are found again."""

    def __init__(self, key: bytes) -> None:
        # Copied for each value: hmac.digest() lets go of the interpreter's lock for a microsecond's
        # work, and then waits for the other thread to let go of it.
        self._keyed = hmac.new(key, digestmod=hashlib.sha256)

    def _value(self, purpose: bytes, what: bytes) -> bytes:
        keyed = self._keyed.copy()
        keyed.update(purpose + what)
        return keyed.digest()

    def block(self, block: Block) -> bytes:
        return self._value(b"block\n", canonical(block))

    def body(self, body: bytes) -> bytes:
        return self._value(b"body\n", body)

    def session(self, name: str) -> bytes:
        return self._value(b"session\n", name.encode("utf-8", "surrogatepass"))

    def answer(self, provider: str, name: str) -> bytes:
        return self._value(f"answer {provider}\n".encode(), name.encode("utf-8", "surrogatepass"))

    def words(self, prefix: Prefix) -> bytes:
        return self._value(b"prefix\n", prefix.words)

    def anchors(self, prefix: Prefix) -> bytes:
        return self._value(b"anchors\n", prefix.anchors)


@dataclass(frozen=True, slots=True)
class Matched:
    """A block of a request with the value it is recognised by."""

    block: Block
    match: bytes
    spine: bool

    @property
    def anchor(self) -> bytes | None:
        """What it is recognised by where other words may be missing."""
        if not self.spine:
            return None
        name = "id" if self.block.kind is Kind.TOOL_USE else "tool_use_id"
        return anchor(self.block.kind, self.match, self.block.attrs.get(name))


def match_blocks(marks: Marks, blocks: Sequence[Block]) -> list[Matched]:
    return [Matched(block, marks.block(block), is_spine(block)) for block in blocks]
