"""What is sent through each configuration, and how a run of it is judged.

Every request differs by a serial number, so that no conversation is taken for another. A reply
holds four blocks; with prompt, params, call and end around them Braid makes 8 nodes of it, and
of each later turn of a conversation, where a tool result stands in for the prompt.
"""

from __future__ import annotations

import http.client
import json
import re
import subprocess
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from stage import NotPossible, compiled

PATH = "/v1/messages"
NODES_A_REPLY = 8
_EVENTS = 60
_STAMP = re.compile(rb"@T[0-9]{19};")
_FIRST_SERIAL = "serial 0000000000"


class Timed(StrEnum):
    """What of a reply is timed, besides the CPU spent on it."""

    NOTHING = "nothing"
    WHOLE = "latency"
    FIRST_BYTE = "first"
    EVENTS = "age"


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of load. `model` tells the upstream how to pace its reply."""

    name: str
    title: str
    connections: int
    timed: Timed = Timed.NOTHING
    stream: bool = False
    model: str = "bench"
    turns: int = 1
    cpu: bool = True

    def script(self, turn: str) -> str:
        """The three parts of a body that the load generator puts together."""
        flag = ',"stream":true' if self.stream else ""
        head = f'{{"model":"{self.model}","max_tokens":1000{flag},"messages":['
        asked = '{"role":"user","content":"serial {this}: what does the relay hand on, and when?"}'
        return f"{head}{asked}\n{turn}\n]}}"


WORKLOADS = (
    Workload("json", "JSON, 32 connections", 32),
    Workload("turns", "JSON, 32 connections, conversations of 8 turns", 32, turns=8),
    Workload("sse", "60 events at once, 16 connections", 16, stream=True),
    Workload(
        "paced", "60 events 5 ms apart, 50 streams", 50, Timed.EVENTS, stream=True, model="gap5"
    ),
    Workload("one", "JSON, one connection: whole reply", 1, Timed.WHOLE),
    Workload("first", "60 events, one connection: first byte", 1, Timed.FIRST_BYTE, stream=True),
    Workload(
        "thinker",
        "60 events after 100 ms, 8 connections: first byte",
        8,
        Timed.FIRST_BYTE,
        stream=True,
        model="think100",
        cpu=False,
    ),
)


class Load(msgspec.Struct, frozen=True):
    """What the load generator counted and timed; times in microseconds."""

    replies: int
    errors: int
    seconds: float
    events: tuple[int, int]
    bytes: tuple[int, int]
    latency_p50: float
    latency_p99: float
    first_p50: float
    first_p99: float
    age_p50: float
    age_p99: float

    def faults(self, workload: Workload, size: int) -> int:
        """Errors, and one more for a wrong count of events or bytes."""
        events = _EVENTS if workload.stream else 0
        right = self.events == (events, events) and self.bytes == (size, size)
        return self.errors + (not right)

    def time(self, timed: Timed) -> tuple[float, float]:
        """p50 and p99 of what is timed."""
        p50: float = getattr(self, f"{timed}_p50", 0.0)
        p99: float = getattr(self, f"{timed}_p99", 0.0)
        return p50, p99


class Generator:
    """Runs loads; no two requests of one generator carry the same serial number."""

    def __init__(self, upstream_port: int) -> None:
        self._serial = 1
        self._turn = _turn_after(fetch(upstream_port, WORKLOADS[0]))

    def run(self, workload: Workload, port: int, seconds: float, requests: int = 60_000) -> Load:
        """Send requests for some seconds, then wait for the replies under way."""
        command = [compiled("load"), port, workload.connections, requests, seconds]
        command += [workload.turns, self._serial, PATH, workload.script(self._turn)]
        self._serial += requests * workload.turns
        done = subprocess.run(
            [str(part) for part in command],
            check=False,
            capture_output=True,
            text=True,
            timeout=seconds + 60,
        )
        if done.returncode:
            raise NotPossible(f"load: {done.stderr.strip() or 'ended by itself'}")
        return msgspec.json.decode(done.stdout, type=Load)


def fetch(port: int, workload: Workload) -> bytes:
    """The body of the reply to one fixed request, its stamps made equal; raises NotPossible."""
    body = workload.script("").split("\n")
    asked = (body[0] + body[2]).replace("{this}", "0000000000")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", PATH, asked, {"content-type": "application/json"})
        reply = connection.getresponse()
        if reply.status != 200:
            raise NotPossible(f"{workload.name}: status {reply.status}")
        return _STAMP.sub(b"@T" + b"0" * 19 + b";", reply.read())
    finally:
        connection.close()


def _turn_after(reply: bytes) -> str:
    """What a client adds to a conversation: the reply as it came, then the tool's result."""
    said = json.loads(reply)["content"]
    call = said[-1]["id"]
    results = [{"type": "tool_result", "tool_use_id": call, "content": "serial {next}: 80 lines"}]
    turns = [{"role": "assistant", "content": said}, {"role": "user", "content": results}]
    text = json.dumps(turns, separators=(",", ":"))[1:-1]
    return "," + text.replace("0000000000", "{this}")
