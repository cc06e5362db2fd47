"""Weaving: what is made here verifies elsewhere (SPEC §3–§5)."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from braid.content import MAX_CONTENT, commitment
from braid.encoding import decode, encode
from braid.errors import Malformed
from braid.node import Kind, Link, Origin, Relation, SealClaim, read_header
from braid.signing import SecretKey
from braid.transcript import Opened
from braid.weave import Draft, weave
from vectors.formulas import commitment as commitment_of_spec
from vectors.formulas import pae

KEY = SecretKey(b"\x01" * 32)
TIME = "2026-02-03T04:05:06.789Z"
SALT = b"\x02" * 32


@given(st.binary(max_size=100), st.binary(min_size=32, max_size=32), st.integers(0, 2**53 - 1))
def test_a_woven_node_verifies_by_another_hand(content: bytes, salt: bytes, seq: int) -> None:
    draft = Draft(Kind.PROMPT, Origin.CLIENT, "application/octet-stream", content, b"{}", ())
    node = weave(KEY, draft, seq=seq, time=TIME, salt=salt)
    signature = decode(node.s, "s", 64)
    Ed25519PublicKey.from_public_bytes(KEY.key).verify(signature, pae("node", node.h.encode()))
    header = read_header(node.h)
    assert header.content == encode(commitment_of_spec(salt, content, b"{}"))
    assert header.content == commitment(salt, content, b"{}")
    assert (header.braid, header.seq, header.time) == (encode(KEY.key), seq, TIME)
    assert node.opened == Opened(salt, content, b"{}")


def test_all_of_a_draft_stands_in_the_node() -> None:
    names = tuple(encode(bytes([i]) * 64) for i in range(4))
    link = Link(encode(bytes(32)), names[3], Relation.SPAWNED)
    draft = Draft(
        Kind.CALL, Origin.PROXY, "application/json", b"{}", b'{"a":1}', names[:2], (names[2],),
        (link,), None, b"\x07" * 32,
    )  # fmt: skip
    node = weave(KEY, draft, seq=9, time=TIME, salt=SALT)
    header = read_header(node.h)
    assert (header.kind, header.origin, header.media) == (draft.kind, draft.origin, draft.media)
    assert (header.prev, header.about, header.link) == (draft.prev, draft.about, draft.link)
    assert node.bsalt == draft.bsalt
    assert draft.bsalt is not None and encode(draft.bsalt) not in node.h


def test_one_draft_in_one_place_is_one_node() -> None:
    draft = Draft(Kind.PROMPT, Origin.CLIENT, "text/plain", b"hi", b"{}", ())
    one = weave(KEY, draft, seq=0, time=TIME, salt=SALT)
    assert weave(KEY, draft, seq=0, time=TIME, salt=SALT) == one
    assert weave(KEY, draft, seq=1, time=TIME, salt=SALT).s != one.s
    assert weave(KEY, draft, seq=0, time=TIME, salt=b"\x04" * 32).s != one.s


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (Draft(Kind.PROMPT, Origin.PROVIDER, "text/plain", b"", b"{}", ()), "E_HDR"),
        (Draft(Kind.PROMPT, Origin.CLIENT, "Text/plain", b"", b"{}", ()), "E_HDR"),
        (Draft(Kind.PROMPT, Origin.CLIENT, "text/plain", b"", b"{}", ("x",)), "E_HDR"),
        (Draft(Kind.SEAL, Origin.PROXY, "text/plain", b"", b"{}", ()), "E_SEAL"),
        (
            Draft(Kind.TEXT, Origin.PROVIDER, "text/plain", b"", b"{}", (), (encode(bytes(64)),)),
            "E_ABOUT",
        ),
        (
            Draft(
                Kind.TEXT, Origin.PROVIDER, "text/plain", b"", b"{}", (),
                seal=SealClaim(0, encode(bytes(32))),
            ),
            "E_SEAL",
        ),
        (
            Draft(Kind.TEXT, Origin.CLIENT, "text/plain", bytes(MAX_CONTENT - 1), b"{}", ()),
            "E_LIMIT",
        ),
    ],
)  # fmt: skip
def test_a_draft_spec_does_not_allow_is_not_signed(draft: Draft, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        weave(KEY, draft, seq=0, time=TIME, salt=SALT)
    assert caught.value.code == code


def test_the_largest_content_is_signed() -> None:
    draft = Draft(Kind.TEXT, Origin.CLIENT, "text/plain", bytes(MAX_CONTENT - 2), b"{}", ())
    assert weave(KEY, draft, seq=0, time=TIME, salt=SALT).opened is not None
