"""Standing: whether the keys behind a braid may still be believed (SPEC §9.3–9.5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from braid.closure import ClosureHeader
from braid.revocation import Revocation, Subject, entitled
from braid.rotation import Lineage, Rotation, heirs
from braid.statements import Statements
from braid_verifier.findings import Check, Findings
from braid_verifier.proofs import Proven
from braid_verifier.signer import Signer


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """What statements of roots say about a braid, those in the file and those given apart.

    revoked    the braid key or the root that certified it is revoked.
    closure    one that holds (SPEC §11.7) and counts (§9.4.5).
    rotations  those that still lend trust: their old root was not revoked.
    """

    revoked: bool = False
    closure: ClosureHeader | None = None
    rotations: tuple[Rotation, ...] = ()

    def followed(self, pinned: Iterable[str]) -> frozenset[str]:
        """Give the pinned roots and all that they handed over to."""
        return heirs(self.rotations, *pinned)


def check_standing(
    proven: Proven, apart: Statements, signer: Signer, findings: Findings
) -> KeyStanding:
    """Check class 15. Statements given apart count whatever the file's own proofs are."""
    root = signer.certificate.root if signer.certificate else None
    rotations = proven.rotations + apart.rotations
    revoked: dict[str, list[Revocation]] = {}
    # Those in the file were found to be by one who has a say.
    for one in proven.revocations:
        revoked.setdefault(one.key, []).append(one)
    # Who has a say is asked once a key, however many speak of it.
    told: dict[tuple[str, Subject], list[Revocation]] = {}
    for one in apart.revocations:
        if one.of is Subject.ROOT or one.key == signer.braid:
            told.setdefault((one.key, one.of), []).append(one)
    lineage = Lineage(rotations)
    for (whose, of), said_of_it in told.items():
        may = entitled(whose, of, root, lineage)
        for one in said_of_it:
            if one.by in may:
                revoked.setdefault(whose, []).append(one)
            elif whose == (signer.braid if of is Subject.BRAID else root):
                message = f"a revocation of the {of} key by a root that has no say over it"
                findings.note("N_REVOCATION", message)

    def fate(key: str | None, of: Subject, time: str, seen: str | None = None) -> Revocation | None:
        known = revoked.get(key or "", ())
        return next((one for one in known if one.of is of and one.takes(time, seen)), None)

    said: Revocation | None = None
    if signer.certificate is not None:
        begin = signer.certificate.not_before
        # What a braid key signed says its own time, so nothing of it is older for sure.
        for key, of, time, seen in (
            (signer.braid, Subject.BRAID, "", proven.ended),
            (root, Subject.ROOT, begin, proven.begun),
        ):
            for one in revoked.get(key or "", ()):
                if one.of is not of:
                    continue
                if one.takes(time, seen):
                    said = said or one
                else:
                    message = f"the {of} key was revoked, {one.reason}, from {one.since}: later"
                    findings.note("N_REVOCATION", message)
    if said is not None:
        what = "braid key" if said.of is Subject.BRAID else "root that certified the braid key"
        message = f"the {what} was revoked: {said.reason}, from {said.since}"
        findings.fail(Check.REVOCATION, "E_REVOKED", message)
    sound = tuple(one for one in rotations if fate(one.old, Subject.ROOT, one.time) is None)
    closure = proven.closure
    if closure is not None and root is not None:
        # A root's thief could hand over to himself; not once witnesses had seen the closure.
        seen = proven.ended
        led = heirs(
            (one for one in rotations if not fate(one.old, Subject.ROOT, one.time, seen)), root
        )
        gone = fate(closure.root, Subject.ROOT, closure.time, seen)
        closure = closure if gone is None and closure.root in led else None
    return KeyStanding(said is not None, closure, sound)
