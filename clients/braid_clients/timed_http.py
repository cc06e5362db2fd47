"""HTTP by the standard library whose answers end in time, whatever the other side does.

Its own timeout is for each read alone: whoever sends a byte now and then is read without end. Here
every wait is short, and before each the caller says whether to go on.
"""

from __future__ import annotations

import functools
import http.client
import io
import socket
import urllib.request
from collections.abc import Callable
from typing import Any

_WAIT = 0.5

# Gives the seconds that are left, more than none; raises where it is enough.
GoOn = Callable[[], float]


def timed_handlers(go_on: GoOn) -> list[urllib.request.BaseHandler]:
    """Give what has an opener of urllib ask before each read of an answer, its head included."""

    class Plain(urllib.request.HTTPHandler):
        def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(_timed(http.client.HTTPConnection, go_on), request)

    class Tls(urllib.request.HTTPSHandler):
        def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(_timed(http.client.HTTPSConnection, go_on), request)

    return [Plain(), Tls()]


def _timed(connection: type[http.client.HTTPConnection], go_on: GoOn) -> Any:
    def connect(*given: Any, **named: Any) -> http.client.HTTPConnection:
        made = connection(*given, **named)
        made.response_class = functools.partial(_TimedResponse, go_on)  # type: ignore[assignment]
        return made

    return connect


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, go_on: GoOn, sock: socket.socket, *given: Any, **named: Any) -> None:
        super().__init__(sock, *given, **named)
        timed: Any = io.BufferedReader(_TimedReads(sock, go_on))
        self.fp.close()
        self.fp = timed


class _TimedReads(io.RawIOBase):
    def __init__(self, sock: socket.socket, go_on: GoOn) -> None:
        self._sock = sock
        self._go_on = go_on
        self._open = sock.makefile("rb", buffering=0)  # whoever made the socket closes it early

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            self._sock.settimeout(min(self._go_on(), _WAIT))
            try:
                return self._sock.recv_into(buffer)
            except TimeoutError:
                continue

    def close(self) -> None:
        self._open.close()
        super().close()
