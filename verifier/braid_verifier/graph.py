"""The graph of a braid: uniqueness, order, genesis, earlier nodes, tails (SPEC §4.1–4.3)."""

from __future__ import annotations

from braid.node import Header
from braid_verifier.findings import Check, Findings

UNKNOWN = -1  # stands for the place of a node that no earlier node is


class Graph:
    """Places one node after another; remembers each signature and which nodes are tails."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._places: dict[str, int] = {}
        self.tails: set[int] = set()

    def find(self, signature_text: str, before: int) -> int:
        """Give the position of an earlier node, or UNKNOWN."""
        place = self._places.get(signature_text, UNKNOWN)
        return place if place < before else UNKNOWN

    def skip(self, index: int, signature_text: str) -> None:
        """Take note of a node that could not be read: others may still name it."""
        self._places.setdefault(signature_text, index)

    def place(self, index: int, s: str, header: Header) -> list[int]:
        """Check where a node stands; give the positions its `prev` names, UNKNOWN among them."""
        places, prev = self._places, header.prev
        if places.setdefault(s, index) != index:
            message = f"s: the signature of node {places[s]} again"
            self._findings.fail(Check.ORDER, "E_DUP", message, index, s)
        if header.seq != index:
            message = f"seq: expected {index}, the position in the file, got {header.seq}"
            self._findings.fail(Check.ORDER, "E_SEQ", message, index, s)
        if (index == 0) is bool(prev):
            message = "prev: expected none at the genesis" if prev else "prev: a second genesis"
            self._findings.fail(Check.ORDER, "E_GENESIS", message, index, s)
        at = []
        for signature in prev:
            place = places.get(signature, index)
            at.append(place if place < index else UNKNOWN)
        if UNKNOWN in at:
            message = f"prev[{at.index(UNKNOWN)}]: expected the signature of an earlier node"
            self._findings.fail(Check.PREVIOUS, "E_PREV", message, index, s)
        for number, signature in enumerate(header.about):
            if self.find(signature, index) == UNKNOWN:
                message = f"about[{number}]: expected the signature of an earlier node"
                self._findings.fail(Check.PREVIOUS, "E_ABOUT", message, index, s)
                break
        self.tails.difference_update(at)
        self.tails.add(index)
        return at
