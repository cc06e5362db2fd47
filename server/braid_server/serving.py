"""How the server listens: uvicorn set up so that it adds nothing and cuts nothing off."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

# Longer than any client keeps an idle connection, so that it is the client who closes it and
# no request meets a connection that is just being closed.
_KEEP_ALIVE = 3600

# What is still open when the relay has ended its calls belongs to clients that do not read.
_GRACE = 5

# The parser's work grows with the square of one header that comes in pieces, and nobody has
# shown a token yet when it is read.
MAX_HEAD = 1024 * 1024
MAX_HEADERS = 10_000

_LINGER = 2


class Server(uvicorn.Server):
    """A uvicorn server that serves until an event is set, whoever sets it.

    It ends the relay's calls before it waits for its connections.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        interrupt: Callable[[], Awaitable[None]],
        stopped: threading.Event,
    ) -> None:
        super().__init__(config)
        self._interrupt = interrupt
        self._stopped = stopped

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process, which may have been sent one before we are here."""
        yield

    async def on_tick(self, counter: int) -> bool:
        return self._stopped.is_set() or await super().on_tick(counter)

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
    """Reads every request as HTTP/1.1 whatever else it offers, and bounds its head.

    httptools takes what follows a head that offers another protocol for that protocol, and the
    body of such a request (as Java's HttpClient sends each) would be lost. So such a head is
    read again without the offer in `connection`; the `upgrade` header stays for the relay.
    CONNECT has no body by its definition, whatever its headers say, and is refused here.
    Headers that come after the head are trailers, and are dropped.
    """

    _in_head = False
    _quiet = 0
    _progress = False
    _refused = False

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        whole = len(data)
        self._progress = False
        while data and not self._refused:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                if self.parser.get_method() == b"CONNECT":
                    self._refuse(405, b"CONNECT is not served")
                    return
                data = self._head_without_offer() + data[upgrade.args[0] :]
                # The one that has read this head may take it for the last of the connection.
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            except httptools.HttpParserError as fault:
                if isinstance(fault.__context__, _HeadTooLarge):
                    self._refuse(431, b"The head of the request is too large")
                else:
                    self._refuse(400, b"Invalid HTTP request received.")
                return
            else:
                break
        # The parser joins what has come of one header again with every piece of it.
        self._quiet = 0 if self._progress else self._quiet + whole
        if self._quiet > MAX_HEAD and not self._refused:
            self._refuse(431, b"The head of the request is too large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = self._progress = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:
            return
        if len(self.headers) >= MAX_HEADERS:
            raise _HeadTooLarge
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._progress = True
        if self._quiet and self._head_size() > MAX_HEAD:
            raise _HeadTooLarge
        if not self.parser.should_upgrade():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._progress = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _head_without_offer(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [self.parser.get_method() + b" " + self.url + b" HTTP/" + version]
        for name, value in self.headers:
            if name == b"connection":
                tokens = [token.strip() for token in value.split(b",")]
                value = b", ".join(token for token in tokens if token.lower() not in _OFFER)
            lines.append(name + b": " + value)
        return b"\r\n".join([*lines, b"", b""])

    def _refuse(self, status: int, text: bytes) -> None:
        """Answer what is no request of ours, and end the connection.

        What the client is still sending is read and dropped for a moment: closing at once
        would reset the connection, and the client might not see the answer.
        """
        self._refused = True
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:
            # In the middle of another answer these bytes would be taken for a part of it.
            self.transport.close()
            return
        lines = [
            STATUS_LINE[status].rstrip(),
            b"content-type: text/plain; charset=utf-8",
            b"content-length: %d" % len(text),
            b"connection: close",
        ]
        self.transport.write(b"\r\n".join([*lines, b"", text]))
        self.transport.write_eof()
        self.loop.call_later(_LINGER, self.transport.close)


class _HeadTooLarge(Exception):
    """Raised within a callback of the parser, which hands it on as its context."""


_OFFER = frozenset({b"upgrade", b"http2-settings"})


def _is_news(record: logging.LogRecord) -> bool:
    """Drop what uvicorn says when the relay cuts a connection."""
    return record.msg != "ASGI callable returned without completing response."
