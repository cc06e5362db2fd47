"""Signatures: what is signed, whose they are, and that two libraries agree (SPEC §2.2–2.3)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from braid import signing
from braid.errors import KeyUnusable, Malformed
from braid.signing import (
    Purpose,
    SecretKey,
    check_key,
    check_signature_form,
    fits,
    signed_bytes,
    verifies,
)
from vectors import curve

SEEDS = st.binary(min_size=32, max_size=32)
PURPOSES = st.sampled_from(Purpose)


def pyca_fits(key: bytes, signature: bytes, message: bytes) -> bool:
    """What the other library says, without any check before it."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def key_passes(key: bytes) -> bool:
    try:
        check_key(key, "key")
    except KeyUnusable:
        return False
    return True


def form_passes(signature: bytes) -> bool:
    try:
        check_signature_form(signature, "s")
    except Malformed as fault:
        assert fault.code == "E_SIG_FORM"
        return False
    return True


@dataclass(frozen=True, slots=True)
class Case:
    """A published case: a key, a signature and raw bytes."""

    key: bytes
    signature: bytes
    message: bytes

    @property
    def strict_point(self) -> bool:
        """The pre-check on the key, computed by plain curve arithmetic."""
        return canonical_and_large(self.key)

    @property
    def passes(self) -> bool:
        """Lengths, then the strict pre-check of key and signature, torsion aside."""
        return (
            len(self.key) == 32
            and len(self.signature) == 64
            and self.strict_point
            and form_passes(self.signature)
        )


SMALL = {curve.encode(curve.times(i, curve.TORSION)) for i in range(8)}
SMALL_Y = {int.from_bytes(point, "little") & (1 << 255) - 1 for point in SMALL}


def canonical_and_large(point: bytes) -> bool:
    y = int.from_bytes(point, "little") & (1 << 255) - 1
    return y < curve.P and y not in SMALL_Y


def torsion_free(key: bytes) -> bool:
    y = int.from_bytes(key, "little") & (1 << 255) - 1
    point = curve.recover(y, key[31] >> 7) if y < curve.P else None
    return point is not None and curve.times(curve.L, point) == curve.IDENTITY


def _published(
    path: Path, key: str, signature: str, message: str, text: bool = False
) -> list[Case]:
    return [
        Case(
            bytes.fromhex(case[key]),
            bytes.fromhex(case[signature]),
            case[message].encode() if text else bytes.fromhex(case[message]),
        )
        for case in json.loads(path.read_text("utf-8"))
    ]


@pytest.fixture(scope="module")
def speccheck(shared: Path) -> list[Case]:
    path = shared / "vectors" / "speccheck" / "cases.json"
    return _published(path, "pub_key", "signature", "message")


@pytest.fixture(scope="module")
def cctv(shared: Path) -> list[Case]:
    path = shared / "vectors" / "cctv" / "ed25519vectors.json"
    return _published(path, "key", "sig", "msg", text=True)


# --- framing


def test_framing_vectors(vectors: Path) -> None:
    cases = json.loads((vectors / "pae.json").read_text("utf-8"))
    for case in cases:
        framed = signed_bytes(Purpose(case["purpose"]), bytes.fromhex(case["payload"]))
        assert framed == bytes.fromhex(case["signed"])
    assert {case["purpose"] for case in cases} == set(Purpose)


def test_framing_is_that_of_the_published_dsse_example(shared: Path) -> None:
    case = json.loads((shared / "vectors" / "dsse" / "hello-world.json").read_text("utf-8"))
    kind, payload = case["payloadType"], case["payload_utf8"]
    own_kind = "application/vnd.braid.node.v1+json"
    swapped = case["pae_utf8"].replace(f"{len(kind)} {kind}", f"{len(own_kind)} {own_kind}")
    assert signed_bytes(Purpose.NODE, payload.encode()) == swapped.encode()
    # The published signature fits the published framing: the file is what it says it is.
    point = ec.EllipticCurvePublicNumbers(int(case["x"]), int(case["y"]), ec.SECP256R1())
    raw = base64.b64decode(case["envelope"]["signatures"][0]["sig"])
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    point.public_key().verify(
        utils.encode_dss_signature(r, s), case["pae_utf8"].encode(), ec.ECDSA(hashes.SHA256())
    )


@given(PURPOSES, st.binary(max_size=40), PURPOSES, st.binary(max_size=40))
def test_no_two_things_are_framed_alike(a: Purpose, x: bytes, b: Purpose, y: bytes) -> None:
    assert (signed_bytes(a, x) == signed_bytes(b, y)) is ((a, x) == (b, y))


# --- the two libraries


@given(SEEDS, PURPOSES, st.binary(max_size=200))
def test_our_signatures_are_those_of_the_other_library(
    seed: bytes, purpose: Purpose, payload: bytes
) -> None:
    ours, theirs = SecretKey(seed), Ed25519PrivateKey.from_private_bytes(seed)
    assert ours.key == theirs.public_key().public_bytes_raw()
    signature = ours.sign(purpose, payload)
    assert signature == theirs.sign(signed_bytes(purpose, payload))
    assert key_passes(ours.key)
    assert form_passes(signature)
    assert verifies(ours.key, signature, purpose, payload)
    assert pyca_fits(ours.key, signature, signed_bytes(purpose, payload))


@given(SEEDS, PURPOSES, PURPOSES, st.binary(max_size=40))
def test_a_signature_fits_its_own_purpose_alone(
    seed: bytes, purpose: Purpose, other: Purpose, payload: bytes
) -> None:
    key = SecretKey(seed)
    signature = key.sign(purpose, payload)
    assert verifies(key.key, signature, other, payload) is (other is purpose)


@given(SEEDS, st.binary(max_size=40), st.integers(0, 511))
def test_flipping_any_bit_of_a_signature_refuses_it(seed: bytes, payload: bytes, bit: int) -> None:
    key = SecretKey(seed)
    signature = bytearray(key.sign(Purpose.NODE, payload))
    signature[bit // 8] ^= 1 << bit % 8
    altered = bytes(signature)
    assert not (form_passes(altered) and verifies(key.key, altered, Purpose.NODE, payload))
    assert not (
        form_passes(altered) and pyca_fits(key.key, altered, signed_bytes(Purpose.NODE, payload))
    )


def test_rfc_8032(shared: Path) -> None:
    path = shared / "vectors" / "rfc8032" / "section-7.1.json"
    cases = json.loads(path.read_text("utf-8"))
    assert len(cases) == 4
    for case in cases:
        secret, key, message, signature = (
            bytes.fromhex(case[name])
            for name in ("secret_key", "public_key", "message", "signature")
        )
        assert SecretKey(secret).key == key
        assert Ed25519PrivateKey.from_private_bytes(secret).sign(message) == signature
        assert key_passes(key) and form_passes(signature) and fits(key, signature, message)
        assert not fits(key, signature, message + b"\x00")


def test_wycheproof(shared: Path) -> None:
    path = shared / "vectors" / "wycheproof" / "ed25519_test.json"
    groups = json.loads(path.read_text("utf-8"))["testGroups"]
    judged = {"valid": 0, "invalid": 0}
    for group in groups:
        key = bytes.fromhex(group["publicKey"]["pk"])
        assert key_passes(key)
        for test in group["tests"]:
            case = Case(key, bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"]))
            accepted = case.passes and fits(key, case.signature, case.message)
            assert accepted is (test["result"] == "valid"), test["tcId"]
            if case.passes:
                assert pyca_fits(key, case.signature, case.message) is accepted
            judged[test["result"]] += 1
    assert judged == {"valid": 88, "invalid": 63}


def test_speccheck(speccheck: list[Case]) -> None:
    pyca = [i for i, c in enumerate(speccheck) if pyca_fits(c.key, c.signature, c.message)]
    assert pyca == [0, 1, 2, 3, 11]
    passing = [i for i, case in enumerate(speccheck) if case.passes]
    assert passing == [3, 4, 5]
    for i in passing:
        case = speccheck[i]
        ours = fits(case.key, case.signature, case.message)
        assert ours is pyca_fits(case.key, case.signature, case.message) is (i == 3)
    # With the check of the key for torsion nothing is left of them.
    assert [i for i in passing if key_passes(speccheck[i].key)] == []


def test_cctv(cctv: list[Case]) -> None:
    assert len(cctv) == 914
    assert sum(pyca_fits(case.key, case.signature, case.message) for case in cctv) == 208
    passing = [case for case in cctv if case.passes]
    assert len(passing) == 106
    ours = [fits(case.key, case.signature, case.message) for case in passing]
    theirs = [pyca_fits(case.key, case.signature, case.message) for case in passing]
    assert ours == theirs
    assert sum(ours) == 43


def test_key_checks_agree_with_plain_curve_arithmetic(
    speccheck: list[Case], cctv: list[Case]
) -> None:
    keys = {case.key for case in [*speccheck, *cctv]} | SMALL
    keys |= {SecretKey(bytes([i]) * 32).key for i in range(4)}
    keys |= {y.to_bytes(32, "little") for y in range(2, 30)}
    for key in keys:
        expected = canonical_and_large(key) and torsion_free(key)
        assert key_passes(key) is expected, key.hex()


def test_form_checks_agree_with_plain_curve_arithmetic(
    speccheck: list[Case], cctv: list[Case]
) -> None:
    for case in [*speccheck, *cctv]:
        r, s = case.signature[:32], int.from_bytes(case.signature[32:], "little")
        assert form_passes(case.signature) is (canonical_and_large(r) and s < curve.L)


# --- our own cases


def test_the_table_of_small_order_is_what_the_curve_has() -> None:
    assert signing._SMALL_ORDER_Y == SMALL_Y
    assert len(SMALL) == 8
    assert len(SMALL_Y) == 5
    assert (signing._ORDER, signing._FIELD) == (curve.L, curve.P)


def test_strict_vectors(vectors: Path) -> None:
    cases = json.loads((vectors / "ed25519_strict.json").read_text("utf-8"))
    for case in cases:
        key, payload, signature = (
            bytes.fromhex(case[name]) for name in ("key", "payload", "signature")
        )
        code = None
        if not key_passes(key):
            code = "E_KEY"
        elif not form_passes(signature):
            code = "E_SIG_FORM"
        elif not verifies(key, signature, Purpose.NODE, payload):
            code = "E_SIG"
        assert code == case["code"], case["comment"]
    assert {case["code"] for case in cases} == {None, "E_KEY", "E_SIG_FORM", "E_SIG"}


def test_without_the_strict_checks_the_other_library_takes_some_of_them(vectors: Path) -> None:
    """The cases bite: each of these fits for a library that only verifies."""
    cases = json.loads((vectors / "ed25519_strict.json").read_text("utf-8"))
    taken = {
        case["comment"]
        for case in cases
        if case["code"] is not None
        and pyca_fits(
            bytes.fromhex(case["key"]),
            bytes.fromhex(case["signature"]),
            signed_bytes(Purpose.NODE, bytes.fromhex(case["payload"])),
        )
    }
    assert {"key is the identity", "key has a torsion part"} <= taken
    assert any(comment.startswith("R is point") for comment in taken)


def test_a_secret_of_another_length_is_refused_and_never_shown() -> None:
    for size in (0, 31, 33, 64):
        with pytest.raises(KeyUnusable, match=f"expected 32 bytes, got {size}"):
            SecretKey(b"\x07" * size)
    key = SecretKey(b"\x07" * 32)
    assert (b"\x07" * 32).hex() not in repr(key)
    assert "seed" not in repr(key)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_length_is_unusable(size: int) -> None:
    with pytest.raises(KeyUnusable, match=f"^root: expected 32 bytes, got {size}$"):
        check_key(bytes(size), "root")
