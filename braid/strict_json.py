"""JSON read so that no two readers see different things (SPEC §2.5).

Refused: invalid UTF-8, a byte-order mark, repeated names in one object, NaN and
infinities, numbers beyond a double, lone surrogates, nesting beyond a limit, anything
after the value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import msgspec

from braid.errors import Malformed

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

MAX_DEPTH = 256  # of attrs and contents; SPEC §12
_MAX_NUMBER = 1000  # characters

_SURELY_A_DOUBLE = 300  # digits

_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_LONE = re.compile("[\ud800-\udfff]")


class _Refused(Exception):
    """A reason found inside json's own callbacks."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _Refused("E_DUPKEY", "a name stands twice in one object")
    return value


def _constant(name: str) -> Json:
    raise _Refused("E_JSON", f"{name} is not JSON")


def _float(text: str) -> float:
    if len(text) > _MAX_NUMBER:
        raise _Refused("E_JSON", f"a number has more than {_MAX_NUMBER} characters")
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _Refused("E_JSON", "a number is beyond the range of a double")
    return value


def _int(text: str) -> int:
    if len(text) > _SURELY_A_DOUBLE:
        _float(text)
    return int(text)


_decode: Callable[[str], Json] = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_int
).decode


def decode_utf8(raw: bytes, place: str) -> str:
    """Decode strict UTF-8 without a byte-order mark; raises Malformed (E_UTF8)."""
    if raw.startswith(b"\xef\xbb\xbf"):
        raise Malformed("E_UTF8", f"{place}: expected no byte-order mark")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise Malformed("E_UTF8", f"{place}: invalid UTF-8 at byte {fault.start}") from fault


def depth_of(text: str, limit: int) -> int:
    """Count how deep the brackets nest, strings aside; stops counting past `limit`."""
    depth = deepest = 0
    for mark in re.sub(r"[^\[\]{}]+", "", _STRING.sub("", text)):
        if mark in "[{":
            depth += 1
            if depth > deepest:
                deepest = depth
                if deepest > limit:
                    break
        else:
            depth -= 1
    return deepest


def loads(text: str, place: str, max_depth: int = MAX_DEPTH) -> Json:
    """Read one JSON value.

    Raises Malformed with E_JSON, E_DUPKEY or E_DEPTH; nothing else escapes.
    """
    # Few brackets cannot nest deeply, and counting them is far cheaper than nesting them.
    if text.count("[") + text.count("{") > max_depth and depth_of(text, max_depth) > max_depth:
        raise Malformed("E_DEPTH", f"{place}: nested deeper than {max_depth}")
    try:
        value = _decode(text)
    except _Refused as fault:
        raise Malformed(fault.code, f"{place}: {fault}") from None
    except json.JSONDecodeError as fault:
        raise Malformed("E_JSON", f"{place}: {fault.msg} at character {fault.pos}") from None
    except RecursionError:
        raise Malformed("E_DEPTH", f"{place}: nested too deeply") from None
    if "\\u" in text and _holds_surrogate(value):
        raise Malformed("E_JSON", f"{place}: a string holds a lone surrogate")
    return value


def _holds_surrogate(value: Json) -> bool:
    todo = [value]
    while todo:
        here = todo.pop()
        if isinstance(here, str):
            if _LONE.search(here):
                return True
        elif isinstance(here, list):
            todo.extend(here)
        elif isinstance(here, dict):
            todo.extend(here)
            todo.extend(here.values())
    return False


def loads_object(text: str, place: str, max_depth: int = MAX_DEPTH) -> dict[str, Json]:
    """Read one JSON object; raises Malformed as `loads`, and E_JSON for another value."""
    value = loads(text, place, max_depth)
    if not isinstance(value, dict):
        raise Malformed("E_JSON", f"{place}: expected an object")
    return value


_DIGITS_ALIKE = bytes(ord("0") if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
_LONG_NUMBER = b"0" * _SURELY_A_DOUBLE


def may_be_infinite(raw: bytes) -> bool:
    """Tell whether a number in there has so many digits that a double might not hold it."""
    # By translation, since searching for digits costs more than all else here.
    return len(raw) >= _SURELY_A_DOUBLE and _LONG_NUMBER in raw.translate(_DIGITS_ALIKE)


_read_quickly = msgspec.json.Decoder().decode
_write = msgspec.json.Encoder().encode


def read_object(raw: bytes, place: str, max_depth: int = MAX_DEPTH) -> dict[str, Json]:
    """Read one JSON object from its bytes; raises Malformed as `loads_object`, and E_UTF8."""
    # What a writer would write again byte for byte has no second reading: no repeated name,
    # no lone surrogate, no number out of range. msgspec alone would let some of them pass.
    if raw.count(b"[") + raw.count(b"{") <= max_depth:
        try:
            value: Json = _read_quickly(raw)
            if isinstance(value, dict) and _write(value) == raw and not may_be_infinite(raw):
                return value
        except (msgspec.MsgspecError, ValueError, OverflowError):
            pass  # the slow reader below says what is wrong, if anything is
    return loads_object(decode_utf8(raw, place), place, max_depth)


def dumps(value: Json) -> str:
    """Write JSON with sorted names, no spaces, and UTF-8 left as it is."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
