"""What a tenant's words, ids and sessions are found again by: keyed values, never the words."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from weakref import ref

from braid.node import Kind
from braid.wire.block import Block
from braid_verifier.history import canonical, is_compaction, is_spine
from braid_verifier.judgement import Resent
from braid_verifier.outline import Outline

# Of fewer bytes, an answer is one that many conversations have.
TELLING = 24

_BLOCK = 64  # of SHA-256
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


class Marks:
    """The keyed values under which a tenant's words, ids and sessions are found again."""

    def __init__(self, key: bytes) -> None:
        # Of blocks that are still about: of resent entries that were read before (`again`).
        self._blocks: dict[int, tuple[ref[Block], bytes, bool]] = {}
        # HMAC (RFC 2104) by hand, from two hashes that have read the key: a call needs ten values,
        # and copying these takes half as long as Python's own. Its hmac.digest() also lets go of the
        # interpreter's lock for a microsecond's work, and then waits for the other thread.
        assert len(key) <= _BLOCK
        padded = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(padded.translate(_INNER))
        self._outer = hashlib.sha256(padded.translate(_OUTER))

    def _value(self, purpose: bytes, what: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(purpose)
        inner.update(what)  # by itself: joined, a large one would be copied
        outer.update(inner.digest())
        return outer.digest()

    def block(self, block: Block) -> bytes:
        return self._value(b"block\n", canonical(block))

    def body(self, body: bytes) -> bytes:
        return self._value(b"body\n", body)

    def session(self, name: str) -> bytes:
        return self._value(b"session\n", name.encode("utf-8", "surrogatepass"))

    def answer(self, provider: str, name: str) -> bytes:
        return self._value(f"answer {provider}\n".encode(), name.encode("utf-8", "surrogatepass"))

    def item(self, provider: str, name: str) -> bytes:
        return self._value(f"item {provider}\n".encode(), name.encode("utf-8", "surrogatepass"))

    def words(self, words: bytes) -> bytes:
        return self._value(b"prefix\n", words)

    def outline(self, outline: Outline) -> bytes:
        return self._value(b"outline\n", outline.value)

    def evidence(self, block: Block, match: bytes) -> bytes | None:
        """Give what an answer's block is found again by out of its place; None if by nothing."""
        name = block.attrs.get("id")
        if block.kind is Kind.TOOL_USE and isinstance(name, str) and name:
            return self._value(b"call\n", name.encode("utf-8", "surrogatepass"))
        if block.kind is Kind.TEXT and len(block.content) >= TELLING:
            return self._value(b"said\n", match)
        return self._value(b"compaction\n", match) if is_compaction(block) else None

    def resent(self, blocks: Sequence[Block]) -> list[Resent]:
        """Give blocks of a request with the values they are recognised by."""
        known = self._blocks
        resent: list[Resent] = []
        for block in blocks:
            name = id(block)
            found = known.get(name)
            if found is None or found[0]() is not block:
                gone = ref(block, partial(self._drop, name))
                found = known[name] = gone, self.block(block), is_spine(block)
            resent.append(Resent(block, found[1], found[2]))
        return resent

    def _drop(self, name: int, gone: ref[Block]) -> None:
        self._blocks.pop(name, None)
