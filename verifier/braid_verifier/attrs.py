"""What attrs say of other nodes: parts of one block, and the node whose words these are (SPEC §5.6)."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from braid.encoding import KEY_PATTERN, SIGNATURE_PATTERN
from braid.node import Header, Kind, Origin
from braid.strict_json import Json
from braid_verifier.findings import Check, Findings
from braid_verifier.graph import UNKNOWN, Graph

_KEY = re.compile(KEY_PATTERN)
_SIGNATURE = re.compile(SIGNATURE_PATTERN)
_MOST = 2**53 - 1
_SPEAKING = frozenset({"part", "parts", "variant_of", "copy_of"})


class _Part(msgspec.Struct, frozen=True):
    """A node that says it is part `number` of a block of `count` parts."""

    number: int
    count: int
    kind: Kind
    origin: Origin
    s: str


class Attrs:
    """Checks each node against the one before it, and what it names against the graph."""

    def __init__(self, findings: Findings, graph: Graph, braid: str | None) -> None:
        self._findings = findings
        self._graph = graph
        self._braid = braid
        self._before: _Part | None = None
        self._known = True  # whether it is known what the node before says
        self.continues = False  # whether the latest node is a second or later part

    def skip(self) -> None:
        """Take note of a node of which nobody can tell what its attrs say."""
        self._before, self._known, self.continues = None, False, False

    def add(self, index: int, s: str, header: Header, said: Mapping[str, Json] | None) -> None:
        """Check the attrs of the next node; None where they are erased or not what was signed."""
        if said is None:
            self.skip()
            return
        before, known = self._before, self._known
        if before is None and known and _SPEAKING.isdisjoint(said):
            return  # nearly every node
        self._before, self._known, self.continues = None, True, False
        fault = None
        if "part" in said or "parts" in said:
            fault = self._check_part(s, header, said, before, known)
        elif before is not None and before.number < before.count:
            fault = f"part: expected {before.number + 1} of {before.count} after the node before"
        if fault is None and "variant_of" in said:
            fault = self._check_variant(index, header, said["variant_of"])
        if fault is None and "copy_of" in said:
            fault = self._check_copy(header, said["copy_of"])
        if fault is not None:
            self._findings.fail(Check.CONTENT, "E_ATTRS", f"attrs.{fault}", index, s)

    def _check_part(
        self, s: str, header: Header, said: Mapping[str, Json], before: _Part | None, known: bool
    ) -> str | None:
        number, count = said.get("part"), said.get("parts")
        if type(number) is not int or type(count) is not int or not 1 <= number <= count <= _MOST:
            self._known = False
            return "part: expected two integers, part from 1 to parts"
        self._before = _Part(number, count, header.kind, header.origin, s)
        self.continues = number > 1
        if not known:
            return None
        if before is None or before.number == before.count:
            return None if number == 1 else "part: expected 1, the first of its block"
        if (number, count) != (before.number + 1, before.count):
            return f"part: expected {before.number + 1} of {before.count} after the node before"
        is_extra = header.kind is Kind.OTHER and said.get("type") == "extra"
        if header.origin is not before.origin or not (header.kind is before.kind or is_extra):
            return "part: expected the kind and origin of the part before"
        if header.prev[:1] != (before.s,):
            return "part: expected to hang on the part before"
        return None

    def _check_variant(self, index: int, header: Header, named: Json) -> str | None:
        if header.origin is not Origin.CLIENT:
            return "variant_of: only what a client sent can be one"
        if not isinstance(named, str) or self._graph.find(named, index) == UNKNOWN:
            return "variant_of: expected the signature of an earlier node"
        return None

    def _check_copy(self, header: Header, named: Json) -> str | None:
        if header.origin is not Origin.CLIENT:
            return "copy_of: only what a client sent can be one"
        if isinstance(named, dict) and named.keys() == {"braid", "node"}:
            braid, node = named["braid"], named["node"]
            if isinstance(braid, str) and isinstance(node, str):
                if braid == self._braid:
                    return "copy_of: expected another braid"
                if _KEY.fullmatch(braid) and _SIGNATURE.fullmatch(node):
                    return None
        return "copy_of: expected a braid's key and the signature of a node of it"
