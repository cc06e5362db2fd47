"""The JavaScript verifier, asked through one Node process that lives as long as its tests."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

JUDGE = Path(__file__).with_name("judge.mjs")
OLDEST_NODE = 20


def node_command() -> str:
    """Give the `node` to run; skips the test where there is none, or too old a one."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node: there is no `node` on PATH")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(said.removeprefix("v").split(".")[0]) < OLDEST_NODE:
        pytest.skip(f"needs Node {OLDEST_NODE} or newer: `node --version` says {said.strip()}")
    return node


class SecondVerifier:
    """A Node process that judges; questions and answers are those of judge.mjs."""

    def __init__(self, *options: str) -> None:
        self._process = subprocess.Popen(
            [node_command(), str(JUDGE), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()

    def send(self, op: str, payload: bytes = b"", **options: Any) -> None:
        """Ask without waiting for the answer; the answers come in the order of the questions."""
        assert self._process.stdin
        question = {"op": op, "size": len(payload), **options}
        self._process.stdin.write(json.dumps(question).encode() + b"\n" + payload)
        self._process.stdin.flush()

    def receive(self) -> Any:
        assert self._process.stdout
        answer = json.loads(self._process.stdout.readline())
        if isinstance(answer, dict) and "threw" in answer:
            raise AssertionError(answer["threw"])
        return answer

    def ask(self, op: str, payload: bytes = b"", **options: Any) -> Any:
        self.send(op, payload, **options)
        return self.receive()
