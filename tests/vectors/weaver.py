"""A second hand at the format: nodes and transcripts from SPEC alone, for making vectors.

Nothing here is shared with the package. A conversation is a list of drafts that name each
other; a fault edits a draft before it is signed, or the file after. Everything is
deterministic: seeds, salts and times derive from names and positions.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vectors.formulas import (
    body,
    chain_start,
    chain_step,
    commitment,
    compact,
    derive,
    encode,
    pae,
    tree_head,
)

FORMAT = "braid-transcript/1"
LISTS = ("tools", "system", "messages")
START = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


class Signer(Protocol):
    """A key pair, sound or not."""

    @property
    def public(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


class Key:
    """An honest key, derived from a name."""

    def __init__(self, name: str) -> None:
        self._secret = Ed25519PrivateKey.from_private_bytes(derive(f"seed {name}"))
        self.public = self._secret.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._secret.sign(message)


ROOT = Key("root")


@dataclass
class Shown:
    """What a call shows the model: drafts by name, `after` the call whose chains it extends."""

    messages: list[str] = field(default_factory=list)
    system: list[str] = field(default_factory=list)
    tools: list[str] = field(default_factory=list)
    after: str | None = None


@dataclass
class Draft:
    """A node to be signed. `prev` and `about` name drafts; None for `prev` of a seal: all tails.

    The last fields are where faults go in: each edits what is about to be signed or written.
    """

    name: str
    kind: str
    prev: list[str] | None
    content: bytes = b""
    origin: str = ""
    media: str = "text/plain"
    attrs: bytes = b"{}"
    about: list[str] = field(default_factory=list)
    link: list[dict[str, str]] = field(default_factory=list)
    fields: dict[str, Any] | None = None  # content of params and end
    shows: Shown | None = None  # content of a call
    bsalt: bytes | None = None
    salted: bool = True  # whether the body salt stands beside it
    seq: int | None = None
    time: str | None = None
    purpose: str = "node"
    key: Signer | None = None
    edit_content: Callable[[dict[str, Any]], object] | None = None
    respell_content: Callable[[bytes], bytes] | None = None
    edit_header: Callable[[dict[str, Any]], object] | None = None
    respell: Callable[[str], str] | None = None
    resign: Callable[[bytes, bytes], bytes] | None = None  # (message, signature)
    erased: bool = False


_ORIGIN = {
    **dict.fromkeys(("system", "tools", "prompt", "params", "tool_result", "media"), "client"),
    **dict.fromkeys(("thinking", "text", "tool_use", "other"), "provider"),
    "annotation": "monitor",
}


@dataclass
class File:
    """A transcript before it is written; faults that need no signature edit it here."""

    head: dict[str, Any]
    nodes: list[dict[str, Any]]
    proofs: list[Any] | None = None
    lines: bool = False

    def write(self) -> bytes:
        def dump(value: Any) -> bytes:
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            return text.encode("utf-8")

        nodes = [dump(node) for node in self.nodes]
        if self.lines:
            last = [] if self.proofs is None else [dump({"proofs": self.proofs})]
            return b"".join(line + b"\n" for line in [dump(self.head), *nodes, *last])
        tail = b"" if self.proofs is None else b',"proofs":' + dump(self.proofs)
        return dump(self.head)[:-1] + b',"nodes":[\n' + b",\n".join(nodes) + b"\n]" + tail + b"}\n"


@dataclass
class Braid:
    """A conversation as drafts, and what signs it."""

    drafts: list[Draft]
    name: str = "braid"
    key: Signer = field(default_factory=lambda: Key("braid"))
    root: Signer = ROOT
    certified: bool = True
    edit_certificate: Callable[[dict[str, Any]], object] | None = None
    respell_certificate: Callable[[str], str] | None = None
    resign_certificate: Callable[[str, bytes], bytes] | None = None
    resign_possession: Callable[[str, bytes], bytes] | None = None
    proofs: list[Any] | None = None
    statements: list[Any] = field(default_factory=list)  # given apart from the file
    lines: bool = False

    def __post_init__(self) -> None:
        self._signed: dict[str, tuple[str, bytes]] = {}  # name to header and signature
        self._content: dict[str, bytes] = {}
        self.reached: dict[str, dict[str, bytes]] = {}  # call to the values its lists end in

    def __getitem__(self, name: str) -> Draft:
        return next(draft for draft in self.drafts if draft.name == name)

    def position(self, name: str) -> int:
        return next(i for i, draft in enumerate(self.drafts) if draft.name == name)

    def insert(self, draft: Draft, before: str) -> None:
        """Put a draft where another stands; what follows moves up."""
        self.drafts.insert(self.position(before), draft)

    def remove(self, name: str) -> None:
        self.drafts.remove(self[name])

    def salt(self, name: str) -> bytes:
        return derive(f"salt {self.name} {name}")

    def signature(self, name: str) -> bytes:
        """Give the signature of a draft, signing it and what it names first."""
        if name not in self._signed:
            self._sign(self[name])
        return self._signed[name][1]

    def header(self, name: str) -> str:
        """Give the header of a draft as it was signed."""
        self.signature(name)
        return self._signed[name][0]

    def text(self, name: str) -> str:
        """Give the signature of a draft in its text form."""
        return encode(self.signature(name))

    def _sign(self, draft: Draft) -> None:
        content = self._write_content(draft)
        self._content[draft.name] = content
        position = self.position(draft.name)
        salt = self.salt(draft.name)
        prev = self._tails(position) if draft.prev is None else draft.prev
        moment = START + timedelta(milliseconds=250 * position)
        header: dict[str, Any] = {
            "braid": encode(self.key.public),
            "content": encode(commitment(salt, content, draft.attrs)),
            "kind": draft.kind,
            "media": draft.media,
            "origin": draft.origin or _ORIGIN.get(draft.kind, "proxy"),
            "prev": [self.text(name) for name in prev],
            "seq": position if draft.seq is None else draft.seq,
            "time": draft.time or f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
            "v": 1,
        }
        if draft.about:
            header["about"] = [self.text(name) for name in draft.about]
        if draft.link:
            header["link"] = draft.link
        if draft.kind in ("seal", "checkpoint"):
            before = [self.signature(other.name) for other in self.drafts[:position]]
            header["seal"] = {"count": position, "tree": encode(tree_head(before))}
        if draft.edit_header:
            draft.edit_header(header)
        text = compact(header)
        if draft.respell:
            text = draft.respell(text)
        message = pae(draft.purpose, text.encode("utf-8"))
        signature = (draft.key or self.key).sign(message)
        if draft.resign:
            signature = draft.resign(message, signature)
        self._signed[draft.name] = text, signature

    def _write_content(self, draft: Draft) -> bytes:
        fields = draft.fields
        if draft.shows is not None:
            draft.bsalt = draft.bsalt or derive(f"bsalt {self.name} {draft.name}")
            fields = {
                "body": body(b'{"request":"%b"}' % draft.name.encode(), draft.bsalt),
                "context": self._context(draft.name, draft.shows),
                "history": [],
                "id": f"vector-{draft.name}",
                "placement": {"by": "new" if draft.shows.after is None else "prefix"},
                "upstream": "https://api.anthropic.com",
            }
        if fields is None:
            return draft.content
        if draft.kind == "end":
            draft.bsalt = draft.bsalt or derive(f"bsalt {self.name} {draft.name}")
            answer = b'{"answer":"%b"}' % draft.name.encode()
            fields = {"body": body(answer, draft.bsalt), **fields}
        if draft.edit_content:
            draft.edit_content(fields)
        raw = compact(fields).encode("utf-8")
        return draft.respell_content(raw) if draft.respell_content else raw

    def _context(self, name: str, shows: Shown) -> dict[str, Any]:
        context: dict[str, Any] = {}
        self.reached[name] = {}
        for which in LISTS:
            if shows.after is None:
                start = chain_start(which)
            else:
                self.signature(shows.after)
                start = self.reached[shows.after][which]
            added = [self.signature(shown) for shown in getattr(shows, which)]
            value = start
            for signature in added:
                value = chain_step(value, signature)
            self.reached[name][which] = value
            context[which] = {
                "from": encode(start),
                "add": [encode(signature) for signature in added],
                "to": encode(value),
            }
        return context

    def _tails(self, position: int) -> list[str]:
        earlier = self.drafts[:position]
        named = {name for draft in earlier for name in draft.prev or []}
        return [draft.name for draft in earlier if draft.name not in named]

    def certificate(self) -> dict[str, str]:
        """SPEC §9.1."""
        fields: dict[str, Any] = {
            "braid": encode(self.key.public),
            "issuer": "vectors.example",
            "nonce": encode(derive(f"nonce {self.name}")[:16]),
            "not_after": "2026-12-31T23:59:59.999Z",
            "not_before": "2026-01-01T00:00:00.000Z",
            "policy": "required",
            "root": encode(self.root.public),
            "v": 1,
        }
        if self.edit_certificate:
            self.edit_certificate(fields)
        h = compact(fields)
        if self.respell_certificate:
            h = self.respell_certificate(h)
        s = self.root.sign(pae("certificate", h.encode()))
        if self.resign_certificate:
            s = self.resign_certificate(h, s)
        pop = self.key.sign(pae("possession", h.encode() + s))
        if self.resign_possession:
            pop = self.resign_possession(h, s)
        return {"h": h, "s": encode(s), "pop": encode(pop)}

    def sign(self) -> File:
        """Sign every draft and lay the file out."""
        head: dict[str, Any] = {"format": FORMAT, "braid": encode(self.key.public)}
        if self.certified:
            head["certificate"] = self.certificate()
        nodes = []
        for draft in self.drafts:
            s = self.text(draft.name)
            node: dict[str, Any] = {"h": self._signed[draft.name][0], "s": s}
            if not draft.erased:
                node["salt"] = encode(self.salt(draft.name))
                node["attrs"] = draft.attrs.decode("utf-8")
                try:
                    node["text"] = self._content[draft.name].decode("utf-8")
                except UnicodeDecodeError:
                    node["b64"] = encode(self._content[draft.name])
            if draft.bsalt is not None and draft.salted:
                node["bsalt"] = encode(draft.bsalt)
            nodes.append(node)
        return File(head, nodes, self.proofs, self.lines)
