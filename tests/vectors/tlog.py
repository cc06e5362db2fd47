"""A transparency log written down once more from SPEC §13 (nothing shared with the package)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from vectors.formulas import derive, tree_head
from vectors.weaver import Key, Signer

TIME = 1_770_091_506  # 2026-02-03T04:05:06Z


def standard(raw: bytes) -> str:
    """SPEC §13.2.1: padded base64."""
    return base64.b64encode(raw).decode("ascii")


def key_id(name: str, type: int, public: bytes) -> bytes:
    """SPEC §13.2.2."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([type]) + public).digest()[:4]


def path(index: int, entries: list[bytes]) -> list[bytes]:
    """RFC 6962 §2.1.1."""
    if len(entries) == 1:
        return []
    split = 1
    while split * 2 < len(entries):
        split *= 2
    if index < split:
        return [*path(index, entries[:split]), tree_head(entries[split:])]
    return [*path(index - split, entries[split:]), tree_head(entries[:split])]


@dataclass
class Party:
    """A log (type 1) or a witness (type 4), by name."""

    name: str
    type: int
    key: Signer

    @property
    def id(self) -> bytes:
        return key_id(self.name, self.type, self.key.public)

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{standard(bytes([self.type]) + self.key.public)}"

    def line(self, text: str, time: int = TIME) -> str:
        """Sign the text of a checkpoint, or cosign it."""
        value = self.key.sign(text.encode())
        if self.type == 4:
            message = f"cosignature/v1\ntime {time}\n{text}"
            value = time.to_bytes(8, "big") + self.key.sign(message.encode())
        return self.spelled(value)

    def spelled(self, value: bytes, id: bytes | None = None) -> str:
        return f"— {self.name} {standard((self.id if id is None else id) + value)}\n"


LOG = Party("log.example/braid", 1, Key("log"))
OTHER_LOG = Party("log.example/next", 1, Key("next log"))
WITNESS = Party("witness.example/one", 4, Key("witness one"))
SECOND = Party("witness.example/two", 4, Key("witness two"))

Line = Callable[[str], str]


@dataclass
class Proof:
    """A proof before it is written; `lines` are made over the checkpoint's text."""

    index: int
    path: list[bytes]
    size: int
    root: bytes
    origin: str = LOG.name
    lines: list[Line] = field(default_factory=lambda: [LOG.line])

    @property
    def checkpoint(self) -> str:
        return f"{self.origin}\n{self.size}\n{standard(self.root)}\n"

    def write(self) -> str:
        """SPEC §13.4.1."""
        steps = "".join(f"{standard(step)}\n" for step in self.path)
        signed = self.checkpoint + "\n" + "".join(line(self.checkpoint) for line in self.lines)
        return f"c2sp.org/tlog-proof@v1\nindex {self.index}\n{steps}\n{signed}"


def entry(kind: str, *fields: str) -> bytes:
    """SPEC §13.1.1."""
    return "".join(f"{line}\n" for line in (f"braid/1 log {kind}", *fields)).encode()


def stranger(number: int) -> bytes:
    """An entry of another's braid."""
    return entry("seal", f'{{"number":{number}}}', standard(derive(f"stranger {number}") * 2))


def proof_of(index: int, entries: list[bytes], log: Party = LOG, *witnesses: Party) -> Proof:
    """Prove an entry in the log that has these."""
    lines: list[Line] = [log.line, *(witness.line for witness in witnesses)]
    return Proof(index, path(index, entries), len(entries), tree_head(entries), log.name, lines)
