"""Rotations: a root key says which key comes after it (SPEC §9.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from braid.encoding import KEY_PATTERN, TIME_PATTERN, encode, is_time
from braid.errors import Malformed
from braid.node import MAX_HEADER
from braid.proof import strings_of
from braid.signing import Purpose, Signer, check_signed
from braid.strict_json import Json

PROOF_TYPE = "rotation"
MAX_ROTATIONS = 64  # in one transcript, SPEC §12


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
    h, s, pop = strings_of(proof, PROOF_TYPE, "h", "s", "pop")
    rotation = _read_header(h)
    raw = h.encode("ascii")
    signature = check_signed(rotation.old, s, Purpose.ROTATION, raw, "rotation.s")
    check_signed(rotation.new, pop, Purpose.POSSESSION, raw + signature, "rotation.pop")
    return rotation


def check_chain(rotations: Iterable[Rotation], root: str | None) -> None:
    """Check that these lead one to the other, and that a root stands among them.

    Raises Malformed (E_PROOF).
    """
    keys = chain_of(rotations)
    if len(keys) > MAX_ROTATIONS + 1:
        raise Malformed("E_PROOF", f"rotation: expected {MAX_ROTATIONS} at most")
    if len(set(keys)) != len(keys):
        raise Malformed("E_PROOF", "rotation: expected a chain in which each key stands once")
    if keys and root not in keys:
        raise Malformed("E_PROOF", "rotation: leads past the root that certified the braid")


def chain_of(rotations: Iterable[Rotation]) -> tuple[str, ...]:
    """Give the keys of rotations that lead one to the other; raises Malformed (E_PROOF)."""
    keys: list[str] = []
    for rotation in rotations:
        if keys and keys[-1] != rotation.old:
            raise Malformed("E_PROOF", "rotation: expected a chain, each from where the last led")
        keys += [rotation.new] if keys else [rotation.old, rotation.new]
    return tuple(keys)


def chain_through(rotations: Iterable[Rotation], root: str) -> tuple[Rotation, ...]:
    """Give, of rotations in any order, those that lead to a root and on from it, in theirs."""
    known = tuple(rotations)
    before = {each.new: each for each in known}
    after = {each.old: each for each in known}
    found: list[Rotation] = []
    key = root
    while key in before:
        found.insert(0, before.pop(key))
        key = found[0].old
    key = root
    while key in after:
        found.append(after.pop(key))
        key = found[-1].new
    return tuple(found)


class Lineage:
    """Which roots rotations lead to and from: gone through once, for many questions."""

    def __init__(self, rotations: Iterable[Rotation]) -> None:
        self._after: dict[str, list[str]] = {}
        self._before: dict[str, list[str]] = {}
        for rotation in rotations:
            self._after.setdefault(rotation.old, []).append(rotation.new)
            self._before.setdefault(rotation.new, []).append(rotation.old)

    def heirs(self, *roots: str) -> frozenset[str]:
        """Give these roots and all to which rotations lead from them, one after the other."""
        return _led(self._after, roots)

    def kin(self, root: str) -> frozenset[str]:
        """Give a root's heirs, and all from which rotations lead to it."""
        return self.heirs(root) | _led(self._before, (root,))


def heirs(rotations: Iterable[Rotation], *roots: str) -> frozenset[str]:
    """Give these roots and all to which rotations lead from them, one after the other."""
    return Lineage(rotations).heirs(*roots)


def _led(leads: Mapping[str, list[str]], roots: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    left = list(roots)
    while left:
        root = left.pop()
        if root not in found:
            found.add(root)
            left += leads.get(root, ())
    return frozenset(found)
