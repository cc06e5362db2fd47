"""Seals and checkpoints: counts, tree heads, tails, nothing after (SPEC §11)."""

from __future__ import annotations

from braid.encoding import encode
from braid.node import Header, Kind
from braid.transcript import StoredNode
from braid.tree import SignatureTree
from braid_verifier.findings import Check, Findings


class Seals:
    """Grows the tree over all signatures and compares it with what nodes say of it."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._tree = SignatureTree()
        self._tree_whole = True
        self._all_read = True
        self.seal_at: int | None = None  # where the first seal stands, in whatever state
        self.seal: StoredNode | None = None

    def skip(self, signature: bytes) -> None:
        """Take note of a node that could not be read; without a signature no head is known."""
        self._all_read = False
        if signature:
            self._tree.append(signature)
        else:
            self._tree_whole = False

    def add(self, signature: bytes) -> None:
        """Take the next node's signature, after what it says was checked."""
        self._tree.append(signature)

    def is_head(self, tree: str) -> bool:
        """Tell whether this is the head over all signatures so far; yes where no head is known."""
        return not self._tree_whole or tree == encode(self._tree.head())

    def refuse(self, index: int, s: str) -> None:
        """Report a node that stands after a seal."""
        self._fail(index, s, f"expected nothing after the seal at node {self.seal_at}")

    def check(self, index: int, node: StoredNode, header: Header, gathers_all: bool) -> None:
        """Check a checkpoint or seal; `gathers_all` says that its `prev` is the set of tails."""
        s, claim, opened = node.s, header.seal, node.opened
        assert claim is not None
        if claim.count != index:
            self._fail(index, s, f"seal.count: expected {index}, got {claim.count}")
        if self._tree_whole and encode(self._tree.head()) != claim.tree:
            self._fail(index, s, "seal.tree: not the head over the signatures before it")
        if header.media != "text/plain":
            self._fail(index, s, "media: expected text/plain")
        if opened is not None and (opened.content != b"" or opened.attrs != b"{}"):
            self._fail(index, s, "expected empty content and attrs {}")
        if header.kind is not Kind.SEAL:
            return
        if self._all_read and not gathers_all:
            self._fail(index, s, "prev: expected exactly the tails, the nodes that are in no prev")
        if self.seal_at is None:
            self.seal_at, self.seal = index, node

    def _fail(self, index: int, s: str, message: str) -> None:
        self._findings.fail(Check.SEAL, "E_SEAL", message, index, s)
