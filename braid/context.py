"""Context: the ordered nodes a model was shown, as hash chains (SPEC §6.2)."""

from __future__ import annotations

import hashlib
from enum import StrEnum


class ContextList(StrEnum):
    """The three lists, in the order a model reads them."""

    TOOLS = "tools"
    SYSTEM = "system"
    MESSAGES = "messages"


CHAIN_START = {
    name: hashlib.sha256(b"braid/1 context " + name.encode("ascii")).digest()
    for name in ContextList
}


def extend(value: bytes, signature: bytes) -> bytes:
    """Take one step of a chain: the value after a node with these 64 bytes was shown."""
    return hashlib.sha256(value + signature).digest()
