"""What is signed and how: DSSE pre-authentication encoding and Ed25519-strict (SPEC §2.2–2.3)."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import nacl.bindings
import nacl.exceptions

from braid.encoding import decode, encode
from braid.errors import KeyUnusable, Malformed

KEY_BYTES = 32
SIGNATURE_BYTES = 64
_ORDER = 2**252 + 27742317777372353535851937790883648493
_FIELD = 2**255 - 19
_SIGN_BIT = 1 << 255

# The y coordinates, below the field prime, of the eight points of small order
# (RFC 8032 §5.1 arithmetic; tests recompute them).
_SMALL_ORDER_Y = frozenset(
    int.from_bytes(bytes.fromhex(y), "little")
    for y in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)
_SMALL_ORDER = frozenset(
    (y | sign).to_bytes(KEY_BYTES, "little") for y in _SMALL_ORDER_Y for sign in (0, _SIGN_BIT)
)


class Purpose(StrEnum):
    """What a signature is for: the X of `application/vnd.braid.X.v1+json`."""

    NODE = "node"
    CERTIFICATE = "certificate"
    POSSESSION = "possession"
    CLOSURE = "closure"
    ROTATION = "rotation"
    REVOCATION = "revocation"
    STATEMENT = "statement"


_PREFIX = {
    purpose: f"DSSEv1 {len(kind)} {kind} ".encode()
    for purpose in Purpose
    for kind in (f"application/vnd.braid.{purpose}.v1+json",)
}


def signed_bytes(purpose: Purpose, payload: bytes) -> bytes:
    """Frame a payload for signing (SPEC §2.2), so that no signature fits another purpose."""
    return b"%s%d %s" % (_PREFIX[purpose], len(payload), payload)


class Signer(Protocol):
    """Whoever holds a secret key; `text` is the public `key` in its text form."""

    @property
    def key(self) -> bytes: ...

    @property
    def text(self) -> str: ...

    def sign(self, purpose: Purpose, payload: bytes) -> bytes: ...


class SecretKey:
    """An Ed25519 secret key in memory.

    Signing is deterministic: one payload, one signature.
    """

    __slots__ = ("_secret", "key", "seed", "text")

    def __init__(self, seed: bytes) -> None:
        """Derive the key pair from 32 bytes of randomness; raises KeyUnusable for other lengths."""
        if len(seed) != KEY_BYTES:
            raise KeyUnusable(f"secret key: expected {KEY_BYTES} bytes, got {len(seed)}")
        self.seed = seed
        self.key, self._secret = nacl.bindings.crypto_sign_seed_keypair(seed)
        self.text = encode(self.key)

    def sign(self, purpose: Purpose, payload: bytes) -> bytes:
        """Sign the framed payload; 64 bytes."""
        signed = nacl.bindings.crypto_sign(signed_bytes(purpose, payload), self._secret)
        return signed[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        return f"SecretKey(key={self.text!r})"


def _point_fault(point: bytes) -> str | None:
    y = int.from_bytes(point, "little") & ~_SIGN_BIT
    if y >= _FIELD:
        return "not canonical"
    if y in _SMALL_ORDER_Y:
        return "of small order"
    return None


def check_key(key: bytes, place: str) -> None:
    """Check a braid's or root's public key once (SPEC §2.3).

    Raises KeyUnusable for 32 bytes that are not a canonical point of the prime-order
    subgroup. A mixed-order key would let its holder make signatures that some
    libraries accept and others do not.
    """
    if len(key) != KEY_BYTES:
        raise KeyUnusable(f"{place}: expected {KEY_BYTES} bytes, got {len(key)}")
    fault = _point_fault(key)
    if fault is None and not nacl.bindings.crypto_core_ed25519_is_valid_point(key):
        fault = "not a point of the prime-order subgroup"
    if fault is not None:
        raise KeyUnusable(f"{place}: the key is {fault}")


def check_signature_form(signature: bytes, place: str) -> None:
    """Check S < L and R before any library sees them; raises Malformed (E_SIG_FORM)."""
    # Below 2^252 is below the group order, and a y whose top bits are not all set is below the
    # prime: so nearly every signature is seen at a glance to be well formed.
    if (
        len(signature) == SIGNATURE_BYTES
        and signature[63] < 0x10
        and signature[31] & 0x7F != 0x7F
        and signature[:32] not in _SMALL_ORDER
    ):
        return
    if int.from_bytes(signature[32:], "little") >= _ORDER:
        raise Malformed("E_SIG_FORM", f"{place}: S is not below the group order")
    fault = _point_fault(signature[:32])
    if fault is not None:
        raise Malformed("E_SIG_FORM", f"{place}: R is {fault}")


def verifies(key: bytes, signature: bytes, purpose: Purpose, payload: bytes) -> bool:
    """Tell whether the signature fits this payload for this purpose (SPEC §2.2).

    Assumes a key that `check_key` passed and a signature that `check_signature_form`
    passed; with both, every library agrees (SPEC §2.3).
    """
    return fits(key, signature, signed_bytes(purpose, payload))


def fits(key: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether the signature fits these bytes, framed or not; assumes what `verifies` does."""
    try:
        nacl.bindings.crypto_sign_open(signature + message, key)
    except (nacl.exceptions.BadSignatureError, ValueError):
        return False
    return True


def check_signed(
    key_text: str, signature_text: str, purpose: Purpose, payload: bytes, place: str
) -> bytes:
    """Check key and signature of a statement that stands in proofs; gives the 64 bytes.

    Raises Malformed, always with E_PROOF (SPEC §10.5).
    """
    try:
        key = decode(key_text, place, KEY_BYTES)
        check_key(key, place)
        signature = decode(signature_text, place, SIGNATURE_BYTES)
        check_signature_form(signature, place)
    except (Malformed, KeyUnusable) as fault:
        raise Malformed("E_PROOF", str(fault)) from fault
    if not verifies(key, signature, purpose, payload):
        raise Malformed("E_PROOF", f"{place}: the signature does not verify")
    return signature
