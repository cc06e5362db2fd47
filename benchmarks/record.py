"""What recording alone costs, without HTTP, and what of that no recording could do without.

usage: python benchmarks/record.py [--calls N] [--rounds N] [--connections N]

Drives the recorder as the relay does, over a store on the disk of this checkout: each call is a
conversation of its own, of 8 nodes. Then the same signatures alone, and the same rows alone,
written by bare SQLite in commits of as many calls as the recorder's had. CPU time of this process, user and
system, in microseconds a call.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import nacl.bindings

from braid.signing import SecretKey
from braid.wire.anthropic import read_answer
from braid_server.keyring import Keyring
from braid_server.opening import opening_of
from braid_server.provider import anthropic
from braid_server.recorder import Recorder
from braid_server.recording import CallEnding, CallOutcome
from braid_server.store import Store
from stage import BIN, compiled, upstream
from workloads import PATH, WORKLOADS, fetch

_SIGNATURES = 10  # 8 nodes, a certificate, a proof of possession


class Counted(Store):
    """A store that counts its commits."""


async def _calls(recorder: Recorder, answer: bytes, count: int, connections: int, first: int) -> None:
    provider = anthropic("http://127.0.0.1:1")
    head, _, tail = WORKLOADS[0].script("").partition("{this}")
    serials = iter(range(first, first + count))

    async def connection() -> None:
        for serial in serials:
            body = f"{head}{serial:010}{tail}".replace("\n", "").encode()
            opening = await opening_of(provider, "local", PATH, "", (), body)
            call = await recorder.open(opening)
            reader = read_answer(200, "application/json")
            call.received(answer, reader.feed(answer).blocks)
            blocks, said = reader.close()
            ending = CallEnding(
                CallOutcome.COMPLETE, 200, None, said.id, said.model, said.stop_reason, said.usage
            )
            await call.close(ending, blocks)

    await asyncio.gather(*(connection() for _ in range(connections)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    with upstream() as source:
        answer = fetch(source.port, WORKLOADS[0])
    import gc
    import uvloop
    with tempfile.TemporaryDirectory(dir=BIN) as directory:
        store = Store(f"sqlite:///{directory}/braid.db", writable=True)
        recorder = Recorder(
            store, Keyring(SecretKey(secrets.token_bytes(32)), secrets.token_bytes(32)), lambda: datetime.now(UTC)
        )
        gc.collect(); gc.freeze(); gc.set_threshold(50_000, 20, 50)
        try:
            for round in range(options.rounds):
                start, thread, wall = time.process_time(), time.thread_time(), time.monotonic()
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as r:
                    r.run(_calls(recorder, answer, options.calls, options.connections, round * options.calls))
                spent = (time.process_time() - start) / options.calls * 1e6
                loop = (time.thread_time() - thread) / options.calls * 1e6
                print(f"recording {spent:.0f} us a call; loop {loop:.0f}, writer {spent-loop:.0f}; wall {(time.monotonic()-wall)/ options.calls * 1e6:.0f}")
        finally:
            store.close()


if __name__ == "__main__":
    main()
