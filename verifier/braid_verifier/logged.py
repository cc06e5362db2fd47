"""Proofs of a log: what it holds of a braid, and which witnesses saw it (SPEC §13.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from braid.checkpoint import SignedCheckpoint, cosigned_at, is_signed
from braid.encoding import write_time
from braid.errors import Malformed
from braid.log_entry import LogEntry
from braid.log_proof import PROOF_TYPE, LogProof, check_log_proof, read_log_proof
from braid.note import VerifierKey
from braid.proof import strings_of
from braid.strict_json import Json
from braid_verifier.pins import Pins

MAX_LOG_PROOFS = 64


class Of(StrEnum):
    """What of a braid a proof is about."""

    CERTIFICATE = "certificate"
    SEAL = "seal"
    CLOSURE = "closure"


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A pinned witness's cosignature, with its time in seconds since 1970."""

    witness: VerifierKey
    time: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: in which log, pinned or not, and which pinned witnesses saw it."""

    of: Of
    proof: LogProof
    log: VerifierKey | None
    cosigned: tuple[Cosigned, ...]

    @property
    def origin(self) -> str:
        return self.proof.signed.checkpoint.origin

    def is_witnessed(self, quorum: int) -> bool:
        """Tell whether so many different witness keys cosigned; names do not make them different."""
        return len({each.witness.key for each in self.cosigned}) >= quorum


class LogProofs:
    """Takes the proofs of a transcript, one after the other."""

    def __init__(self, entries: dict[Of, LogEntry], pins: Pins, quorum: int) -> None:
        """Expect proofs of these entries, which are what the transcript has."""
        self._entries = entries
        self._pins = pins
        self._quorum = quorum
        self._taken = 0
        self.places: list[Place] = []

    def take(self, proof: dict[str, Json]) -> Place:
        """Check a proof by itself and beside those before; raises Malformed (E_PROOF)."""
        self._taken += 1
        if self._taken > MAX_LOG_PROOFS:
            raise Malformed("E_PROOF", f"log: more than {MAX_LOG_PROOFS} proofs")
        of, text = strings_of(proof, PROOF_TYPE, "of", "proof")
        if of not in Of.__members__.values():
            raise Malformed("E_PROOF", f"log.of: expected one of {', '.join(Of)}")
        entry = self._entries.get(Of(of))
        if entry is None:
            raise Malformed("E_PROOF", f"log.of: the transcript has no {of} that holds")
        read = read_log_proof(text)
        check_log_proof(read, entry.raw)
        place = Place(Of(of), read, *self._judge(read.signed))
        for other in self.places:
            _check_beside(other, place)
        self.places.append(place)
        return place

    def _judge(self, signed: SignedCheckpoint) -> tuple[VerifierKey | None, tuple[Cosigned, ...]]:
        named = [key for key in self._pins.logs if key.name == signed.checkpoint.origin]
        signers = [key for key in named if is_signed(signed, key)]
        if named and not signers:
            raise Malformed("E_PROOF", "checkpoint: of a pinned log, and not signed by its key")
        cosigned = []
        for witness in self._pins.witnesses:
            time = cosigned_at(signed, witness)
            if time is not None:
                cosigned.append(Cosigned(witness, time))
        cosigned.sort(key=lambda each: each.time)
        return (signers[0] if signers else None), tuple(cosigned)

    def seen(self, *wanted: Of) -> str | None:
        """Give the earliest time by which witnesses enough had seen one of these in a pinned log."""
        times = []
        for place in self.places:
            if place.log is None or place.of not in wanted:
                continue
            first: dict[bytes, int] = {}
            for each in place.cosigned:
                first.setdefault(each.witness.key, each.time)  # they come by time
            if len(first) >= self._quorum:
                times.append(sorted(first.values())[self._quorum - 1])
        return write_time(datetime.fromtimestamp(min(times), UTC)) if times else None

    def cover(self, witnessed: bool) -> bool:
        """Tell whether all there is stands in a pinned log; and, if asked, witnesses enough saw it."""
        covered = {
            each.of
            for each in self.places
            if each.log is not None and (not witnessed or each.is_witnessed(self._quorum))
        }
        return Of.CERTIFICATE in covered and covered >= self._entries.keys()


def _check_beside(one: Place, other: Place) -> None:
    """Check two proofs of one log beside each other; raises Malformed (E_PROOF)."""
    if one.origin != other.origin:
        return
    if one.of is other.of:
        raise Malformed("E_PROOF", f"log: a second proof of the {one.of} in one log")
    here, there = one.proof.signed.checkpoint, other.proof.signed.checkpoint
    if here.size == there.size and here.root != there.root:
        raise Malformed("E_PROOF", "log: forked, two checkpoints of one size have other roots")
    first, later = (one, other) if one.of is Of.CERTIFICATE else (other, one)
    if first.of is Of.CERTIFICATE and first.proof.index >= later.proof.index:
        raise Malformed("E_PROOF", f"log: the certificate stands behind the {later.of}")
