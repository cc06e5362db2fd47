"""Timestamp authorities: who else saw a seal, and by when (SPEC §11.8).

This module alone needs the extra `timestamps`; nothing else of the verifier imports it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

from cryptography import x509
from rfc3161_client import PKIStatus, VerifierBuilder, decode_timestamp_response

from braid.errors import KeyUnusable, Malformed

_PEM = b"-----BEGIN"
_HASHES = (hashlib.sha256, hashlib.sha384, hashlib.sha512)


class Authorities:
    """Certificates of authorities that their user trusts: the roots of their chains.

    Raises KeyUnusable, naming the place, for what is no certificate and for none at all.
    """

    def __init__(self, certificates: Iterable[bytes], place: str = "authorities") -> None:
        if isinstance(certificates, bytes):
            raise TypeError(f"{place}: expected an iterable of certificates, got one bytes")
        roots: list[x509.Certificate] = []
        for number, given in enumerate(certificates):
            try:
                if _PEM in given:
                    roots += x509.load_pem_x509_certificates(given)
                else:
                    roots.append(x509.load_der_x509_certificate(given))
            except ValueError as fault:
                raise KeyUnusable(
                    f"{place}[{number}]: expected certificates as PEM or one as DER"
                ) from fault
        if not roots:
            raise KeyUnusable(f"{place}: expected a certificate, got none")
        self._verifier = VerifierBuilder(roots=list(dict.fromkeys(roots))).build()

    def time_of(self, response: bytes, message: bytes) -> datetime | None:
        """Give the time at which one of these says that it was shown the message.

        A certificate must have been valid at that time; no clock counts. None where the
        response is signed by none of these, or not rightly. Raises Malformed (E_PROOF) for
        what is no response, or speaks of another message.
        """
        try:
            answered = decode_timestamp_response(response)
            status = PKIStatus(answered.status)
            said = answered.tst_info
            imprint, time = said.message_imprint.message, said.gen_time.astimezone(UTC)
        except Exception as fault:
            raise Malformed("E_PROOF", "timestamp: not a response of RFC 3161") from fault
        if status is not PKIStatus.GRANTED:
            raise Malformed("E_PROOF", "timestamp: a response that grants none")
        if imprint not in [each(message).digest() for each in _HASHES]:
            raise Malformed("E_PROOF", "timestamp: not of this seal, or not by SHA-256, 384 or 512")
        try:
            self._verifier.verify_message(answered, message)
        except Exception:  # noqa: BLE001 certificates that come along unsigned raise what they like
            return None
        return time
