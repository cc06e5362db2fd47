"""Logs seen from outside: the entries of a store by plain SQL, checkpoints by plain HTTP."""

from __future__ import annotations

import contextlib
import http.client
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path

from braid.checkpoint import is_signed, read_checkpoint
from braid.note import SignatureType, read_verifier_key
from fakes.desk import Desk, ask
from fakes.upstream import PATIENCE
from format import rfc6962


def grow(folder: Path, count: int, *, seal: bool = True) -> list[str]:
    """Record conversations of one turn into a store that no server has; give their braids."""
    with Desk(folder) as desk:
        braids = [desk.turn(ask(f"question {number}"), "answer").braid for number in range(count)]
        for braid in braids if seal else ():
            desk.seal(braid)
    return braids


def entries_in(store: Path, log: int = 1) -> list[bytes]:
    """Read the entries of a log, in order."""
    query = "SELECT number, raw FROM log_entry WHERE log = ? ORDER BY number"
    with contextlib.closing(sqlite3.connect(store)) as plain:
        rows = plain.execute(query, (log,)).fetchall()
    assert [number for number, _ in rows] == list(range(len(rows)))
    return [raw for _, raw in rows]


def key_in(store: Path, log: int = 1) -> str:
    """Read a log's verifier key."""
    with contextlib.closing(sqlite3.connect(store)) as plain:
        (key,) = plain.execute("SELECT key FROM log WHERE number = ?", (log,)).fetchone()
    assert isinstance(key, str)
    return key


def hold(checkpoints: Iterable[bytes], store: Path, log: int = 1) -> int:
    """Hold checkpoints that were seen against what a store has: each is signed, each a beginning.

    As all of them are of beginnings of one list, every two of them are consistent.
    """
    entries = entries_in(store, log)
    key = read_verifier_key(key_in(store, log), SignatureType.NOTE)
    sizes = set()
    for raw in checkpoints:
        signed = read_checkpoint(raw)
        assert is_signed(signed, key)
        size = signed.checkpoint.size
        assert size <= len(entries), "a checkpoint was shown of what is not on disk"
        if size not in sizes:
            assert signed.checkpoint.root == rfc6962.head(entries[:size])
        sizes.add(size)
    return len(sizes)


class Watcher:
    """Fetches a server's checkpoint again and again until it is gone; `seen` are all there were."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._thread: threading.Thread | None = None
        self._enough = threading.Event()

    def watch(self, port: int) -> None:
        self._enough.clear()
        self._thread = threading.Thread(target=self._watch, args=(port,))
        self._thread.start()

    def rest(self) -> None:
        assert self._thread is not None
        self._enough.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def _watch(self, port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        with (
            contextlib.closing(connection),
            contextlib.suppress(OSError, http.client.HTTPException),
        ):
            while not self._enough.is_set():
                connection.request("GET", "/braid/log/checkpoint")
                answer = connection.getresponse()
                raw = answer.read()
                assert answer.status == 200
                self.seen.add(raw)
