"""What a resent conversation says, kept so that each request need not be read anew.

A client sends all that was said with every request, and most of it byte for byte as before. What
is read, and every fault that is found, is the same as if nothing had been kept.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from msgspec import MsgspecError, Raw

from braid.wire.block import Block
from braid.wire.raw_json import (
    Path,
    decode_members,
    find_fault,
    join_members,
    read_items,
    write_word,
)

Read: TypeAlias = Callable[[Raw], tuple[Block, ...]]
_Key: TypeAlias = tuple[str, Read, int, int]

MOST_BYTES = 64 * 1024 * 1024
"""Of memory, as estimated."""
_BLOCK_BYTES = 1000
_MEMBER_BYTES = 250
# A shorter list is read about as quickly as it is found again.
_SHORTEST = 4 * 1024
_SPELLINGS = ((b",", b":"), (b", ", b": "))
# As many of its last entries may have changed where a conversation goes on: clients move marks
# for the provider's cache along with it.
_CHANGING = 8
_STRIDE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Talk:
    """A list that was read: its text, without the bracket that closes it.

    ends   where each entry ends in the text; `said` are the blocks that it was read into.
    sizes  about how many bytes of memory the entries before each take, and all of them.
    comma  what stands between two entries.
    """

    comma: bytes
    text: bytes
    ends: tuple[int, ...]
    said: tuple[tuple[Block, ...], ...]
    sizes: tuple[int, ...]

    def grown(
        self, count: int, entries: Sequence[bytes], said: Sequence[tuple[Block, ...]]
    ) -> Talk:
        """Give the list in which others come behind the first `count` entries."""
        end = self.ends[count - 1]
        text = self.comma.join([self.text[:end], *entries])
        ends, sizes = list(self.ends[:count]), list(self.sizes[: count + 1])
        for entry, blocks in zip(entries, said, strict=True):
            end += len(self.comma) + len(entry)
            ends.append(end)
            sizes.append(sizes[-1] + _size(entry, blocks))
        return Talk(self.comma, text, tuple(ends), (*self.said[:count], *said), tuple(sizes))


def _size(entry: bytes, said: tuple[Block, ...]) -> int:
    members = entry.count(b":")
    return 2 * len(entry) + _BLOCK_BYTES * (1 + len(said)) + _MEMBER_BYTES * members


class ReadBefore:
    """Lists that were read, those kept last and of at most `most` bytes; in memory only.

    A list that is gone on with is kept anew. `size` is about how many bytes they take.

    What one owner's requests said is not found for another. Any thread may ask.
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._lock = threading.Lock()
        # By the id of the talk: those kept last are last.
        self._kept: OrderedDict[int, tuple[Talk, tuple[_Key, ...]]] = OrderedDict()
        self._found: dict[_Key, Talk] = {}
        self.size = 0

    def find(self, owner: str, read: Read, body: bytes, start: int) -> tuple[Talk, int] | None:
        """Find a list that begins as one in a body does, and how many entries they share."""
        for key in _keys(owner, read, body, start, len(body) - start):
            talk = self._found.get(key)
            if talk is not None:
                count = bisect_right(talk.ends, _shared(talk.text, body, start))
                return (talk, count) if count else None
        return None

    def keep(
        self, owner: str, read: Read, talk: Talk, grown_from: tuple[Talk, int] | None = None
    ) -> None:
        """Keep a list, in the place of the one that it goes on from."""
        before, count = grown_from or (None, 0)
        with self._lock:
            same: tuple[_Key, ...] = ()
            if before is not None and count:
                _, keys = self._kept.get(id(before), (before, ()))
                same = tuple(key for key in keys if key[2] <= before.ends[count - 1])
                if count + _CHANGING >= len(before.ends):
                    self._drop(before)
            if talk.sizes[-1] * 2 > self._most:  # it would push most others out
                return
            least = same[0][2] if same else 0
            keys = (*_keys(owner, read, talk.text, 0, len(talk.text), least), *same)
            self._kept[id(talk)] = talk, keys
            self._found.update(dict.fromkeys(keys, talk))
            self.size += talk.sizes[-1]
            while self.size > self._most:
                self._drop(next(iter(self._kept.values()))[0])

    def forget(self) -> None:
        """Drop everything: words that are erased must not stay here."""
        with self._lock:
            self._kept.clear()
            self._found.clear()
            self.size = 0

    def _drop(self, talk: Talk) -> None:
        kept = self._kept.pop(id(talk), None)
        if kept is None:
            return
        self.size -= talk.sizes[-1]
        for key in kept[1]:
            if self._found.get(key) is talk:
                del self._found[key]


class Again:
    """The list in one request by which a conversation is resent.

    name    the member of the request that is the list, and `read` what reads an entry of it: by
            the entry's bytes alone.
    before  what was read of `owner`'s requests; None to read everything.
    """

    __slots__ = ("_before", "_known", "_list", "_name", "_owner", "_read")

    def __init__(self, name: str, read: Read, before: ReadBefore | None, owner: str = "") -> None:
        self._name = name
        self._read = read
        self._before = before
        self._owner = owner
        self._known: tuple[Talk, int] | None = None
        self._list: Raw | None = None  # what comes behind it

    def open(self, body: bytes, data_at: Collection[Path]) -> dict[str, Raw] | None:
        """Give the members of an object without fault; None for what has to be read in full.

        Of the list only the entries behind those that are known are given. Those had no fault
        where they stood before, at the beginning of the same list in the same format; so the
        body has none if it has none without them.
        """
        if self._before is None or len(body) < _SHORTEST:
            return None
        for comma, colon in _SPELLINGS:
            begins = b"%b%b[" % (bytes(write_word(self._name)), colon)
            start = body.find(begins) + len(begins) - 1
            if start < len(begins) - 1:
                continue
            known = self._before.find(self._owner, self._read, body, start)
            short = None if known is None else _without(body, start, *known, comma)
            if short is None or find_fault(short, data_at) is not None:
                return None
            members = _members(short, comma, colon)
            # What looks like the list's beginning could be another's, further inside.
            if members is None or _place(members, self._name, comma, colon) != start:
                return None
            self._known, self._list = known, members[self._name]
            return members
        return None

    def read(self, listed: Raw) -> tuple[Block, ...]:
        """Give the blocks of the list, which is part of a body without fault."""
        entries = [bytes(entry) for entry in read_items(listed)]
        # From bytes of its own: a slice would keep the whole body alive.
        said = [self._read(Raw(entry)) for entry in entries]
        if self._before is not None:
            known = self._known if listed is self._list else None
            talk = _begun(bytes(listed), entries, said) if known is None else None
            if known is not None:
                talk = known[0].grown(known[1], entries, said)
                said = list(talk.said)
            if talk is not None:
                self._before.keep(self._owner, self._read, talk, known)
        return tuple(block for blocks in said for block in blocks)


def _begun(
    listed: bytes, entries: Sequence[bytes], said: Sequence[tuple[Block, ...]]
) -> Talk | None:
    """Give a list that nothing is known of; None for one that is not worth it, or spelled oddly."""
    if len(listed) < _SHORTEST:
        return None
    comma = _SPELLINGS[0][0]
    if len(entries) > 1 and listed.startswith(_SPELLINGS[1][0], 1 + len(entries[0])):
        comma = _SPELLINGS[1][0]
    at = 1
    ends: list[int] = []
    sizes = [0]
    for entry, blocks in zip(entries, said, strict=True):
        if ends:
            if not listed.startswith(comma, at):
                return None
            at += len(comma)
        if not listed.startswith(entry, at):
            return None
        at += len(entry)
        ends.append(at)
        sizes.append(sizes[-1] + _size(entry, blocks))
    # A list of one entry could have been spelled either way.
    if at + 1 != len(listed):
        return None
    return Talk(comma, listed[:-1], tuple(ends), tuple(said), tuple(sizes))


def _without(body: bytes, start: int, talk: Talk, count: int, comma: bytes) -> bytes | None:
    """Give a body without the first entries of the list; None where they do not end as they did."""
    rest = start + talk.ends[count - 1]
    after = rest + len(comma)
    if body.startswith(comma, rest) and body[after : after + 1] not in b" \t\r\n,]":
        rest = after
    elif not body.startswith(b"]", rest):
        return None
    return body[: start + 1] + body[rest:] if talk.comma == comma else None


def _members(document: bytes, comma: bytes, colon: bytes) -> dict[str, Raw] | None:
    """Take an object apart that is written so; None for any other."""
    try:
        members = decode_members(document)
    except MsgspecError:
        return None
    return members if bytes(join_members(members, comma, colon)) == document else None


def _place(members: dict[str, Raw], name: str, comma: bytes, colon: bytes) -> int:
    """Say where the value of a member stands in an object that is written so."""
    at = 1
    for each, value in members.items():
        at += len(bytes(write_word(each))) + len(colon)
        if each == name:
            break
        at += len(bytes(value)) + len(comma)
    return at


def _keys(
    owner: str, read: Read, text: bytes, start: int, most: int, least: int = 0
) -> Iterator[_Key]:
    """Give what a list is found by, the longest first: of more than `least` and up to `most` bytes.

    That two lists have one key need not mean that they begin alike.
    """
    length = 1 << most.bit_length() - 1
    while length > least and length >= _SHORTEST:
        yield owner, read, length, hash(text[start : start + length])
        length //= 2


def _shared(text: bytes, body: bytes, start: int) -> int:
    """Count the bytes in which a text and a body from `start` on are alike."""
    at, most = 0, min(len(text), len(body) - start)
    stride = _STRIDE
    while stride:
        while (
            at + stride <= most and text[at : at + stride] == body[start + at : start + at + stride]
        ):
            at += stride
        stride //= 16
    return at
