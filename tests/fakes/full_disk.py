"""A process whose disk is full for a while, which says what became of its calls.

usage: python -m fakes.full_disk FOLDER

The limit on file sizes stands for the disk: a write beyond it fails in the kernel.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

from braid.node import Kind, Origin
from braid.wire.block import Block
from braid_server.call_record import FLUSH_SECONDS, CallRecord
from braid_server.recording import RecordingFailed
from braid_server.store import StoreUnavailable, Transaction
from fakes.desk import Desk, ask

LARGE = "word " * 100_000


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """Let no file be written: there is no room below the first byte."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def refused(desk: Desk) -> str:
    try:
        desk.open(ask(LARGE))
    except RecordingFailed as fault:
        return str(fault)
    return ""


def cut(desk: Desk, call: CallRecord) -> str:
    try:
        desk.answer(call, "owed " + LARGE)
    except RecordingFailed as fault:
        return str(fault)
    return ""


def writes(desk: Desk) -> bool:
    try:
        desk.store.submit(Transaction.prove).result()
    except StoreUnavailable:
        return False
    return True


def block(words: str) -> Block:
    return Block(
        Kind.TEXT, Origin.PROVIDER, "text/plain", words.encode(), {"index": 0}, "assistant"
    )


async def stream(desk: Desk, call: CallRecord) -> list[str]:
    """Bring blocks while the disk is full, then another; wait until they are on disk."""
    with full_disk():
        call.received(b"1", (block("first " + LARGE),))
        await asyncio.sleep(FLUSH_SECONDS * 1.5)
        call.received(b"2", (block("second"),))
    call.received(b"3", (block("third"),))
    while True:
        said = [node.text[:6].strip() for node in desk.told(call).answer]
        if len(said) == 3:
            return said
        await asyncio.sleep(FLUSH_SECONDS / 10)


def main(folder: Path) -> None:
    with Desk(folder) as desk:
        before = desk.turn(ask("before"), "answer")
        owed, streaming = desk.open(ask("owed")), desk.open(ask("streaming"))
        with full_disk():
            said = {"refused": refused(desk), "cut": cut(desk, owed), "writes_full": writes(desk)}
            said["nodes_full"] = len(desk.story(before.braid).nodes)
        said["writes_after"] = writes(desk)
        said["streamed"] = desk.run(stream(desk, streaming))
        desk.turn(ask("after"), "answer")
        said["braids"] = [str(desk.verified(braid).result) for braid in desk.braids()]
        said["owed"] = [desk.told(owed).outcome, len(desk.told(owed).answer)]
    print(json.dumps(said))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
