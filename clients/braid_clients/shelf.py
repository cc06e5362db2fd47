"""Where braids are, seen from the command line: a store on disk or a running server."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol, cast

from braid.errors import BraidError
from braid.transcript import Layout

WHOLE = 43  # characters of an id
SURE = 12  # characters that name a braid where a slip could not be undone
_NAME = re.compile(r"[A-Za-z0-9_-]{1,43}")


def is_name(text: str) -> bool:
    """Tell whether this can be a braid's id or the beginning of one."""
    return _NAME.fullmatch(text) is not None


class NotOneBraid(BraidError):
    """What a user called a braid names none, or several."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A braid in a list; times as its nodes have them."""

    id: str
    created: str
    updated: str
    nodes: int
    calls: int
    open_calls: int
    state: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A braid and the signature of the node that closes it."""

    braid: str
    seal: str
    nodes: int


@dataclass(frozen=True, slots=True)
class Erased:
    """What of a braid was erased: numbers of nodes, body salts, the braid that says so.

    `left_in_journal` and `left_in_pages`: the words may still be in the database's
    write-ahead log, or in free pages of its file.
    """

    braid: str
    nodes: tuple[int, ...]
    bsalts: int
    notice: str | None
    left_in_journal: bool
    left_in_pages: bool


class Shelf(Protocol):
    """What can be asked of a store or a server."""

    def page(self, prefix: str, limit: int, after: str | None) -> tuple[list[Listed], str | None]:
        """List braids, newest first, and where the next page begins."""
        ...

    def transcript(self, braid: str, layout: Layout) -> Iterator[bytes]: ...

    def seal(self, braid: str, interrupt: bool) -> Sealed:
        """Close a braid; calls still under way are an error, or with `interrupt` cut off."""
        ...

    def erase(self, braid: str, nodes: tuple[int, ...], reason: str | None) -> Erased:
        """Seal a braid, then drop the words of nodes, by number, and what goes with them."""
        ...


def listed(shelf: Shelf, limit: int) -> tuple[list[Listed], bool]:
    """List the newest braids, and tell whether there are more."""
    found: list[Listed] = []
    after: str | None = None
    while True:
        page, after = shelf.page("", min(limit - len(found), 100), after)
        found += page
        if after is None or len(found) >= limit:
            return found[:limit], after is not None or len(found) > limit


def find(shelf: Shelf, name: str, least: int = 1) -> str:
    """Give the whole id of the braid that a user named by it or by a unique beginning.

    A beginning has `least` characters or more. Raises NotOneBraid.
    """
    if not is_name(name):
        raise NotOneBraid(f"{name[:60]}: expected an id, or the beginning of one")
    if len(name) < least:
        raise NotOneBraid(
            f"{name}: expected an id or at least its first {least} characters, got {len(name)}"
        )
    found, _ = shelf.page(name, 2, None)
    if not found:
        raise NotOneBraid(f"{name}: no braid begins with this")
    if len(found) > 1:
        raise NotOneBraid(f"{name}: more than one braid begins with this, {found[0].id} for one")
    return found[0].id


class _Pieces(io.RawIOBase):
    """A file over pieces of bytes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        taken, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(taken)] = taken
        return len(taken)


def as_file(pieces: Iterator[bytes]) -> BinaryIO:
    """Read pieces as one file."""
    return cast(BinaryIO, io.BufferedReader(_Pieces(pieces), 1 << 16))
