"""What a call says of its history, in the order it was found, and not too much of it (SPEC §8.4)."""

from __future__ import annotations

from msgspec import UNSET

from braid.call import History, HistoryEntry

# Of one code.
LISTED = 64


class Entries:
    """Gathers entries; of each code the first are listed and the others counted."""

    def __init__(self) -> None:
        self._entries: list[HistoryEntry] = []
        self._last: dict[History, int] = {}
        self._counts: dict[History, int] = {}

    def add(self, code: History, node: str | None = None, was: str | None = None) -> None:
        count = self._counts[code] = self._counts.get(code, 0) + 1
        if count <= LISTED:
            self._last[code] = len(self._entries)
            self._entries.append(
                HistoryEntry(
                    code.value,
                    UNSET if node is None else node,
                    UNSET if was is None else was,
                )
            )

    def has(self, code: History) -> bool:
        return code in self._counts

    def is_full(self, code: History) -> bool:
        """Tell whether further ones of a code would only be counted."""
        return self._counts.get(code, 0) >= LISTED

    def listed(self) -> list[HistoryEntry]:
        entries = list(self._entries)
        for code, count in self._counts.items():
            if count > LISTED:
                last = entries[self._last[code]]
                entries[self._last[code]] = HistoryEntry(
                    last.code, last.node, last.was, count - LISTED
                )
        return entries
