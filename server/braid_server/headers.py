"""Which headers cross the relay: all but those of one hop, and none of Braid's own.

Names are lower-case, as ASGI hands them over and takes them; order and repetition are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from braid_server.gate import Refused

Header = tuple[bytes, bytes]

# RFC 9110 §7.6.1. `expect` was answered by our own server; `host` names the upstream.
_NEVER_UP = frozenset(
    {
        b"connection",
        b"expect",
        b"host",
        b"keep-alive",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_NEVER_DOWN = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authentication-info",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)


def upward(headers: Iterable[Header], authorization: str | None = None) -> list[Header]:
    """What of a request's headers goes upstream.

    `content-length` stays where the client put it; whoever sends the body holds it to that.
    `authorization` is what the operator wrote into the upstream's address, and replaces the
    client's own as it would in a client given that address.
    """
    headers = list(headers)
    named = _named_by_connection(headers)
    crossing: list[Header] = []
    if first(headers, b"transfer-encoding") is not None:
        # RFC 9112 §6.1: then it says nothing, and must not be forwarded.
        named |= {b"content-length"}
    if authorization is not None:
        named |= {b"authorization"}
        crossing.append((b"authorization", authorization.encode()))
    for name, value in headers:
        if not (name in _NEVER_UP or name.startswith((b"x-braid-", b"proxy-")) or name in named):
            crossing.append((name, value))
    return crossing


def as_text(headers: Iterable[Header]) -> list[tuple[str, str]]:
    """Headers for the upstream client, which writes them as UTF-8; raises Refused for others."""
    try:
        return [(name.decode("ascii"), value.decode("utf-8")) for name, value in headers]
    except UnicodeDecodeError as fault:
        raise Refused(400, "header: expected UTF-8") from fault


def promised(headers: Iterable[Header]) -> int | None:
    """How long a request says its body is; raises Refused where it says two things."""
    lengths = {value for name, value in headers if name == b"content-length"}
    if not lengths:
        return None
    length = lengths.pop()
    if lengths or not length.isdigit():
        raise Refused(400, "content-length: expected one number")
    return int(length)


def downward(headers: Sequence[Header], status: int) -> list[Header]:
    """What of an answer's headers goes down."""
    named = _named_by_connection(headers)
    if status == 304:
        # It may carry the length of a body that never comes; our server takes it as a promise.
        named |= {b"content-length"}
    crossing: list[Header] = []
    for raw_name, value in headers:
        name = raw_name.lower()
        if not (name in _NEVER_DOWN or name.startswith(b"x-braid-") or name in named):
            crossing.append((name, value))
    return crossing


def first(headers: Iterable[Header], name: bytes) -> bytes | None:
    """The first value under a lower-case name."""
    for other, value in headers:
        if other == name:
            return value
    return None


def codings(headers: Iterable[Header]) -> tuple[str, ...]:
    """The content codings of a body in the order they were applied, without `identity`."""
    found: list[str] = []
    for name, value in headers:
        if name == b"content-encoding":
            found += value.decode("latin-1").lower().split(",")
    return tuple(coding for raw in found if (coding := raw.strip()) not in ("", "identity"))


def _named_by_connection(headers: Iterable[Header]) -> frozenset[bytes]:
    named: set[bytes] = set()
    for name, value in headers:
        if name.lower() == b"connection":
            named.update(token.strip().lower() for token in value.split(b","))
    return frozenset(named)
