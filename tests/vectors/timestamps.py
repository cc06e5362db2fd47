"""Vectors of timestamps: their form alone, which is all that every verifier checks (SPEC §11.8)."""

from __future__ import annotations

from typing import Any

from vectors.closures import opened
from vectors.formulas import encode
from vectors.table import failed, verified
from vectors.weaver import Braid

STAMP: dict[str, Any] = {"type": "rfc3161", "of": "seal", "response": encode(bytes(48))}


@verified(
    "§11.8",
    "A timestamp where no authority is pinned: not checked, whatever it says.",
    ("N_PROOF", None),
    timestamped="not checked",
)
def timestamp_that_is_not_checked(b: Braid) -> None:
    b.proofs = [STAMP]


@verified(
    "§11.8",
    "Timestamps of two authorities, one as long as may be.",
    ("N_PROOF", None),
    timestamped="not checked",
)
def timestamps_of_two_authorities(b: Braid) -> None:
    b.proofs = [STAMP, {**STAMP, "response": encode(bytes(65_536))}]


@verified("§12", "As many as may be.", ("N_PROOF", None), timestamped="not checked")
def timestamps_16(b: Braid) -> None:
    b.proofs = [STAMP] * 16


@failed("§12", "One more than may be.", ("E_PROOF", None), timestamped="not checked")
def timestamp_of_17(b: Braid) -> None:
    b.proofs = [STAMP] * 17


def _wrong(name: str, comment: str, **changed: object) -> None:
    def vector(b: Braid) -> None:
        b.proofs = [{key: v for key, v in {**STAMP, **changed}.items() if v is not None}]

    vector.__name__ = name
    failed("§11.8", comment, ("E_PROOF", None), timestamped="not checked")(vector)


_wrong("timestamp_of_the_certificate", "A timestamp over something else.", of="certificate")
_wrong("timestamp_of_nothing", "`of` is missing.", of=None)
_wrong("timestamp_without_a_response", "The response is missing.", response=None)
_wrong("timestamp_with_an_empty_response", "The response is empty.", response="")
_wrong("timestamp_with_padding", "The response is padded.", response=encode(bytes(1)) + "==")
_wrong("timestamp_with_spare_bits", "Bits that carry no value are not zero.", response="AB")
_wrong("timestamp_in_standard_base64", "The other alphabet.", response="+/+/")
_wrong("timestamp_with_a_number", "The response is no string.", response=1)
_wrong("timestamp_with_an_unknown_member", "A member that has no place.", time="2026")
_wrong("timestamp_too_long", "A byte more than may be.", response=encode(bytes(65_537)))


@failed("§11.8", "A timestamp over the seal of an open braid.", ("E_PROOF", None))
def timestamp_of_an_open_braid(b: Braid) -> None:
    opened(b)
    b.proofs = [STAMP]
