"""A log fetched over a real socket from a server that does not do as a log does."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from braid.checkpoint import read_checkpoint
from braid_clients.log_source import CosignatureNotTaken, LogSilent, LogSource
from fakes.scripted_log import entries, signed
from fakes.upstream import PATIENCE


@contextmanager
def answering(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
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
