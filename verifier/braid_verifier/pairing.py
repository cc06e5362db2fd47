"""Pairing: which call owns what, one end a call, a result with its use (SPEC §4.5–4.7)."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from braid.node import Header, Kind, Origin
from braid_verifier.findings import Check, Findings
from braid_verifier.graph import UNKNOWN

_NONE = -2  # a node that no call owns, where UNKNOWN is one of which that cannot be said


class Pairing:
    """Follows each node back to its call by the links of nodes already seen."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._owner = array("q")
        self._may_be_use = bytearray()
        self._open: dict[int, str] = {}
        self._tails: dict[int, set[int]] = {}  # of each open call, within what it owns
        self._answered: set[int] = set()
        self._erased_answers: set[int] = set()
        self._sure = True

    @property
    def pending(self) -> int:
        """How many calls have no end."""
        return len(self._open)

    def skip(self) -> None:
        """Take note of a node that could not be read."""
        self._sure = False
        self._owner.append(UNKNOWN)
        self._may_be_use.append(1)

    def add(
        self, index: int, s: str, header: Header, at: Sequence[int], erased: bool
    ) -> int | None:
        """Take the next node, whose `prev` stand at these positions; of an end, give its call."""
        kind = header.kind
        self._may_be_use.append(kind is Kind.TOOL_USE)
        if kind is Kind.TOOL_RESULT:
            self._check_result(index, s, at)
        if header.origin is Origin.PROVIDER:
            owner = self._owner_at(at[0]) if at else _NONE
            if owner == _NONE:
                message = "prev[0]: leads back to no call"
                self._findings.fail(Check.PAIRING, "E_PAIR", message, index, s)
            elif owner != UNKNOWN and owner not in self._open:
                message = f"prev[0]: leads back to the call at node {owner}, which has its end"
                self._findings.fail(Check.PAIRING, "E_PAIR", message, index, s)
            elif owner != UNKNOWN:
                self._answered.add(owner)
                if erased:
                    self._erased_answers.add(owner)
        elif kind is Kind.CALL:
            owner = index
            self._open[index] = s
            self._tails[index] = set()
        elif kind is Kind.CHECKPOINT:
            owner = self._shared_owner(at)
        else:
            owner = _NONE
            if erased and kind is Kind.OTHER and at and at[0] in self._open:
                # The body of the answer holds what it repeats of its request (SPEC §4.4).
                self._erased_answers.add(at[0])
        if owner in self._tails:
            self._tails[owner].difference_update(at)
            self._tails[owner].add(index)
        self._owner.append(owner)
        return self._end(index, s, at) if kind is Kind.END else None

    def answered(self, call: int) -> bool:
        """Tell whether the provider said anything in answer to this call."""
        return call in self._answered

    def answer_erased(self, call: int) -> bool:
        """Tell whether a block of the answer to this call was erased."""
        return call in self._erased_answers

    def close(self, sealed: bool) -> None:
        """Say which calls have no end."""
        for index, s in self._open.items():
            if not sealed:
                self._findings.note("N_PENDING", "the call has no end", index, s)
            elif self._sure:
                message = "the call has no end in a sealed braid"
                self._findings.fail(Check.PAIRING, "E_PAIR", message, index, s)

    def _owner_at(self, place: int) -> int:
        return UNKNOWN if place == UNKNOWN else self._owner[place]

    def _shared_owner(self, at: Sequence[int]) -> int:
        """Give the one call that all of these lead to."""
        owners = {self._owner_at(place) for place in at}
        return _NONE if len(owners - {UNKNOWN}) > 1 else max(owners, default=_NONE)

    def _end(self, index: int, s: str, at: Sequence[int]) -> int | None:
        call = self._shared_owner(at)
        if call == UNKNOWN:
            self._sure = False
            return None
        if call == _NONE:
            message = "prev: expected to lead back to one call"
            self._findings.fail(Check.PAIRING, "E_PAIR", message, index, s)
            return None
        if self._open.pop(call, None) is None:
            message = f"prev: a second end of the call at node {call}"
            self._findings.fail(Check.PAIRING, "E_PAIR", message, index, s)
        elif self._tails.pop(call) != set(at) and self._sure and UNKNOWN not in at:
            message = "prev: expected the last block of each candidate of its call, and no other"
            self._findings.fail(Check.PAIRING, "E_PAIR", message, index, s)
        return call

    def _check_result(self, index: int, s: str, at: Sequence[int]) -> None:
        # The use is named second; where it is the predecessor itself it can stand only once.
        if not any(place == UNKNOWN or self._may_be_use[place] for place in at[:2]):
            message = "prev: expected the predecessor, then the tool_use"
            self._findings.warn("W_PAIR", message, index, s)
