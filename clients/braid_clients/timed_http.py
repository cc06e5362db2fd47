"""HTTP by the standard library whose answers end in time, whatever the other side does.

Its own timeout is for each wait alone, of which a name with many addresses has many: whoever sends
a byte now and then is read without end. Here every wait is short, and before each the caller says whether to go on.
"""

from __future__ import annotations

import errno
import functools
import http.client
import io
import os
import queue
import selectors
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable
from typing import Any

_WAIT = 0.5

# Gives the seconds that are left, more than none; raises where it is enough.
GoOn = Callable[[], float]


def timed_handlers(go_on: GoOn) -> list[urllib.request.BaseHandler]:
    """Give what has an opener of urllib ask before each wait, from the host's name to the last byte."""

    class Plain(urllib.request.HTTPHandler):
        def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(_timed(_Plain, go_on), request)

    class Tls(urllib.request.HTTPSHandler):
        def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(_timed(_Tls, go_on), request)

    return [Plain(), Tls()]


def _timed(connection: type[_Plain], go_on: GoOn) -> Any:
    def connect(*given: Any, **named: Any) -> http.client.HTTPConnection:
        made = connection(*given, **named)
        made.go_on = go_on
        made.response_class = functools.partial(_TimedResponse, go_on)  # type: ignore[assignment]
        made._create_connection = functools.partial(_connected, go_on)  # type: ignore[attr-defined]
        return made

    return connect


class _Plain(http.client.HTTPConnection):
    go_on: GoOn

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        self.sock.settimeout(self.go_on())
        super().send(data)


class _Tls(http.client.HTTPSConnection, _Plain):
    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        host = self._tunnel_host or self.host  # type: ignore[attr-defined]
        context: ssl.SSLContext = self._context  # type: ignore[attr-defined]
        sock = context.wrap_socket(self.sock, server_hostname=host, do_handshake_on_connect=False)
        self.sock = sock
        while True:
            sock.settimeout(min(self.go_on(), _WAIT))
            try:
                sock.do_handshake()
            except TimeoutError:
                continue
            return


def _connected(go_on: GoOn, address: tuple[str, int], *_: object) -> socket.socket:
    """Connect to one of the addresses of a host, each of which gets its share of the time."""
    fault = OSError("the name has no address")
    found = _resolved(go_on, address)
    for tried, one in enumerate(found):
        left = go_on()
        try:
            return _connected_to(one, go_on, left - left / (len(found) - tried))
        except OSError as error:  # also for a kind of address that this system does not have
            fault = error
    raise fault


def _resolved(go_on: GoOn, address: tuple[str, int]) -> list[Any]:
    """Look a name up; the system's own way cannot be told to stop, and is left to itself then."""
    answer: queue.SimpleQueue[list[Any] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answer.put(socket.getaddrinfo(*address, type=socket.SOCK_STREAM))
        except OSError as fault:
            answer.put(fault)

    threading.Thread(target=look_up, daemon=True).start()
    while True:
        try:
            found = answer.get(timeout=min(go_on(), _WAIT))
        except queue.Empty:
            continue
        if isinstance(found, OSError):
            raise found
        return found


def _connected_to(found: Any, go_on: GoOn, until: float) -> socket.socket:
    """Connect to an address as `getaddrinfo` gives it, as long as more than `until` is left."""
    family, kind, protocol, _, where = found
    sock = socket.socket(family, kind, protocol)
    try:
        _connect(sock, where, go_on, until)
    except BaseException:
        sock.close()
        raise
    return sock


def _connect(sock: socket.socket, where: Any, go_on: GoOn, until: float) -> None:
    """Connect, as long as more than `until` is left."""
    sock.setblocking(False)
    code = sock.connect_ex(where)
    if code == errno.EINPROGRESS:
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_WRITE)
            while not selector.select(min(max(go_on() - until, 0), _WAIT)):
                if go_on() <= until:
                    raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))


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
