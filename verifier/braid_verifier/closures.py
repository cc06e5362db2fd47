"""Closures: whether the root that certified a braid says where it ends (SPEC §11.7)."""

from __future__ import annotations

from collections.abc import Iterable

from braid.closure import PROOF_TYPE, ClosureHeader, check_closure
from braid.errors import Malformed
from braid.strict_json import Json
from braid_verifier.findings import Check, Findings
from braid_verifier.seals import Seals
from braid_verifier.signer import Signer


def check_proofs(
    proofs: Iterable[Json], findings: Findings, signer: Signer, seals: Seals, count: int
) -> ClosureHeader | None:
    """Check class 14 behind the last of `count` nodes; give the closure that holds, if one does."""
    closed: ClosureHeader | None = None
    seen = False
    for number, proof in enumerate(proofs):
        assert isinstance(proof, dict)  # the reader has looked
        if proof["type"] != PROOF_TYPE:
            message = f"proofs[{number}]: of a type that this verifier does not check"
            findings.note("N_PROOF", message)
            continue
        try:
            if seen:
                raise Malformed("E_PROOF", "closure: expected one at most")
            seen = True
            closed = _checked(proof, signer, seals, count)
        except Malformed as fault:
            findings.fail(Check.PROOF, "E_PROOF", f"proofs[{number}]: {fault}")
    return None if findings.count(Check.PROOF) else closed


def _checked(proof: dict[str, Json], signer: Signer, seals: Seals, count: int) -> ClosureHeader:
    root = signer.certificate.root if signer.certificate else None
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
