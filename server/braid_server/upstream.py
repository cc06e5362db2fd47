"""The client side of the relay: one request to a provider, its answer as it comes.

Adds no timeout, redirect, cookie, retry, header limit or connection cap. Proxies come from the
environment (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY), certificates from SSL_CERT_FILE or
SSL_CERT_DIR. aiohttp's own `trust_env` stays off: it reads ~/.netrc and would add credentials.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from braid.errors import BraidError
from braid_server.headers import Header

# aiohttp counts and measures headers in size_t; nothing reaches this.
_UNLIMITED = 2**31 - 1

# aiohttp writes a `bytes` body in one go and warns above 1 MiB; larger ones go out in steps
# that wait for the socket.
_WHOLE = 256 * 1024


# RFC 9110 §5.5. aiohttp lets these pass, our server does not.
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class UpstreamUnusable(BraidError):
    """An address of a provider, or of the proxy before it, that cannot be used."""


class NotSent(BraidError):
    """No connection to the upstream came about; it has seen nothing of the request.

    Says which host and port and why, and nothing else of an address: there may be credentials.
    """


class Broken(BraidError):
    """The connection to the upstream broke before its answer was whole; says what NotSent says."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a provider is.

    base           scheme, host and path prefix, without user info: what a call records.
    authorization  the header that user info in the configured address stands for.
    """

    base: str
    authorization: str | None

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read a configured base URL; raises UpstreamUnusable."""
        try:
            parts = urlsplit(url)
            parts.port  # noqa: B018 - raises ValueError for a port that is none
        except ValueError as fault:
            raise UpstreamUnusable("upstream: expected a URL") from fault
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UpstreamUnusable("upstream: expected http://HOST or https://HOST")
        if parts.query or parts.fragment:
            raise UpstreamUnusable("upstream: expected no query and no fragment")
        user, at, host = parts.netloc.rpartition("@")
        base = f"{parts.scheme}://{host}{parts.path.rstrip('/')}"
        try:
            URL(base, encoded=True).host_port_subcomponent  # noqa: B018 - raises ValueError
            base.encode("ascii")
        except ValueError as fault:
            raise UpstreamUnusable("upstream: expected an ASCII host and path") from fault
        if not at:
            return cls(base, None)
        return cls(base, f"Basic {b64encode(unquote(user).encode()).decode()}")


def proxy_for(base: str) -> str | None:
    """The proxy that the environment names for an address; raises UpstreamUnusable."""
    parts = urlsplit(base)
    if proxy_bypass(parts.netloc):
        return None
    proxies = getproxies()
    name = parts.scheme if proxies.get(parts.scheme) else "all"
    proxy = proxies.get(name)
    if not proxy:
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    if (scheme := urlsplit(proxy).scheme) not in ("http", "https"):
        raise UpstreamUnusable(
            f"{name.upper()}_PROXY: expected http:// or https://, got {scheme or 'no scheme'}"
        )
    return proxy


class _Connection(ResponseHandler):
    """aiohttp's protocol, with two silences filled.

    Where the framing of a body breaks, aiohttp closes the connection and leaves the reader of
    the body waiting for ever. Where nothing but its end delimits a body, it takes a reset for
    a clean end.
    """

    def connection_lost(self, exc: BaseException | None) -> None:
        if exc is not None:
            self._break_body()
        super().connection_lost(exc)

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        if isinstance(exc, HttpProcessingError):
            self._break_body()
        super().set_exception(exc, *cause)

    def _break_body(self) -> None:
        body = self._payload
        if body is not None and not body.is_eof() and body.exception() is None:
            body.set_exception(aiohttp.ClientPayloadError("broken off"))


class Answer:
    """An answer whose headers have come and whose body is under way.

    length  what Content-Length says, None without it.
    framed  whether its framing says where the body ends; else the end of the connection does,
            which a body that was cut off has too (RFC 9112 §6.3).
    """

    __slots__ = ("_response", "content", "framed", "headers", "length", "status")

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.content = response.content
        self.status: int = response.status
        self.headers: Sequence[Header] = response.raw_headers
        framing = response.headers
        length = None if "Transfer-Encoding" in framing else framing.get("Content-Length")
        self.length: int | None = int(length) if length is not None else None
        self.framed = (
            self.length is not None
            or self.status in (204, 304)
            or "chunked" in framing.get("Transfer-Encoding", "").lower()
        )

    async def read(self) -> bytes:
        """Wait for the next bytes of the body; empty at its clean end; raises Broken."""
        content = self.content
        try:
            return await content.readany()
        except (aiohttp.ClientError, OSError) as fault:
            # readany() raises at once even where bytes came before the break; they are still
            # there, and the fault is raised again by the next call.
            if rest := content._read_nowait(-1):
                return rest
            raise Broken("upstream: broke off in the body") from fault

    def close(self) -> None:
        """End the upstream request at once, unless its body has ended already."""
        if not self._response.closed:
            self._response.close()


class Upstream:
    """All connections to providers; lives in the loop that called `open`."""

    __slots__ = ("_proxies", "_session")

    def __init__(self, addresses: Sequence[Address]) -> None:
        """Look the proxies up; raises UpstreamUnusable."""
        self._proxies = {address: proxy_for(address.base) for address in addresses}
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        connector = aiohttp.TCPConnector(limit=0, ssl=context)
        kind: type[ResponseHandler] = _Connection
        connector._factory = partial(kind, loop=asyncio.get_running_loop())
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            max_line_size=_UNLIMITED,
            max_field_size=_UNLIMITED,
            max_headers=_UNLIMITED,
        )
        # aiohttp sends an idempotent request again by itself when a kept connection drops.
        self._session._retry_connection = False

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(
        self,
        address: Address,
        method: str,
        target: str,
        headers: list[tuple[str, str]],
        body: bytes | AsyncIterator[bytes] | None,
    ) -> Answer:
        """Send one request and wait for the headers of its answer; raises NotSent, Broken."""
        assert self._session is not None
        data, proxy = body, self._proxies[address]
        if isinstance(body, bytes) and len(body) > _WHOLE:
            data = _in_steps(body)
            if not any(name == "content-length" for name, _ in headers):
                headers = [*headers, ("content-length", str(len(body)))]
        try:
            response = await self._session.request(
                method,
                URL(address.base + target, encoded=True),
                headers=headers,
                data=data,
                proxy=proxy,
                allow_redirects=False,
            )
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, ValueError) as fault:
            raise NotSent(f"{_where(address.base, proxy, fault)}: {_why(fault)}") from fault
        except (aiohttp.ClientError, OSError) as fault:
            raise Broken(f"{_where(address.base, proxy, fault)}: {_why(fault)}") from fault
        answer = Answer(response)
        values = b"".join([value for _, value in answer.headers])
        if not 200 <= answer.status < 600 or _CONTROL.search(values):
            answer.close()
            raise Broken(f"{_where(address.base)}: an answer that HTTP does not allow")
        return answer


def _where(base: str, proxy: str | None = None, fault: BaseException | None = None) -> str:
    """Name the host and port that a fault is of, and no more of an address."""
    via_proxy = isinstance(
        fault, (aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError)
    )
    if proxy is not None and via_proxy:
        return f"the proxy {_where(proxy)}"
    url = URL(base, encoded=True)
    return f"{url.host_subcomponent}:{url.port}"


def _why(fault: BaseException) -> str:
    """Say what went wrong in words that hold no address."""
    match fault:
        case aiohttp.ClientHttpProxyError():
            return f"status {fault.status} to CONNECT"
        case aiohttp.ClientConnectorCertificateError():
            return _why(fault.certificate_error)
        case ssl.SSLCertVerificationError():
            return f"TLS: {fault.verify_message}"
        case aiohttp.ClientConnectorDNSError() | socket.gaierror():
            return "the name cannot be resolved"
        case aiohttp.ClientConnectorError():
            return _why(fault.os_error)
        case ssl.SSLError():
            return f"TLS: {(fault.reason or 'no handshake').replace('_', ' ').lower()}"
        case OSError(errno=int(number)):
            return os.strerror(number).lower()
        case TimeoutError():
            return "timed out"
        case aiohttp.ServerDisconnectedError() | ConnectionError():
            return "the connection was closed"
    return type(fault).__name__


async def _in_steps(body: bytes) -> AsyncIterator[bytes]:
    view = memoryview(body)
    for start in range(0, len(view), _WHOLE):
        yield view[start : start + _WHOLE]  # type: ignore[misc]
