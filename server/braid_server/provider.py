"""What the server knows of a provider: where it is, what of it is recorded, how it speaks.

A provider is mounted under `/NAME`. At the root a path is its own if no other provider has
it, and else if the request carries a header or a parameter that only its clients send.
`providers/` holds the table of them, a row a module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from braid.wire.again import ReadBefore
from braid.wire.block import AnswerReader, Request
from braid_server.headers import Header
from braid_server.paths import plain, readings
from braid_server.upstream import Address


class Calls(NamedTuple):
    """Generation calls: their method, and what matches their plain paths without the mount."""

    method: str
    paths: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class WireFormat:
    """One way in which a provider is asked and answers.

    read_request  takes the body, the plain path and what was read before for whom, and never
                  raises for what a client sent.
    read_answer   takes the status, the Content-Type and what is answered.
    """

    calls: tuple[Calls, ...]
    read_request: Callable[[bytes, str, ReadBefore | None, str], Request]
    read_answer: Callable[[int, str, Request], AnswerReader]


@dataclass(frozen=True, slots=True)
class Provider:
    """One row of the table.

    formats     in which it generates; other paths are relayed and not recorded.
    paths       matches the plain paths at the root that are its own.
    headers     lower-case names of request headers that only its clients send, and
    credentials  names of query parameters that do.
    error       the body of an error in the provider's own shape, JSON.
    parameters  of a query that are recorded; any other may carry a key.
    session     what a known client calls its conversation, from headers and parameters.
    versioning  request headers, lower-case, that shape the answer.
    request_id  the answer header that carries the provider's id of the request.
    """

    name: str
    address: Address
    formats: tuple[WireFormat, ...]
    paths: re.Pattern[str]
    headers: frozenset[bytes]
    credentials: frozenset[str]
    error: Callable[[int, str], bytes]
    parameters: frozenset[str]
    session: Callable[[Sequence[Header], bytes], str | None]
    versioning: frozenset[bytes]
    request_id: bytes

    def format_of(self, method: str, path: str) -> WireFormat | None:
        """Give the format of a generation call; None where the request is none."""
        named = plain(path)
        for form in self.formats:
            if any(method == of and paths.fullmatch(named) for of, paths in form.calls):
                return form
        return None

    def is_ambiguous(self, method: str, path: str) -> bool:
        """Tell whether a path that is not recorded could be read as one that is.

        What does the reading is the upstream or a gateway before it, so every leniency counts.
        """
        lenient = [
            re.compile(calls.paths.pattern, re.IGNORECASE)
            for form in self.formats
            for calls in form.calls
            if calls.method == method
        ]
        return any(
            paths.fullmatch(plain(reading)) for reading in readings(path) for paths in lenient
        )


def route(
    providers: Sequence[Provider], path: str, query: bytes, headers: Collection[Header]
) -> tuple[Provider, str]:
    """Find the provider of a request by its raw path, and the path as that provider knows it.

    A key never goes to another company because a path is shared: whose header or parameter a
    request carries, has it. The first row has what nobody claims.
    """
    for provider in providers:
        mount = f"/{provider.name}"
        if path.startswith(mount) and (rest := path[len(mount) :])[:1] in ("", "/"):
            return provider, rest or "/"
    if len(providers) == 1:
        return providers[0], path
    named = plain(path)
    for provider in providers:
        if provider.paths.fullmatch(named):
            return provider, path
    names = {name for name, _ in headers}
    parameters = {part.partition(b"=")[0].decode("latin-1") for part in query.split(b"&")}
    for provider in providers:
        if provider.headers & names or provider.credentials & parameters:
            return provider, path
    return providers[0], path
