"""Proofs of inclusion and consistency, against RFC 6962's own recursion (SPEC §13.1)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from braid.errors import Malformed
from braid.tree import (
    CompactRange,
    check_consistency,
    check_inclusion,
    hash_leaf,
    prove_consistency,
    prove_inclusion,
    tree_head,
)
from format import rfc6962
from format.stored_tree import Stored

LEAVES = [str(n).encode() for n in range(70)]


STORED = Stored(LEAVES)


def test_every_proof_up_to_70_leaves_is_that_of_the_recursion() -> None:
    heads = [rfc6962.head(LEAVES[:size]) for size in range(len(LEAVES) + 1)]
    for size in range(1, len(LEAVES) + 1):
        leaves = LEAVES[:size]
        assert tree_head(STORED.read, size) == heads[size]
        for index in range(size):
            path = prove_inclusion(STORED.read, index, size)
            assert list(path) == rfc6962.path(index, leaves)
            check_inclusion(hash_leaf(leaves[index]), index, size, heads[size], path)
        for old in range(1, size + 1):
            proof = prove_consistency(STORED.read, old, size)
            assert list(proof) == rfc6962.proof(old, leaves)
            check_consistency(old, heads[old], size, heads[size], proof)


def test_no_proof_of_70_leaves_fits_another_place() -> None:
    for size in (1, 2, 3, 7, 8, 33, 64, 70):
        root = rfc6962.head(LEAVES[:size])
        for index in range(size):
            path = prove_inclusion(STORED.read, index, size)
            for other in range(-1, size + 2):
                if other != index:
                    with pytest.raises(Malformed):
                        check_inclusion(hash_leaf(LEAVES[index]), other, size, root, path)


def test_a_history_that_forked_has_no_proof() -> None:
    """Whatever is changed in the first leaves, no proof of the longer log shows the old head."""
    for old, new in ((1, 2), (3, 7), (4, 8), (6, 8), (8, 20), (20, 20)):
        root = rfc6962.head(LEAVES[:old])
        for changed in range(old):
            forked = [*LEAVES[:changed], b"other", *LEAVES[changed + 1 : new]]
            proof = prove_consistency(Stored(forked).read, old, new)
            with pytest.raises(Malformed):
                check_consistency(old, root, new, rfc6962.head(forked), proof)


@given(st.data())
def test_one_changed_bit_anywhere_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 70))
    index = data.draw(st.integers(0, size - 1))
    root, leaf = rfc6962.head(LEAVES[:size]), hash_leaf(LEAVES[index])
    parts = [leaf, root, *prove_inclusion(STORED.read, index, size)]
    spoilt = data.draw(st.integers(0, len(parts) - 1))
    bit = data.draw(st.integers(0, 255))
    value = int.from_bytes(parts[spoilt], "big") ^ 1 << bit
    parts[spoilt] = value.to_bytes(32, "big")
    with pytest.raises(Malformed) as fault:
        check_inclusion(parts[0], index, size, parts[1], parts[2:])
    assert fault.value.code == "E_PROOF"


@given(st.data())
def test_one_changed_bit_in_a_proof_of_consistency_is_refused(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, 70))
    old = data.draw(st.integers(1, new - 1))
    parts = [
        rfc6962.head(LEAVES[:old]),
        rfc6962.head(LEAVES[:new]),
        *prove_consistency(STORED.read, old, new),
    ]
    spoilt = data.draw(st.integers(0, len(parts) - 1))
    value = int.from_bytes(parts[spoilt], "big") ^ 1 << data.draw(st.integers(0, 255))
    parts[spoilt] = value.to_bytes(32, "big")
    with pytest.raises(Malformed) as fault:
        check_consistency(old, parts[0], new, parts[1], parts[2:])
    assert fault.value.code == "E_PROOF"


@given(st.lists(st.binary(max_size=80), max_size=40), st.lists(st.binary(max_size=80), max_size=40))
def test_a_range_goes_on_from_what_was_kept_of_it(before: list[bytes], after: list[bytes]) -> None:
    kept = Stored(before).range
    again = CompactRange(kept.count, kept.peaks)
    for leaf in after:
        again.append_hash(hash_leaf(leaf))
    assert (again.count, again.head()) == (len(before + after), rfc6962.head(before + after))


def test_peaks_that_are_not_those_of_a_count_are_refused() -> None:
    for count, peaks in ((0, 1), (1, 0), (2, 2), (3, 1), (-1, 1)):
        with pytest.raises(ValueError, match="expected"):
            CompactRange(count, [bytes(32)] * peaks)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_no_inclusion_is_proved_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        prove_inclusion(STORED.read, index, size)


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 3), (4, 3), (-1, 3)])
def test_nothing_is_consistent_with_no_leaves(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="no proof"):
        prove_consistency(STORED.read, old, new)
    with pytest.raises(Malformed):
        check_consistency(old, rfc6962.head([]), new, rfc6962.head(LEAVES[:3]), [])


def cases(shared: Path, name: str) -> list[dict[str, Any]]:
    found = json.loads((shared / "vectors" / "merkle" / f"{name}.json").read_text("utf-8"))
    assert len(found) == 98
    return list(found)


def raw(text: str) -> bytes:
    return base64.b64decode(text)


def test_published_cases_of_inclusion(shared: Path) -> None:
    passed = 0
    for case in cases(shared, "inclusion"):
        path = [raw(step) for step in case["proof"] or []]
        arguments = (raw(case["leafHash"]), case["leafIdx"], case["treeSize"], raw(case["root"]))
        try:
            check_inclusion(*arguments, path)
        except Malformed:
            assert case["wantErr"], case["file"]
        else:
            assert not case["wantErr"], case["file"]
            passed += 1
    assert passed == 6


def test_published_cases_of_consistency(shared: Path) -> None:
    """Those that start at no leaves are refused here too (SPEC §13.1)."""
    passed = 0
    for case in cases(shared, "consistency"):
        path = [raw(step) for step in case["proof"] or []]
        heads = (case["size1"], raw(case["root1"]), case["size2"], raw(case["root2"]))
        try:
            check_consistency(*heads, path)
        except Malformed:
            assert case["wantErr"], case["file"]
        else:
            assert not case["wantErr"], case["file"]
            passed += 1
    assert passed == 6
