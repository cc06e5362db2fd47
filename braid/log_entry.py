"""Log entries: the bytes of what a transparency log holds (SPEC §13.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from braid.encoding import SIGNATURE_PATTERN
from braid.errors import Malformed
from braid.node import MAX_HEADER

_HEADER = rf"[!-\[\]-~]{{1,{MAX_HEADER}}}"


class EntryKind(StrEnum):
    """What is logged."""

    CERTIFICATE = "certificate"
    SEAL = "seal"
    CLOSURE = "closure"
    REVOCATION = "revocation"
    ROTATION = "rotation"


_WITH_POSSESSION = frozenset({EntryKind.CERTIFICATE, EntryKind.ROTATION})
_ENTRY = re.compile(
    rf"braid/1 log ({'|'.join(EntryKind)})\n({_HEADER})\n({SIGNATURE_PATTERN})\n"
    rf"(?:({SIGNATURE_PATTERN})\n)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A signed header as it is logged: `h`, `s`, and `pop` where the kind has one, in text form."""

    kind: EntryKind
    h: str
    s: str
    pop: str | None = None

    @property
    def raw(self) -> bytes:
        """The bytes that are logged; raises Malformed (E_PROOF) for what is no entry."""
        lines = [f"braid/1 log {self.kind}", self.h, self.s]
        if self.pop is not None:
            lines.append(self.pop)
        text = "\n".join(lines) + "\n"
        raw = text.encode("utf-8", "surrogatepass")
        if read_entry(raw) != self:
            raise Malformed("E_PROOF", f"log entry: not a {self.kind} as SPEC §13.1 has it")
        return raw


def read_entry(raw: bytes) -> LogEntry:
    """Read an entry in its one spelling; raises Malformed (E_PROOF).

    Looks at form alone: no signature is checked, and `h` is not read.
    """
    match = _ENTRY.fullmatch(raw.decode("ascii")) if raw.isascii() else None
    if match is None:
        raise Malformed("E_PROOF", "log entry: expected the lines of SPEC §13.1")
    kind, h, s, pop = match.groups()
    entry = LogEntry(EntryKind(kind), h, s, pop)
    if (pop is not None) != (entry.kind in _WITH_POSSESSION):
        raise Malformed("E_PROOF", f"log entry: a {kind} has {'a' if pop is None else 'no'} pop")
    return entry
