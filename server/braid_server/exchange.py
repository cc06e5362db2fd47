"""One request on its way through the relay: who may stop it, and why it was stopped.

A client that leaves and a server that shuts down both stop an exchange by cancelling its
task, but only while it waits for the network: never during a durable write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from braid.call import CallOutcome
from braid.errors import BraidError
from braid_server.asgi import Receive

_T = TypeVar("_T")


class Stopped(BraidError):
    """The exchange was stopped while it waited for the network; `Exchange.why` says by what."""


class Exchange:
    """The life of one request. Made by the task that serves it, and in that task."""

    __slots__ = ("_cancelled", "_finished", "_waiting", "_watcher", "task", "why")

    def __init__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.task = task
        self.why: CallOutcome | None = None
        self._waiting = False
        self._finished = False
        self._cancelled = False
        self._watcher: asyncio.Task[None] | None = None

    def stop(self, why: CallOutcome) -> None:
        """Stop the exchange as soon as it waits for the network. The first reason stands."""
        if self.why is not None:
            return
        self.why = why
        if self._waiting:
            self._waiting = False
            self.task.cancel()

    def watch(self, receive: Receive) -> None:
        """Stop the exchange when the client leaves. The request body must have been read."""
        if not self._finished:
            self._watcher = asyncio.create_task(self._watch(receive))

    async def network(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run what waits for the network and nothing durable; raises Stopped."""
        if self.why is not None:
            work.close()
            raise Stopped
        self._waiting = True
        try:
            return await work
        except asyncio.CancelledError:
            if self.why is None:
                self.why = CallOutcome.INTERRUPTED
                self._cancelled = True
            else:
                self.task.uncancel()
            raise Stopped from None
        finally:
            self._waiting = False

    async def durable(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a durable write to its end, whoever cancels this task meanwhile."""
        write = asyncio.create_task(work)
        while True:
            try:
                return await asyncio.shield(write)
            except asyncio.CancelledError:
                if write.cancelled():
                    raise
                self._cancelled = True
                self.stop(CallOutcome.INTERRUPTED)

    def finish(self) -> None:
        """Let go of the client; raises CancelledError if another than `stop` cancelled."""
        self._finished = True
        if self._watcher is not None:
            self._watcher.cancel()
        if self._cancelled:
            raise asyncio.CancelledError

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.stop(CallOutcome.CLIENT_GONE)
