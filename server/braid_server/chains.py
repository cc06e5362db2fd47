"""What the calls of one braid showed their models: three lists, each a hash chain (SPEC §6.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from braid.call import Context as Claims
from braid.call import Step
from braid.context import CHAIN_START, ContextList, extend
from braid.encoding import decode, encode


@dataclass(frozen=True, slots=True)
class Context:
    """The seqs of the nodes a call showed, list by list."""

    tools: tuple[int, ...] = ()
    system: tuple[int, ...] = ()
    messages: tuple[int, ...] = ()

    def of(self, name: ContextList) -> tuple[int, ...]:
        match name:
            case ContextList.TOOLS:
                return self.tools
            case ContextList.SYSTEM:
                return self.system
            case ContextList.MESSAGES:
                return self.messages


class _Chain:
    """One list: each value that was reached, with the value before it and the node between."""

    __slots__ = ("_reached", "_signature", "_start")

    def __init__(self, name: ContextList, signature: Callable[[int], bytes]) -> None:
        self._signature = signature
        self._start = CHAIN_START[name]
        self._reached: dict[bytes, tuple[bytes, int]] = {}

    def extend(self, value: bytes, seq: int) -> bytes:
        step = extend(value, self._signature(seq))
        self._reached.setdefault(step, (value, seq))
        return step

    def claim(
        self,
        path: tuple[int, ...],
        text: Callable[[int], str],
        shown: tuple[int, ...],
        reached: bytes | None,
    ) -> tuple[Step, bytes]:
        """Say a list; `shown` is that of another call, and `reached` its value."""
        value, known = self._start, 0
        if reached is not None and path[: len(shown)] == shown:
            value, known = reached, len(shown)
        start = value
        added: list[str] = []
        for seq in path[known:]:
            before = len(self._reached)
            value = self.extend(value, seq)
            if not added and len(self._reached) == before:
                start = value
            else:
                added.append(text(seq))
        return Step(encode(start), added, encode(value)), value

    def path(self, value: bytes) -> tuple[int, ...]:
        path = []
        while value != self._start:
            value, seq = self._reached[value]
            path.append(seq)
        return tuple(reversed(path))


class Chains:
    """The context of each call; `signature` and `text` give those of a node at a seq."""

    def __init__(self, signature: Callable[[int], bytes], text: Callable[[int], str]) -> None:
        self._text = text
        self._chains = tuple(_Chain(name, signature) for name in _LISTS)
        self._values: dict[int, tuple[bytes, bytes, bytes]] = {}
        self._shown = _NO_CALL, Context()  # the call that was asked of last

    def show(self, call: int, context: Context) -> Claims:
        """Take in what the call at this seq shows, and say it from the furthest values reached."""
        steps: list[Step] = []
        values: list[bytes] = []
        # Most lists begin as that of the call that they go on from, which was asked of last.
        last, shown = self._shown
        reached = self._values.get(last, _NOT_REACHED)
        for name, chain, value in zip(_LISTS, self._chains, reached, strict=True):
            step, value = chain.claim(context.of(name), self._text, shown.of(name), value)
            steps.append(step)
            values.append(value)
        self._values[call] = values[0], values[1], values[2]
        self._shown = call, context
        return Claims(steps[0], steps[1], steps[2])

    def learn(self, call: int, claims: Claims, find: Callable[[str], int]) -> None:
        """Take in what a call that was read said; `find` gives a node by its signature."""
        tools, system, messages = self._chains
        self._values[call] = (
            _follow(tools, claims.tools, find),
            _follow(system, claims.system, find),
            _follow(messages, claims.messages, find),
        )

    def context_of(self, call: int) -> Context:
        """Give what a call showed its model."""
        if self._shown[0] != call:
            paths = zip(self._chains, self._values[call], strict=True)
            self._shown = call, Context(*(chain.path(value) for chain, value in paths))
        return self._shown[1]


_NO_CALL = -1
_NOT_REACHED = (None, None, None)
_LISTS = (ContextList.TOOLS, ContextList.SYSTEM, ContextList.MESSAGES)


def _follow(chain: _Chain, step: Step, find: Callable[[str], int]) -> bytes:
    value = decode(step.start, "from", 32)
    for signature in step.add:
        value = chain.extend(value, find(signature))
    return value
