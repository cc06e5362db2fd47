"""Certificates: a root says that a braid key is its own, and the braid key agrees (SPEC §9)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from braid.certificate import (
    Certificate,
    CertificateHeader,
    Policy,
    check_certificate,
    issue,
    read_certificate_header,
    write_certificate_header,
)
from braid.encoding import decode, encode, write_time
from braid.errors import Malformed
from braid.signing import Purpose, SecretKey, signed_bytes

ROOT, BRAID, STRANGER = (SecretKey(bytes([i]) * 32) for i in (1, 2, 3))
HEADER = CertificateHeader(
    root=encode(ROOT.key),
    braid=encode(BRAID.key),
    issuer="braid.example",
    policy=Policy.REQUIRED,
    nonce=encode(bytes(16)),
    not_before="2026-01-01T00:00:00.000Z",
    not_after="2026-12-31T23:59:59.999Z",
)
TIMES = st.datetimes(timezones=st.just(UTC)).map(write_time)
HEADERS = st.builds(
    CertificateHeader,
    root=st.just(encode(ROOT.key)),
    braid=st.just(encode(BRAID.key)),
    issuer=st.text([chr(c) for c in range(0x21, 0x7F) if chr(c) not in '"\\'], max_size=255),
    policy=st.sampled_from(Policy),
    nonce=st.binary(min_size=16, max_size=16).map(encode),
    not_before=TIMES,
    not_after=TIMES,
)


def code(certificate: Certificate, braid: str = HEADER.braid) -> str | None:
    try:
        check_certificate(certificate, braid)
    except Malformed as fault:
        return fault.code
    return None


@given(HEADERS)
def test_reading_a_header_undoes_writing(header: CertificateHeader) -> None:
    text = write_certificate_header(header)
    assert read_certificate_header(text) == header
    assert text.isascii()


@given(HEADERS)
def test_what_is_issued_passes_where_its_bounds_are_the_right_way_round(
    header: CertificateHeader,
) -> None:
    certificate = issue(ROOT, BRAID, header)
    expected = None if header.not_before <= header.not_after else "E_CERT_TIME"
    assert code(certificate) == expected


def test_the_other_library_agrees_with_both_signatures() -> None:
    certificate = issue(ROOT, BRAID, HEADER)
    raw, s = certificate.h.encode(), decode(certificate.s, "s", 64)
    root = Ed25519PublicKey.from_public_bytes(ROOT.key)
    root.verify(s, signed_bytes(Purpose.CERTIFICATE, raw))
    braid = Ed25519PublicKey.from_public_bytes(BRAID.key)
    possession = decode(certificate.pop, "pop", 64)
    braid.verify(possession, signed_bytes(Purpose.POSSESSION, raw + s))


def test_every_change_of_one_character_is_refused() -> None:
    good = issue(ROOT, BRAID, HEADER)
    assert code(good) is None
    for name in ("h", "s", "pop"):
        text = getattr(good, name)
        for at in range(len(text)):
            for character in {chr(ord(text[at]) ^ 1), "A", " ", "é", ""} - {text[at]}:
                members = {"h": good.h, "s": good.s, "pop": good.pop}
                members[name] = text[:at] + character + text[at + 1 :]
                assert code(Certificate(**members)) is not None, (name, at, character)


def test_a_certificate_of_another_key_is_refused() -> None:
    assert code(issue(ROOT, BRAID, HEADER), encode(STRANGER.key)) == "E_BRAID"
    assert code(issue(STRANGER, BRAID, HEADER)) == "E_CERT_SIG"
    assert code(issue(ROOT, STRANGER, HEADER)) == "E_POP"


def test_a_possession_is_of_this_certificate_alone() -> None:
    later = CertificateHeader(
        HEADER.root, HEADER.braid, HEADER.issuer, HEADER.policy, encode(b"\x01" * 16),
        HEADER.not_before, HEADER.not_after,
    )  # fmt: skip
    one, other = issue(ROOT, BRAID, HEADER), issue(ROOT, BRAID, later)
    assert code(Certificate(one.h, one.s, other.pop)) == "E_POP"
    assert code(Certificate(one.h, other.s, one.pop)) == "E_CERT_SIG"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issuer", "two words"),
        ("issuer", 'a"b'),
        ("issuer", "a\\b"),
        ("issuer", "é"),
        ("issuer", "i" * 256),
        ("nonce", encode(bytes(15))),
        ("nonce", encode(bytes(17))),
        ("policy", "sometimes"),
        ("root", "x"),
        ("braid", encode(bytes(31))),
        ("not_before", "2026-02-30T00:00:00.000Z"),
        ("not_after", datetime(2026, 1, 1, tzinfo=UTC).isoformat()),
    ],
)
def test_a_header_spec_does_not_allow_is_not_written(name: str, value: str) -> None:
    fields = {field: getattr(HEADER, field) for field in HEADER.__struct_fields__}
    with pytest.raises(Malformed) as caught:
        write_certificate_header(CertificateHeader(**{**fields, name: value}))
    assert caught.value.code == "E_CERT"


@given(st.text(max_size=300))
def test_whatever_comes_nothing_but_malformed_escapes(text: str) -> None:
    with pytest.raises(Malformed):
        read_certificate_header(text)
    assert code(Certificate(text, text, text)) is not None
    good = issue(ROOT, BRAID, HEADER)
    assert code(Certificate(text, good.s, good.pop)) == "E_CERT"
