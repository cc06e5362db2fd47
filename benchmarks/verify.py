"""What verification costs beyond the bare signatures it cannot do without.

usage: python benchmarks/verify.py [--nodes N] [--rounds N] [--content BYTES]

Two transcripts, both JSON Lines: `strand`, text nodes one after another, and `talk`, turns
of a conversation with calls, ends, thinking and tools. Each round verifies the transcript,
then runs the library's Ed25519 verification alone over the same signed bytes; rounds
alternate and medians are compared, so a machine that slows down slows both. CPU time of
this process only. The memory of a long transcript is measured in a process of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import nacl.bindings

from braid.content import BodyDigest
from braid.context import CHAIN_START, ContextList, extend
from braid.encoding import decode, encode
from braid.node import Kind, Origin
from braid.signing import Purpose, SecretKey, signed_bytes
from braid.strict_json import Json, dumps
from braid.transcript import Layout, StoredNode, write_transcript
from braid.weave import Draft, weave
from braid_verifier import Policy, Result, verify

TIME = "2026-11-20T09:30:00.000Z"
POLICY = Policy(allow_unknown_signer=True)
WORDS = "It was four below zero, with a little snow on the roofs and wind from the fjord. "


class Maker:
    """Signs nodes one after another; keeps none."""

    def __init__(self, content: int) -> None:
        self.key = SecretKey(hashlib.sha256(b"benchmark").digest())
        self.words = (WORDS * (content // len(WORDS) + 1))[:content]
        self._seq = 0
        self._last: tuple[str, ...] = ()

    def node(
        self,
        kind: Kind,
        origin: Origin = Origin.CLIENT,
        content: str | None = None,
        prev: tuple[str, ...] | None = None,
        bsalt: bytes | None = None,
    ) -> StoredNode:
        attrs = b'{"index":0,"provider":"anthropic","type":"text"}'
        if prev is None:
            prev = self._last
        text = self.words if content is None else content
        draft = Draft(kind, origin, "text/plain", text.encode(), attrs, prev, bsalt=bsalt)
        salt = hashlib.sha256(b"%d" % self._seq).digest()
        node = weave(self.key, draft, seq=self._seq, time=TIME, salt=salt)
        self._seq += 1
        self._last = (node.s,)
        return node

    def strand(self, count: int) -> Iterator[StoredNode]:
        """Give text nodes, each after the one before it."""
        yield self.node(Kind.PROMPT)
        for _ in range(count - 1):
            yield self.node(Kind.TEXT)

    def talk(self, count: int) -> Iterator[StoredNode]:
        """Give whole turns: params, call, thinking, text, tool_use, end, tool_result."""
        request = self.node(Kind.PROMPT)
        yield request
        shown, values = [request.s], dict(CHAIN_START)
        while self._seq < count:
            params = self.node(Kind.PARAMS, content='{"model":"model-1"}')
            yield params
            body = BodyDigest(hashlib.sha256(b"bsalt %d" % self._seq).digest())
            call: dict[str, Json] = {
                "upstream": "https://upstream.example",
                "context": self._context(shown, values),
                "body": body.claim(),
                "placement": {"by": "prefix"},
                "history": [],
                "id": f"call-{self._seq}",
            }
            prev = (request.s, params.s)
            yield self.node(Kind.CALL, Origin.PROXY, dumps(call), prev, body.bsalt)
            answer = [
                self.node(kind, Origin.PROVIDER)
                for kind in (Kind.THINKING, Kind.TEXT, Kind.TOOL_USE)
            ]
            yield from answer
            end: dict[str, Json] = {
                "outcome": "complete",
                "status": 200,
                "stop_reason": "tool_use",
                "usage": None,
                "request_id": None,
                "body": body.claim(),
            }
            ended = self.node(Kind.END, Origin.PROXY, dumps(end), bsalt=body.bsalt)
            yield ended
            request = self.node(Kind.TOOL_RESULT, prev=(ended.s, answer[-1].s))
            yield request
            shown = [*(node.s for node in answer), request.s]

    @staticmethod
    def _context(shown: list[str], values: dict[ContextList, bytes]) -> dict[str, Json]:
        context: dict[str, Json] = {}
        for name, start in values.items():
            add = shown if name is ContextList.MESSAGES else []
            for signature in add:
                values[name] = extend(values[name], decode(signature, "signature", 64))
            context[name] = {"from": encode(start), "add": [*add], "to": encode(values[name])}
        return context


def cpu(rounds_of: int, start: float) -> float:
    return (time.process_time() - start) / rounds_of * 1e6


def measure(name: str, nodes: list[StoredNode], key: bytes, rounds: int) -> None:
    raw = b"".join(write_transcript(encode(key), None, nodes, layout=Layout.LINES))
    signed = [
        decode(node.s, "s", 64) + signed_bytes(Purpose.NODE, node.h.encode()) for node in nodes
    ]
    whole, bare = [], []
    for _ in range(rounds):
        start = time.process_time()
        report = verify(raw, POLICY)
        whole.append(cpu(len(nodes), start))
        assert report.result is Result.VERIFIED, report.summary()
        start = time.process_time()
        for message in signed:
            nacl.bindings.crypto_sign_open(message, key)
        bare.append(cpu(len(nodes), start))
    node_bytes = len(raw) / len(nodes)
    ours, theirs = statistics.median(whole), statistics.median(bare)
    ratio = statistics.median(a / b for a, b in zip(whole, bare, strict=True))
    print(
        f"{name:<8}{len(nodes):>8}{node_bytes:>9.0f}{ours:>11.1f}{theirs:>9.1f}"
        f"{ours - theirs:>9.1f}{ratio:>8.2f}"
    )


class Lines(io.RawIOBase):
    """A transcript that is made as it is read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = next(self._pieces, b"")
        buffer[: len(piece)] = piece
        return len(piece)


def peak_of(count: int, content: int) -> None:
    """Verify a transcript of that many nodes and print how much memory that took, in MiB."""
    maker = Maker(content)
    lines = write_transcript(encode(maker.key.key), None, maker.strand(count), layout=Layout.LINES)
    report = verify(Lines(lines), POLICY)  # type: ignore[arg-type]
    assert report.result is Result.VERIFIED, report.summary()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--content", type=int, default=1_000, help="bytes of text in a node")
    parser.add_argument("--memory-nodes", type=int, default=100_000)
    parser.add_argument("--peak-of", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak_of:
        peak_of(arguments.peak_of, arguments.content)
        return
    # First, while this process is small: a child begins with its parent's high-water mark.
    if arguments.memory_nodes:
        for count in (1_000, arguments.memory_nodes):
            own = [sys.executable, __file__, "--content", str(arguments.content)]
            done = subprocess.run(
                [*own, "--peak-of", str(count)], check=True, capture_output=True, text=True
            )
            print(f"peak memory for a stream of {count} nodes: {done.stdout.strip()} MiB")
    print("          nodes   B/node  verify µs  bare µs  beyond   ratio")
    for name in ("strand", "talk"):
        maker = Maker(arguments.content)
        nodes = list(getattr(maker, name)(arguments.nodes))
        measure(name, nodes, maker.key.key, arguments.rounds)


if __name__ == "__main__":
    main()
