"""JSON whose spelling is kept: what makes it ambiguous, and its parts as raw slices.

`find_fault` judges a whole document; every other function takes JSON that passed it,
without space around it. Nothing here knows a provider.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import accumulate
from math import isinf
from typing import Any, NoReturn, TypeAlias

from msgspec import MsgspecError, Raw
from msgspec.json import Decoder, Encoder

from braid import strict_json
from braid.errors import Malformed

DEPTH_LIMIT = 200
"""Objects and lists inside each other, the outermost counted as 1 (SPEC §5.4)."""
NOT_UTF8 = "not utf-8"
NOT_JSON = "not json"
"""The faults of what is no JSON, or only the beginning of some."""
DIGITS_LIMIT = 1000
"""Of one number, as in all JSON here (SPEC §2.5)."""
_SURELY_A_DOUBLE = 300  # digits

TEXT = "text/plain"
JSON = "application/json"

Path: TypeAlias = tuple[str, ...]
"""Names from the top of a document down to a value; lists on the way are passed through."""

_decode = Decoder().decode
_encode = Encoder().encode
_check_syntax = Decoder(Raw).decode
decode_members = Decoder(dict[str, Raw]).decode
"""As `read_members`, but raises MsgspecError where a lone surrogate escape stands anywhere."""
decode_items = Decoder(list[Raw]).decode
_decode_string = Decoder(str).decode

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NOT_BRACKETS_OR_QUOTES = bytes(set(range(256)) - set(b'[]{}"'))
# As signed bytes: one level down, one level up.
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")


class _Collision(Exception):
    """Two names in one object that some parser takes for the same."""


class _OddNumber(Exception):
    """A number that is not JSON although many parsers read it, or that few can hold."""


class _Members(list[tuple[str, Any]]):
    """An object with all its members, repeated ones too."""


def _refuse_collisions(members: list[tuple[str, Any]]) -> None:
    names = {name.casefold() for name, _ in members}
    if len(names) != len(members):
        raise _Collision


def _refuse_constant(name: str) -> NoReturn:
    raise _OddNumber("nan or infinity")


def _check_fraction(digits: str) -> None:
    if isinf(float(digits)) or len(digits) > DIGITS_LIMIT:
        raise _OddNumber("a number beyond a double")


def _check_integer(digits: str) -> None:
    if len(digits) > DIGITS_LIMIT:
        raise _OddNumber(f"a number of more than {DIGITS_LIMIT} digits")
    if len(digits) > _SURELY_A_DOUBLE and isinf(float(digits)):
        raise _OddNumber("a number beyond a double")


def _decoder(read_object: Callable[[list[tuple[str, Any]]], Any]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=read_object,
        parse_constant=_refuse_constant,
        parse_float=_check_fraction,
        parse_int=_check_integer,
    )


_checking = _decoder(_refuse_collisions)
_keeping = _decoder(_Members)
_skipping = json.JSONDecoder(object_pairs_hook=lambda members: None)


def find_fault(
    document: bytes, data_at: Collection[Path] = (), *, repeats_in_data: bool = False
) -> str | None:
    """Say why two parsers could read a document differently or not at all (SPEC §5.4).

    `data_at` names the values in which names are a user's data and not fields of the
    protocol: names there may differ in case only, and may repeat if `repeats_in_data`.
    Lone surrogate escapes are no fault. Never raises.
    """
    if document.startswith(_BYTE_ORDER_MARK):
        return "a byte order mark"
    if not _is_plain(document):
        try:
            text = document.decode()
        except UnicodeDecodeError:
            return NOT_UTF8
        try:
            _checking.decode(text)
        except _Collision:
            collision = _find_collision(text, data_at, repeats_in_data)
            if collision:
                return collision
        except _OddNumber as number:
            return str(number)
        except RecursionError:
            return f"nested deeper than {DEPTH_LIMIT}"
        except ValueError:
            return NOT_JSON
    if _depth(document) > DEPTH_LIMIT:
        return f"nested deeper than {DEPTH_LIMIT}"
    return None


def _is_plain(document: bytes) -> bool:
    """Prove cheaply that there is no fault, for what most events are: short plain ASCII.

    Were two names equal but for case, one would be missing from the lower-case document
    once that is read and written again. False says nothing.
    """
    if len(document) > DIGITS_LIMIT or not document.isascii():
        return False
    lower = document.strip().lower()
    if lower.endswith(b"}"):  # Anthropic pads its events before the last brace
        lower = lower[:-1].rstrip() + b"}"
    if b'": ' in lower:  # Gemini; what equal names lose of it, they lose alike
        lower = lower.replace(b'": ', b'":').replace(b', "', b',"')
    try:
        _check_syntax(document)  # lower-casing alone would make TRUE a literal
        return _encode(_decode(lower)) == lower and not strict_json.may_be_infinite(lower)
    except (MsgspecError, ValueError, OverflowError, RecursionError):
        return False


def _find_collision(text: str, data_at: Collection[Path], repeats_in_data: bool) -> str | None:
    try:
        left: list[tuple[Path, bool, Any]] = [((), False, _keeping.decode(text))]
    except _OddNumber as number:
        return str(number)
    except RecursionError:
        return f"nested deeper than {DEPTH_LIMIT}"
    except ValueError:
        return NOT_JSON
    longest = max(map(len, data_at), default=0)
    while left:
        path, is_data, value = left.pop()
        if isinstance(value, _Members):
            names = {name for name, _ in value}
            if len(names) != len(value) and not (is_data and repeats_in_data):
                return "a repeated name"
            if not is_data and len({name.casefold() for name in names}) != len(names):
                return "names that differ only in case"
            for name, member in value:
                below = (*path, name) if len(path) < longest else path
                left.append((below, is_data or below in data_at, member))
        elif isinstance(value, list):
            left.extend((path, is_data, item) for item in value)
    return None


def _depth(document: bytes) -> int:
    if document.count(b"[") + document.count(b"{") <= DEPTH_LIMIT:
        return 0
    unescaped = document
    if b"\\" in document:  # looking for it is a tenth of replacing nothing
        unescaped = document.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = unescaped.translate(None, _NOT_BRACKETS_OR_QUOTES)
    brackets = b"".join(marks.split(b'"')[::2])
    return max(accumulate(memoryview(brackets.translate(_STEPS)).cast("b")), default=0)


def is_object(raw: Raw) -> bool:
    return memoryview(raw)[0] == 0x7B


def is_list(raw: Raw) -> bool:
    return memoryview(raw)[0] == 0x5B


def is_string(raw: Raw) -> bool:
    return memoryview(raw)[0] == 0x22


def is_null(raw: Raw) -> bool:
    return bytes(raw) == b"null"


def read_members(raw: Raw) -> dict[str, Raw]:
    """Take an object apart."""
    try:
        return decode_members(raw)
    except MsgspecError:  # msgspec reads no lone surrogate escape, wherever it stands
        text = bytes(raw).decode()
        return {
            _skipping.raw_decode(text, name)[0]: Raw(text[start:end].encode())
            for name, start, end in _walk(text, named=True)
        }


def read_items(raw: Raw) -> list[Raw]:
    """Take a list apart."""
    try:
        return decode_items(raw)
    except MsgspecError:
        text = bytes(raw).decode()
        return [Raw(text[start:end].encode()) for _, start, end in _walk(text, named=False)]


def _walk(text: str, *, named: bool) -> Iterator[tuple[int, int, int]]:
    """Find the name, start and end of every value in an object or list."""
    at = _next(text, 1)
    while text[at] not in "]}":
        name = at
        if named:
            colon = _next(text, _skipping.raw_decode(text, at)[1])
            at = _next(text, colon + 1)
        end = _skipping.raw_decode(text, at)[1]
        yield name, at, end
        at = _next(text, end)
        if text[at] == ",":
            at = _next(text, at + 1)


def _next(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at


def read_word(raw: Raw | None) -> str | None:
    """Read a string that may stand in attrs; None if it is not one or UTF-8 cannot hold it."""
    if raw is None:
        return None
    try:
        return _decode_string(raw)
    except MsgspecError:
        return None


def read_text(literal: Raw) -> tuple[bytes, str]:
    """Give what a string says as content with its media type (SPEC §5.2).

    A string that UTF-8 cannot hold becomes a JSON literal of `\\uXXXX` escapes.
    """
    said = bytes(memoryview(literal)[1:-1])
    if b"\\" not in said:
        return said, TEXT
    try:
        return _decode_string(literal).encode(), TEXT
    except MsgspecError:
        units = json.loads(bytes(literal)).encode("utf-16-be", "surrogatepass").hex()
        escapes = "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
        return f'"{escapes}"'.encode(), JSON


def has_lone_surrogate(raw: Raw) -> bool:
    """Say whether UTF-8 can not hold some string in there."""
    if b"\\u" not in bytes(raw):
        return False
    try:
        _check_syntax(raw)
    except MsgspecError:
        return True
    return False


def attrs_can_hold(members: Mapping[str, Raw]) -> bool:
    """Say whether these members are strict JSON, which attrs have to be (SPEC §5.3)."""
    if not members:
        return True
    try:
        strict_json.read_object(bytes(join_members(members)), "extra")
    except Malformed:
        return False
    return True


def join_members(members: Mapping[str, Raw], comma: bytes = b",", colon: bytes = b":") -> Raw:
    """Write an object whose values keep their spelling."""
    written = (
        b"%b%b%b" % (_write_name(name), colon, bytes(value)) for name, value in members.items()
    )
    return Raw(b"{%b}" % comma.join(written))


def write_word(word: str) -> Raw:
    """Write a string."""
    return Raw(_write_name(word))


def _write_name(name: str) -> bytes:
    try:
        return _encode(name)
    except UnicodeEncodeError:
        return json.dumps(name).encode()


def join_items(items: Iterable[Raw]) -> Raw:
    """Write a list whose items keep their spelling."""
    return Raw(b"[%b]" % b",".join(map(bytes, items)))
