"""The formulas of SPEC, each written down once more in plain Python (nothing shared with the package)."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any


def encode(raw: bytes) -> str:
    """SPEC §2.1: unpadded base64url."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def derive(label: str) -> bytes:
    """Stand in for 32 random bytes."""
    return hashlib.sha256(b"braid test vectors: " + label.encode()).digest()


def pae(purpose: str, payload: bytes) -> bytes:
    """SPEC §2.2: the bytes that are signed."""
    kind = f"application/vnd.braid.{purpose}.v1+json".encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def compact(value: Any) -> str:
    """SPEC §3.1: sorted names, no white space."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def commitment(salt: bytes, content: bytes, attrs: bytes) -> bytes:
    """SPEC §5.1."""
    return hashlib.sha256(
        b"braid/1 content\n"
        + salt
        + len(content).to_bytes(8, "big")
        + content
        + len(attrs).to_bytes(8, "big")
        + attrs
    ).digest()


def chain_start(name: str) -> bytes:
    """SPEC §6.2.3: d₀ of a list."""
    return hashlib.sha256(b"braid/1 context " + name.encode()).digest()


def chain_step(value: bytes, signature: bytes) -> bytes:
    """SPEC §6.2.3: dᵢ from dᵢ₋₁."""
    return hashlib.sha256(value + signature).digest()


def tree_head(signatures: list[bytes]) -> bytes:
    """SPEC §11.1, by the recursion of RFC 6962 §2.1."""
    if not signatures:
        return hashlib.sha256(b"").digest()
    if len(signatures) == 1:
        return hashlib.sha256(b"\x00" + signatures[0]).digest()
    split = 1
    while split * 2 < len(signatures):
        split *= 2
    left, right = tree_head(signatures[:split]), tree_head(signatures[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def body(raw: bytes, bsalt: bytes) -> dict[str, Any]:
    """SPEC §5.5.2: what a call or end says of its body."""
    return {
        "bytes": len(raw),
        "digest": encode(hashlib.sha256(bsalt + raw).digest()),
        "salt": encode(hashlib.sha256(bsalt).digest()),
    }
