"""Contexts: rebuilding the hash chains that say what each model was shown (SPEC §6.2)."""

from __future__ import annotations

from typing import Any

import msgspec

from braid.context import CHAIN_START, ContextList, extend
from braid.encoding import decode, encode
from braid.errors import Malformed
from braid_verifier.graph import UNKNOWN, Graph


class Step(msgspec.Struct, forbid_unknown_fields=True, rename={"start": "from"}):
    """What a call says of one list: where its chain starts, what it adds, where it ends."""

    start: str
    add: list[str]
    to: str


class Contexts:
    """Remembers every chain value an earlier call reached, and whether words of it are erased."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._reached: dict[ContextList, dict[bytes, bool]] = {
            name: {start: False} for name, start in CHAIN_START.items()
        }
        self._erased = bytearray()
        self._whole = True

    def add(self, erased: bool) -> None:
        """Take note of the next node of the file."""
        self._erased.append(erased)

    def lose(self) -> None:
        """Take note that a call's chain values are not known: no later `from` can be looked up."""
        self._whole = False

    def follow(self, context: dict[str, Any], index: int) -> bool:
        """Follow the three chains of the call at `index`; True where a node shown was erased.

        Raises Malformed (E_CONTEXT) for the first thing that is not as §6.2 says.
        """
        expected = {*ContextList}
        if set(context) - {"partial"} != expected or context.get("partial", True) is not True:
            raise Malformed("E_CONTEXT", "context: expected tools, system and messages")
        try:
            steps = {name: msgspec.convert(context[name], Step) for name in ContextList}
        except msgspec.ValidationError:
            raise Malformed("E_CONTEXT", "context: expected from, add and to") from None
        erased = False
        for name, step in steps.items():
            try:
                erased = self._follow(name, step, index) or erased
            except Malformed as fault:
                raise Malformed("E_CONTEXT", f"context.{name}.{fault}") from fault
        return erased

    def _follow(self, name: ContextList, step: Step, index: int) -> bool:
        reached = self._reached[name]
        value = decode(step.start, "from", 32)
        if value not in reached and self._whole:
            raise Malformed("E_CONTEXT", "from: no earlier call reached this value")
        erased = reached.get(value, False)
        for number, signature in enumerate(step.add):
            place = self._graph.find(signature, index)
            if place == UNKNOWN:
                raise Malformed(
                    "E_CONTEXT", f"add[{number}]: expected the signature of an earlier node"
                )
            value = extend(value, decode(signature, f"add[{number}]", 64))
            erased = erased or bool(self._erased[place])
            reached[value] = erased
        if encode(value) != step.to:
            raise Malformed("E_CONTEXT", "to: not the value after the nodes of add")
        return erased
