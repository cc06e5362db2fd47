"""Making nodes: a draft of what is to be said becomes a signed node (SPEC §3–§5)."""

from __future__ import annotations

from dataclasses import dataclass

from braid.content import MAX_CONTENT, commitment
from braid.encoding import encode
from braid.errors import Malformed
from braid.node import Header, Kind, Link, Origin, SealClaim, write_header
from braid.signing import Purpose, Signer
from braid.transcript import Opened, StoredNode


@dataclass(frozen=True, slots=True)
class Draft:
    """All of a node but its place and time; `prev` and `about` are signatures in text form."""

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
        braid=encode(signer.key),
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
