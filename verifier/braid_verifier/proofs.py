"""Proofs: closures and rotations, what a root says beside its certificate (SPEC §9.3, §11.7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from braid import closure, rotation
from braid.closure import ClosureHeader, check_closure
from braid.errors import Malformed
from braid.rotation import Rotation, check_chain, check_rotation
from braid.strict_json import Json
from braid_verifier.findings import Check, Findings
from braid_verifier.seals import Seals
from braid_verifier.signer import Signer


@dataclass(frozen=True, slots=True)
class Proven:
    """What the proofs of a transcript show; where one does not hold, none counts.

    forebears  the roots from which rotations lead to the one that certified the braid.
    """

    closure: ClosureHeader | None = None
    forebears: frozenset[str] = frozenset()


def check_proofs(
    proofs: Iterable[Json], findings: Findings, signer: Signer, seals: Seals, count: int
) -> Proven:
    """Check class 14, behind the last of `count` nodes."""
    closures: list[ClosureHeader] = []
    rotations: list[Rotation] = []
    root = signer.certificate.root if signer.certificate else None
    for number, proof in enumerate(proofs):
        assert isinstance(proof, dict)  # the reader has looked
        try:
            if proof["type"] == closure.PROOF_TYPE:
                closures.append(_checked(proof, root, signer, seals, count))
                if len(closures) > 1:
                    raise Malformed("E_PROOF", "closure: expected one at most")
            elif proof["type"] == rotation.PROOF_TYPE:
                rotations.append(check_rotation(proof))
            else:
                message = f"proofs[{number}]: of a type that this verifier does not check"
                findings.note("N_PROOF", message)
        except Malformed as fault:
            findings.fail(Check.PROOF, "E_PROOF", f"proofs[{number}]: {fault}")
    try:
        check_chain(rotations, root)
    except Malformed as fault:
        findings.fail(Check.PROOF, "E_PROOF", f"proofs: {fault}")
    if findings.count(Check.PROOF):
        return Proven()
    if rotations:
        findings.note("N_ROTATED", f"{len(rotations)} roots handed over, one after the other")
    forebears = frozenset(each.old for each in rotations)
    return Proven(closures[0] if closures else None, forebears)


def _checked(
    proof: dict[str, Json], root: str | None, signer: Signer, seals: Seals, count: int
) -> ClosureHeader:
    header = check_closure(proof, root)
    if header.braid != signer.braid:
        raise Malformed("E_PROOF", "closure.braid: names another braid")
    if seals.seal_at is not None:
        raise Malformed("E_PROOF", "closure: of a braid that has a seal")
    if header.count != count:
        raise Malformed("E_PROOF", f"closure.count: {header.count}, but there are {count} nodes")
    if not seals.is_head(header.tree):
        raise Malformed("E_PROOF", "closure.tree: not the head over the signatures of the nodes")
    return header
