"""Braid's own relay with a recording that keeps nothing: what relaying and reading cost alone.

usage: recordless.py PORT UPSTREAM
"""

from __future__ import annotations

import sys

import uvicorn

from braid.wire.block import Block
from braid_server.gate import Gate
from braid_server.providers import anthropic
from braid_server.recording import CallEnding, CallOpening, OpenCall
from braid_server.relay import Relay


class _Unrecorded:
    braid = "-" * 43
    id = "-" * 22
    refusal = None

    def received(self, chunk: bytes, blocks: tuple[Block, ...]) -> None:
        pass

    async def close(self, ending: CallEnding, blocks: tuple[Block, ...] = ()) -> None:
        pass


class _NoRecording:
    async def open(self, opening: CallOpening) -> OpenCall:
        return _Unrecorded()


if __name__ == "__main__":
    uvicorn.run(
        Relay([anthropic(sys.argv[2])], _NoRecording(), Gate()),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="error",
    )
