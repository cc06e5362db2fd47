"""Making nodes: a draft of what is to be said becomes a signed node (SPEC §3–§5)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from braid.content import MAX_CONTENT, commitment
from braid.encoding import decode, encode
from braid.errors import Malformed
from braid.node import MAX_PREV, Header, Kind, Link, Origin, SealClaim, write_header
from braid.signing import SIGNATURE_BYTES, Purpose, Signer
from braid.transcript import Opened, StoredNode
from braid.tree import SignatureTree


class Draft(msgspec.Struct, frozen=True, gc=False):
    """All of a node but its place and time; `prev` and `about` are signatures in text form.

    A msgspec.Struct and not a dataclass because every node signed makes one.
    """

    kind: Kind
    origin: Origin
    media: str
    content: bytes
    attrs: bytes
    prev: tuple[str, ...]
    about: tuple[str, ...] = ()
    link: tuple[Link, ...] = ()
    seal: SealClaim | None = None
    bsalt: bytes | None = None


def weave(signer: Signer, draft: Draft, *, seq: int, time: str, salt: bytes) -> StoredNode:
    """Sign a draft as node `seq` of the signer's braid.

    `salt` is 32 fresh random bytes: used twice, it would let erased words be guessed.
    Raises Malformed for a draft that SPEC does not allow.
    """
    if len(draft.content) + len(draft.attrs) > MAX_CONTENT:
        raise Malformed("E_LIMIT", f"content: expected at most {MAX_CONTENT} bytes with attrs")
    header = Header(
        braid=signer.text,
        seq=seq,
        prev=draft.prev,
        kind=draft.kind,
        origin=draft.origin,
        media=draft.media,
        time=time,
        content=commitment(salt, draft.content, draft.attrs),
        about=draft.about,
        link=draft.link,
        seal=draft.seal,
    )
    text = write_header(header)
    signature = signer.sign(Purpose.NODE, text.encode("ascii"))
    opened = Opened(salt, draft.content, draft.attrs)
    return StoredNode(text, encode(signature), opened, draft.bsalt)


class Weaver:
    """Weaves a whole braid in one go, in memory: for what is not recorded as it passes.

    All nodes carry `time`; `salt` gives 32 fresh random bytes at each call.
    """

    def __init__(self, signer: Signer, time: str, salt: Callable[[], bytes]) -> None:
        self._signer = signer
        self._time = time
        self._salt = salt
        self._tree = SignatureTree()
        self._tails: dict[str, None] = {}
        self.nodes: list[StoredNode] = []

    def add(self, draft: Draft) -> str:
        """Sign the next node and give its signature; raises Malformed as `weave`."""
        seq = len(self.nodes)
        node = weave(self._signer, draft, seq=seq, time=self._time, salt=self._salt())
        for prev in draft.prev:
            self._tails.pop(prev, None)
        self._tails[node.s] = None
        self._tree.append(decode(node.s, "s", SIGNATURE_BYTES))
        self.nodes.append(node)
        return node.s

    def seal(self) -> str:
        """Close the braid over every tail, gathering them by checkpoints where they are many."""
        while len(self._tails) > MAX_PREV:
            self._close(Kind.CHECKPOINT, tuple(self._tails)[:MAX_PREV])
        return self._close(Kind.SEAL, tuple(self._tails))

    def _close(self, kind: Kind, prev: tuple[str, ...]) -> str:
        claim = SealClaim(self._tree.count, encode(self._tree.head()))
        return self.add(Draft(kind, Origin.PROXY, "text/plain", b"", b"{}", prev, seal=claim))
