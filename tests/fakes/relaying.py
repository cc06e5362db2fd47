"""A relay in front of a scripted upstream, with a recording in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from braid.wire.again import ReadBefore
from braid_server.gate import Gate
from braid_server.provider import Provider
from braid_server.providers import anthropic
from braid_server.relay import Relay
from fakes.client import Answered, RawClient
from fakes.recording import MemoryRecording
from fakes.server import RunningServer, serving


@dataclass(frozen=True, slots=True)
class RunningRelay:
    """A relay that is up."""

    server: RunningServer
    relay: Relay
    recording: MemoryRecording

    def client(self) -> RawClient:
        return RawClient(self.server.port)

    def post(
        self,
        body: bytes = b"{}",
        path: str = "/v1/messages",
        headers: list[tuple[str, str]] | None = None,
    ) -> Answered:
        """Send one request and read its whole answer."""
        with self.client() as client:
            client.post(path, body, headers)
            return client.answer()


@contextmanager
def relaying(
    upstream: str | Provider,
    tokens: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    before: ReadBefore | None = None,
) -> Iterator[RunningRelay]:
    """Relay to an address or a provider; no proxies but those of the environment given."""
    provider = upstream if isinstance(upstream, Provider) else anthropic(upstream)
    recording = MemoryRecording()
    own = {name: text for name, text in os.environ.items() if not name.lower().endswith("_proxy")}
    # Not our own code: the environment is an input, and a test must not depend on its machine's.
    with mock.patch.dict(os.environ, {**own, **(environment or {})}, clear=True):
        relay = Relay([provider], recording, Gate(tokens), before)
    with serving(relay, relay.shutdown) as server:
        yield RunningRelay(server, relay, recording)
