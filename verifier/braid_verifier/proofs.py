"""Proofs: what roots, logs and timestamp authorities say beside the nodes (SPEC §10.5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from braid import closure, log_proof, revocation, rotation, timestamp
from braid.closure import ClosureHeader, check_closure
from braid.encoding import decode
from braid.errors import Malformed
from braid.log_entry import EntryKind, LogEntry
from braid.revocation import Revocation, Subject, check_revocation, may_revoke
from braid.rotation import Rotation, chain_of, check_chain, check_rotation, heirs
from braid.signing import SIGNATURE_BYTES
from braid.strict_json import Json
from braid.timestamp import read_timestamp
from braid_verifier.findings import Check, Findings
from braid_verifier.logged import LogProofs, Of, Place
from braid_verifier.pins import Pins
from braid_verifier.seals import Seals
from braid_verifier.signer import Signer

# Of what costs more to check than to write (SPEC §12); those of logs are counted where they are read.
_MOST = {
    rotation.PROOF_TYPE: rotation.MAX_ROTATIONS,
    revocation.PROOF_TYPE: revocation.MAX_REVOCATIONS,
    timestamp.PROOF_TYPE: timestamp.MAX_TIMESTAMPS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What the proofs of a transcript show; where one does not hold, none counts.

    places     where what the transcript has stands in logs.
    logged     whether all of it does in pinned ones; witnessed, whether witnesses enough saw it.
    begun      by when they had seen the certificate; ended, by when the seal or closure.
    stamped    the earliest time by which a pinned authority saw the seal.
    """

    closure: ClosureHeader | None = None
    rotations: tuple[Rotation, ...] = ()
    revocations: tuple[Revocation, ...] = ()
    places: tuple[Place, ...] = ()
    logged: bool = False
    witnessed: bool = False
    begun: str | None = None
    ended: str | None = None
    stamped: datetime | None = None


def check_proofs(
    proofs: Iterable[Json],
    findings: Findings,
    signer: Signer,
    seals: Seals,
    count: int,
    pins: Pins,
    quorum: int,
) -> Proven:
    """Check class 14, behind the last of `count` nodes."""
    given: list[tuple[int, dict[str, Json]]] = []
    seen: Counter[Json] = Counter()
    for number, proof in enumerate(proofs):
        assert isinstance(proof, dict)  # the reader has looked
        kind = proof["type"]
        seen[kind] += 1
        if isinstance(kind, str) and seen[kind] > (most := _MOST.get(kind, seen[kind])):
            message = f"proofs[{number}]: {kind}: expected at most {most} of this type"
            findings.fail(Check.PROOF, "E_PROOF", message)
        else:
            given.append((number, proof))
    root = signer.certificate.root if signer.certificate else None
    # Who may sign the other proofs is said by the rotations, wherever these stand.
    rotations = _rotations(given, root, findings)
    held = frozenset() if root is None else heirs(rotations, root)
    closures: list[ClosureHeader] = []
    revocations: list[Revocation] = []
    stamps: list[datetime] = []
    entries = _entries(signer, seals)
    for number, proof in given:
        try:
            if proof["type"] == closure.PROOF_TYPE:
                closures.append(_closure(proof, held, signer, seals, count))
                if len(closures) > 1:
                    raise Malformed("E_PROOF", "closure: expected one at most")
                entries[Of.CLOSURE] = LogEntry(EntryKind.CLOSURE, str(proof["h"]), str(proof["s"]))
            elif proof["type"] == revocation.PROOF_TYPE:
                said = _revocation(proof, signer.braid, root, rotations)
                if said in revocations:
                    raise Malformed("E_PROOF", "revocation: stands there twice")
                revocations.append(said)
            elif proof["type"] == timestamp.PROOF_TYPE:
                stamps += _stamped(f"proofs[{number}]", proof, seals, pins, findings)
            elif proof["type"] not in (rotation.PROOF_TYPE, log_proof.PROOF_TYPE):
                message = f"proofs[{number}]: of a type that this verifier does not check"
                findings.note("N_PROOF", message)
        except Malformed as fault:
            findings.fail(Check.PROOF, "E_PROOF", f"proofs[{number}]: {fault}")
    # A closure may stand behind the proof that it is logged.
    logs = LogProofs(entries, pins, quorum)
    _check_logs(given, logs, findings)
    if findings.count(Check.PROOF):
        return Proven()
    if rotations:
        findings.note("N_ROTATED", f"{len(rotations)} roots handed over, one after the other")
    return Proven(
        closure=closures[0] if closures else None,
        rotations=tuple(rotations),
        revocations=tuple(revocations),
        places=tuple(logs.places),
        logged=logs.cover(witnessed=False),
        witnessed=logs.cover(witnessed=True),
        begun=logs.seen(Of.CERTIFICATE),
        ended=logs.seen(Of.SEAL, Of.CLOSURE),
        stamped=min(stamps, default=None),
    )


def _stamped(
    place: str, proof: dict[str, Json], seals: Seals, pins: Pins, findings: Findings
) -> list[datetime]:
    """Give the time by which a pinned authority saw the seal, if this is one's word."""
    response = read_timestamp(proof)
    if seals.seal is None:
        raise Malformed("E_PROOF", "timestamp: of a seal that is not there")
    if pins.authorities is None:
        findings.note("N_PROOF", f"{place}: a timestamp, not checked: no authority was pinned")
        return []
    time = pins.authorities.time_of(response, decode(seals.seal.s, "seal", SIGNATURE_BYTES))
    if time is None:
        findings.note("N_PROOF", f"{place}: a timestamp, but not of a pinned authority")
        return []
    return [time]


def _entries(signer: Signer, seals: Seals) -> dict[Of, LogEntry]:
    """Give what of a transcript can stand in a log (SPEC §13.1); a closure is still to come."""
    entries: dict[Of, LogEntry] = {}
    if (held := signer.certified) is not None:
        entries[Of.CERTIFICATE] = LogEntry(EntryKind.CERTIFICATE, held.h, held.s, held.pop)
    if seals.seal is not None:
        entries[Of.SEAL] = LogEntry(EntryKind.SEAL, seals.seal.h, seals.seal.s)
    return entries


def _check_logs(
    given: Iterable[tuple[int, dict[str, Json]]], logs: LogProofs, findings: Findings
) -> None:
    for number, proof in given:
        if proof["type"] != log_proof.PROOF_TYPE:
            continue
        try:
            place = logs.take(proof)
        except Malformed as fault:
            findings.fail(Check.PROOF, "E_PROOF", f"proofs[{number}]: {fault}")
        else:
            if place.log is None:
                message = f"proofs[{number}]: of {place.origin}, a log that is not pinned"
                findings.note("N_LOG", message)


def _rotations(
    given: Iterable[tuple[int, dict[str, Json]]], root: str | None, findings: Findings
) -> list[Rotation]:
    rotations: list[Rotation] = []
    for number, proof in given:
        if proof["type"] == rotation.PROOF_TYPE:
            try:
                rotations.append(check_rotation(proof))
            except Malformed as fault:
                findings.fail(Check.PROOF, "E_PROOF", f"proofs[{number}]: {fault}")
    try:
        check_chain(rotations, root)
    except Malformed as fault:
        findings.fail(Check.PROOF, "E_PROOF", f"proofs: {fault}")
        return []
    return rotations


def _revocation(
    proof: dict[str, Json], braid: str | None, root: str | None, rotations: list[Rotation]
) -> Revocation:
    said = check_revocation(proof)
    concerned = (braid,) if said.of is Subject.BRAID else (root, *chain_of(rotations))
    if said.key not in concerned:
        raise Malformed("E_PROOF", f"revocation.key: of another {said.of} than this file's")
    if root is None or not may_revoke(said, root, rotations):
        raise Malformed("E_PROOF", "revocation.by: a root without a say over the key")
    return said


def _closure(
    proof: dict[str, Json], roots: Collection[str], signer: Signer, seals: Seals, count: int
) -> ClosureHeader:
    header = check_closure(proof, roots)
    if header.braid != signer.braid:
        raise Malformed("E_PROOF", "closure.braid: names another braid")
    if seals.seal_at is not None:
        raise Malformed("E_PROOF", "closure: of a braid that has a seal")
    if header.count != count:
        raise Malformed("E_PROOF", f"closure.count: {header.count}, but there are {count} nodes")
    if not seals.is_head(header.tree):
        raise Malformed("E_PROOF", "closure.tree: not the head over the signatures of the nodes")
    return header
