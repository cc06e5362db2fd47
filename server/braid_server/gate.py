"""Who may come in: tenant tokens, or on loopback without tokens a check of Host and Origin.

Without tokens every request is tenant `local`. A web page can make a browser send requests to
loopback under a name that resolves there (DNS rebinding), so a Host or an Origin that is not a
loopback name is refused, and so is what the browser says another site made it send.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from hmac import compare_digest
from urllib.parse import urlsplit

from braid.errors import BraidError
from braid_server.loopback import is_loopback

LOCAL = "local"


class Refused(BraidError):
    """A request that may not come in; `status` is what HTTP calls it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Gate:
    """Names the tenant of a request, or refuses it. `tokens` maps tenant to secret."""

    __slots__ = ("_tokens",)

    def __init__(self, tokens: Mapping[str, str] | None = None) -> None:
        self._tokens = tuple((name, secret.encode()) for name, secret in (tokens or {}).items())

    def admit(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Check what needs no token; raises Refused for a foreign Host or Origin without tokens."""
        if not self._tokens:
            _at_home(headers)

    def tenant_of_relay(self, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """Read `x-braid-token`, which the relay never forwards; raises Refused."""
        if not self._tokens:
            return _at_home(headers)
        given = [value for name, value in headers if name == b"x-braid-token"]
        return self._known(given, "x-braid-token")

    def tenant_of_api(self, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """Read `authorization: Bearer …`; raises Refused."""
        if not self._tokens:
            return _at_home(headers)
        given = [value for name, value in headers if name == b"authorization"]
        bearer = [value[7:].strip() for value in given if value[:7].lower() == b"bearer "]
        return self._known(bearer, "authorization: bearer")

    def _known(self, given: list[bytes], place: str) -> str:
        if len(given) != 1:
            raise Refused(401, f"{place}: expected one token, got {len(given)}")
        found = None
        # Every secret is compared, so that time says nothing about which came close.
        for tenant, secret in self._tokens:
            if compare_digest(secret, given[0]):
                found = tenant
        if found is None:
            raise Refused(401, f"{place}: not a token of this server")
        return found


def _at_home(headers: Iterable[tuple[bytes, bytes]]) -> str:
    hosts = 0
    for name, value in headers:
        if name == b"host":
            hosts += 1
            if not _is_loopback(value):
                raise Refused(403, "host: expected a loopback name")
        elif name == b"origin" and not _is_loopback_origin(value):
            raise Refused(403, "origin: expected none or a loopback one")
        elif name == b"sec-fetch-site" and value.strip().lower() == b"cross-site":
            # A link, an image or a form of another site brings no Origin with a GET.
            raise Refused(403, "sec-fetch-site: expected none of another site")
    if hosts != 1:
        raise Refused(403, f"host: expected one, got {hosts}")
    return LOCAL


@lru_cache(maxsize=64)
def _is_loopback(host: bytes) -> bool:
    return _is_loopback_origin(b"http://" + host)


@lru_cache(maxsize=64)
def _is_loopback_origin(origin: bytes) -> bool:
    try:
        parts = urlsplit(origin.decode("ascii"))
        name = parts.hostname or ""
        parts.port  # noqa: B018 - raises ValueError for a port that is none
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or parts.username is not None:
        return False
    if parts.path or parts.query or parts.fragment:
        return False
    return is_loopback(name)
