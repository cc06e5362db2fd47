"""How the server listens: uvicorn set up so that it adds nothing and cuts nothing off."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

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

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM, and then return.

        uvicorn would raise them again, and the process would die before its store is closed.
        """
        with super().capture_signals():
            try:
                yield
            finally:
                self._captured_signals.clear()

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
        http=_Http,
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


class _Http(HttpToolsProtocol):
    """Reads a request that offers another protocol as if it did not.

    httptools takes what follows such a head for the other protocol, and the body of a request
    that offers HTTP/2 (as Java's HttpClient does with each) would be lost. An offer of
    WebSocket is left alone: that has no body, and the relay answers it.
    """

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                if not self._declines():
                    return
                data = self._head_without_offer() + data[upgrade.args[0] :]
            except httptools.HttpParserError:
                self.send_400_response("Invalid HTTP request received.")
                return
            else:
                return

    def on_headers_complete(self) -> None:
        if not self._declines():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self._declines():
            super().on_message_complete()

    def _declines(self) -> bool:
        return self.parser.should_upgrade() and self._get_upgrade() not in (None, b"websocket")

    def _head_without_offer(self) -> bytes:
        lines = [self.parser.get_method() + b" " + self.url + b" HTTP/1.1"]
        for name, value in self.headers:
            if name == b"connection":
                tokens = [token.strip() for token in value.split(b",")]
                kept = [token for token in tokens if token.lower() not in _OFFER]
                value = b", ".join(kept)
            if name not in _OFFER:
                lines.append(name + b": " + value)
        return b"\r\n".join([*lines, b"", b""])


_OFFER = frozenset({b"upgrade", b"http2-settings"})


def _is_news(record: logging.LogRecord) -> bool:
    """Drop what uvicorn says when the relay cuts a connection."""
    return record.msg != "ASGI callable returned without completing response."
