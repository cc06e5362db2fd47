"""A log fetched over a real socket from a server that does not do as a log does."""

from __future__ import annotations

import contextlib
import fcntl
import http.server
import itertools
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from braid.checkpoint import read_checkpoint
from braid_clients.log_source import CosignatureNotTaken, Limits, LogSilent, LogSource, Stopped
from fakes.scripted_log import LOG, entries, signed
from fakes.tls import certify, tunnelling
from fakes.upstream import PATIENCE


@contextmanager
def answering(
    handler: type[http.server.BaseHTTPRequestHandler], context: ssl.SSLContext | None = None
) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(PATIENCE)
        server.server_close()


class Quiet(http.server.BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_what_leads_elsewhere_is_not_followed(status: int) -> None:
    """Not within the server either: nobody but who was named is asked, and no POST becomes a GET."""
    asked: list[str] = []
    note = signed(entries(2))

    class Elsewhere(Quiet):
        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path}")
            self.rfile.read(int(self.headers.get("content-length", 0)))
            inside = self.path.startswith("/inside")
            self.send_response(200 if inside else status)
            if not inside:
                self.send_header("location", "/inside")
            self.send_header("content-length", str(len(note) if inside else 0))
            self.end_headers()
            self.wfile.write(note if inside else b"")

        do_POST = do_GET

    with answering(Elsewhere) as url:
        source = LogSource(url)
        with pytest.raises(LogSilent, match=f"status {status}: a redirect, which is not followed"):
            source.checkpoint()
        with pytest.raises(CosignatureNotTaken, match=f"status {status}: a redirect"):
            source.post(read_checkpoint(note))
    assert asked == ["GET /braid/log/checkpoint", "POST /braid/log/cosignatures"]


class Dripping(Quiet):
    """Sends a byte after another and never ends; `between` is called before each."""

    head = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"

    def do_GET(self) -> None:
        self.wfile.write(self.head)
        with contextlib.suppress(OSError):
            while True:
                self.between()
                self.wfile.write(b"x")

    def between(self) -> None:
        raise NotImplementedError


@pytest.mark.parametrize("head", [Dripping.head, b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nx: "])
@pytest.mark.parametrize("limits", [Limits(request=60), Limits(request=1e9, look=60)])
def test_a_log_that_answers_without_end_is_left_in_time(head: bytes, limits: Limits) -> None:
    """Each byte comes two seconds after the one before, by the clock that is handed in."""
    clock = [0.0]

    class Handler(Dripping):
        def between(self) -> None:
            clock[0] += 2

    Handler.head = head
    with answering(Handler) as url:
        source = LogSource(url, limits, now=lambda: clock[0])
        source.begin_look()
        with pytest.raises(LogSilent, match="no whole answer in time"):
            source.checkpoint()


def test_time_is_kept_over_tls_and_through_a_proxy_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, clock, drips = signed(entries(2)), [0.0], [False]

    class Handler(Dripping):
        def do_GET(self) -> None:
            if drips[0]:
                super().do_GET()
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(note)

        def between(self) -> None:
            clock[0] += 2

    certified = certify("log.example", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certified.file))
    for name in ("no_proxy", "NO_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with (
        answering(Handler, certified.context) as url,
        tunnelling(int(url.rpartition(":")[2])) as proxy,
    ):
        monkeypatch.setenv("https_proxy", proxy.url)
        source = LogSource("https://log.example", now=lambda: clock[0])
        assert source.checkpoint() == read_checkpoint(note)
        drips[0] = True
        with pytest.raises(LogSilent, match="no whole answer in time"):
            source.checkpoint()
        assert len(proxy.heads) == 2


_NO_FAMILY = 255  # of addresses, as IPv6 is where a system has none


class _Deaf:
    """Listens, and lets nobody in: who connects waits for ever."""

    def __enter__(self) -> socket.socket:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self._waiting = []
        for _ in range(8):  # more than the system keeps in line
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(self._listener.getsockname())
            self._waiting.append(one)
        return self._listener

    def __exit__(self, *_: object) -> None:
        for one in (*self._waiting, self._listener):
            one.close()


def test_all_addresses_of_a_log_share_its_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock goes on by two seconds each time it is looked at."""
    ticks = itertools.count(0, 2)
    with _Deaf() as deaf:
        address = deaf.getsockname()
        found = (socket.AF_INET, socket.SOCK_STREAM, 0, "", address)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [found] * 1000)
        now = lambda: float(next(ticks))
        with pytest.raises(LogSilent, match="log.example:1/braid/log/checkpoint: .* in time"):
            LogSource("http://log.example:1", now=now).checkpoint()
    assert next(ticks) < 100


def test_who_is_told_to_stop_waits_for_no_connection() -> None:
    asked = itertools.count()
    with _Deaf() as deaf, pytest.raises(Stopped):
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        LogSource(address, stopped=lambda: next(asked) > 5).checkpoint()


def test_the_last_of_several_addresses_is_tried_too(monkeypatch: pytest.MonkeyPatch) -> None:
    note = signed(entries(2))

    class Handler(Quiet):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(note)

    with answering(Handler) as url, _Deaf() as deaf:
        good = ("127.0.0.1", int(url.rpartition(":")[2]))
        addresses = [deaf.getsockname(), ("127.0.0.1", 1), good]
        families = [_NO_FAMILY, *[int(socket.AF_INET)] * 3]
        found = [
            (family, socket.SOCK_STREAM, 0, "", one)
            for family, one in zip(families, [good, *addresses], strict=True)
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        monkeypatch.setenv("no_proxy", "*")
        source = LogSource("http://log.example:1", Limits(request=3))
        assert source.checkpoint() == read_checkpoint(note)


def test_a_name_that_is_looked_up_without_end_is_left_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over, clock = threading.Event(), [0.0]

    def look_up(*_: object, **__: object) -> list[object]:
        clock[0] += 61
        over.wait(PATIENCE)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setenv("no_proxy", "*")
    try:
        with pytest.raises(LogSilent, match="no whole answer in time"):
            LogSource("http://log.example", now=lambda: clock[0]).checkpoint()
    finally:
        over.set()


def test_a_handshake_without_end_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]

    def accept(listener: socket.socket) -> None:
        accepted, _ = listener.accept()
        with accepted:
            accepted.recv(1)
            clock[0] += 61
            while accepted.recv(4096):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, args=(listener,))
        thread.start()
        with pytest.raises(LogSilent, match="no whole answer in time"):
            port = listener.getsockname()[1]
            LogSource(f"https://127.0.0.1:{port}", now=lambda: clock[0]).checkpoint()
        thread.join(PATIENCE)


def test_who_is_told_to_stop_waits_for_no_answer() -> None:
    stopped = threading.Event()

    class Handler(Dripping):
        def between(self) -> None:
            stopped.set()
            self.connection.recv(1)  # sends nothing more until the other side is gone

    with answering(Handler) as url, pytest.raises(Stopped):
        LogSource(url, stopped=stopped.is_set).checkpoint()


def command(url: str, home: Path, *options: str) -> subprocess.Popen[str]:
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("BRAID_", "XDG_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "braid_clients.cli", "witness", url, "--log", LOG.public.text]
        + ["--key", str(home / "key"), *options],
        env={**kept, "HOME": str(home)},
        stderr=subprocess.PIPE,
        text=True,
    )


def test_who_waits_for_another_witness_stops_when_told(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with open(f"{state}.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with command("http://127.0.0.1:9", tmp_path, "--state", str(state)) as process:
            try:
                assert process.stderr is not None
                assert any("in use by another witness" in line for line in process.stderr)
                process.send_signal(signal.SIGTERM)
                assert process.wait(PATIENCE) == 0
            finally:
                process.kill()


def test_a_second_signal_ends_what_the_first_has_not() -> None:
    """In a process of its own, that does not look at the first."""
    code = (
        "import os, signal\nfrom braid_clients.child import told_to_stop\n"
        "with told_to_stop(twice=True) as stopped:\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    assert stopped.is_set()\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=PATIENCE)
    assert done.returncode == -signal.SIGTERM
