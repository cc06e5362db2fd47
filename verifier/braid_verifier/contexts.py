"""Contexts: rebuilding the hash chains that say what each model was shown (SPEC §6.2)."""

from __future__ import annotations

from braid.call import Step, context_of
from braid.context import CHAIN_START, ContextList, extend
from braid.encoding import decode, encode
from braid.errors import Malformed
from braid.strict_json import Json
from braid_verifier.graph import UNKNOWN, Graph


class Contexts:
    """Remembers every chain value an earlier call reached, and whether words of it are erased."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._reached: dict[ContextList, dict[bytes, bool]] = {
            name: {start: False} for name, start in CHAIN_START.items()
        }
        self._erased = bytearray()
        self._block = bytearray()
        self._whole = True

    def add(self, erased: bool, block: bool) -> None:
        """Take note of the next node of the file, and whether a model can be shown it."""
        self._erased.append(erased)
        self._block.append(block)

    def lose(self) -> None:
        """Take note that a call's chain values are not known: no later `from` can be looked up."""
        self._whole = False

    def follow(self, value: Json, index: int) -> tuple[bool, bool]:
        """Follow the three chains of the call at `index`.

        Tells whether the context is partial, and whether a node shown was erased. Raises
        Malformed (E_CONTEXT) for the first thing that is not as §6.2 says.
        """
        context = context_of(value)
        erased = False
        for name, step in (
            (ContextList.TOOLS, context.tools),
            (ContextList.SYSTEM, context.system),
            (ContextList.MESSAGES, context.messages),
        ):
            try:
                erased = self._follow(self._reached[name], step, index) or erased
            except Malformed as fault:
                raise Malformed("E_CONTEXT", f"context.{name}.{fault}") from fault
        return context.partial is True, erased

    def _follow(self, reached: dict[bytes, bool], step: Step, index: int) -> bool:
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
            if not self._block[place]:
                raise Malformed("E_CONTEXT", f"add[{number}]: a node of a kind no model is shown")
            value = extend(value, decode(signature, "add", 64))
            erased = erased or bool(self._erased[place])
            reached[value] = erased
        if step.to != (encode(value) if step.add else step.start):
            raise Malformed("E_CONTEXT", "to: not the value after the nodes of add")
        return erased
