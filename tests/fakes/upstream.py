"""A provider on a real socket that answers with scripted bytes when the test says so."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from types import TracebackType
from typing import BinaryIO, Self

# No test waits this long; it turns a deadlock into a failure.
PATIENCE = 300


class Step(Enum):
    """What an upstream can do besides sending bytes and waiting for an event."""

    CLOSE = auto()  # end the connection cleanly
    RESET = auto()  # break the connection
    SILENCE = auto()  # say nothing until the peer goes away


Script = Sequence["bytes | threading.Event | Step"]


@dataclass(frozen=True, slots=True)
class Early:
    """A script that begins when the head of the request has come, without reading its body."""

    steps: Script


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came: the head with its blank line, the body without its framing."""

    head: bytes
    body: bytes
    connection: int

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode("latin-1")

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.head.decode("latin-1").split("\r\n")[1:-2]
        return [(name, value.strip()) for name, _, value in (x.partition(":") for x in lines)]

    def values(self, name: str) -> list[str]:
        return [value for other, value in self.headers if other.lower() == name.lower()]


class ScriptedUpstream:
    """Plays one script a request, in order; the last one again for every further request."""

    def __init__(self, *scripts: Script | Early, tls: ssl.SSLContext | None = None) -> None:
        self._scripts = scripts
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._changed = threading.Condition()
        self._stopping = False
        self._connections = 0
        self.requests: list[Received] = []
        self.heard = b""  # what came while a script said nothing
        self.left = threading.Event()  # a peer went away while a script said nothing
        self.asked = threading.Event()  # a request came
        self.done = threading.Event()  # a script was played to its end

    @property
    def connections(self) -> int:
        return self._connections

    def request(self, number: int = 0) -> Received:
        """Wait for a request and give it."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.requests) > number, PATIENCE)
            return self.requests[number]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._stopping = True
            peers = list(self._open)
        # A listener that is only closed may leave its thread in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        for peer in peers:
            try:
                peer.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(PATIENCE)
        self._listener.close()

    def _start(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with self._changed:
                if self._stopping:
                    peer.close()
                    return
                self._open.add(peer)
                number = self._connections
                self._connections += 1
            self._start(self._serve, peer, number)

    def _serve(self, peer: socket.socket, number: int) -> None:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self._tls is not None:
                peer = self._tls.wrap_socket(peer, server_side=True)
            with peer.makefile("rb") as stream:
                while head := _read_head(stream):
                    if not self._play(peer, stream, head, number):
                        return
        except OSError:
            pass
        finally:
            with self._changed:
                self._open.discard(peer)
            peer.close()

    def _play(self, peer: socket.socket, stream: BinaryIO, head: bytes, number: int) -> bool:
        with self._changed:
            script = self._scripts[min(len(self.requests), len(self._scripts) - 1)]
        body = b"" if isinstance(script, Early) else _read_body(stream, head)
        with self._changed:
            self.requests.append(Received(head, body, number))
            self._changed.notify_all()
        self.asked.set()
        for step in script.steps if isinstance(script, Early) else script:
            if isinstance(step, bytes):
                peer.sendall(step)
            elif isinstance(step, threading.Event):
                assert step.wait(PATIENCE)
            elif step is Step.SILENCE:
                self._listen(peer)
                return False
            elif step is Step.RESET:
                # A linger time of zero makes close() send RST.
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            else:
                self.done.set()
                return False
        self.done.set()
        return True

    def _listen(self, peer: socket.socket) -> None:
        try:
            while data := peer.recv(65536):
                self.heard += data
        finally:
            self.left.set()


def chunked(body: bytes, size: int | None = None) -> bytes:
    """A body in the chunked transfer coding, in chunks of `size` bytes, with its end."""
    size = size or max(len(body), 1)
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(chunk(piece) for piece in pieces) + b"0\r\n\r\n"


def chunk(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)


def _read_head(stream: BinaryIO) -> bytes:
    lines: list[bytes] = []
    while line := stream.readline():
        lines.append(line)
        if line == b"\r\n":
            return b"".join(lines)
    return b""


def _read_body(stream: BinaryIO, head: bytes) -> bytes:
    lowered = head.lower()
    if b"\r\ntransfer-encoding: chunked\r\n" in lowered:
        pieces: list[bytes] = []
        while size := int(stream.readline(), 16):
            pieces.append(stream.read(size))
            stream.readline()
        stream.readline()
        return b"".join(pieces)
    _, found, rest = lowered.partition(b"\r\ncontent-length:")
    return stream.read(int(rest.split(b"\r\n", 1)[0])) if found else b""
