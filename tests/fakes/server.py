"""Any ASGI app behind the real server, in a thread of its own, on a free loopback port."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
import uvloop

from braid_server.serving import Server, configure
from fakes.upstream import PATIENCE


async def _nothing() -> None:
    """For apps that have no calls to end."""


class _Prompt(Server):
    """Notices at once that it shall exit; uvicorn looks ten times a second."""

    def __init__(self, config: uvicorn.Config, interrupt: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config, interrupt, threading.Event())
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        while not self.should_exit:
            await self._wake.wait()

    def exit(self) -> None:
        self.should_exit = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)


class RunningServer:
    """A server that is up; `stop` takes it down and waits until it is gone."""

    def __init__(self, app: Any, interrupt: Callable[[], Awaitable[None]]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._server = _Prompt(configure(app, "127.0.0.1", self.port), interrupt)
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Shut down as on SIGTERM; raises what the server thread raised."""
        self._server.exit()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        self._listener.close()
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._server.serve(sockets=[self._listener]))
        except BaseException as fault:  # noqa: BLE001 - raised again by stop()
            self._fault = fault


@contextmanager
def serving(
    app: Any, interrupt: Callable[[], Awaitable[None]] = _nothing
) -> Iterator[RunningServer]:
    """Serve an app; `interrupt` is what ends its calls at shutdown (`Relay.shutdown`)."""
    server = RunningServer(app, interrupt)
    try:
        yield server
    finally:
        server.stop()
