"""A transcript taken apart from SPEC alone: nothing of Braid is imported.

    python examples/by_hand/main.py TRANSCRIPT

Checks each signature (§2.2), each commitment (§5.1), the order (§4) and the seal (§11). What a
real verifier adds is strictness: §2.3, §2.5, §3.1 and the limits of §12.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path

from nacl.signing import VerifyKey

NODE = "application/vnd.braid.node.v1+json"


def from_text(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def tree_head(leaves: list[bytes]) -> bytes:
    """The Merkle tree head of RFC 6962 §2.1."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = tree_head(leaves[:split]), tree_head(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def main(path: str) -> None:
    transcript = json.loads(Path(path).read_bytes())
    key = VerifyKey(from_text(transcript["braid"]))
    known: dict[str, int] = {}
    for seq, node in enumerate(transcript["nodes"]):
        signed = f"DSSEv1 {len(NODE)} {NODE} {len(node['h'])} {node['h']}".encode()
        key.verify(signed, from_text(node["s"]))
        header = json.loads(node["h"])
        assert header["braid"] == transcript["braid"] and header["seq"] == seq
        assert all(name in known for name in header["prev"])
        assert bool(header["prev"]) == (seq > 0)
        words = "(erased)"
        if "salt" in node:
            content = node["text"].encode() if "text" in node else from_text(node["b64"])
            attrs = node["attrs"].encode()
            sizes = [len(part).to_bytes(8, "big") for part in (content, attrs)]
            committed = hashlib.sha256(
                b"braid/1 content\n" + from_text(node["salt"])
                + sizes[0] + content + sizes[1] + attrs
            )  # fmt: skip
            assert from_text(header["content"]) == committed.digest()
            words = ascii(content[:48].decode("utf-8", "replace"))
        if header["kind"] == "seal":
            head = tree_head([from_text(name) for name in known])
            assert header["seal"]["count"] == seq and from_text(header["seal"]["tree"]) == head
        after = ",".join(str(known[name]) for name in header["prev"])
        print(f"{seq:>4} after {after:<8} {header['origin']:<8} {header['kind']:<11} {words}")
        known[node["s"]] = seq
    print(f"{len(known)} nodes, each signed by the braid's key and in its place")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print("usage: python examples/by_hand/main.py TRANSCRIPT", file=sys.stderr)
        sys.exit(2)
    main(*sys.argv[1:])
