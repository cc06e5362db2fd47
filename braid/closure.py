"""Closures: a root key says where a braid ends that its own key can seal no more (SPEC §11.7)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from braid.encoding import KEY_PATTERN, TIME_PATTERN, encode, is_time
from braid.errors import Malformed
from braid.node import MAX_HEADER
from braid.proof import strings_of
from braid.signing import Purpose, Signer, check_signed
from braid.strict_json import Json

PROOF_TYPE = "closure"
_MAX_INTEGER = 2**53 - 1


class Reason(StrEnum):
    """Why a braid was not sealed (SPEC §11.7)."""

    LOST = "lost"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class ClosureHeader:
    """How many nodes a braid has, and the RFC 6962 head over their signatures; in text form."""

    root: str
    braid: str
    count: int
    tree: str
    reason: Reason
    time: str


_CLOSURE = re.compile(
    rf'\{{"braid":"({KEY_PATTERN})","count":([1-9][0-9]{{0,15}}),'
    rf'"reason":"({"|".join(Reason)})","root":"({KEY_PATTERN})","time":"({TIME_PATTERN})",'
    rf'"tree":"({KEY_PATTERN})","v":1\}}',
    re.ASCII,
)


def read_closure_header(text: str) -> ClosureHeader:
    """Read a closure's header; raises Malformed (E_PROOF)."""
    match = _CLOSURE.fullmatch(text) if len(text) <= MAX_HEADER else None
    if match is None or int(match[2]) > _MAX_INTEGER:
        raise Malformed("E_PROOF", "closure: header is not in the one spelling of SPEC §11.7")
    braid, count, reason, root, time, tree = match.groups()
    if not is_time(time):
        raise Malformed("E_PROOF", "closure.time: not a moment that exists")
    return ClosureHeader(root, braid, int(count), tree, Reason(reason), time)


def write_closure(root: Signer, header: ClosureHeader) -> dict[str, Json]:
    """Sign a closure and give the proof as it stands in a transcript; raises Malformed (E_PROOF)."""
    text = (
        f'{{"braid":"{header.braid}","count":{header.count},"reason":"{header.reason}",'
        f'"root":"{header.root}","time":"{header.time}","tree":"{header.tree}","v":1}}'
    )
    read_closure_header(text)
    signature = root.sign(Purpose.CLOSURE, text.encode("ascii"))
    return {"type": PROOF_TYPE, "h": text, "s": encode(signature)}


def check_closure(proof: dict[str, Json], roots: Collection[str]) -> ClosureHeader:
    """Check a closure's form and that one of these roots signed it.

    They are the one that certified the braid, and those it handed over to. Raises Malformed,
    always with E_PROOF. What it says of the nodes is the caller's to compare.
    """
    h, s = strings_of(proof, PROOF_TYPE, "h", "s")
    header = read_closure_header(h)
    if header.root not in roots:
        raise Malformed(
            "E_PROOF", "closure.root: not the root that certified this braid, nor its heir"
        )
    check_signed(header.root, s, Purpose.CLOSURE, h.encode("ascii"), "closure.s")
    return header
