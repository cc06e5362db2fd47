"""What users and tools had said in the context of a call: its answer may quote that (SPEC §6.4)."""

from __future__ import annotations

from collections.abc import Iterable

from braid.call import context_of, parse_call
from braid.context import CHAIN_START, ContextList, extend
from braid.encoding import decode
from braid.errors import Malformed
from braid_verifier.leaks import Heard

_LISTS = (ContextList.SYSTEM, ContextList.MESSAGES)

_Ends = tuple[bytes, ...]


class Shown:
    """Follows the contexts of calls, to tell what each answer had before it.

    Of words only hashes are kept. What is wrong in a context is for others to report: here it
    shows nothing.
    """

    def __init__(self) -> None:
        self._said: dict[str, Heard] = {}
        self._before: dict[bytes, tuple[bytes, str]] = {}
        self._ends: dict[str, _Ends] = {}
        self._call_of: dict[str, str] = {}
        self._last: tuple[_Ends, Heard] = tuple(CHAIN_START[name] for name in _LISTS), Heard()

    def said(self, s: str, text: str) -> None:
        """Take a text of a user, a tool or the system."""
        self._said[s] = Heard()
        self._said[s].add(text)

    def call(self, s: str, content: bytes) -> None:
        """Take a call, which comes after what it shows."""
        self._call_of[s] = s
        try:
            context = context_of(parse_call(content).context)
            self._ends[s] = tuple(
                self._follow(decode(step.start, "from", 32), step.add)
                for step in (context.system, context.messages)
            )
        except Malformed:
            return

    def answer(self, s: str, prev: Iterable[str]) -> None:
        """Take a node of an answer, which stands on its call or on another node of the answer."""
        for each in prev:
            if each in self._call_of:
                self._call_of[s] = self._call_of[each]
                return

    def heard(self, s: str) -> Heard:
        """Return what stood in the context of the call that this node answers."""
        ends = self._ends.get(self._call_of.get(s, ""))
        if ends is None:
            return Heard()
        known, heard = self._last
        fresh: list[str] = []
        for end, until in zip(ends, known, strict=True):
            if not self._walk(end, until, fresh):
                # Not a later state of the conversation that was asked for last.
                heard, fresh = Heard(), []
                for name, whole in zip(_LISTS, ends, strict=True):
                    self._walk(whole, CHAIN_START[name], fresh)
                break
        for shown in fresh:
            if shown in self._said:
                heard.join(self._said[shown])
        self._last = ends, heard
        return heard

    def _follow(self, value: bytes, added: Iterable[str]) -> bytes:
        for signature in added:
            after = extend(value, decode(signature, "add", 64))
            self._before[after] = value, signature
            value = after
        return value

    def _walk(self, value: bytes, until: bytes, into: list[str]) -> bool:
        """Collect the nodes shown after `until` up to `value`; tell whether `until` was met."""
        while value != until:
            step = self._before.get(value)
            if step is None:
                return False
            value, signature = step
            into.append(signature)
        return True
