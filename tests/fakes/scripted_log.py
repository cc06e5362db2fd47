"""A log on a real socket whose key the test holds: it signs and serves what it is told to."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from braid.checkpoint import Checkpoint, sign_checkpoint
from braid.note import NoteSigner, SignatureType
from braid.tiles import read_tile_path, write_tile
from braid.tree import hash_leaf
from fakes.upstream import PATIENCE
from format import rfc6962

LOG = NoteSigner("example.org/log", bytes(range(2, 34)), SignatureType.NOTE)


def entries(count: int, name: str = "entry") -> list[bytes]:
    return [f"{name} {number}".encode() for number in range(count)]


def signed(leaves: list[bytes]) -> bytes:
    """The checkpoint over these entries, by the log's key."""
    return sign_checkpoint(LOG, Checkpoint(LOG.public.name, len(leaves), rfc6962.head(leaves))).raw


@dataclass
class ScriptedLog:
    """Shows a checkpoint over `shown`, tiles of `kept`; a tile's bytes are changed in `spoilt`."""

    url: str = ""
    shown: list[bytes] = field(default_factory=list)
    kept: list[bytes] = field(default_factory=list)
    spoilt: set[str] = field(default_factory=set)

    def show(self, leaves: list[bytes], kept: list[bytes] | None = None) -> None:
        self.shown, self.kept = leaves, leaves if kept is None else kept

    def get(self, path: str) -> bytes | None:
        if path == "checkpoint":
            return signed(self.shown)
        tile = read_tile_path(path)
        row = [hash_leaf(entry) for entry in self.kept]
        if tile.level == 1:
            row = [
                rfc6962.head(self.kept[at : at + 256])
                for at in range(0, len(row) // 256 * 256, 256)
            ]
        found = row[tile.index * 256 :][: tile.width]
        if len(found) < tile.width:
            return None
        raw = write_tile(found)
        return raw if path not in self.spoilt else bytes([raw[0] ^ 1]) + raw[1:]


@contextmanager
def scripted_log() -> Iterator[ScriptedLog]:
    log = ScriptedLog()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = log.get(self.path.removeprefix("/braid/log/"))
            self.send_response(404 if body is None else 200)
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        log.url = f"http://127.0.0.1:{server.server_port}/braid/log"
        yield log
    finally:
        server.shutdown()
        thread.join(PATIENCE)
        server.server_close()
