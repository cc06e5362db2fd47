"""Checkpoints: what a log says of itself, and what witnesses say of that (SPEC §13.2, §13.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from braid.encoding import decode_standard, encode_standard
from braid.errors import Malformed
from braid.note import (
    NAME_PATTERN,
    Note,
    NoteSignature,
    NoteSigner,
    SignatureType,
    VerifierKey,
    check_note_signature,
    read_line,
    read_note,
)
from braid.signing import SIGNATURE_BYTES
from braid.tree import EMPTY_HEAD, HASH_BYTES

MAX_SIZE = 2**53 - 1
# The last second of the year 9999, so that each time can be written (SPEC §2.1).
MAX_TIME = 253_402_300_799
_TIME_BYTES = 8
_TEXT = re.compile(rf"({NAME_PATTERN})\n(0|[1-9][0-9]{{0,15}})\n([A-Za-z0-9+/=]{{44}})\n")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's origin, how many entries it has, and the head over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{encode_standard(self.root)}\n"


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint and the signatures below it, none of them checked yet."""

    checkpoint: Checkpoint
    signatures: tuple[NoteSignature, ...]

    @property
    def raw(self) -> bytes:
        """The signed note as it stands on the wire."""
        return Note(self.checkpoint.text, self.signatures).raw

    def with_signatures(self, *more: NoteSignature) -> SignedCheckpoint:
        """Add signatures below those that are there."""
        return SignedCheckpoint(self.checkpoint, (*self.signatures, *more))


def read_checkpoint_text(text: str) -> Checkpoint:
    """Read the three lines of a checkpoint; raises Malformed (E_PROOF).

    Further lines are refused: nobody who watches a log could check them.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise Malformed("E_PROOF", "checkpoint: expected origin, size and root hash, a line each")
    size = int(match[2])
    root = decode_standard(match[3], "checkpoint.root", "E_PROOF")
    if size > MAX_SIZE:
        raise Malformed("E_PROOF", f"checkpoint.size: more than {MAX_SIZE}")
    if len(root) != HASH_BYTES:
        raise Malformed("E_PROOF", f"checkpoint.root: expected {HASH_BYTES} bytes")
    if size == 0 and root != EMPTY_HEAD:
        raise Malformed("E_PROOF", "checkpoint.root: not the head of an empty tree")
    return Checkpoint(match[1], size, root)


def read_checkpoint(raw: bytes) -> SignedCheckpoint:
    """Read a signed checkpoint; raises Malformed (E_PROOF).

    At least one signature line must have the origin as its name; none is verified here.
    """
    note = read_note(raw)
    checkpoint = read_checkpoint_text(note.text)
    if all(signature.name != checkpoint.origin for signature in note.signatures):
        raise Malformed("E_PROOF", "checkpoint: no signature line is named as the origin is")
    return SignedCheckpoint(checkpoint, note.signatures)


def sign_checkpoint(signer: NoteSigner, checkpoint: Checkpoint) -> SignedCheckpoint:
    """Sign a checkpoint with the log's key; raises ValueError where it is not a key of this log."""
    public = signer.public
    if public.type is not SignatureType.NOTE or public.name != checkpoint.origin:
        raise ValueError("not a key that signs checkpoints of this origin")
    value = signer.sign(checkpoint.text.encode("ascii"))
    return SignedCheckpoint(checkpoint, (NoteSignature(public.name, public.id, value),))


def is_signed(signed: SignedCheckpoint, log: VerifierKey) -> bool:
    """Tell whether this log's key signed the checkpoint; False where no line names the key.

    Raises Malformed (E_PROOF) where a line names it and does not verify.
    """
    message = signed.checkpoint.text.encode("ascii")
    lines = [line for line in signed.signatures if line.is_by(log)]
    for line in lines:
        check_note_signature(log, line.value, message, "checkpoint: signature of the log")
    return bool(lines) and signed.checkpoint.origin == log.name


def cosign(witness: NoteSigner, checkpoint: Checkpoint, time: int) -> NoteSignature:
    """Cosign a checkpoint at a time in seconds since 1970 (`cosignature/v1`).

    A witness MUST first have checked it, and kept it durably (SPEC §13.3). Raises ValueError for a
    key of another type or a time that cannot be written.
    """
    public = witness.public
    if public.type is not SignatureType.COSIGNATURE:
        raise ValueError("not a key that cosigns")
    if not 0 < time <= MAX_TIME:
        raise ValueError(f"time: expected 1 to {MAX_TIME}")
    value = time.to_bytes(_TIME_BYTES, "big") + witness.sign(_cosigned(checkpoint, time))
    return NoteSignature(public.name, public.id, value)


def cosigned_at(signed: SignedCheckpoint, witness: VerifierKey) -> int | None:
    """Give the time of this witness's cosignature, the earliest of several; None without one.

    Raises Malformed (E_PROOF) where a line names the witness's key and does not verify.
    """
    times: list[int] = []
    place = "checkpoint: cosignature of a witness"
    for line in signed.signatures:
        if not line.is_by(witness):
            continue
        time = _read_time(line, place)
        message = _cosigned(signed.checkpoint, time)
        check_note_signature(witness, line.value[_TIME_BYTES:], message, place)
        times.append(time)
    return min(times, default=None)


def cosignature_time(line: str) -> int:
    """Give the time that a cosignature's line says; raises Malformed (E_PROOF).

    Whether it verifies is `cosigned_at`'s question.
    """
    place = "cosignature of a witness"
    return _read_time(read_line(line.removesuffix("\n"), place), place)


def _read_time(line: NoteSignature, place: str) -> int:
    if len(line.value) != _TIME_BYTES + SIGNATURE_BYTES:
        raise Malformed("E_PROOF", f"{place}: expected a time and a signature")
    time = int.from_bytes(line.value[:_TIME_BYTES], "big")
    if not 0 < time <= MAX_TIME:
        raise Malformed("E_PROOF", f"{place}: expected a time of 1 to {MAX_TIME} seconds")
    return time


def _cosigned(checkpoint: Checkpoint, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{checkpoint.text}".encode("ascii")
