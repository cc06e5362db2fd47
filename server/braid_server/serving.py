"""How the server listens: uvicorn set up so that it adds nothing and cuts nothing off."""

from __future__ import annotations

import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

# Longer than any client keeps an idle connection, so that it is the client who closes it and
# no request meets a connection that is just being closed.
_KEEP_ALIVE = 3600

# What is still open when the relay has ended its calls belongs to clients that do not read.
_GRACE = 5


class Server(uvicorn.Server):
    """A uvicorn server that ends the relay's calls before it waits for its connections."""

    def __init__(self, config: uvicorn.Config, interrupt: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._interrupt = interrupt

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._interrupt()
        await super().shutdown(sockets)


def configure(app: Any, host: str, port: int) -> uvicorn.Config:
    """Settings for any ASGI app that the relay is part of."""
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http="httptools",
        ws="none",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
    )


def _is_news(record: logging.LogRecord) -> bool:
    """Drop what uvicorn says about connections the relay cuts and upgrades it refuses."""
    return record.msg not in _EXPECTED


_NO_WEBSOCKETS = (
    "No supported WebSocket library detected. Please use \"pip install 'uvicorn[standard]'\", "
    "or install 'websockets' or 'wsproto' manually."
)
_EXPECTED = frozenset(
    {
        "ASGI callable returned without completing response.",
        "Unsupported upgrade request.",
        _NO_WEBSOCKETS,
    }
)
