"""What users and tools had said in the context of a call: its answer may quote that (SPEC §6.4)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from braid.call import context_of, parse_call
from braid.context import CHAIN_START, ContextList, extend
from braid.encoding import decode
from braid.errors import Malformed
from braid_verifier.leaks import Heard

# Conversations that one file may go back and forth between without each being read anew.
_AT_ONCE = 8
# Beyond that each time costs all that was shown: of all that was said this often, and no oftener.
_ANEW = 64

_Ends = tuple[bytes, ...]


class Shown:
    """Follows the contexts of calls, to tell what each answer had before it.

    Of words only hashes are kept. What is wrong in a context is for others to report: here it
    shows nothing. In a file that goes back and forth between so many conversations that its words
    would have to be read too often, all that was said in it before counts as shown.
    """

    def __init__(self) -> None:
        self._said: dict[str, Heard] = {}
        self._left = 0  # what may yet be read anew, in hashes of words
        self._all: Heard | None = None  # all that was said, once no more may be read anew
        self._before: dict[bytes, tuple[bytes, str]] = {}
        self._ends: dict[str, _Ends] = {}
        self._call_of: dict[str, str] = {}
        # What was asked for last, by where its messages end: (where its system texts end, heard).
        self._recent: OrderedDict[bytes, tuple[bytes, Heard]] = OrderedDict()

    def said(self, s: str, text: str) -> None:
        """Take a text of a user, a tool or the system."""
        said = self._said[s] = Heard()
        said.add(text)
        self._left += _ANEW * said.size
        if self._all is not None:
            self._all.join(said)

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
        if self._all is not None:
            return self._all
        system, messages = ends
        fresh: list[str] = []
        heard = self._gone_on_from(system, messages, fresh)
        if heard is None:
            heard = Heard()
            self._walk(system, CHAIN_START[ContextList.SYSTEM], fresh)
        for shown in fresh:
            if shown in self._said:
                heard.join(self._said[shown])
                self._left -= self._said[shown].size
        self._left -= len(fresh)
        self._recent[messages] = system, heard
        if len(self._recent) > _AT_ONCE:
            self._recent.popitem(last=False)
        if self._left < 0:
            self._recent.clear()
            self._all = Heard()
            for said in self._said.values():
                self._all.join(said)
        return heard

    def _gone_on_from(self, system: bytes, messages: bytes, into: list[str]) -> Heard | None:
        """Take what was heard in a conversation that this one goes on from, and collect the rest.

        None if it goes on from none that is at hand; then all its messages are collected.
        """
        value = messages
        while True:
            before = self._recent.get(value)
            if before is not None:
                more: list[str] = []
                if self._walk(system, before[0], more):
                    del self._recent[value]
                    into += more
                    return before[1]
            step = self._before.get(value)
            if step is None:
                return None
            value, signature = step
            into.append(signature)

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
