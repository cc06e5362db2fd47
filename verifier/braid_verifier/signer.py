"""The signer: the braid key and the certificate that stands before the nodes (SPEC §9.2)."""

from __future__ import annotations

from dataclasses import dataclass

from braid.certificate import Certificate, CertificateHeader, check_certificate
from braid.encoding import decode
from braid.errors import KeyUnusable, Malformed
from braid.signing import KEY_BYTES, check_key
from braid.transcript import TranscriptReader
from braid_verifier.findings import Check, Findings


@dataclass(frozen=True, slots=True)
class Signer:
    """Who a transcript says signed it; what did not pass its check is None.

    `certified` is the certificate as it stands in the file, where `certificate` is what it says.
    """

    braid: str | None
    key: bytes | None
    certificate: CertificateHeader | None
    certificate_given: bool
    certified: Certificate | None = None


def check_signer(reader: TranscriptReader, findings: Findings) -> Signer:
    """Check the braid key, then the certificate; class 4 ends at its first failure."""
    certificate, header = reader.certificate, None
    if certificate is None:
        findings.note("N_NO_CERTIFICATE", "no certificate: the signer is unknown")
    if reader.braid is None:
        return Signer(None, None, None, certificate is not None)
    key: bytes | None = decode(reader.braid, "braid", KEY_BYTES)
    try:
        check_key(key or b"", "braid")
    except KeyUnusable as fault:
        findings.fail(Check.CERTIFICATE, "E_KEY", str(fault))
        key = None
    if certificate is not None and key is not None:
        try:
            header = check_certificate(certificate, reader.braid)
        except Malformed as fault:
            check = Check.ENCODING if fault.code == "E_ENC" else Check.CERTIFICATE
            findings.fail(check, fault.code, str(fault))
    certified = certificate if header is not None else None
    return Signer(reader.braid, key, header, certificate is not None, certified)
