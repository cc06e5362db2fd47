"""What recording costs without HTTP, and what of that no recording can do without.

usage: python benchmarks/record.py [--calls N] [--rounds N] [--connections N]

Drives the recorder as the relay does, over a store with its log on the disk of this checkout: each
call is a conversation of its own, of 8 nodes, and its certificate is logged. Then, over what was
recorded, the signatures alone and the rows alone, by the bare libraries: the same bytes signed
again, the same rows inserted again in two commits a call, each shared by half the connections, and
a checkpoint of the log signed and written in the first of the two. Reading and the search for leaks
are done again by themselves too. CPU time of this process, user and system, in microseconds a call;
the least of the rounds, since neighbours only ever add to it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import gc
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nacl.bindings
import uvloop

from braid.call import CallOutcome
from braid.signing import Purpose, SecretKey, signed_bytes
from braid.tiles import HEIGHT
from braid.wire.anthropic import read_answer
from braid_server.flagging import Flagging
from braid_server.keyring import Keyring
from braid_server.log_key import LogSettings, keep_log
from braid_server.opening import opening_of
from braid_server.providers import anthropic
from braid_server.recorder import Recorder
from braid_server.recording import CallEnding, CallOpening
from braid_server.store import Store
from stage import BIN, upstream
from workloads import NODES_A_REPLY, PATH, WORKLOADS, fetch

_CALL = 2  # the seq of the call: what comes up to it is in the first commit


class Load:
    """Calls one after another, each with a question of its own."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._provider = anthropic("http://127.0.0.1:1")
        form = self._provider.format_of("POST", PATH)
        assert form is not None
        self._form = form
        self._parts = WORKLOADS[0].script("").replace("\n", "").split("{this}")
        self._serial = 0

    async def opening(self) -> CallOpening:
        self._serial += 1
        body = f"{self._serial:010}".join(self._parts).encode()
        return await opening_of(self._provider, self._form, "local", PATH, "", (), body)

    async def read(self) -> None:
        """Read a request and an answer, and record nothing."""
        await self.opening()
        reader = read_answer(200, "application/json")
        reader.feed(self._answer)
        reader.close()

    async def search(self, count: int) -> None:
        """Look for leaks in an answer so many times, each time as in one that was not seen before."""
        opening = await self.opening()
        reader = read_answer(200, "application/json")
        reader.feed(self._answer)
        blocks, _ = reader.close()
        for _ in range(count):
            await Flagging(opening).flags(0, blocks)

    async def record(self, recorder: Recorder) -> None:
        call = await recorder.open(await self.opening())
        reader = read_answer(200, "application/json")
        call.received(self._answer, reader.feed(self._answer).blocks)
        blocks, said = reader.close()
        ending = CallEnding(
            outcome=CallOutcome.COMPLETE,
            status=200,
            answer_id=said.id,
            model=said.model,
            stop_reason=said.stop_reason,
            usage=said.usage,
        )
        await call.close(ending, blocks)

    async def many(self, recorder: Recorder | None, count: int, connections: int) -> None:
        left = iter(range(count))

        async def connection() -> None:
            for _ in left:
                await (self.read() if recorder is None else self.record(recorder))

        await asyncio.gather(*(connection() for _ in range(connections)))


def _sign(headers: list[str], calls: int, group: int) -> None:
    """Make the keys and signatures of so many calls: of nodes, certificate, possession, the log's heads."""
    framed = [signed_bytes(Purpose.NODE, header.encode()) for header in headers]
    for call in range(calls):
        _, secret = nacl.bindings.crypto_sign_seed_keypair(secrets.token_bytes(32))
        messages = framed[call * NODES_A_REPLY : (call + 1) * NODES_A_REPLY]
        logged = messages[:1] if call % group == 0 else []
        for message in (*messages, *messages[:2], *logged):
            nacl.bindings.crypto_sign(message, secret)


_Rows = dict[str, list[tuple[object, ...]]]  # by the statement that writes them

# Which braid a row of a table belongs to, and at which seq; None for the beginning.
_TABLES: tuple[tuple[str, int, int | None], ...] = (
    ("braid", 0, None),
    ("node", 0, 1),
    ("call", 0, None),
    ("mark", 1, 2),
    ("log_entry", 3, None),
)
# Of the log each commit publishes a head; what of its tree is stored comes with the last entry below.
_HASHES = "INSERT INTO log_hash VALUES (?, ?, ?, ?)"
_GROWN = "UPDATE log SET size = ?, checkpoint = ? WHERE number = ?"


def _commits(recorded: sqlite3.Connection, calls: int, group: int) -> list[_Rows]:
    """Lay the rows of the first braids out as the recorder wrote them: two commits a group."""
    commits: list[_Rows] = [{} for _ in range(2 * -(-calls // group))]
    for table, braid, seq in _TABLES:
        for row in recorded.execute(f"SELECT * FROM {table}"):
            at = row[braid] - 1  # braids are numbered from 1
            if at < calls:
                later = seq is not None and row[seq] > _CALL
                statement = f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})"
                commits[2 * (at // group) + later].setdefault(statement, []).append(tuple(row))
                if table == "call":
                    close = "UPDATE call SET open = 0 WHERE braid = ? AND seq = ?"
                    commits[2 * (at // group) + 1].setdefault(close, []).append((row[0], row[1]))
    for log, level, number, digest in recorded.execute("SELECT * FROM log_hash"):
        entry = ((number + 1) << (level * HEIGHT)) - 1
        if entry < calls:
            row = log, level, number, digest
            commits[2 * (entry // group)].setdefault(_HASHES, []).append(row)
    ((log, checkpoint),) = recorded.execute("SELECT number, checkpoint FROM log")
    for first in range(0, calls, group):
        size = min(first + group, calls)
        commits[2 * (first // group)][_GROWN] = [(size, checkpoint, log)]
    return commits


def _write(database: sqlite3.Connection, commits: list[_Rows]) -> None:
    for rows in commits:
        database.execute("BEGIN IMMEDIATE")
        for statement, several in rows.items():
            database.executemany(statement, several)
        database.execute("COMMIT")


def _empty_like(recorded: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
        database.execute(f"PRAGMA {pragma}")
    made = "SELECT sql FROM sqlite_master WHERE sql NOTNULL AND name NOT LIKE 'sqlite_%'"
    for (statement,) in recorded.execute(made).fetchall():
        database.execute(statement)
    for row in recorded.execute("SELECT * FROM log").fetchall():
        database.execute(f"INSERT INTO log VALUES ({', '.join('?' * len(row))})", row)
    return database


def _cost(work: Callable[[], object], calls: int) -> float:
    gc.collect()
    start = time.process_time()
    work()
    return (time.process_time() - start) / calls * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    calls, connections = options.calls, options.connections
    group = max(1, connections // 2)
    with upstream() as source:
        load = Load(fetch(source.port, WORKLOADS[0]))
    found: dict[str, list[float]] = {}

    def run(work: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work)

    with tempfile.TemporaryDirectory(dir=BIN) as directory:
        path = Path(directory) / "braid.db"
        with contextlib.closing(Store(str(path), writable=True)) as store:
            root, wrapping = SecretKey(secrets.token_bytes(32)), secrets.token_bytes(32)
            keep_log(store, LogSettings(), datetime.now(UTC))
            recorder = Recorder(store, Keyring(root, wrapping), lambda: datetime.now(UTC))
            for _ in range(options.rounds):
                for name, work in (
                    ("recorded", load.many(recorder, calls, connections)),
                    ("read", load.many(None, calls, connections)),
                    ("searched", load.search(calls)),
                ):
                    spent = _cost(functools.partial(run, work), calls)
                    found.setdefault(name, []).append(spent)
        with contextlib.closing(sqlite3.connect(path)) as recorded:
            commits = _commits(recorded, calls, group)
            ordered = "SELECT h FROM node ORDER BY braid, seq LIMIT ?"
            headers = [h for (h,) in recorded.execute(ordered, (calls * NODES_A_REPLY,))]
            for number in range(options.rounds):
                found.setdefault("signed", []).append(
                    _cost(lambda: _sign(headers, calls, group), calls)
                )
                again = _empty_like(recorded, Path(directory) / f"again-{number}.db")
                with contextlib.closing(again):
                    spent = _cost(functools.partial(_write, again, commits), calls)
                found.setdefault("stored", []).append(spent)
    least = {name: min(several) for name, several in found.items()}
    rest = least["recorded"] - sum(spent for name, spent in least.items() if name != "recorded")
    for title, spent in (
        ("a call read and recorded, 8 nodes", least["recorded"]),
        (f"  a key, 10 signatures, a head in {group}, by libsodium alone", least["signed"]),
        (f"  its rows, by SQLite alone, {group} calls a commit", least["stored"]),
        ("  its request and answer read", least["read"]),
        ("  its answer searched for leaks", least["searched"]),
        ("  all else: placing, weaving, handing over", rest),
    ):
        print(f"{title:<58}{spent:>8.0f} µs")


if __name__ == "__main__":
    main()
