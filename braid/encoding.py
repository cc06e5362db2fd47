"""Text forms: unpadded base64url with one spelling, and time (SPEC §2.1)."""

from __future__ import annotations

import binascii
import re
from datetime import UTC, datetime

from braid.errors import Malformed

_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_TO_URL = bytes.maketrans(b"+/", b"-_")

# A final character may only carry bits that belong to the value: without this, one value
# has up to sixteen spellings and a repeated signature would look like a new one.
KEY_PATTERN = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
SIGNATURE_PATTERN = "[A-Za-z0-9_-]{85}[AQgw]"
TIME_PATTERN = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"

_ANY = re.compile(
    "(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?"
)
_OF_LENGTH = {32: re.compile(KEY_PATTERN), 64: re.compile(SIGNATURE_PATTERN)}
_TIME = re.compile(TIME_PATTERN)
_PADDING = (b"", b"", b"==", b"=")


def encode(raw: bytes) -> str:
    """Write bytes as unpadded base64url."""
    padded = binascii.b2a_base64(raw, newline=False)
    return padded.translate(_TO_URL).rstrip(b"=").decode("ascii")


def decode(text: str, place: str, length: int | None = None) -> bytes:
    """Read unpadded base64url in its one spelling.

    Raises Malformed (E_ENC) for padding, foreign characters, spare bits that are not
    zero, and a length in bytes other than `length`.
    """
    pattern = _OF_LENGTH.get(length or 0, _ANY)
    if pattern.fullmatch(text) is None and _ANY.fullmatch(text) is None:
        raise Malformed("E_ENC", f"{place}: expected canonical unpadded base64url")
    raw = text.encode("ascii")
    value = binascii.a2b_base64(raw.translate(_TO_STANDARD) + _PADDING[len(raw) % 4])
    if length is not None and len(value) != length:
        raise Malformed("E_ENC", f"{place}: expected {length} bytes, got {len(value)}")
    return value


def is_time(text: str) -> bool:
    """Tell whether this is `YYYY-MM-DDTHH:MM:SS.mmmZ` and a moment that exists."""
    if _TIME.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def write_time(moment: datetime) -> str:
    """Write an aware moment in UTC, cut to milliseconds."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"
