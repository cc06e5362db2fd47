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


def upward(headers: Iterable[Header], authorization: str | None = None) -> list[tuple[str, str]]:
    """What of a request's headers goes upstream; raises Refused for bytes that are not UTF-8.

    `content-length` stays where the client put it: our server's parser has held the body to it.
    `authorization` is what the operator wrote into the upstream's address, and replaces the
    client's own as it would in a client given that address.
    """
    headers = list(headers)
    named = _named_by_connection(headers)
    crossing: list[tuple[str, str]] = []
    if authorization is not None:
        named |= {b"authorization"}
        crossing.append(("authorization", authorization))
    for name, value in headers:
        if name in _NEVER_UP or name.startswith((b"x-braid-", b"proxy-")) or name in named:
            continue
        try:
            # The upstream client writes header text as UTF-8.
            crossing.append((name.decode("ascii"), value.decode("utf-8")))
        except UnicodeDecodeError as fault:
            raise Refused(400, "header: expected UTF-8") from fault
    return crossing


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
