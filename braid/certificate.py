"""Certificates: a root key says that a braid key is its own (SPEC §9)."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from braid.encoding import KEY_PATTERN, TIME_PATTERN, decode, encode, is_moment
from braid.errors import KeyUnusable, Malformed
from braid.node import MAX_HEADER
from braid.signing import Purpose, Signer, check_key, check_signature_form, verifies

NONCE_BYTES = 16
MAX_ISSUER = 255


class Policy(StrEnum):
    """What the service does when it cannot record (SPEC §9.1)."""

    REQUIRED = "required"
    BEST_EFFORT = "best_effort"


class CertificateHeader(msgspec.Struct, frozen=True):
    """What a root says about a braid key; keys and nonce in their text form."""

    root: str
    braid: str
    issuer: str
    policy: Policy
    nonce: str
    not_before: str
    not_after: str


class Certificate(msgspec.Struct, frozen=True):
    """A signed certificate as it stands in a transcript: header, root signature, possession."""

    h: str
    s: str
    pop: str


_NONCE = "[A-Za-z0-9_-]{21}[AQgw]"
_CERTIFICATE = re.compile(
    rf'\{{"braid":"({KEY_PATTERN})","issuer":"([!#-\[\]-~]{{0,{MAX_ISSUER}}})",'
    rf'"nonce":"({_NONCE})","not_after":"({TIME_PATTERN})","not_before":"({TIME_PATTERN})",'
    rf'"policy":"({"|".join(Policy)})","root":"({KEY_PATTERN})","v":1\}}',
    re.ASCII,
)


def write_certificate_header(header: CertificateHeader) -> str:
    """Write a certificate header in its one spelling; raises Malformed (E_CERT)."""
    text = (
        f'{{"braid":"{header.braid}","issuer":"{header.issuer}","nonce":"{header.nonce}",'
        f'"not_after":"{header.not_after}","not_before":"{header.not_before}",'
        f'"policy":"{header.policy}","root":"{header.root}","v":1}}'
    )
    read_certificate_header(text)
    return text


def read_certificate_header(text: str) -> CertificateHeader:
    """Read a certificate header; raises Malformed (E_CERT)."""
    match = _CERTIFICATE.fullmatch(text) if len(text) <= MAX_HEADER else None
    if match is None:
        raise Malformed("E_CERT", "certificate: header is not in the one spelling of SPEC §9.1")
    braid, issuer, nonce, not_after, not_before, policy, root = match.groups()
    for place, time in (("not_before", not_before), ("not_after", not_after)):
        if not is_moment(time):
            raise Malformed("E_CERT", f"certificate.{place}: not a moment that exists")
    return CertificateHeader(root, braid, issuer, Policy(policy), nonce, not_before, not_after)


def issue(root: Signer, braid: Signer, header: CertificateHeader) -> Certificate:
    """Sign a certificate with the root key and the proof of possession with the braid key."""
    text = write_certificate_header(header)
    raw = text.encode("ascii")
    signature = root.sign(Purpose.CERTIFICATE, raw)
    possession = braid.sign(Purpose.POSSESSION, raw + signature)
    return Certificate(h=text, s=encode(signature), pop=encode(possession))


def check_certificate(certificate: Certificate, braid: str) -> CertificateHeader:
    """Check a certificate against the braid key it came with (SPEC §9.2).

    The order is that of §9.2: encodings, grammar, root key, root signature, braid, bounds,
    possession. Raises Malformed with E_ENC, E_CERT, E_KEY, E_SIG_FORM, E_CERT_SIG, E_BRAID,
    E_CERT_TIME or E_POP. Whether the root is one to trust is the caller's question.
    """
    signature = decode(certificate.s, "certificate.s", 64)
    possession = decode(certificate.pop, "certificate.pop", 64)
    header = read_certificate_header(certificate.h)
    raw = certificate.h.encode("ascii")
    root = decode(header.root, "certificate.root", 32)
    try:
        check_key(root, "certificate.root")
    except KeyUnusable as fault:
        raise Malformed("E_KEY", str(fault)) from fault
    check_signature_form(signature, "certificate.s")
    if not verifies(root, signature, Purpose.CERTIFICATE, raw):
        raise Malformed("E_CERT_SIG", "certificate.s: the root's signature does not verify")
    if header.braid != braid:
        raise Malformed("E_BRAID", "certificate.braid: names another braid than the transcript")
    if header.not_before > header.not_after:
        raise Malformed("E_CERT_TIME", "certificate: not_before is later than not_after")
    key = decode(header.braid, "certificate.braid", 32)
    check_signature_form(possession, "certificate.pop")
    if not verifies(key, possession, Purpose.POSSESSION, raw + signature):
        raise Malformed("E_POP", "certificate.pop: the proof of possession does not verify")
    return header
