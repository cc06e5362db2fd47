"""The braids of a running server, by its control API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self, TypeVar

import httpx
import msgspec

from braid.transcript import Layout
from braid_clients.problem import Problem
from braid_clients.server import NO_ANSWER, TIMEOUT, Server, refusal_in
from braid_clients.shelf import Erased, Listed, Sealed

_T = TypeVar("_T")
_ACCEPT = {Layout.JSON: "application/json", Layout.LINES: "application/jsonl"}


class ServerRefused(Problem):
    """A server that gave no answer, or not the one that was asked for."""


class _Page(msgspec.Struct):
    braids: list[Listed]
    next: str | None = None


class Remote:
    """A server; raises ServerRefused for all that goes wrong with it."""

    def __init__(self, url: str, token: str | None) -> None:
        try:
            server = Server(url, token or None)
        except ValueError as fault:
            # Its messages name the parameter, which the option is called after.
            raise ServerRefused(f"--{fault}") from fault
        self._name = server.name
        self._client = httpx.Client(
            base_url=server.url,
            headers=server.headers,
            timeout=TIMEOUT,
            trust_env=not server.is_here,
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
        except NO_ANSWER as fault:
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
        except NO_ANSWER as fault:
            raise self._silence(fault) from fault
        if answer.status_code != 200:
            raise self._refusal(answer)
        try:
            return msgspec.json.decode(answer.content, type=wanted)
        except (msgspec.DecodeError, UnicodeError) as fault:
            raise ServerRefused(f"{self._name}: not the answer of a braid server") from fault

    def _refusal(self, answer: httpx.Response) -> ServerRefused:
        error = refusal_in(answer)
        if error is None:
            message = f"HTTP status {answer.status_code}, not the answer of a braid server"
            return ServerRefused(f"{self._name}: {message}")
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
