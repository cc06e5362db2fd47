"""Undoing content codings on the recorder's copy of a body, piece by piece and within limits.

The bytes that cross the relay are never touched by this.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Protocol

import brotli  # type: ignore[import-untyped]
import zstandard

from braid.errors import BraidError

# One body never grows beyond this in the copy, however small it was on the wire.
MAX_DECODED = 128 * 1024 * 1024

# Beyond FREE bytes, a copy may be so many times as large as what came. A stream of short deltas
# comes to 20.
FREE = 1024 * 1024
MAX_RATIO = 200

_PIECE = 256 * 1024
# zstandard has no bound on what one call returns, and 4 coded bytes can stand for 128 KiB.
_ZSTD_SLICE = 64


class Undecodable(BraidError):
    """A body that its content codings do not describe, or that grows beyond the limit."""


class _Coding(Protocol):
    """Undoes one content coding; `finished` says whether the coded data may end here."""

    @property
    def finished(self) -> bool: ...

    def undo(self, data: bytes) -> Iterator[bytes]: ...


class Decoder:
    """A fold over a coded body; pieces may be cut at any byte."""

    __slots__ = ("_codings", "_fed", "_grown", "_limit")

    def __init__(self, codings: Sequence[str], limit: int = MAX_DECODED) -> None:
        """Take the codings in the order they were applied; raises Undecodable for unknown ones."""
        self._codings = [_coding(name) for name in reversed(codings)]
        self._grown = [0 for _ in codings]
        self._limit = limit
        self._fed = 0

    @property
    def finished(self) -> bool:
        return all(coding.finished for coding in self._codings)

    def feed(self, data: bytes) -> bytes:
        """Decode the next piece; raises Undecodable, after which no more may be fed."""
        pieces = list(self.pieces(data))
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Decode the next piece in small ones, each only when it is asked for; raises as `feed`.

        All of them must be taken before more is fed.
        """
        self._fed += len(data)
        return self._undo(0, data)

    def _undo(self, place: int, data: bytes) -> Iterator[bytes]:
        if place == len(self._codings):
            yield data
            return
        try:
            for piece in self._codings[place].undo(data):
                self._grown[place] += len(piece)
                if self._grown[place] > min(self._limit, max(FREE, MAX_RATIO * self._fed)):
                    raise Undecodable("content coding: grows beyond the limit")
                yield from self._undo(place + 1, piece)
        except (zlib.error, brotli.error, zstandard.ZstdError) as fault:
            raise Undecodable("content coding: bytes are not what it says") from fault


def decode(body: bytes, codings: Sequence[str], limit: int = MAX_DECODED) -> bytes:
    """Decode a whole body; raises Undecodable, also when it ends too early."""
    decoder = Decoder(codings, limit)
    decoded = decoder.feed(body)
    if not decoder.finished:
        raise Undecodable("content coding: ends too early")
    return decoded


def _coding(name: str) -> _Coding:
    match name:
        case "gzip" | "x-gzip":
            return _Gzip()
        case "deflate":
            return _Deflate()
        case "br":
            return _Brotli()
        case "zstd":
            return _Zstd()
    raise Undecodable("content coding: expected gzip, deflate, br or zstd")


def _inflate(inflater: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    while True:
        piece = inflater.decompress(data, _PIECE)
        if piece:
            yield piece
        data = inflater.unconsumed_tail
        if inflater.eof or (not data and len(piece) < _PIECE):
            return


class _Gzip:
    """RFC 1952: one or more members, perhaps padded with zeros."""

    __slots__ = ("_inflater", "_padding")

    def __init__(self) -> None:
        self._inflater = zlib.decompressobj(31)
        self._padding = False

    @property
    def finished(self) -> bool:
        return self._inflater.eof

    def undo(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inflater.eof:
                if self._padding or data[:1] == b"\0":
                    self._padding = True
                    if data.strip(b"\0"):
                        raise Undecodable("content coding: bytes after the end")
                    return
                self._inflater = zlib.decompressobj(31)
            yield from _inflate(self._inflater, data)
            data = self._inflater.unused_data


class _Deflate:
    """`deflate` of RFC 9110 §8.4.1.2 is zlib; some servers send bare RFC 1951 instead."""

    __slots__ = ("_head", "_inflater")

    def __init__(self) -> None:
        self._head = b""
        self._inflater: zlib._Decompress | None = None

    @property
    def finished(self) -> bool:
        return self._inflater is not None and self._inflater.eof

    def undo(self, data: bytes) -> Iterator[bytes]:
        if self._inflater is None:
            data = self._head + data
            if len(data) < 2:
                self._head = data
                return
            # RFC 1950 §2.2: method 8 and a check over the first two bytes.
            is_zlib = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._inflater = zlib.decompressobj(15 if is_zlib else -15)
        elif self._inflater.eof and data:
            raise Undecodable("content coding: bytes after the end")
        yield from _inflate(self._inflater, data)
        if self._inflater.unused_data:
            raise Undecodable("content coding: bytes after the end")


class _Brotli:
    """RFC 7932."""

    __slots__ = ("_decompressor",)

    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()

    @property
    def finished(self) -> bool:
        return bool(self._decompressor.is_finished())

    def undo(self, data: bytes) -> Iterator[bytes]:
        piece = self._decompressor.process(data, output_buffer_limit=_PIECE)
        # Output may be left although can_accept_more_data() says that input may follow.
        while piece:
            yield piece
            if self._decompressor.is_finished():
                return
            piece = self._decompressor.process(b"", output_buffer_limit=_PIECE)


class _Zstd:
    """RFC 8878: one or more frames."""

    __slots__ = ("_frame", "_frames")

    def __init__(self) -> None:
        self._frames = zstandard.ZstdDecompressor()
        self._frame = self._frames.decompressobj()

    @property
    def finished(self) -> bool:
        return self._frame.eof

    def undo(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _ZSTD_SLICE):
            part = data[start : start + _ZSTD_SLICE]
            while part:
                if self._frame.eof:
                    self._frame = self._frames.decompressobj()
                yield self._frame.decompress(part)
                part = self._frame.unused_data if self._frame.eof else b""
