"""Undoing content codings of the copy: any cut, any stack, no bomb, no guess."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import random
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from braid_server.decoding import FREE, MAX_RATIO, Decoder, Undecodable, decode
from fakes.anthropic import encode

CODINGS = ["gzip", "deflate", "raw-deflate", "br", "zstd"]


def _named(codings: list[str]) -> list[str]:
    return [coding.removeprefix("raw-") for coding in codings]


@given(
    body=st.binary(max_size=2_000),
    codings=st.lists(st.sampled_from(CODINGS), min_size=1, max_size=3),
    cuts=st.lists(st.integers(0, 4_000), max_size=6),
)
def test_body_comes_back_however_it_is_coded_and_cut(
    body: bytes, codings: list[str], cuts: list[int]
) -> None:
    coded = body
    for coding in codings:
        coded = encode(coded, coding)
    decoder = Decoder(_named(codings))
    decoded = b""
    places = [0, *sorted(min(cut, len(coded)) for cut in cuts), len(coded)]
    for start, end in itertools.pairwise(places):
        decoded += decoder.feed(coded[start:end])
    assert decoded == body
    assert decoder.finished


@pytest.mark.parametrize("coding", CODINGS)
def test_flushed_pieces_are_decoded_at_once(coding: str) -> None:
    pieces = [b"event: a\n\n", b"event: b\n\n"]
    for cut in (1, 7):
        decoder = Decoder(_named([coding]))
        coded = encode(pieces[0], coding)
        seen = decoder.feed(coded[:cut]) + decoder.feed(coded[cut:])
        assert seen == pieces[0]


@pytest.mark.parametrize("join", [b"", b"\0" * 9])
def test_several_members_are_one_body(join: bytes) -> None:
    members = gzip.compress(b"one") + gzip.compress(b"two") + join
    assert decode(members, ["gzip"]) == b"onetwo"
    decoder = Decoder(["x-gzip"])
    assert b"".join(decoder.feed(bytes([byte])) for byte in members) == b"onetwo"
    frames = [zstandard.ZstdCompressor().compress(part) for part in (b"one", b"two")]
    assert decode(b"".join(frames), ["zstd"]) == b"onetwo"


@pytest.mark.parametrize("coding", CODINGS)
def test_body_that_ends_early_goes_on_or_is_nonsense_is_undecodable(coding: str) -> None:
    whole = encode(b"some words, and some more words", coding)
    names = _named([coding])
    for wrong in (whole[:-1], whole[: len(whole) // 2], b"", whole + b"x", b"\xff\xfe\xfd\xfc"):
        with pytest.raises(Undecodable):
            decode(wrong, names)


@pytest.mark.parametrize("coding", CODINGS)
def test_body_that_swells_beyond_the_limit_is_undecodable(coding: str) -> None:
    words = random.Random(0).randbytes(50_000).hex().encode() * 40
    coded = encode(words, coding)
    for limit in (1, len(words) - 1):
        with pytest.raises(Undecodable, match="limit"):
            decode(coded, _named([coding]), limit)
    assert decode(coded, _named([coding]), len(words)) == words


@pytest.mark.parametrize("coding", CODINGS)
def test_body_that_swells_out_of_proportion_is_undecodable(coding: str) -> None:
    bomb = encode(b"\0" * 40_000_000, coding)
    assert len(bomb) < 100_000
    decoder = Decoder(_named([coding]))
    decoded = 0
    with pytest.raises(Undecodable, match="limit"):
        for piece in decoder.pieces(bomb):
            decoded += len(piece)
    assert decoded <= max(FREE, MAX_RATIO * len(bomb))
    small = encode(b"\0" * FREE, coding)
    assert len(decode(small, _named([coding]))) == FREE


@pytest.mark.parametrize("coding", CODINGS)
def test_decoded_pieces_are_small(coding: str) -> None:
    coded = encode(random.Random(0).randbytes(2_000).hex().encode() * 4_000, coding)
    most = 2 * 1024 * 1024 if coding == "zstd" else 512 * 1024
    pieces = Decoder(_named([coding])).pieces(coded)
    with contextlib.suppress(Undecodable):
        for piece in pieces:
            assert len(piece) <= most


def test_limit_holds_for_every_coding_of_a_stack() -> None:
    inner = encode(b"\0" * 40_000_000, "gzip")
    twice = encode(zlib.compress(inner, 0), "br")
    with pytest.raises(Undecodable, match="limit"):
        decode(twice, ["gzip", "deflate", "br"])


def test_unknown_coding_is_undecodable() -> None:
    for name in ("compress", "aes128gcm", "GZIP", "chunked"):
        with pytest.raises(Undecodable):
            Decoder([name])
