"""Rotations: a root key says which key comes after it (SPEC §9.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from braid.encoding import KEY_PATTERN, TIME_PATTERN, decode, encode, is_time
from braid.errors import KeyUnusable, Malformed
from braid.node import MAX_HEADER
from braid.signing import (
    KEY_BYTES,
    SIGNATURE_BYTES,
    Purpose,
    Signer,
    check_key,
    check_signature_form,
    verifies,
)
from braid.strict_json import Json

PROOF_TYPE = "rotation"


@dataclass(frozen=True, slots=True)
class Rotation:
    """The key that ends and the one that follows it, in their text form."""

    old: str
    new: str
    time: str


_ROTATION = re.compile(
    rf'\{{"new":"({KEY_PATTERN})","old":"({KEY_PATTERN})","time":"({TIME_PATTERN})","v":1\}}',
    re.ASCII,
)


def write_rotation(old: Signer, new: Signer, time: str) -> dict[str, Json]:
    """Have the old root name the new one, which proves that it is held; a proof of a transcript."""
    text = f'{{"new":"{new.text}","old":"{old.text}","time":"{time}","v":1}}'
    _read_header(text)
    raw = text.encode("ascii")
    signature = old.sign(Purpose.ROTATION, raw)
    possession = new.sign(Purpose.POSSESSION, raw + signature)
    return {"type": PROOF_TYPE, "h": text, "s": encode(signature), "pop": encode(possession)}


def _read_header(text: str) -> Rotation:
    match = _ROTATION.fullmatch(text) if len(text) <= MAX_HEADER else None
    if match is None or not is_time(match[3]) or match[1] == match[2]:
        raise Malformed("E_PROOF", "rotation: header is not in the one spelling of SPEC §9.3")
    return Rotation(match[2], match[1], match[3])


def check_rotation(proof: dict[str, Json]) -> Rotation:
    """Check a rotation by itself; raises Malformed, always with E_PROOF."""
    h, s, pop = proof.get("h"), proof.get("s"), proof.get("pop")
    if set(proof) != {"type", "h", "s", "pop"} or proof["type"] != PROOF_TYPE:
        raise Malformed("E_PROOF", "rotation: expected type, h, s and pop")
    if not (isinstance(h, str) and isinstance(s, str) and isinstance(pop, str)):
        raise Malformed("E_PROOF", "rotation: expected strings")
    rotation = _read_header(h)
    raw = h.encode("ascii")
    try:
        signature = _check(rotation.old, s, Purpose.ROTATION, raw, "s")
        _check(rotation.new, pop, Purpose.POSSESSION, raw + signature, "pop")
    except (Malformed, KeyUnusable) as fault:
        raise Malformed("E_PROOF", str(fault)) from fault
    return rotation


def _check(key_text: str, signature_text: str, purpose: Purpose, raw: bytes, name: str) -> bytes:
    place = f"rotation.{name}"
    key = decode(key_text, place, KEY_BYTES)
    check_key(key, place)
    signature = decode(signature_text, place, SIGNATURE_BYTES)
    check_signature_form(signature, place)
    if not verifies(key, signature, purpose, raw):
        raise Malformed("E_PROOF", f"{place}: the signature does not verify")
    return signature


def check_chain(rotations: Iterable[Rotation], root: str | None) -> None:
    """Check that these lead, one after the other, to a root; raises Malformed (E_PROOF)."""
    chain = list(rotations)
    keys = [rotation.old for rotation in chain] + [chain[-1].new] if chain else []
    follows = all(chain[n].new == chain[n + 1].old for n in range(len(chain) - 1))
    if not follows or len(set(keys)) != len(keys):
        raise Malformed("E_PROOF", "rotation: expected a chain in which each key stands once")
    if keys and keys[-1] != root:
        raise Malformed("E_PROOF", "rotation: leads to another root than certified the braid")
