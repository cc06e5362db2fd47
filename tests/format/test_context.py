"""Context chains (SPEC §6.2)."""

from __future__ import annotations

import hashlib
import json
from itertools import accumulate
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from braid.context import CHAIN_START, ContextList, extend
from braid.encoding import decode, encode


def chain(start: bytes, signatures: list[bytes]) -> list[bytes]:
    """Give every value from the one after the first signature to the last."""
    return list(accumulate(signatures, extend, initial=start))[1:]


SIGNATURES = st.lists(st.binary(min_size=64, max_size=64), max_size=8)


def test_chain_vectors(vectors: Path) -> None:
    cases = json.loads((vectors / "chain.json").read_text("utf-8"))
    for case in cases:
        start = CHAIN_START[ContextList(case["list"])]
        signatures = [decode(text, "signature", 64) for text in case["signatures"]]
        values = [start, *chain(start, signatures)]
        assert [encode(value) for value in values] == case["values"]
    assert {case["list"] for case in cases} == set(ContextList)


def test_chains_start_where_spec_says() -> None:
    assert len(set(CHAIN_START.values())) == 3
    for name in ("tools", "system", "messages"):
        expected = hashlib.sha256(f"braid/1 context {name}".encode()).digest()
        assert CHAIN_START[ContextList(name)] == expected


@given(st.sampled_from(ContextList), SIGNATURES, SIGNATURES)
def test_a_chain_may_be_continued_from_any_value(
    name: ContextList, one: list[bytes], two: list[bytes]
) -> None:
    whole = chain(CHAIN_START[name], one + two)
    assert whole[: len(one)] == chain(CHAIN_START[name], one)
    middle = whole[len(one) - 1] if one else CHAIN_START[name]
    assert whole[len(one) :] == chain(middle, two)


@given(SIGNATURES, SIGNATURES)
def test_two_lists_of_nodes_end_in_two_values(one: list[bytes], two: list[bytes]) -> None:
    start = CHAIN_START[ContextList.MESSAGES]
    ends = [chain(start, signatures)[-1:] or [start] for signatures in (one, two)]
    assert (ends[0] == ends[1]) is (one == two)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64))
def test_one_step_is_one_hash(value: bytes, signature: bytes) -> None:
    assert extend(value, signature) == hashlib.sha256(value + signature).digest()
