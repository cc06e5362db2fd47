"""Commitments, body digests and attrs (SPEC §5)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from braid.content import BodyDigest, commitment, write_attrs
from braid.encoding import encode
from braid.strict_json import loads_object

SALTS = st.binary(min_size=32, max_size=32)
PIECES = st.tuples(SALTS, st.binary(max_size=60), st.binary(max_size=60))


def test_commitment_vectors(vectors: Path) -> None:
    for case in json.loads((vectors / "commitment.json").read_text("utf-8")):
        salt, content, attrs = (bytes.fromhex(case[name]) for name in ("salt", "content", "attrs"))
        assert commitment(salt, content, attrs) == case["commitment"]


@given(PIECES, PIECES)
def test_two_contents_share_no_commitment(
    one: tuple[bytes, bytes, bytes], other: tuple[bytes, bytes, bytes]
) -> None:
    assert (commitment(*one) == commitment(*other)) is (one == other)


@given(SALTS, st.binary(max_size=60), st.binary(max_size=60), st.integers(0, 120))
def test_bytes_moved_between_content_and_attrs_change_it(
    salt: bytes, content: bytes, attrs: bytes, cut: int
) -> None:
    joined = content + attrs
    moved = joined[:cut], joined[cut:]
    same = moved == (content, attrs)
    assert (commitment(salt, *moved) == commitment(salt, content, attrs)) is same


@given(SALTS, st.lists(st.binary(max_size=50), max_size=8))
def test_a_body_digest_does_not_depend_on_how_the_body_was_cut(
    bsalt: bytes, chunks: list[bytes]
) -> None:
    digest = BodyDigest(bsalt)
    for chunk in chunks:
        digest.update(chunk)
    body = b"".join(chunks)
    assert digest.claim() == {
        "bytes": len(body),
        "digest": encode(hashlib.sha256(bsalt + body).digest()),
        "salt": encode(hashlib.sha256(bsalt).digest()),
    }
    assert digest.bsalt == bsalt


def test_a_claim_shows_neither_salt_nor_body() -> None:
    digest = BodyDigest(b"\x05" * 32)
    digest.update(b"yes")
    shown = json.dumps(digest.claim())
    assert encode(b"\x05" * 32) not in shown
    assert encode(hashlib.sha256(b"yes").digest()) not in shown


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.integers() | st.booleans()))
def test_attrs_are_one_strict_json_object(attrs: dict[str, str | int | bool]) -> None:
    raw = write_attrs({**attrs})
    assert loads_object(raw.decode("utf-8"), "attrs") == attrs


def test_no_attrs_are_written_as_an_empty_object() -> None:
    assert write_attrs({}) == b"{}"
