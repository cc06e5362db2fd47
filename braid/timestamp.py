"""Timestamps over a seal, as they stand in a transcript (SPEC §11.8).

What a response says, and whose it is, is read where authorities are known: the format only
carries it.
"""

from __future__ import annotations

from braid.encoding import decode, encode
from braid.errors import Malformed
from braid.proof import strings_of
from braid.strict_json import Json

PROOF_TYPE = "rfc3161"
MAX_TIMESTAMPS = 16  # in one transcript, SPEC §12
MAX_RESPONSE = 64 * 1024  # bytes, SPEC §12; an authority's chain of certificates is in it


def write_timestamp(response: bytes) -> dict[str, Json]:
    """Write the DER of a TimeStampResp (RFC 3161 §2.4.2) as a proof of a transcript.

    Raises ValueError where it is larger than SPEC §12 allows.
    """
    if len(response) > MAX_RESPONSE:
        raise ValueError(f"response: expected at most {MAX_RESPONSE} bytes, got {len(response)}")
    return {"type": PROOF_TYPE, "of": "seal", "response": encode(response)}


def read_timestamp(proof: dict[str, Json]) -> bytes:
    """Give the response in a proof; raises Malformed, always with E_PROOF."""
    of, response = strings_of(proof, PROOF_TYPE, "of", "response")
    if of != "seal":
        raise Malformed("E_PROOF", "timestamp: expected a response of a seal")
    try:
        raw = decode(response, "timestamp.response")
    except Malformed as fault:
        raise Malformed("E_PROOF", str(fault)) from fault
    if not 0 < len(raw) <= MAX_RESPONSE:
        raise Malformed(
            "E_PROOF", f"timestamp.response: expected 1 to {MAX_RESPONSE} bytes, got {len(raw)}"
        )
    return raw
