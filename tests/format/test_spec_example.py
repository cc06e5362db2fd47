"""The worked example SPEC opens with: its printed bytes are what they are said to be (SPEC §0)."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from braid.certificate import check_certificate
from braid.content import commitment
from braid.encoding import decode, encode
from braid.node import Kind, read_header
from braid.signing import Purpose, signed_bytes, verifies
from braid.transcript import TranscriptReader
from braid.tree import SignatureTree

SPEC = Path(__file__).resolve().parents[2] / "braid" / "SPEC.md"
TEXT = 3


@pytest.fixture(scope="module")
def section() -> str:
    spec = SPEC.read_text("utf-8")
    return spec.split("<!-- example:begin -->")[1].split("<!-- example:end -->")[0]


@pytest.fixture(scope="module")
def raw(section: str) -> bytes:
    (block,) = re.findall(r"```json\n(.*?)```", section, re.DOTALL)
    return str(block).encode("utf-8")


@pytest.fixture(scope="module")
def blocks(section: str) -> list[str]:
    """The printed strings: header, key, signature, committed bytes."""
    return [block.rstrip("\n") for block in re.findall(r"```text\n(.*?)```", section, re.DOTALL)]


@pytest.fixture(scope="module")
def nodes(raw: bytes) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = json.loads(raw)["nodes"]
    return nodes


def unhex(block: str) -> bytes:
    """Join the hex that stands first in each line; what follows it is a remark."""
    return b"".join(bytes.fromhex(line.split(" ", 1)[0]) for line in block.splitlines())


def test_the_example_is_short_enough_to_be_read(section: str) -> None:
    assert len(section.splitlines()) <= 90


def test_the_header_is_the_one_in_the_file(
    blocks: list[str], nodes: list[dict[str, Any]], section: str
) -> None:
    assert blocks[0] == nodes[TEXT]["h"]
    assert f"this string of {len(blocks[0])} bytes" in section


def test_the_signature_covers_the_frame_and_the_header(
    blocks: list[str], nodes: list[dict[str, Any]], section: str
) -> None:
    found = re.search(r"`(DSSEv1 [^`]*)`[^`]*`h`, (\d+) bytes", section)
    assert found is not None
    message = found[1].encode() + blocks[0].encode()
    assert len(message) == int(found[2])
    assert message == signed_bytes(Purpose.NODE, blocks[0].encode())
    key, signature = unhex(blocks[1]), unhex(blocks[2])
    Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    assert verifies(key, signature, Purpose.NODE, blocks[0].encode())
    assert encode(signature) == nodes[TEXT]["s"]


def test_the_next_node_names_the_signature(nodes: list[dict[str, Any]]) -> None:
    assert json.loads(nodes[TEXT + 1]["h"])["prev"] == [nodes[TEXT]["s"]]


def test_the_commitment_is_the_hash_of_the_printed_bytes(
    blocks: list[str], nodes: list[dict[str, Any]], section: str
) -> None:
    committed = unhex(blocks[3])
    digest = hashlib.sha256(committed).digest()
    assert digest.hex() in section
    members = nodes[TEXT]
    assert json.loads(members["h"])["content"] == encode(digest)
    content, attrs = members["text"].encode(), members["attrs"].encode()
    assert commitment(decode(members["salt"], "salt", 32), content, attrs) == encode(digest)


def test_the_whole_example_is_a_sealed_and_certified_braid(raw: bytes) -> None:
    reader = TranscriptReader(raw)
    assert reader.certificate is not None and reader.braid is not None
    check_certificate(reader.certificate, reader.braid)
    entries = list(reader)
    headers = [read_header(entry.node.h) for entry in entries if entry.node]
    assert [header.kind for header in headers] == [
        Kind.PROMPT, Kind.PARAMS, Kind.CALL, Kind.TEXT, Kind.END, Kind.SEAL,
    ]  # fmt: skip
    tree = SignatureTree(entry.signature for entry in entries[:-1])
    assert headers[-1].seal is not None
    assert headers[-1].seal.tree == encode(tree.head())
    assert reader.faults == []


def test_the_example_is_a_vector_too(raw: bytes, vectors: Path) -> None:
    assert (vectors / "transcripts" / "spec-example.json").read_bytes() == raw
