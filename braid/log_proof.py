"""Log proofs: that an entry stands in a log, as one text (SPEC §13.4; C2SP tlog-proof)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from braid.checkpoint import MAX_SIZE, SignedCheckpoint, read_checkpoint
from braid.encoding import decode_standard, encode_standard
from braid.errors import Malformed
from braid.note import MAX_NOTE
from braid.tree import HASH_BYTES, check_inclusion, hash_leaf

PROOF_TYPE = "log"
MAX_PROOF = MAX_NOTE
_FIRST = "c2sp.org/tlog-proof@v1"
# The path of a tree of 2^53 − 1 leaves.
MAX_PATH = 53
_HEAD = re.compile(
    rf"{re.escape(_FIRST)}\nindex (0|[1-9][0-9]{{0,15}})\n"
    rf"((?:[A-Za-z0-9+/=]{{44}}\n){{0,{MAX_PATH}}})\n"
)


@dataclass(frozen=True, slots=True)
class LogProof:
    """Where an entry stands, the path to the root hash, and the checkpoint that has that hash."""

    index: int
    path: tuple[bytes, ...]
    signed: SignedCheckpoint

    @property
    def text(self) -> str:
        """The proof as it stands in a transcript."""
        path = "".join(f"{encode_standard(step)}\n" for step in self.path)
        return f"{_FIRST}\nindex {self.index}\n{path}\n{self.signed.raw.decode()}"


def read_log_proof(text: str) -> LogProof:
    """Read a proof in its one spelling; raises Malformed (E_PROOF).

    No `extra` line, since nothing would vouch for it. Checks form alone, and that the checkpoint
    names its log; `check_log_proof` does the rest, and `checkpoint` has what keys decide.
    """
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) > MAX_PROOF:
        raise Malformed("E_PROOF", f"log proof: more than {MAX_PROOF} bytes")
    match = _HEAD.match(text)
    if match is None:
        raise Malformed(
            "E_PROOF", "log proof: expected its first line, an index, a path, a checkpoint"
        )
    index = int(match[1])
    if index > MAX_SIZE:
        raise Malformed("E_PROOF", f"log proof.index: more than {MAX_SIZE}")
    path = tuple(_read_step(n, step) for n, step in enumerate(match[2].split("\n")[:-1]))
    signed = read_checkpoint(text[match.end() :].encode("utf-8", "surrogatepass"))
    return LogProof(index, path, signed)


def _read_step(n: int, step: str) -> bytes:
    place = f"log proof.path[{n}]"
    raw = decode_standard(step, place, "E_PROOF")
    if len(raw) != HASH_BYTES:
        raise Malformed("E_PROOF", f"{place}: expected {HASH_BYTES} bytes, got {len(raw)}")
    return raw


def check_log_proof(proof: LogProof, entry: bytes) -> None:
    """Check that the entry stands where the proof says, under the checkpoint's root hash.

    Raises Malformed (E_PROOF). Who signed the checkpoint is not looked at.
    """
    head = proof.signed.checkpoint
    check_inclusion(hash_leaf(entry), proof.index, head.size, head.root, proof.path)
