"""A Braid server as its clients know it: address, token, and what its answers mean.

Requests are made and answers read here, without input or output.

ServerError              the server gave no answer, or not the one that was asked for
├── NotBraid             nothing answers there, or what does is no Braid server
├── TokenRefused         the server wants a token, or another one
└── NoSuchBraid          the server has no such braid, or it is another tenant's
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx
import msgspec

from braid.encoding import KEY_PATTERN
from braid.errors import BraidError
from braid_server.loopback import is_loopback

# Sealing waits for open calls, and a long one takes its time between two pieces.
TIMEOUT = httpx.Timeout(10, read=300)
# What httpx raises where nothing answers; the last for a host that DNS has no form of.
NO_ANSWER = (httpx.HTTPError, httpx.InvalidURL, UnicodeError)
_LINES = "application/jsonl"
_BRAID = re.compile(KEY_PATTERN)
_TOKEN = re.compile(r"[!-~]+")


class ServerError(BraidError):
    """A server that gave no answer, or not the one that was asked for."""


class NotBraid(ServerError):
    """Nothing answers at this address, or what does is no Braid server."""


class TokenRefused(ServerError):
    """The server wants a token, or another one."""


class NoSuchBraid(ServerError):
    """The server has no such braid, or it is another tenant's; it does not say which."""


class Refusal(msgspec.Struct):
    """What a server says when it refuses: for people, and Braid's own for programs too."""

    message: str
    code: str = ""


class _Body(msgspec.Struct):
    error: Refusal


def refusal_in(answer: httpx.Response) -> Refusal | None:
    """Read why a server refused; None for what says none."""
    try:
        return msgspec.json.decode(answer.content, type=_Body).error
    except (msgspec.DecodeError, UnicodeError):
        return None


class Server:
    """A server's address and token, as requests and their answers need them.

    Raises ValueError for an address or a token that can be none.
    """

    def __init__(self, url: str, token: str | None) -> None:
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
            httpx.URL(url)
        except (ValueError, httpx.InvalidURL):
            host = None
        if not host or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
            raise ValueError("url: expected an address like http://127.0.0.1:8420")
        if token is not None and not _TOKEN.fullmatch(token):
            # Without the value: it is a secret.
            raise ValueError("token: expected ASCII characters without spaces")
        self.url = url.rstrip("/")
        self.token = token
        self.is_here = is_loopback(host)
        self.name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    @property
    def headers(self) -> dict[str, str]:
        """What every request to the server's own API carries."""
        return {} if self.token is None else {"authorization": f"Bearer {self.token}"}

    def transcript(self, braid: str) -> httpx.Request:
        """Ask for a braid; raises ValueError for what is no id."""
        if not _BRAID.fullmatch(braid):
            raise ValueError(f"braid: expected the 43 characters of an id, got {braid[:60]!r}")
        headers = {"accept": _LINES, **self.headers}
        return httpx.Request("GET", f"{self.url}/braid/v1/braids/{braid}", headers=headers)

    def read_transcript(self, answer: httpx.Response) -> bytes:
        """Read the answer to that; raises ServerError."""
        media = answer.headers.get("content-type", "").partition(";")[0].strip()
        if answer.status_code == 200 and media == _LINES:
            return answer.content
        error = refusal_in(answer)
        if answer.status_code == 200 or error is None or not error.code:
            raise NotBraid(
                f"{self.name}: expected a Braid server, got HTTP status {answer.status_code} "
                "and what no Braid server answers"
            )
        message = f"{self.name}: {error.message}"
        if answer.status_code == 401:
            raise TokenRefused(f"{message}; give the server's as token=…")
        if error.code == "no_such_braid":
            raise NoSuchBraid(message)
        raise ServerError(message)

    def silent(self, fault: Exception) -> NotBraid:
        """Say that nothing answered, and how that showed."""
        return NotBraid(f"{self.name}: no answer ({type(fault).__name__}); is it running?")
