"""The tree over a braid's signatures, against RFC 6962's own recursion (SPEC §11.1)."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from braid.encoding import encode
from braid.tree import SignatureTree


def reference(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, as it stands there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + reference(leaves[:k]) + reference(leaves[k:])).digest()


def signature(i: int) -> bytes:
    return hashlib.sha512(str(i).encode()).digest()


def test_every_size_up_to_300_has_the_head_the_recursion_gives() -> None:
    tree = SignatureTree()
    leaves: list[bytes] = []
    for i in range(300):
        assert (tree.count, tree.head()) == (i, reference(leaves))
        tree.append(signature(i))
        leaves.append(signature(i))


@given(st.lists(st.binary(min_size=64, max_size=64), max_size=40))
def test_any_signatures_have_the_head_the_recursion_gives(signatures: list[bytes]) -> None:
    tree = SignatureTree(signatures)
    assert (tree.count, tree.head()) == (len(signatures), reference(signatures))


def test_tree_vectors(vectors: Path) -> None:
    cases = {
        case["count"]: case["tree"]
        for case in json.loads((vectors / "tree.json").read_text("utf-8"))
    }
    tree = SignatureTree()
    for i in range(max(cases) + 1):
        if i in cases:
            assert encode(tree.head()) == cases.pop(i)
        tree.append(signature(i))
    assert not cases


def test_asking_for_the_head_changes_nothing() -> None:
    asked, silent = SignatureTree(), SignatureTree()
    for i in range(20):
        asked.head()
        asked.append(signature(i))
        silent.append(signature(i))
    assert asked.head() == silent.head()


# The leaves of the published test tree (RFC 6962 reference implementation).
PUBLISHED = [
    bytes.fromhex(leaf)
    for leaf in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip


def good_cases(path: Path) -> list[dict[str, Any]]:
    """The good cases over the published tree; two more are over made-up hashes."""
    cases = json.loads(path.read_text("utf-8"))
    return [case for case in cases if case["file"].endswith("/happy-path.json")]


def heads(path: Path, pairs: list[tuple[str, str]]) -> dict[int, str]:
    found: dict[int, str] = {}
    for case in good_cases(path):
        for size, root in pairs:
            assert found.setdefault(case[size], case[root]) == case[root]
    return found


@pytest.mark.parametrize("name", ["inclusion", "consistency"])
def test_heads_of_the_published_proof_cases(shared: Path, name: str) -> None:
    pairs = {
        "inclusion": [("treeSize", "root")],
        "consistency": [("size1", "root1"), ("size2", "root2")],
    }[name]
    found = heads(shared / "vectors" / "merkle" / f"{name}.json", pairs)
    assert len(found) >= 3
    for size, root in found.items():
        assert SignatureTree(PUBLISHED[:size]).head() == base64.b64decode(root)
