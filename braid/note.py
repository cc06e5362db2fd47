"""Signed notes of C2SP: a text, and lines that sign it (SPEC §13.2).

A key that signs notes is an Ed25519 key of its own, never a root or a braid key. What a note means is
`checkpoint`'s; which keys to trust is the caller's question.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import IntEnum

import nacl.bindings

from braid.encoding import decode_standard, encode_standard
from braid.errors import KeyUnusable, Malformed
from braid.signing import KEY_BYTES, SIGNATURE_BYTES, check_key, check_signature_form, fits

MAX_NOTE = 128 * 1024
MAX_SIGNATURES = 64
MAX_NAME = 255
NAME_PATTERN = rf"[!-*,-~]{{1,{MAX_NAME}}}"
_ID_BYTES = 4
_NAME = re.compile(NAME_PATTERN)
_VERIFIER_KEY = re.compile(rf"({NAME_PATTERN})\+([0-9a-f]{{8}})\+([A-Za-z0-9+/=]+)")
_LINE = re.compile(rf"— ({NAME_PATTERN}) ([A-Za-z0-9+/=]+)")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class SignatureType(IntEnum):
    """What a key's signatures are: its byte in C2SP's list."""

    NOTE = 0x01
    COSIGNATURE = 0x04


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key that signs notes under a name; made by `read_verifier_key` or a NoteSigner."""

    name: str
    type: SignatureType
    key: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that name this key in a signature line."""
        named = b"%s\n%c%s" % (self.name.encode("ascii"), self.type, self.key)
        return hashlib.sha256(named).digest()[:_ID_BYTES]

    @property
    def text(self) -> str:
        """The key as others are told it: a *vkey*."""
        return f"{self.name}+{self.id.hex()}+{encode_standard(bytes([self.type]) + self.key)}"


def read_verifier_key(text: str, expected: SignatureType) -> VerifierKey:
    """Read `<name>+<key id>+<base64>` in its one spelling, a key for this type of signature.

    Raises KeyUnusable: another form or type, an id that is not this key's, a key that
    Ed25519-strict refuses (SPEC §2.3).
    """
    match = _VERIFIER_KEY.fullmatch(text)
    if match is None:
        raise KeyUnusable("verifier key: expected <name>+<8 hex digits>+<base64>")
    try:
        raw = decode_standard(match[3], "verifier key", "E_KEY")
    except Malformed as fault:
        raise KeyUnusable(str(fault)) from fault
    if len(raw) != 1 + KEY_BYTES:
        raise KeyUnusable(f"verifier key: expected {1 + KEY_BYTES} bytes, got {len(raw)}")
    if raw[0] != expected:
        whose = {SignatureType.NOTE: "a log's", SignatureType.COSIGNATURE: "a witness's"}
        came = next((whose[one] for one in whose if one == raw[0]), "of another kind")
        raise KeyUnusable(
            f"verifier key: expected {whose[expected]} (signature type {expected}), "
            f"this one is {came} (type {raw[0]})"
        )
    check_key(raw[1:], "verifier key")
    key = VerifierKey(match[1], expected, raw[1:])
    if key.id.hex() != match[2]:
        raise KeyUnusable("verifier key: the key id is not that of this name and key")
    return key


class NoteSigner:
    """An Ed25519 secret key in memory that signs notes under a name."""

    __slots__ = ("_secret", "public", "seed")

    def __init__(self, name: str, seed: bytes, type: SignatureType) -> None:
        """Derive the key pair from 32 bytes of randomness; raises KeyUnusable.

        A name is 1 to 255 characters 0x21–0x7E without `+`.
        """
        if _NAME.fullmatch(name) is None:
            raise KeyUnusable(f"key name: expected 1 to {MAX_NAME} characters 0x21-0x7E without +")
        if len(seed) != KEY_BYTES:
            raise KeyUnusable(f"secret key: expected {KEY_BYTES} bytes, got {len(seed)}")
        self.seed = seed
        key, self._secret = nacl.bindings.crypto_sign_seed_keypair(seed)
        self.public = VerifierKey(name, type, key)

    def sign(self, message: bytes) -> bytes:
        """Sign bytes as they are; 64 bytes. `checkpoint` says which bytes those are."""
        return nacl.bindings.crypto_sign(message, self._secret)[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        return f"NoteSigner({self.public.text!r})"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One line below a note: who says to have signed, and what stands behind the key id."""

    name: str
    id: bytes
    value: bytes

    @property
    def line(self) -> str:
        return f"— {self.name} {encode_standard(self.id + self.value)}\n"

    def is_by(self, key: VerifierKey) -> bool:
        """Tell whether the line names this key; whether it verifies is another question."""
        return self.name == key.name and self.id == key.id


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in LF, and the signatures below it, in their order."""

    text: str
    signatures: tuple[NoteSignature, ...]

    @property
    def raw(self) -> bytes:
        """The note as it stands on the wire."""
        return (self.text + "\n" + "".join(s.line for s in self.signatures)).encode()


def read_note(raw: bytes) -> Note:
    """Read a signed note in its one spelling; raises Malformed (E_PROOF).

    Refused: more than 128 KiB, invalid UTF-8, control characters other than LF, no blank line, no
    signature or more than 64, a line of another form, base64 in another spelling.
    """
    if len(raw) > MAX_NOTE:
        raise Malformed("E_PROOF", f"note: more than {MAX_NOTE} bytes")
    try:
        whole = raw.decode()
    except UnicodeDecodeError:
        raise Malformed("E_PROOF", "note: not UTF-8") from None
    if _CONTROL.search(whole):
        raise Malformed("E_PROOF", "note: a control character other than LF")
    text, blank, below = whole.rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        raise Malformed("E_PROOF", "note: expected a text, a blank line and signature lines")
    lines = below[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise Malformed("E_PROOF", f"note: more than {MAX_SIGNATURES} signatures")
    return Note(
        text + "\n", tuple(read_line(line, f"note.signatures[{n}]") for n, line in enumerate(lines))
    )


def read_line(line: str, place: str) -> NoteSignature:
    """Read a signature line without its LF; raises Malformed (E_PROOF)."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise Malformed("E_PROOF", f"{place}: expected a dash, a key name and base64")
    value = decode_standard(match[2], place, "E_PROOF")
    if len(value) <= _ID_BYTES:
        raise Malformed("E_PROOF", f"{place}: expected a key id and a signature")
    return NoteSignature(match[1], value[:_ID_BYTES], value[_ID_BYTES:])


def check_note_signature(key: VerifierKey, signature: bytes, message: bytes, place: str) -> None:
    """Check the 64 bytes of a signature in the strict form (SPEC §2.3); raises Malformed (E_PROOF)."""
    if len(signature) != SIGNATURE_BYTES:
        raise Malformed("E_PROOF", f"{place}: expected a signature of {SIGNATURE_BYTES} bytes")
    try:
        check_signature_form(signature, place)
    except Malformed as fault:
        raise Malformed("E_PROOF", str(fault)) from fault
    if not fits(key.key, signature, message):
        raise Malformed("E_PROOF", f"{place}: the signature does not verify")
