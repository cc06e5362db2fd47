"""Text forms: base64 with one spelling, and time (SPEC §2.1)."""

from __future__ import annotations

import binascii
import re
from datetime import UTC, datetime

from braid.errors import Malformed

# The standard alphabet and padding become characters that strict decoding refuses.
_TO_STANDARD = bytes.maketrans(b"-_+/=", b"+/!!!")
_TO_URL = bytes.maketrans(b"+/", b"-_")

# A final character may only carry bits that belong to the value: without this, one value
# has up to sixteen spellings and a repeated signature would look like a new one.
KEY_PATTERN = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
SIGNATURE_PATTERN = "[A-Za-z0-9_-]{85}[AQgw]"
# The clock is bounded here because newer Pythons read 24:00 as the next day.
TIME_PATTERN = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"

# The last character by the length modulo 4; one character alone carries no byte.
_LAST = ("", "", "AQgw", "AEIMQUYcgkosw048")
_PADDING = (b"", b"", b"==", b"=")
_TIME = re.compile(TIME_PATTERN)


def encode(raw: bytes) -> str:
    """Write bytes as unpadded base64url."""
    return binascii.b2a_base64(raw, newline=False).translate(_TO_URL, b"=").decode("ascii")


def decode(text: str, place: str, length: int | None = None) -> bytes:
    """Read unpadded base64url in its one spelling.

    Raises Malformed (E_ENC) for padding, foreign characters, spare bits that are not
    zero, and a length in bytes other than `length`.
    """
    rest = len(text) % 4
    try:
        raw = text.encode("ascii").translate(_TO_STANDARD)
        value = binascii.a2b_base64(raw + _PADDING[rest], strict_mode=True)
    except ValueError:
        raise Malformed("E_ENC", f"{place}: expected canonical unpadded base64url") from None
    if rest and text[-1] not in _LAST[rest]:
        raise Malformed("E_ENC", f"{place}: expected canonical unpadded base64url")
    if length is not None and len(value) != length:
        raise Malformed("E_ENC", f"{place}: expected {length} bytes, got {len(value)}")
    return value


def encode_standard(raw: bytes) -> str:
    """Write bytes as padded base64, as C2SP's texts have it (SPEC §13.2)."""
    return binascii.b2a_base64(raw, newline=False).decode("ascii")


def decode_standard(text: str, place: str, code: str) -> bytes:
    """Read padded base64 in its one spelling; raises Malformed with this code."""
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        raw = None
    if raw is None or encode_standard(raw) != text:
        raise Malformed(code, f"{place}: expected canonical base64")
    return raw


def is_time(text: str) -> bool:
    """Tell whether this is `YYYY-MM-DDTHH:MM:SS.mmmZ` and a moment that exists."""
    return _TIME.fullmatch(text) is not None and is_moment(text)


def is_moment(text: str) -> bool:
    """Tell whether a text of the form of TIME_PATTERN names a moment that exists."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def write_time(moment: datetime) -> str:
    """Write an aware moment in UTC, cut to milliseconds."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"
