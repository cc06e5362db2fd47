"""Vectors of rotations: a root that hands over to another (SPEC §9.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vectors.faults_signing import OddKey
from vectors.formulas import compact, encode, pae
from vectors.table import failed, unmet, verified
from vectors.weaver import ROOT, Braid, Key, Signer

NEW, NEWEST, STRANGER = Key("new root"), Key("newest root"), Key("stranger root")


def rotation(
    old: Signer,
    new: Signer,
    edit: Callable[[dict[str, Any]], object] | None = None,
    *,
    by: Signer | None = None,
    held_by: Signer | None = None,
    purpose: str = "rotation",
) -> dict[str, Any]:
    """What an old root says of a new one."""
    fields: dict[str, Any] = {
        "new": encode(new.public),
        "old": encode(old.public),
        "time": "2026-01-15T00:00:00.000Z",
        "v": 1,
    }
    if edit:
        edit(fields)
    h = compact(fields).encode()
    s = (by or old).sign(pae(purpose, h))
    pop = (held_by or new).sign(pae("possession", h + s))
    return {"type": "rotation", "h": h.decode(), "s": encode(s), "pop": encode(pop)}


@verified(
    "§9.3",
    "The pinned root handed over to the one that certified.",
    ("N_ROTATED", None),
    signer="yes",
)
def rotated_once(b: Braid) -> None:
    b.root = NEW
    b.proofs = [rotation(ROOT, NEW)]


@verified("§9.3", "It did so twice.", ("N_ROTATED", None), signer="yes")
def rotated_twice(b: Braid) -> None:
    b.root = NEWEST
    b.lines = True
    b.proofs = [rotation(ROOT, NEW), rotation(NEW, NEWEST)]


@verified(
    "§9.3", "A root of before the pinned one hands over to it.", ("N_ROTATED", None), signer="yes"
)
def rotated_before_the_pinned_root(b: Braid) -> None:
    b.proofs = [rotation(STRANGER, ROOT)]


@unmet(
    "§9.3",
    "A stranger handed over to a stranger: nobody is pinned.",
    ("N_ROTATED", None),
    signer="no",
)
def rotated_by_a_stranger(b: Braid) -> None:
    b.root = NEW
    b.proofs = [rotation(STRANGER, NEW)]


def _wrong(name: str, comment: str, *proofs: dict[str, Any], root: Signer = NEW) -> None:
    def vector(b: Braid) -> None:
        b.root = root
        b.proofs = list(proofs)

    vector.__name__ = name
    failed("§9.3", comment, ("E_PROOF", None), signer="yes" if root is ROOT else "no")(vector)


_whole = rotation(ROOT, NEW)
_wrong("rotation_signed_by_the_new_root", "A root that names itself.", rotation(ROOT, NEW, by=NEW))
_wrong("rotation_signed_by_a_stranger", "Neither of the two.", rotation(ROOT, NEW, by=STRANGER))
_wrong("rotation_to_a_key_not_held", "The new key never agreed.", rotation(ROOT, NEW, held_by=ROOT))
_wrong(
    "rotation_signed_as_a_certificate",
    "Another purpose.",
    rotation(ROOT, NEW, purpose="certificate"),
)
_wrong("rotation_signed_as_a_closure", "Another purpose.", rotation(ROOT, NEW, purpose="closure"))
_wrong("rotation_loop", "There and back.", _whole, rotation(NEW, ROOT), root=ROOT)
_wrong("rotation_loop_behind", "The certifying root hands back.", _whole, rotation(NEW, ROOT))
_wrong("rotation_to_itself", "Nothing changes.", rotation(ROOT, ROOT), root=ROOT)
_wrong("rotation_to_another_root", "The chain leads elsewhere.", rotation(ROOT, STRANGER))
_wrong(
    "rotation_chain_with_a_gap",
    "A link is missing.",
    _whole,
    rotation(STRANGER, NEWEST),
    root=NEWEST,
)
_wrong("rotation_chain_in_another_order", "The later one first.",
       rotation(NEW, NEWEST), _whole, root=NEWEST)  # fmt: skip
_wrong("rotation_repeated", "One stands twice.", _whole, _whole)
_wrong("rotation_beside_one_that_fails", "None counts where one fails.",
       _whole, rotation(ROOT, NEW, by=STRANGER))  # fmt: skip
_wrong(
    "rotation_with_an_unknown_field",
    "The fields are closed.",
    rotation(ROOT, NEW, lambda f: f.update(x=1)),
)
_wrong("rotation_of_another_version", "v is 1.", rotation(ROOT, NEW, lambda f: f.update(v=2)))
_wrong("rotation_at_no_moment", "No such day.",
       rotation(ROOT, NEW, lambda f: f.update(time="2026-02-30T00:00:00.000Z")))  # fmt: skip
_wrong("rotation_without_possession", "No pop.", {k: v for k, v in _whole.items() if k != "pop"})
_wrong("rotation_with_an_unknown_member", "The members are closed.", {**_whole, "note": ""})
_wrong("rotation_with_a_short_signature", "63 bytes.", {**_whole, "s": "A" * 84})
_MIXED, _SMALL = OddKey("mixed new root", torsion=1), OddKey("small old root", scalar=0, torsion=4)
_wrong("rotation-to-a-key-of-mixed-order", "A new root with a torsion part.",
       rotation(ROOT, _MIXED), root=ROOT)  # fmt: skip
_wrong("rotation-from-a-key-of-small-order", "Anybody signs in its name.",
       rotation(_SMALL, ROOT), root=ROOT)  # fmt: skip
