"""What a timestamp must be, and what of a response can be believed (SPEC §11.8)."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

from braid.encoding import encode
from braid.errors import KeyUnusable, Malformed
from braid.strict_json import Json
from braid.timestamp import MAX_RESPONSE, read_timestamp, write_timestamp
from braid_verifier.timestamps import Authorities
from fakes.authority import Authority

MESSAGE = bytes(range(64))
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


@given(st.binary(min_size=1, max_size=300))
def test_what_is_written_is_read(response: bytes) -> None:
    assert read_timestamp(write_timestamp(response)) == response


@pytest.mark.parametrize(
    "proof",
    [
        {"type": "rfc3161", "of": "seal"},
        {"type": "rfc3161", "of": "seal", "response": "AAAA", "more": 1},
        {"type": "rfc3161", "of": "certificate", "response": "AAAA"},
        {"type": "rfc3161", "of": "seal", "response": 1},
        {"type": "rfc3161", "of": "seal", "response": ""},
        {"type": "rfc3161", "of": "seal", "response": "AA=="},
        {"type": "rfc3161", "of": "seal", "response": "AB"},
        {"type": "rfc3161", "of": "seal", "response": encode(bytes(MAX_RESPONSE + 1))},
    ],
)
def test_what_is_no_timestamp_is_e_proof(proof: dict[str, Json]) -> None:
    with pytest.raises(Malformed) as caught:
        read_timestamp(proof)
    assert caught.value.code == "E_PROOF"


def test_a_response_beyond_the_limit_is_not_written() -> None:
    with pytest.raises(ValueError, match="at most 65536 bytes, got 65537"):
        write_timestamp(bytes(MAX_RESPONSE + 1))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("made") / "authority")


@pytest.fixture(scope="module")
def response(authority: Authority) -> bytes:
    return _stamped(authority, MESSAGE)


def _stamped(
    authority: Authority, message: bytes, by: HashAlgorithm = HashAlgorithm.SHA256
) -> bytes:
    request = TimestampRequestBuilder().data(message).hash_algorithm(by).build()
    return authority.answer(request.as_bytes())


@needs_openssl
@pytest.mark.parametrize("by", HashAlgorithm)
def test_a_pinned_authority_is_believed(authority: Authority, by: HashAlgorithm) -> None:
    stamped = _stamped(authority, MESSAGE, by)
    time = Authorities([authority.root]).time_of(stamped, MESSAGE)
    assert time is not None and time.tzinfo is UTC and time <= datetime.now(UTC)


@needs_openssl
def test_a_certificate_may_be_der_and_stand_beside_others(
    authority: Authority, response: bytes, tmp_path: Path
) -> None:
    der = x509.load_pem_x509_certificate(authority.root).public_bytes(Encoding.DER)
    other = Authority(tmp_path / "other", "other").root
    for given_ in ([der], [other + authority.root], [other, der], [der, der]):
        assert Authorities(given_).time_of(response, MESSAGE) is not None
    assert Authorities([other]).time_of(response, MESSAGE) is None


@needs_openssl
def test_a_response_about_something_else_is_e_proof(authority: Authority, response: bytes) -> None:
    with pytest.raises(Malformed, match="not of this seal") as caught:
        Authorities([authority.root]).time_of(response, MESSAGE[::-1])
    assert caught.value.code == "E_PROOF"


@needs_openssl
def test_a_response_that_grants_nothing_is_e_proof(authority: Authority, response: bytes) -> None:
    refused = response.replace(b"\x02\x01\x00", b"\x02\x01\x02", 1)  # PKIStatus, RFC 3161 §2.4.2
    with pytest.raises(Malformed, match="grants none"):
        Authorities([authority.root]).time_of(refused, MESSAGE)


def _values(raw: bytes) -> list[tuple[int, bytes]]:
    """Take DER apart: the tag and content of each value."""
    values = []
    while raw:
        length, start = raw[1], 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(raw[2:start], "big")
        values.append((raw[0], raw[start : start + length]))
        raw = raw[start + length :]
    return values


def _written(values: list[tuple[int, bytes]]) -> bytes:
    def head(size: int) -> bytes:
        if size < 128:
            return bytes([size])
        digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
        return bytes([0x80 | len(digits)]) + digits

    return b"".join(bytes([tag]) + head(len(content)) + content for tag, content in values)


def _with_a_certificate_of_version_4(response: bytes) -> bytes:
    """Add to the certificates of a response, which nothing signs (RFC 5652 §5.1)."""
    ((_, whole),) = _values(response)
    status, (_, token) = _values(whole)
    oid, (_, explicit) = _values(token)
    ((_, signed),) = _values(explicit)
    version = bytes.fromhex("a003020102")  # 3; what comes behind is in DER's order of a set
    parts = [
        (tag, content + content.replace(version, version[:4] + b"\3") if tag == 0xA0 else content)
        for tag, content in _values(signed)
    ]
    token = _written([oid, (0xA0, _written([(0x30, _written(parts))]))])
    return _written([(0x30, _written([status, (0x30, token)]))])


@needs_openssl
def test_a_certificate_that_came_along_cannot_end_the_verification(
    authority: Authority, response: bytes
) -> None:
    changed = _with_a_certificate_of_version_4(response)
    assert len(changed) > len(response) + 300
    assert Authorities([authority.root]).time_of(changed, MESSAGE) is None


@needs_openssl
def test_no_changed_bit_gives_another_time(authority: Authority, response: bytes) -> None:
    authorities = Authorities([authority.root])
    said, stated = authorities.time_of(response, MESSAGE), _stated(response)
    answers: set[datetime | str | None] = set()
    for bit in range(len(response) * 8):
        changed = bytearray(response)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            answer = authorities.time_of(bytes(changed), MESSAGE)
        except Malformed as fault:
            answers.add(fault.code)
            continue
        answers.add(answer)
        # What is not signed may change without harm: a version, say.
        assert answer is None or _stated(bytes(changed)) == stated
    assert answers == {None, "E_PROOF", said}


def _stated(response: bytes) -> tuple[object, ...]:
    """Give what an authority signed: when, what and as which of its timestamps."""
    said = decode_timestamp_response(response).tst_info
    imprint = said.message_imprint
    return said.gen_time, said.serial_number, said.policy, said.nonce, imprint.message


@given(st.binary(max_size=300))
def test_any_bytes_are_answered(authority: Authority, noise: bytes) -> None:
    with pytest.raises(Malformed):
        Authorities([authority.root]).time_of(noise, MESSAGE)


@pytest.mark.parametrize("given_", [[], [b""], [b"noise"], [b"-----BEGIN CERTIFICATE-----\n"]])
def test_what_is_no_certificate_is_told(given_: list[bytes]) -> None:
    with pytest.raises(KeyUnusable, match="authorities"):
        Authorities(given_)


def test_one_certificate_is_not_taken_for_several() -> None:
    with pytest.raises(TypeError, match="got one bytes"):
        Authorities(b"-----BEGIN CERTIFICATE-----")  # type: ignore[arg-type]
