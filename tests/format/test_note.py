"""Signed notes, checkpoints and cosignatures (SPEC §13.2, §13.3)."""

from __future__ import annotations

import base64
import dataclasses
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from braid.checkpoint import (
    MAX_TIME,
    Checkpoint,
    SignedCheckpoint,
    cosign,
    cosignature_time,
    cosigned_at,
    is_signed,
    read_checkpoint,
    sign_checkpoint,
)
from braid.errors import KeyUnusable, Malformed
from braid.note import (
    MAX_NOTE,
    NoteSignature,
    NoteSigner,
    SignatureType,
    VerifierKey,
    check_note_signature,
    read_note,
    read_verifier_key,
)
from braid.tree import EMPTY_HEAD

LOG = NoteSigner("log.example/braid", bytes([1]) * 32, SignatureType.NOTE)
WITNESS = NoteSigner("witness.example/w1", bytes([2]) * 32, SignatureType.COSIGNATURE)
CHECKPOINT = Checkpoint("log.example/braid", 12, bytes(range(32)))
SIGNED = sign_checkpoint(LOG, CHECKPOINT)
NAMES = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="+"),
    min_size=1,
    max_size=20,
)


def test_the_published_note_verifies_under_the_published_key(shared: Path) -> None:
    folder = shared / "vectors" / "c2sp"
    text = (folder / "note.vkey").read_text("utf-8").strip()
    key = read_verifier_key(text, SignatureType.NOTE)
    raw = (folder / "note.txt").read_bytes()
    note = read_note(raw)
    (line,) = note.signatures
    assert (key.text, note.raw, line.is_by(key)) == (text, raw, True)
    check_note_signature(key, line.value, note.text.encode(), "note")
    with pytest.raises(Malformed, match="does not verify"):
        check_note_signature(key, line.value, note.text.upper().encode(), "note")


def test_the_published_checkpoint_is_read(shared: Path) -> None:
    raw = (shared / "vectors" / "c2sp" / "checkpoint-cosigned.txt").read_bytes()
    signed = read_checkpoint(raw)
    assert signed.checkpoint.origin == "example.com/behind-the-sofa"
    assert signed.checkpoint.size == 20852163
    assert [(s.name, len(s.value)) for s in signed.signatures] == [
        ("example.com/behind-the-sofa", 64),
        ("witness.example.com/w1", 72),
    ]
    assert signed.raw == raw


def test_a_checkpoint_is_three_lines_signed_by_its_log() -> None:
    text = f"log.example/braid\n12\n{base64.b64encode(bytes(range(32))).decode()}\n"
    (line,) = SIGNED.signatures
    assert (
        SIGNED.raw
        == f"{text}\n— log.example/braid ".encode()
        + base64.b64encode(LOG.public.id + line.value)
        + b"\n"
    )
    Ed25519PublicKey.from_public_bytes(LOG.public.key).verify(line.value, text.encode())
    assert read_checkpoint(SIGNED.raw) == SIGNED
    assert is_signed(SIGNED, LOG.public)


def test_a_cosignature_is_over_its_time_too() -> None:
    line = cosign(WITNESS, CHECKPOINT, 1_679_315_147)
    message = b"cosignature/v1\ntime 1679315147\n" + CHECKPOINT.text.encode()
    Ed25519PublicKey.from_public_bytes(WITNESS.public.key).verify(line.value[8:], message)
    signed = read_checkpoint(SIGNED.with_signatures(line).raw)
    assert cosigned_at(signed, WITNESS.public) == 1_679_315_147
    assert cosigned_at(SIGNED, WITNESS.public) is None
    assert is_signed(signed, LOG.public)


def test_of_several_cosignatures_of_one_witness_the_earliest_counts() -> None:
    lines = [cosign(WITNESS, CHECKPOINT, time) for time in (30, 10, 20)]
    assert cosigned_at(SIGNED.with_signatures(*lines), WITNESS.public) == 10


def test_one_wrong_line_of_a_known_key_is_refused_beside_a_right_one() -> None:
    other = dataclasses.replace(CHECKPOINT, root=bytes(32))
    wrong = SIGNED.with_signatures(*sign_checkpoint(LOG, other).signatures)
    with pytest.raises(Malformed, match="does not verify"):
        is_signed(wrong, LOG.public)
    lines = [cosign(WITNESS, CHECKPOINT, 10), cosign(WITNESS, other, 10)]
    with pytest.raises(Malformed, match="does not verify"):
        cosigned_at(SIGNED.with_signatures(*lines), WITNESS.public)


def test_a_line_under_another_name_or_id_is_nobody_s() -> None:
    (line,) = SIGNED.signatures
    elsewhere = NoteSigner("log.example/braid", bytes([9]) * 32, SignatureType.NOTE).public
    assert not is_signed(SIGNED, elsewhere)
    renamed = VerifierKey("log.example/other", SignatureType.NOTE, LOG.public.key)
    assert not is_signed(SIGNED, renamed)
    forged = NoteSignature(line.name, elsewhere.id, line.value)
    with pytest.raises(Malformed, match="does not verify"):
        is_signed(SignedCheckpoint(CHECKPOINT, (forged,)), elsewhere)


def test_a_log_s_signature_is_no_cosignature() -> None:
    """One key under one name has another id for each type of signature."""
    log = VerifierKey("n", SignatureType.NOTE, LOG.public.key)
    witness = VerifierKey("n", SignatureType.COSIGNATURE, LOG.public.key)
    assert log.id != witness.id
    with pytest.raises(ValueError, match="not a key"):
        cosign(LOG, CHECKPOINT, 1)
    with pytest.raises(ValueError, match="not a key"):
        sign_checkpoint(WITNESS, CHECKPOINT)
    with pytest.raises(ValueError, match="not a key"):
        sign_checkpoint(LOG, dataclasses.replace(CHECKPOINT, origin="other.example"))


@pytest.mark.parametrize("time", [0, -1, MAX_TIME + 1])
def test_a_time_that_cannot_be_written_is_not_cosigned(time: int) -> None:
    with pytest.raises(ValueError, match="time"):
        cosign(WITNESS, CHECKPOINT, time)


@pytest.mark.parametrize("time", [0, MAX_TIME + 1, 2**64 - 1])
def test_a_time_that_cannot_be_written_is_no_cosignature(time: int) -> None:
    message = f"cosignature/v1\ntime {time}\n{CHECKPOINT.text}".encode()
    value = time.to_bytes(8, "big") + WITNESS.sign(message)
    line = NoteSignature(WITNESS.public.name, WITNESS.public.id, value)
    with pytest.raises(Malformed, match="time"):
        cosigned_at(SIGNED.with_signatures(line), WITNESS.public)


def test_a_cosignature_has_one_length() -> None:
    value = cosign(WITNESS, CHECKPOINT, 5).value
    for spoilt in (value[:-1], value + b"\0", value[8:], b"\1"):
        line = NoteSignature(WITNESS.public.name, WITNESS.public.id, spoilt)
        with pytest.raises(Malformed, match="a time and a signature"):
            cosigned_at(SIGNED.with_signatures(line), WITNESS.public)
        with pytest.raises(Malformed, match="a time and a signature"):
            cosignature_time(line.line)


def test_a_cosignature_says_its_time_by_its_line_alone() -> None:
    for time in (1, 1_679_315_147, MAX_TIME):
        assert cosignature_time(cosign(WITNESS, CHECKPOINT, time).line) == time
    for line in ("", "words", "— name words\n"):
        with pytest.raises(Malformed, match="cosignature of a witness"):
            cosignature_time(line)


def test_a_signature_with_a_large_s_is_refused_before_any_library_sees_it() -> None:
    (line,) = SIGNED.signatures
    order = 2**252 + 27742317777372353535851937790883648493
    large = int.from_bytes(line.value[32:], "little") + order
    value = line.value[:32] + large.to_bytes(32, "little")
    spoilt = SignedCheckpoint(CHECKPOINT, (NoteSignature(line.name, line.id, value),))
    with pytest.raises(Malformed, match="group order") as fault:
        is_signed(spoilt, LOG.public)
    assert fault.value.code == "E_PROOF"


GOOD = SIGNED.raw.decode()
NAME, SIZE, ROOT = GOOD.split("\n")[:3]
LINE = GOOD.split("\n")[4]


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("no final LF", GOOD[:-1]),
        ("one more LF", GOOD + "\n"),
        ("CRLF", GOOD.replace("\n", "\r\n")),
        ("a tab", GOOD.replace("\n12", "\n12\t")),
        ("NUL", GOOD.replace("\n12", "\n12\0")),
        ("no signature", f"{NAME}\n{SIZE}\n{ROOT}\n\n"),
        ("no blank line", f"{NAME}\n{SIZE}\n{ROOT}\n{LINE}\n"),
        ("two blank lines", GOOD.replace("\n\n", "\n\n\n")),
        ("an extension line", GOOD.replace("\n\n", "\nextension\n\n")),
        ("no root", f"{NAME}\n{SIZE}\n\n{LINE}\n"),
        ("size with a leading zero", GOOD.replace("\n12\n", "\n012\n")),
        ("size with a sign", GOOD.replace("\n12\n", "\n+12\n")),
        ("size with a space", GOOD.replace("\n12\n", "\n12 \n")),
        ("size in Arabic digits", GOOD.replace("\n12\n", "\n١٢\n")),
        ("size 2^53", GOOD.replace("\n12\n", f"\n{2**53}\n")),
        ("size of 17 digits", GOOD.replace("\n12\n", "\n10000000000000000\n")),
        ("empty tree with a root of its own", GOOD.replace("\n12\n", "\n0\n")),
        ("root without padding", GOOD.replace(ROOT, ROOT.rstrip("="))),
        ("root in another spelling", GOOD.replace(ROOT, ROOT[:-2] + "9=")),
        ("root of 33 bytes", GOOD.replace(ROOT, base64.b64encode(bytes(33)).decode())),
        ("root of base64url", GOOD.replace(ROOT, base64.b64encode(b"\xff" * 32).decode()).replace("/", "_")),
        ("origin with a space", GOOD.replace("log.example/braid", "log example")),
        ("origin with a plus", GOOD.replace("log.example/braid", "log+example")),
        ("empty origin", GOOD.replace("log.example/braid\n", "\n")),
        ("origin beyond ASCII", GOOD.replace("log.example/braid", "lög.example")),
        ("origin of 256 characters", GOOD.replace("log.example/braid", "l" * 256)),
        ("a hyphen for the dash", GOOD.replace("—", "-")),
        ("two spaces", GOOD.replace("— log", "—  log")),
        ("no name", GOOD.replace("— log.example/braid", "— ")),
        ("space behind", GOOD.replace("\n— ", "\n— ").rstrip("\n") + " \n"),
        ("signature in another spelling", GOOD.replace("=\n", "\n") if GOOD.endswith("=\n") else GOOD[:-1] + "=\n"),
        ("key id alone", GOOD[: GOOD.rindex(" ") + 1] + "AAAAAA==\n"),
        ("base64 with a line end", GOOD[:-8] + "\n" + GOOD[-8:]),
        ("no line named as the origin", GOOD.replace("— log.example", "— lag.example")),
        ("65 signatures", GOOD + f"{LINE}\n" * 64),
        ("too long", GOOD + f"— x {'A' * MAX_NOTE}\n"),
    ],
)  # fmt: skip
def test_a_checkpoint_has_one_spelling(fault: str, text: str) -> None:
    assert text != GOOD
    with pytest.raises(Malformed) as refused:
        read_checkpoint(text.encode())
    assert refused.value.code == "E_PROOF", fault


def test_what_is_not_utf8_is_refused() -> None:
    with pytest.raises(Malformed, match="UTF-8"):
        read_checkpoint(SIGNED.raw.replace(b"\xe2\x80\x94", b"\xe2\x80"))


@pytest.mark.parametrize("control", ["\0", "\t", "\r", "\x1f"])
def test_a_note_has_no_control_characters_but_line_ends(control: str) -> None:
    line = NoteSignature("n", b"abcd", b"x").line
    assert read_note(f"text\nmore\n\n{line}".encode()).text == "text\nmore\n"
    with pytest.raises(Malformed, match="control character"):
        read_note(f"text{control}more\n\n{line}".encode())


def test_16_signatures_of_unknown_algorithms_are_read() -> None:
    """C2SP asks for as much; post-quantum signatures have nearly 5,000 bytes."""
    lines = [NoteSignature(f"w{n}", b"abcd", bytes(4_700)) for n in range(16)]
    signed = read_checkpoint(SIGNED.with_signatures(*lines).raw)
    assert (len(signed.signatures), is_signed(signed, LOG.public)) == (17, True)


def test_an_empty_log_has_a_checkpoint() -> None:
    empty = sign_checkpoint(LOG, Checkpoint("log.example/braid", 0, EMPTY_HEAD))
    assert read_checkpoint(empty.raw) == empty


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_noise_is_refused_or_read_as_it_stands(raw: bytes) -> None:
    try:
        note = read_note(raw)
    except Malformed:
        return
    assert note.raw == raw


@given(st.data())
def test_a_checkpoint_changed_anywhere_is_refused_or_is_another(data: st.DataObject) -> None:
    raw = bytearray(SIGNED.with_signatures(cosign(WITNESS, CHECKPOINT, 77)).raw)
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != raw[at]))
    try:
        signed = read_checkpoint(bytes(raw))
        held = is_signed(signed, LOG.public) and cosigned_at(signed, WITNESS.public) is not None
    except Malformed:
        return
    assert signed.raw == bytes(raw)
    assert not held


@given(NAMES, st.binary(min_size=32, max_size=32), st.sampled_from(SignatureType))
def test_a_verifier_key_is_read_as_it_was_written(
    name: str, seed: bytes, type: SignatureType
) -> None:
    key = NoteSigner(name, seed, type).public
    assert read_verifier_key(key.text, type) == key
    assert read_verifier_key(key.text, type).text == key.text


VKEY = LOG.public.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log.example/braid",
        VKEY + "\n",
        " " + VKEY,
        VKEY.replace("+", " ", 1),
        VKEY.replace("log.example", "lag.example"),
        VKEY.replace(LOG.public.id.hex(), LOG.public.id.hex().upper()),
        VKEY.replace(LOG.public.id.hex(), "00000000"),
        VKEY.rstrip("=") + "A",
        VKEY[: VKEY.rindex("+") + 1] + base64.b64encode(b"\1" + bytes(31)).decode(),
        VKEY[: VKEY.rindex("+") + 1] + base64.b64encode(b"\1" + bytes(32)).decode(),
        WITNESS.public.text,
    ],
)
def test_a_verifier_key_has_one_spelling(text: str) -> None:
    with pytest.raises(KeyUnusable):
        read_verifier_key(text, SignatureType.NOTE)


def test_a_verifier_key_of_small_order_is_refused() -> None:
    for point in (bytes(32), b"\1" + bytes(31), b"\xff" * 32):
        weak = VerifierKey("log.example", SignatureType.NOTE, point)
        with pytest.raises(KeyUnusable):
            read_verifier_key(weak.text, SignatureType.NOTE)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "ä", "a" * 256, "\x7f"])
def test_a_name_that_no_note_can_carry_is_refused(name: str) -> None:
    with pytest.raises(KeyUnusable, match="name"):
        NoteSigner(name, bytes(32), SignatureType.NOTE)


def test_a_signer_shows_no_secret() -> None:
    assert "0101" not in repr(LOG)
    with pytest.raises(KeyUnusable, match="32 bytes"):
        NoteSigner("a", bytes(31), SignatureType.NOTE)
