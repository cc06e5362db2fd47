"""However much roots said of one key, whether they have a say is asked once (SPEC §9.5)."""

from __future__ import annotations

from braid.revocation import Reason, Revocation, Subject
from braid.rotation import Rotation
from braid.statements import Statements
from braid_verifier.findings import Findings
from braid_verifier.proofs import Proven
from braid_verifier.signer import Signer
from braid_verifier.standing import check_standing
from fakes.steps import steps

ROTATIONS, FEW, MANY = 300, 50, 400
TIME = "2026-01-01T00:00:00.000Z"


def work(count: int) -> int:
    turns = tuple(Rotation(f"k{at}", f"k{at + 1}", TIME) for at in range(ROTATIONS))
    said = Revocation("k0", Subject.ROOT, Reason.STOLEN, TIME, f"k{ROTATIONS}", TIME)
    apart = Statements(turns, (said,) * count)
    signer = Signer(None, None, None, False)
    return steps(lambda: check_standing(Proven(), apart, signer, Findings()))


def test_each_revocation_costs_steps_of_its_own_alone() -> None:
    assert work(MANY) - work(FEW) < (MANY - FEW) * ROTATIONS / 10
