"""A strict JSON reader over a stream: one value at a time, bounded memory (SPEC §10.3).

It knows nothing of transcripts. What it refuses is the same as in `strict_json`; a refusal
is `Unreadable`, because where one token is wrong no later byte can be placed.
"""

from __future__ import annotations

import hashlib
import re
from typing import BinaryIO

import msgspec

from braid import strict_json
from braid.errors import Malformed
from braid.strict_json import Json

MAX_TOKEN = 64 * 1024 * 1024  # bytes of one string as it stands, SPEC §12
MAX_VALUE = 2 * MAX_TOKEN  # bytes of one value that is read whole
MAX_VALUES = 100_000  # in one value that is read whole, and members of the outermost object
MAX_DEPTH = 32
_CHUNK = 256 * 1024
_LINE = 64 * 1024  # how far `line` looks, so that a text of one long line stays linear

# Possessive, so that a string without an end costs one pass and no backtracking.
STRING = rb'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*+)*+"'
_STRING = re.compile(STRING)
_OPEN_STRING = re.compile(STRING[:-1] + rb"(?:\\(?:u[0-9A-Fa-f]{0,3})?)?\Z")
_SCALAR = re.compile(
    rb"(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)"
    rb"(?=[,\]}: \t\r\n]|\Z)"
)
_decode_string = msgspec.json.Decoder(str).decode
_SPACE = re.compile(rb"[ \t\r\n]*+")
_INLINE_SPACE = re.compile(rb"[ \t]*+")


class Unreadable(Malformed):
    """Bytes after which nothing more of the file can be read."""


def _begins_text(some: bytes) -> bool:
    """Tell whether these bytes, if any, begin with a whole character."""
    if not some or some[0] < 0x80:
        return True
    for size in range(2, 5):
        try:
            some[:size].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return True
    return False


class JsonStream:
    """A cursor over the tokens of a JSON text.

    `limit` bounds the bytes of the whole text. Every method raises Unreadable.
    """

    def __init__(self, source: BinaryIO, limit: int) -> None:
        self._source = source
        self._limit = limit
        self._buffer = b""
        self._at = 0
        self._before = 0  # bytes of the text that have left the buffer
        self._ended = False
        self._values = self._value_end = 0
        self.crossed_line = False  # white space between tokens held a line end

    @property
    def offset(self) -> int:
        """Where the cursor stands, in bytes from the start."""
        return self._before + self._at

    def fail(self, code: str, reason: str) -> Unreadable:
        """Make a refusal; a byte that is no text is said to be that and not bad JSON."""
        if code == "E_JSON":
            while len(self._buffer) - self._at < 4 and self._more():
                pass
            if not _begins_text(self._buffer[self._at : self._at + 4]):
                code, reason = "E_UTF8", "invalid UTF-8"
        return Unreadable(code, f"byte {self.offset}: {reason}")

    def _more(self) -> bool:
        """Read on; at least as much as is pending, so that rescanning stays linear."""
        if self._ended:
            return False
        pending = self._buffer[self._at :]
        if len(pending) > MAX_TOKEN:
            raise self.fail("E_LIMIT", f"one value is longer than {MAX_TOKEN} bytes")
        chunk = self._read(max(_CHUNK, len(pending)))
        self._before += self._at
        self._at = 0
        self._ended = not chunk
        self._buffer = pending + chunk
        if self._before + len(self._buffer) > self._limit:
            raise self.fail("E_LIMIT", f"the text is longer than {self._limit} bytes")
        return bool(chunk)

    def _read(self, wanted: int) -> bytes:
        """Read until that much came or the source ended: sources may give a byte at a time."""
        chunk = self._read_once(wanted)
        if not chunk or len(chunk) >= wanted:
            return chunk
        gathered = bytearray(chunk)
        while len(gathered) < wanted and (chunk := self._read_once(wanted - len(gathered))):
            gathered += chunk
        return bytes(gathered)

    def _read_once(self, wanted: int) -> bytes:
        chunk: object = self._source.read(wanted)
        if chunk is None:
            raise ValueError("source: expected a blocking stream, got one with nothing to read yet")
        if not isinstance(chunk, bytes):
            raise TypeError(f"source: expected bytes from read, got {type(chunk).__name__}")
        return chunk

    def starts_with_byte_order_mark(self) -> bool:
        while len(self._buffer) - self._at < 3 and self._more():
            pass
        return self._buffer.startswith(b"\xef\xbb\xbf", self._at)

    def peek(self) -> bytes:
        """Give the next byte, or b"" at the end, without moving."""
        if self._at >= len(self._buffer) and not self._more():
            return b""
        return self._buffer[self._at : self._at + 1]

    def skip_space(self, *, inline: bool = False) -> None:
        """Move past white space; `inline` stops at line ends, which then mean something."""
        if self._buffer[self._at : self._at + 1] > b" ":
            return
        pattern = _INLINE_SPACE if inline else _SPACE
        while match := pattern.match(self._buffer, self._at):
            self._at = match.end()
            space = match.group()
            self.crossed_line = self.crossed_line or b"\n" in space or b"\r" in space
            if self._at < len(self._buffer) or not self._more():
                return

    def take(self, expected: bytes) -> None:
        """Move past one given byte."""
        if self.peek() != expected:
            found = self.peek()
            shown = f"0x{found.hex()}" if found else "the end"
            raise self.fail("E_JSON", f"expected {expected.decode('ascii')!r}, got {shown}")
        self._at += 1

    def line(self) -> bytes:
        """Give the bytes up to a line end that is near, without moving; b"" where none is."""
        end = self._buffer.find(b"\n", self._at, self._at + _LINE)
        if end < 0 and len(self._buffer) - self._at < _LINE and self._more():
            end = self._buffer.find(b"\n", self._at, self._at + _LINE)
        return self._buffer[self._at : end] if end >= 0 else b""

    def skip(self, count: int) -> None:
        """Move past bytes that `line` gave."""
        self._at += count

    def string(self) -> str:
        """Read one string."""
        while (match := _STRING.match(self._buffer, self._at)) is None:
            if self.peek() not in (b'"', b""):
                raise self.fail("E_JSON", "expected a string")
            if _OPEN_STRING.match(self._buffer, self._at) is None and self.peek():
                raise self.fail("E_JSON", "a string holds a bad escape or a control character")
            if not self._more():
                raise self.fail("E_JSON", "the text ends inside a string")
        if match.end() - self._at > MAX_TOKEN:
            raise self.fail("E_LIMIT", f"a string is longer than {MAX_TOKEN} bytes")
        self._at = match.end()
        return self._text_of(match.group())

    def _text_of(self, literal: bytes) -> str:
        try:
            text = literal.decode("utf-8")
        except UnicodeDecodeError as fault:
            raise self.fail("E_UTF8", "a string is not valid UTF-8") from fault
        if "\\" not in text:
            return text[1:-1]
        try:
            return _decode_string(literal)
        except msgspec.DecodeError:
            raise self.fail("E_JSON", "a string holds a lone surrogate") from None

    def scalar(self) -> Json:
        """Read true, false, null or a number."""
        while True:
            match = _SCALAR.match(self._buffer, self._at)
            if match is not None and (match.end() < len(self._buffer) or self._ended):
                self._at = match.end()
                try:
                    return strict_json.loads(match.group().decode("ascii"), "number")
                except Malformed as fault:
                    raise self.fail(fault.code, str(fault)) from fault
            if len(self._buffer) - self._at > 1100 or self._ended:
                raise self.fail("E_JSON", "expected a value")
            self._more()

    def value(self, depth: int = 1, *, inline: bool = False) -> Json:
        """Read one value whole; `depth` is how deep it stands in the text."""
        self._values = 0
        self._value_end = self.offset + MAX_VALUE
        return self._value(depth, inline)

    def _value(self, depth: int, inline: bool) -> Json:
        self._values += 1
        if self._values > MAX_VALUES:
            raise self.fail("E_LIMIT", f"one value holds more than {MAX_VALUES} values")
        if self.offset > self._value_end:
            raise self.fail("E_LIMIT", f"one value is longer than {MAX_VALUE} bytes")
        start = self.peek()
        if start == b'"':
            return self.string()
        if start not in (b"{", b"["):
            return self.scalar()
        if depth > MAX_DEPTH:
            raise self.fail("E_DEPTH", f"nested deeper than {MAX_DEPTH}")
        if start == b"[":
            items: list[Json] = []
            for _ in self.items(inline=inline):
                items.append(self._value(depth + 1, inline))
            return items
        members: dict[str, Json] = {}
        for name in self.members(inline=inline):
            members[name] = self._value(depth + 1, inline)
        return members

    def items(self, *, inline: bool = False) -> _Elements:
        """Walk an array: the caller reads one value at each step."""
        return _Elements(self, inline)

    def members(self, *, inline: bool = False) -> _Members:
        """Walk an object: each step gives a name, and the caller reads its value."""
        return _Members(self, inline)


class _Elements:
    def __init__(self, stream: JsonStream, inline: bool) -> None:
        self._stream, self._inline = stream, inline
        self._started = False

    def __iter__(self) -> _Elements:
        return self

    def __next__(self) -> None:
        if not _step(self._stream, b"[", b"]", self._started, self._inline):
            raise StopIteration
        self._started = True


class _Members:
    def __init__(self, stream: JsonStream, inline: bool) -> None:
        self._stream, self._inline = stream, inline
        self._names: set[str] = set()
        self._started = False

    def __iter__(self) -> _Members:
        return self

    def __next__(self) -> str:
        stream = self._stream
        if not _step(stream, b"{", b"}", self._started, self._inline):
            raise StopIteration
        self._started = True
        name = stream.string()
        # A long name is kept as its digest, so that what is remembered stays small.
        kept = name if len(name) < 64 else hashlib.sha256(name.encode("utf-8")).hexdigest()
        if kept in self._names:
            raise stream.fail("E_DUPKEY", "a name stands twice in one object")
        if len(self._names) >= MAX_VALUES:
            raise stream.fail("E_LIMIT", f"one object has more than {MAX_VALUES} members")
        self._names.add(kept)
        stream.skip_space(inline=self._inline)
        stream.take(b":")
        stream.skip_space(inline=self._inline)
        return name


def _step(stream: JsonStream, start: bytes, end: bytes, started: bool, inline: bool) -> bool:
    """Move to the next element; False when the array or object has ended."""
    if not started:
        stream.take(start)
        stream.skip_space(inline=inline)
        if stream.peek() == end:
            stream.take(end)
            return False
        return True
    stream.skip_space(inline=inline)
    if stream.peek() == end:
        stream.take(end)
        return False
    stream.take(b",")
    stream.skip_space(inline=inline)
    return True
