"""The braids of a running server, by its control API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Self, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from braid.transcript import Layout
from braid_clients.problem import Problem
from braid_clients.shelf import Erased, Listed, Sealed
from braid_server.loopback import is_loopback

_T = TypeVar("_T")
_ACCEPT = {Layout.JSON: "application/json", Layout.LINES: "application/jsonl"}
# What a server's own --token may be; a header can carry it as it is.
_TOKEN = re.compile(r"[!-~]+")
_NO_ANSWER = (httpx.HTTPError, UnicodeError)  # the second for a host that DNS has no form of
# Sealing waits for open calls, and a long transcript takes its time between two pieces.
_TIMEOUT = httpx.Timeout(10, read=300)


class ServerRefused(Problem):
    """A server that gave no answer, or not the one that was asked for."""


class _Page(msgspec.Struct):
    braids: list[Listed]
    next: str | None = None


class _Error(msgspec.Struct):
    message: str
    code: str = ""


class _Refusal(msgspec.Struct):
    error: _Error


class Remote:
    """A server; raises ServerRefused for all that goes wrong with it."""

    def __init__(self, url: str, token: str | None) -> None:
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
            base = httpx.URL(url)
        except (ValueError, httpx.InvalidURL):
            host = None
        if not host or parts.scheme not in ("http", "https"):
            raise ServerRefused("--url: expected an address like http://127.0.0.1:8420")
        if token and not _TOKEN.fullmatch(token):
            # Without the value: it is a secret.
            raise ServerRefused("--token: expected ASCII characters without spaces")
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._client = httpx.Client(
            base_url=base,
            headers=headers,
            timeout=_TIMEOUT,
            trust_env=not is_loopback(host),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def page(self, prefix: str, limit: int, after: str | None) -> tuple[list[Listed], str | None]:
        query = {"limit": str(limit), "prefix": prefix, "after": after}
        asked = {name: value for name, value in query.items() if value}
        page = self._ask("GET", "/braid/v1/braids", _Page, asked)
        return page.braids, page.next

    def seal(self, braid: str, interrupt: bool) -> Sealed:
        query = {"interrupt": "true"} if interrupt else {}
        return self._ask("POST", f"/braid/v1/braids/{braid}/seal", Sealed, query)

    def erase(self, braid: str, nodes: tuple[int, ...], reason: str | None) -> Erased:
        body: dict[str, object] = {"nodes": list(nodes), "reason": reason}
        return self._ask("POST", f"/braid/v1/braids/{braid}/erase", Erased, {}, body)

    def transcript(self, braid: str, layout: Layout) -> Iterator[bytes]:
        headers = {"accept": _ACCEPT[layout]}
        try:
            with self._client.stream("GET", f"/braid/v1/braids/{braid}", headers=headers) as answer:
                if answer.status_code != 200:
                    answer.read()
                    raise self._refusal(answer)
                yield from answer.iter_bytes()
        except _NO_ANSWER as fault:
            raise self._silence(fault) from fault

    def _ask(
        self,
        method: str,
        path: str,
        wanted: type[_T],
        query: dict[str, str],
        body: dict[str, object] | None = None,
    ) -> _T:
        try:
            answer = self._client.request(method, path, params=query, json=body)
        except _NO_ANSWER as fault:
            raise self._silence(fault) from fault
        if answer.status_code != 200:
            raise self._refusal(answer)
        try:
            return msgspec.json.decode(answer.content, type=wanted)
        except (msgspec.DecodeError, UnicodeError) as fault:
            raise ServerRefused(f"{self._name}: not the answer of a braid server") from fault

    def _refusal(self, answer: httpx.Response) -> ServerRefused:
        try:
            error = msgspec.json.decode(answer.content, type=_Refusal).error
        except (msgspec.DecodeError, UnicodeError):
            error = _Error(f"HTTP status {answer.status_code}, not the answer of a braid server")
        hints: tuple[str, ...] = ()
        if answer.status_code == 401:
            hints = ("send its token: --token SECRET, or BRAID_API_TOKEN",)
        elif error.code == "calls_open":
            braid = answer.url.path.split("/")[-2]
            hints = (f"wait, or: braid seal --interrupt {braid}",)
        return ServerRefused(f"{self._name}: {error.message}", *hints)

    def _silence(self, fault: Exception) -> ServerRefused:
        kind = type(fault).__name__
        return ServerRefused(f"{self._name}: no answer ({kind})", "is it running: braid serve")
