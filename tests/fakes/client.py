"""A client that sees bytes: it sends what it is given and takes answers apart by hand."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from fakes.upstream import PATIENCE, Received


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it came; `clean` says that its body ended as its framing promised."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    clean: bool

    def values(self, name: str) -> list[str]:
        return [value for other, value in self.headers if other.lower() == name.lower()]


class RawClient:
    """One connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self.port = port

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def post(
        self,
        path: str = "/v1/messages",
        body: bytes = b"{}",
        headers: list[tuple[str, str]] | None = None,
    ) -> None:
        self.request("POST", path, [*(headers or []), ("content-length", str(len(body)))], body)

    def request(
        self,
        method: str,
        path: str,
        headers: list[tuple[str, str]] | None = None,
        body: bytes = b"",
    ) -> None:
        given = headers or []
        if not any(name.lower() == "host" for name, _ in given):
            given = [("host", f"127.0.0.1:{self.port}"), *given]
        lines = "".join(f"{name}: {value}\r\n" for name, value in given)
        self.send(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)

    def leave(self) -> None:
        """Close the connection."""
        self._socket.close()

    def vanish(self) -> None:
        """Break the connection."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def read_until(self, mark: bytes) -> bytes:
        """Give everything up to and with a mark; raises EOFError."""
        while mark not in self._buffer:
            self._more()
        before, _, self._buffer = self._buffer.partition(mark)
        return before + mark

    def read_exactly(self, count: int) -> bytes:
        """Raises EOFError."""
        while len(self._buffer) < count:
            self._more()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def read_chunk(self) -> bytes:
        """One chunk of the chunked transfer coding; empty at its end; raises EOFError."""
        size = int(self.read_until(b"\r\n"), 16)
        return self.read_exactly(size + 2)[:-2]

    def read_body_bytes(self, count: int) -> bytes:
        """At least so many bytes of a chunked body; raises EOFError where it ends before."""
        body = b""
        while len(body) < count:
            piece = self.read_chunk()
            if not piece:
                raise EOFError(f"expected {count} bytes, got {len(body)}")
            body += piece
        return body

    def whatever_came(self) -> bytes:
        """The body bytes of the whole chunks that have come by now, without waiting."""
        self._socket.setblocking(False)
        try:
            while True:
                self._more()
        except BlockingIOError:
            pass
        finally:
            self._socket.settimeout(PATIENCE)
        body = b""
        while b"\r\n" in self._buffer:
            size = int(self._buffer.partition(b"\r\n")[0], 16)
            if len(self._buffer) < self._buffer.index(b"\r\n") + size + 4:
                break
            body += self.read_chunk()
        return body

    def is_silent(self) -> bool:
        """Whether nothing has come that was not read."""
        return not self.whatever_came() and not self._buffer

    def read_head(self) -> tuple[int, list[tuple[str, str]]]:
        head = Received(self.read_until(b"\r\n\r\n"), b"", 0)
        return int(head.line.split(" ")[1]), head.headers

    def answer(self, bodiless: bool = False) -> Answered:
        """Read one whole answer, or what comes of it before the connection ends."""
        status, headers = self.read_head()
        found = {name.lower(): value for name, value in headers}
        body = b""
        try:
            if bodiless or status in (204, 304):
                pass
            elif found.get("transfer-encoding") == "chunked":
                while piece := self.read_chunk():
                    body += piece
            else:
                length = int(found["content-length"])
                while len(body) < length:
                    body += self.read_exactly(
                        1 if not self._buffer else min(len(self._buffer), length - len(body))
                    )
        except EOFError:
            return Answered(status, headers, body, clean=False)
        return Answered(status, headers, body, clean=True)

    def _more(self) -> None:
        try:
            data = self._socket.recv(1 << 20)
        except ConnectionResetError:
            data = b""
        if not data:
            raise EOFError
        self._buffer += data
