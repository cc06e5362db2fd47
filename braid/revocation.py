"""Revocations: a root key says of a key that it is to be trusted no more (SPEC §9.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from braid.encoding import KEY_PATTERN, TIME_PATTERN, encode, is_time
from braid.errors import Malformed
from braid.node import MAX_HEADER
from braid.proof import strings_of
from braid.rotation import Lineage, Rotation
from braid.signing import Purpose, Signer, check_signed
from braid.strict_json import Json

PROOF_TYPE = "revocation"
MAX_REVOCATIONS = 64  # in one transcript, SPEC §12


class Subject(StrEnum):
    """What the key that is revoked was for."""

    BRAID = "braid"
    ROOT = "root"


class Reason(StrEnum):
    """Why a key is revoked (SPEC §9.4)."""

    LOST = "lost"
    RETIRED = "retired"
    STOLEN = "stolen"


@dataclass(frozen=True, slots=True)
class Revocation:
    """Which key is revoked, since when, why, and by which root; keys and times in text form."""

    key: str
    of: Subject
    reason: Reason
    since: str
    by: str
    time: str

    def takes(self, time: str, seen: str | None = None) -> bool:
        """Tell whether it takes away what its signer says was signed at a time.

        A thief writes what time he likes, so only a key that nobody else has leaves what is older;
        and what witnesses had `seen` before the key was lost.
        """
        if seen is not None and seen < self.since:
            return False
        return self.reason is not Reason.RETIRED or time >= self.since


_REVOCATION = re.compile(
    rf'\{{"by":"({KEY_PATTERN})","from":"({TIME_PATTERN})","key":"({KEY_PATTERN})",'
    rf'"of":"({"|".join(Subject)})","reason":"({"|".join(Reason)})",'
    rf'"time":"({TIME_PATTERN})","v":1\}}',
    re.ASCII,
)


def write_revocation(root: Signer, revocation: Revocation) -> dict[str, Json]:
    """Sign a revocation and give it as it stands in a transcript; raises Malformed (E_PROOF)."""
    text = (
        f'{{"by":"{revocation.by}","from":"{revocation.since}","key":"{revocation.key}",'
        f'"of":"{revocation.of}","reason":"{revocation.reason}","time":"{revocation.time}","v":1}}'
    )
    _read_header(text)
    signature = root.sign(Purpose.REVOCATION, text.encode("ascii"))
    return {"type": PROOF_TYPE, "h": text, "s": encode(signature)}


def _read_header(text: str) -> Revocation:
    match = _REVOCATION.fullmatch(text) if len(text) <= MAX_HEADER else None
    if match is None:
        raise Malformed("E_PROOF", "revocation: header is not in the one spelling of SPEC §9.4")
    by, since, key, of, reason, time = match.groups()
    for place, moment in (("from", since), ("time", time)):
        if not is_time(moment):
            raise Malformed("E_PROOF", f"revocation.{place}: not a moment that exists")
    if since > time:
        raise Malformed("E_PROOF", "revocation.from: later than the revocation itself")
    if of == Subject.BRAID and reason == Reason.RETIRED:
        raise Malformed("E_PROOF", "revocation.reason: a braid key is not retired, but sealed")
    return Revocation(key, Subject(of), Reason(reason), since, by, time)


def check_revocation(proof: dict[str, Json]) -> Revocation:
    """Check a revocation by itself; raises Malformed, always with E_PROOF.

    Whether its signer has a say over the key is `may_revoke`'s question.
    """
    h, s = strings_of(proof, PROOF_TYPE, "h", "s")
    revocation = _read_header(h)
    check_signed(revocation.by, s, Purpose.REVOCATION, h.encode("ascii"), "revocation.s")
    return revocation


def may_revoke(revocation: Revocation, root: str | None, rotations: Iterable[Rotation]) -> bool:
    """Tell whether its signer has a say; `root` is the one that certified the braid (SPEC §9.4).

    Over a braid key: that root, or one that it handed over to. Over a root: that root itself, or
    one before or after it on a chain of rotations.
    """
    return revocation.by in entitled(revocation.key, revocation.of, root, Lineage(rotations))


def entitled(key: str, of: Subject, root: str | None, lineage: Lineage) -> frozenset[str]:
    """Give the roots that have a say over a key, as `may_revoke` tells it of one of them."""
    if of is Subject.BRAID:
        return frozenset() if root is None else lineage.heirs(root)
    return lineage.kin(key)
